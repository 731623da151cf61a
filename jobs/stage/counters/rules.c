/* Rules: one table for both directions. */
#include "jobs/stage/counters/rules.h"

#include "common/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(struct stage_counters_options, field)
static const struct {
    const char *name;
    size_t at; /* of a text */
} texts[] = {
    {"time", AT(time)},   {"component", AT(component)}, {"counter", AT(counter)},
    {"value", AT(value)}, {"timezone", AT(timezone)},   {"tree", AT(tree)},
};
enum { TEXTS = sizeof texts / sizeof *texts, NUMBERS = 2, NUMBER_BYTES = 32 };

static lode_status put(struct lode_staging_rules *rules, struct lode_arena *arena, const char *name,
                       const char *value)
{
    char *copy = NULL;
    lode_try(lode_arena_text(arena, value, strlen(value), &copy));
    rules->names[rules->count] = (char *)name; /* only read from here on */
    rules->values[rules->count++] = copy;
    return LODE_OK;
}

lode_status counters_rules_make(const struct stage_counters_options *options,
                                struct lode_arena *arena, struct lode_staging_rules *rules)
{
    char number[NUMBER_BYTES];
    *rules = (struct lode_staging_rules){0};
    lode_try(lode_take(arena, TEXTS + NUMBERS, &rules->names));
    lode_try(lode_take(arena, TEXTS + NUMBERS, &rules->values));
    for (int i = 0; i < TEXTS; i++) {
        const char *value = NULL;
        memcpy(&value, (const char *)options + texts[i].at, sizeof value);
        if (value) lode_try(put(rules, arena, texts[i].name, value));
    }
    snprintf(number, sizeof number, "%d", (int)options->time_unit);
    lode_try(put(rules, arena, "time-unit", number));
    snprintf(number, sizeof number, "%" PRId64, options->slot_ms);
    return put(rules, arena, "slot-ms", number);
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

lode_status counters_rules_read(const struct lode_store *store,
                                struct stage_counters_options *options)
{
    for (int64_t i = 0; i < store->rules.count; i++)
        lode_try(read_rule(options, store->rules.names[i], store->rules.values[i]));
    if (options->slot_ms == store->counters.slot_ms) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "slots of %" PRId64 " ms were asked for, the store has %" PRId64,
                     options->slot_ms, store->counters.slot_ms);
}
