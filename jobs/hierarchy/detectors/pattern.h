/* Patterns: shapes that a person has marked in a series, found again wherever the newest slots of a
 * counter look alike.
 *
 * A slot is judged by the window that ends with it and is as long, in time, as what was marked: by
 * the correlation r of the two, which leaves height and scale aside (2 n (1 - r) is their squared
 * distance once both have mean 0 and variance 1), and by the window's standard deviation, which
 * must be a share of the marked one's: so flat noise is like nothing. E is linear in r:
 *
 *     E = ln 100 (1 + (r - match) / (1 - match)), at least 0
 *
 * ln 100 (a score of 0.99) where r is `match`, twice that for the same shape, 0 from r = 2 match -
 * 1 down; training has no say in it. A gap is filled with the value before; a window that begins in
 * one, or of which more than a quarter is missing, is like nothing.
 *
 * In slots of another length the marked values are taken to last for theirs, and each slot has
 * their mean over its time.
 * Source: Ye and Keogh, KDD 2009 (shapelets); Mueen et al., KDD 2011 (the distance by r).
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTORS_PATTERN_H
#define LODE_JOBS_HIERARCHY_DETECTORS_PATTERN_H

#include "common/memory.h"
#include "common/wire/pack.h"

enum { PATTERN_LEAST = 5, PATTERN_MOST = 1440 }; /* slots */

/* E = sigma / 2 x D: D is 1 where r is `match`. */
#define PATTERN_SIGMA 9.210340371976184 /* 2 ln 100 */

struct pattern {
    const char *name;
    const char *counter; /* its name; NULL once unpacked */
    const char *where;   /* the components in which it is looked for: a name with * and ? */
    int64_t index;       /* of the counter in the store; -1: the store has none of that name */
    int64_t step_ms;     /* of the marked slots, > 0 */
    int64_t n;
    const double *values; /* [n] as pattern_is_shape wants them */
};

struct patterns {
    int64_t n;
    struct pattern *list;    /* [n] in the order of their definitions */
    double match, amplitude; /* 0.5 <= match <= 0.999, amplitude > 0 */
};

/* Values that can be looked for: PATTERN_LEAST to PATTERN_MOST, finite, within +-1e100, and not all
 * the same. */
bool pattern_is_shape(const double *values, int64_t n);

/* Its length in slots of a step; 0: fewer than PATTERN_LEAST or more than PATTERN_MOST. */
int64_t pattern_slots(const struct pattern *pattern, int64_t step_ms);

/* D of every slot of the pattern's counter.
 *
 *   step_ms   of the slots; pattern_slots of it > 0
 *   values    [n] NaN: no sample
 *   distance  [n] out: 0 to 2; 0 for the first pattern_slots - 1
 *
 * LODE_E_MEMORY. O(n x pattern_slots). Same bits on any machine, and whatever comes before the
 * window of a slot. */
LODE_CHECKED lode_status pattern_scan(const struct patterns *patterns, int64_t pattern,
                                      int64_t step_ms, const double *values, int64_t n,
                                      struct lode_arena *arena, double *distance);

/* r where a firing has that E > 0. */
double pattern_likeness(const struct patterns *patterns, double e);

/* MessagePack, both ways: without the name of the counter. Unpacking checks every value.
 * LODE_E_MEMORY, LODE_E_MESSAGE. */
LODE_CHECKED lode_status patterns_pack(const struct patterns *patterns, struct lode_bytes *out);
LODE_CHECKED lode_status patterns_unpack(struct lode_unpack *in, struct lode_arena *arena,
                                         struct patterns *patterns);

#endif
