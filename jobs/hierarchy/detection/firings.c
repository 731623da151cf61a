/* Firings: see the header. */
#include "jobs/hierarchy/detection/firings.h"

#include <stdlib.h>

static const double main_share = 0.9;

int64_t firing_scan(const double *e, int64_t n, int64_t i, int64_t at, double threshold,
                    struct firing_state *state, bool *is_peak)
{
    struct firing *firing = &state->firing;
    *is_peak = false;
    for (; i < n; i++) {
        const bool is_above = e[i] >= threshold;
        if (state->is_open && !is_above) {
            state->is_open = false;
            firing->end = at + i;
            return i;
        }
        if (!is_above || (state->is_open && e[i] <= firing->peak)) continue;
        if (!state->is_open)
            *firing = (struct firing){.first = at + i, .end = -1, .top = firing->top};
        state->is_open = true;
        firing->peak = e[i];
        firing->peak_slot = at + i;
        *is_peak = true;
    }
    return n;
}

static int compare_contributors(const void *left, const void *right)
{
    const struct contributor *a = left, *b = right;
    if (a->e < b->e) return 1;
    if (a->e > b->e) return -1;
    return (a->node > b->node) - (a->node < b->node);
}

void firing_contributions(const double *contributions, int64_t n, struct contributor *order,
                          struct firing *firing)
{
    int64_t count = 0;
    double sum = 0.0, so_far = 0.0;
    for (int64_t i = 0; i < n; i++)
        if (contributions[i] < 0.0 || contributions[i] > 0.0)
            order[count++] = (struct contributor){i, contributions[i]};
    if (count > 1) qsort(order, (size_t)count, sizeof *order, compare_contributors);
    for (int64_t i = 0; i < count; i++) sum += order[i].e;
    firing->n_main = 0;
    firing->n_top = 0;
    for (int64_t i = 0; i < count; i++) {
        const bool is_main = so_far < main_share * sum;
        firing->n_main += is_main;
        so_far += order[i].e;
        if (is_main || firing->n_top < FIRING_TOP) firing->top[firing->n_top++] = order[i];
    }
}
