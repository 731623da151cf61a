/* Cuts: quantiles, and names of what lies between them. */
#include "jobs/opportunities/derive/cuts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text.h"

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Different values of a sorted sample; counting ends above `most`. */
static int64_t count_different(const double *values, int64_t n, int64_t most)
{
    int64_t different = 0;
    for (int64_t i = 0; i < n && different <= most; i++)
        different += i == 0 || values[i] > values[i - 1];
    return different;
}

/* The least value above `value`; there is one. */
static double next_above(const double *values, double value)
{
    while (*values <= value) values++;
    return *values;
}

lode_status cuts_make(double *values, int64_t n, int64_t bins, struct lode_arena *arena,
                      struct cuts *cuts)
{
    struct cuts made = {0};
    lode_try(lode_take(arena, bins, &made.at));
    if (n > 0) qsort(values, (size_t)n, sizeof *values, compare);
    made.are_values = count_different(values, n, bins) <= bins;
    for (int64_t i = 0; made.are_values && i < n; i++)
        if (i == 0 || values[i] > values[i - 1]) made.at[made.n++] = values[i];
    for (int64_t j = 1; !made.are_values && j < bins; j++) {
        double cut = values[(j * n + bins - 1) / bins];
        if (cut <= values[0]) cut = next_above(values, values[0]);
        if (made.n == 0 || cut > made.at[made.n - 1]) made.at[made.n++] = cut;
    }
    *cuts = made;
    return LODE_OK;
}

int64_t cuts_cohort(const struct cuts *cuts, double value)
{
    int64_t low = 0, high = cuts->n; /* cuts at or below the value are [0, low) in the end */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (cuts->at[middle] <= value)
            low = middle + 1;
        else
            high = middle;
    }
    if (!cuts->are_values) return low;
    return low > 0 && !(cuts->at[low - 1] < value) ? low - 1 : cuts->n;
}

/* In the largest unit that needs at most three decimals. */
static lode_status add_duration(struct lode_bytes *out, double ms)
{
    static const struct {
        double ms;
        const char *name;
    } units[] = {{86400e3, "d"}, {3600e3, "h"}, {60e3, "m"}, {1e3, "s"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const bool fits = fabs(ms) >= units[i].ms || (ms >= 0 && ms <= 0 && i == 3); /* "0s" */
        if (!fits || fmod(ms * 1000, units[i].ms) < 0 || fmod(ms * 1000, units[i].ms) > 0) continue;
        lode_try(lode_text_append_f64(out, ms / units[i].ms));
        return lode_bytes_append(out, units[i].name, 1);
    }
    lode_try(lode_text_append_f64(out, ms));
    return lode_bytes_append(out, "ms", 2);
}

static lode_status add_time(struct lode_bytes *out, double ms)
{
    const double limit = 253402300800e3; /* of the year 10000 */
    if (!(fabs(ms) < limit)) return lode_text_append_f64(out, ms);
    const time_t seconds = (time_t)floor(ms / 1000);
    const int rest = (int)(ms - (double)seconds * 1000);
    struct tm parts;
    char text[32];
    if (!gmtime_r(&seconds, &parts)) return lode_fail(LODE_E_BUG, "no date of %.17g ms", ms);
    const size_t size = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    lode_try(lode_bytes_append(out, text, size));
    return rest ? lode_bytes_printf(out, ".%03dZ", rest) : lode_bytes_append(out, "Z", 1);
}

static lode_status add_value(struct lode_bytes *out, double value, enum expr_unit unit)
{
    if (unit == EXPR_MS) return add_duration(out, value);
    if (unit == EXPR_TIME) return add_time(out, value);
    return lode_text_append_f64(out, value);
}

static lode_status add_name(const struct cuts *cuts, int64_t cohort, enum expr_unit unit,
                            struct lode_bytes *out)
{
    if (cuts->are_values && cohort == cuts->n) return lode_bytes_append(out, "other", 5);
    if (cuts->are_values) return add_value(out, cuts->at[cohort], unit);
    if (cohort == 0) lode_try(lode_bytes_append(out, "<", 1));
    if (cohort == cuts->n) lode_try(lode_bytes_append(out, ">=", 2));
    if (cohort > 0) lode_try(add_value(out, cuts->at[cohort - 1], unit));
    if (cohort > 0 && cohort < cuts->n) lode_try(lode_bytes_append(out, "..", 2));
    return cohort < cuts->n ? add_value(out, cuts->at[cohort], unit) : LODE_OK;
}

lode_status cuts_names(const struct cuts *cuts, enum expr_unit unit, struct lode_arena *arena,
                       char ***names)
{
    lode_status status = LODE_OK;
    struct lode_bytes name = {0};
    char **made;
    lode_try(lode_take(arena, cuts->n + 1, &made));
    for (int64_t i = 0; i <= cuts->n; i++) {
        name.size = 0;
        lode_try_done(add_name(cuts, i, unit, &name));
        lode_try_done(lode_arena_text(arena, (const char *)name.data, name.size, &made[i]));
    }
    *names = made;
done:
    lode_bytes_clear(&name);
    return status;
}
