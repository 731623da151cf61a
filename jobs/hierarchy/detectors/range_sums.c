/* Range sums: levels by doubling, ranges of one length by the digits of the length. */
#include "jobs/hierarchy/detectors/range_sums.h"

#include <string.h>

#include "jobs/hierarchy/detectors/clones.h"

int range_level_count(int64_t longest)
{
    int levels = 1;
    while (longest >> levels) levels++;
    return levels;
}

/* out[i] = in[i] + in[i + half] */
LODE_CLONES
static void double_sums(const double *restrict in, int64_t n, int64_t half, double *restrict out)
{
    const double *restrict later = in + half;
    for (int64_t i = 0; i < n - half; i++) out[i] = in[i] + later[i];
}

void range_levels_build(const struct range_levels *ranges)
{
    int64_t n = ranges->n;
    for (int k = 1; k < ranges->levels; k++) {
        const int64_t half = (int64_t)1 << (k - 1);
        double *level = ranges->sums + k * ranges->n;
        double_sums(level - ranges->n, n, half, level);
        n -= half;
    }
}

LODE_CLONES
static void add(double *restrict out, const double *restrict level, int64_t n)
{
    for (int64_t i = 0; i < n; i++) out[i] += level[i];
}

void range_sums(const double *x, int64_t n, int64_t length, double *scratch, double *out)
{
    const double *level = x;
    double *next = scratch;
    int64_t done = 0, level_n = n;
    for (int64_t size = 1;; size *= 2) {
        if (length & size) {
            if (done == 0)
                memcpy(out, level, (size_t)level_n * sizeof *out);
            else
                add(out, level + done, level_n - done);
            done += size;
        }
        if (done == length) return;
        double_sums(level, level_n, size, next);
        level_n -= size;
        level = next;
        next = next == scratch ? scratch + n : scratch;
    }
}

/* Two parts of a and b slots side by side. */
struct parts {
    double a, b, weight; /* weight = 1 / (a b (a + b)) */
};

static struct parts parts_of(int64_t a, int64_t b)
{
    const double first = (double)a, second = (double)b;
    return (struct parts){first, second, 1.0 / (first * second * (first + second))};
}

/* What the difference of the parts' means adds to the squared deviations of the whole. */
static inline double between(struct parts parts, double sum, double later)
{
    const double gap = sum * parts.b - later * parts.a;
    return gap * gap * parts.weight;
}

/* Ranges of twice `half` slots. */
LODE_CLONES
static void double_moments(const double *restrict sums, const double *restrict squares, int64_t n,
                           int64_t half, double *restrict out_sums, double *restrict out_squares)
{
    const struct parts parts = parts_of(half, half);
    const double *restrict later = sums + half, *restrict later_squares = squares + half;
    for (int64_t i = 0; i < n - half; i++) {
        out_squares[i] = (squares[i] + later_squares[i]) + between(parts, sums[i], later[i]);
        out_sums[i] = sums[i] + later[i];
    }
}

/* Ranges of two slots: their squared deviations are half their squared difference. */
LODE_CLONES
static void pair_moments(const double *restrict x, int64_t n, double *restrict sums,
                         double *restrict squares)
{
    const struct parts parts = parts_of(1, 1);
    for (int64_t i = 0; i < n - 1; i++) {
        squares[i] = between(parts, x[i], x[i + 1]);
        sums[i] = x[i] + x[i + 1];
    }
}

/* Joins n ranges with those that follow them. */
LODE_CLONES
static void add_moments(double *restrict sums, double *restrict squares, int64_t n,
                        const double *restrict later, const double *restrict later_squares,
                        struct parts parts)
{
    for (int64_t i = 0; i < n; i++) {
        squares[i] = (squares[i] + later_squares[i]) + between(parts, sums[i], later[i]);
        sums[i] += later[i];
    }
}

void range_moments(const double *x, int64_t n, int64_t length, double *scratch, double *sums,
                   double *squares)
{
    double *buffers[2][2] = {{scratch, scratch + n}, {scratch + 2 * n, scratch + 3 * n}};
    double **level = buffers[0], **next = buffers[1];
    int64_t done = length & 1, level_n = n - 1;
    if (done) {
        memcpy(sums, x, (size_t)n * sizeof *sums);
        memset(squares, 0, (size_t)n * sizeof *squares);
    }
    if (length > 1) pair_moments(x, n, level[0], level[1]);
    for (int64_t size = 2; done < length; size *= 2) {
        if (length & size) {
            if (done == 0) {
                memcpy(sums, level[0], (size_t)level_n * sizeof *sums);
                memcpy(squares, level[1], (size_t)level_n * sizeof *squares);
            } else {
                add_moments(sums, squares, level_n - done, level[0] + done, level[1] + done,
                            parts_of(done, size));
            }
            done += size;
        }
        if (done == length) return;
        double_moments(level[0], level[1], level_n, size, next[0], next[1]);
        level_n -= size;
        double **const last = level;
        level = next;
        next = last;
    }
}

/* out[i] = the smaller of in[i], in[i + half] */
LODE_CLONES
static void halve_minima(const double *restrict in, int64_t n, int64_t half, double *restrict out)
{
    const double *restrict later = in + half;
    for (int64_t i = 0; i < n - half; i++) out[i] = later[i] < in[i] ? later[i] : in[i];
}

void range_minima(const double *x, int64_t n, int64_t length, double *scratch, double *out)
{
    const double *level = x;
    double *next = scratch;
    int64_t size = 1, level_n = n;
    for (; size * 2 <= length; size *= 2) {
        halve_minima(level, level_n, size, next);
        level_n -= size;
        level = next;
        next = next == scratch ? scratch + n : scratch;
    }
    /* two ranges of `size` that overlap are the whole */
    halve_minima(level, level_n, length - size, out);
}
