/* Leaf detectors: functions of one counter that say, slot by slot, how unusual its newest slots
 * are.
 *
 * Every kind gives a distance D >= 0 for each slot, in a unit of its own, that depends on the slot
 * and the `reach` slots before it alone: so a later batch computes the same bits from the newest
 * slots. Calibration (detector_sigma) turns the unit into one that all share: E = sigma / 2 x D,
 * the score is 1 - exp(-E). E is kept beside the score: doubles saturate near E = 36.
 *
 * A kind is one file beside this one and one line in detector.c; what each computes, from which
 * source, and when to take which is in docs/jobs/hierarchy-detectors.md.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTORS_DETECTOR_H
#define LODE_JOBS_HIERARCHY_DETECTORS_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/memory.h"

/* Which splits of a window are looked at (hellinger). */
enum detector_splits {
    DETECTOR_SPLITS_MAX, /* every one with `least_side` slots on both sides; the first largest D */
    DETECTOR_SPLITS_CENTRE, /* half and half: the first floor(window / 2) slots against the others
                             */
    DETECTOR_SPLITS_EDGE    /* the last `edge` slots against the rest */
};

/* The distribution that both sides of a split are taken to have (hellinger). */
enum detector_family {
    DETECTOR_POISSON,
    DETECTOR_GAUSSIAN,
    DETECTOR_EXPONENTIAL,
    DETECTOR_LOGNORMAL,
    DETECTOR_PARETO,
    DETECTOR_AUTO /* a wish, not a family: training turns it into one (detector_choose_family) */
};

/* Names of both in the order above, NULL at the end: "max", ..; "poisson", .. "auto". */
extern const char *const detector_splits_names[];
extern const char *const detector_family_names[];

/* Of all kinds; times in slots. Kinds that need more read it from what is here (their file says).
 */
struct detector_settings {
    int kind; /* index into detector_kinds */
    enum detector_splits splits;
    enum detector_family family;
    int64_t window;     /* W >= 2, at most DETECTOR_LONGEST_WINDOW */
    int64_t edge;       /* r, 1 <= r < W: newest slots held against those before */
    int64_t least_side; /* m, 1 <= m <= W / 2 */
    int64_t noise;      /* slots that tell the noise of now (shift), edge < noise */
    /* found by `fit` in training, 0 of kinds without it */
    double usual_variance; /* g of shift */
    double largest_value;  /* |value| */
};

enum { DETECTOR_LONGEST_WINDOW = 1 << 20 };

struct detector_kind {
    const char *name;    /* "hellinger" */
    const char *summary; /* one line for --help and the docs */

    /* Slots before a slot that it needs. */
    int64_t (*reach)(const struct detector_settings *settings);

    /* What training finds out before the first scan; NULL: nothing. Sets the fields of settings
     * above from the training slots, values [n] as in scan. LODE_E_MEMORY. Same bits on any
     * machine. */
    lode_status (*fit)(struct detector_settings *settings, const double *values, int64_t n,
                       struct lode_arena *arena);

    /* D of every slot of a counter.
     *
     *   values    [n] finite, gaps filled (detector_fill); not changed
     *   arena     scratch, given back before it returns
     *   distance  [n] out: >= 0 and finite; 0 for the first `reach` slots
     *   since     [n] out: slots of i - reach .. i before the change, which begins at slot
     *             i - reach + since; 0: none. Or NULL
     *
     * LODE_E_MEMORY; LODE_E_USAGE, also for n = 0: the kind needs a longer window or edge. Same
     * bits on any machine, and whatever comes before slot i - reach. */
    lode_status (*scan)(const struct detector_settings *settings, const double *values, int64_t n,
                        struct lode_arena *arena, double *distance, int32_t *since);
};

/* All kinds, NULL at the end; the first is the default. */
extern const struct detector_kind *const detector_kinds[];

/* Index of a kind; -1: no such name. */
int detector_kind_find(const char *name);

/* Fills gaps (values that are not finite) with the value before; those at the start with the first
 * value. Without any value: all zeros, and false. */
bool detector_fill(double *values, int64_t n);

/* The family that makes the values likeliest, each with its own best parameters; never
 * DETECTOR_AUTO. Values [n] are finite: the training slots. Poisson only for whole numbers >= 0,
 * exponential for numbers >= 0, lognormal and Pareto for numbers > 0. O(n). */
enum detector_family detector_choose_family(const double *values, int64_t n);

/* The unit sigma that makes the score saturate (> 0.99) in at most a share of the slots: with the
 * distances in falling order and k = floor(share n), sigma = 2 ln 100 / D[k]; where that is 0,
 * 2 ln 100 / D[0]; 0 where all are 0 (a counter that never moves). A D of 1e-200 or less counts as
 * 0: sigma is finite. distance [n]: those of the slots with a full window, distance + reach;
 * overwritten. */
double detector_sigma(double *distance, int64_t n, double share);

/* E = sigma / 2 x D, at most 1e100 (sums of it are finite), and the score 1 - exp(-E). */
double detector_e(double sigma, double distance);
double detector_score(double e);

#endif
