/* A store that has a schema and no rows, and parameters of the job beside it. */
#ifndef LODE_TESTS_SCHEMA_STORE_H
#define LODE_TESTS_SCHEMA_STORE_H

#include "tests/unit.h"

#include <string.h>

#include "common/store/store.h"
#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/opportunity_options.h"

struct schema_store {
    struct lode_arena *arena;
    struct lode_params *params;
    struct lode_store store;
    struct lode_attribute attributes[2];
    struct lode_kpi kpis[2];
    struct lode_attribute event_attributes[1];
    const char *event_values[1];
    char *systems[3], *countries[2], *names[4], *urls[2];
};

static inline int schema_store_create(void **state)
{
    static struct schema_store made;
    made = (struct schema_store){.systems = {"web", "ios 17", "android 14"},
                                 .countries = {"DE", "US"},
                                 .names = {"buy", "error_a", "error_b", "pay"},
                                 .urls = {"/a", "/b"},
                                 .event_values = {"ms"}};
    made.attributes[0] =
        (struct lode_attribute){.name = "os", .dictionary = {.words = made.systems, .count = 3}};
    made.attributes[1] = (struct lode_attribute){
        .name = "country", .of_user = true, .dictionary = {.words = made.countries, .count = 2}};
    made.kpis[0] = (struct lode_kpi){.name = "kpi_crash", .is_binary = true, .n_missing = 1};
    made.kpis[1] = (struct lode_kpi){.name = "kpi_length"};
    made.event_attributes[0] =
        (struct lode_attribute){.name = "url", .dictionary = {.words = made.urls, .count = 2}};
    made.store = (struct lode_store){.path = "/none",
                                     .kind = "events",
                                     .n_attributes = 2,
                                     .attributes = made.attributes,
                                     .n_kpis = 2,
                                     .kpis = made.kpis,
                                     .n_event_attributes = 1,
                                     .event_attributes = made.event_attributes,
                                     .n_event_values = 1,
                                     .event_values = made.event_values,
                                     .event_names = {.words = made.names, .count = 4}};
    assert_ok(lode_arena_create(0, &made.arena));
    assert_ok(lode_params_create(opportunity_params, &made.params));
    *state = &made;
    return 0;
}

static inline int schema_store_destroy(void **state)
{
    struct schema_store *made = *state;
    lode_params_destroy(made->params);
    lode_arena_destroy(made->arena);
    return 0;
}

static inline lode_status schema_store_derive(struct schema_store *made, const char *assignment,
                                              struct derivation *derivation)
{
    assert_ok(lode_params_set(made->params, assignment));
    return derivation_make(made->params, &made->store, made->arena, derivation);
}

#endif
