/* Zone: clock times of a place to UTC, with daylight saving time.
 *
 * A zone is an offset ("+02:00", "UTC") or a name of the IANA data base ("Europe/Berlin"), whose
 * rules are the file of that name in the system's zoneinfo folder. The rules are read once, by the
 * coordinator, and travel to the workers as bytes: hosts whose data bases differ still give the
 * same times.
 */
#ifndef LODE_COMMON_ZONE_H
#define LODE_COMMON_ZONE_H

#include "common/error.h"
#include "common/memory.h"

#include <stdint.h>

enum { LODE_ZONE_RULES_LIMIT = 64 << 10 };

/* The rules of a zone, put into `rules` (replaced): the bytes of its zoneinfo file; nothing for an
 * offset. TZDIR in the environment names another folder than /usr/share/zoneinfo. LODE_E_USAGE: no
 * such zone (with the nearest name). */
LODE_CHECKED lode_status lode_zone_read(const char *name, struct lode_bytes *rules);

/* A zone of its name and rules; from the arena. Takes bytes from anywhere: LODE_E_INPUT when they
 * are no zoneinfo file (RFC 8536, version 2 or later) or use what no zone needs (leap seconds). */
struct lode_zone;
LODE_CHECKED lode_status lode_zone_make(const char *name, const void *rules, size_t size,
                                        struct lode_arena *arena, const struct lode_zone **zone);

/* A clock time, as milliseconds since 1970-01-01T00:00 on that clock, to ms since 1970 UTC.
 *
 * A time that comes twice (clocks are set back) is the first of the two. One that never comes
 * (clocks are set forward) is read by the offset from before, so that 02:30 in a gap from 02:00 to
 * 03:00 is what the clock calls 03:30. That is what Python's datetime does with fold=0. Cost
 * O(log changes of offset). */
int64_t lode_zone_utc_ms(const struct lode_zone *zone, int64_t local_ms);

/* The other way: what the zone's clock shows at a moment. The same cost. */
int64_t lode_zone_local_ms(const struct lode_zone *zone, int64_t utc_ms);

#endif
