/* ISO 8601 times to milliseconds since 1970 (text.h): fixed places, no mktime, no time zone table.
 *
 * Days are counted from the civil date in closed form: a year that begins in March has its leap day
 * at the end, so the days before a month are a linear function, rounded down.
 */
#include "common/text.h"

struct cursor {
    const char *at;
    const char *end;
};

/* Exactly `width` digits. */
static bool take_number(struct cursor *in, int width, int *value)
{
    if (in->end - in->at < width) return false;
    int sum = 0;
    for (int i = 0; i < width; i++) {
        const int digit = in->at[i] - '0';
        if (digit < 0 || digit > 9) return false;
        sum = sum * 10 + digit;
    }
    in->at += width;
    *value = sum;
    return true;
}

static bool take_byte(struct cursor *in, char byte)
{
    if (in->at == in->end || *in->at != byte) return false;
    in->at++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

int64_t lode_text_days(int year, int month, int day)
{
    const int y = month <= 2 ? year - 1 + 400 : year + 400; /* 400 years more: never negative */
    const int m = month <= 2 ? month + 9 : month - 3;       /* March is 0 */
    const int era = y / 400, of_era = y % 400;
    const int day_of_year = (153 * m + 2) / 5 + day - 1;
    const int day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    const int64_t to_1970 = 719468 + 146097; /* 0000-03-01 to 1970-01-01, and the 400 years */
    return (int64_t)era * 146097 + day_of_era - to_1970;
}

static bool take_date(struct cursor *in, int64_t *days)
{
    int year, month, day;
    if (!take_number(in, 4, &year) || !take_byte(in, '-') || !take_number(in, 2, &month) ||
        !take_byte(in, '-') || !take_number(in, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
    *days = lode_text_days(year, month, day);
    return true;
}

/* hh:mm:ss[.fraction] to ms of the day. Second 60, a leap second, is the next minute's first. */
static bool take_clock(struct cursor *in, int64_t *ms)
{
    int hour, minute, second;
    if (!take_number(in, 2, &hour) || !take_byte(in, ':') || !take_number(in, 2, &minute) ||
        !take_byte(in, ':') || !take_number(in, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60) return false;
    int thousandths = 0;
    if (take_byte(in, '.')) {
        int digits = 0;
        for (int digit; take_number(in, 1, &digit); digits++)
            if (digits < 3) thousandths = thousandths * 10 + digit;
        if (digits == 0) return false;
        for (; digits < 3; digits++) thousandths *= 10;
    }
    *ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + thousandths;
    return true;
}

/* Nothing, Z, or +hh:mm, +hhmm, +hh: how far the clock is ahead of UTC. */
static bool take_offset(struct cursor *in, int64_t *ms)
{
    *ms = 0;
    if (in->at == in->end || take_byte(in, 'Z')) return true;
    const bool behind = take_byte(in, '-');
    if (!behind && !take_byte(in, '+')) return false;
    int hour, minute = 0;
    if (!take_number(in, 2, &hour)) return false;
    if (in->at < in->end) {
        take_byte(in, ':');
        if (!take_number(in, 2, &minute)) return false;
    }
    if (hour > 23 || minute > 59) return false;
    *ms = (hour * 60 + minute) * INT64_C(60000) * (behind ? -1 : 1);
    return true;
}

bool lode_text_iso_to_ms(const char *text, size_t size, int64_t *time_ms)
{
    struct cursor in = {.at = text, .end = text + size};
    int64_t days, clock_ms = 0, offset_ms = 0;
    if (!take_date(&in, &days)) return false;
    if (take_byte(&in, 'T') || take_byte(&in, ' ')) {
        if (!take_clock(&in, &clock_ms) || !take_offset(&in, &offset_ms)) return false;
    }
    if (in.at != in.end) return false;
    *time_ms = days * INT64_C(86400000) + clock_ms - offset_ms;
    return true;
}
