/* Run findings: the findings of a run that is over, with what each of them is about.
 *
 * A finding is known again in another run by its key: the job's identity columns (jobs/job.h) as a
 * JSON object of texts, {"kpi":"kpi_failed","expert":"pattern","cohort":"","pattern":"a|b"}.
 */
#ifndef LODE_COORDINATOR_RUN_FINDINGS_H
#define LODE_COORDINATOR_RUN_FINDINGS_H

#include "common/memory.h"
#include "common/store/table.h"
#include "coordinator/look/record.h"
#include "jobs/job.h"

struct run_findings {
    const char *path; /* the run, as given; borrowed */
    struct record record;
    const struct lode_job *job;
    const char *store_path; /* "" when run.json names none; borrowed from the record */
    struct lode_arena *arena;
    struct lode_table table; /* in order of rank */
    char **keys;             /* [table.n_rows] */
};

/* LODE_E_USAGE: there is no such run; LODE_E_INPUT: it is none, has failed or is not over, its job
 * has no findings, or its tables are not what they should be. */
LODE_CHECKED lode_status run_findings_load(const char *run, struct run_findings *findings);
/* The same; a job that has no findings is well: job->findings_table is NULL, the table empty. */
LODE_CHECKED lode_status run_findings_load_any(const char *run, struct run_findings *findings);
void run_findings_clear(struct run_findings *findings); /* of a zeroed one too */

/* The key of every row. LODE_E_INPUT: the table lacks an identity column. */
LODE_CHECKED lode_status finding_keys_make(const struct lode_table *table,
                                           const char *const *identity_columns,
                                           struct lode_arena *arena, char ***keys);

/* Appends one part of a key; the last is followed by "}". */
LODE_CHECKED lode_status finding_key_append(struct lode_bytes *key, bool is_first, const char *name,
                                            const char *text, size_t size);

/* A key for people, "kpi_failed, pattern, a|b": its texts, without the empty ones; with its zero.
 */
LODE_CHECKED lode_status finding_key_words(const char *key, struct lode_bytes *words);

/* A number of any type of column; NaN where there is none. */
double finding_figure(const struct lode_column *column, int64_t row);

#endif
