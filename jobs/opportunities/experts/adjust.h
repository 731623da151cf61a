/* Expert causal: how much of a finding's difference is left when sessions of equal attributes are
 * compared (common/stats/causal.h). It adds no findings; it answers for those that experts pattern
 * and cohort have found, the first ones of the list.
 *
 * Treatment: the session has the pattern, or belongs to the cohort. Sessions: those of the
 * finding's scenario with a value of its KPI. Covariates: static attributes and whether it is the
 * user's first session, without those that define treatment or scenario. Sessions with a value of a
 * covariate that nobody with treatment has, or nobody without, cannot be compared and are left out
 * (of a version of one system: all other systems). A user's sessions share a fold.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_EXPERTS_ADJUST_H
#define LODE_JOBS_OPPORTUNITIES_EXPERTS_ADJUST_H

#include "jobs/opportunities/findings/findings.h"

enum {
    ADJUST_MOST_LEVELS = 20,         /* values of an attribute that keep a level of their own */
    ADJUST_MOST_COMBINATIONS = 4096, /* of all covariates' levels; more are joined */
};

/* Sets `adjusted` of the first options->causal_top findings of patterns and cohorts, and the bit of
 * the expert where the interval of the adjusted difference has the raw one's side of 0. Maps leaf
 * "opportunities.adjust" over all partitions. From run->arena. */
LODE_CHECKED lode_status adjust_findings(struct lode_run *run,
                                         const struct finding_sources *sources,
                                         const struct pattern_tokens *tokens,
                                         struct findings *findings);
lode_status adjust_leaf(struct lode_task *task);

/* How values become levels: the `kept` values with the most sessions have one each, in that order;
 * then, where there are such sessions, one for all other values and one for no value. */
struct covariate {
    int64_t
        attribute; /* index into store->attributes; store->n_attributes: first or later session */
    int64_t kept;
    int64_t *values; /* [kept] of its set of cohorts */
    bool has_other, has_none;
    int64_t levels; /* kept + has_other + has_none; 2 of first or later */
};

/* Covariates: the first n_attributes sets (those of the store: what is derived from events may be
 * what makes the difference) and first or later sessions, with at most ADJUST_MOST_COMBINATIONS
 * combinations. Where there are more, the attribute with the most levels keeps half as many values,
 * again and again; one that keeps none is left out. */
LODE_CHECKED lode_status covariates_make(int64_t n_attributes, const struct cohort_counts *counts,
                                         struct lode_arena *arena, struct covariate **covariates,
                                         int64_t *n);

#endif
