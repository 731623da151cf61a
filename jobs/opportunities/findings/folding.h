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
 *   candidate; else under the same inside an earlier cohort of the same users and sessions.
 * - A pattern that is part of a longer candidate of its scenario folds under it where the longer
 *   one explains it: its other sessions are no worse than those without it. (There are none where
 *   both have the same sessions.)
 * - A longer candidate folds under a part of it to which it adds nothing: it is no worse than the
 *   part's other sessions.
 *   Worse: the faulty rate is higher by more than the option fold_relative, and the 95 % interval
 *   of the difference lies above 0.
 * - A cohort with the same users, sessions and mean as an earlier cohort of the KPI folds under
 *   that.
 *
 * Chains are followed: every lead leads itself. Cost O(n k^2 log n), and O(cohorts^2) per KPI. */
void folding_find_leads(struct finding *candidates, int64_t n,
                        const struct finding_sources *sources);

#endif
