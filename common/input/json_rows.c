/* JSON rows: yajl calls back for each token; the callbacks keep the depth and store what lies at
 * depth 1. One yajl handle serves all lines (making one costs as much as a short line does): it
 * may read value after value, and is replaced when a line left it in an error or inside a value.
 * The LF behind the line is parsed with it, so that no token is left half read for the next line.
 *
 * Two things yajl lets pass are caught beforehand: \u0000 (a NUL byte in a field) and half a
 * surrogate pair (yajl writes '?' for it).
 */
#include "common/input/json_rows.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "common/memory.h"

struct lode_json_rows {
    yajl_handle yajl;
    struct lode_columns *columns;
    struct lode_bytes decoded; /* strings of the line that had escapes */
    struct lode_bytes key;     /* learning: the key read last */

    /* the line in hand */
    const char *line;
    size_t size;
    struct lode_field *fields; /* NULL: it is only looked at, or learnt from */
    bool learning;
    int depth;
    int64_t objects; /* begun at depth 0 */
    int column;      /* of the key read last, or -1 */
    const char *fault;
    lode_status status;
};

static const char not_an_object[] = "not a JSON object";

/* The callbacks return 1 to go on and 0 to stop, as yajl wants it. */

static int stop(struct lode_json_rows *rows, const char *fault)
{
    rows->fault = fault;
    return 0;
}

static int go_on_if(struct lode_json_rows *rows, lode_status status)
{
    rows->status = status;
    return status == LODE_OK;
}

static int learn_key(struct lode_json_rows *rows)
{
    bool is_new = false;
    if (rows->key.size == 0) return 1;
    return go_on_if(rows, lode_columns_add(rows->columns, (const char *)rows->key.data,
                                           rows->key.size, &is_new));
}

/* A string with escapes lies in a buffer of yajl's that is gone with the next token. */
static lode_status keep_decoded(struct lode_json_rows *rows, const char **text, size_t size)
{
    const uintptr_t at = (uintptr_t)*text;
    const uintptr_t line = (uintptr_t)rows->line;
    if (at >= line && at < line + rows->size) return LODE_OK;
    /* Room was made when the line began: it must not move now. */
    if (size > rows->decoded.capacity - rows->decoded.size)
        return lode_fail(LODE_E_BUG, "JSON string of %zu bytes in a line of %zu", size, rows->size);
    uint8_t *copy = rows->decoded.data + rows->decoded.size;
    memcpy(copy, *text, size);
    rows->decoded.size += size;
    *text = (const char *)copy;
    return LODE_OK;
}

static int take_value(struct lode_json_rows *rows, const char *text, size_t size)
{
    if (rows->depth == 0) return stop(rows, not_an_object);
    if (rows->depth > 1) return 1;
    if (rows->learning) return learn_key(rows);
    if (rows->fields == NULL || rows->column < 0 || size == 0) return 1;
    if (!go_on_if(rows, keep_decoded(rows, &text, size))) return 0;
    rows->fields[rows->column] = (struct lode_field){.text = text, .size = size};
    return 1;
}

static int on_null(void *context)
{
    return take_value(context, "", 0);
}

static int on_boolean(void *context, int value)
{
    struct lode_json_rows *rows = context;
    static const char digits[] = "01";
    if (!take_value(rows, "", 0)) return 0;
    if (rows->depth == 1 && rows->fields != NULL && rows->column >= 0) {
        rows->fields[rows->column] = (struct lode_field){.text = digits + (value != 0), .size = 1};
    }
    return 1;
}

static int on_number(void *context, const char *text, size_t size)
{
    return take_value(context, text, size);
}

static int on_string(void *context, const unsigned char *text, size_t size)
{
    return take_value(context, (const char *)text, size);
}

static int on_key(void *context, const unsigned char *text, size_t size)
{
    struct lode_json_rows *rows = context;
    if (rows->depth != 1) return 1;
    if (rows->learning) {
        rows->key.size = 0;
        return go_on_if(rows, lode_bytes_append(&rows->key, text, size));
    }
    if (rows->fields == NULL) return 1;
    rows->column = lode_columns_find(rows->columns, (const char *)text, size, rows->column + 1);
    if (rows->column < 0) return 1;
    struct lode_field *field = &rows->fields[rows->column];
    if (field->text != NULL) return stop(rows, "a key is there twice");
    field->text = ""; /* seen */
    return 1;
}

static int begin_map(void *context)
{
    struct lode_json_rows *rows = context;
    if (rows->depth == 0 && rows->objects++ > 0) return stop(rows, not_an_object);
    rows->depth++;
    return 1;
}

static int begin_array(void *context)
{
    struct lode_json_rows *rows = context;
    if (rows->depth == 0) return stop(rows, not_an_object);
    rows->depth++;
    return 1;
}

static int end_nested(void *context)
{
    struct lode_json_rows *rows = context;
    rows->depth--;
    return 1;
}

static const yajl_callbacks callbacks = {.yajl_null = on_null,
                                         .yajl_boolean = on_boolean,
                                         .yajl_number = on_number,
                                         .yajl_string = on_string,
                                         .yajl_start_map = begin_map,
                                         .yajl_map_key = on_key,
                                         .yajl_end_map = end_nested,
                                         .yajl_start_array = begin_array,
                                         .yajl_end_array = end_nested};

static lode_status renew_yajl(struct lode_json_rows *rows)
{
    if (rows->yajl != NULL) yajl_free(rows->yajl);
    rows->yajl = yajl_alloc(&callbacks, NULL, rows);
    if (rows->yajl == NULL) return lode_fail(LODE_E_MEMORY, "no memory for a JSON parser");
    if (!yajl_config(rows->yajl, yajl_allow_multiple_values, 1) ||
        !yajl_config(rows->yajl, yajl_dont_validate_strings, 1)) /* the caller has */
        return lode_fail(LODE_E_BUG, "yajl refuses its options");
    return LODE_OK;
}

/* The code unit of \uXXXX whose digits begin at `at`, or -1; `end` is one past the line. */
static int code_unit(const char *at, const char *end)
{
    int unit = 0;
    if (end - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        const int c = (unsigned char)at[i];
        int digit;
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if (c >= 'a' && c <= 'f')
            digit = c - 'a' + 10;
        else if (c >= 'A' && c <= 'F')
            digit = c - 'A' + 10;
        else
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Looks at all \uXXXX of the line from its first backslash on; malformed ones are left to yajl. */
static const char *escape_fault(const char *at, const char *end)
{
    while (at != NULL && end - at >= 2) {
        const int unit = at[1] == 'u' ? code_unit(at + 2, end) : -1;
        if (unit == 0) return "NUL byte";
        if (unit >= 0xdc00 && unit <= 0xdfff) return "half a surrogate pair";
        if (unit >= 0xd800 && unit <= 0xdbff) {
            const char *next = at + 6;
            const int low = end - next >= 2 && next[0] == '\\' && next[1] == 'u'
                                ? code_unit(next + 2, end)
                                : -1;
            if (low < 0xdc00 || low > 0xdfff) return "half a surrogate pair";
            at = next + 6;
        } else {
            at += 2;
        }
        at = memchr(at, '\\', (size_t)(end - at));
    }
    return NULL;
}

/* One line through yajl with the callbacks above. */
static lode_status parse(struct lode_json_rows *rows, const char *line, size_t size,
                         const char **fault)
{
    rows->line = line;
    rows->size = size;
    rows->depth = 0;
    rows->objects = 0;
    rows->column = -1;
    rows->fault = NULL;
    rows->status = LODE_OK;
    rows->decoded.size = 0;

    const char *backslash = memchr(line, '\\', size);
    if (backslash != NULL) {
        *fault = escape_fault(backslash, line + size);
        if (*fault != NULL) return LODE_OK;
        lode_try(lode_bytes_reserve(&rows->decoded, size)); /* an escape is never longer decoded */
    }
    const yajl_status end = yajl_parse(rows->yajl, (const unsigned char *)line, size + 1);
    if (rows->status != LODE_OK) return rows->status;
    const bool whole = end == yajl_status_ok && rows->depth == 0;
    *fault = rows->fault;
    if (*fault == NULL && (!whole || rows->objects != 1)) *fault = not_an_object;
    return whole ? LODE_OK : renew_yajl(rows);
}

lode_status lode_json_rows_create(struct lode_columns *columns, struct lode_json_rows **rows)
{
    struct lode_json_rows *made = calloc(1, sizeof *made);
    if (made == NULL) return lode_fail(LODE_E_MEMORY, "no memory for a JSON reader");
    made->columns = columns;
    const lode_status status = renew_yajl(made);
    if (status != LODE_OK) {
        lode_json_rows_destroy(made);
        return status;
    }
    *rows = made;
    return LODE_OK;
}

void lode_json_rows_destroy(struct lode_json_rows *rows)
{
    if (rows == NULL) return;
    if (rows->yajl != NULL) yajl_free(rows->yajl);
    lode_bytes_clear(&rows->decoded);
    lode_bytes_clear(&rows->key);
    free(rows);
}

lode_status lode_json_rows_learn(struct lode_json_rows *rows, const char *line, size_t size)
{
    const char *fault = NULL;
    rows->fields = NULL;
    lode_try(parse(rows, line, size, &fault)); /* to the end first: is it good at all? */
    if (fault != NULL) return LODE_OK;
    rows->learning = true;
    const lode_status status = parse(rows, line, size, &fault);
    rows->learning = false;
    return status;
}

lode_status lode_json_rows_split(struct lode_json_rows *rows, const char *line, size_t size,
                                 struct lode_field *fields, const char **fault)
{
    const int count = rows->columns->count;
    for (int i = 0; i < count; i++) fields[i] = (struct lode_field){.text = NULL, .size = 0};
    rows->fields = fields;
    lode_try(parse(rows, line, size, fault));
    for (int i = 0; i < count; i++)
        if (fields[i].text == NULL) fields[i].text = "";
    return LODE_OK;
}
