/* A small fixed schema for the tests of the language. */
#ifndef LODE_TESTS_COMMON_EXPR_SCHEMA_H
#define LODE_TESTS_COMMON_EXPR_SCHEMA_H

#include "common/expr/expr.h"

#define WORDS(list)                                                                                \
    {                                                                                              \
        .words = (list), .count = (int64_t)(sizeof(list) / sizeof *(list))                         \
    }

static char *schema_countries[] = {"DE", "FR", "US"};
static char *schema_systems[] = {"android 12", "android 13", "iOS 17", "it's odd"};
static char *schema_ages[] = {"7", "12.5", "young"};
static char *schema_regions[] = {"node-1", "node-2"};
static const struct lode_attribute schema_attributes[] = {
    {"country", true, WORDS(schema_countries)},   {"os", false, WORDS(schema_systems)},
    {"age", false, WORDS(schema_ages)},           {"region", false, WORDS(schema_regions)},
    {"odd name", false, WORDS(schema_countries)},
};
static const struct lode_kpi schema_kpis[] = {
    {"kpi_crash", true, 0}, {"kpi_seconds", false, 0}, {"kpi_odd-one", true, 0}};
static char *schema_events[] = {
    "login_start",   "login_retry",    "login_ok",     "buy_plan",     "payment", "web_cors_error",
    "timeout_error", "rebuffer_start", "rebuffer_end", "request",      "search",  "cart",
    "pay",           "poll",           "done",         "an odd 'one'", "before"};
static char *schema_statuses[] = {"200", "404", "500"};
static char *schema_urls[] = {"/a", "/b", "/C"};
static const struct expr_event_attribute schema_event_attributes[] = {
    {"status", false, WORDS(schema_statuses)},
    {.name = "ms", .is_number = true},
    {"url", false, WORDS(schema_urls)},
};
static char *schema_counters[] = {"cpu", "memory used"};
static char *schema_lonely[] = {"all"};
static const struct expr_source schema_sources[] = {
    {"backend", WORDS(schema_regions), WORDS(schema_counters)},
    {"cache", WORDS(schema_lonely), WORDS(schema_counters)},
};
static const struct expr_schema schema = {
    .n_attributes = 5,
    .attributes = schema_attributes,
    .n_kpis = 3,
    .kpis = schema_kpis,
    .event_names = WORDS(schema_events),
    .n_event_attributes = 3,
    .event_attributes = schema_event_attributes,
    .n_sources = 2,
    .sources = schema_sources,
    .zone = "Europe/Berlin",
};

#endif
