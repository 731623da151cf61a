/* Table: named, typed columns of one length; what a job puts into results.h5 and `lode export`
 * prints. */
#ifndef LODE_COMMON_TABLE_H
#define LODE_COMMON_TABLE_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum lode_column_type {
    LODE_COLUMN_I64,
    LODE_COLUMN_U32,
    LODE_COLUMN_U8,
    LODE_COLUMN_F64,   /* NaN: no value (an empty cell) */
    LODE_COLUMN_WORD,  /* uint32_t code into `words`; UINT32_MAX: "" */
    LODE_COLUMN_TOKENS /* uint32_t [rows x width] codes into `words`, padded with UINT32_MAX; shown
                          joined by '|', with '\' before a '|' or '\' inside a word */
};

/* A column is plain, coded or made.
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

/* Plain columns in one line each. */
static inline struct lode_column lode_column_numbers(const char *name, enum lode_column_type type,
                                                     const void *data, const char *units,
                                                     const char *title)
{
    return (struct lode_column){
        .name = name, .type = type, .data = data, .units = units, .title = title};
}

static inline struct lode_column lode_column_words(const char *name, const uint32_t *data,
                                                   char *const *words, int64_t n_words,
                                                   const char *title)
{
    return (struct lode_column){.name = name,
                                .type = LODE_COLUMN_WORD,
                                .data = data,
                                .words = words,
                                .n_words = n_words,
                                .title = title};
}

/* Where in `data` the value of a row is: everyone who reads a cell goes through here. */
static inline int64_t lode_column_at(const struct lode_column *column, int64_t row)
{
    return column->codes != NULL ? (int64_t)column->codes[row] : row;
}

struct lode_table {
    const char *name;
    const char *title;
    int64_t n_rows;
    int n_columns;
    struct lode_column *columns;
};

/* Text columns whose words are not known before: a small interning dictionary. The words are those
 * of the arena; codes count up from 0 in order of first use. */
struct lode_words;
LODE_CHECKED lode_status lode_words_create(struct lode_arena *arena, struct lode_words **words);
LODE_CHECKED lode_status lode_words_add(struct lode_words *words, const char *text, size_t size,
                                        uint32_t *code);
char *const *lode_words_list(const struct lode_words *words, int64_t *count);

/* All tables of one run, in one file results.h5 (group per table). */
struct lode_results;
LODE_CHECKED lode_status lode_results_create(const char *path, struct lode_results **results);
/* Writes the table now; nothing is kept. Codes are narrowed to the smallest width. LODE_E_BUG when
 * a code has no word or no value. */
LODE_CHECKED lode_status lode_results_put(struct lode_results *results,
                                          const struct lode_table *table);
LODE_CHECKED lode_status lode_results_commit(struct lode_results *results); /* ends it, always */
void lode_results_discard(struct lode_results *results);                    /* takes NULL */

/* Reads a table back; LODE_E_USAGE with the nearest name when there is none of that name. */
LODE_CHECKED lode_status lode_results_read(const char *path, const char *name,
                                           struct lode_arena *arena, struct lode_table *table);
/* Names of the tables in a results file, sorted. */
LODE_CHECKED lode_status lode_results_list(const char *path, struct lode_arena *arena,
                                           char ***names, int64_t *count);

/* CSV (RFC 4180, header row) or JSON Lines; doubles in their shortest exact form. */
enum lode_table_format { LODE_TABLE_CSV, LODE_TABLE_JSONL };
LODE_CHECKED lode_status lode_table_print(const struct lode_table *table,
                                          enum lode_table_format format, FILE *out);

/* The text of one cell appended to `out`, as CSV would show it before quoting. */
LODE_CHECKED lode_status lode_table_cell(const struct lode_column *column, int64_t row,
                                         struct lode_bytes *out);
/* Column of that name, or NULL. */
const struct lode_column *lode_table_column(const struct lode_table *table, const char *name);

#endif
