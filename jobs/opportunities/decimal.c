/* Decimal: see decimal.h. Products are taken in 128 bits: a count (2^33) x a total (2^33) x a
 * denominator or numerator (2^60) fits. */
#include "jobs/opportunities/decimal.h"

enum { DIGITS_BEFORE = 9, DIGITS_AFTER = 9 };
typedef unsigned __int128 u128;

static int read_digits(const char **at, int most, uint64_t *value)
{
    int n = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++, n++) {
        if (n == most) return -1;
        *value = *value * 10 + (uint64_t)(**at - '0');
    }
    return n;
}

bool decimal_parse(const char *text, struct decimal *value)
{
    uint64_t numerator = 0, denominator = 1;
    const int before = read_digits(&text, DIGITS_BEFORE, &numerator);
    int after = 0;
    if (*text == '.') {
        text++;
        after = read_digits(&text, DIGITS_AFTER, &numerator);
    }
    if (before < 0 || after < 0 || before + after == 0 || *text != '\0') return false;
    for (int i = 0; i < after; i++) denominator *= 10;
    *value = (struct decimal){.numerator = numerator, .denominator = denominator};
    return true;
}

lode_status decimal_read(const struct lode_params *params, const char *name, int64_t high,
                         struct decimal *value)
{
    const char *text = lode_params_text(params, name);
    struct decimal read;
    if (!decimal_parse(text, &read) ||
        (u128)read.numerator > (u128)read.denominator * (uint64_t)high)
        return lode_fail(LODE_E_USAGE,
                         "parameter %s is '%s': a plain decimal from 0 to %lld with at most %d "
                         "digits after the point is wanted",
                         name, text, (long long)high, DIGITS_AFTER);
    *value = read;
    return LODE_OK;
}

int64_t decimal_share_of(struct decimal share, int64_t total)
{
    const u128 wanted = (u128)share.numerator * (uint64_t)total;
    return (int64_t)((wanted + share.denominator - 1) / share.denominator);
}

bool decimal_ratio_reached(const struct two_by_two *table, struct decimal ratio)
{
    if (table->faulty_with < 1 || table->faulty_total < 1 || table->normal_total < 1) return false;
    const u128 left = (u128)((uint64_t)table->faulty_with) * (uint64_t)table->normal_total;
    const u128 right = (u128)((uint64_t)table->normal_with) * (uint64_t)table->faulty_total;
    return left * ratio.denominator >= right * ratio.numerator;
}
