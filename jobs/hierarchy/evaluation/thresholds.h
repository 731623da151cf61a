/* Thresholds: firings of detectors at all thresholds on E at once.
 *
 * A detector fires at threshold t in slot i when E[i-1] < t <= E[i]; in its first slot when t <=
 * E[0]. So a slot fires at the thresholds of one range (E[i-1], E[i]], and a range is two marks in
 * an array of differences: one search a slot, whatever the number of thresholds.
 */
#ifndef LODE_JOBS_HIERARCHY_EVALUATION_THRESHOLDS_H
#define LODE_JOBS_HIERARCHY_EVALUATION_THRESHOLDS_H

#include <stdbool.h>
#include <stdint.h>

enum { EVALUATION_THRESHOLDS = 170 };

/* The thresholds of tables `evaluation` and `summary`: geometric from 0.02 to 5,000, both ends
 * exact, [EVALUATION_THRESHOLDS] ascending. */
void thresholds_make(double *thresholds);

/* Thresholds of [n], ascending, that are <= e; NaN: none. */
int32_t thresholds_reached(const double *thresholds, int32_t n, double e);

/* Slots of an issue in a series: [first, end). */
struct issue_slots {
    int64_t first, end;
};

/* What one call adds up, all [n + 1] differences (thresholds_sum makes numbers of them). Integers:
 * adding two tallies place by place is the tally of both. */
struct tally {
    int64_t *firings;
    int64_t *inside; /* firings in slots of any issue */
};

/* Where a series stands between two stretches of it; zero before the first. */
struct tally_place {
    int32_t reached; /* thresholds at or below the last E */
};

struct tally_series {
    const double *e; /* [n] */
    int64_t n;
    const uint8_t *is_inside; /* [n] slot of any issue; NULL: there are none */
    int64_t n_issues;
    const struct issue_slots *issues; /* [n_issues] within [0, n) */
};

/* Adds a stretch of a series. covers [n_issues]: pointers to differences [n + 1] of firings inside
 * each issue. Cost O(n log thresholds + slots of issues). */
void tally_add(const double *thresholds, int32_t n_thresholds, const struct tally_series *series,
               struct tally_place *place, const struct tally *tally, int64_t *const *covers);

/* Differences to numbers, in place: [n + 1] -> the first n. */
void thresholds_sum(int64_t *differences, int32_t n);

#endif
