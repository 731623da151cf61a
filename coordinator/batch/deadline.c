/* Deadline: three moments before the end. */
#include "coordinator/batch/deadline.h"

static int64_t before(int64_t end_us, int64_t left_us, int64_t most_s, int64_t part)
{
    const int64_t most_us = most_s * 1000000;
    return end_us - (left_us / part < most_us ? left_us / part : most_us);
}

struct deadline deadline_plan(int64_t now_us, int64_t end_us)
{
    const int64_t left_us = end_us - now_us;
    if (end_us == 0 || left_us <= 0) return (struct deadline){0};
    return (struct deadline){.drain_us = before(end_us, left_us, 90, 4),
                             .stop_us = before(end_us, left_us, 30, 8),
                             .abandon_us = before(end_us, left_us, 10, 16)};
}
