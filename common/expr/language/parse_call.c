/* Parse call: functions. One table names each with what reads its arguments. */
#include <math.h>
#include <string.h>

#include "common/expr/language/parse.h"
#include "common/expr/op.h"
#include "common/text.h"

/* At the first token behind the opening bracket; reads the closing one too. */
typedef lode_status (*call_fn)(struct parser *parser, const struct lex_token *name, enum expr_op op,
                               int32_t *node);

static lode_status wrong_count(struct parser *parser, const struct lex_token *name, int32_t wanted)
{
    return parse_fail(parser, name, "'%s' takes %d %s", name->text, (int)wanted,
                      wanted == 1 ? "argument" : "arguments");
}

/* Expressions, as many as the operator has. */
static lode_status of_values(struct parser *parser, const struct lex_token *name, enum expr_op op,
                             int32_t *node)
{
    struct expr_node made = expr_node_of(op);
    const int32_t wanted = (int32_t)strlen(expr_op_about(op)->args);
    for (int32_t i = 0; i < wanted; i++) {
        if (token_is(parser->at, ")") || (i && !parse_take(parser, ",")))
            return wrong_count(parser, name, wanted);
        lode_try(parse_expression(parser, &made.args[i]));
    }
    if (token_is(parser->at, ",") || (wanted == 0 && !token_is(parser->at, ")")))
        return wrong_count(parser, name, wanted);
    lode_try(parse_expect(parser, ")"));
    return parse_add(parser, name, made, node);
}

/* min and max: of two or more, from the left. */
static lode_status of_several(struct parser *parser, const struct lex_token *name, enum expr_op op,
                              int32_t *node)
{
    int32_t value;
    int64_t n_values = 1;
    lode_try(parse_expression(parser, node));
    for (; parse_take(parser, ","); n_values++) {
        lode_try(parse_expression(parser, &value));
        lode_try(parse_add_op(parser, name, op, *node, value, node));
    }
    if (n_values < 2) return parse_fail(parser, name, "'%s' takes 2 or more arguments", name->text);
    return parse_expect(parser, ")");
}

/* number(text): each word as a number; missing where it is none. */
static lode_status number(struct parser *parser, const struct lex_token *name, enum expr_op op,
                          int32_t *node)
{
    struct expr_node made = expr_node_of(op);
    lode_try(parse_expression(parser, &made.args[0]));
    if (token_is(parser->at, ",")) return wrong_count(parser, name, 1);
    lode_try(parse_expect(parser, ")"));
    const struct expr_node *text = &expr_builder_graph(parser->builder)->nodes[made.args[0]];
    if (text->type != EXPR_TEXT)
        return parse_fail(parser, name, "'number' takes a text, not a %s",
                          expr_type_name(text->type, text->unit));
    const struct lode_dictionary *words = &parser->schema->attributes[text->index].dictionary;
    lode_try(lode_take(parser->arena, words->count, &made.table));
    made.n_table = words->count;
    for (int64_t i = 0; i < words->count; i++)
        if (!lode_text_to_f64(words->words[i], strlen(words->words[i]), &made.table[i]))
            made.table[i] = (double)NAN;
    return parse_add(parser, name, made, node);
}

static lode_status quoted(struct parser *parser, const struct lex_token *name,
                          const struct lex_token **token)
{
    *token = parser->at;
    if ((*token)->kind != LEX_TEXT)
        return parse_fail(parser, *token, "'%s' takes a text in single quotes", name->text);
    parser->at++;
    return parse_expect(parser, ")");
}

static lode_status attribute(struct parser *parser, const struct lex_token *name, enum expr_op op,
                             int32_t *node)
{
    const struct lex_token *token;
    lode_try(quoted(parser, name, &token));
    return op == EXPR_KPI ? parse_kpi(parser, token, node) : parse_attribute(parser, token, node);
}

/* date('2026-11-21T10:00'): a time; UTC without an offset. */
static lode_status date(struct parser *parser, const struct lex_token *name, enum expr_op op,
                        int32_t *node)
{
    const struct lex_token *token;
    int64_t time_ms;
    (void)op;
    lode_try(quoted(parser, name, &token));
    if (!lode_text_iso_to_ms(token->text, strlen(token->text), &time_ms))
        return parse_fail(parser, token,
                          "'%.80s' is no time: write '2026-11-21' or '2026-11-21T10:17:31+01:00'",
                          token->text);
    return parse_constant(parser, token, (double)time_ms, EXPR_TIME, node);
}

static lode_status of_events(struct parser *parser, const struct lex_token *name, enum expr_op op,
                             int32_t *node)
{
    struct expr_node made = expr_node_of(op);
    lode_try(parse_selector(parser, &made.selectors[0]));
    if (expr_op_about(op)->n_selectors == 2) {
        lode_try(parse_expect(parser, op == EXPR_EVENT_GAP ? "," : ".."));
        lode_try(parse_selector(parser, &made.selectors[1]));
    }
    lode_try(parse_expect(parser, ")"));
    return parse_add(parser, name, made, node);
}

/* has(EVENTS): 0 < count(EVENTS) */
static lode_status has(struct parser *parser, const struct lex_token *name, enum expr_op op,
                       int32_t *node)
{
    int32_t zero, count;
    lode_try(of_events(parser, name, op, &count));
    lode_try(parse_constant(parser, name, 0.0, EXPR_NO_UNIT, &zero));
    return parse_add_op(parser, name, EXPR_LESS, zero, count, node);
}

static lode_status of_pattern(struct parser *parser, const struct lex_token *name, enum expr_op op,
                              int32_t *node)
{
    struct expr_node made = expr_node_of(op);
    int32_t pattern;
    lode_try(parse_pattern(parser, &pattern));
    lode_try(parse_expect(parser, ")"));
    made.index = pattern;
    return parse_add(parser, name, made, node);
}

/* --- counters of other sources --- */

static lode_status find_in(struct parser *parser, const struct lex_token *token, const char *what,
                           const struct lode_dictionary *words, int64_t *index)
{
    for (*index = 0; *index < words->count; ++*index)
        if (strcmp(words->words[*index], token->text) == 0) return LODE_OK;
    return parse_unknown(parser, token, what, token->text, (const char *const *)words->words,
                         words->count);
}

static lode_status find_source(struct parser *parser, const struct lex_token *token, int64_t *index)
{
    const struct expr_schema *schema = parser->schema;
    const char **names;
    for (*index = 0; *index < schema->n_sources; ++*index)
        if (strcmp(schema->sources[*index].name, token->text) == 0) return LODE_OK;
    lode_try(lode_take(parser->arena, schema->n_sources, &names));
    for (int64_t i = 0; i < schema->n_sources; i++) names[i] = schema->sources[i].name;
    return parse_unknown(parser, token,
                         schema->n_sources ? "unknown source" : "the run has no sources, so no",
                         token->text, names, schema->n_sources);
}

/* A name, bare or quoted. */
static lode_status word(struct parser *parser, const char *what, const struct lex_token **token)
{
    *token = parser->at;
    if ((*token)->kind != LEX_NAME && (*token)->kind != LEX_TEXT)
        return parse_fail(parser, *token, "%s belongs here", what);
    parser->at++;
    return LODE_OK;
}

/* ['node-1'] or [attribute]; nothing where the source has one component. */
static lode_status parse_component(struct parser *parser, const struct lex_token *name,
                                   const struct expr_source *source, struct expr_series *series)
{
    const struct lex_token *token;
    int32_t node;
    if (!parse_take(parser, "[")) {
        series->component = 0;
        if (source->components.count == 1) return LODE_OK;
        return parse_fail(parser, name,
                          "source '%.80s' has %lld components: write %.80s['NAME'], or "
                          "%.80s[attribute] for the one that the session names",
                          name->text, (long long)source->components.count, name->text, name->text);
    }
    lode_try(word(parser, "a component in quotes, or an attribute,", &token));
    if (token->kind == LEX_TEXT) {
        lode_try(
            find_in(parser, token, "unknown component", &source->components, &series->component));
    } else {
        const bool is_odd = token_is(token, "attribute") && parse_take(parser, "(");
        if (is_odd) lode_try(quoted(parser, token, &token));
        lode_try(parse_attribute(parser, token, &node));
        series->by = expr_builder_graph(parser->builder)->nodes[node].index;
    }
    return parse_expect(parser, "]");
}

/* SOURCE[COMPONENT].COUNTER */
static lode_status parse_series(struct parser *parser, struct expr_series *series)
{
    const struct lex_token *name, *counter;
    lode_try(word(parser, "a source or an event attribute", &name));
    lode_try(find_source(parser, name, &series->source));
    const struct expr_source *source = &parser->schema->sources[series->source];
    lode_try(parse_component(parser, name, source, series));
    lode_try(parse_expect(parser, "."));
    lode_try(word(parser, "a counter", &counter));
    return find_in(parser, counter, "unknown counter", &source->counters, &series->counter);
}

/* sum, mean, least, most, at: ATTRIBUTE of EVENTS, or SERIES. `op` is that of events. */
static lode_status measure(struct parser *parser, const struct lex_token *name, enum expr_op op,
                           int32_t *node)
{
    static const enum expr_op of_series[] = {[EXPR_EVENT_SUM] = EXPR_SERIES_SUM,
                                             [EXPR_EVENT_MEAN] = EXPR_SERIES_MEAN,
                                             [EXPR_EVENT_LEAST] = EXPR_SERIES_LEAST,
                                             [EXPR_EVENT_MOST] = EXPR_SERIES_MOST,
                                             [EXPR_SERIES_AT] = EXPR_SERIES_AT};
    enum { FIVE_MINUTES = 300000 };
    struct expr_node made = expr_node_of(op);
    int32_t index;
    if (op != EXPR_SERIES_AT && parser->at->kind != LEX_END && token_is(parser->at + 1, "of")) {
        lode_try(parse_event_attribute(parser, true, &made.index));
        lode_try(parse_expect(parser, "of"));
        lode_try(parse_selector(parser, &made.selectors[0]));
    } else {
        struct expr_series series = {.component = -1, .by = -1};
        lode_try(parse_series(parser, &series));
        if (op == EXPR_SERIES_AT) series.max_age_ms = FIVE_MINUTES;
        if (op == EXPR_SERIES_AT && parse_take(parser, "within"))
            lode_try(parse_duration(parser, &series.max_age_ms));
        lode_try(expr_add_series(parser->builder, series, &index));
        made.op = of_series[op];
        made.index = index;
    }
    lode_try(parse_expect(parser, ")"));
    return parse_add(parser, name, made, node);
}

/* mean, most, least, sum in a language of slots: COUNTER within DURATION. `op` is that of events.
 */
static lode_status span(struct parser *parser, const struct lex_token *name, enum expr_op op,
                        int32_t *node)
{
    static const enum expr_op of_spans[] = {[EXPR_EVENT_SUM] = EXPR_SPAN_SUM,
                                            [EXPR_EVENT_MEAN] = EXPR_SPAN_MEAN,
                                            [EXPR_EVENT_LEAST] = EXPR_SPAN_LEAST,
                                            [EXPR_EVENT_MOST] = EXPR_SPAN_MOST};
    struct expr_node made = expr_node_of(of_spans[op]);
    const struct lex_token *counter = parser->at, *length;
    int64_t length_ms;
    lode_try(parse_expression(parser, &made.args[0]));
    if (expr_builder_graph(parser->builder)->nodes[made.args[0]].op != EXPR_KPI)
        return parse_fail(parser, counter, "'%s' takes one counter, such as %s(cpu within 15m)",
                          name->text, name->text);
    lode_try(parse_expect(parser, "within"));
    length = parser->at;
    lode_try(parse_duration(parser, &length_ms));
    lode_try(parse_constant(parser, length, (double)length_ms, EXPR_MS, &made.args[1]));
    lode_try(parse_expect(parser, ")"));
    return parse_add(parser, name, made, node);
}

/* Which languages have a function. */
enum speech { OF_BOTH, OF_SESSIONS, OF_SLOTS };

static const struct {
    const char *name;
    call_fn parse;
    enum expr_op op;
    enum speech of;
} calls[] = {
    {"hour", of_values, EXPR_HOUR, OF_BOTH},
    {"minute", of_values, EXPR_MINUTE, OF_BOTH},
    {"weekday", of_values, EXPR_WEEKDAY, OF_BOTH},
    {"day", of_values, EXPR_DAY, OF_BOTH},
    {"month", of_values, EXPR_MONTH, OF_BOTH},
    {"abs", of_values, EXPR_ABS, OF_BOTH},
    {"min", of_several, EXPR_MIN, OF_BOTH},
    {"max", of_several, EXPR_MAX, OF_BOTH},
    {"if", of_values, EXPR_IF, OF_BOTH},
    {"is_missing", of_values, EXPR_IS_MISSING, OF_BOTH},
    {"number", number, EXPR_WORD_TABLE, OF_SESSIONS},
    {"date", date, EXPR_CONSTANT, OF_BOTH},
    {"attribute", attribute, EXPR_ATTRIBUTE, OF_SESSIONS},
    {"kpi", attribute, EXPR_KPI, OF_SESSIONS},
    {"session_index", of_values, EXPR_SESSION_INDEX, OF_SESSIONS},
    {"since_previous", of_values, EXPR_SINCE_PREVIOUS, OF_BOTH},
    {"user_sessions", of_values, EXPR_USER_SESSIONS, OF_SESSIONS},
    {"user_max_gap", of_values, EXPR_USER_MAX_GAP, OF_SESSIONS},
    {"previous", of_values, EXPR_PREVIOUS, OF_BOTH},
    {"duration", of_values, EXPR_EVENT_DURATION, OF_SESSIONS},
    {"count", of_events, EXPR_EVENT_COUNT, OF_SESSIONS},
    {"has", has, EXPR_EVENT_COUNT, OF_SESSIONS},
    {"first", of_events, EXPR_EVENT_FIRST, OF_SESSIONS},
    {"last", of_events, EXPR_EVENT_LAST, OF_SESSIONS},
    {"gap", of_events, EXPR_EVENT_GAP, OF_SESSIONS},
    {"time_in", of_events, EXPR_EVENT_STATE_TIME, OF_SESSIONS},
    {"matches", of_pattern, EXPR_EVENT_MATCH, OF_SESSIONS},
    {"count_matches", of_pattern, EXPR_EVENT_MATCH_COUNT, OF_SESSIONS},
    {"sum", measure, EXPR_EVENT_SUM, OF_SESSIONS},
    {"mean", measure, EXPR_EVENT_MEAN, OF_SESSIONS},
    {"least", measure, EXPR_EVENT_LEAST, OF_SESSIONS},
    {"most", measure, EXPR_EVENT_MOST, OF_SESSIONS},
    {"at", measure, EXPR_SERIES_AT, OF_SESSIONS},
    {"counter", attribute, EXPR_KPI, OF_SLOTS},
    {"sum", span, EXPR_EVENT_SUM, OF_SLOTS},
    {"mean", span, EXPR_EVENT_MEAN, OF_SLOTS},
    {"least", span, EXPR_EVENT_LEAST, OF_SLOTS},
    {"most", span, EXPR_EVENT_MOST, OF_SLOTS},
};
enum { CALLS = sizeof calls / sizeof *calls };

/* Is it a function of this schema's language? */
static bool has_call(const struct parser *parser, int call)
{
    return calls[call].of != (parser->schema->of_slots ? OF_SESSIONS : OF_SLOTS);
}

lode_status parse_call(struct parser *parser, int32_t *node)
{
    const struct lex_token *name = parser->at;
    const char *names[CALLS + 1];
    int64_t n_names = 0;
    bool is_elsewhere = false;
    for (int i = 0; i < CALLS; i++) {
        const bool is_named = strcmp(calls[i].name, name->text) == 0;
        is_elsewhere = is_elsewhere || is_named;
        if (!has_call(parser, i)) continue;
        names[n_names++] = calls[i].name;
        if (!is_named) continue;
        parser->at += 2;
        lode_try(parse_enter(parser));
        lode_try(calls[i].parse(parser, name, calls[i].op, node));
        parser->depth--;
        return LODE_OK;
    }
    if (is_elsewhere && parser->schema->of_slots)
        return parse_fail(parser, name,
                          "'%s' speaks of sessions and events; a rule is of counters, slot by slot",
                          name->text);
    names[n_names++] = "lower"; /* read by the comparison that it must be part of */
    if (strcmp(name->text, "lower") == 0)
        return parse_fail(parser, name, "'lower' is for tests only, such as lower(os) = 'android'");
    return parse_unknown(parser, name, "unknown function", name->text, names, n_names);
}
