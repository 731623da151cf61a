/* Parse, inside the language: what the parts of the parser share.
 *
 * Recursive descent without a tree: what is read becomes nodes of the graph at once, typed as they
 * are added, so an error is found at the token that makes it. parse.c has operators and names,
 * parse_call.c functions, parse_events.c events, parse_patterns.c
 * patterns, words.c tests on texts.
 */
#ifndef LODE_COMMON_EXPR_PARSE_H
#define LODE_COMMON_EXPR_PARSE_H

#include "common/expr/expr.h"
#include "common/expr/language/definitions.h"
#include "common/expr/language/lex.h"

enum { PARSE_DEPTH_MAX = 64 };

struct parser {
    const struct expr_schema *schema;
    struct expr_definitions *definitions;
    const struct expr_definition *definition;
    struct expr_builder *builder;
    struct lode_arena *arena;
    const struct lex_token *at; /* the next token */
    int depth;
};

/* --- parser.c: tokens and errors --- */

/* LODE_E_USAGE "file:line:column: ..." at a token. */
LODE_CHECKED lode_status parse_fail(struct parser *parser, const struct lex_token *token,
                                    const char *format, ...) LODE_PRINTF(3, 4);
/* "WHAT 'WORD', did you mean 'NEAREST'?" with the nearest of `count` candidates, if one is near. */
LODE_CHECKED lode_status parse_unknown(struct parser *parser, const struct lex_token *token,
                                       const char *what, const char *word,
                                       const char *const *candidates, int64_t count);
/* Is the token this sign or word? */
bool token_is(const struct lex_token *token, const char *text);
/* Goes past it if it is. */
bool parse_take(struct parser *parser, const char *text);
LODE_CHECKED lode_status parse_expect(struct parser *parser, const char *text);
/* One level deeper, at a token; who leaves it takes one off parser->depth. */
LODE_CHECKED lode_status parse_enter(struct parser *parser);
/* Adds a node; what does not fit is told at `token`. */
LODE_CHECKED lode_status parse_add(struct parser *parser, const struct lex_token *token,
                                   struct expr_node node, int32_t *index);
/* The same of an operator of one or two arguments (b -1: one). */
LODE_CHECKED lode_status parse_add_op(struct parser *parser, const struct lex_token *token,
                                      enum expr_op op, int32_t a, int32_t b, int32_t *index);
LODE_CHECKED lode_status parse_constant(struct parser *parser, const struct lex_token *token,
                                        double number, enum expr_unit unit, int32_t *index);
/* "30s": at most 100,000 weeks. */
LODE_CHECKED lode_status parse_duration(struct parser *parser, int64_t *duration_ms);
/* A state to which parse_give_back gives back the memory taken since, if that made nothing new: so
 * definitions that are alike cost little. */
struct parse_mark {
    struct lode_arena_mark arena;
    struct expr_builder_mark builder;
};
struct parse_mark parse_mark(const struct parser *parser);
void parse_give_back(struct parser *parser, struct parse_mark mark);
/* Is it a word of the language, which no definition or bare event name can be? */
bool parse_is_reserved(const char *word);
/* Letters, digits and _, not a digit first? */
bool parse_is_name(const char *text);

/* --- the grammar --- */

LODE_CHECKED lode_status parse_expression(struct parser *parser, int32_t *node);
/* NAME "(" ...: at the name. */
LODE_CHECKED lode_status parse_call(struct parser *parser, int32_t *node);
/* A name of the schema or of a definition, as written or quoted. */
LODE_CHECKED lode_status parse_attribute(struct parser *parser, const struct lex_token *token,
                                         int32_t *node);
LODE_CHECKED lode_status parse_kpi(struct parser *parser, const struct lex_token *token,
                                   int32_t *node);
/* Index of the KPI `name`, with or without "kpi_"; -1: none. */
int64_t parse_find_kpi(const struct expr_schema *schema, const char *name);

/* EVENTS, with a window. */
LODE_CHECKED lode_status parse_selector(struct parser *parser, int32_t *selector);
/* The same without a window. */
LODE_CHECKED lode_status parse_atom_selector(struct parser *parser, int32_t *selector);
/* * or ? */
bool parse_is_glob_sign(const struct lex_token *token);
/* One past the tokens of a bare name or glob that begins here. */
const struct lex_token *parse_word_end(const struct lex_token *token);
LODE_CHECKED lode_status parse_pattern(struct parser *parser, int32_t *pattern);
/* Do events begin here that `within` follows? */
bool parse_is_within(const struct lex_token *token);
/* EVENTS within DURATION of EVENTS, as EXPR_EVENT_MATCH or EXPR_EVENT_MATCH_COUNT. */
LODE_CHECKED lode_status parse_within(struct parser *parser, enum expr_op op, int32_t *node);
/* EVENTS or a pattern, as the count of its occurrences. */
LODE_CHECKED lode_status parse_occurrences(struct parser *parser, int32_t *node);
/* Index of an event attribute; a number if `as_number`, else either. */
LODE_CHECKED lode_status parse_event_attribute(struct parser *parser, bool as_number,
                                               int64_t *index);

/* --- words.c: tests on texts --- */

struct word_test {
    const char **texts; /* [n_texts] any of these, ... */
    int64_t n_texts;
    const char *regex; /* ... or matches this */
    bool negated;
    bool lower; /* compare in small letters */
    const struct lex_token *token;
};
/* Does a test on a text begin here? */
bool parse_is_word_test(const struct lex_token *token);
/* = 'x', != 'x', in {'x', ...}, not in {...}, ~ 'regex', !~ 'regex' */
LODE_CHECKED lode_status parse_word_test(struct parser *parser, struct word_test *test);
/* holds [count]: 1 for each word for which the test holds, else 0. */
LODE_CHECKED lode_status words_test(struct parser *parser, const struct word_test *test,
                                    const struct lode_dictionary *words, uint8_t *holds);
/* Sets a 1 for each word that is exactly this; that the glob, the regular expression matches. Fails
 * at the token if there is none: "no event ...". */
enum words_by { WORDS_EXACT, WORDS_GLOB, WORDS_REGEX };
LODE_CHECKED lode_status words_find_events(struct parser *parser, const struct lex_token *token,
                                           enum words_by by, const char *text, uint8_t *names);

#endif
