/* Moment: integers first, as nearly all times are. */
#include "jobs/stage/moment.h"

#include "common/text.h"

#include <math.h>

#define MOMENT_LIMIT (INT64_C(1) << 53) /* 285,000 years; differences cannot overflow */
#define MINUTE_MS INT64_C(60000)

static const char out_of_range[] = "time out of range";

/* Does an ISO time say its offset? Digits and '-' of the date come first, so look behind them. */
static bool has_offset(const char *text, size_t size)
{
    if (size > 0 && (text[size - 1] == 'Z' || text[size - 1] == 'z')) return true;
    for (size_t i = 10; i < size; i++)
        if (text[i] == '+' || text[i] == '-') return true;
    return false;
}

static const char *read_iso(const struct moment_rule *rule, const char *text, size_t size,
                            int64_t *time_ms)
{
    int64_t value = 0;
    if (!lode_text_iso_to_ms(text, size, &value)) return "not a time";
    if (!has_offset(text, size)) value -= rule->timezone_minutes * MINUTE_MS;
    *time_ms = value;
    return NULL;
}

const char *moment_read(const struct moment_rule *rule, const char *text, size_t size,
                        int64_t *time_ms)
{
    const bool in_seconds =
        rule->unit == STAGE_TIME_S || (rule->unit == STAGE_TIME_AUTO && rule->in_seconds);
    const int64_t scale = in_seconds ? 1000 : 1;
    int64_t whole = 0;
    double number = 0.0;
    if (rule->unit == STAGE_TIME_ISO) return read_iso(rule, text, size, time_ms);
    if (lode_text_to_i64(text, size, &whole)) {
        if (whole > MOMENT_LIMIT / scale || whole < -MOMENT_LIMIT / scale) return out_of_range;
        *time_ms = whole * scale;
        return NULL;
    }
    if (lode_text_to_f64(text, size, &number)) {
        number *= (double)scale;
        if (fabs(number) > (double)MOMENT_LIMIT) return out_of_range;
        *time_ms = (int64_t)llround(number);
        return NULL;
    }
    if (rule->unit == STAGE_TIME_AUTO) return read_iso(rule, text, size, time_ms);
    return "text in a number";
}
