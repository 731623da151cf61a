/* Quality: tables `evaluation` and `summary`, by which levels are compared.
 *
 * For each level and threshold: firings of all detectors of the level, issues that a detector of
 * their component found, recall = found / issues, precision = firings inside an issue of their
 * component / firings. For a recall r the fewest firings among the thresholds whose recall is at
 * least r; where several have as few, the lowest threshold.
 */
#ifndef LODE_JOBS_HIERARCHY_EVALUATION_QUALITY_H
#define LODE_JOBS_HIERARCHY_EVALUATION_QUALITY_H

#include "common/memory.h"
#include "lode/table.h"

#include <stdint.h>

struct quality_level {
    const char *name;
    const int64_t *firings, *inside, *found; /* [n_thresholds] */
};

struct quality {
    int n_thresholds;
    const double *thresholds; /* ascending */
    int64_t n_issues;
    int n_levels;
    const struct quality_level *levels; /* the first is what ratio_to_low compares with */
};

/* Recalls of table summary: 0.4, 0.6, 0.8. */
enum { QUALITY_RECALLS = 3 };

/* The threshold with the fewest firings at a recall of at least tenths / 10; -1: none reaches it,
 * or there are no issues. */
int quality_best(const struct quality *quality, int level, int64_t tenths);

/* Puts both tables. Cells without a meaning (precision without firings, recall without issues, a
 * recall that is never reached) are empty. */
LODE_CHECKED lode_status quality_put(const struct quality *quality, struct lode_arena *arena,
                                     struct lode_results *results);

#endif
