/* Shuffle: a stage whose tasks put records into buckets, then a stage with one task a bucket that
 * reads them sorted by key. What stands beside lode_map for jobs whose counts are too many for one
 * coordinator. Memory is bounded on both sides, whatever the number of records or the size of a
 * key.
 *
 *     static lode_status count_leaf(struct lode_task *task)          a map task
 *     {
 *         struct shuffle_out out;
 *         lode_try(shuffle_out_open(task, &(struct shuffle_out_options){.combine = add}, &out));
 *         ... shuffle_put(&out, hash % out.n_buckets, &record) ...; params are out.params
 *         return shuffle_out_commit(&out);                           (or shuffle_out_discard)
 *     }
 *     static lode_status sum_leaf(struct lode_task *task)            a reduce task
 *     {
 *         struct shuffle_in in;
 *         lode_try(shuffle_in_open(task, 0, &in));
 *         ... shuffle_next(&in, &record, &more) ...; shuffle_in_close(&in);
 *     }
 *
 * Order: by key (as memcmp), then by map task, then by order of arrival: the same for any number of
 * workers and any memory, as long as what is combined does not depend on how it was grouped.
 */
#ifndef LODE_JOBS_SHUFFLE_SHUFFLE_H
#define LODE_JOBS_SHUFFLE_SHUFFLE_H

#include "jobs/job.h"
#include "jobs/shuffle/runs.h"

struct lode_shuffle {
    struct lode_stage map;
    struct lode_stage reduce;              /* n_tasks is the number of buckets */
    lode_merge_fn merge_map, merge_reduce; /* of what the leaves put into task->output; or NULL */
    /* Called between the two: what is known now may go into reduce->params. Or NULL. */
    lode_status (*prepare)(void *context, struct lode_stage *reduce);
    void *context; /* of all three */
};

/* Runs map, then reduce; the merges are called in task order as in lode_map, and the errors are
 * its. */
LODE_CHECKED lode_status lode_shuffle(struct lode_run *run, const struct lode_shuffle *shuffle);

struct shuffle_out_options {
    shuffle_combine_fn combine; /* or NULL; see runs.h */
    void *context;
    size_t memory_bytes; /* for records; 0: half of what the task has left */
};

struct shuffle_out {
    struct lode_task *task;
    struct run_writer *run;
    char name[160];
    int64_t n_buckets;
    const uint8_t *params; /* of the map stage, as the job gave them */
    size_t params_size;
};
LODE_CHECKED lode_status shuffle_out_open(struct lode_task *task,
                                          const struct shuffle_out_options *options,
                                          struct shuffle_out *out);
LODE_CHECKED static inline lode_status shuffle_put(struct shuffle_out *out, int64_t bucket,
                                                   const struct shuffle_record *record)
{
    return run_writer_put(out->run, bucket, record);
}
/* Appends to task->output what the reduce stage must know: nothing may be appended behind it. Ends
 * `out` in every case. */
LODE_CHECKED lode_status shuffle_out_commit(struct shuffle_out *out);
void shuffle_out_discard(struct shuffle_out *out); /* also after shuffle_out_commit */

struct shuffle_in {
    struct merge *merge;
    const uint8_t *params; /* of the reduce stage, as the job gave them */
    size_t params_size;
};
/* memory_bytes: for reading; 0: half of what the task has left. */
LODE_CHECKED lode_status shuffle_in_open(struct lode_task *task, size_t memory_bytes,
                                         struct shuffle_in *in);
/* *more is false behind the last; the record is borrowed until the next call, its source is the
 * number of its map task. */
LODE_CHECKED lode_status shuffle_next(struct shuffle_in *in, struct shuffle_record *record,
                                      bool *more);
void shuffle_in_close(struct shuffle_in *in);

#endif
