/* Plan: what is staged from which column of which file; made by the coordinator. What all tasks
 * must know travels as the parameters of the stages, a file as the input of its parse task.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_PLAN_H
#define LODE_JOBS_STAGE_COUNTERS_PLAN_H

#include "jobs/stage/counters/counters.h"
#include "jobs/stage/plan.h"

struct counters_file {
    const char *path; /* absolute */
    const char *name; /* its last part, for rejects and the index */
    /* as it was when the plan was made: a file that is another by now is refused */
    uint64_t size_bytes;
    int64_t mtime_ns;
    bool is_packed; /* gzip or zstd */
    bool is_answer; /* of Prometheus' query_range: no columns, all numbers of columns are -1 */
    int n_columns;
    const char *const *columns;
    const char *component_name; /* of all its rows; "": the column says it. Of an answer: the name
                                 * of series that have none */
    bool time_in_seconds;       /* the name of the time column ends in _s */
    /* column numbers; all but time: -1: none */
    int time, component, counter, value, machine;
};

struct counters_plan {
    int64_t n_partitions;
    int64_t slot_ms; /* 0: none */
    enum stage_time_unit time_unit;
    struct stage_zone zone;
    const char *labels;       /* of the component, in answers (labels.h); "": the usual ones */
    const char *machine;      /* what is aggregated (machine.h); "": nothing */
    int32_t n_rates;          /* 0: files */
    const char *const *rates; /* [n_rates] names, in order */
    const char *directory;    /* store under construction, or that is appended to */
    int64_t generation;       /* to be; 1: a new store */
};

/* Rows of one counter each? */
static inline bool counters_is_long(const struct counters_file *file)
{
    return file->is_answer || file->counter >= 0;
}

/* Is the column one of those whose names are counters? */
static inline bool counters_is_value(const struct counters_file *file, int column)
{
    return !counters_is_long(file) && column != file->time && column != file->component &&
           column != file->machine;
}

/* Columns that are. */
static inline int counters_values(const struct counters_file *file)
{
    int n = 0;
    for (int c = 0; c < file->n_columns; c++) n += counters_is_value(file, c);
    return n;
}

LODE_CHECKED lode_status counters_plan_pack(const struct counters_plan *plan,
                                            struct lode_bytes *out);
/* Strings from the arena, the zone's rules borrowed. LODE_E_MESSAGE, as the next. */
LODE_CHECKED lode_status counters_plan_unpack(const void *data, size_t size,
                                              struct lode_arena *arena, struct counters_plan *plan);
LODE_CHECKED lode_status counters_file_pack(const struct counters_file *file,
                                            struct lode_bytes *out);
LODE_CHECKED lode_status counters_file_unpack(const void *data, size_t size,
                                              struct lode_arena *arena, struct counters_file *file);

#endif
