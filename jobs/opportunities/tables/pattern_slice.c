/* Slices: keys ascend and begin with the cohort, so a cohort is one range, found by halving. */
#include "jobs/opportunities/tables/pattern_slice.h"

static int64_t first_at_least(const uint64_t *keys, int64_t n, uint64_t key)
{
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct pattern_slice pattern_slice_of(const struct scenarios *scenarios,
                                      const struct scenario *scenario,
                                      const struct lode_store *store, int64_t n_tokens, int k)
{
    const struct pattern_plan *plan = &scenarios->plans[scenario->plan];
    const struct pattern_counts *counts = &scenarios->counts[scenario->plan][k - plan->first_k];
    uint64_t span = 1; /* keys of one cohort: V^k; patterns_count has checked that it fits */
    for (int i = 0; i < k; i++) span *= (uint64_t)n_tokens;
    const uint64_t first_key = (uint64_t)scenario->cohort * span;
    const int64_t first = first_at_least(counts->keys, counts->n_patterns, first_key);
    const int64_t end = first_at_least(counts->keys, counts->n_patterns, first_key + span);

    struct pattern_slice slice = {.k = k,
                                  .n_classes = counts->n_classes,
                                  .n = end - first,
                                  .keys = counts->keys + first,
                                  .counts = counts->counts + first * counts->n_classes,
                                  .first_key = first_key,
                                  .left_out = counts->left_out[scenario->position]};
    for (int c = 0; c < counts->n_classes; c++) {
        const int digit = pattern_digit(store, plan, c, scenario->position);
        slice.normal_mask[c] = digit == 0 ? UINT32_MAX : 0;
        slice.faulty_mask[c] = digit == 1 ? UINT32_MAX : 0;
        if (digit != 2) slice.occurrences += counts->occurrences[c];
    }
    return slice;
}

int64_t pattern_slice_find(const struct pattern_slice *slice, const uint32_t *tokens,
                           int64_t n_tokens)
{
    uint64_t key = 0;
    for (int i = 0; i < slice->k; i++) key = key * (uint64_t)n_tokens + tokens[i];
    key += slice->first_key;
    const int64_t at = first_at_least(slice->keys, slice->n, key);
    return at < slice->n && slice->keys[at] == key ? at : -1;
}
