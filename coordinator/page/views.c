/* Views: what the job has drawn, and the rows for it, taken in the order of its list: those of a
 * table may depend on those of tables above.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/page/cells.h"
#include "coordinator/page/data.h"

enum { TABLES_MOST = 32 };

/* The rows taken of a table: which, and all of its columns. */
struct taken {
    const char *name;
    struct lode_table table;
    struct page_rows rows;
};

struct views {
    const struct page_source *source;
    int n;
    struct taken list[TABLES_MOST]; /* the findings that are shown first, then in order */
};

static bool has_table(const char *name, char *const *tables, int64_t n_tables)
{
    for (int64_t i = 0; i < n_tables; i++)
        if (strcmp(tables[i], name) == 0) return true;
    return false;
}

/* --- which rows --- */

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The numbers of "table.column" in the rows taken of it; NaN left out. */
static lode_status gather_numbers(const struct views *views, const char *place, double *numbers,
                                  int64_t *n)
{
    const char *dot = strchr(place, '.');
    if (!dot) return lode_fail(LODE_E_BUG, "a view's rows are among '%s'", place);
    for (int i = 0; i < views->n; i++) {
        const struct taken *of = &views->list[i];
        if (strncmp(of->name, place, (size_t)(dot - place)) != 0 || of->name[dot - place]) continue;
        const struct lode_column *column = lode_table_column(&of->table, dot + 1);
        for (int64_t k = 0; column && k < of->rows.n; k++) {
            const double number = finding_figure(column, of->rows.list[k]);
            if (!isnan(number)) numbers[(*n)++] = number;
        }
    }
    return LODE_OK;
}

/* Keeps the rows whose key is among those of other tables. */
static lode_status keep_keys(const struct views *views, const struct lode_view_rows *want,
                             const struct lode_table *table, struct page_rows *rows, int64_t *list)
{
    const struct lode_column *key = lode_table_column(table, want->key);
    int64_t n = 0, n_kept = 0, room = 0;
    double *numbers;
    for (int i = 0; i < views->n; i++) room += views->list[i].rows.n;
    lode_try(lode_take(views->source->arena, 2 * room, &numbers));
    for (int i = 0; i < 2 && want->among[i]; i++)
        lode_try(gather_numbers(views, want->among[i], numbers, &n));
    if (n > 1) qsort(numbers, (size_t)n, sizeof *numbers, compare_doubles);
    for (int64_t i = 0; key && i < rows->n; i++) {
        const double number = finding_figure(key, list[i]);
        if (n > 0 && bsearch(&number, numbers, (size_t)n, sizeof *numbers, compare_doubles))
            list[n_kept++] = list[i];
    }
    rows->n = n_kept;
    return LODE_OK;
}

/* A row and what it is chosen by. */
struct ranked {
    double number;
    int64_t row;
};

static int compare_numbers(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static int compare_rows(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Keeps those with the lowest numbers, in the order of the table. */
static lode_status keep_lowest(const struct lode_column *column, int64_t most,
                               struct lode_arena *arena, struct page_rows *rows, int64_t *list)
{
    struct ranked *ranked;
    lode_try(lode_take(arena, rows->n, &ranked));
    for (int64_t i = 0; i < rows->n; i++) {
        const double number = column ? finding_figure(column, list[i]) : 0.0;
        ranked[i] = (struct ranked){isnan(number) ? (double)INFINITY : number, list[i]};
    }
    qsort(ranked, (size_t)rows->n, sizeof *ranked, compare_numbers);
    for (int64_t i = 0; i < most; i++) list[i] = ranked[i].row;
    qsort(list, (size_t)most, sizeof *list, compare_rows);
    rows->n = most;
    return LODE_OK;
}

static lode_status choose_rows(const struct views *views, const struct lode_view_rows *want,
                               struct taken *taken)
{
    struct lode_arena *arena = views->source->arena;
    int64_t *list;
    lode_try(lode_take(arena, taken->table.n_rows, &list));
    for (int64_t i = 0; i < taken->table.n_rows; i++) list[i] = i;
    taken->rows = (struct page_rows){taken->table.n_rows, list};
    if (want->key) lode_try(keep_keys(views, want, &taken->table, &taken->rows, list));
    if (taken->rows.n <= want->most) return LODE_OK;
    if (want->lowest)
        return keep_lowest(lode_table_column(&taken->table, want->lowest), want->most, arena,
                           &taken->rows, list);
    taken->rows.n = want->whole ? 0 : want->most;
    return LODE_OK;
}

/* --- into the page --- */

static lode_status append_taken(struct lode_bytes *out, const struct views *views,
                                const struct taken *taken)
{
    const struct lode_table *table = &taken->table;
    lode_try(page_text_append(out, taken->name));
    lode_try(lode_bytes_append(out, ":{", 2));
    lode_try(page_field_append(out, true, "title", table->title));
    lode_try(lode_bytes_printf(out, ",\"rows\":%lld,\"shown\":%lld,\"columns\":[",
                               (long long)table->n_rows, (long long)taken->rows.n));
    for (int c = 0; c < table->n_columns; c++) {
        if (c > 0) lode_try(lode_bytes_append(out, ",", 1));
        lode_try(page_column_append(out, &table->columns[c], &taken->rows, views->source->arena));
    }
    return lode_bytes_append(out, "]}", 2);
}

static lode_status append_rows(struct lode_bytes *out, struct views *views,
                               const struct lode_view_rows *wanted, char *const *tables,
                               int64_t n_tables)
{
    bool is_first = true;
    lode_try(lode_bytes_printf(out, "\"rows\":{"));
    for (const struct lode_view_rows *want = wanted; want->table; want++) {
        if (!has_table(want->table, tables, n_tables)) continue;
        if (views->n == TABLES_MOST) return lode_fail(LODE_E_BUG, "rows of over 31 tables");
        struct taken *taken = &views->list[views->n];
        taken->name = want->table;
        lode_try(lode_results_read(views->source->results, want->table, views->source->arena,
                                   &taken->table));
        lode_try(choose_rows(views, want, taken));
        views->n++;
        if (!is_first) lode_try(lode_bytes_append(out, ",\n", 2));
        lode_try(append_taken(out, views, taken));
        is_first = false;
    }
    return lode_bytes_append(out, "}", 1);
}

static const char *const kinds[] = {[LODE_VIEW_TABLE] = "table",
                                    [LODE_VIEW_CURVES] = "curves",
                                    [LODE_VIEW_HEALTH] = "health",
                                    [LODE_VIEW_TREE] = "tree"};

static lode_status append_view(struct lode_bytes *out, const struct lode_view *view)
{
    static const char *const words[] = {"false", "true"};
    lode_try(lode_bytes_append(out, "{", 1));
    lode_try(page_field_append(out, true, "kind", kinds[view->kind]));
    lode_try(page_field_append(out, false, "title", view->title));
    lode_try(page_field_append(out, false, "text", view->text));
    lode_try(page_field_append(out, false, "table", view->table));
    lode_try(page_field_append(out, false, "x", view->x));
    lode_try(page_field_append(out, false, "y", view->y));
    lode_try(page_field_append(out, false, "lines", view->lines));
    lode_try(page_field_append(out, false, "part", view->part));
    lode_try(page_field_append(out, false, "whole", view->whole));
    return lode_bytes_printf(out, ",\"log_x\":%s,\"log_y\":%s,\"least\":%s}", words[view->log_x],
                             words[view->log_y], words[view->least]);
}

static lode_status append_views(struct lode_bytes *out, const struct lode_view *views,
                                char *const *tables, int64_t n_tables)
{
    bool is_first = true;
    lode_try(lode_bytes_printf(out, "\"views\":["));
    for (const struct lode_view *view = views; view->title; view++) {
        if (!has_table(view->table, tables, n_tables)) continue;
        if (!is_first) lode_try(lode_bytes_append(out, ",", 1));
        lode_try(append_view(out, view));
        is_first = false;
    }
    return lode_bytes_append(out, "],\n", 3);
}

lode_status page_views_append(struct lode_bytes *out, const struct page_source *source,
                              char *const *tables, int64_t n_tables)
{
    const struct lode_job_views *of_job = lode_views_find(source->findings->job->name);
    const int64_t n_findings = source->findings->table.n_rows;
    const struct lode_arena_mark mark = lode_arena_mark(source->arena);
    struct views *views;
    int64_t *list;
    if (!of_job) return lode_bytes_printf(out, "\"views\":[],\"rows\":{}");
    lode_try(lode_take_zero(source->arena, 1, &views));
    views->source = source;
    lode_try(lode_take(source->arena, PAGE_FINDINGS, &list));
    for (int64_t i = 0; i < PAGE_FINDINGS; i++) list[i] = i;
    if (n_findings > 0)
        views->list[views->n++] =
            (struct taken){.name = source->findings->table.name,
                           .table = source->findings->table,
                           .rows = {n_findings < PAGE_FINDINGS ? n_findings : PAGE_FINDINGS, list}};
    lode_try(append_views(out, of_job->views, tables, n_tables));
    lode_try(append_rows(out, views, of_job->rows, tables, n_tables));
    lode_arena_rewind(source->arena, mark);
    return LODE_OK;
}
