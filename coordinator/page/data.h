/* Data: what the page of a run holds, as one JSON object.
 *
 *   {"run": {...}, "findings": {...}, "views": [...], "rows": {TABLE: {...}}, "tables": [...]}
 *
 * Everything in it is bounded, by the rules below; the page says how much of what it shows. It
 * depends on the run's files, mutes and feedback alone: no clock, no path but those in run.json.
 */
#ifndef LODE_COORDINATOR_PAGE_DATA_H
#define LODE_COORDINATOR_PAGE_DATA_H

#include "coordinator/look/run_findings.h"
#include "coordinator/mutes.h"

enum {
    PAGE_FINDINGS = 1000,         /* the first of them */
    PAGE_DETAIL_BYTES = 4 << 20,  /* findings.jsonl of the first findings, as far as it fits */
    PAGE_PREVIEW_ROWS = 20,       /* of every table, the first */
    PAGE_PREVIEW_COLUMNS = 64,    /* the same */
    PAGE_PREVIEW_BYTES = 4 << 20, /* tables after those that fill it are shown without rows */
    PAGE_TABLES = 200             /* the first by name */
};

struct page_source {
    const struct run_findings *findings;
    const struct mutes *mutes, *feedback;
    const char *results; /* path of results.h5 */
    struct lode_arena *arena;
};

/* Appends the whole object. LODE_E_INPUT names the file that is not what it should be. */
LODE_CHECKED lode_status page_data_append(struct lode_bytes *out, const struct page_source *source);

/* --- its parts, each with its key; a file each --- */

/* "run": what run.json says, hosts and processes left out. */
LODE_CHECKED lode_status page_about_append(struct lode_bytes *out,
                                           const struct page_source *source);
/* "findings": the first, with what is muted and judged, and their lines of findings.jsonl; null
 * where the job has none. */
LODE_CHECKED lode_status page_findings_append(struct lode_bytes *out,
                                              const struct page_source *source);
/* "views" and "rows": what the job has drawn (jobs/job.h), of the tables that the run has. `tables`
 * [n_tables] are their names. */
LODE_CHECKED lode_status page_views_append(struct lode_bytes *out, const struct page_source *source,
                                           char *const *tables, int64_t n_tables);
/* "tables": names, columns, first rows of all of them. */
LODE_CHECKED lode_status page_previews_append(struct lode_bytes *out,
                                              const struct page_source *source, char *const *tables,
                                              int64_t n_tables);

#endif
