#include "jobs/hierarchy/grouping/factor.h"

#include <math.h>
#include <string.h>

#include "jobs/hierarchy/grouping/lanes.h"

lode_status factor_create(const double *gram, int64_t p, struct lode_arena *arena,
                          struct factor *factor)
{
    const int64_t padded = lanes_padded(p);
    *factor = (struct factor){.gram = gram, .p = p, .arena = arena};
    lode_try(lode_take(arena, p, &factor->order));
    lode_try(lode_take(arena, p, &factor->lower));
    lode_try(lode_take(arena, p, &factor->inverse));
    return lode_take(arena, padded, &factor->column);
}

void factor_begin(struct factor *factor, int64_t without)
{
    factor->n = factor->n_active = 0;
    for (int64_t i = 0; i < factor->p; i++)
        if (i != without) factor->order[factor->n++] = (int32_t)i;
}

void factor_swap(struct factor *factor, int64_t a, int64_t b)
{
    const int32_t series = factor->order[a];
    factor->order[a] = factor->order[b];
    factor->order[b] = series;
    for (int64_t m = 0; m < factor->n_active; m++) {
        double *row = factor->lower[m];
        const double value = row[a];
        row[a] = row[b];
        row[b] = value;
    }
}

/* y -= sum of times[m] rows[m] over m, in order, in vectors first..end. Eight rows at a time: y is
 * read and written once for them. */
LANES_CLONES static void subtract_rows(lanes *restrict y, int64_t first, int64_t end,
                                       double *const *rows, const double *times, int64_t n_rows)
{
    int64_t m = 0;
    for (; m + 8 <= n_rows; m += 8) {
        const lanes *r[8];
        for (int i = 0; i < 8; i++) r[i] = (const lanes *)rows[m + i];
        for (int64_t v = first; v < end; v++) {
            lanes sum = y[v] - times[m] * r[0][v];
            sum -= times[m + 1] * r[1][v];
            sum -= times[m + 2] * r[2][v];
            sum -= times[m + 3] * r[3][v];
            sum -= times[m + 4] * r[4][v];
            sum -= times[m + 5] * r[5][v];
            sum -= times[m + 6] * r[6][v];
            y[v] = sum - times[m + 7] * r[7][v];
        }
    }
    for (; m < n_rows; m++) {
        const lanes *row = (const lanes *)rows[m];
        for (int64_t v = first; v < end; v++) y[v] -= times[m] * row[v];
    }
}

/* The plane rotation (x, y) -> (c x - s y, s x + c y) in vectors first..end. */
LANES_CLONES static void rotate_rows(double *x, double *y, int64_t first, int64_t end, double c,
                                     double s)
{
    lanes *restrict a = (lanes *)x, *restrict b = (lanes *)y;
    for (int64_t v = first; v < end; v++) {
        const lanes old = a[v];
        a[v] = c * old - s * b[v];
        b[v] = s * old + c * b[v];
    }
}

static lode_status need_row(struct factor *factor)
{
    if (factor->n_active < factor->n_rows) return LODE_OK;
    const int64_t padded = lanes_padded(factor->p);
    const int64_t m = factor->n_rows;
    lode_try(lode_take_zero(factor->arena, padded, &factor->lower[m]));
    lode_try(lode_take_zero(factor->arena, padded, &factor->inverse[m]));
    factor->n_rows++;
    return LODE_OK;
}

/* Row k of L^-1: -(l' L^-1) / diagonal before the diagonal. */
static void add_inverse(struct factor *factor, double by)
{
    const int64_t k = factor->n_active;
    double *row = factor->inverse[k];
    memset(row, 0, (size_t)lanes_padded(factor->p) * sizeof *row);
    for (int64_t m = 0; m < k; m += 8) { /* rows end at their diagonals: do not add zeros */
        const int64_t n_rows = k - m < 8 ? k - m : 8;
        subtract_rows((lanes *)row, 0, lanes_padded(m + n_rows) / LANES, factor->inverse + m,
                      factor->column + m, n_rows);
    }
    for (int64_t i = 0; i < k; i++) row[i] *= by;
    row[k] = by;
}

lode_status factor_add(struct factor *factor, bool *added)
{
    const int64_t k = factor->n_active, series = factor->order[k];
    const double *from = factor->gram + series * factor->p;
    lode_try(need_row(factor));
    double *row = factor->lower[k];
    const int64_t first = k / LANES, end = lanes_padded(factor->n) / LANES;
    memset(row, 0, (size_t)k * sizeof *row);
    for (int64_t i = k; i < factor->n; i++) row[i] = from[factor->order[i]];
    for (int64_t m = 0; m < k; m++) factor->column[m] = factor->lower[m][k];
    subtract_rows((lanes *)row, first, end, factor->lower, factor->column, k);
    const double left = row[k];
    memset(row, 0, (size_t)k * sizeof *row); /* vectors begin before position k */
    *added = left > FACTOR_LEAST_SHARE * from[series];
    if (!*added) return LODE_OK;
    const double diagonal = sqrt(left), by = 1.0 / diagonal;
    for (int64_t i = k; i < factor->n; i++) row[i] *= by;
    row[k] = diagonal;
    add_inverse(factor, by);
    factor->n_active++;
    return LODE_OK;
}

/* Rows m and m + 1 turned so that row m of the inverse is zero in column j. */
static void turn_rows(struct factor *factor, int64_t m, int64_t j, double *const *carried)
{
    double *const *inverse = factor->inverse, *const *lower = factor->lower;
    const double x = inverse[m][j], y = inverse[m + 1][j], length = sqrt(x * x + y * y);
    const double c = y / length, s = x / length;
    rotate_rows(inverse[m], inverse[m + 1], 0, lanes_padded(m + 2) / LANES, c, s);
    rotate_rows(lower[m], lower[m + 1], j / LANES, lanes_padded(factor->n) / LANES, c, s);
    for (int i = 0; i < 2; i++) {
        double *v = carried[i];
        const double old = v[m];
        v[m] = c * old - s * v[m + 1];
        v[m + 1] = s * old + c * v[m + 1];
    }
}

void factor_drop(struct factor *factor, int64_t j, double *const *carried)
{
    const int64_t last = factor->n_active - 1;
    const size_t moved = (size_t)(last - j);
    for (int64_t m = j; m < last; m++) turn_rows(factor, m, j, carried);
    for (int64_t m = 0; m <= last; m++) {
        double *row = factor->lower[m], value = row[j];
        memmove(row + j, row + j + 1, moved * sizeof *row);
        row[last] = value;
        if (m < j) continue;
        memset(row + j, 0, (size_t)(m - j) * sizeof *row); /* what rounding has left */
        row = factor->inverse[m];
        value = row[j];
        memmove(row + j, row + j + 1, moved * sizeof *row);
        row[last] = m == last ? value : 0.0;
    }
    const int32_t series = factor->order[j];
    memmove(factor->order + j, factor->order + j + 1, moved * sizeof *factor->order);
    factor->order[last] = series;
    factor->n_active--;
}
