/* Silence: counters that had samples and send none any more; on a worker.
 *
 * A counter is silent where it has no value in the new slots, or none in the last window of its
 * detector, and in both cases was missing in more than twice as many samples of its component in a
 * row as lay between its last two values: so one that comes every tenth minute is not silent in a
 * batch of five. Its last value is scored on like any other gap, so it looks calm: that is why it
 * is told. The samples are counted, not the time, as a gap of the whole component says nothing.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_SILENCE_H
#define LODE_JOBS_HIERARCHY_DETECTION_SILENCE_H

#include "jobs/hierarchy/detection/scoring.h"

struct silence {
    bool is_silent;
    int64_t since_ms; /* its last value */
};

/* Of a leaf of a counter, after the last stretch. Reads nothing where the leaf has read a recent
 * value; else the end of the series, as far back as its last two values. */
LODE_CHECKED lode_status silence_find(struct scoring *scoring, int64_t node,
                                      struct silence *silence);

#endif
