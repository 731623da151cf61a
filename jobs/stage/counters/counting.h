/* Counting: staging of counters under way, and its steps before and behind the shuffle. */
#ifndef LODE_JOBS_STAGE_COUNTERS_COUNTING_H
#define LODE_JOBS_STAGE_COUNTERS_COUNTING_H

#include "jobs/stage/counters/plan.h"
#include "jobs/stage/counters/rates/plan.h"
#include "jobs/stage/counters/schema.h"
#include "jobs/stage/publish.h"

/* What the coordinator knows from step to step. */
struct counting {
    struct lode_run *run;
    struct lode_arena *arena;
    struct stage_counters_options options; /* when appending, those of the store */
    struct lode_store *before;             /* appending: the store as it is; else NULL */
    struct counters_plan plan;
    const char *asked_component; /* options.component as it was given */
    struct lode_store *events;   /* that rates are counted from; NULL: files are staged */
    struct rates_plan rates;
    int64_t n_files;
    struct counters_file *files;
    struct lode_bytes *inputs; /* [n_files] the heap's */
    struct publish publish;
    struct rejects_total rejects;
    struct schema *schema;
    struct lode_store store;         /* the index to be */
    int64_t n_rows_read;             /* or events */
    int64_t n_rows_put, n_rows_seen; /* that were sent and that arrived; or occurrences */
    int64_t n_occurrences, n_late;   /* of rates (rates/slots.h) */
    int64_t n_missing, n_unordered;  /* records.h */
};

/* Bytes of the file unpacked, roughly. */
static inline uint64_t counting_text_bytes(const struct counters_file *file)
{
    return file->size_bytes * (file->is_packed ? STAGE_PACKED_FACTOR : 1);
}

/* Reads the headers, maps the columns: plan and files. LODE_E_USAGE: options that do not go
 * together; LODE_E_INPUT. */
LODE_CHECKED lode_status counting_plan(struct counting *c);

/* What was found beside what was staged, into the store's schema: rejects by reason, missing
 * samples, rows out of order; those of earlier generations are added. */
LODE_CHECKED lode_status counting_find(struct counting *c);
/* Once the store is whole. */
LODE_CHECKED lode_status counting_summarise(struct counting *c, struct stage_counters_summary *out);

#endif
