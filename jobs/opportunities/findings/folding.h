/* Folding: of candidates that are about the same sessions one leads and the others are counted
 * under it.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_FOLDING_H
#define LODE_JOBS_OPPORTUNITIES_FOLDING_H

#include "jobs/opportunities/findings/findings.h"

/* Sets lead and folded of candidates[0..n-1]: patterns in the order of table `patterns` (scenario,
 * k, tokens), then cohorts in the order of table `cohorts`.
 *
 * - A pattern inside a cohort folds under the same pattern over all sessions, if that is a
 *   candidate.
 * - A pattern that is part of a longer candidate of its scenario with the same counts folds under
 *   it: whoever has the longer one has the shorter one, so equal counts are equal sessions.
 * - A cohort with the same users, sessions and mean as an earlier cohort of the KPI folds under
 *   that.
 *
 * Chains are followed: every lead leads itself. Cost O(n log n), and O(cohorts^2) per KPI. */
void folding_find_leads(struct finding *candidates, int64_t n,
                        const struct finding_sources *sources);

#endif
