/* Columns: see the header. */
#include "jobs/hierarchy/evaluation/columns.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

enum { WORDS_BYTES = 400 };

lode_status evaluation_columns_find(struct lode_rows *rows, const char *path,
                                    const char *const *names, struct lode_arena *arena,
                                    struct evaluation_columns *columns)
{
    int n = 0, n_names = 0;
    const char *const *there = lode_rows_columns(rows, &n);
    const char **ended;
    while (names[n_names]) n_names++;
    *columns = (struct evaluation_columns){.rows = rows, .path = path};
    lode_try(lode_take(arena, n, &columns->fields));
    lode_try(lode_take(arena, n_names, &columns->places));
    lode_try(lode_take_zero(arena, n + 1, &ended));
    for (int c = 0; c < n; c++) ended[c] = there[c];
    for (int k = 0; k < n_names; k++) {
        columns->places[k] = -1;
        for (int c = 0; c < n; c++)
            if (strcmp(there[c], names[k]) == 0) columns->places[k] = c;
        if (columns->places[k] >= 0) continue;
        const char *nearest = lode_text_nearest(names[k], ended);
        return lode_fail(LODE_E_INPUT, "%s: no column '%s'%s%s%s", path, names[k],
                         nearest ? " (nearest: '" : "", nearest ? nearest : "",
                         nearest ? "')" : "");
    }
    return LODE_OK;
}

lode_status evaluation_columns_next(struct evaluation_columns *columns, bool *more)
{
    const char *fault = NULL;
    lode_try(lode_rows_next(columns->rows, columns->fields, &fault, more));
    return *more && fault ? evaluation_columns_refuse(columns, "%s", fault) : LODE_OK;
}

const struct lode_field *evaluation_columns_field(const struct evaluation_columns *columns,
                                                  int name)
{
    return &columns->fields[columns->places[name]];
}

lode_status evaluation_columns_refuse(const struct evaluation_columns *columns, const char *format,
                                      ...)
{
    char words[WORDS_BYTES];
    va_list list;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    return lode_fail(LODE_E_INPUT, "%s, line %" PRId64 ": %s", columns->path,
                     lode_rows_line(columns->rows), words);
}
