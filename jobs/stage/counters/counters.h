/* Staging of counters: what the command hands to the job `stage.counters`, and what it gets back.
 *
 * One shuffle: a task per input file reads rows, which become records in the bucket of their
 * component (parse.c); a task per partition merges them in order of component and time, and writes
 * a [time x counter] block of each (write.c). A row has a time and, of one component, either a
 * value of each counter (wide) or one counter's name and value (long); a sample of Prometheus'
 * query_range is a long row. Many machines' series may become one component's (machine.h).
 *
 * Or the input is one store of events, and the counters are rates: how often events, or patterns of
 * events, occur in each slot (rates/). A task per part of that store counts, the tasks that write
 * are the same.
 *
 * What is staged depends on the input, the options and `partition_bytes` alone.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_COUNTERS_H
#define LODE_JOBS_STAGE_COUNTERS_COUNTERS_H

#include "jobs/stage/counters/family.h"
#include "jobs/stage/counters/rates/definitions.h"
#include "jobs/stage/stage.h"

/* Bytes of a component's name; that of a counter has at most STAGE_WORD_LIMIT. */
enum { COUNTERS_COMPONENT_LIMIT = STAGE_ID_LIMIT };

/* Strings and arrays are taken from run->arena. */
struct stage_counters_summary {
    int64_t n_rows_read, n_rows_used, n_rows_rejected; /* read = used + rejected */
    int64_t n_reasons;                                 /* most frequent first, then by name */
    struct stage_reason *reasons;
    /* of the store, all generations */
    int64_t n_components, n_counters, n_times, n_values, n_partitions, n_generations;
    int64_t n_unstaged; /* columns of long rows that say nothing of a counter */
    const char **unstaged;
    int64_t n_missing, n_unordered;   /* of these files: samples, rows (records.h) */
    int64_t n_gaps, n_gap_components; /* of the store: times that its steps would have */
    bool of_events;                   /* rates: rows are events, of which there are */
    int64_t n_occurrences, n_late;    /* so many that are counted, and left out (rates/slots.h) */
    int64_t n_unused;                 /* names of the tree file that are in no input */
    const char **unused;
};

/* Fill with stage_counters_defaults first. All pointers are borrowed while the job runs. */
struct stage_counters_options {
    int64_t n_inputs;
    const char *const *inputs; /* files, or one store of events */
    const char *output;        /* the store; must not exist */
    /* the store to append to, instead of `output`: all options about what rows mean are taken from
     * it. The caller holds its lock (append_lock.h). */
    const char *append;
    uint64_t partition_bytes; /* input bytes to a partition (packed input counts 8-fold); 32 MiB */
    double max_rejects;       /* share of the rows that may be rejected; 0.01 */

    /* Column names: one, or several joined by commas, of which the first that a file has counts.
     *   time       NULL: timestamp_ms, timestamp_s, timestamp, time, ts
     *   component  NULL: the component is the file's name without .csv, .jsonl, .gz, .zst; in
     *              answers of query_range it names labels (labels.h)
     *   counter    NULL: every other column is a counter
     *   value      of the counter that `counter` names; both or none */
    const char *time, *component, *counter, *value;
    enum stage_time_unit time_unit;
    const char *timezone; /* of ISO times without an offset (common/zone.h); NULL: UTC */

    int64_t
        slot_ms; /* means of slots of this length, from a component's first sample on; 0: none */
    const char *aggregate; /* NULL, or what says the machine (machine.h); needs slots */
    const char *tree;      /* what separates the names of a component's ancestors; NULL: no tree */
    const char *tree_file; /* instead of `tree`: a YAML file of names within names; or NULL */
    struct counters_family family; /* what it says: filled by the job */
    struct stage_names units;      /* "counter=unit" */
    struct stage_names types;      /* "counter=gauge" (count, rate, counter) */
    struct counters_rates rates;   /* of a store of events; then `component` is an attribute */

    const char *history;                    /* command and version, for the index */
    struct stage_counters_summary *summary; /* filled on success; or NULL */
};

void stage_counters_defaults(struct stage_counters_options *options);

/* Name "stage.counters". Fails with LODE_E_USAGE (the output exists; a unit of no counter),
 * LODE_E_INPUT (a file is no such file, a column is missing, too many rejects, no sample),
 * LODE_E_DISK and what lode_map says; then nothing is left of the store. */
extern const struct lode_job stage_counters_job;

/* The leaves, by name "stage.counters_parse", "stage.counters_write" (and rates/plan.h). */
lode_status counters_parse_leaf(struct lode_task *task);
lode_status counters_write_leaf(struct lode_task *task);

#endif
