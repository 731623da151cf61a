/* Job: the only thing that engine and analyses share: the public lode/job.h, and what only lode's
 * own jobs and engine need of each other.
 */
#ifndef LODE_JOBS_JOB_H
#define LODE_JOBS_JOB_H

#include "common/error.h"
#include "common/memory.h"
#include "common/param/param.h"
#include "common/store/store.h"
#include "common/store/table.h"
#include "lode/job.h"

#include <stdatomic.h>

/* In a run's work_directory: a link to the local disk of each node, when the run was given one. See
 * jobs/shuffle/scratch.h. */
#define LODE_SCRATCH_FOLDER "scratch"

/* What lode keeps with a task that a leaf does not look at. */
struct lode_task_private {
    atomic_llong *progress;  /* counted up by lode_task_advance, read by another thread */
    const atomic_bool *stop; /* set by another thread when the result is not wanted */
    uint64_t shuffled_bytes; /* of run files that it left for later tasks; jobs/shuffle counts */
};

/* The registry: every job, one line each. Ends with NULL. */
extern const struct lode_job *const lode_jobs[];
const struct lode_job *lode_job_find(const char *name);
const struct lode_leaf *lode_leaf_find(const char *name);

/* --- what `lode report` draws of a run, beside its findings and tables: data, no code --- */

enum lode_view_kind {
    LODE_VIEW_TABLE,  /* the table as it is */
    LODE_VIEW_CURVES, /* column y over column x, a line for each word of column `lines` */
    /* Tables health (component, parent, health, colour, firing), firings (firing, component, level,
     * detector, ...), contributions (firing, component, detector, share), evidence and
     * evidence_values (finding, counter, ...) as the way down from a component to its counters. */
    LODE_VIEW_HEALTH,
    /* Tables detectors (component, level, detector, role, state), members (detector, member: rows
     * of detectors, from 0) and dropped (component, level, detector, reason) as a tree. */
    LODE_VIEW_TREE
};

struct lode_view {
    const char *title;         /* NULL: the end of the list */
    const char *text;          /* what there is to see; may be NULL */
    const char *table;         /* the view is left out of runs without it */
    const char *x, *y, *lines; /* of curves */
    /* of curves: where the table lacks column y, it is `part` over that of the line `whole` at the
     * same x */
    const char *part, *whole;
    enum lode_view_kind kind;
    bool log_x, log_y; /* of curves */
    bool least;        /* of curves: the least y that reaches an x, in place of all points */
};

/* Rows that views need, taken once for all of them. */
struct lode_view_rows {
    const char *table;  /* NULL: the end of the list */
    int64_t most;       /* rows at most */
    bool whole;         /* all rows or none: no use in a part of them */
    const char *lowest; /* of more than `most` rows those with the lowest numbers here; NULL: the
                           first */
    /* Only rows whose number in column `key` is one of these columns, "table.column" of the rows
     * of tables above or of the findings that are shown. NULL: all. */
    const char *key;
    const char *among[3]; /* ends with NULL */
};

struct lode_job_views {
    const char *job;
    const struct lode_view_rows *rows;
    const struct lode_view *views;
};

/* NULL: a job without views of its own. */
const struct lode_job_views *lode_views_find(const char *job);

#endif
