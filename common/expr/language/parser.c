/* Parser: the tokens under the parser's hand, its errors, and the nodes it adds most. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/expr/language/parse.h"
#include "common/text.h"

enum { MESSAGE_BYTES = 480, MS_MAX = 100000 };

static const char *file_of(const struct expr_definition *definition)
{
    if (definition->file) return definition->file;
    return definition->name ? definition->name : "expression";
}

lode_status parse_fail(struct parser *parser, const struct lex_token *token, const char *format,
                       ...)
{
    const struct expr_definition *definition = parser->definition;
    const int64_t line = definition->line + token->line - 1;
    const int64_t column = token->column + (token->line == 1 ? definition->column - 1 : 0);
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return lode_fail(LODE_E_USAGE, "%s:%" PRId64 ":%" PRId64 ": %s", file_of(definition), line,
                     column, message);
}

lode_status parse_unknown(struct parser *parser, const struct lex_token *token, const char *what,
                          const char *word, const char *const *candidates, int64_t count)
{
    const char **list;
    lode_try(lode_take(parser->arena, count + 1, &list));
    for (int64_t i = 0; i < count; i++) list[i] = candidates[i];
    list[count] = NULL;
    const char *nearest = lode_text_nearest(word, list);
    if (nearest)
        return parse_fail(parser, token, "%s '%.80s', did you mean '%.80s'?", what, word, nearest);
    return parse_fail(parser, token, "%s '%.80s'", what, word);
}

bool token_is(const struct lex_token *token, const char *text)
{
    return (token->kind == LEX_SIGN || token->kind == LEX_NAME) && strcmp(token->text, text) == 0;
}

bool parse_take(struct parser *parser, const char *text)
{
    const bool taken = token_is(parser->at, text);
    parser->at += taken;
    return taken;
}

lode_status parse_expect(struct parser *parser, const char *text)
{
    const struct lex_token *token = parser->at;
    if (parse_take(parser, text)) return LODE_OK;
    if (token->kind == LEX_END)
        return parse_fail(parser, token, "'%s' is missing before the end", text);
    return parse_fail(parser, token, "'%s' is missing before '%.*s'", text,
                      (int)(token->size > 40 ? 40 : token->size), token->source);
}

lode_status parse_enter(struct parser *parser)
{
    if (++parser->depth <= PARSE_DEPTH_MAX) return LODE_OK;
    return parse_fail(parser, parser->at,
                      "more than %d brackets inside each other: give parts names of their own",
                      (int)PARSE_DEPTH_MAX);
}

lode_status parse_add(struct parser *parser, const struct lex_token *token, struct expr_node node,
                      int32_t *index)
{
    const lode_status status = expr_add_node(parser->builder, node, index);
    if (status != LODE_E_USAGE) return status;
    char reason[MESSAGE_BYTES];
    snprintf(reason, sizeof reason, "%s", lode_error_text());
    return parse_fail(parser, token, "%s", reason);
}

lode_status parse_add_op(struct parser *parser, const struct lex_token *token, enum expr_op op,
                         int32_t a, int32_t b, int32_t *index)
{
    struct expr_node node = expr_node_of(op);
    node.args[0] = a;
    node.args[1] = b;
    return parse_add(parser, token, node, index);
}

lode_status parse_constant(struct parser *parser, const struct lex_token *token, double number,
                           enum expr_unit unit, int32_t *index)
{
    struct expr_node node = expr_node_of(EXPR_CONSTANT);
    node.number = number;
    node.unit = unit;
    return parse_add(parser, token, node, index);
}

lode_status parse_duration(struct parser *parser, int64_t *duration_ms)
{
    const double weeks = 6048e5 * MS_MAX;
    const struct lex_token *token = parser->at;
    if (token->kind != LEX_NUMBER || token->unit != EXPR_MS)
        return parse_fail(parser, token, "a duration such as 30s belongs here");
    if (token->number > weeks) return parse_fail(parser, token, "a duration of over 100,000w");
    *duration_ms = (int64_t)token->number;
    parser->at++;
    return LODE_OK;
}

struct parse_mark parse_mark(const struct parser *parser)
{
    return (struct parse_mark){lode_arena_mark(parser->arena), expr_builder_mark(parser->builder)};
}

void parse_give_back(struct parser *parser, struct parse_mark mark)
{
    if (expr_builder_is_at(parser->builder, mark.builder))
        lode_arena_rewind(parser->arena, mark.arena);
}

bool parse_is_reserved(const char *word)
{
    static const char *const words[] = {"and",     "or",    "not",     "in",     "when",
                                        "or_else", "true",  "false",   "time",   "any",
                                        "before",  "after", "between", "within", "without",
                                        "until",   "of",    "no",      "top"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0) return true;
    return false;
}

bool parse_is_name(const char *text)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    return *text && strchr(first, *text) &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") ==
               strlen(text);
}
