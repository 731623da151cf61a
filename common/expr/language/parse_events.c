/* Parse events: which events are meant: names, conditions, windows. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/expr/language/parse.h"

static struct expr_selector any_event(void)
{
    return (struct expr_selector){.top = -1, .from = -1, .until = -1};
}

static bool is_plain(const struct expr_selector *selector)
{
    return selector->top < 0 && selector->n_conditions == 0 && selector->window == EXPR_ALWAYS;
}

static lode_status parse_events(struct parser *parser, struct expr_selector *selector);
static lode_status parse_atom(struct parser *parser, struct expr_selector *selector);

/* --- names --- */

bool parse_is_glob_sign(const struct lex_token *token)
{
    return token_is(token, "*") || token_is(token, "?");
}

/* Names, * ? and dots that stand without a blank. */
const struct lex_token *parse_word_end(const struct lex_token *token)
{
    do token++;
    while (token->is_glued && (token->kind == LEX_NAME || token->kind == LEX_NUMBER ||
                               parse_is_glob_sign(token) || token_is(token, ".")));
    return token;
}

static lode_status parse_word(struct parser *parser, uint8_t *names)
{
    const struct lex_token *token = parser->at;
    const struct lex_token *end = parse_word_end(token);
    const struct lex_token *last = end - 1;
    const size_t size = (size_t)(last->source + last->size - token->source);
    char *word;
    lode_try(lode_arena_text(parser->arena, token->source, size, &word));
    if (end == token + 1 && token->kind == LEX_NAME && parse_is_reserved(word))
        return parse_fail(parser, token, "an event belongs here; if '%s' is one, put it in quotes",
                          word);
    parser->at = end;
    return words_find_events(parser, token, strpbrk(word, "*?") ? WORDS_GLOB : WORDS_EXACT, word,
                             names);
}

/* top(N, EVENTS): the events of the N most frequent names among them. */
static lode_status parse_top_names(struct parser *parser, struct expr_selector *selector);

/* A name, a glob, 'quoted', ~'regex' into `selector`, which is any_event. */
static lode_status parse_simple(struct parser *parser, struct expr_selector *selector)
{
    const struct lex_token *token = parser->at;
    if (token_is(token, "any") && parse_word_end(token) == token + 1) {
        parser->at++;
        return LODE_OK;
    }
    if (token_is(token, "top") && token_is(token + 1, "("))
        return parse_top_names(parser, selector);
    lode_try(lode_take_zero(parser->arena, parser->schema->event_names.count, &selector->names));
    if (token->kind == LEX_TEXT) {
        parser->at++;
        return words_find_events(parser, token, WORDS_EXACT, token->text, selector->names);
    }
    if (parse_take(parser, "~")) {
        token = parser->at;
        if (token->kind != LEX_TEXT)
            return parse_fail(parser, token, "a regular expression in single quotes belongs here");
        parser->at++;
        return words_find_events(parser, token, WORDS_REGEX, token->text, selector->names);
    }
    if (token->kind == LEX_NAME || parse_is_glob_sign(token))
        return parse_word(parser, selector->names);
    return parse_fail(parser, token, "an event belongs here%s%.*s%s",
                      token->kind == LEX_END ? "" : ", not '",
                      (int)(token->size > 40 ? 40 : token->size), token->source,
                      token->kind == LEX_END ? "" : "'");
}

/* (EVENTS) or (ATOM | ATOM ...): the names of all. */
static lode_status parse_group(struct parser *parser, struct expr_selector *selector)
{
    lode_try(parse_enter(parser));
    parser->at++;
    lode_try(parse_events(parser, selector));
    while (token_is(parser->at, "|")) {
        struct expr_selector other = any_event();
        const struct lex_token *token = parser->at++;
        lode_try(parse_atom(parser, &other));
        if (!is_plain(selector) || !is_plain(&other))
            return parse_fail(parser, token,
                              "alternatives are names only; conditions and windows of all of them "
                              "stand behind the bracket: (a | b){...}");
        if (!other.names) selector->names = NULL;
        for (int64_t i = 0; selector->names && i < parser->schema->event_names.count; i++)
            selector->names[i] |= other.names[i];
    }
    parser->depth--;
    return parse_expect(parser, ")");
}

/* --- conditions --- */

lode_status parse_event_attribute(struct parser *parser, bool as_number, int64_t *index)
{
    const struct expr_schema *schema = parser->schema;
    const struct lex_token *token = parser->at;
    const char **names;
    if (token->kind != LEX_NAME && token->kind != LEX_TEXT)
        return parse_fail(parser, token, "an attribute of the event belongs here");
    for (*index = 0; *index < schema->n_event_attributes; ++*index)
        if (strcmp(schema->event_attributes[*index].name, token->text) == 0) break;
    if (*index == schema->n_event_attributes) {
        lode_try(lode_take(parser->arena, schema->n_event_attributes, &names));
        for (int64_t i = 0; i < schema->n_event_attributes; i++)
            names[i] = schema->event_attributes[i].name;
        return parse_unknown(parser, token,
                             schema->n_event_attributes
                                 ? "unknown event attribute"
                                 : "the events of the store have no attributes, so no",
                             token->text, names, schema->n_event_attributes);
    }
    if (as_number && !schema->event_attributes[*index].is_number)
        return parse_fail(parser, token, "event attribute '%.80s' is a text, not a number",
                          token->text);
    parser->at++;
    return LODE_OK;
}

static lode_status parse_top_count(struct parser *parser, int64_t *n)
{
    const struct lex_token *token = parser->at;
    if (token->kind != LEX_NUMBER || token->unit != EXPR_NO_UNIT || token->number < 1 ||
        token->number > EXPR_TOP_MAX || token->number != floor(token->number))
        return parse_fail(parser, token, "top takes a count of 1 to 100,000");
    *n = (int64_t)token->number;
    parser->at++;
    return parse_expect(parser, ",");
}

static lode_status parse_top_names(struct parser *parser, struct expr_selector *selector)
{
    struct expr_top top = {.attribute = -1};
    int32_t index;
    lode_try(parse_enter(parser));
    parser->at += 2;
    lode_try(parse_top_count(parser, &top.n));
    lode_try(parse_selector(parser, &top.selector));
    lode_try(parse_expect(parser, ")"));
    parser->depth--;
    lode_try(expr_add_top(parser->builder, top, &index));
    selector->top = index;
    return LODE_OK;
}

/* in top(N, ATTRIBUTE of EVENTS): behind the "(" */
static lode_status parse_top_words(struct parser *parser, struct expr_condition *condition)
{
    struct expr_top top = {0};
    int32_t index;
    lode_try(parse_enter(parser));
    lode_try(parse_top_count(parser, &top.n));
    const struct lex_token *token = parser->at;
    lode_try(parse_event_attribute(parser, false, &top.attribute));
    if (top.attribute != condition->attribute)
        return parse_fail(parser, token, "the words of '%.80s' are not those of '%.80s'",
                          token->text, parser->schema->event_attributes[condition->attribute].name);
    lode_try(parse_expect(parser, "of"));
    lode_try(parse_selector(parser, &top.selector));
    lode_try(parse_expect(parser, ")"));
    parser->depth--;
    lode_try(expr_add_top(parser->builder, top, &index));
    condition->top = index;
    return LODE_OK;
}

static lode_status parse_bound(struct parser *parser, double *bound)
{
    const bool negative = parse_take(parser, "-");
    const struct lex_token *token = parser->at;
    if (token->kind != LEX_NUMBER) return parse_fail(parser, token, "a number belongs here");
    if (token->unit != EXPR_NO_UNIT)
        return parse_fail(parser, token,
                          "an event attribute is a plain number, it is not compared with a "
                          "duration");
    parser->at++;
    *bound = negative ? -token->number : token->number;
    if (parse_take(parser, "%")) *bound /= 100.0;
    return LODE_OK;
}

/* = < <= > >= NUMBER as an interval. */
static lode_status parse_interval(struct parser *parser, struct expr_condition *condition)
{
    static const char *const signs[] = {"<", "<=", ">", ">=", "="};
    const struct lex_token *token = parser->at;
    size_t sign = 0;
    double bound = 0.0;
    while (sign < 5 && !token_is(token, signs[sign])) sign++;
    if (sign == 5)
        return parse_fail(parser, token, "a number of an event is tested by <, <=, >, >= or =%s",
                          token_is(token, "!=") ? ", not by !=" : "");
    parser->at++;
    lode_try(parse_bound(parser, &bound));
    if (sign <= 1) condition->high = sign == 0 ? nextafter(bound, -HUGE_VAL) : bound;
    if (sign == 2 || sign == 3) condition->low = sign == 2 ? nextafter(bound, HUGE_VAL) : bound;
    if (sign == 4) condition->low = condition->high = bound;
    return LODE_OK;
}

static lode_status take_words(struct parser *parser, struct expr_condition *condition)
{
    condition->n_words = parser->schema->event_attributes[condition->attribute].words.count;
    return lode_take_zero(parser->arena, condition->n_words + 1, &condition->words);
}

/* [not] is_missing(ATTRIBUTE) */
static lode_status parse_missing(struct parser *parser, struct expr_condition *condition)
{
    const bool negated = parse_take(parser, "not");
    const struct lex_token *token = parser->at;
    if (!parse_take(parser, "is_missing"))
        return parse_fail(parser, token, "is_missing(...) belongs behind this 'not'");
    lode_try(parse_expect(parser, "("));
    lode_try(parse_event_attribute(parser, false, &condition->attribute));
    lode_try(parse_expect(parser, ")"));
    if (parser->schema->event_attributes[condition->attribute].is_number) {
        if (negated) return LODE_OK; /* any number */
        return parse_fail(parser, token,
                          "a number of an event can be tested not to be missing, "
                          "not to be missing");
    }
    lode_try(take_words(parser, condition));
    memset(condition->words, negated, (size_t)condition->n_words);
    condition->words[condition->n_words] = !negated;
    return LODE_OK;
}

static lode_status parse_condition(struct parser *parser, struct expr_condition *condition)
{
    struct word_test test = {0};
    *condition = (struct expr_condition){.top = -1, .low = -HUGE_VAL, .high = HUGE_VAL};
    if (token_is(parser->at, "not") ||
        (token_is(parser->at, "is_missing") && token_is(parser->at + 1, "(")))
        return parse_missing(parser, condition);
    const struct lex_token *token = parser->at;
    test.lower = token_is(token, "lower") && token_is(token + 1, "(");
    if (test.lower) parser->at += 2;
    lode_try(parse_event_attribute(parser, false, &condition->attribute));
    if (test.lower) lode_try(parse_expect(parser, ")"));
    const struct expr_event_attribute *attribute =
        &parser->schema->event_attributes[condition->attribute];
    if (attribute->is_number && test.lower)
        return parse_fail(parser, token, "'lower' takes a text");
    if (attribute->is_number) return parse_interval(parser, condition);
    if (token_is(parser->at, "in") && token_is(parser->at + 1, "top") &&
        token_is(parser->at + 2, "(") && !test.lower) {
        parser->at += 3;
        return parse_top_words(parser, condition);
    }
    lode_try(parse_word_test(parser, &test));
    lode_try(take_words(parser, condition));
    return words_test(parser, &test, &attribute->words, condition->words);
}

/* Two conditions on one attribute are one: the words, the interval that both allow. */
static bool merge(struct expr_condition *into, const struct expr_condition *from)
{
    if (into->attribute != from->attribute || into->top >= 0 || from->top >= 0) return false;
    for (int64_t i = 0; into->words && from->words && i <= into->n_words; i++)
        into->words[i] &= from->words[i];
    into->low = fmax(into->low, from->low);
    into->high = fmin(into->high, from->high);
    return true;
}

static bool comes_before(const struct expr_condition *a, const struct expr_condition *b)
{
    return a->attribute != b->attribute ? a->attribute < b->attribute : a->top < b->top;
}

/* Conditions lie in order of attribute, so that equal selectors are equal. */
static lode_status add_condition(struct parser *parser, struct expr_selector *selector,
                                 const struct expr_condition *condition)
{
    const int32_t count = selector->n_conditions;
    struct expr_condition *longer;
    int32_t at = 0;
    for (int32_t i = 0; i < count; i++)
        if (merge(&selector->conditions[i], condition)) return LODE_OK;
    lode_try(lode_take(parser->arena, count + 1, &longer));
    while (at < count && comes_before(&selector->conditions[at], condition)) at++;
    for (int32_t i = 0; i < count; i++) longer[i + (i >= at)] = selector->conditions[i];
    longer[at] = *condition;
    selector->conditions = longer;
    selector->n_conditions = count + 1;
    return LODE_OK;
}

static lode_status parse_conditions(struct parser *parser, struct expr_selector *selector)
{
    const struct lex_token *brace = parser->at - 1;
    do {
        struct expr_condition condition;
        lode_try(parse_condition(parser, &condition));
        lode_try(add_condition(parser, selector, &condition));
        if (selector->n_conditions > EXPR_CONDITIONS_MAX)
            return parse_fail(parser, brace, "an event has more than 64 conditions");
    } while (parse_take(parser, "and"));
    return parse_expect(parser, "}");
}

/* --- events with conditions and windows --- */

/* A name or a group, with its conditions. */
static lode_status parse_atom(struct parser *parser, struct expr_selector *selector)
{
    if (token_is(parser->at, "("))
        lode_try(parse_group(parser, selector));
    else
        lode_try(parse_simple(parser, selector));
    const struct lex_token *token = parser->at;
    if (!parse_take(parser, "{")) return LODE_OK;
    if (selector->window != EXPR_ALWAYS)
        return parse_fail(parser, token, "conditions stand before the window");
    return parse_conditions(parser, selector);
}

lode_status parse_atom_selector(struct parser *parser, int32_t *index)
{
    const struct parse_mark mark = parse_mark(parser);
    struct expr_selector selector = any_event();
    lode_try(parse_atom(parser, &selector));
    lode_try(expr_add_selector(parser->builder, selector, index));
    parse_give_back(parser, mark);
    return LODE_OK;
}

/* ATOM [before ATOM | after ATOM | between ATOM and ATOM] */
static lode_status parse_events(struct parser *parser, struct expr_selector *selector)
{
    lode_try(parse_atom(parser, selector));
    const struct lex_token *token = parser->at;
    enum expr_window window = EXPR_ALWAYS;
    if (parse_take(parser, "before"))
        window = EXPR_BEFORE;
    else if (parse_take(parser, "after"))
        window = EXPR_AFTER;
    else if (parse_take(parser, "between"))
        window = EXPR_BETWEEN;
    if (window == EXPR_ALWAYS) return LODE_OK;
    if (selector->window != EXPR_ALWAYS)
        return parse_fail(parser, token, "these events have a window already");
    lode_try(parse_atom_selector(parser, &selector->from));
    if (window == EXPR_BETWEEN) {
        lode_try(parse_expect(parser, "and"));
        lode_try(parse_atom_selector(parser, &selector->until));
    }
    selector->window = window;
    return LODE_OK;
}

lode_status parse_selector(struct parser *parser, int32_t *index)
{
    const struct parse_mark mark = parse_mark(parser);
    struct expr_selector selector = any_event();
    lode_try(parse_events(parser, &selector));
    lode_try(expr_add_selector(parser->builder, selector, index));
    parse_give_back(parser, mark);
    return LODE_OK;
}
