/* Causal: the effect of something that a session has or has not on its outcome, adjusted for
 * covariates that may bring both about.
 *
 * Doubly robust (AIPW: augmented inverse probability weighting) with cross-fitting: three models
 * are fitted - who is treated, and the outcome with and without treatment, each on one-hot
 * covariates without interactions - and for each fold of the data they are fitted on the others.
 * The estimate is right when either the first model or the other two are.
 *
 * What it cannot do: adjust for what is not among the covariates. Units count as independent.
 */
#ifndef LODE_COMMON_STATS_CAUSAL_H
#define LODE_COMMON_STATS_CAUSAL_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LODE_CAUSAL_MOST_FOLDS = 32,
    LODE_CAUSAL_LEAST_ARM = 30, /* units with and without treatment, in all */
    LODE_CAUSAL_LEAST_FIT = 10  /* the same in the folds that a model is fitted on */
};

/* Units in cells: combination of covariates x fold x treatment. */
struct lode_causal_data {
    int64_t n_covariates;
    const int64_t *levels; /* [n_covariates] >= 1 */
    int64_t n_combinations;
    const uint32_t *codes; /* [n_combinations x n_covariates], codes[.., v] < levels[v] */
    int folds;             /* 2 .. LODE_CAUSAL_MOST_FOLDS */
    bool is_binary;        /* the outcome is 0 or 1; else a number */
    /* [n_combinations x folds x 2], the last place: without, with treatment */
    const double *counts, *sums, *squares; /* units; of their outcomes; NULL for 0/1: as sums */
};

enum lode_causal_verdict {
    LODE_CAUSAL_JUDGED,
    LODE_CAUSAL_SMALL_ARM,      /* fewer than LODE_CAUSAL_LEAST_ARM units with, or without */
    LODE_CAUSAL_EMPTY_FOLD,     /* all units with (or without) lie in one fold, or nearly so */
    LODE_CAUSAL_ONE_OUTCOME,    /* all outcomes are the same */
    LODE_CAUSAL_NO_OVERLAP,     /* covariates nearly decide who is treated: nothing to compare */
    LODE_CAUSAL_NO_CONVERGENCE, /* a model did not settle */
};
/* "too few sessions with it, or without": one line, no capital, no full stop. */
const char *lode_causal_words(enum lode_causal_verdict verdict);

struct lode_causal {
    enum lode_causal_verdict verdict; /* every figure below but raw is NaN where it is not judged */
    double raw;                       /* mean outcome with - without; NaN where a side is empty */
    double adjusted;                  /* average effect over all units */
    double error;                     /* its standard error, from the influence function */
    double low, high;                 /* 95 % interval of adjusted */
    double survives;                  /* adjusted / raw; NaN where raw is 0 */
    double clipped;                   /* share of units whose propensity was clipped */
};

/* The average effect of treatment on the outcome.
 *
 * Models: logistic by Newton's method with halved steps (linear least squares for a numeric
 * outcome), with a ridge of 1 on all weights but the intercept: as much as one unit's worth of
 * belief that a level does not matter, so that a level whose units are all alike stays finite.
 * Propensities are clipped to [c, 1 - c], c = min(0.01, a tenth of the smaller arm's share); where
 * that concerns more than a tenth of the units it is not judged (LODE_CAUSAL_NO_OVERLAP).
 *
 *   arena  scratch, given back
 *
 * Fails with LODE_E_MEMORY; numeric trouble is a verdict. NaN or infinite sums end as
 * LODE_CAUSAL_NO_CONVERGENCE. Cost O(folds x iterations x (combinations x covariates^2 + w^3)), w =
 * weights = 1 + sum (levels - 1). GSL with its own plain BLAS: the same bits on every processor.
 *
 * Sources: Robins, Rotnitzky, Zhao, J. American Statistical Association 89, 846-866 (1994); Funk et
 * al., American J. Epidemiology 173, 761-767 (2011), the form used; Chernozhukov et al.,
 * Econometrics J. 21, C1-C68 (2018), definition 3.2 and section 5.1, for cross-fitting.
 */
LODE_CHECKED lode_status lode_causal_estimate(const struct lode_causal_data *data,
                                              struct lode_arena *arena, struct lode_causal *result);

#endif
