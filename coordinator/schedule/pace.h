/* Pace: how long the tasks of a stage take: a histogram whose median is known at any time.
 *
 * A bucket is an eighth of a power of two wide, so the median is at most 12.5 per cent too high:
 * enough to decide what is slow; a stage of any number of tasks costs the same few kilobytes.
 */
#ifndef LODE_COORDINATOR_PACE_H
#define LODE_COORDINATOR_PACE_H

#include <stdint.h>

enum { PACE_BUCKETS = 48 * 8 };

struct pace {
    int64_t count, longest_us, total_us;
    int64_t buckets[PACE_BUCKETS];
};

void pace_add(struct pace *pace, int64_t duration_us); /* < 0 counts as 0 */
/* The upper end of the median's bucket, but no more than the longest; 0 when nothing was added. */
int64_t pace_median_us(const struct pace *pace);

#endif
