/* Splits: of all splits of every window, the one with the largest Poisson distance. */
#ifndef LODE_JOBS_HIERARCHY_DETECTORS_SPLITS_H
#define LODE_JOBS_HIERARCHY_DETECTORS_SPLITS_H

#include "common/memory.h"

/* D = (sqrt l1 - sqrt l2)^2 of the best split of each window.
 *
 *   x           [n] in 0 .. FAMILY_LARGEST
 *   window      W, least_side: m, 1 <= m <= W / 2; n >= W
 *   arena       scratch, the caller's to rewind: about 8 (log2 W + 4) (W + 2,048) bytes
 *   distance    [n - W + 1] out: of the windows x[i .. i + W - 1]
 *   split       [n - W + 1] out: slots before the first best split, 0 where D is 0; or NULL
 *
 * Exact: every split counts, but most are shown not to be the best without a root. LODE_E_MEMORY.
 */
LODE_CHECKED lode_status splits_scan(const double *x, int64_t n, int64_t window, int64_t least_side,
                                     struct lode_arena *arena, double *distance, int32_t *split);

#endif
