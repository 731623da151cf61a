/* Zone rule: the POSIX text at the end of a zoneinfo file, "CET-1CEST,M3.5.0,M10.5.0/3", which says
 * how things go on after the last change that the file lists.
 */
#ifndef LODE_COMMON_ZONE_RULE_H
#define LODE_COMMON_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

/* A moment of every year, on the clock that is in force until then. */
struct lode_zone_date {
    char
        kind; /* 'M': day of week of a month; 'J': day 1..365, never 29 February; '0': day 0..365 */
    int month, week, day; /* week 5: the last */
    int seconds;          /* of the day; may be negative or over 24 h */
};

struct lode_zone_rule {
    int standard, daylight;           /* offsets, seconds east of UTC */
    bool has_daylight;                /* else only `standard` is set */
    struct lode_zone_date start, end; /* of daylight saving time */
};

/* The whole text; false when it is no rule. Names of the offsets are skipped. */
bool lode_zone_rule_parse(const char *text, struct lode_zone_rule *rule);

/* Seconds since 1970 UTC at which daylight saving time begins and ends in a year (1..9999). */
void lode_zone_rule_year(const struct lode_zone_rule *rule, int year, int64_t *start, int64_t *end);

#endif
