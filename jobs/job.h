/* Job: the only thing that engine and analyses share.
 *
 * A job is leaves (pure functions that a worker runs on one partition or block) and a `run`
 * function on the coordinator that reads top to bottom: map a leaf over tasks, merge in task order,
 * root steps, tables, findings. A job never sees a socket; the engine never sees a job's maths.
 */
#ifndef LODE_JOBS_JOB_H
#define LODE_JOBS_JOB_H

#include "common/error.h"
#include "common/memory.h"
#include "common/param/param.h"
#include "common/store/store.h"
#include "common/store/table.h"

#include <stdatomic.h>
#include <stdint.h>

/* In a run's work_directory: a link to the local disk of each node, when the run was given one. See
 * jobs/shuffle/scratch.h. */
#define LODE_SCRATCH_FOLDER "scratch"

/* What a leaf sees. Everything is borrowed and gone when it returns. */
struct lode_task {
    int64_t index;         /* 0.. in the stage */
    const uint8_t *params; /* the stage's parameters, the same for all of its tasks */
    size_t params_size;
    const uint8_t *input; /* this task's own input */
    size_t input_size;
    struct lode_arena *arena;   /* all scratch memory; reset when the leaf returns */
    struct lode_bytes *output;  /* the result: same input, same bytes */
    const char *work_directory; /* the run's stages/ folder, on the shared file system */
    /* a name no other attempt has, of an earlier start of the run neither: part of the names of
     * files. What a leaf leaves in work_directory for later tasks must be on disk (fsync of file
     * and folder) when it returns: a run that goes on after a crash does not run it again. */
    const char *attempt;
    atomic_llong *progress; /* see lode_task_advance */
    const atomic_bool *stop;
    /* of run files that it left for later tasks; jobs/shuffle counts them, for the run's record */
    uint64_t shuffled_bytes;
};
typedef lode_status (*lode_leaf_fn)(struct lode_task *task);

/* A leaf that may take longer than some milliseconds calls this every few thousand rows: it renews
 * the task's lease (a task without progress is taken for hung and its process ended), and fails
 * with LODE_E_STOPPED once the result is not wanted any more (another copy was faster). */
LODE_CHECKED static inline lode_status lode_task_advance(struct lode_task *task, int64_t rows)
{
    atomic_fetch_add_explicit(task->progress, rows, memory_order_relaxed);
    return atomic_load_explicit(task->stop, memory_order_relaxed) ? LODE_E_STOPPED : LODE_OK;
}

struct lode_leaf {
    const char *name; /* "opportunities.patterns" */
    lode_leaf_fn run;
};

/* A set of tasks of one leaf. All pointers are borrowed until lode_map returns. */
struct lode_stage {
    const char *leaf;
    const char *title; /* for progress: "counting patterns" */
    int64_t n_tasks;
    struct lode_bytes params;
    const struct lode_bytes *inputs; /* [n_tasks]; NULL: the task's index alone says what to do */
    const int64_t *costs;   /* [n_tasks] rows or bytes, to start long tasks first; or NULL */
    const char *cost_units; /* of costs, for the rate people see: "bytes", "events"; or NULL */
    /* What a task reads, in words for people ("part-00003.h5, 51,200 sessions"); may be NULL.
     * Called from another thread than the merge: the context does not change until lode_map
     * returns. */
    void (*describe)(const void *context, int64_t task, char *text, size_t size);
    const void *describe_context;
};

/* Called once per task, in task order, on the thread that called lode_map. `result` is borrowed. */
typedef lode_status (*lode_merge_fn)(void *context, int64_t task, const uint8_t *result,
                                     size_t size);

struct lode_cluster; /* the engine's */

/* One execution of a job, as its `run` function sees it. */
struct lode_run {
    const struct lode_params *params;
    struct lode_store *store;     /* NULL for jobs that make one */
    const char *store_path;       /* absolute; NULL likewise */
    const char *directory;        /* absolute; where tables and findings go */
    const char *work_directory;   /* stages/ of the run */
    struct lode_results *results; /* open; NULL for jobs without tables */
    struct lode_arena *arena;     /* lives as long as the run */
    struct lode_cluster *cluster;
    lode_status (*map)(struct lode_cluster *cluster, const struct lode_stage *stage,
                       lode_merge_fn merge, void *context);
    const void *options; /* the command's own options, for jobs with a command of their own */
};

/* Runs all tasks of the stage on the workers and merges their results in task order. Fails with
 * the first error of `merge`, with LODE_E_RUN (a task failed on every attempt; the chain holds its
 * error), LODE_E_CLUSTER (no workers) or LODE_E_STOPPED. */
static inline lode_status lode_map(struct lode_run *run, const struct lode_stage *stage,
                                   lode_merge_fn merge, void *context)
{
    return run->map(run->cluster, stage, merge, context);
}

/* What a run would take, told before any work: estimates from sizes that are known. */
enum { LODE_FORECAST_STAGES_MAX = 8 };
struct lode_forecast_stage {
    const char *title;
    int64_t n_tasks;
    uint64_t read_bytes; /* at most, by all its tasks */
    uint64_t task_bytes; /* memory of its largest task */
};
struct lode_forecast {
    int n_stages;
    struct lode_forecast_stage stages[LODE_FORECAST_STAGES_MAX];
    uint64_t work_bytes;   /* in stages/, which is removed at the end */
    uint64_t output_bytes; /* of what stays */
};

struct lode_job {
    const char *name;
    const char *store_kind;          /* what it reads: "events"; NULL for jobs that make stores */
    const char *summary;             /* one line */
    const struct lode_leaf *leaves;  /* ends with a NULL name */
    const struct lode_param *params; /* ends with a NULL name */
    /* Checks parameters against the store before any work starts (unknown KPI, bad range). */
    lode_status (*check)(const struct lode_params *params, const struct lode_store *store);
    lode_status (*run)(struct lode_run *run);
    /* For --dry-run; parameters are checked. `run` has no cluster, results or folders. NULL: says
     * nothing. Fails as a run would at once. */
    lode_status (*forecast)(const struct lode_run *run, struct lode_forecast *forecast);
    const char *findings_table;      /* what `lode show` prints; NULL: nothing to show */
    const char *const *show_columns; /* its columns there, in order, ended by NULL; text wraps */
    /* Of that table, ended by NULL: the columns that say what a finding is about, whatever its
     * numbers are (by them `lode diff` and `lode mute` know it again in another run; together they
     * are different in every row), and its main figures (numbers), which `lode diff` compares. */
    const char *const *identity_columns;
    const char *const *figure_columns;
};

/* The registry: every job, one line each. Ends with NULL. */
extern const struct lode_job *const lode_jobs[];
const struct lode_job *lode_job_find(const char *name);
const struct lode_leaf *lode_leaf_find(const char *name);

#endif
