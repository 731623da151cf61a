/* Parse: operators by their precedence, names, numbers.
 *
 *     when < or < and < not < comparison, in, ~ < or_else < + - < * / < - (sign)
 *
 * All but not, comparisons and the sign are of two arguments and group from the left; a comparison
 * does not follow another. docs/language.md has the grammar.
 */
#include "common/expr/language/parse.h"

#include <math.h>
#include <string.h>

#include "common/text.h"

enum level { WHEN, OR, AND, NOT, COMPARE, OR_ELSE, SUM, PRODUCT, SIGN };

static const struct {
    const char *text;
    enum level level;
    enum expr_op op;
    bool swapped;
} binaries[] = {
    {"when", WHEN, EXPR_WHEN, false},
    {"or", OR, EXPR_OR, false},
    {"and", AND, EXPR_AND, false},
    {"=", COMPARE, EXPR_EQUAL, false},
    {"!=", COMPARE, EXPR_NOT_EQUAL, false},
    {"<", COMPARE, EXPR_LESS, false},
    {"<=", COMPARE, EXPR_LESS_EQUAL, false},
    {">", COMPARE, EXPR_LESS, true},
    {">=", COMPARE, EXPR_LESS_EQUAL, true},
    {"or_else", OR_ELSE, EXPR_OR_ELSE, false},
    {"+", SUM, EXPR_ADD, false},
    {"-", SUM, EXPR_SUBTRACT, false},
    {"*", PRODUCT, EXPR_MULTIPLY, false},
    {"/", PRODUCT, EXPR_DIVIDE, false},
};
enum { BINARIES = sizeof binaries / sizeof *binaries };

static lode_status parse_level(struct parser *parser, enum level level, int32_t *node);

/* Index of the operator of that level that stands here; -1: none. */
static int binary_here(const struct parser *parser, enum level level)
{
    for (int i = 0; i < BINARIES; i++)
        if (binaries[i].level == level && token_is(parser->at, binaries[i].text)) return i;
    return -1;
}

static lode_status add_binary(struct parser *parser, const struct lex_token *token, int binary,
                              int32_t left, int32_t right, int32_t *node)
{
    const bool swapped = binaries[binary].swapped;
    return parse_add_op(parser, token, binaries[binary].op, swapped ? right : left,
                        swapped ? left : right, node);
}

static const struct expr_node *node_at(const struct parser *parser, int32_t node)
{
    return &expr_builder_graph(parser->builder)->nodes[node];
}

/* A test on a text node: a table over the words of its attribute. */
static lode_status test_text(struct parser *parser, int32_t text, bool lower, int32_t *node)
{
    struct word_test test = {.lower = lower};
    struct expr_node table = expr_node_of(EXPR_WORD_TABLE);
    uint8_t *holds;
    const struct lode_dictionary *words =
        &parser->schema->attributes[node_at(parser, text)->index].dictionary;
    const struct parse_mark start = parse_mark(parser);
    lode_try(lode_take(parser->arena, words->count, &table.table));
    const struct lode_arena_mark scratch = lode_arena_mark(parser->arena);
    lode_try(parse_word_test(parser, &test));
    lode_try(lode_take(parser->arena, words->count, &holds));
    lode_try(words_test(parser, &test, words, holds));
    for (int64_t i = 0; i < words->count; i++) table.table[i] = holds[i];
    lode_arena_rewind(parser->arena, scratch);
    table.type = EXPR_BOOL;
    table.n_table = words->count;
    table.args[0] = text;
    lode_try(parse_add(parser, test.token, table, node));
    parse_give_back(parser, start);
    return LODE_OK;
}

/* [not] in {1, 2, ...}: = with any of them. */
static lode_status test_numbers(struct parser *parser, int32_t left, int32_t *node)
{
    const struct lex_token *token = parser->at;
    const bool negated = parse_take(parser, "not");
    int32_t any = -1, value, equal;
    if (!parse_take(parser, "in"))
        return parse_fail(parser, token, "'%s' tests a text, this is a %s", token->text,
                          expr_type_name(node_at(parser, left)->type, node_at(parser, left)->unit));
    lode_try(parse_expect(parser, "{"));
    do {
        const struct lex_token *item = parser->at;
        lode_try(parse_level(parser, SUM, &value));
        lode_try(parse_add_op(parser, item, EXPR_EQUAL, left, value, &equal));
        if (any < 0)
            any = equal;
        else
            lode_try(parse_add_op(parser, item, EXPR_OR, any, equal, &any));
    } while (parse_take(parser, ","));
    lode_try(parse_expect(parser, "}"));
    *node = any;
    return negated ? parse_add_op(parser, token, EXPR_NOT, any, -1, node) : LODE_OK;
}

/* lower(TEXT) TEST */
static lode_status test_lower(struct parser *parser, int32_t *node)
{
    const struct lex_token *token = parser->at;
    int32_t text;
    parser->at += 2;
    lode_try(parse_enter(parser));
    lode_try(parse_expression(parser, &text));
    parser->depth--;
    lode_try(parse_expect(parser, ")"));
    if (node_at(parser, text)->type != EXPR_TEXT)
        return parse_fail(parser, token, "'lower' takes a text");
    return test_text(parser, text, true, node);
}

static lode_status parse_comparison(struct parser *parser, int32_t *node)
{
    int32_t left = -1, right = -1;
    if (token_is(parser->at, "lower") && token_is(parser->at + 1, "("))
        return test_lower(parser, node);
    lode_try(parse_level(parser, COMPARE + 1, &left));
    const struct lex_token *token = parser->at;
    *node = left;
    if (parse_is_word_test(token)) {
        if (node_at(parser, left)->type == EXPR_TEXT) return test_text(parser, left, false, node);
        if (token[1].kind == LEX_TEXT && !token_is(token, "~") && !token_is(token, "!~"))
            return parse_fail(
                parser, token + 1, "a text is compared with a %s",
                expr_type_name(node_at(parser, left)->type, node_at(parser, left)->unit));
        return test_numbers(parser, left, node);
    }
    int binary = binary_here(parser, COMPARE);
    if (binary < 0) return LODE_OK;
    parser->at++;
    lode_try(parse_level(parser, COMPARE + 1, &right));
    lode_try(add_binary(parser, token, binary, left, right, node));
    binary = binary_here(parser, COMPARE);
    if (binary < 0) return LODE_OK;
    return parse_fail(parser, parser->at, "one comparison behind another: join two by 'and'");
}

static lode_status parse_not(struct parser *parser, int32_t *node)
{
    const struct lex_token *token = parser->at;
    if (!parse_take(parser, "not")) return parse_comparison(parser, node);
    int32_t value = -1;
    lode_try(parse_enter(parser));
    lode_try(parse_not(parser, &value));
    parser->depth--;
    return parse_add_op(parser, token, EXPR_NOT, value, -1, node);
}

/* --- names and numbers --- */

int64_t parse_find_kpi(const struct expr_schema *schema, const char *name)
{
    for (int64_t i = 0; i < schema->n_kpis; i++)
        if (strcmp(schema->kpis[i].name, name) == 0) return i;
    for (int64_t i = 0; i < schema->n_kpis; i++)
        if (strncmp(schema->kpis[i].name, "kpi_", 4) == 0 &&
            strcmp(schema->kpis[i].name + 4, name) == 0)
            return i;
    return -1;
}

static int64_t find_attribute(const struct expr_schema *schema, const char *name)
{
    for (int64_t i = 0; i < schema->n_attributes; i++)
        if (strcmp(schema->attributes[i].name, name) == 0) return i;
    return -1;
}

static lode_status add_attribute(struct parser *parser, const struct lex_token *token,
                                 int64_t index, int32_t *node)
{
    struct expr_node made = expr_node_of(EXPR_ATTRIBUTE);
    made.index = index;
    return parse_add(parser, token, made, node);
}

static lode_status add_kpi(struct parser *parser, const struct lex_token *token, int64_t index,
                           int32_t *node)
{
    struct expr_node made = expr_node_of(EXPR_KPI);
    made.index = index;
    made.type = parser->schema->kpis[index].is_binary ? EXPR_BOOL : EXPR_NUMBER;
    if (parser->schema->kpi_units) made.unit = parser->schema->kpi_units[index];
    return parse_add(parser, token, made, node);
}

lode_status parse_attribute(struct parser *parser, const struct lex_token *token, int32_t *node)
{
    const struct expr_schema *schema = parser->schema;
    const int64_t index = find_attribute(schema, token->text);
    const char **names;
    if (index >= 0) return add_attribute(parser, token, index, node);
    lode_try(lode_take(parser->arena, schema->n_attributes, &names));
    for (int64_t i = 0; i < schema->n_attributes; i++) names[i] = schema->attributes[i].name;
    return parse_unknown(parser, token, "unknown attribute", token->text, names,
                         schema->n_attributes);
}

lode_status parse_kpi(struct parser *parser, const struct lex_token *token, int32_t *node)
{
    const struct expr_schema *schema = parser->schema;
    const int64_t index = parse_find_kpi(schema, token->text);
    const char **names;
    if (index >= 0) return add_kpi(parser, token, index, node);
    lode_try(lode_take(parser->arena, schema->n_kpis, &names));
    for (int64_t i = 0; i < schema->n_kpis; i++) names[i] = schema->kpis[i].name;
    return parse_unknown(parser, token, schema->of_slots ? "unknown counter" : "unknown KPI",
                         token->text, names, schema->n_kpis);
}

/* A bare name that is nothing: an event, perhaps, or nearly something. */
static lode_status unknown_name(struct parser *parser, const struct lex_token *token)
{
    const struct expr_schema *schema = parser->schema;
    const char **names;
    int64_t n_names = 0, n_definitions;
    const char *const *definitions = NULL;
    for (int64_t i = 0; i < schema->event_names.count; i++)
        if (strcmp(schema->event_names.words[i], token->text) == 0)
            return parse_fail(parser, token,
                              "'%.80s' is an event: write has(%.80s), count(%.80s), ...",
                              token->text, token->text, token->text);
    lode_try(
        expr_definitions_list(parser->definitions, parser->arena, &definitions, &n_definitions));
    lode_try(lode_take(parser->arena, n_definitions + schema->n_attributes + 2 * schema->n_kpis + 1,
                       &names));
    for (int64_t i = 0; i < n_definitions; i++) names[n_names++] = definitions[i];
    for (int64_t i = 0; i < schema->n_attributes; i++)
        names[n_names++] = schema->attributes[i].name;
    for (int64_t i = 0; i < schema->n_kpis; i++) {
        const char *name = schema->kpis[i].name;
        names[n_names++] = name;
        if (strncmp(name, "kpi_", 4) == 0) names[n_names++] = name + 4;
    }
    names[n_names++] = "time";
    return parse_unknown(parser, token, "unknown name", token->text, names, n_names);
}

static lode_status parse_name(struct parser *parser, int32_t *node)
{
    const struct lex_token *token = parser->at++;
    if (token_is(token, "time")) return parse_add(parser, token, expr_node_of(EXPR_START), node);
    if (token_is(token, "true") || token_is(token, "false")) {
        struct expr_node constant = expr_node_of(EXPR_CONSTANT);
        constant.type = EXPR_BOOL;
        constant.number = token_is(token, "true");
        return parse_add(parser, token, constant, node);
    }
    if (parse_is_reserved(token->text))
        return parse_fail(parser, token, "a value belongs here, not '%s'", token->text);
    lode_try(expr_definitions_find(parser->definitions, token->text, node));
    if (*node >= 0) return LODE_OK;
    const int64_t attribute = find_attribute(parser->schema, token->text);
    if (attribute >= 0) return add_attribute(parser, token, attribute, node);
    const int64_t kpi = parse_find_kpi(parser->schema, token->text);
    if (kpi >= 0) return add_kpi(parser, token, kpi, node);
    return unknown_name(parser, token);
}

static lode_status parse_number(struct parser *parser, int32_t *node)
{
    const struct lex_token *token = parser->at++;
    double number = token->number;
    if (token_is(parser->at, "%")) {
        if (token->unit != EXPR_NO_UNIT)
            return parse_fail(parser, parser->at, "a duration has no percents");
        number /= 100.0;
        parser->at++;
    }
    return parse_constant(parser, token, number, token->unit, node);
}

static lode_status parse_primary(struct parser *parser, int32_t *node)
{
    const struct lex_token *token = parser->at;
    if (!parser->schema->of_slots && parse_is_within(token))
        return parse_within(parser, EXPR_EVENT_MATCH, node);
    if (token->kind == LEX_NUMBER) return parse_number(parser, node);
    if (token->kind == LEX_NAME && token_is(token + 1, "(") && !parse_is_reserved(token->text))
        return parse_call(parser, node);
    if (token->kind == LEX_NAME) return parse_name(parser, node);
    if (token->kind == LEX_TEXT)
        return parse_fail(parser, token,
                          "a text stands behind =, !=, in or ~ only, such as in os = 'android'");
    if (parse_take(parser, "(")) {
        lode_try(parse_expression(parser, node));
        return parse_expect(parser, ")");
    }
    if (token->kind == LEX_END) return parse_fail(parser, token, "a value is missing at the end");
    return parse_fail(parser, token, "a value belongs here, not '%s'", token->text);
}

/* A constant takes its sign at once, so that -5 is one node. */
static lode_status parse_sign(struct parser *parser, int32_t *node)
{
    const struct lex_token *token = parser->at;
    int32_t value;
    if (!parse_take(parser, "-")) return parse_primary(parser, node);
    const bool is_number = parser->at->kind == LEX_NUMBER;
    lode_try(parse_enter(parser));
    lode_try(parse_sign(parser, &value));
    parser->depth--;
    if (is_number) {
        const struct expr_node constant = *node_at(parser, value);
        return parse_constant(parser, token, -constant.number, constant.unit, node);
    }
    return parse_add_op(parser, token, EXPR_NEGATE, value, -1, node);
}

static lode_status parse_level(struct parser *parser, enum level level, int32_t *node)
{
    if (level == NOT) return parse_not(parser, node);
    if (level == COMPARE) return parse_comparison(parser, node);
    if (level == SIGN) return parse_sign(parser, node);
    lode_try(parse_level(parser, (enum level)(level + 1), node));
    for (;;) {
        const struct lex_token *token = parser->at;
        const int binary = binary_here(parser, level);
        int32_t right;
        if (binary < 0) return LODE_OK;
        parser->at++;
        lode_try(parse_level(parser, (enum level)(level + 1), &right));
        lode_try(add_binary(parser, token, binary, *node, right, node));
    }
}

lode_status parse_expression(struct parser *parser, int32_t *node)
{
    lode_try(parse_enter(parser));
    lode_try(parse_level(parser, WHEN, node));
    parser->depth--;
    return LODE_OK;
}
