/* Sorted window: one value out and one in moves what stands between their places. */
#include "jobs/hierarchy/detectors/sorted_window.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int compare_rising(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void sorted_window_init(struct sorted_window *window, const double *values, int64_t n,
                        double *memory)
{
    memcpy(memory, values, (size_t)n * sizeof *memory);
    qsort(memory, (size_t)n, sizeof *memory, compare_rising);
    *window = (struct sorted_window){.n = n, .sorted = memory};
}

int64_t sorted_window_below(const struct sorted_window *window, double x)
{
    const double *base = window->sorted;
    int64_t n = window->n;
    while (n > 1) { /* without a branch on the values */
        const int64_t half = n / 2;
        base += base[half - 1] < x ? half : 0;
        n -= half;
    }
    return (base - window->sorted) + (*base < x);
}

int64_t sorted_window_up_to(const struct sorted_window *window, double x)
{
    const double *base = window->sorted;
    int64_t n = window->n;
    while (n > 1) {
        const int64_t half = n / 2;
        base += base[half - 1] <= x ? half : 0;
        n -= half;
    }
    return (base - window->sorted) + (*base <= x);
}

void sorted_window_slide(struct sorted_window *window, double gone, double come)
{
    double *sorted = window->sorted;
    const int64_t from = sorted_window_below(window, gone);
    int64_t to = sorted_window_below(window, come);
    if (to > from) {
        to--;
        memmove(sorted + from, sorted + from + 1, (size_t)(to - from) * sizeof *sorted);
    } else {
        memmove(sorted + to + 1, sorted + to, (size_t)(from - to) * sizeof *sorted);
    }
    sorted[to] = come;
}

double sorted_window_median(const struct sorted_window *window)
{
    const double upper = window->sorted[window->n / 2];
    if (window->n % 2 == 1) return upper;
    return 0.5 * window->sorted[window->n / 2 - 1] + 0.5 * upper;
}

double sorted_window_mad(const struct sorted_window *window)
{
    const double *sorted = window->sorted, median = sorted_window_median(window);
    int64_t below = (window->n - 1) / 2, above = below + 1; /* on both sides of the median */
    double before = 0.0, last = 0.0;
    for (int64_t k = 0; k <= window->n / 2; k++) { /* deviations in rising order */
        const bool takes_below =
            above >= window->n || (below >= 0 && median - sorted[below] <= sorted[above] - median);
        before = last;
        last = takes_below ? median - sorted[below--] : sorted[above++] - median;
    }
    return window->n % 2 == 1 ? last : 0.5 * before + 0.5 * last;
}
