/* Expr: a language is a builder, a lexer, and its definitions. */
#include "common/expr/expr.h"

#include <stdio.h>
#include <string.h>

#include "common/expr/language/parse.h"

struct expr_language {
    struct expr_schema schema;
    struct lode_arena *arena;
    struct expr_builder *builder;
    struct lex lex;
    struct expr_definitions *definitions;
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
    lode_try(expr_definitions_create(arena, &made->definitions));
    *language = made;
    return LODE_OK;
}

const struct expr_graph *expr_language_graph(const struct expr_language *language)
{
    return expr_builder_graph(language->builder);
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
    lode_try(expr_definitions_find(parser->definitions, name, &node));
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

typedef lode_status (*parse_fn)(struct parser *parser, int32_t *node);

static lode_status parse_all(struct parser *parser, struct lex *lex, parse_fn parse, int32_t *node)
{
    struct lex_error error;
    if (parser->definition->name) lode_try(check_name(parser, parser->definition->name));
    const lode_status status = lex_text(lex, parser->definition->text, parser->arena, &error);
    if (status == LODE_E_USAGE) {
        const struct lex_token token = {.line = error.line, .column = error.column};
        return parse_fail(parser, &token, "%s", error.what);
    }
    lode_try(status);
    parser->at = lex->tokens;
    lode_try(parse(parser, node));
    if (parser->at->kind == LEX_END) return LODE_OK;
    return parse_fail(parser, parser->at, "an operator or the end belongs here, not '%.*s'",
                      (int)(parser->at->size > 40 ? 40 : parser->at->size), parser->at->source);
}

static lode_status define(struct expr_language *language, const struct expr_definition *definition,
                          parse_fn parse, int32_t *node)
{
    struct parser parser = {.schema = &language->schema,
                            .definitions = language->definitions,
                            .definition = definition,
                            .builder = language->builder,
                            .arena = language->arena};
    const struct expr_builder_mark mark = expr_builder_mark(language->builder);
    int32_t made = -1;
    lode_status status = parse_all(&parser, &language->lex, parse, &made);
    if (status == LODE_OK && definition->name)
        status = expr_definitions_set(language->definitions, definition->name, made);
    if (status != LODE_OK) {
        expr_builder_rewind(language->builder, mark);
        return status;
    }
    *node = made;
    return LODE_OK;
}

lode_status expr_define(struct expr_language *language, const struct expr_definition *definition,
                        int32_t *node)
{
    return define(language, definition, parse_expression, node);
}

lode_status expr_define_occurrences(struct expr_language *language,
                                    const struct expr_definition *definition, int32_t *node)
{
    return define(language, definition, parse_occurrences, node);
}
