/* Rules: one table for both directions. */
#include "jobs/stage/counters/rules.h"

#include "common/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct stage_counters_options, field)
static const struct {
    const char *name;
    size_t at; /* of a text */
} texts[] = {
    {"time", AT(time)},           {"component", AT(component)}, {"counter", AT(counter)},
    {"value", AT(value)},         {"timezone", AT(timezone)},   {"tree", AT(tree)},
    {"aggregate", AT(aggregate)},
};
enum { TEXTS = sizeof texts / sizeof *texts, NUMBERS = 2, NUMBER_BYTES = 32 };

static const char kin_name[] = "tree-name"; /* one pair a name of the tree file */
/* Of rates: one pair a rate; whose they are; and the events that were counted. */
static const char rate_name[] = "rate", rate_component[] = "rate-component",
                  rate_events[] = "rate-events";
enum { RATES_PAIRS = 2 };

static lode_status put(struct lode_staging_rules *rules, struct lode_arena *arena, const char *name,
                       const char *value)
{
    char *copy = NULL;
    lode_try(lode_arena_text(arena, value, strlen(value), &copy));
    rules->names[rules->count] = (char *)name; /* only read from here on */
    rules->values[rules->count++] = copy;
    return LODE_OK;
}

static lode_status put_rates(struct lode_staging_rules *rules, struct lode_arena *arena,
                             const struct counters_rates *rates)
{
    char events[2 * NUMBER_BYTES];
    for (int64_t i = 0; i < rates->n; i++) {
        char *rule = NULL;
        lode_try(rates_rule(&rates->list[i], arena, &rule));
        lode_try(put(rules, arena, rate_name, rule));
    }
    lode_try(put(rules, arena, rate_component, rates->component_name));
    snprintf(events, sizeof events, "%" PRId64 " %016" PRIx64, rates->n_generations,
             rates->events_digest);
    return put(rules, arena, rate_events, events);
}

lode_status counters_rules_make(const struct stage_counters_options *options,
                                struct lode_arena *arena, struct lode_staging_rules *rules)
{
    char number[NUMBER_BYTES];
    const struct counters_family *family = &options->family;
    *rules = (struct lode_staging_rules){0};
    const int64_t most = TEXTS + NUMBERS + family->n + options->rates.n + RATES_PAIRS;
    lode_try(lode_take(arena, most, &rules->names));
    lode_try(lode_take(arena, most, &rules->values));
    for (int i = 0; i < TEXTS; i++) {
        const char *value = NULL;
        memcpy(&value, (const char *)options + texts[i].at, sizeof value);
        if (value) lode_try(put(rules, arena, texts[i].name, value));
    }
    snprintf(number, sizeof number, "%d", (int)options->time_unit);
    lode_try(put(rules, arena, "time-unit", number));
    snprintf(number, sizeof number, "%" PRId64, options->slot_ms);
    lode_try(put(rules, arena, "slot-ms", number));
    for (int64_t i = 0; i < family->n; i++) {
        char *rule = NULL;
        lode_try(family_rule(&family->kin[i], arena, &rule));
        lode_try(put(rules, arena, kin_name, rule));
    }
    return options->rates.n > 0 ? put_rates(rules, arena, &options->rates) : LODE_OK;
}

static lode_status read_rule(struct stage_counters_options *options, const char *name,
                             const char *value)
{
    int64_t number = -1;
    for (int i = 0; i < TEXTS; i++) {
        if (strcmp(texts[i].name, name) != 0) continue;
        memcpy((char *)options + texts[i].at, &value, sizeof value);
        return LODE_OK;
    }
    const bool is_number = lode_text_to_i64(value, strlen(value), &number) && number >= 0;
    if (is_number && strcmp(name, "time-unit") == 0 && number <= STAGE_TIME_ISO) {
        options->time_unit = (enum stage_time_unit)number;
        return LODE_OK;
    }
    if (is_number && strcmp(name, "slot-ms") == 0) {
        options->slot_ms = number;
        return LODE_OK;
    }
    return lode_fail(LODE_E_INPUT,
                     "the store's index says '%s' = '%s' of its staging, which this lode does not "
                     "understand; stage all files at once instead",
                     name, value);
}

/* "GENERATIONS DIGEST"; else n_generations stays 0. */
static void read_events(const char *value, struct counters_rates *rates)
{
    char *end = NULL;
    const size_t size = strcspn(value, " ");
    int64_t n = 0;
    if (!lode_text_to_i64(value, size, &n) || n < 1 || strlen(value) != size + 17) return;
    rates->events_digest = strtoull(value + size + 1, &end, 16);
    if (*end == '\0') rates->n_generations = n;
}

/* *found false: it is no rule of rates. */
static lode_status read_rate(const struct lode_store *store, int64_t rule, struct lode_arena *arena,
                             struct counters_rates *rates, bool *found)
{
    const char *name = store->rules.names[rule], *value = store->rules.values[rule];
    *found = true;
    if (strcmp(name, rate_name) == 0) return rates_unrule(value, arena, rates);
    if (strcmp(name, rate_component) == 0)
        rates->component_name = value;
    else if (strcmp(name, rate_events) == 0)
        read_events(value, rates);
    else
        *found = false;
    return LODE_OK;
}

/* What the store has; what was given, where it has none. */
static lode_status take_rates(const struct lode_store *store, const struct counters_rates *rates,
                              struct stage_counters_options *options)
{
    const bool is_whole = rates->n > 0 && rates->component_name && rates->n_generations > 0;
    if (!is_whole && (rates->n > 0 || rates->component_name || rates->n_generations > 0))
        return lode_fail(LODE_E_INPUT, "%s: what its index says of rates is not whole",
                         store->path);
    if (!is_whole) return LODE_OK;
    if (options->rates.n > 0 || options->rates.component_name)
        return lode_fail(LODE_E_USAGE,
                         "%s: the store has its rates (%s, ...) and knows whose they are; leave "
                         "--rates, --rate and --component-name out",
                         store->path, rates->list[0].name);
    options->rates = *rates;
    return LODE_OK;
}

lode_status counters_rules_read(const struct lode_store *store, struct lode_arena *arena,
                                struct stage_counters_options *options)
{
    const struct lode_staging_rules *rules = &store->rules;
    struct counters_kin *kin = NULL;
    struct counters_rates rates = {0};
    int64_t n = 0;
    lode_try(lode_take(arena, rules->count, &kin));
    for (int64_t i = 0; i < rules->count; i++) {
        bool is_rate = false;
        lode_try(read_rate(store, i, arena, &rates, &is_rate));
        if (strcmp(rules->names[i], kin_name) == 0)
            lode_try(family_unrule(rules->values[i], arena, &kin[n++]));
        else if (!is_rate)
            lode_try(read_rule(options, rules->names[i], rules->values[i]));
    }
    lode_try(take_rates(store, &rates, options));
    options->family = (struct counters_family){n, kin};
    if (options->slot_ms == store->counters.slot_ms) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "slots of %" PRId64 " ms were asked for, the store has %" PRId64,
                     options->slot_ms, store->counters.slot_ms);
}
