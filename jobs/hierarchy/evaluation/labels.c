/* Labels: see the header. */
#include "jobs/hierarchy/evaluation/labels.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "jobs/hierarchy/evaluation/columns.h"

enum { COMPONENT, START, END };
static const char *const column_names[] = {"component", "start_s", "end_s", NULL};
/* A time further from 1970 is none (in seconds; some 30 million years). */
static const double furthest_s = 1e15;

struct reader {
    struct evaluation_columns columns;
    int counters; /* place in a row; -1: there is no such column */
    const char *const *names;
    int64_t n_names;
    struct lode_arena *arena;
    struct labels labels;
    int64_t room;
};

static lode_status read_time(const struct reader *r, int column, int64_t *time_ms)
{
    const struct lode_field *field = evaluation_columns_field(&r->columns, column);
    double seconds = 0.0;
    if (lode_text_to_f64(field->text, field->size, &seconds) && fabs(seconds) < furthest_s) {
        *time_ms = (int64_t)llround(seconds * 1000.0);
        return LODE_OK;
    }
    if (lode_text_iso_to_ms(field->text, field->size, time_ms)) return LODE_OK;
    return evaluation_columns_refuse(&r->columns,
                                     "%s '%.*s' is no time (seconds since 1970, or ISO 8601)",
                                     column_names[column], (int)field->size, field->text);
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

static lode_status add_label(struct reader *r, const struct label *label)
{
    struct labels *labels = &r->labels;
    if (labels->n == r->room) {
        struct label *more;
        r->room = r->room ? 2 * r->room : 64;
        lode_try(lode_take(r->arena, r->room, &more));
        if (labels->n > 0) memcpy(more, labels->list, (size_t)labels->n * sizeof *more);
        labels->list = more;
    }
    labels->list[labels->n++] = *label;
    return LODE_OK;
}

static int find_counters(struct lode_rows *rows)
{
    int n = 0;
    const char *const *names = lode_rows_columns(rows, &n);
    for (int c = 0; c < n; c++)
        if (strcmp(names[c], "counters") == 0) return c;
    return -1;
}

static lode_status read_counters(const struct reader *r, const char **counters)
{
    char *copy;
    *counters = "";
    if (r->counters < 0 || r->columns.fields[r->counters].size == 0) return LODE_OK;
    const struct lode_field *field = &r->columns.fields[r->counters];
    lode_try(lode_arena_text(r->arena, field->text, field->size, &copy));
    *counters = copy;
    return LODE_OK;
}

/* In the words of the file, whatever form its times have. */
static lode_status refuse_order(const struct reader *r)
{
    const struct lode_field *start = evaluation_columns_field(&r->columns, START);
    const struct lode_field *end = evaluation_columns_field(&r->columns, END);
    return evaluation_columns_refuse(&r->columns,
                                     "it ends at %.*s, where it starts (%.*s) or before",
                                     (int)end->size, end->text, (int)start->size, start->text);
}

static lode_status read_row(struct reader *r)
{
    const struct lode_field *component = evaluation_columns_field(&r->columns, COMPONENT);
    struct labels *labels = &r->labels;
    struct label label = {0};
    char *name;
    lode_try(read_time(r, START, &label.start_ms));
    lode_try(read_time(r, END, &label.end_ms));
    if (label.end_ms <= label.start_ms) return refuse_order(r);
    lode_try(lode_arena_text(r->arena, component->text, component->size, &name));
    lode_try(read_counters(r, &label.counters));
    label.line = lode_rows_line(r->columns.rows);
    label.component = find_name(r, name);
    if (label.component >= 0) return add_label(r, &label);
    if (labels->n_unknown++ == 0) {
        labels->unknown = name;
        labels->unknown_line = lode_rows_line(r->columns.rows);
        labels->unknown_nearest = lode_text_nearest(name, r->names);
    }
    return LODE_OK;
}

static int compare_labels(const void *left, const void *right)
{
    const struct label *a = left, *b = right;
    if (a->component != b->component) return a->component < b->component ? -1 : 1;
    if (a->start_ms != b->start_ms) return a->start_ms < b->start_ms ? -1 : 1;
    if (a->end_ms != b->end_ms) return a->end_ms < b->end_ms ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

static lode_status refuse_all(const char *path, const struct labels *labels)
{
    const char *nearest = labels->unknown_nearest;
    return lode_fail(LODE_E_INPUT,
                     "%s, line %" PRId64 ": no row is about a component of the model; the first "
                     "is about '%s'%s%s%s",
                     path, labels->unknown_line, labels->unknown, nearest ? " (nearest: '" : "",
                     nearest ? nearest : "", nearest ? "')" : "");
}

lode_status labels_read_rows(struct lode_rows *rows, const char *path, const char *const *names,
                             int64_t n_names, struct lode_arena *arena, struct labels *labels)
{
    struct reader r = {.names = names, .n_names = n_names, .arena = arena};
    lode_try(evaluation_columns_find(rows, path, column_names, arena, &r.columns));
    r.counters = find_counters(rows);
    for (;;) {
        bool more = false;
        lode_try(evaluation_columns_next(&r.columns, &more));
        if (!more) break;
        lode_try(read_row(&r));
    }
    if (r.labels.n == 0 && r.labels.n_unknown > 0) return refuse_all(path, &r.labels);
    if (r.labels.n > 0)
        qsort(r.labels.list, (size_t)r.labels.n, sizeof *r.labels.list, compare_labels);
    *labels = r.labels;
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

lode_status labels_read_of(const char *path, const char *what, const struct model *model,
                           struct lode_arena *arena, struct labels *labels)
{
    const int64_t n = model->n_components;
    const char **names;
    lode_try(lode_take_zero(arena, n + 1, &names));
    for (int64_t c = 0; c < n; c++) names[c] = model->components[c].name;
    lode_try(labels_read(path, names, n, arena, labels));
    const char *nearest = labels->unknown_nearest;
    if (labels->n_unknown > 0)
        lode_log_warn("%s of components that the model does not know are left out count=%" PRId64
                      " first=\"%s\" line=%" PRId64 " nearest=\"%s\"",
                      what, labels->n_unknown, labels->unknown, labels->unknown_line,
                      nearest ? nearest : "");
    return LODE_OK;
}
