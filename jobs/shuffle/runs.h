/* Runs: files of records in buckets, what the map tasks of a shuffle hand to its reduce tasks.
 *
 * A map task puts records, each into a bucket; they gather in memory and are written, whenever that
 * is full, as one sorted extent for each bucket (extents.h). A reduce task reads one bucket of all
 * runs, merged: by key, then by run, then by order of arrival.
 */
#ifndef LODE_JOBS_SHUFFLE_RUNS_H
#define LODE_JOBS_SHUFFLE_RUNS_H

#include "jobs/shuffle/batch.h"
#include "jobs/shuffle/scratch.h"

/* One value of several records with equal keys. */
struct shuffle_value {
    const uint8_t *data;
    size_t size;
};

/* Combining on the map side: appends to `out` the one value that stands for `values` [n >= 1],
 * which are of one key in order of arrival. Called for every record that is written, with its
 * neighbours in one flush, at most COMBINE_MOST at a time: a key can still have several records,
 * and values may wait in another form than the one they are written in. */
typedef lode_status (*shuffle_combine_fn)(void *context, const struct shuffle_value *values,
                                          int64_t n, struct lode_bytes *out);
enum { COMBINE_MOST = 256 };

struct run_options {
    int64_t n_buckets;
    size_t memory_bytes;        /* for records, at least RUN_LEAST_BYTES */
    shuffle_combine_fn combine; /* or NULL */
    void *context;              /* of combine */
    int64_t n_plain;            /* the last buckets, whose records are written as they came */
};
enum { RUN_LEAST_BYTES = 1 << 20 };

struct run_writer;

/* Begins DIRECTORY/NAME aside. `name` must differ between attempts. The memory, and 16 bytes a
 * bucket, are the site's arena's. Ends with commit or discard. */
LODE_CHECKED lode_status run_writer_open(const struct shuffle_site *site, const char *name,
                                         const struct run_options *options,
                                         struct run_writer **writer);
/* Copies the record. LODE_E_MEMORY when it alone does not fit, LODE_E_DISK. */
LODE_CHECKED lode_status run_writer_put(struct run_writer *writer, int64_t bucket,
                                        const struct shuffle_record *record);
/* The same for a key that came a short while ago, into the bucket it went to then; false: put it.
 */
bool run_writer_put_again(struct run_writer *writer, const struct shuffle_record *record);
/* Writes what is left and the table, renames; `size_bytes` is that of the file. Ends the writer in
 * every case. LODE_E_DISK. */
LODE_CHECKED lode_status run_writer_commit(struct run_writer *writer, uint64_t *size_bytes);
void run_writer_discard(struct run_writer *writer); /* takes NULL */

/* A run file that is there. */
struct run_file {
    const char *name; /* in the site's directory */
    uint64_t size_bytes;
};

struct merge; /* merge.h: merge_next, merge_close; source is the number of the run */

/* One bucket of `runs` [n], merged in `memory_bytes` of the arena (at least MERGE_LEAST_BYTES).
 * LODE_E_INPUT naming the file when it is not of its size, has another number of buckets, or a
 * checksum does not fit. */
LODE_CHECKED lode_status runs_open_bucket(const struct shuffle_site *site,
                                          const struct run_file *runs, int64_t n, int64_t n_buckets,
                                          int64_t bucket, size_t memory_bytes,
                                          struct merge **merge);
/* The values of one bucket of one run, one after the other, in the arena (64-aligned): for bytes
 * that were put piece by piece under one key. */
LODE_CHECKED lode_status run_read_values(const struct shuffle_site *site,
                                         const struct run_file *run, int64_t n_buckets,
                                         int64_t bucket, uint8_t **data, size_t *size);

#endif
