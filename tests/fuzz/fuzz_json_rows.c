/* Hostile bytes as JSON Lines: what a line holds does not depend on the lines before it (one yajl
 * handle serves all of them), and a field is UTF-8 without NUL if the line was. The first line
 * names the columns. */
#include <stdlib.h>
#include <string.h>

#include "common/input/json_rows.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS_MAX = 4096 };

static void check(int fact)
{
    if (!fact) abort();
}

static void check_same(const struct lode_field *a, const struct lode_field *b, int count)
{
    for (int i = 0; i < count; i++) {
        check(a[i].text != NULL && a[i].size == b[i].size);
        check(memcmp(a[i].text, b[i].text, a[i].size) == 0);
        check(lode_text_is_utf8(a[i].text, a[i].size));
    }
}

/* The line by the reader that has seen the others, and by a new one. */
static void check_line(struct lode_json_rows *used, struct lode_columns *columns, const char *line,
                       size_t size)
{
    static struct lode_field fields[COLUMNS_MAX], again[COLUMNS_MAX];
    const char *fault = NULL, *fault_again = NULL;
    struct lode_json_rows *new = NULL;
    check(lode_json_rows_create(columns, &new) == LODE_OK);
    check(lode_json_rows_split(used, line, size, fields, &fault) == LODE_OK);
    check(lode_json_rows_split(new, line, size, again, &fault_again) == LODE_OK);
    check(fault == fault_again ||
          (fault != NULL && fault_again != NULL && strcmp(fault, fault_again) == 0));
    if (fault == NULL) check_same(fields, again, columns->count);
    lode_json_rows_destroy(new);
}

/* `text` ends with an LF. Lines that are no UTF-8 never reach the reader. */
static void check_text(const char *text, size_t size)
{
    struct lode_columns columns;
    struct lode_json_rows *rows = NULL;
    lode_columns_init(&columns);
    check(lode_json_rows_create(&columns, &rows) == LODE_OK);
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        const size_t length = (size_t)(end - (text + at));
        if (lode_text_is_utf8(text + at, length)) {
            if (at == 0) check(lode_json_rows_learn(rows, text, length) == LODE_OK);
            if (columns.count <= COLUMNS_MAX) check_line(rows, &columns, text + at, length);
        }
        at += length + 1;
    }
    lode_json_rows_destroy(rows);
    lode_columns_clear(&columns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1); /* of exactly this size: one byte too far is seen */
    if (text == NULL) return 0;
    memcpy(text, data, size);
    text[size] = '\n';
    check_text(text, size + 1);
    free(text);
    return 0;
}
