/* Folding of trends: one rise, one finding. What a cohort does shows in every larger one that holds
 * it, and what all sessions do shows in every cohort.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_EXPERTS_TREND_FOLDING_H
#define LODE_JOBS_OPPORTUNITIES_EXPERTS_TREND_FOLDING_H

#include "jobs/opportunities/experts/trends.h"

/* Sets lead and folded of all rows (trends.h says how); rows that are no finding lead themselves.
 */
LODE_CHECKED lode_status trend_folding(struct trend_rows *trends, const struct lode_store *store,
                                       const struct trend_options *options,
                                       struct lode_arena *arena);

#endif
