/* Zone rule: see the header. Source: POSIX.1-2017 section 8.3, RFC 8536 section 3.3.1. */
#include "common/zone_rule.h"

#include "common/text.h"

#include <string.h>

enum { DAY = 86400, HOURS_MAX = 167 };

static bool take_byte(const char **at, char byte)
{
    if (**at != byte) return false;
    ++*at;
    return true;
}

static bool take_number(const char **at, int most, int *value)
{
    int number = 0, digits = 0;
    for (; **at >= '0' && **at <= '9' && digits < 4; ++*at, digits++)
        number = number * 10 + (**at - '0');
    *value = number;
    return digits > 0 && number <= most;
}

/* "CET" or "<+03>". */
static bool take_name(const char **at)
{
    const char *begin = *at;
    if (take_byte(at, '<')) {
        *at += strcspn(*at, ">");
        return take_byte(at, '>');
    }
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z')) ++*at;
    return *at - begin >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(const char **at, int *seconds)
{
    int hours, minutes = 0, rest = 0;
    const bool negative = take_byte(at, '-');
    if (!negative) (void)take_byte(at, '+');
    if (!take_number(at, HOURS_MAX, &hours)) return false;
    if (take_byte(at, ':')) {
        if (!take_number(at, 59, &minutes)) return false;
        if (take_byte(at, ':') && !take_number(at, 59, &rest)) return false;
    }
    *seconds = ((hours * 60 + minutes) * 60 + rest) * (negative ? -1 : 1);
    return true;
}

static bool take_date(const char **at, struct lode_zone_date *date)
{
    *date = (struct lode_zone_date){.kind = '0', .seconds = 2 * 3600};
    if (!take_byte(at, ',')) return false;
    if (take_byte(at, 'M')) {
        date->kind = 'M';
        if (!take_number(at, 12, &date->month) || !take_byte(at, '.') ||
            !take_number(at, 5, &date->week) || !take_byte(at, '.') ||
            !take_number(at, 6, &date->day) || date->month < 1 || date->week < 1)
            return false;
    } else {
        if (take_byte(at, 'J')) date->kind = 'J';
        if (!take_number(at, 365, &date->day) || (date->kind == 'J' && date->day < 1)) return false;
    }
    return !take_byte(at, '/') || take_time(at, &date->seconds);
}

bool lode_zone_rule_parse(const char *text, struct lode_zone_rule *rule)
{
    int west = 0;
    *rule = (struct lode_zone_rule){0};
    if (!take_name(&text) || !take_time(&text, &west)) return false;
    rule->standard = -west;
    if (!*text) return true;
    rule->has_daylight = true;
    rule->daylight = rule->standard + 3600;
    if (!take_name(&text)) return false;
    if (*text != ',') {
        if (!take_time(&text, &west)) return false;
        rule->daylight = -west;
    }
    return take_date(&text, &rule->start) && take_date(&text, &rule->end) && !*text;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Midnight of the date, in days since 1970. */
static int64_t days_of(const struct lode_zone_date *date, int year)
{
    const int64_t january = lode_text_days(year, 1, 1);
    if (date->kind == '0') return january + date->day;
    if (date->kind == 'J') return january + date->day - 1 + (is_leap(year) && date->day >= 60);
    const int64_t first = lode_text_days(year, date->month, 1);
    const int64_t next = date->month == 12 ? lode_text_days(year + 1, 1, 1)
                                           : lode_text_days(year, date->month + 1, 1);
    const int weekday = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    int64_t day = first + (date->day - weekday + 7) % 7 + INT64_C(7) * (date->week - 1);
    if (day >= next) day -= 7; /* week 5 of a month that has four such days */
    return day;
}

void lode_zone_rule_year(const struct lode_zone_rule *rule, int year, int64_t *start, int64_t *end)
{
    *start = days_of(&rule->start, year) * DAY + rule->start.seconds - rule->standard;
    *end = days_of(&rule->end, year) * DAY + rule->end.seconds - rule->daylight;
}
