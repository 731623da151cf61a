/* Change: where does the level of a series change, and is the change more than chance?
 *
 * The squared Hellinger distance of two distributions is 1 - exp(-E), E = -ln of their
 * Bhattacharyya coefficient. With the rates or means l1 and l2 of the two sides of a split:
 *
 *   Bernoulli  E = -ln cos(asin sqrt l1 - asin sqrt l2) a rate: faulty sessions of all
 *   Gaussian   E = (l1 - l2)^2 / (8 s^2)                a mean, s the same on both sides
 *
 * Windows of counters are scored by the detectors of job hierarchy, whose threshold is learned;
 * here one whole series of counts has its best split and how likely chance makes one as good.
 */
#ifndef LODE_COMMON_STATS_CHANGE_H
#define LODE_COMMON_STATS_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

/* Sessions per slot of time and what is counted of them. */
struct lode_change_series {
    int64_t n;
    const double *counts;  /* [n] >= 0; 0: a slot without sessions, no matter */
    const double *sums;    /* [n] of the KPI; 0/1 KPI: faulty sessions, 0 <= sums <= counts */
    const double *squares; /* [n] of its squares; NULL: a 0/1 KPI */
};

struct lode_change {
    bool is_judged;       /* false: fewer than 2 x least_side slots with sessions, or no spread */
    int64_t at;           /* first slot of the second side */
    double before, after; /* rate or mean of the sides */
    double e;             /* E of the sides: 1 - exp(-E) is their squared Hellinger distance */
    double dispersion;    /* >= 1: by how much slots differ more than sessions alone would */
    double z; /* sqrt(8 h E / dispersion), h = n1 n2 / (n1 + n2), largest of all splits */
    double p; /* of a z as large at any split where nothing changes; in [0, 1] */
};

/* The best split of a series, with a p that knows that the best of all was chosen.
 *
 * 8 h E is the chi-square of the 2 x 2 table before/after x faulty/normal (numeric: of the
 * difference of means), up to terms of the third order, so its root is standard normal where
 * nothing changes. p is that of the largest of them (Miller and Siegmund's formula for maximally
 * selected chi-squares; continuous time, hence a little too large for few slots). A formula, not
 * permutations: hundreds of series need p far below what permutations reach.
 *
 * Real rates differ from slot to slot by more than chance. z is divided by the root of the
 * dispersion, the largest of 1, Rice's estimate (differences of neighbours) and Pearson's (around
 * both sides' levels): what a cycle or a slow drift does to a series counts against a step.
 *
 *   least_side  slots with sessions on each side of a split, at least; >= 1
 *
 * Takes no memory. Cost O(n). Changes nothing in z that the unit of a numeric KPI could.
 * Sources: Miller and Siegmund, Biometrics 38, 1011-1016 (1982); Rice, Annals of Statistics
 * 12, 1215-1230 (1984), for the dispersion.
 */
void lode_change_find(const struct lode_change_series *series, int64_t least_side,
                      struct lode_change *change);

/* P(max over splits |Z| >= z), splits of which the first side has a share of low to high of all
 * sessions, 0 < low <= high < 1. */
double lode_change_p(double z, double low, double high);

#endif
