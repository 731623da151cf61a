/* Folding: of candidates that are about the same sessions one leads and the others are counted
 * under it.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_FOLDING_H
#define LODE_JOBS_OPPORTUNITIES_FOLDING_H

#include "jobs/opportunities/findings/findings.h"

/* Sets lead and folded of candidates[0..n-1]: patterns in the order of table `patterns` (scenario,
 * k, tokens), then cohorts in the order of table `cohorts`.
 *
 * - A pattern inside a cohort folds under the same pattern over all sessions, or inside a cohort
 *   that is the same or that is a part of its pair, if that is a candidate.
 * - A pattern that is part of a longer candidate of its scenario folds under it where that explains
 *   it (explained.h), and with it where both have the same sessions.
 * - A longer pattern folds under a part of it to which it adds nothing.
 * - Of cohorts of a KPI that are the same the first one leads that is not derived, else the first.
 * - Of two cohorts of a binary KPI, one of which lies within the other, the wider folds under the
 *   narrower that explains it, and the narrower under the wider to which it adds nothing.
 *
 * Cohorts are the same when one lies within the other and both have as many sessions. That one lies
 * within the other is known by definition (first sessions are among the first two) or by counts: as
 * many sessions of a pair as of one of its values. Cohorts too small for a pair are not compared.
 *
 * Chains are followed: every lead leads itself. Cost O(n k^2 log n), and O(cohorts^2) comparisons
 * of two numbers per KPI. */
LODE_CHECKED lode_status folding_find_leads(struct finding *candidates, int64_t n,
                                            const struct finding_sources *sources,
                                            struct lode_arena *arena);

#endif
