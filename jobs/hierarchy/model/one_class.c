/* One class: see the header. */
#include "jobs/hierarchy/model/one_class.h"

static double row_times(const double *row, int64_t n, const double *x)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += row[i] * x[i];
    return sum;
}

double one_class_distance(const double *factor, int64_t n, const double *x)
{
    double square = 0.0;
    for (int64_t k = 0; k < n; factor += ++k) {
        const double y = row_times(factor, k + 1, x);
        square += y * y;
    }
    return square;
}

void one_class_shares(const double *factor, int64_t n, const double *x, double *shares)
{
    double square = 0.0;
    for (int64_t i = 0; i < n; i++) shares[i] = 0.0;
    for (int64_t k = 0; k < n; factor += ++k) {
        const double y = row_times(factor, k + 1, x);
        square += y * y;
        for (int64_t i = 0; i <= k; i++) shares[i] += factor[i] * y; /* row i of F' y = S^-1 x */
    }
    for (int64_t i = 0; i < n; i++) shares[i] = square > 0.0 ? x[i] * shares[i] / square : 0.0;
}
