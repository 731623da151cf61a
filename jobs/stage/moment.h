/* Moment: a cell of a time column as milliseconds since 1970-01-01 UTC. Pure. */
#ifndef LODE_JOBS_STAGE_MOMENT_H
#define LODE_JOBS_STAGE_MOMENT_H

#include "common/zone.h"
#include "jobs/stage/stage.h"

struct moment_rule {
    enum stage_time_unit unit;
    bool in_seconds;              /* STAGE_TIME_AUTO: a number counts seconds, else milliseconds */
    const struct lode_zone *zone; /* of ISO times without an offset; NULL: UTC */
};

/* NULL, or why the cell is to be rejected (static; *time_ms untouched). Fractions of a millisecond
 * are rounded, halves away from zero; beyond +-2^53 ms it is no time. */
const char *moment_read(const struct moment_rule *rule, const char *text, size_t size,
                        int64_t *time_ms);

#endif
