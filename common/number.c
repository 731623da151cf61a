/* Numbers, durations, sizes and times from text, and doubles back to text (text.h).
 *
 * The two number parsers are in the staging hot path: every cell of a CSV file goes through one of
 * them. A mantissa up to 2^53 and a small power of ten give one exact product or quotient
 * (Clinger 1990: both operands are exact, so IEEE rounding of the one operation is the right
 * answer); anything else goes to strtod as digits and an exponent without a decimal point, so that
 * no locale can change its meaning.
 */
#include "common/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIGITS_EXACT = 19,    /* 10^19 < 2^64: the mantissa did not overflow */
    EXACT_POWER = 22,     /* 10^22 is the largest power of ten that is a double */
    DIGITS_KEPT = 800,    /* 768 decide any rounding; further ones only whether they are all zero */
    EXPONENT_LIMIT = 9999 /* beyond it every number is 0 or infinite */
};

static const double powers_of_ten[EXACT_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

bool lode_text_to_i64(const char *text, size_t size, int64_t *value)
{
    const char *at = text, *end = text + size;
    const bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    if (at == end) return false;
    uint64_t magnitude = 0;
    if (end - at <= 18) { /* cannot overflow */
        for (; at < end; at++) {
            if (!is_digit(*at)) return false;
            magnitude = magnitude * 10 + (uint64_t)(*at - '0');
        }
    } else {
        for (; at < end; at++) {
            if (!is_digit(*at) || __builtin_mul_overflow(magnitude, 10, &magnitude) ||
                __builtin_add_overflow(magnitude, (uint64_t)(*at - '0'), &magnitude))
                return false;
        }
        if (magnitude > (uint64_t)INT64_MAX + negative) return false;
    }
    *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* A decimal number taken apart: mantissa digits (leading zeros dropped) and a power of ten. */
struct decimal {
    const char *digits; /* first significant digit; a '.' may lie between the digits */
    const char *digits_end;
    int64_t n_digits;
    int64_t exponent;  /* value = digits * 10^exponent */
    uint64_t mantissa; /* the digits as a number, good up to 19 of them */
    bool negative;
};

/* [+-]digits[.digits][(e|E)[+-]digits]; of the digits around the point one side may be missing. */
static bool scan_decimal(const char *at, const char *end, struct decimal *number)
{
    struct decimal d = {0};
    d.negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    const char *const first = at;
    const char *point = NULL;
    for (; at < end; at++) {
        if (is_digit(*at)) {
            if (d.n_digits > 0 || *at != '0') {
                if (d.n_digits++ == 0) d.digits = at;
                d.mantissa = d.mantissa * 10 + (uint64_t)(*at - '0');
            }
        } else if (*at == '.' && !point)
            point = at;
        else
            break;
    }
    d.digits_end = at;
    if (at - first <= (point ? 1 : 0)) return false;
    if (point) d.exponent = -(at - point - 1);
    if (at < end) {
        if (*at != 'e' && *at != 'E') return false;
        at++;
        const bool below = at < end && *at == '-';
        if (at < end && (*at == '-' || *at == '+')) at++;
        if (at == end) return false;
        int64_t exponent = 0;
        for (; at < end; at++) {
            if (!is_digit(*at)) return false;
            if (exponent < INT32_MAX) exponent = exponent * 10 + (*at - '0');
        }
        d.exponent += below ? -exponent : exponent;
    }
    *number = d;
    return true;
}

/* Correctly rounded by strtod, from "123e-2": neither a locale's decimal point nor length matters.
 */
static double round_decimal(const struct decimal *number)
{
    char copy[DIGITS_KEPT + 32];
    int kept = 0;
    bool rest = false; /* a digit other than 0 after those kept */
    for (const char *at = number->digits; at < number->digits_end; at++) {
        if (*at == '.') continue;
        if (kept < DIGITS_KEPT)
            copy[kept++] = *at;
        else if (*at != '0')
            rest = true;
    }
    if (rest) copy[kept - 1] = '1'; /* more than a half stays more than a half */
    int64_t exponent = number->exponent + (number->n_digits - kept);
    if (exponent > EXPONENT_LIMIT) exponent = EXPONENT_LIMIT;
    if (exponent < -EXPONENT_LIMIT) exponent = -EXPONENT_LIMIT;
    snprintf(copy + kept, sizeof copy - (size_t)kept, "e%d", (int)exponent);
    return strtod(copy, NULL);
}

bool lode_text_to_f64(const char *text, size_t size, double *value)
{
    struct decimal number;
    if (!scan_decimal(text, text + size, &number)) return false;
    double magnitude;
    if (number.n_digits == 0)
        magnitude = 0.0;
    else if (number.n_digits <= DIGITS_EXACT && number.mantissa <= UINT64_C(1) << 53 &&
             number.exponent >= -EXACT_POWER && number.exponent <= EXACT_POWER)
        magnitude = number.exponent < 0 ? (double)number.mantissa / powers_of_ten[-number.exponent]
                                        : (double)number.mantissa * powers_of_ten[number.exponent];
    else
        magnitude = round_decimal(&number);
    if (!isfinite(magnitude)) return false;
    *value = number.negative ? -magnitude : magnitude;
    return true;
}

/* A number without sign and exponent at the front of the text; returns where it ends, or NULL. */
static const char *scan_amount(const char *text, const char *end, double *amount)
{
    const char *at = text;
    while (at < end && (is_digit(*at) || *at == '.')) at++;
    return lode_text_to_f64(text, (size_t)(at - text), amount) ? at : NULL;
}

static bool is_word(const char *at, const char *end, const char *word)
{
    return (size_t)(end - at) == strlen(word) && memcmp(at, word, strlen(word)) == 0;
}

bool lode_text_to_duration_ms(const char *text, size_t size, int64_t *duration_ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"", 1e3}, {"s", 1e3}, {"ms", 1.0}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    const char *end = text + size;
    double amount;
    const char *unit = scan_amount(text, end, &amount);
    if (!unit) return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!is_word(unit, end, units[i].name)) continue;
        const double ms = round(amount * units[i].ms);
        if (ms > 9e15) return false; /* beyond 2^53 a double skips milliseconds */
        *duration_ms = (int64_t)ms;
        return true;
    }
    return false;
}

bool lode_text_to_bytes(const char *text, size_t size, uint64_t *bytes)
{
    static const char letters[] = "KMGT";
    const char *end = text + size;
    double amount;
    const char *unit = scan_amount(text, end, &amount);
    if (!unit) return false;
    if (unit < end && *unit != 'B') {
        const char upper = *unit >= 'a' && *unit <= 'z' ? (char)(*unit - 'a' + 'A') : *unit;
        const char *letter = strchr(letters, upper);
        if (!letter || upper == '\0') return false;
        amount = ldexp(amount, 10 * (int)(letter - letters + 1));
        unit++;
        if (!is_word(unit, end, "") && !is_word(unit, end, "B") && !is_word(unit, end, "iB"))
            return false;
    } else if (!is_word(unit, end, "") && !is_word(unit, end, "B"))
        return false;
    if (amount > 9e15) return false;
    *bytes = (uint64_t)amount;
    return true;
}

static lode_status append_integer(struct lode_bytes *out, int64_t value)
{
    char text[24];
    char *at = text + sizeof text;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) *--at = '-';
    return lode_bytes_append(out, at, (size_t)(text + sizeof text - at));
}

lode_status lode_text_append_f64(struct lode_bytes *out, double value)
{
    if (isnan(value)) return LODE_OK;
    if (isinf(value)) return lode_bytes_printf(out, "%s", value < 0 ? "-inf" : "inf");
    /* == on purpose: is it an integer, exactly? Above 10^15 the forms below are shorter; -0.0 is
     * left to them too. */
    if (fabs(value) < 1e15 && value == trunc(value) && !(value == 0.0 && signbit(value)))
        return append_integer(out, (int64_t)value);
    char text[32];
    int size = 0;
    for (int digits = 15; digits <= 17; digits++) {
        size = snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break; /* == on purpose: the same double */
    }
    for (int i = 0; i < size; i++)
        if (text[i] == ',') text[i] = '.'; /* whatever locale the process was put into */
    return lode_bytes_append(out, text, (size_t)size);
}
