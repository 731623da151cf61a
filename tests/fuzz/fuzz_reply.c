/* Hostile bytes as a model's reply, and as its answer inside of a good one: whatever it says, every
 * definition that comes of it has a plain name and an expression that the language takes. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/expr/expr.h"
#include "common/text.h"
#include "jobs/opportunities/generator/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

static const char *const event_names[] = {"home", "it's", "pay"};
static const char *const attribute_names[] = {"os"};

static void check_definitions(const struct generator_definitions *made, struct lode_arena *arena)
{
    static char *events[] = {"home", "it's", "pay"}, *words[] = {"ios"};
    const struct lode_attribute attribute = {.name = "os", .dictionary = {words, 1}};
    const struct expr_schema schema = {
        .n_attributes = 1, .attributes = &attribute, .event_names = {events, 3}};
    struct expr_language *language = NULL;
    check(expr_language_create(&schema, arena, &language) == LODE_OK);
    for (int64_t i = 0; i < made->n; i++) {
        int32_t node = 0;
        const struct expr_definition definition = {.text = made->list[i].expression};
        for (const char *at = made->list[i].name; *at; at++)
            check(isalnum((unsigned char)*at) || *at == '_');
        const lode_status status = expr_define(language, &definition, &node);
        /* a regular expression may be none, a text no word of the attribute */
        check(status == LODE_OK || strchr(definition.text, '~') || strchr(definition.text, '='));
    }
}

static void parse(const char *body, size_t size, struct lode_arena *arena)
{
    static const char many[] =
        "name: many\nclass: stateful\nsummary: s\ndocs: d\nexample: e\nexpected: x\nparameters:\n"
        "  event: { type: event, meaning: m }\n  events: { type: events, meaning: m }\n"
        "  n: { type: number, default: 5, low: 1, high: 9, meaning: m }\n"
        "  within: { type: duration, default: 10s, meaning: m }\n"
        "derived:\n  \"m_{event}_{events}_{n}\": matches({event} => {events} within {within})\n"
        "  \"c_{n}\": count({event}) > {n}\n";
    static const char like[] =
        "name: like\nclass: indirect\nsummary: s\ndocs: d\nexample: e\nexpected: x\nparameters:\n"
        "  a: { type: attribute, meaning: m }\n  r: { type: regex, meaning: m }\n"
        "  w: { type: words, meaning: m }\nderived:\n  l: '{a} ~ {r} or {a} in {w}'\n";
    struct template templates[2];
    const struct generator_schema schema = {.events = {3, event_names},
                                            .attributes = {1, attribute_names}};
    const struct template_library library = {2, templates};
    struct generator_definitions made = {.arena = arena};
    struct generated generated = {0};
    check(template_parse("like", like, sizeof like - 1, arena, &templates[0]) == LODE_OK);
    check(template_parse("many", many, sizeof many - 1, arena, &templates[1]) == LODE_OK);
    const lode_status status = reply_parse(body, size, &library, &schema, 20, &made, &generated);
    check(status == LODE_OK || status == LODE_E_INPUT);
    check(made.n <= 20 && (status == LODE_OK) == (made.n > 0));
    check_definitions(&made, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_arena *arena = NULL;
    struct lode_bytes body = {0};
    check(lode_arena_create(0, &arena) == LODE_OK);
    parse((const char *)data, size, arena);
    check(lode_bytes_printf(&body, "{\"choices\":[{\"message\":{\"content\":") == LODE_OK);
    check(lode_text_append_json(&body, (const char *)data, size) == LODE_OK);
    check(lode_bytes_printf(&body, "}}]}") == LODE_OK);
    parse((const char *)body.data, body.size, arena);
    lode_bytes_clear(&body);
    lode_arena_destroy(arena);
    return 0;
}
