/* Words: tests on texts, worked out once for each word of a dictionary when an expression is read;
 * and which event names a word, a glob or a regular expression means.
 *
 * Regular expressions are POSIX extended ones, over bytes. Definitions may come from anybody, and
 * regcomp copies what is repeated: so repeats are weighed before it is asked, and references back
 * to groups, which take exponential time, are refused.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/expr/language/parse.h"
#include "common/text.h"

enum { REGEX_BYTES = 1000, REGEX_WEIGHT = 1000, GROUPS_MAX = 32 };

/* --- regular expressions --- */

struct weigh {
    int64_t sums[GROUPS_MAX]; /* weight of each open group so far */
    int depth;
    int64_t last; /* of the item that a repeat would repeat */
};

/* Past a bracket expression that begins at `at`. */
static const char *skip_set(const char *at)
{
    at++;
    if (*at == '^') at++;
    if (*at == ']') at++;
    while (*at && *at != ']') {
        if (*at == '[' && (at[1] == ':' || at[1] == '.' || at[1] == '=')) {
            const char kind = at[1];
            at += 2;
            while (*at && !(at[0] == kind && at[1] == ']')) at++;
            if (*at) at++;
        }
        if (*at) at++;
    }
    return *at ? at + 1 : at;
}

static void put(struct weigh *weigh, int64_t weight)
{
    weigh->last = weight;
    weigh->sums[weigh->depth] += weight;
}

/* A repeat of up to `times`: the last item that many times instead of once. */
static void repeat(struct weigh *weigh, int64_t times)
{
    weigh->sums[weigh->depth] += weigh->last * (times - 1);
    weigh->last *= times;
}

/* The largest number in {n,m}; *at goes to its end. */
static int64_t repeat_limit(const char **at)
{
    int64_t largest = 1, number = 0;
    const char *end = *at + 1;
    for (; *end && *end != '}'; end++) {
        if (*end >= '0' && *end <= '9') {
            number = number * 10 + (*end - '0');
            if (number > REGEX_WEIGHT) number = REGEX_WEIGHT;
        } else {
            number = 0;
        }
        if (number > largest) largest = number;
    }
    *at = *end ? end + 1 : end;
    return largest + 1;
}

/* What is wrong with a regular expression, before it is compiled; NULL: nothing. */
static const char *regex_fault(const char *regex)
{
    struct weigh weigh = {0};
    const char *at = regex;
    if (strlen(regex) > REGEX_BYTES) return "longer than 1,000 bytes";
    while (*at) {
        if (weigh.sums[weigh.depth] > REGEX_WEIGHT) return "it repeats too much";
        if (*at == '[') {
            put(&weigh, 1);
            at = skip_set(at);
            continue;
        }
        if (*at == '{') {
            repeat(&weigh, repeat_limit(&at));
            continue;
        }
        if (*at == '\\' && at[1] >= '1' && at[1] <= '9') return "there are no references to groups";
        if (*at == '\\' && at[1])
            at++;
        else if (*at == '*' || *at == '+' || *at == '?') {
            repeat(&weigh, 2);
            at++;
            continue;
        } else if (*at == '(') {
            if (++weigh.depth >= GROUPS_MAX) return "more than 31 groups inside each other";
            weigh.sums[weigh.depth] = 1;
            at++;
            continue;
        } else if (*at == ')' && weigh.depth > 0) {
            const int64_t inside = weigh.sums[weigh.depth--];
            put(&weigh, inside);
            at++;
            continue;
        }
        put(&weigh, 1);
        at++;
    }
    return weigh.sums[weigh.depth] > REGEX_WEIGHT ? "it repeats too much" : NULL;
}

static lode_status compile(struct parser *parser, const struct lex_token *token, const char *text,
                           regex_t *regex)
{
    char reason[EXPR_REASON_BYTES];
    const char *fault = regex_fault(text);
    if (fault) return parse_fail(parser, token, "regular expression '%.80s': %s", text, fault);
    const int error = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);
    if (error == 0) return LODE_OK;
    regerror(error, regex, reason, sizeof reason);
    return parse_fail(parser, token, "regular expression '%.80s': %s", text, reason);
}

/* --- tests --- */

/* = and != are word tests where a quoted text follows; else two values are compared. */
bool parse_is_word_test(const struct lex_token *token)
{
    if (token_is(token, "=") || token_is(token, "!=")) return token[1].kind == LEX_TEXT;
    if (token_is(token, "not")) token++;
    return token_is(token, "in") || token_is(token, "~") || token_is(token, "!~");
}

static lode_status parse_text(struct parser *parser, const char **text)
{
    if (parser->at->kind != LEX_TEXT)
        return parse_fail(parser, parser->at, "a text in single quotes belongs here");
    *text = parser->at->text;
    parser->at++;
    return LODE_OK;
}

static lode_status parse_list(struct parser *parser, struct word_test *test)
{
    int64_t room = 0;
    lode_try(parse_expect(parser, "{"));
    for (const struct lex_token *token = parser->at; token->kind == LEX_TEXT; token += 2) {
        room++;
        if (!token_is(token + 1, ",")) break;
    }
    lode_try(lode_take(parser->arena, room + 1, &test->texts));
    if (parse_take(parser, "}")) return LODE_OK;
    do {
        const char *text = NULL;
        lode_try(parse_text(parser, &text));
        test->texts[test->n_texts++] = text;
    } while (parse_take(parser, ","));
    return parse_expect(parser, "}");
}

lode_status parse_word_test(struct parser *parser, struct word_test *test)
{
    const struct lex_token *token = parser->at;
    test->token = token;
    test->negated = parse_take(parser, "not");
    if (parse_take(parser, "in")) return parse_list(parser, test);
    if (parse_take(parser, "~")) {
        test->token = parser->at;
        return parse_text(parser, &test->regex);
    }
    if (test->negated)
        return parse_fail(parser, parser->at, "'in' or '~' belongs behind this 'not'");
    if (parse_take(parser, "!~")) {
        test->negated = true;
        test->token = parser->at;
        return parse_text(parser, &test->regex);
    }
    test->negated = token_is(token, "!=");
    if (!parse_take(parser, "=") && !parse_take(parser, "!="))
        return parse_fail(parser, token,
                          "a test such as = 'text', in {'a', 'b'} or ~ 'regex' "
                          "belongs here");
    lode_try(lode_take(parser->arena, 1, &test->texts));
    test->n_texts = 1;
    return parse_text(parser, &test->texts[0]);
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static lode_status in_small_letters(struct lode_arena *arena, const char *word, char **copy)
{
    lode_try(lode_arena_text(arena, word, strlen(word), copy));
    for (char *c = *copy; *c; c++) *c = small(*c);
    return LODE_OK;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

lode_status words_test(struct parser *parser, const struct word_test *test,
                       const struct lode_dictionary *words, uint8_t *holds)
{
    lode_status status = LODE_OK;
    regex_t regex;
    if (test->regex) lode_try(compile(parser, test->token, test->regex, &regex));
    if (test->n_texts)
        qsort(test->texts, (size_t)test->n_texts, sizeof *test->texts, compare_texts);
    for (int64_t i = 0; i < words->count; i++) {
        const struct lode_arena_mark mark = lode_arena_mark(parser->arena);
        char *word = words->words[i];
        if (test->lower) lode_try_done(in_small_letters(parser->arena, word, &word));
        const bool well = test->regex
                              ? regexec(&regex, word, 0, NULL, 0) == 0
                              : test->n_texts && bsearch(&word, test->texts, (size_t)test->n_texts,
                                                         sizeof *test->texts, compare_texts);
        holds[i] = well != test->negated;
        lode_arena_rewind(parser->arena, mark);
    }
done:
    if (test->regex) regfree(&regex);
    return status;
}

/* --- event names --- */

static bool is_meant(enum words_by by, const char *text, const regex_t *regex, const char *word)
{
    if (by == WORDS_EXACT) return strcmp(text, word) == 0;
    if (by == WORDS_GLOB) return lode_text_glob(text, word);
    return regexec(regex, word, 0, NULL, 0) == 0;
}

lode_status words_find_events(struct parser *parser, const struct lex_token *token,
                              enum words_by by, const char *text, uint8_t *names)
{
    const struct lode_dictionary *words = &parser->schema->event_names;
    int64_t found = 0;
    regex_t regex;
    if (by == WORDS_REGEX) lode_try(compile(parser, token, text, &regex));
    for (int64_t i = 0; i < words->count; i++) {
        if (!is_meant(by, text, &regex, words->words[i])) continue;
        names[i] = 1;
        found++;
    }
    if (by == WORDS_REGEX) regfree(&regex);
    if (found) return LODE_OK;
    return parse_unknown(parser, token,
                         by == WORDS_EXACT  ? "no event has the name"
                         : by == WORDS_GLOB ? "no event has a name like"
                                            : "no event has a name that matches",
                         text, (const char *const *)words->words, words->count);
}
