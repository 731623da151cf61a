/* A small world for tests of the generator: the templates that lode ships, a schema, a survey that
 * a person can check by head.
 *
 * Events: home, item, pay, pay_error, poll. Attributes: country (3 words), os (2). KPIs: kpi_fail
 * (0/1), kpi_seconds. Event attributes: ms, url of all events. Series backend.cpu.
 * 1000 sessions, 100 of them faulty. pay_error is in 50 faulty and 90 normal ones (expected: 10),
 * poll in 20 and 90 (10), home in all; item in 300 sessions like any others; pay in 9 sessions.
 */
#ifndef LODE_TESTS_GENERATOR_WORLD_H
#define LODE_TESTS_GENERATOR_WORLD_H

#include "common/expr/expr.h"
#include "jobs/opportunities/generator/offline.h"

enum { HOME, ITEM, PAY, PAY_ERROR, POLL, N_EVENTS };

struct generator_world {
    struct lode_arena *arena;
    struct template_library library;
    struct generator_schema schema;
    struct survey survey;
    struct survey_event events[N_EVENTS];
    struct survey_count with[N_EVENTS], all[1];
    struct offline_facts facts;
    struct generator_definitions definitions;
};

void generator_world_init(struct generator_world *world);
void generator_world_clear(struct generator_world *world);

/* A template of the text, as file `path`. */
struct template generator_world_template(struct generator_world *world, const char *text);

/* The expression must be one of the language, with the schema of the world. */
void generator_world_compile(struct generator_world *world, const char *expression);

#endif
