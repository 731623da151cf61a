/* Info, counters: see the header. */
#include "coordinator/commands/info_counters.h"

#include "common/store/counters.h"
#include "common/text.h"
#include "coordinator/commands/screen.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN = 50 }; /* of each list, for people */

static void add_number(cJSON *object, const char *name, int64_t value)
{
    cJSON_AddNumberToObject(object, name, (double)value);
}

static void describe_component(const struct lode_store *store,
                               const struct lode_component *component, cJSON *object)
{
    const struct lode_component *parent = lode_store_component(store, component->parent);
    cJSON_AddStringToObject(object, "name", component->name);
    if (parent) cJSON_AddStringToObject(object, "parent", parent->name);
    if (component->partition < 0) return;
    add_number(object, "partition", component->partition);
    add_number(object, "times", component->n_times);
    add_number(object, "first_ms", component->first_ms);
    add_number(object, "last_ms", component->last_ms);
    add_number(object, "step_ms", component->step_ms);
    add_number(object, "gaps", lode_component_gaps(component, lode_store_slot_ms(store)));
}

void info_describe_counters(const struct lode_store *store, cJSON *object)
{
    cJSON *components = cJSON_AddArrayToObject(object, "components");
    cJSON *counters = cJSON_AddArrayToObject(object, "counters");
    for (int64_t i = 0; i < lode_store_components(store); i++) {
        cJSON *item = cJSON_CreateObject();
        describe_component(store, lode_store_component(store, i), item);
        cJSON_AddItemToArray(components, item);
    }
    for (int64_t i = 0; i < lode_store_counters(store); i++) {
        const struct lode_counter *counter = lode_store_counter(store, i);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", counter->name);
        cJSON_AddStringToObject(item, "unit", counter->unit);
        cJSON_AddStringToObject(item, "type", lode_counter_type_name(counter->type));
        cJSON_AddItemToArray(counters, item);
    }
    add_number(object, "times", store->n_sessions);
    add_number(object, "values", store->n_events);
    add_number(object, "slot_ms", lode_store_slot_ms(store));
    cJSON *found = cJSON_AddObjectToObject(object, "found");
    for (int64_t i = 0; i < store->counters.n_found; i++)
        add_number(found, store->counters.found[i].what, store->counters.found[i].count);
}

void info_print_counts(const struct lode_store *store)
{
    char a[32];
    printf("  %-24s %s\n", "components", lode_text_grouped(lode_store_components(store), a));
    printf("  %-24s %s\n", "counters", lode_text_grouped(lode_store_counters(store), a));
    printf("  %-24s %s", "times", lode_text_grouped(store->n_sessions, a));
    if (lode_store_slot_ms(store) > 0)
        printf(" (slots of %s ms)", lode_text_grouped(lode_store_slot_ms(store), a));
    printf("\n  %-24s %s\n", "values", lode_text_grouped(store->n_events, a));
}

static lode_status print_findings(const struct lode_store *store)
{
    char a[32], b[32];
    int64_t n_gaps = 0, n_components = 0;
    for (int64_t i = 0; i < lode_store_components(store); i++) {
        const int64_t gaps =
            lode_component_gaps(lode_store_component(store, i), lode_store_slot_ms(store));
        n_gaps += gaps;
        n_components += gaps > 0;
    }
    printf("found in the input\n  %-24s %s times without a row, in %s components\n", "gaps",
           lode_text_grouped(n_gaps, a), lode_text_grouped(n_components, b));
    for (int64_t i = 0; i < store->counters.n_found; i++)
        lode_try(screen_say("  %-24s %s", lode_text_grouped(store->counters.found[i].count, a),
                            store->counters.found[i].what));
    return LODE_OK;
}

static lode_status print_name(const char *name)
{
    struct lode_bytes text = {0};
    lode_status status = lode_text_append_visible(&text, name, strlen(name));
    if (!status) printf("  %-24.*s ", (int)text.size, (const char *)text.data);
    lode_bytes_clear(&text);
    return status;
}

static void print_rest(int64_t n)
{
    char a[32];
    if (n > SHOWN) printf("  and %s more; --json has all\n", lode_text_grouped(n - SHOWN, a));
}

lode_status info_print_counters(const struct lode_store *store)
{
    const int64_t n_components = lode_store_components(store);
    const int64_t n_counters = lode_store_counters(store);
    char a[32], b[32];
    lode_try(print_findings(store));
    printf("components\n");
    for (int64_t i = 0; i < n_components && i < SHOWN; i++) {
        const struct lode_component *component = lode_store_component(store, i);
        lode_try(print_name(component->name));
        if (component->partition < 0)
            printf("of others\n");
        else
            printf("%s times, every %s ms\n", lode_text_grouped(component->n_times, a),
                   lode_text_grouped(component->step_ms, b));
    }
    print_rest(n_components);
    printf("counters\n");
    for (int64_t i = 0; i < n_counters && i < SHOWN; i++) {
        const struct lode_counter *counter = lode_store_counter(store, i);
        lode_try(print_name(counter->name));
        lode_try(screen_say("%s%s%s", lode_counter_type_name(counter->type),
                            counter->unit[0] ? ", " : "", counter->unit));
    }
    print_rest(n_counters);
    return LODE_OK;
}
