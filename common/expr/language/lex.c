/* Lex: one pass over the bytes. Tokens are as many as bytes at most, and their characters with a
 * zero each take at most twice the text, so both buffers are taken once. */
#include "common/expr/language/lex.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

struct scan {
    const char *at;
    int64_t line, column;
    struct lex *lex;
    char *out; /* next free character */
    struct lex_error *error;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* One byte on. */
static void step(struct scan *scan)
{
    if (*scan->at == '\n') {
        scan->line++;
        scan->column = 1;
    } else if (((unsigned char)scan->at[1] & 0xc0) != 0x80) { /* the next byte begins a character */
        scan->column++;
    }
    scan->at++;
}

static void skip(struct scan *scan, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) step(scan);
}

static lode_status complain(struct scan *scan, int64_t line, int64_t column, const char *what)
{
    scan->error->line = line;
    scan->error->column = column;
    snprintf(scan->error->what, sizeof scan->error->what, "%s", what);
    return LODE_E_USAGE;
}

static lode_status complain_here(struct scan *scan, const char *what)
{
    return complain(scan, scan->line, scan->column, what);
}

static void skip_blanks(struct scan *scan)
{
    while (*scan->at) {
        if (*scan->at == '#')
            while (scan->at[1] && scan->at[1] != '\n') step(scan);
        else if (*scan->at != ' ' && *scan->at != '\t' && *scan->at != '\n' && *scan->at != '\r')
            return;
        step(scan);
    }
}

/* Copies the next `bytes` bytes as the token's text. */
static void copy(struct scan *scan, struct lex_token *token, size_t bytes)
{
    token->text = scan->out;
    memcpy(scan->out, scan->at, bytes);
    scan->out += bytes;
    *scan->out++ = '\0';
    skip(scan, bytes);
}

static size_t digits(const char *at)
{
    size_t n = 0;
    while (is_digit(at[n])) n++;
    return n;
}

static lode_status read_unit(struct scan *scan, struct lex_token *token)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 36e5}, {"d", 864e5}, {"w", 6048e5}};
    size_t size = 0;
    while (is_letter(scan->at[size]) || is_digit(scan->at[size])) size++;
    if (size == 0) return LODE_OK;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strlen(units[i].name) != size || memcmp(units[i].name, scan->at, size) != 0) continue;
        token->number *= units[i].ms;
        token->unit = EXPR_MS;
        skip(scan, size);
        return LODE_OK;
    }
    char what[EXPR_REASON_BYTES];
    snprintf(what, sizeof what, "unknown unit '%.*s': a number ends in ms, s, m, h, d, w or %%",
             (int)(size > 40 ? 40 : size), scan->at);
    return complain_here(scan, what);
}

static lode_status read_number(struct scan *scan, struct lex_token *token)
{
    const char *at = scan->at;
    size_t size = digits(at);
    if (at[size] == '.' && is_digit(at[size + 1])) size += 1 + digits(at + size + 1);
    if (at[size] == 'e' || at[size] == 'E') {
        const size_t sign = at[size + 1] == '-' || at[size + 1] == '+';
        if (is_digit(at[size + 1 + sign])) size += 1 + sign + digits(at + size + 1 + sign);
    }
    token->kind = LEX_NUMBER;
    token->unit = EXPR_NO_UNIT;
    if (!lode_text_to_f64(at, size, &token->number))
        return complain_here(scan, "a number that is too large");
    copy(scan, token, size);
    lode_try(read_unit(scan, token));
    if (token->number > 1e300)
        return complain(scan, token->line, token->column, "a number that is too large");
    return LODE_OK;
}

static int hex(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind the backslash. */
static lode_status read_escape(struct scan *scan)
{
    static const char names[] = "'\\nrt", values[] = "'\\\n\r\t";
    const char c = *scan->at;
    const char *found = c ? strchr(names, c) : NULL;
    if (found) {
        *scan->out++ = values[found - names];
        step(scan);
        return LODE_OK;
    }
    const int high = c == 'x' ? hex(scan->at[1]) : -1;
    const int low = high >= 0 ? hex(scan->at[2]) : -1;
    if (low < 0 || high * 16 + low == 0)
        return complain(scan, scan->line, scan->column - 1,
                        "unknown escape: there are \\' \\\\ \\n \\r \\t and \\x01 to \\xff");
    *scan->out++ = (char)(high * 16 + low);
    skip(scan, 3);
    return LODE_OK;
}

static lode_status read_quoted(struct scan *scan, struct lex_token *token, bool is_regex)
{
    token->kind = LEX_TEXT;
    token->text = scan->out;
    step(scan);
    while (*scan->at != '\'') {
        if (!*scan->at || *scan->at == '\n')
            return complain(scan, token->line, token->column,
                            "the quote that begins here is not closed on its line");
        if (*scan->at == '\\' && is_regex && scan->at[1] == '\'') step(scan); /* a plain quote */
        if (*scan->at == '\\' && !is_regex) {
            step(scan);
            lode_try(read_escape(scan));
            continue;
        }
        const bool pair = *scan->at == '\\' && scan->at[1] == '\\';
        *scan->out++ = *scan->at;
        step(scan);
        if (!pair) continue;
        *scan->out++ = *scan->at;
        step(scan);
    }
    *scan->out++ = '\0';
    step(scan);
    return LODE_OK;
}

static lode_status read_sign(struct scan *scan, struct lex_token *token)
{
    static const char *const pairs[] = {"..", "->", "=>", "!=", "<=", ">=", "!~"};
    static const char singles[] = "(){}[],.=<>~+-*/%|?";
    token->kind = LEX_SIGN;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (strncmp(scan->at, pairs[i], 2) != 0) continue;
        copy(scan, token, 2);
        return LODE_OK;
    }
    if (strchr(singles, *scan->at)) {
        copy(scan, token, 1);
        return LODE_OK;
    }
    char what[EXPR_REASON_BYTES], shown[16];
    size_t size = 1;
    while (((unsigned char)scan->at[size] & 0xc0) == 0x80) size++;
    shown[lode_text_visible(scan->at, size, shown, sizeof shown - 1)] = '\0';
    snprintf(what, sizeof what, "unknown character '%s'%s", shown,
             *scan->at == '"' ? ": texts stand in single quotes" : "");
    return complain_here(scan, what);
}

static lode_status read_token(struct scan *scan, struct lex_token *token, bool after_tilde)
{
    if (!*scan->at) {
        token->kind = LEX_END;
        token->text = "";
        return LODE_OK;
    }
    if (is_digit(*scan->at)) return read_number(scan, token);
    if (*scan->at == '\'') return read_quoted(scan, token, after_tilde);
    if (!is_letter(*scan->at)) return read_sign(scan, token);
    size_t size = 0;
    while (is_letter(scan->at[size]) || is_digit(scan->at[size])) size++;
    token->kind = LEX_NAME;
    copy(scan, token, size);
    return LODE_OK;
}

/* Room for the tokens and characters of a text of `size` bytes. */
static lode_status make_room(struct lex *lex, size_t size, struct lode_arena *arena)
{
    const size_t tokens = size + 1, chars = 2 * size + 2;
    if (tokens > lex->token_room) {
        lode_try(lode_take(arena, 2 * tokens, &lex->tokens));
        lex->token_room = 2 * tokens;
    }
    if (chars > lex->char_room) {
        lode_try(lode_take(arena, 2 * chars, &lex->chars));
        lex->char_room = 2 * chars;
    }
    return LODE_OK;
}

lode_status lex_text(struct lex *lex, const char *text, struct lode_arena *arena,
                     struct lex_error *error)
{
    const size_t size = strnlen(text, LEX_TEXT_MAX + 1);
    struct scan scan = {.at = text, .line = 1, .column = 1, .lex = lex, .error = error};
    *error = (struct lex_error){0};
    if (size > LEX_TEXT_MAX) return complain_here(&scan, "a definition longer than 64 KiB");
    if (!lode_text_is_utf8(text, size)) return complain_here(&scan, "a definition not in UTF-8");
    lode_try(make_room(lex, size, arena));
    scan.out = lex->chars;
    lex->n_tokens = 0;
    for (;;) {
        struct lex_token *token = &lex->tokens[lex->n_tokens];
        const struct lex_token *before = lex->n_tokens ? token - 1 : NULL;
        const char *end = scan.at;
        skip_blanks(&scan);
        *token = (struct lex_token){.line = scan.line, .column = scan.column};
        token->is_glued = scan.at == end && before;
        const bool after_tilde = before && before->kind == LEX_SIGN &&
                                 (!strcmp(before->text, "~") || !strcmp(before->text, "!~"));
        token->source = scan.at;
        lode_try(read_token(&scan, token, after_tilde));
        token->size = (size_t)(scan.at - token->source);
        lex->n_tokens++;
        if (token->kind == LEX_END) return LODE_OK;
    }
}
