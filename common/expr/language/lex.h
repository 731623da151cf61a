/* Lex: the text of a definition as tokens.
 *
 * Names, numbers with their units, texts in single quotes, signs. A text behind ~ is a regular
 * expression: there a backslash stands for itself (only \' is a quote). `# ...` to the end of a
 * line is a comment.
 */
#ifndef LODE_COMMON_EXPR_LEX_H
#define LODE_COMMON_EXPR_LEX_H

#include "common/expr/graph.h"

enum { LEX_TEXT_MAX = 64 << 10, LEX_SIGN_MAX = 2 };

enum lex_kind {
    LEX_END,
    LEX_NAME,   /* letters, digits, _; not a digit first */
    LEX_TEXT,   /* 'quoted' */
    LEX_NUMBER, /* 12, 1.5, 1e3, 30s */
    LEX_SIGN    /* ( ) { } [ ] , . .. -> => = != < <= > >= ~ !~ + - * / % | ? */
};

struct lex_token {
    enum lex_kind kind;
    bool is_glued;      /* nothing stands between it and the token before */
    const char *text;   /* zero-terminated; without quotes, escapes and units */
    const char *source; /* [size] as written */
    size_t size;
    double number;
    enum expr_unit unit;  /* of a number: EXPR_NO_UNIT or EXPR_MS */
    int64_t line, column; /* in the text, from 1; columns count characters */
};

/* Tokens of the last text; memory is kept for the next one. Zero-initialise. */
struct lex {
    struct lex_token *tokens; /* the last is LEX_END */
    int64_t n_tokens;
    size_t token_room, char_room;
    char *chars; /* of all tokens */
};

/* Where an error is, and what: filled on failure. */
struct lex_error {
    int64_t line, column;
    char what[EXPR_REASON_BYTES];
};

/* LODE_E_USAGE with `error` filled: an unknown character, unit or escape, an unclosed quote, a text
 * longer than 64 KiB or not UTF-8. LODE_E_MEMORY (`error` is empty). */
LODE_CHECKED lode_status lex_text(struct lex *lex, const char *text, struct lode_arena *arena,
                                  struct lex_error *error);

#endif
