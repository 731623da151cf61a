/* Series that pass expert trend or change, as findings. They come folded already
 * (experts/trend_folding.h). */
#ifndef LODE_JOBS_OPPORTUNITIES_FINDINGS_TREND_FINDINGS_H
#define LODE_JOBS_OPPORTUNITIES_FINDINGS_TREND_FINDINGS_H

#include "jobs/opportunities/findings/findings.h"

/* How many will be added, at most. */
int64_t trend_findings_count(const struct finding_sources *sources);

/* Adds those that lead to the list, which has room for them, and marks in the cohort findings of
 * the same cohorts, and in them, that the experts agree. */
LODE_CHECKED lode_status trend_findings_add(const struct finding_sources *sources,
                                            struct lode_arena *arena, struct findings *findings);

#endif
