/* Deep: derived attributes are ranked by size, and cut. */
#include "jobs/opportunities/deep.h"

#include <stdlib.h>

#include "common/log.h"
#include "jobs/opportunities/derive/derivation.h"

struct ranked {
    bool is_generated;
    int64_t users, attribute;
};

static int compare(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->is_generated != b->is_generated) return a->is_generated ? 1 : -1;
    if (a->users != b->users) return a->users > b->users ? -1 : 1;
    return (a->attribute > b->attribute) - (a->attribute < b->attribute);
}

/* Of the second largest value; 0: there is none. */
static int64_t users_of(const struct cohort_counts *counts, int64_t attribute)
{
    const struct cohort_set *set = &counts->sets[attribute];
    int64_t largest = 0, second = 0;
    for (int64_t v = 0; v < set->n_values; v++) {
        int64_t users = 0;
        for (int64_t k = 0; k < counts->n_kpis; k++) {
            const int64_t here = set->cells[v * counts->n_kpis + k].users;
            users = here > users ? here : users;
        }
        if (users > second) second = users;
        if (second > largest) {
            second = largest;
            largest = users;
        }
    }
    return second;
}

lode_status deep_choose(const struct cohort_counts *counts, struct lode_arena *arena,
                        struct opportunity_options *options)
{
    const int64_t n_attributes = counts->n_sets - 1;
    const int64_t n_stored =
        options->derivation ? options->derivation->n_stored_attributes : n_attributes;
    struct ranked *ranked;
    int64_t n = 0;
    lode_try(lode_take_zero(arena, n_attributes, &options->is_deep));
    for (int64_t a = 0; a < n_stored; a++) options->is_deep[a] = true;
    lode_try(lode_take(arena, n_attributes - n_stored, &ranked));
    for (int64_t a = n_stored; a < n_attributes; a++)
        if (options->attribute_on[a])
            ranked[n++] =
                (struct ranked){a >= n_attributes - options->n_generated, users_of(counts, a), a};
    if (n > 0) qsort(ranked, (size_t)n, sizeof *ranked, compare);
    for (int64_t i = 0; i < n && i < options->most_deep; i++)
        options->is_deep[ranked[i].attribute] = true;
    if (n > options->most_deep &&
        (options->pairs || options->trend || options->change || options->cohort_patterns))
        lode_log_warn("of %lld derived attributes, pairs, patterns inside cohorts, trends and "
                      "changes are looked for in the %lld largest (most_deep)",
                      (long long)n, (long long)options->most_deep);
    return LODE_OK;
}
