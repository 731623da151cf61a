/* Pace: see the header. */
#include "coordinator/schedule/pace.h"

enum { STEPS = 8 }; /* buckets to a power of two */

/* Values below STEPS have a bucket each, then STEPS buckets to every power of two. */
static int bucket_of(int64_t value)
{
    if (value < STEPS) return (int)value;
    const int power = 63 - __builtin_clzll((unsigned long long)value); /* >= 3 */
    const int step = (int)((value >> (power - 3)) & (STEPS - 1));
    const int bucket = (power - 2) * STEPS + step;
    return bucket < PACE_BUCKETS ? bucket : PACE_BUCKETS - 1;
}

static int64_t upper_end(int bucket)
{
    if (bucket < STEPS) return bucket;
    const int power = bucket / STEPS + 2, step = bucket % STEPS;
    return ((int64_t)(STEPS + step + 1) << (power - 3)) - 1;
}

void pace_add(struct pace *pace, int64_t duration_us)
{
    if (duration_us < 0) duration_us = 0;
    pace->count++;
    pace->total_us += duration_us;
    if (duration_us > pace->longest_us) pace->longest_us = duration_us;
    pace->buckets[bucket_of(duration_us)]++;
}

int64_t pace_median_us(const struct pace *pace)
{
    int64_t seen = 0;
    for (int i = 0; i < PACE_BUCKETS; i++) {
        seen += pace->buckets[i];
        if (seen * 2 < pace->count || seen == 0) continue;
        const int64_t end = upper_end(i);
        return end < pace->longest_us ? end : pace->longest_us;
    }
    return 0;
}
