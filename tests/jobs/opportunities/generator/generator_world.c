#include "tests/unit.h"

#include "tests/jobs/opportunities/generator/generator_world.h"

#include <stdlib.h>
#include <string.h>

static char *event_words[] = {"home", "item", "pay", "pay_error", "poll"};
static const char *const attribute_names[] = {"country", "os"};
static const char *const kpi_names[] = {"kpi_fail", "kpi_seconds"};
static const char *const event_attribute_names[] = {"ms", "url"};
static const char *const series_names[] = {"backend.cpu"};
static const int64_t attribute_words[] = {3, 2};

static void init_survey(struct generator_world *world)
{
    static const struct survey_event events[] = {
        {1000, 10}, {300, 20}, {9, 0}, {140, 30}, {110, 100}};
    static const struct survey_count with[] = {{100, 900}, {30, 270}, {5, 4}, {50, 90}, {20, 90}};
    memcpy(world->events, events, sizeof events);
    memcpy(world->with, with, sizeof with);
    world->all[0] = (struct survey_count){100, 900};
    world->survey = (struct survey){.n_names = N_EVENTS,
                                    .n_kpis = 1,
                                    .events = world->events,
                                    .with = world->with,
                                    .all = world->all,
                                    .sessions = 1000};
}

void generator_world_init(struct generator_world *world)
{
    memset(world, 0, sizeof *world);
    assert_ok(lode_arena_create(0, &world->arena));
    assert_int_equal(0, setenv("LODE_TEMPLATES", TEMPLATES, 1));
    assert_ok(template_library_load("", world->arena, &world->library));
    world->schema = (struct generator_schema){
        .events = {N_EVENTS, (const char *const *)event_words},
        .attributes = {2, attribute_names},
        .event_attributes = {2, event_attribute_names},
        .kpis = {2, kpi_names},
        .series = {1, series_names},
    };
    init_survey(world);
    world->facts = (struct offline_facts){.schema = &world->schema,
                                          .attribute_words = attribute_words,
                                          .binary_kpis = {1, kpi_names},
                                          .survey = &world->survey};
    world->definitions.arena = world->arena;
}

void generator_world_clear(struct generator_world *world)
{
    lode_arena_destroy(world->arena);
}

struct template generator_world_template(struct generator_world *world, const char *text)
{
    struct template made;
    assert_ok(template_parse("t.yaml", text, strlen(text), world->arena, &made));
    return made;
}

void generator_world_compile(struct generator_world *world, const char *expression)
{
    static char *countries[] = {"DE", "FR", "US"}, *systems[] = {"ios", "web"};
    static char *urls[] = {"/a", "/b"}, *components[] = {"node-1"}, *counters[] = {"cpu"};
    const struct lode_attribute attributes[] = {
        {.name = "country", .dictionary = {countries, 3}},
        {.name = "os", .dictionary = {systems, 2}},
    };
    const struct lode_kpi kpis[] = {{.name = "kpi_fail", .is_binary = true},
                                    {.name = "kpi_seconds"}};
    const struct expr_event_attribute event_attributes[] = {{.name = "ms", .is_number = true},
                                                            {.name = "url", .words = {urls, 2}}};
    const struct expr_source sources[] = {
        {.name = "backend", .components = {components, 1}, .counters = {counters, 1}}};
    const struct expr_schema schema = {.n_attributes = 2,
                                       .attributes = attributes,
                                       .n_kpis = 2,
                                       .kpis = kpis,
                                       .event_names = {event_words, N_EVENTS},
                                       .n_event_attributes = 2,
                                       .event_attributes = event_attributes,
                                       .n_sources = 1,
                                       .sources = sources};
    struct expr_language *language = NULL;
    int32_t node = 0;
    assert_ok(expr_language_create(&schema, world->arena, &language));
    const struct expr_definition definition = {.text = expression, .line = 1, .column = 1};
    if (expr_define(language, &definition, &node))
        fail_msg("%s: %s", expression, lode_error_text());
}
