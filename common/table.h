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

struct lode_column {
    const char *name;
    enum lode_column_type type;
    const void *data;   /* [rows] or [rows x width] */
    int64_t width;      /* LODE_COLUMN_TOKENS */
    char *const *words; /* LODE_COLUMN_WORD, LODE_COLUMN_TOKENS */
    int64_t n_words;
    const char *units; /* or NULL */
    const char *title; /* one line that says what it is */
};

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
/* Writes the table now; nothing is kept. Dictionary codes are narrowed to the smallest width. */
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
