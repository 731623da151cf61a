/* Job: an analysis for lode, as the shipped ones are and as you write your own.
 *
 * A job is leaves (pure functions that a worker runs on one partition of a store) and a `run`
 * function on the coordinator that reads top to bottom: map a leaf over tasks, merge in task order,
 * compute, put tables and findings. A job never sees a process, a socket or a file that is half
 * there: lode runs its tasks on all workers, repeats those whose worker was lost, and merges each
 * once, in order.
 *
 * A shared library that ends with LODE_PLUGIN(job) is run by its path: `lode run ./x.so STORE -o
 * RUN`. docs/own-analyses.md goes from nothing to there; examples/wordcount is a whole one.
 *
 * What makes results the same bytes for any number of workers: a leaf's output depends on its
 * parameters and input alone (no clock, host, address, or order of a hash table), the merge is
 * called in task order, counts are integers until the last step.
 */
#ifndef LODE_JOB_H
#define LODE_JOB_H

#include "lode/counters.h"
#include "lode/error.h"
#include "lode/memory.h"
#include "lode/pack.h"
#include "lode/param.h"
#include "lode/store.h"
#include "lode/table.h"

#include <stdint.h>

LODE_API_BEGIN

/* --- leaves: on workers --- */

/* What a leaf sees. Everything is borrowed and gone when it returns. */
struct lode_task {
    int64_t index;         /* 0.. in the stage */
    const uint8_t *params; /* the stage's parameters, the same for all of its tasks */
    size_t params_size;
    const uint8_t *input; /* this task's own input */
    size_t input_size;
    struct lode_arena *arena;   /* all scratch memory; reset when the leaf returns */
    struct lode_bytes *output;  /* the result, empty at first: same input, same bytes */
    const char *work_directory; /* the run's stages/ folder, on the shared file system */
    /* a name no other attempt has, of an earlier start of the run neither: part of the names of
     * files. What a leaf leaves in work_directory for later tasks must be on disk (fsync of file
     * and folder) when it returns: a run that goes on after a crash does not run it again. */
    const char *attempt;
    struct lode_task_private *engine; /* lode's own */
};

/* Runs in one thread of a worker process, one task at a time. A failure is tried again on other
 * workers, four times in all, or two when it says LODE_E_INPUT; a crash three times. */
typedef lode_status (*lode_leaf_fn)(struct lode_task *task);

struct lode_leaf {
    const char *name; /* "wordcount.count": letters, digits, and . _ - ; at most 120 bytes */
    lode_leaf_fn run;
};

/* A leaf that may take longer than some milliseconds calls this every few thousand rows: it renews
 * the task's lease (a task without progress is taken for hung and its process ended), and fails
 * with LODE_E_STOPPED once the result is not wanted any more (another copy was faster). `rows`: how
 * many since the last call. */
LODE_CHECKED lode_status lode_task_advance(struct lode_task *task, int64_t rows);

/* Opens a partition of the store that lode_store_refer has put into parameters or input; `in`
 * stands there and goes past it. Close it with lode_part_close. LODE_E_INPUT: the file is missing,
 * damaged, or not the one that the run began with. */
LODE_CHECKED lode_status lode_task_open_part(struct lode_task *task, struct lode_unpack *in,
                                             int64_t partition, struct lode_part *part);

/* The same of a store of kind counters (lode/counters.h). Close it with lode_counters_close. */
LODE_CHECKED lode_status lode_task_open_counters(struct lode_task *task, struct lode_unpack *in,
                                                 int64_t partition,
                                                 struct lode_counters **counters);
/* One series that lode_store_refer_series has put into parameters or input, from the task's arena:
 * for joins with another store by time. Reads the whole file of its partition once (its checksum),
 * so many series of one partition are better read by lode_task_open_counters. */
LODE_CHECKED lode_status lode_task_load_series(struct lode_task *task, struct lode_unpack *in,
                                               struct lode_series *series);

/* --- the run: on the coordinator --- */

/* A set of tasks of one leaf. All pointers are borrowed until lode_map returns. */
struct lode_stage {
    const char *leaf;
    const char *title; /* for progress: "counting patterns" */
    int64_t n_tasks;
    struct lode_bytes params;
    const struct lode_bytes *inputs; /* [n_tasks]; NULL: the task's index alone says what to do */
    const int64_t *costs; /* [n_tasks] rows or bytes, to start long tasks first; or NULL */
    /* [n_tasks] what each task reads: the number of its partition, from 0. A worker that has read
     * it in an earlier stage is preferred, or its host, whose cache holds it. NULL: task i reads
     * partition i where there are as many tasks as partitions, else nothing is known. */
    const int64_t *keys;
    const char *cost_units; /* of costs, for the rate people see: "bytes", "events"; or NULL */
    /* What a task reads, in words for people ("part-00003.h5, 51,200 sessions"); may be NULL.
     * lode_store_name_partition with the store as context is one. Called from another thread than
     * the merge: the context does not change until lode_map returns. */
    void (*describe)(const void *context, int64_t task, char *text, size_t size);
    const void *describe_context;
};

/* Called once per task, in task order, on the thread that called lode_map. `result` is what the
 * leaf left in `output`, borrowed. */
typedef lode_status (*lode_merge_fn)(void *context, int64_t task, const uint8_t *result,
                                     size_t size);

struct lode_cluster; /* lode's own */

/* One execution of a job, as its `run` function sees it. All borrowed until it returns. */
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
    const void *options; /* of commands of lode; NULL under `lode run` */
};

/* Runs all tasks of the stage on the workers and merges their results in task order. Fails with
 * the first error of `merge`, with LODE_E_RUN (a task failed on every attempt; the chain holds its
 * error), LODE_E_CLUSTER (no workers) or LODE_E_STOPPED. */
static inline lode_status lode_map(struct lode_run *run, const struct lode_stage *stage,
                                   lode_merge_fn merge, void *context)
{
    return run->map(run->cluster, stage, merge, context);
}

/* The answer: puts the table into results.h5, and its rows as JSON Lines, in their order, into
 * findings.jsonl; for the table that lode_job.findings_table names. No other table needs it: see
 * lode_results_put. LODE_E_DISK, LODE_E_MEMORY, LODE_E_BUG (a code without a word). */
LODE_CHECKED lode_status lode_findings_put(const struct lode_run *run,
                                           const struct lode_table *table);

/* What a run would take, told before any work: estimates from sizes that are known. */
enum { LODE_FORECAST_STAGES_MAX = 16 };
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

/* How a job would go about it, for `lode explain JOB STORE`: a few small tables of plain columns,
 * from the run's arena. Names of tables and columns are what --json has. */
enum { LODE_EXPLANATION_TABLES_MAX = 8 };
struct lode_explanation {
    int n_tables;
    struct lode_table tables[LODE_EXPLANATION_TABLES_MAX];
};

/* --- the job --- */

struct lode_job {
    const char *name;                /* "wordcount": as lode_leaf.name; at most 60 bytes */
    const char *store_kind;          /* what it reads: "events" or "counters"; NULL: it makes one */
    const char *summary;             /* one line */
    const struct lode_leaf *leaves;  /* ends with a NULL name */
    const struct lode_param *params; /* ends with a NULL name; NULL: there are none */
    /* Checks parameters against the store before any work starts (unknown KPI, bad range):
     * LODE_E_USAGE. May be NULL. */
    lode_status (*check)(const struct lode_params *params, const struct lode_store *store);
    /* The whole job, on the coordinator. What it puts is there only when it returns LODE_OK. A run
     * that goes on after a crash calls it anew; tasks that were done are merged, not run again, so
     * it must ask for the same stages again. */
    lode_status (*run)(struct lode_run *run);
    /* For --dry-run; parameters are checked. `run` has no cluster, results or folders. NULL: the
     * job cannot say, and --dry-run is refused. Fails as a run would at once. */
    lode_status (*forecast)(const struct lode_run *run, struct lode_forecast *forecast);
    /* `run` is as for forecast. NULL: there is nothing to explain. */
    lode_status (*explain)(const struct lode_run *run, struct lode_explanation *explanation);
    const char *findings_table;      /* what `lode show` prints; NULL: nothing to show */
    const char *const *show_columns; /* its columns there, in order, ended by NULL; text wraps */
    /* Of that table, ended by NULL: the columns that say what a finding is about, whatever its
     * numbers are (by them `lode diff` and `lode mute` know it again in another run; together they
     * are different in every row), and its main figures (numbers), which `lode diff` compares. */
    const char *const *identity_columns;
    const char *const *figure_columns;
};

/* --- a job of one's own --- */

/* The one symbol that lode looks for in a library. `abi` is looked at first. */
struct lode_plugin {
    uint32_t abi;      /* LODE_JOB_ABI of the headers it was compiled with */
    uint32_t job_size; /* sizeof(struct lode_job) of the same */
    const struct lode_job *job;
};
extern const struct lode_plugin lode_plugin;

/* Once in a library, at file scope: LODE_PLUGIN(wordcount_job); */
#define LODE_PLUGIN(the_job)                                                                       \
    const struct lode_plugin lode_plugin = {LODE_JOB_ABI, sizeof(struct lode_job), &(the_job)}

LODE_API_END

#endif
