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
 * - A pattern that is part of a longer candidate of its scenario with the same counts folds under
 *   it: whoever has the longer one has the shorter one, so equal counts are equal sessions.
 * - A cohort that is the same as an earlier cohort of the KPI folds under that.
 *
 * Cohorts are the same when one lies within the other and both have as many sessions. That one lies
 * within the other is known by definition (first sessions are among the first two) or by counts: as
 * many sessions of a pair as of one of its values. Cohorts too small for a pair are not compared.
 *
 * Chains are followed: every lead leads itself. Cost O(n log n), and O(cohorts^2) comparisons of
 * two numbers per KPI. */
LODE_CHECKED lode_status folding_find_leads(struct finding *candidates, int64_t n,
                                            const struct finding_sources *sources,
                                            struct lode_arena *arena);

#endif
