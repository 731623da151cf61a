/* Labels: see the header. */
#include "jobs/hierarchy/evaluation/labels.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

enum { COMPONENT, START, END, COLUMNS };
static const char *const column_names[] = {"component", "start_s", "end_s"};

struct reader {
    struct lode_rows *rows;
    const char *path;
    const char *const *names;
    int64_t n_names;
    struct lode_arena *arena;
    struct labels *labels;
    int64_t room;
    int columns[COLUMNS]; /* places in a row */
};

static lode_status find_columns(struct reader *r, int *n_columns)
{
    const char *const *columns = lode_rows_columns(r->rows, n_columns);
    const char **ended;
    lode_try(lode_take_zero(r->arena, *n_columns + 1, &ended));
    for (int c = 0; c < *n_columns; c++) ended[c] = columns[c];
    for (int k = 0; k < COLUMNS; k++) {
        r->columns[k] = -1;
        for (int c = 0; c < *n_columns; c++)
            if (strcmp(columns[c], column_names[k]) == 0) r->columns[k] = c;
        if (r->columns[k] >= 0) continue;
        const char *nearest = lode_text_nearest(column_names[k], ended);
        return lode_fail(LODE_E_INPUT, "%s: no column '%s'%s%s%s; labels are component, start_s, end_s",
                         r->path, column_names[k], nearest ? " (nearest: '" : "",
                         nearest ? nearest : "", nearest ? "')" : "");
    }
    return LODE_OK;
}

static lode_status read_time(const struct reader *r, const struct lode_field *field,
                             const char *column, int64_t *time_ms)
{
    double seconds = 0.0;
    if (lode_text_to_f64(field->text, field->size, &seconds) && fabs(seconds) < 1e15) {
        *time_ms = (int64_t)llround(seconds * 1000.0);
        return LODE_OK;
    }
    if (lode_text_iso_to_ms(field->text, field->size, time_ms)) return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "%s, line %" PRId64 ": %s '%.*s' is no time (seconds since 1970, or ISO 8601)",
                     r->path, lode_rows_line(r->rows), column, (int)field->size, field->text);
}

/* -1: it is not among the names. */
static int64_t find_name(const struct reader *r, const char *name)
{
    int64_t low = 0, high = r->n_names;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int order = strcmp(r->names[middle], name);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static lode_status add_label(struct reader *r, struct label label)
{
    struct labels *labels = r->labels;
    if (labels->n == r->room) {
        struct label *more;
        r->room = r->room ? 2 * r->room : 64;
        lode_try(lode_take(r->arena, r->room, &more));
        if (labels->n > 0) memcpy(more, labels->list, (size_t)labels->n * sizeof *more);
        labels->list = more;
    }
    labels->list[labels->n++] = label;
    return LODE_OK;
}

static lode_status read_row(struct reader *r, const struct lode_field *fields)
{
    const struct lode_field *component = &fields[r->columns[COMPONENT]];
    struct labels *labels = r->labels;
    struct label label = {0};
    char *name;
    lode_try(read_time(r, &fields[r->columns[START]], "start_s", &label.start_ms));
    lode_try(read_time(r, &fields[r->columns[END]], "end_s", &label.end_ms));
    if (label.end_ms <= label.start_ms)
        return lode_fail(LODE_E_INPUT,
                         "%s, line %" PRId64 ": the issue ends (%.*s) where it starts or before (%.*s)",
                         r->path, lode_rows_line(r->rows), (int)fields[r->columns[END]].size,
                         fields[r->columns[END]].text, (int)fields[r->columns[START]].size,
                         fields[r->columns[START]].text);
    lode_try(lode_arena_text(r->arena, component->text, component->size, &name));
    label.component = find_name(r, name);
    if (label.component >= 0) return add_label(r, label);
    if (labels->n_unknown++ == 0) {
        labels->unknown = name;
        labels->unknown_line = lode_rows_line(r->rows);
        labels->unknown_nearest = lode_text_nearest(name, r->names);
    }
    return LODE_OK;
}

static int compare_labels(const void *left, const void *right)
{
    const struct label *a = left, *b = right;
    if (a->component != b->component) return a->component < b->component ? -1 : 1;
    if (a->start_ms != b->start_ms) return a->start_ms < b->start_ms ? -1 : 1;
    return (a->end_ms > b->end_ms) - (a->end_ms < b->end_ms);
}

lode_status labels_read_rows(struct lode_rows *rows, const char *path, const char *const *names,
                             int64_t n_names, struct lode_arena *arena, struct labels *labels)
{
    struct labels read = {0};
    struct reader r = {
        .rows = rows, .path = path, .names = names, .n_names = n_names, .arena = arena, .labels = &read};
    struct lode_field *fields;
    int n_columns = 0;
    lode_try(find_columns(&r, &n_columns));
    lode_try(lode_take(arena, n_columns, &fields));
    for (;;) {
        const char *fault = NULL;
        bool more = false;
        lode_try(lode_rows_next(rows, fields, &fault, &more));
        if (!more) break;
        if (fault)
            return lode_fail(LODE_E_INPUT, "%s, line %" PRId64 ": %s", path, lode_rows_line(rows),
                             fault);
        lode_try(read_row(&r, fields));
    }
    if (read.n == 0 && read.n_unknown > 0)
        return lode_fail(LODE_E_INPUT,
                         "%s, line %" PRId64 ": no issue is about a component of the model, the first "
                         "is about '%s'%s%s%s",
                         path, read.unknown_line, read.unknown,
                         read.unknown_nearest ? " (nearest: '" : "",
                         read.unknown_nearest ? read.unknown_nearest : "",
                         read.unknown_nearest ? "')" : "");
    if (read.n > 0) qsort(read.list, (size_t)read.n, sizeof *read.list, compare_labels);
    *labels = read;
    return LODE_OK;
}

lode_status labels_read(const char *path, const char *const *names, int64_t n_names,
                        struct lode_arena *arena, struct labels *labels)
{
    struct lode_rows *rows = NULL;
    lode_status status = LODE_OK;
    lode_try_done(lode_rows_open(path, &rows));
    lode_try_done(labels_read_rows(rows, path, names, n_names, arena, labels));
done:
    lode_rows_close(rows);
    return status ? lode_note(status, "reading labels") : LODE_OK;
}
