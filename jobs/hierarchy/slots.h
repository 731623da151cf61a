/* Slots: samples of a series put into regular slots, as detectors want them.
 *
 * A component's slots begin at its first sample and are `step` long; a sample belongs to the slot
 * whose beginning is nearest (of two in one slot the later counts). Training and detection count
 * the same slots, so what was learned fits what is scored.
 */
#ifndef LODE_JOBS_HIERARCHY_SLOTS_H
#define LODE_JOBS_HIERARCHY_SLOTS_H

#include "common/error.h"
#include "lode/counters.h"

#include <stdint.h>

struct slots {
    int64_t first_ms; /* of slot 0 */
    int64_t step_ms;  /* > 0 */
    int64_t n;        /* >= 0 */
};

/* Those from a component's first to its last sample; last_ms >= first_ms, step_ms > 0.
 * LODE_E_INPUT: there are more than 2^40. */
LODE_CHECKED lode_status slots_make(int64_t first_ms, int64_t last_ms, int64_t step_ms,
                                    struct slots *slots);

/* Are nearly all slots of a component empty: more than ten millions of them, and more than ten a
 * sample? Then a clock was wrong once (a time of 0 or of 2100), and to fill the gap would take the
 * memory and the days of a series that is not there. */
bool slots_are_hollow(const struct lode_component *component);

/* The slot of a time; may lie outside [0, n). */
int64_t slots_of(const struct slots *slots, int64_t time_ms);

/* Values of samples (times ascending, NaN: none) into placed [slots->n]; NaN where there is none.
 * Samples outside the slots are left out. */
void slots_place(const struct slots *slots, const int64_t *times, const double *values, int64_t n,
                 double *placed);

#endif
