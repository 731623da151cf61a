/* Results: the tables of a run in results.h5, a group for each (docs/formats.md).
 *
 * Columns are written plain: a table of 15 million rows is a copy, not a compression. Codes of
 * words go out in their narrowest width; a word list that several columns point to is written once.
 */
#include "common/store/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/hdf.h"
#include "common/store/results_private.h"

const char *const results_types[] = {
    [LODE_COLUMN_I64] = "i64", [LODE_COLUMN_U32] = "u32",   [LODE_COLUMN_U8] = "u8",
    [LODE_COLUMN_F64] = "f64", [LODE_COLUMN_WORD] = "word", [LODE_COLUMN_TOKENS] = "tokens",
};
const enum lode_hdf_type results_stored[] = {
    [LODE_COLUMN_I64] = LODE_HDF_I64,
    [LODE_COLUMN_U32] = LODE_HDF_U32,
    [LODE_COLUMN_U8] = LODE_HDF_U8,
    [LODE_COLUMN_F64] = LODE_HDF_F64,
};

bool results_has_words(enum lode_column_type type)
{
    return type == LODE_COLUMN_WORD || type == LODE_COLUMN_TOKENS;
}

bool results_is_reserved(const char *name)
{
    return strcmp(name, RESULTS_WORDS) == 0 || strcmp(name, RESULTS_CODES) == 0;
}

lode_status results_path(struct lode_arena *arena, const char *a, const char *b, const char *c,
                         char **path)
{
    const size_t size = strlen(a) + strlen(b) + (c ? strlen(c) : 0) + 3;

    lode_try(lode_take(arena, size, path));
    snprintf(*path, size, "%s/%s%s%s", a, b, c ? "/" : "", c ? c : "");
    return LODE_OK;
}

struct lode_results {
    struct lode_hdf *file;
    struct lode_arena *arena; /* scratch of one put */
};

lode_status lode_results_create(const char *path, struct lode_results **results)
{
    struct lode_results *made = calloc(1, sizeof *made);

    if (made == NULL) return lode_fail(LODE_E_MEMORY, "%s: no memory to create it", path);
    lode_status status = lode_arena_create(0, &made->arena);
    if (status == LODE_OK) status = lode_hdf_create(path, "results", &made->file);
    if (status == LODE_OK) {
        status = lode_hdf_put_text(made->file, "/", "title", "lode results");
    }
    if (status != LODE_OK) {
        lode_results_discard(made);
        return status;
    }
    *results = made;
    return LODE_OK;
}

void lode_results_discard(struct lode_results *results)
{
    if (results == NULL) return;
    lode_hdf_close(results->file);
    lode_arena_destroy(results->arena);
    free(results);
}

lode_status lode_results_commit(struct lode_results *results)
{
    const lode_status status = lode_hdf_commit(results->file);

    results->file = NULL;
    lode_results_discard(results);
    return status ? lode_note(status, "writing results") : LODE_OK;
}

/* The path of the column's word list; written unless an earlier column has the same. */
static lode_status put_words(struct lode_results *results, const struct lode_table *table,
                             int index, char **path)
{
    const struct lode_column *column = &table->columns[index];
    int first = 0;

    while (!results_has_words(table->columns[first].type) ||
           table->columns[first].words != column->words ||
           table->columns[first].n_words != column->n_words) {
        first++; /* ends at the column itself */
    }
    lode_try(
        results_path(results->arena, table->name, RESULTS_WORDS, table->columns[first].name, path));
    if (first < index) return LODE_OK;
    const struct lode_hdf_column words = {.name = *path,
                                          .rows = column->n_words,
                                          .data = column->words,
                                          .title = "words; a code is a row"};
    return lode_hdf_put_texts(results->file, &words);
}

/* The path of the data set that says where the values of a coded column's rows are; written unless
 * an earlier column has the same. */
static lode_status put_row_codes(struct lode_results *results, const struct lode_table *table,
                                 int index, char **path)
{
    const struct lode_column *column = &table->columns[index];
    int first = 0;
    uint32_t largest = 0;

    while (table->columns[first].codes != column->codes) first++; /* ends at the column itself */
    if (table->columns[first].n_data != column->n_data) {
        return lode_fail(LODE_E_BUG, "columns '%s' and '%s' share codes, not the number of values",
                         table->columns[first].name, column->name);
    }
    lode_try(
        results_path(results->arena, table->name, RESULTS_CODES, table->columns[first].name, path));
    if (first < index) return LODE_OK;
    for (int64_t i = 0; i < table->n_rows; i++) {
        largest = column->codes[i] > largest ? column->codes[i] : largest;
    }
    if (table->n_rows > 0 && largest >= column->n_data) {
        return lode_fail(LODE_E_BUG, "column '%s' holds code %u, there are %" PRId64 " values",
                         column->name, largest, column->n_data);
    }
    const struct lode_hdf_column codes = {.name = *path,
                                          .type = lode_hdf_code_type(column->n_data),
                                          .rows = table->n_rows,
                                          .data = column->codes,
                                          .title = "value of each row"};
    return lode_hdf_put_codes(results->file, &codes);
}

/* Every code is a word or "no value". */
static lode_status check_codes(const struct lode_column *column, const uint32_t *codes,
                               int64_t count)
{
    uint32_t past_largest = 0;

    for (int64_t i = 0; i < count; i++) {
        const uint32_t past = codes[i] + 1; /* "no value" wraps to 0 */
        past_largest = past > past_largest ? past : past_largest;
    }
    if (past_largest <= column->n_words) return LODE_OK;
    return lode_fail(LODE_E_BUG, "column '%s' holds code %u, there are %" PRId64 " words",
                     column->name, past_largest - 1, column->n_words);
}

static int64_t values_of(const struct lode_table *table, const struct lode_column *column)
{
    return column->codes != NULL ? column->n_data : table->n_rows;
}

static lode_status make_tokens(const void *context, int64_t first, int64_t count, uint32_t *tokens)
{
    const struct lode_column *column = context;

    column->make(column->data, first, count, tokens);
    return check_codes(column, tokens, count * column->width);
}

static lode_status put_texts(struct lode_results *results, const struct lode_table *table,
                             int index, const char *path)
{
    const struct lode_column *column = &table->columns[index];
    const int64_t width = column->type == LODE_COLUMN_TOKENS ? column->width : 1;
    char *words;

    if (width < 1) return lode_fail(LODE_E_BUG, "tokens '%s' of width 0", column->name);
    lode_try(put_words(results, table, index, &words));
    struct lode_hdf_column codes = {.name = path,
                                    .type = lode_hdf_code_type(column->n_words),
                                    .rows = values_of(table, column),
                                    .columns = width,
                                    .data = column->data,
                                    .units = column->units,
                                    .title = column->title};
    if (column->make != NULL) {
        codes.data = column;
        lode_try(lode_hdf_put_made_codes(results->file, &codes, make_tokens));
    } else {
        lode_try(check_codes(column, column->data, codes.rows * width));
        lode_try(lode_hdf_put_codes(results->file, &codes));
    }
    return lode_hdf_put_text(results->file, path, "words", words);
}

static lode_status put_numbers(struct lode_results *results, const struct lode_table *table,
                               int index, const char *path)
{
    const struct lode_column *column = &table->columns[index];

    const struct lode_hdf_column numbers = {.name = path,
                                            .type = results_stored[column->type],
                                            .rows = values_of(table, column),
                                            .data = column->data,
                                            .units = column->units,
                                            .title = column->title};

    return lode_hdf_put(results->file, &numbers);
}

static lode_status put_column(struct lode_results *results, const struct lode_table *table,
                              int index)
{
    const struct lode_column *column = &table->columns[index];
    char *path, *codes;

    if (column->name[0] == '\0' || strchr(column->name, '/') != NULL ||
        results_is_reserved(column->name)) {
        return lode_fail(LODE_E_BUG, "'%s' cannot name a column", column->name);
    }
    if (column->make != NULL && (column->type != LODE_COLUMN_TOKENS || column->codes != NULL)) {
        return lode_fail(LODE_E_BUG, "column '%s' cannot be made", column->name);
    }
    lode_try(results_path(results->arena, table->name, column->name, NULL, &path));
    if (results_has_words(column->type)) {
        lode_try(put_texts(results, table, index, path));
    } else {
        lode_try(put_numbers(results, table, index, path));
    }
    if (column->codes != NULL) {
        lode_try(put_row_codes(results, table, index, &codes));
        lode_try(lode_hdf_put_text(results->file, path, "codes", codes));
    }
    lode_try(lode_hdf_put_text(results->file, path, "type", results_types[column->type]));
    return lode_hdf_put_i64(results->file, path, "position", index);
}

lode_status lode_results_put(struct lode_results *results, const struct lode_table *table)
{
    lode_status status = LODE_OK;

    lode_arena_reset(results->arena);
    if (table->name[0] == '\0' || strchr(table->name, '/') != NULL) {
        return lode_fail(LODE_E_BUG, "'%s' cannot name a table", table->name);
    }
    lode_try_done(
        lode_hdf_put_text(results->file, table->name, "title", table->title ? table->title : ""));
    lode_try_done(lode_hdf_put_i64(results->file, table->name, "n_rows", table->n_rows));
    lode_try_done(lode_hdf_put_i64(results->file, table->name, "n_columns", table->n_columns));
    for (int i = 0; i < table->n_columns; i++) lode_try_done(put_column(results, table, i));
done:
    return status ? lode_note(status, "writing table '%s'", table->name) : LODE_OK;
}
