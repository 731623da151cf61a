/* Records: the samples of one input file on their way to the partitions of their components
 * (record.h), and what is told of them: how many are missing, how many rows came late.
 *
 * Grows with what is known of the file's series (component, machine, counter), not with its rows.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_RECORDS_H
#define LODE_JOBS_STAGE_COUNTERS_RECORDS_H

#include "common/input/rows.h"
#include "jobs/shuffle/shuffle.h"
#include "jobs/stage/counters/plan.h"

struct records;

/* Whose row it is. Texts are borrowed until the row is put. */
struct records_series {
    struct lode_field component, machine; /* machine: size 0 where nothing is aggregated */
    struct lode_field counter;            /* size 0: a wide row */
    /* found: */
    uint32_t code;          /* of the series */
    uint32_t place;         /* of the counter among those of the component */
    int64_t bucket, n_rows; /* rows of the series before */
    int64_t first_line;     /* of its first row */
};

struct records_counts {
    int64_t n_used;      /* rows */
    int64_t n_missing;   /* samples that are empty, null or NaN */
    int64_t n_unordered; /* rows before the one before of their series */
};

/* `out` stays the caller's; all is borrowed, and of the task's arena. */
LODE_CHECKED lode_status records_create(struct lode_task *task, const struct counters_plan *plan,
                                        const struct counters_file *file, struct shuffle_out *out,
                                        struct records **records);
/* Fills what is found of a series by its texts. */
LODE_CHECKED lode_status records_find(struct records *records, struct records_series *series);
/* A row of a series: values [columns that are counters], or the one of its counter. */
LODE_CHECKED lode_status records_put(struct records *records, const struct records_series *series,
                                     int64_t time, int64_t line, const double *values);
/* Behind the last row: what the places of values mean, a head for each component. */
LODE_CHECKED lode_status records_finish(struct records *records);
struct records_counts records_counts(const struct records *records);

#endif
