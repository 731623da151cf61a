/* Table: named, typed columns of one length; what a job puts into results.h5 and `lode export`
 * prints. */
#ifndef LODE_TABLE_H
#define LODE_TABLE_H

#include "lode/error.h"
#include "lode/memory.h"

#include <stdbool.h>
#include <stdint.h>

LODE_API_BEGIN

enum lode_column_type {
    LODE_COLUMN_I64,
    LODE_COLUMN_U32,
    LODE_COLUMN_U8,
    LODE_COLUMN_F64,   /* NaN: no value (an empty cell) */
    LODE_COLUMN_WORD,  /* uint32_t code into `words`; UINT32_MAX: "" */
    LODE_COLUMN_TOKENS /* uint32_t [rows x width] codes into `words`, padded with UINT32_MAX; shown
                          joined by '|', with '\' before a '|' or '\' inside a word */
};

/* A column is plain, coded or made; all pointers are borrowed until it was put.
 *   plain  one value a row: data is [rows]
 *   coded  few values for many rows: data is [n_data], the value of a row is data[codes[row]].
 *          Columns of one table that share the pointer `codes`, and n_data, store codes once.
 *   made   more rows than are worth holding, for lode_results_put alone: `make` writes rows
 *          [first, first + count) of the tokens into `tokens` [count x width]; data is its context.
 *          Rows are asked for in ascending order, each once. */
struct lode_column {
    const char *name;
    enum lode_column_type type;
    const void *data;   /* [rows]; tokens: [rows x width] */
    int64_t width;      /* LODE_COLUMN_TOKENS */
    char *const *words; /* LODE_COLUMN_WORD, LODE_COLUMN_TOKENS */
    int64_t n_words;
    const char *units;     /* or NULL */
    const char *title;     /* one line that says what it is */
    const uint32_t *codes; /* [rows], each < n_data; NULL: not coded */
    int64_t n_data;        /* values, where there are codes */
    void (*make)(const void *data, int64_t first, int64_t count, uint32_t *tokens); /* or NULL */
};

/* A plain column of numbers, [rows] of the C type that `type` names; units may be NULL. */
struct lode_column lode_column_numbers(const char *name, enum lode_column_type type,
                                       const void *data, const char *units, const char *title);
/* A plain column of words: codes [rows] into words [n_words]. */
struct lode_column lode_column_words(const char *name, const uint32_t *data, char *const *words,
                                     int64_t n_words, const char *title);

struct lode_table {
    const char *name; /* the table of results.h5, the argument of `lode export` */
    const char *title;
    int64_t n_rows;
    int n_columns;
    struct lode_column *columns;
};

/* Text columns whose words are not known before: a small interning dictionary. The words are those
 * of the arena; codes count up from 0 in order of first use. LODE_E_MEMORY. */
struct lode_words;
LODE_CHECKED lode_status lode_words_create(struct lode_arena *arena, struct lode_words **words);
LODE_CHECKED lode_status lode_words_add(struct lode_words *words, const char *text, size_t size,
                                        uint32_t *code);
/* [*count] words in order of their codes; borrowed until the next is added. */
char *const *lode_words_list(const struct lode_words *words, int64_t *count);

/* The results.h5 of a run. */
struct lode_results;
/* Writes the table now; nothing is kept. Codes are narrowed to the smallest width. LODE_E_DISK when
 * it cannot be written, LODE_E_BUG when a code has no word or no value. */
LODE_CHECKED lode_status lode_results_put(struct lode_results *results,
                                          const struct lode_table *table);

LODE_API_END

#endif
