/* Moment: whole numbers first, as nearly all times are, eight digits at once. */
#include "jobs/stage/moment.h"

#include "common/text.h"

#include <endian.h>
#include <math.h>
#include <string.h>

#define MOMENT_LIMIT (INT64_C(1) << 53) /* 285,000 years; differences cannot overflow */

static const char out_of_range[] = "time out of range";

/* One to eight bytes of text as a word, the last in the highest byte, zeros ('0') before the first.
 */
static inline uint64_t load_digits(const char *text, size_t size)
{
    const uint64_t zeros = UINT64_MAX / 255 * '0';
    uint64_t word = 0;
    if (size == 8) {
        memcpy(&word, text, 8);
        return le64toh(word);
    }
    if (size >= 4) { /* two halves that overlap */
        uint32_t first, last;
        memcpy(&first, text, 4);
        memcpy(&last, text + size - 4, 4);
        word = le32toh(first) | (uint64_t)le32toh(last) << 8 * (size - 4);
    } else {
        word = (uint64_t)(uint8_t)text[0] | (uint64_t)(uint8_t)text[size / 2] << 8 * (size / 2) |
               (uint64_t)(uint8_t)text[size - 1] << 8 * (size - 1);
    }
    return word << 8 * (8 - size) | zeros >> 8 * size;
}

/* Eight digits at once: pairs, then fours, then all (the well-known multiplications). */
static inline bool read_eight(uint64_t word, int64_t *value)
{
    const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0);
    const uint64_t sixes = UINT64_C(0x0606060606060606);
    const uint64_t threes = UINT64_C(0x3333333333333333);
    /* 0x30 to 0x39: the upper half is 3, also after adding 6 */
    if (((word & high) | ((word + sixes) & high) >> 4) != threes) return false;
    word = (word & UINT64_C(0x0f0f0f0f0f0f0f0f)) * (10 * 256 + 1) >> 8;
    word = (word & UINT64_C(0x00ff00ff00ff00ff)) * (100 * 65536 + 1) >> 16;
    word = (word & UINT64_C(0x0000ffff0000ffff)) * (UINT64_C(10000) << 32 | 1) >> 32;
    *value = (int64_t)word;
    return true;
}

/* Digits alone, at most 16: nearly every time of nearly every file. False says nothing. */
static inline bool read_digits(const char *text, size_t size, int64_t *value)
{
    int64_t head = 0;
    int64_t tail = 0;
    if (size < 1 || size > 16) return false;
    if (size <= 8) return read_eight(load_digits(text, size), value);
    if (!read_eight(load_digits(text, size - 8), &head) ||
        !read_eight(load_digits(text + size - 8, 8), &tail))
        return false;
    *value = head * 100000000 + tail;
    return true;
}

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
    if (rule->zone && !has_offset(text, size)) value = lode_zone_utc_ms(rule->zone, value);
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
    if (read_digits(text, size, &whole) || lode_text_to_i64(text, size, &whole)) {
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
