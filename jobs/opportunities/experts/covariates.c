/* Covariates: which values of attributes keep a level of their own. */
#include "jobs/opportunities/experts/adjust.h"

#include <stdlib.h>

struct ranked {
    int64_t value, sessions;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->sessions != b->sessions) return a->sessions > b->sessions ? -1 : 1;
    return (a->value > b->value) - (a->value < b->value); /* values are in order of their bytes */
}

/* Sessions of a value, whichever KPI has most of them. */
static int64_t sessions_of(const struct cohort_counts *counts, const struct cohort_cell *cells)
{
    int64_t most = 0;
    for (int64_t k = 0; k < counts->n_kpis; k++)
        if (cells[k].sessions > most) most = cells[k].sessions;
    return most;
}

static lode_status make_one(const struct cohort_counts *counts, int64_t attribute,
                            struct lode_arena *arena, struct covariate *covariate)
{
    const struct cohort_set *set = &counts->sets[attribute];
    struct ranked *order;
    int64_t n = 0;
    *covariate = (struct covariate){.attribute = attribute};
    lode_try(lode_take(arena, set->n_values, &order));
    for (int64_t v = 0; v < set->n_values; v++) {
        const int64_t sessions = sessions_of(counts, &set->cells[v * counts->n_kpis]);
        if (sessions > 0) order[n++] = (struct ranked){v, sessions};
    }
    qsort(order, (size_t)n, sizeof *order, compare_ranked);
    for (int64_t k = 0; k < counts->n_kpis && !covariate->has_none; k++) {
        int64_t with = 0;
        for (int64_t v = 0; v < set->n_values; v++)
            with += set->cells[v * counts->n_kpis + k].sessions;
        covariate->has_none = with < counts->all[k].sessions;
    }
    covariate->kept = n < ADJUST_MOST_LEVELS ? n : ADJUST_MOST_LEVELS;
    covariate->has_other = n > covariate->kept;
    covariate->levels = covariate->kept + covariate->has_other + covariate->has_none;
    lode_try(lode_take(arena, covariate->kept, &covariate->values));
    for (int64_t v = 0; v < covariate->kept; v++) covariate->values[v] = order[v].value;
    return LODE_OK;
}

/* One with a single level says nothing. */
static void shrink(struct covariate *covariate)
{
    covariate->kept /= 2;
    covariate->has_other = true;
    covariate->levels = covariate->kept + 1 + covariate->has_none;
    if (covariate->kept == 0) covariate->levels = 1;
}

static int64_t combinations(const struct covariate *covariates, int64_t n, int64_t *largest)
{
    int64_t product = 1;
    *largest = 0;
    for (int64_t i = 0; i < n; i++) {
        if (covariates[i].levels > covariates[*largest].levels) *largest = i;
        if (product <= ADJUST_MOST_COMBINATIONS) product *= covariates[i].levels;
    }
    return product;
}

lode_status covariates_make(int64_t n_attributes, const struct cohort_counts *counts,
                            struct lode_arena *arena, struct covariate **covariates, int64_t *n)
{
    struct covariate *made;
    int64_t count = 0, largest;
    lode_try(lode_take(arena, n_attributes + 1, &made));
    for (int64_t a = 0; a < n_attributes; a++) lode_try(make_one(counts, a, arena, &made[count++]));
    made[count++] = (struct covariate){.attribute = counts->n_sets - 1, .kept = 2, .levels = 2};
    while (combinations(made, count, &largest) > ADJUST_MOST_COMBINATIONS) shrink(&made[largest]);
    int64_t left = 0;
    for (int64_t i = 0; i < count; i++)
        if (made[i].levels > 1) made[left++] = made[i];
    *covariates = made;
    *n = left;
    return LODE_OK;
}
