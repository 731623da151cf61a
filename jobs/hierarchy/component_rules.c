/* Component rules: see the header. */
#include "jobs/hierarchy/component_rules.h"

#include "common/store/counters.h"

lode_status component_rules_compile(const struct hierarchy_options *options,
                                    const struct lode_store *store, struct lode_arena *arena,
                                    struct rules *rules)
{
    const int64_t n = lode_store_counters(store);
    struct lode_counter *counters;
    *rules = (struct rules){0};
    if (options->n_rules == 0) return LODE_OK;
    lode_try(lode_take(arena, n, &counters));
    for (int64_t i = 0; i < n; i++) counters[i] = *lode_store_counter(store, i);
    return rules_compile(options->rules, options->n_rules, counters, n, "UTC", arena, rules);
}

lode_status component_rules_pack(const struct rules *rules, struct lode_bytes *out)
{
    lode_try(lode_pack_u64(out, rules->n > 0));
    return rules->n > 0 ? rules_pack(rules, out) : LODE_OK;
}

lode_status component_rules_unpack(struct lode_unpack *in, struct lode_arena *arena,
                                   struct rules *rules)
{
    uint64_t has_any = 0;
    *rules = (struct rules){0};
    lode_try(lode_unpack_u64(in, &has_any));
    return has_any ? rules_unpack(in, arena, rules) : LODE_OK;
}

bool component_rules_fits(const struct rule *rule, const int64_t *counters, int64_t n_counters)
{
    for (int64_t i = 0; i < rule->n_counters; i++) {
        int64_t at = 0;
        while (at < n_counters && counters[at] != rule->counters[i]) at++;
        if (at == n_counters) return false;
    }
    return true;
}

lode_status component_rules_find(const struct rules *rules, const int64_t *counters,
                                 int64_t n_counters, struct lode_arena *arena, int64_t **found,
                                 int64_t *n)
{
    lode_try(lode_take(arena, rules->n, found));
    *n = 0;
    for (int64_t r = 0; r < rules->n; r++)
        if (component_rules_fits(&rules->list[r], counters, n_counters)) (*found)[(*n)++] = r;
    return LODE_OK;
}

/* One counter in the slots, NaN where it has no sample. */
static lode_status load(const struct rule_slots *where, int64_t counter, struct lode_arena *arena,
                        double *placed)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    double *values = NULL;
    lode_try(lode_counters_some_values(where->counters, where->block, counter, where->first_sample,
                                       where->n, arena, &values));
    slots_place(&where->slots, where->times + where->first_sample, values, where->n, placed);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

lode_status component_rules_scan(const struct rules *rules, int64_t rule,
                                 const struct rule_slots *where, struct lode_arena *arena,
                                 double *distance)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const struct rule *of = &rules->list[rule];
    const int64_t n = where->slots.n;
    double **values, **distances;
    int64_t *times;
    lode_try(lode_take_zero(arena, rules->n_counters, &values));
    lode_try(lode_take_zero(arena, rules->n, &distances));
    lode_try(lode_take(arena, n, &times));
    for (int64_t i = 0; i < n; i++) times[i] = where->slots.first_ms + i * where->slots.step_ms;
    for (int64_t i = 0; i < of->n_counters; i++) {
        lode_try(lode_take(arena, n, &values[of->counters[i]]));
        lode_try(load(where, of->counters[i], arena, values[of->counters[i]]));
    }
    distances[rule] = distance;
    const struct rule_series series = {n, times, (const double *const *)values};
    lode_try(rules_scan(rules, &series, arena, distances));
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}
