/* Parse patterns: steps, links between them, limits; `a within 10s of b`; occurrences. */
#include "common/expr/language/parse.h"

/* no X between A and B: A => B without X */
static lode_status parse_absence(struct parser *parser, struct expr_step *steps, int32_t *n_steps)
{
    parser->at++;
    lode_try(parse_atom_selector(parser, &steps[1].without));
    lode_try(parse_expect(parser, "between"));
    lode_try(parse_atom_selector(parser, &steps[0].selector));
    lode_try(parse_expect(parser, "and"));
    lode_try(parse_atom_selector(parser, &steps[1].selector));
    steps[1].link = EXPR_LATER;
    *n_steps = 2;
    return LODE_OK;
}

/* The link to the next step, if there is one. */
static bool take_link(struct parser *parser, struct expr_step *before, struct expr_step *step)
{
    if (parse_take(parser, "=>")) {
        step->link = EXPR_LATER;
        return true;
    }
    if (parse_take(parser, "->")) return true;
    if (!parse_take(parser, "until")) return false;
    before->repeats = true;
    return true;
}

static lode_status parse_steps(struct parser *parser, struct expr_step *steps, int32_t *n_steps)
{
    lode_try(parse_atom_selector(parser, &steps[0].selector));
    *n_steps = 1;
    for (;;) {
        const struct lex_token *token = parser->at;
        struct expr_step step = {.without = -1};
        if (!take_link(parser, &steps[*n_steps - 1], &step)) return LODE_OK;
        if (*n_steps == EXPR_STEPS_MAX)
            return parse_fail(parser, token, "a pattern has at most %d steps", (int)EXPR_STEPS_MAX);
        lode_try(parse_atom_selector(parser, &step.selector));
        token = parser->at;
        if (parse_take(parser, "without")) {
            if (step.link == EXPR_NEXT)
                return parse_fail(parser, token,
                                  "'without' is for steps behind =>: nothing lies before the very "
                                  "next event");
            lode_try(parse_atom_selector(parser, &step.without));
        }
        steps[(*n_steps)++] = step;
    }
}

/* Only a pattern that is new keeps its steps. */
static lode_status add_pattern(struct parser *parser, const struct expr_step *steps,
                               int32_t n_steps, int64_t within_ms, int32_t *index)
{
    const struct parse_mark mark = parse_mark(parser);
    struct expr_pattern pattern = {.n_steps = n_steps, .within_ms = within_ms};
    lode_try(lode_take(parser->arena, n_steps, &pattern.steps));
    for (int32_t i = 0; i < n_steps; i++) pattern.steps[i] = steps[i];
    lode_try(expr_add_pattern(parser->builder, pattern, index));
    parse_give_back(parser, mark);
    return LODE_OK;
}

lode_status parse_pattern(struct parser *parser, int32_t *index)
{
    struct expr_step steps[EXPR_STEPS_MAX] = {{0}};
    int32_t n_steps = 0;
    int64_t within_ms = INT64_MAX;
    for (int i = 0; i < EXPR_STEPS_MAX; i++) steps[i].without = -1;
    if (token_is(parser->at, "no"))
        lode_try(parse_absence(parser, steps, &n_steps));
    else
        lode_try(parse_steps(parser, steps, &n_steps));
    if (parse_take(parser, "within")) lode_try(parse_duration(parser, &within_ms));
    return add_pattern(parser, steps, n_steps, within_ms, index);
}

/* Past the closing bracket of the one that opens here; NULL: there is none. */
static const struct lex_token *skip_bracket(const struct lex_token *token, const char *open,
                                            const char *close)
{
    int64_t depth = 0;
    for (; token->kind != LEX_END; token++) {
        depth += token_is(token, open);
        depth -= token_is(token, close);
        if (depth == 0) return token + 1;
    }
    return NULL;
}

bool parse_is_within(const struct lex_token *token)
{
    if (token_is(token, "top") && token_is(token + 1, "(")) token++;
    if (token_is(token, "(")) {
        token = skip_bracket(token, "(", ")");
    } else if (token_is(token, "~") && token[1].kind == LEX_TEXT) {
        token += 2;
    } else if (token->kind == LEX_TEXT) {
        token++;
    } else if (token->kind == LEX_NAME || parse_is_glob_sign(token)) {
        token = parse_word_end(token);
    } else {
        return false;
    }
    if (token && token_is(token, "{")) token = skip_bracket(token, "{", "}");
    return token && token_is(token, "within");
}

lode_status parse_within(struct parser *parser, enum expr_op op, int32_t *node)
{
    const struct lex_token *token = parser->at;
    struct expr_step steps[2] = {{.without = -1}, {.without = -1, .link = EXPR_LATER}};
    struct expr_node made = expr_node_of(op);
    int64_t within_ms = 0;
    int32_t index = -1;
    lode_try(parse_atom_selector(parser, &steps[1].selector));
    lode_try(parse_expect(parser, "within"));
    lode_try(parse_duration(parser, &within_ms));
    lode_try(parse_expect(parser, "of"));
    lode_try(parse_atom_selector(parser, &steps[0].selector));
    lode_try(add_pattern(parser, steps, 2, within_ms, &index));
    made.index = index;
    return parse_add(parser, token, made, node);
}

/* What stands behind the first step of a pattern, but not behind EVENTS. */
static bool goes_on(const struct lex_token *token)
{
    return token_is(token, "->") || token_is(token, "=>") || token_is(token, "until") ||
           token_is(token, "within");
}

lode_status parse_occurrences(struct parser *parser, int32_t *node)
{
    const struct lex_token *token = parser->at;
    struct expr_node made = expr_node_of(EXPR_EVENT_COUNT);
    int32_t index = -1;
    if (parse_is_within(token)) return parse_within(parser, EXPR_EVENT_MATCH_COUNT, node);
    if (!token_is(token, "no")) {
        lode_try(parse_selector(parser, &made.selectors[0]));
        if (!goes_on(parser->at)) return parse_add(parser, token, made, node);
    }
    parser->at = token;
    made = expr_node_of(EXPR_EVENT_MATCH_COUNT);
    lode_try(parse_pattern(parser, &index));
    made.index = index;
    return parse_add(parser, token, made, node);
}
