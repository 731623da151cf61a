/* Staging under way: what the coordinator knows from step to step, and the steps before the join:
 * reading (read.c) and dictionaries (words.c). */
#ifndef LODE_JOBS_STAGE_STAGING_H
#define LODE_JOBS_STAGE_STAGING_H

#include "jobs/stage/plan.h"
#include "jobs/stage/publish.h"
#include "jobs/stage/ranges.h"
#include "jobs/stage/rules.h"
#include "jobs/stage/shuffle/rejects.h"

struct staging {
    struct lode_run *run;
    const struct stage_events_options *options;
    struct lode_arena *arena;
    const struct lode_store *before; /* appending: the store as it is; else NULL */
    struct stage_known known;        /* of it */
    struct stage_plan plan;
    struct stage_range *ranges;  /* [plan.n_ranges] */
    struct lode_bytes *readings; /* [plan.n_ranges] what the last reading said; the heap's */
    int64_t n_kept;              /* tasks of that stage whose reading came */
    int64_t *tasks;              /* [plan.n_ranges] ranges that the stage under way reads */
    struct publish publish;
    struct rejects_total rejects;
    struct lode_store store; /* the index to be */
    int64_t n_rows_read;
};

/* Reads the headers, maps the columns, cuts the ranges: plan and ranges. LODE_E_INPUT. */
LODE_CHECKED lode_status staging_plan(struct staging *staging);
/* Reads all ranges, some of them again where a border turns out to lie within quotes, and merges
 * what came of them in order: runs, rejects, rows read, flags of KPIs and attributes. Fails with
 * LODE_E_INPUT for a fault of a file (path, line), and where too many rows are rejected. */
LODE_CHECKED lode_status staging_read(struct staging *staging);

/* Dictionaries of the store, attributes with too many words dropped, and the run `codes`. */
LODE_CHECKED lode_status staging_merge_words(struct staging *staging);

/* Runs a stage with the plan as its parameters. */
LODE_CHECKED lode_status staging_map(struct staging *staging, struct lode_stage *stage,
                                     lode_merge_fn merge);
/* Appends the run file that a result names. */
LODE_CHECKED lode_status staging_merge_run(struct staging *staging, struct lode_unpack *in,
                                           int64_t codes_of);
LODE_CHECKED lode_status staging_check_rejects(struct staging *staging);

#endif
