/* Expr: a language is a builder, a lexer, and the names of its definitions. */
#include "common/expr/expr.h"

#include <stdio.h>
#include <string.h>

#include "common/expr/language/parse.h"
#include "lode/table.h"

struct expr_language {
    struct expr_schema schema;
    struct lode_arena *arena;
    struct expr_builder *builder;
    struct lex lex;
    struct lode_words *names; /* every name that was asked for; a code is an index of nodes */
    int32_t *nodes;           /* [room] of definitions; -1: the name is of none */
    size_t room;
};

lode_status expr_language_create(const struct expr_schema *schema, struct lode_arena *arena,
                                 struct expr_language **language)
{
    struct expr_language *made;
    lode_try(lode_take_zero(arena, 1, &made));
    made->schema = *schema;
    made->arena = arena;
    if (!made->schema.zone) made->schema.zone = "UTC";
    const struct expr_graph frame = {.n_attributes = schema->n_attributes,
                                     .n_kpis = schema->n_kpis,
                                     .n_event_attributes = schema->n_event_attributes,
                                     .n_names = schema->event_names.count,
                                     .ignored = schema->ignored,
                                     .zone = made->schema.zone};
    lode_try(expr_builder_create(&frame, arena, &made->builder));
    lode_try(lode_words_create(arena, &made->names));
    *language = made;
    return LODE_OK;
}

const struct expr_graph *expr_language_graph(const struct expr_language *language)
{
    return expr_builder_graph(language->builder);
}

/* The place of a name's node. */
static lode_status place_of(struct expr_language *language, const char *name, int32_t **place)
{
    uint32_t code;
    lode_try(lode_words_add(language->names, name, strlen(name), &code));
    if (code >= language->room) {
        const size_t room = 2 * (size_t)code + 16;
        int32_t *nodes;
        lode_try(lode_take(language->arena, room, &nodes));
        for (size_t i = 0; i < room; i++) nodes[i] = i < language->room ? language->nodes[i] : -1;
        language->nodes = nodes;
        language->room = room;
    }
    *place = &language->nodes[code];
    return LODE_OK;
}

lode_status parse_find_definition(struct parser *parser, const char *name, int32_t *node)
{
    int32_t *place;
    lode_try(place_of(parser->language, name, &place));
    *node = *place;
    return LODE_OK;
}

lode_status parse_definitions(struct parser *parser, const char *const **names, int64_t *count)
{
    const struct expr_language *language = parser->language;
    int64_t n_words;
    const char **list;
    char *const *words = lode_words_list(language->names, &n_words);
    lode_try(lode_take(parser->arena, n_words, &list));
    *count = 0;
    for (int64_t i = 0; i < n_words; i++)
        if ((size_t)i < language->room && language->nodes[i] >= 0) list[(*count)++] = words[i];
    *names = list;
    return LODE_OK;
}

/* A definition's name must be free: it would hide what has it. */
static lode_status check_name(struct parser *parser, const char *name)
{
    static const struct lex_token start = {.line = 1, .column = 1};
    const struct expr_schema *schema = parser->schema;
    int32_t node;
    if (!parse_is_name(name))
        return parse_fail(parser, &start,
                          "'%.80s' cannot be a name: letters, digits and _, not a digit first",
                          name);
    if (parse_is_reserved(name))
        return parse_fail(parser, &start, "'%.80s' is a word of the language: choose another name",
                          name);
    lode_try(parse_find_definition(parser, name, &node));
    if (node >= 0)
        return parse_fail(parser, &start, "'%.80s' is defined already: choose another name", name);
    for (int64_t i = 0; i < schema->n_attributes; i++)
        if (strcmp(schema->attributes[i].name, name) == 0)
            return parse_fail(parser, &start,
                              "'%.80s' is an attribute of the store: choose another name", name);
    if (parse_find_kpi(schema, name) >= 0)
        return parse_fail(parser, &start, "'%.80s' is a %s of the store: choose another name", name,
                          schema->of_slots ? "counter" : "KPI");
    return LODE_OK;
}

static lode_status parse_all(struct parser *parser, int32_t *node)
{
    struct lex *lex = &parser->language->lex;
    struct lex_error error;
    if (parser->definition->name) lode_try(check_name(parser, parser->definition->name));
    const lode_status status = lex_text(lex, parser->definition->text, parser->arena, &error);
    if (status == LODE_E_USAGE) {
        const struct lex_token token = {.line = error.line, .column = error.column};
        return parse_fail(parser, &token, "%s", error.what);
    }
    lode_try(status);
    parser->at = lex->tokens;
    lode_try(parse_expression(parser, node));
    if (parser->at->kind == LEX_END) return LODE_OK;
    return parse_fail(parser, parser->at, "an operator or the end belongs here, not '%.*s'",
                      (int)(parser->at->size > 40 ? 40 : parser->at->size), parser->at->source);
}

lode_status expr_define(struct expr_language *language, const struct expr_definition *definition,
                        int32_t *node)
{
    struct parser parser = {.schema = &language->schema,
                            .language = language,
                            .definition = definition,
                            .builder = language->builder,
                            .arena = language->arena};
    const struct expr_builder_mark mark = expr_builder_mark(language->builder);
    int32_t made = -1, *place;
    lode_status status = parse_all(&parser, &made);
    if (status == LODE_OK && definition->name) {
        status = place_of(language, definition->name, &place);
        if (status == LODE_OK) *place = made;
    }
    if (status != LODE_OK) {
        expr_builder_rewind(language->builder, mark);
        return status;
    }
    *node = made;
    return LODE_OK;
}
