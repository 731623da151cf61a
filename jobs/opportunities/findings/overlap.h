/* Overlap: leads that say nearly the same in other words, by the sessions that they share.
 *
 * Folding by counts (folding.h) knows what lies within what. A generated attribute, a pattern and a
 * cohort can be about nearly the same sessions without that; so the sessions of the first leads of
 * each KPI are counted pair by pair, in one more pass over the partitions.
 *
 * X is redundant beside Y where nine tenths of the sessions that have one have both; and, of a 0/1
 * KPI, where sessions with X but not Y are no worse than those with neither, and sessions with both
 * no worse than those with Y alone (`worse` as in explained.h; an empty side is no contrast). Then
 * X folds under Y if it is made of a generated definition, or if both are patterns. What a person
 * asked for (attributes, life cycle, definitions of the spec) stays: who is hit is another question
 * than what happens to them, and an event that all faulty sessions have would explain every cohort
 * away. Of two that are redundant beside each other the one that is not generated leads, else the
 * one that ranks first.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_FINDINGS_OVERLAP_H
#define LODE_JOBS_OPPORTUNITIES_FINDINGS_OVERLAP_H

#include "jobs/opportunities/findings/findings.h"

/* Folds leads of patterns and cohorts, the first options->fold_top of each KPI in the order of the
 * list (findings_lead); the list is shorter then, in the same order. An expert whose finding was
 * folded agrees with the lead. Maps leaf "opportunities.overlap" over all partitions, where a KPI
 * has two leads. */
LODE_CHECKED lode_status overlap_fold(struct lode_run *run, const struct finding_sources *sources,
                                      const struct pattern_tokens *tokens,
                                      struct findings *findings);
lode_status overlap_leaf(struct lode_task *task);

/* Sessions with a value of the KPI, and those that are faulty (0 of a numeric KPI). */
struct overlap_count {
    int64_t sessions, faulty;
};

enum overlap_kind {
    OVERLAP_PATTERN,
    OVERLAP_COHORT,
    OVERLAP_GENERATED /* either, with an attribute that the job generated */
};

/* Counts of n leads of one KPI. */
struct overlap {
    bool is_binary;
    int64_t n;
    enum overlap_kind *kinds; /* [n] */
    struct overlap_count all;
    struct overlap_count *pairs; /* [n x n], upper triangle: both of i <= j; i = j: of i */
};

/* Is lead x redundant beside lead y? */
bool overlap_is_redundant(const struct overlap *overlap, int64_t x, int64_t y,
                          double least_relative);
/* Sets under[i]: the lead that i is folded under, followed to its end, or i itself. */
void overlap_find_leads(const struct overlap *overlap, double least_relative, int64_t *under);

#endif
