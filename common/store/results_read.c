/* Results, reading: a table back from results.h5, as it was put, every shape and code checked. */
#include "common/store/table.h"

#include <inttypes.h>
#include <string.h>

#include "common/store/results_private.h"
#include "common/text.h"

/* A table on its way in. */
struct reader {
    struct lode_hdf *file;
    struct lode_arena *arena;
    struct lode_table table; /* n_rows: those that are read */
    int64_t n_stored;        /* rows that there are */
    char **word_paths;       /* [columns] where each column's words came from; NULL: none */
    char **code_paths;       /* [columns] the same for the codes of a coded column */
};

/* Columns that share a word list in the file share it in memory. */
static lode_status read_words(struct reader *reader, const char *path, struct lode_column *column)
{
    const struct lode_table *table = &reader->table;
    char *words_path, **words;

    lode_try(lode_hdf_attribute_text(reader->file, path, "words", reader->arena, &words_path));
    reader->word_paths[column - table->columns] = words_path;
    for (int i = 0; i < table->n_columns; i++) {
        const struct lode_column *other = &table->columns[i];
        if (other == column || other->words == NULL) continue;
        if (strcmp(reader->word_paths[i], words_path) != 0) continue;
        column->words = other->words;
        column->n_words = other->n_words;
        return LODE_OK;
    }
    lode_try(lode_hdf_get_texts(reader->file, words_path, reader->arena, &words, &column->n_words));
    column->words = words;
    return LODE_OK;
}

/* Which value each row has; columns that share that in the file share it in memory. */
static lode_status read_row_codes(struct reader *reader, const char *path,
                                  struct lode_column *column)
{
    const struct lode_table *table = &reader->table;
    struct lode_hdf_column stored;
    uint32_t *codes, largest = 0;

    for (int i = 0; i < table->n_columns; i++) {
        const struct lode_column *other = &table->columns[i];
        if (other->codes == NULL || other->n_data != column->n_data) continue;
        if (strcmp(reader->code_paths[i], path) != 0) continue;
        column->codes = other->codes;
        return LODE_OK;
    }
    lode_try(lode_hdf_describe(reader->file, path, reader->arena, &stored));
    if (stored.rows != reader->n_stored || stored.columns != 1) {
        return lode_fail(LODE_E_INPUT,
                         "'%s' has %" PRId64 " codes a row, %" PRId64 " rows of %" PRId64, path,
                         stored.columns, stored.rows, reader->n_stored);
    }
    lode_try(lode_hdf_get_codes(reader->file, path, 0, table->n_rows, reader->arena, &codes));
    for (int64_t i = 0; i < table->n_rows; i++) largest = codes[i] > largest ? codes[i] : largest;
    if (table->n_rows > 0 && largest >= column->n_data) {
        return lode_fail(LODE_E_INPUT, "'%s' holds code %u, there are %" PRId64 " values of '%s'",
                         path, largest, column->n_data, column->name);
    }
    column->codes = codes;
    return LODE_OK;
}

/* Values of a coded column are read whole, as any row may have any of them. */
static int64_t count_values(const struct reader *reader, const struct lode_column *column)
{
    return column->codes != NULL ? column->n_data : reader->table.n_rows;
}

static lode_status read_texts(struct reader *reader, const char *path,
                              const struct lode_hdf_column *stored, struct lode_column *column)
{
    uint32_t *codes;

    if (column->type == LODE_COLUMN_WORD && stored->columns != 1) {
        return lode_fail(LODE_E_INPUT, "'%s' has %" PRId64 " words a row", path, stored->columns);
    }
    lode_try(read_words(reader, path, column));
    lode_try(lode_hdf_get_optional_codes(reader->file, path, 0, count_values(reader, column),
                                         column->n_words, reader->arena, &codes));
    column->data = codes;
    column->width = column->type == LODE_COLUMN_TOKENS ? stored->columns : 0;
    return LODE_OK;
}

static lode_status read_numbers(struct reader *reader, const char *path,
                                const struct lode_hdf_column *stored, struct lode_column *column)
{
    void *data;

    if (stored->columns != 1) {
        return lode_fail(LODE_E_INPUT, "'%s' has %" PRId64 " columns", path, stored->columns);
    }
    lode_try(lode_hdf_get(reader->file, path, results_stored[column->type], 0,
                          count_values(reader, column), reader->arena, &data));
    column->data = data;
    return LODE_OK;
}

/* Reads one column into its place in the table. */
static lode_status read_column(struct reader *reader, const char *name)
{
    struct lode_table *table = &reader->table;
    struct lode_hdf_column stored;
    int64_t position;
    char *path, *type, *codes;
    int which = 0;

    lode_try(results_path(reader->arena, table->name, name, NULL, &path));
    lode_try(lode_hdf_describe(reader->file, path, reader->arena, &stored));
    lode_try(lode_hdf_attribute_i64(reader->file, path, "position", &position));
    lode_try(lode_hdf_attribute_text(reader->file, path, "type", reader->arena, &type));
    lode_try(lode_hdf_optional_text(reader->file, path, "codes", reader->arena, &codes));
    while (which < RESULTS_TYPES && strcmp(type, results_types[which]) != 0) which++;
    if (which == RESULTS_TYPES || position < 0 || position >= table->n_columns ||
        table->columns[position].name != NULL || (!codes && stored.rows != reader->n_stored)) {
        return lode_fail(LODE_E_INPUT,
                         "column '%s': type '%s', position %" PRId64 " of %d, %" PRId64
                         " rows of %" PRId64,
                         path, type, position, table->n_columns, stored.rows, reader->n_stored);
    }
    struct lode_column *column = &table->columns[position];
    column->name = name;
    column->type = (enum lode_column_type)which;
    column->units = stored.units[0] != '\0' ? stored.units : NULL;
    column->title = stored.title;
    if (codes != NULL) {
        column->n_data = stored.rows;
        lode_try(read_row_codes(reader, codes, column));
        reader->code_paths[position] = codes;
    }
    return results_has_words(column->type) ? read_texts(reader, path, &stored, column)
                                           : read_numbers(reader, path, &stored, column);
}

/* The group's attributes, and room for its columns. */
static lode_status begin_table(struct reader *reader, const char *name, int64_t n_members,
                               int64_t most)
{
    struct lode_table *table = &reader->table;
    char *own_name, *title;
    int64_t n_columns;

    lode_try(lode_arena_text(reader->arena, name, strlen(name), &own_name));
    lode_try(lode_hdf_attribute_text(reader->file, name, "title", reader->arena, &title));
    lode_try(lode_hdf_attribute_i64(reader->file, name, "n_rows", &reader->n_stored));
    lode_try(lode_hdf_attribute_i64(reader->file, name, "n_columns", &n_columns));
    if (n_columns != n_members || n_columns < 1 || n_columns > INT32_MAX) {
        return lode_fail(LODE_E_INPUT,
                         "table '%s' has %" PRId64 " columns, its attribute says %" PRId64, name,
                         n_members, n_columns);
    }
    table->n_rows = reader->n_stored < most ? reader->n_stored : most;
    table->name = own_name;
    table->title = title;
    table->n_columns = (int)n_columns;
    lode_try(lode_take_zero(reader->arena, n_columns, &reader->word_paths));
    lode_try(lode_take_zero(reader->arena, n_columns, &reader->code_paths));
    return lode_take_zero(reader->arena, n_columns, &table->columns);
}

static lode_status read_table(struct reader *reader, const char *name, int64_t most)
{
    char **members;
    int64_t n_members, n_data = 0;

    lode_try(lode_hdf_list(reader->file, name, reader->arena, &members, &n_members));
    for (int64_t i = 0; i < n_members; i++) {
        if (!results_is_reserved(members[i])) members[n_data++] = members[i];
    }
    lode_try(begin_table(reader, name, n_data, most));
    for (int64_t i = 0; i < n_data; i++) lode_try(read_column(reader, members[i]));
    return LODE_OK;
}

/* LODE_E_USAGE with the nearest name, or all names. */
static lode_status refuse_name(struct lode_hdf *file, const char *name, struct lode_arena *arena)
{
    struct lode_bytes known = {0};
    const char **candidates;
    char **names;
    int64_t count;

    lode_try(lode_hdf_list(file, "/", arena, &names, &count));
    lode_try(lode_take_zero(arena, count + 1, &candidates));
    for (int64_t i = 0; i < count; i++) candidates[i] = names[i];
    const char *nearest = lode_text_nearest(name, candidates);
    if (nearest != NULL) {
        return lode_fail(LODE_E_USAGE, "no table '%s'; did you mean '%s'?", name, nearest);
    }
    lode_status status = LODE_OK;
    for (int64_t i = 0; status == LODE_OK && i < count; i++) {
        status = lode_bytes_printf(&known, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    if (status == LODE_OK) {
        status = lode_fail(LODE_E_USAGE, "no table '%s'; there are: %.*s", name, (int)known.size,
                           known.data ? (const char *)known.data : "");
    }
    lode_bytes_clear(&known);
    return status;
}

lode_status lode_results_read_first(const char *path, const char *name, int64_t most,
                                    struct lode_arena *arena, struct lode_table *table,
                                    int64_t *n_rows)
{
    lode_status status = LODE_OK;
    struct reader reader = {.arena = arena};

    lode_try(lode_hdf_open(path, &reader.file));
    if (name[0] == '\0' || strchr(name, '/') != NULL || !lode_hdf_has(reader.file, name)) {
        status = refuse_name(reader.file, name, arena);
    } else {
        status = read_table(&reader, name, most);
    }
    lode_hdf_close(reader.file);
    if (status != LODE_OK) return lode_note(status, "%s", path);
    *table = reader.table;
    *n_rows = reader.n_stored;
    return LODE_OK;
}

lode_status lode_results_read(const char *path, const char *name, struct lode_arena *arena,
                              struct lode_table *table)
{
    int64_t n_rows;
    return lode_results_read_first(path, name, INT64_MAX, arena, table, &n_rows);
}

lode_status lode_results_list(const char *path, struct lode_arena *arena, char ***names,
                              int64_t *count)
{
    struct lode_hdf *file = NULL;

    lode_try(lode_hdf_open(path, &file));
    const lode_status status = lode_hdf_list(file, "/", arena, names, count);
    lode_hdf_close(file);
    return status;
}
