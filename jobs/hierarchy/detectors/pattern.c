/* Pattern: see the header.
 *
 * With u the marked values at mean 0 and length 1, and y_k = x_k - x_0 those of the window,
 *
 *     r = sum(y u) / sqrt(C),  C = sum(y^2) - sum(y)^2 / n, n times the window's variance,
 *
 * in one pass, as sum(u) is 0. C loses little: y_0 = 0 makes the mean of y at most sqrt(C), and so
 * sum(y^2) at most (n + 1) C; and a window of one value has a C of exactly 0. Eight neighbouring
 * windows are summed side by side, each slot by slot: the bits of one depend on it alone.
 */
#include "jobs/hierarchy/detectors/pattern.h"

#include <math.h>
#include <string.h>

#include "jobs/hierarchy/grouping/lanes.h"

enum { MOST_MISSING = 4 }; /* one slot in so many */
/* Values beyond count as this: sums of their squares are finite. */
static const double largest_value = 1e100;

/* A pattern in slots of a step. */
struct shape {
    int64_t n;
    double *unit;   /* [n] mean 0, length 1 */
    double squares; /* n times the variance */
};

bool pattern_is_shape(const double *values, int64_t n)
{
    bool is_flat = true;
    if (n < PATTERN_LEAST || n > PATTERN_MOST) return false;
    for (int64_t i = 0; i < n; i++) {
        if (!(fabs(values[i]) <= largest_value)) return false;
        is_flat = is_flat && values[i] == values[0]; /* exactly: it never moves */
    }
    return !is_flat;
}

int64_t pattern_slots(const struct pattern *pattern, int64_t step_ms)
{
    int64_t length_ms = 0;
    if (__builtin_mul_overflow(pattern->n, pattern->step_ms, &length_ms)) return 0;
    const int64_t rest = length_ms % step_ms;
    const int64_t n = length_ms / step_ms + (rest >= step_ms - rest ? 1 : 0);
    return n < PATTERN_LEAST || n > PATTERN_MOST ? 0 : n;
}

/* Mean over [slot, slot + 1) / n of the marked stretch: exact shares, in units of 1 / n of a marked
 * slot. */
static double resampled(const struct pattern *pattern, int64_t slot, int64_t n)
{
    const int64_t begin = slot * pattern->n, end = begin + pattern->n;
    double sum = 0.0;
    if (n == pattern->n) return pattern->values[slot];
    for (int64_t i = begin / n; i * n < end; i++) {
        const int64_t from = i * n > begin ? i * n : begin;
        const int64_t to = (i + 1) * n < end ? (i + 1) * n : end;
        sum += (double)(to - from) * pattern->values[i];
    }
    return sum / (double)pattern->n;
}

static lode_status make_shape(const struct pattern *pattern, int64_t step_ms,
                              struct lode_arena *arena, struct shape *shape)
{
    const int64_t n = pattern_slots(pattern, step_ms);
    double sum = 0.0, squares = 0.0;
    lode_try(lode_take(arena, n, &shape->unit));
    for (int64_t k = 0; k < n; k++) {
        shape->unit[k] = resampled(pattern, k, n);
        sum += shape->unit[k];
    }
    for (int64_t k = 0; k < n; k++) {
        shape->unit[k] -= sum / (double)n;
        squares += shape->unit[k] * shape->unit[k];
    }
    for (int64_t k = 0; k < n && squares > 0.0; k++) shape->unit[k] /= sqrt(squares);
    shape->n = n;
    shape->squares = squares;
    return LODE_OK;
}

/* Of the windows that begin with x[0] .. x[7]: C and sum(y u) of each. */
LANES_CLONES static void correlate(const double *restrict x, const struct shape *shape,
                                   double *restrict squares, double *restrict products)
{
    const double *unit = shape->unit;
    const double n = (double)shape->n;
    lanes first, sum = {0}, square = {0}, product = {0};
    memcpy(&first, x, sizeof first);
    for (int64_t k = 0; k < shape->n; k++) {
        lanes y;
        memcpy(&y, x + k, sizeof y);
        y -= first;
        sum += y;
        square += y * y;
        product += y * unit[k];
    }
    square -= sum * sum / n;
    memcpy(squares, &square, sizeof square);
    memcpy(products, &product, sizeof product);
}

/* D of a window; what is no number (squares of a flat window are 0) is like nothing. */
static double distance_of(const struct patterns *patterns, const struct shape *shape,
                          double squares, double product)
{
    const double match = patterns->match;
    if (!(shape->squares > 0.0) ||
        !(squares >= patterns->amplitude * patterns->amplitude * shape->squares))
        return 0.0;
    const double d = 1.0 + (product / sqrt(squares) - match) / (1.0 - match);
    return d > 0.0 ? fmin(d, 2.0) : 0.0;
}

/* Gaps filled, `filled` [n + LANES]; behind the last slot and before the first value 0. */
static void fill(const double *values, int64_t n, double *filled)
{
    double last = 0.0;
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(values[i])) last = fmin(fmax(values[i], -largest_value), largest_value);
        filled[i] = last;
    }
    for (int64_t i = n; i < n + LANES; i++) filled[i] = 0.0;
}

/* Windows with too little in them count as like nothing. */
static void drop_gaps(const double *values, int64_t n, int64_t width, double *distance)
{
    int64_t missing = 0;
    for (int64_t i = 0; i < n; i++) {
        missing += isnan(values[i]);
        if (i < width - 1) continue;
        const bool begins_in_gap = isnan(values[i - width + 1]);
        if (begins_in_gap || missing * MOST_MISSING > width) distance[i] = 0.0;
        missing -= begins_in_gap;
    }
}

lode_status pattern_scan(const struct patterns *patterns, int64_t pattern, int64_t step_ms,
                         const double *values, int64_t n, struct lode_arena *arena,
                         double *distance)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    double squares[LANES], products[LANES], *filled = NULL;
    struct shape shape;
    lode_try(make_shape(&patterns->list[pattern], step_ms, arena, &shape));
    lode_try(lode_take(arena, n + LANES, &filled));
    fill(values, n, filled);
    const int64_t reach = shape.n - 1;
    for (int64_t i = 0; i < n && i < reach; i++) distance[i] = 0.0;
    for (int64_t first = reach; first < n; first += LANES) {
        correlate(filled + first - reach, &shape, squares, products);
        for (int64_t i = first; i < n && i < first + LANES; i++)
            distance[i] = distance_of(patterns, &shape, squares[i - first], products[i - first]);
    }
    drop_gaps(values, n, shape.n, distance);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

double pattern_likeness(const struct patterns *patterns, double e)
{
    return patterns->match + (1.0 - patterns->match) * (2.0 * e / PATTERN_SIGMA - 1.0);
}

/* --- as bytes --- */

lode_status patterns_pack(const struct patterns *patterns, struct lode_bytes *out)
{
    lode_try(lode_pack_f64(out, patterns->match));
    lode_try(lode_pack_f64(out, patterns->amplitude));
    lode_try(lode_pack_array(out, (uint32_t)patterns->n));
    for (int64_t i = 0; i < patterns->n; i++) {
        const struct pattern *one = &patterns->list[i];
        lode_try(lode_pack_text(out, one->name, strlen(one->name)));
        lode_try(lode_pack_text(out, one->where, strlen(one->where)));
        lode_try(lode_pack_i64(out, one->index));
        lode_try(lode_pack_i64(out, one->step_ms));
        lode_try(lode_pack_bin(out, one->values, (size_t)one->n * sizeof *one->values));
    }
    return LODE_OK;
}

static lode_status unpack_pattern(struct lode_unpack *in, struct lode_arena *arena,
                                  struct pattern *pattern)
{
    const uint8_t *data = NULL;
    double *values = NULL;
    size_t size = 0;
    lode_try(lode_unpack_copy(in, arena, &pattern->name));
    lode_try(lode_unpack_copy(in, arena, &pattern->where));
    lode_try(lode_unpack_i64(in, &pattern->index));
    lode_try(lode_unpack_i64(in, &pattern->step_ms));
    lode_try(lode_unpack_bin(in, &data, &size));
    pattern->n = (int64_t)(size / sizeof *values);
    lode_try(lode_take(arena, pattern->n, &values));
    if (pattern->n > 0) memcpy(values, data, (size_t)pattern->n * sizeof *values);
    pattern->values = values;
    if (pattern->step_ms >= 1 && size % sizeof *values == 0 && pattern_is_shape(values, pattern->n))
        return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "pattern '%.80s': %zu bytes in slots of %lld ms are no shape",
                     pattern->name, size, (long long)pattern->step_ms);
}

lode_status patterns_unpack(struct lode_unpack *in, struct lode_arena *arena,
                            struct patterns *patterns)
{
    struct patterns made = {0};
    uint32_t n = 0;
    lode_try(lode_unpack_f64(in, &made.match));
    lode_try(lode_unpack_f64(in, &made.amplitude));
    if (!(made.match >= 0.5 && made.match <= 0.999 && made.amplitude > 0 &&
          made.amplitude <= largest_value))
        return lode_fail(LODE_E_MESSAGE, "patterns match at %g and %g", made.match, made.amplitude);
    lode_try(lode_unpack_array(in, &n));
    lode_try(lode_take_zero(arena, n, &made.list));
    for (; made.n < n; made.n++) lode_try(unpack_pattern(in, arena, &made.list[made.n]));
    *patterns = made;
    return LODE_OK;
}
