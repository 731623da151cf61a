/* Calendar: days to dates by whole cycles of 400 years.
 *
 * Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. Years begin in
 * March there, so that the day that comes and goes is the last.
 */
#include "common/expr/calendar.h"

#include <math.h>

#define DAY_MS INT64_C(86400000)
#define FIRST_MS (-62135596800000.0) /* 0001-01-01 */
#define LAST_MS 253402300800000.0    /* 10000-01-01 */

static void date_of(int64_t days, int64_t *month, int64_t *day)
{
    days += 719468; /* since 0000-03-01 */
    const int64_t cycle = (days >= 0 ? days : days - 146096) / 146097;
    const int64_t of_cycle = days - cycle * 146097;
    const int64_t year = (of_cycle - of_cycle / 1460 + of_cycle / 36524 - of_cycle / 146096) / 365;
    const int64_t of_year = of_cycle - (365 * year + year / 4 - year / 100);
    const int64_t from_march = (5 * of_year + 2) / 153;
    *day = of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
}

double expr_calendar(enum expr_op part, const struct lode_zone *zone, double utc_ms)
{
    if (!(utc_ms >= FIRST_MS && utc_ms < LAST_MS)) return (double)NAN;
    const int64_t local = lode_zone_local_ms(zone, (int64_t)floor(utc_ms));
    const int64_t days = local / DAY_MS - (local % DAY_MS < 0);
    const int64_t of_day = local - days * DAY_MS;
    const int64_t hour = of_day / 3600000, minute = of_day / 60000 % 60;
    int64_t month, day;
    switch (part) {
    case EXPR_HOUR:
        return (double)hour;
    case EXPR_MINUTE:
        return (double)minute;
    case EXPR_WEEKDAY:
        return (double)(((days + 3) % 7 + 7) % 7 + 1); /* 1970 began on a Thursday */
    default:
        date_of(days, &month, &day);
        return (double)(part == EXPR_DAY ? day : month);
    }
}
