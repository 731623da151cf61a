/* Given detectors: see the header. */
#include "jobs/hierarchy/given.h"

#include "common/store/counters.h"
#include "common/text.h"
#include "jobs/hierarchy/marks.h"

static lode_status compile_rules(const struct hierarchy_options *options,
                                 const struct lode_store *store, struct lode_arena *arena,
                                 struct rules *rules)
{
    const int64_t n = lode_store_counters(store);
    struct lode_counter *counters;
    if (options->n_rules == 0) return LODE_OK;
    lode_try(lode_take(arena, n, &counters));
    for (int64_t i = 0; i < n; i++) counters[i] = *lode_store_counter(store, i);
    return rules_compile(options->rules, options->n_rules, counters, n, options->timezone, arena,
                         rules);
}

/* Patterns of a model, with the places that this store has for their counters. */
static lode_status place_patterns(const struct patterns *patterns, const struct lode_store *store,
                                  struct lode_arena *arena, struct patterns *placed)
{
    *placed = *patterns;
    lode_try(lode_take(arena, patterns->n, &placed->list));
    for (int64_t i = 0; i < patterns->n; i++) {
        placed->list[i] = patterns->list[i];
        placed->list[i].index = lode_store_find_counter(store, patterns->list[i].counter);
    }
    return LODE_OK;
}

lode_status given_make(const struct hierarchy_options *options, const struct patterns *patterns,
                       const struct lode_store *store, struct lode_arena *arena,
                       struct given *given)
{
    struct given made = {0};
    lode_try(compile_rules(options, store, arena, &made.rules));
    lode_try(patterns ? place_patterns(patterns, store, arena, &made.patterns)
                      : marks_read(options, store, arena, &made.patterns));
    *given = made;
    return LODE_OK;
}

lode_status given_pack(const struct given *given, struct lode_bytes *out)
{
    lode_try(lode_pack_u64(out, given->rules.n > 0));
    if (given->rules.n > 0) lode_try(rules_pack(&given->rules, out));
    return patterns_pack(&given->patterns, out);
}

lode_status given_unpack(struct lode_unpack *in, struct lode_arena *arena, struct given *given)
{
    uint64_t has_rules = 0;
    struct given made = {0};
    lode_try(lode_unpack_u64(in, &has_rules));
    if (has_rules) lode_try(rules_unpack(in, arena, &made.rules));
    lode_try(patterns_unpack(in, arena, &made.patterns));
    *given = made;
    return LODE_OK;
}

static bool has_counter(const struct given_component *component, int64_t counter)
{
    for (int64_t i = 0; i < component->n_counters; i++)
        if (component->counters[i] == counter) return true;
    return false;
}

static bool is_looked_for(const struct pattern *pattern, const struct given_component *component)
{
    return has_counter(component, pattern->index) &&
           lode_text_glob(pattern->where, component->name);
}

bool given_is_out_of_length(const struct given *given, int64_t i,
                            const struct given_component *component)
{
    const int64_t of = given_pattern(given, i);
    if (of < 0) return false;
    const struct pattern *pattern = &given->patterns.list[of];
    return is_looked_for(pattern, component) && pattern_slots(pattern, component->step_ms) == 0;
}

bool given_fits(const struct given *given, int64_t i, const struct given_component *component)
{
    const int64_t of = given_pattern(given, i);
    if (of >= 0) {
        const struct pattern *pattern = &given->patterns.list[of];
        return is_looked_for(pattern, component) && pattern_slots(pattern, component->step_ms) > 0;
    }
    const struct rule *rule = &given->rules.list[i];
    for (int64_t c = 0; c < rule->n_counters; c++)
        if (!has_counter(component, rule->counters[c])) return false;
    return true;
}

lode_status given_find(const struct given *given, const struct given_component *component,
                       struct lode_arena *arena, int64_t **found, int64_t *n)
{
    lode_try(lode_take(arena, given_count(given), found));
    *n = 0;
    for (int64_t i = 0; i < given_count(given); i++)
        if (given_fits(given, i, component)) (*found)[(*n)++] = i;
    return LODE_OK;
}

int64_t given_reach(const struct given *given, int64_t i, int64_t step_ms)
{
    const int64_t pattern = given_pattern(given, i);
    return pattern < 0 ? rule_reach(&given->rules.list[i], step_ms)
                       : pattern_slots(&given->patterns.list[pattern], step_ms) - 1;
}

/* One counter in the slots, NaN where it has no sample. */
static lode_status load(const struct given_slots *where, int64_t counter, struct lode_arena *arena,
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

static lode_status scan_rule(const struct rules *rules, int64_t rule,
                             const struct given_slots *where, struct lode_arena *arena,
                             double *distance)
{
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
    return rules_scan(rules, &series, arena, distances);
}

static lode_status scan_pattern(const struct patterns *patterns, int64_t pattern,
                                const struct given_slots *where, struct lode_arena *arena,
                                double *distance)
{
    double *values;
    lode_try(lode_take(arena, where->slots.n, &values));
    lode_try(load(where, patterns->list[pattern].index, arena, values));
    return pattern_scan(patterns, pattern, where->slots.step_ms, values, where->slots.n, arena,
                        distance);
}

lode_status given_scan(const struct given *given, int64_t i, const struct given_slots *where,
                       struct lode_arena *arena, double *distance)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t pattern = given_pattern(given, i);
    lode_try(pattern < 0 ? scan_rule(&given->rules, i, where, arena, distance)
                         : scan_pattern(&given->patterns, pattern, where, arena, distance));
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}
