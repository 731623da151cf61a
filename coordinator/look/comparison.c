/* Comparison: both lists of keys sorted (ties by row), then walked side by side. */
#include "coordinator/look/comparison.h"

#include "coordinator/look/run_findings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct keyed {
    const char *key;
    int64_t row;
};

static int by_key(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    const int order = strcmp(a->key, b->key);
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

static lode_status sort_keys(const struct compared *run, struct lode_arena *arena,
                             struct keyed **sorted)
{
    struct keyed *list = NULL;
    lode_try(lode_take(arena, run->table->n_rows, &list));
    for (int64_t row = 0; row < run->table->n_rows; row++)
        list[row] = (struct keyed){run->keys[row], row};
    qsort(list, (size_t)run->table->n_rows, sizeof *list, by_key);
    *sorted = list;
    return LODE_OK;
}

static bool has_moved(double before, double after, double threshold)
{
    if (isnan(before) || isnan(after)) return isnan(before) != isnan(after);
    if (isinf(before) || isinf(after)) return before < after || before > after;
    return fabs(after - before) > threshold * fmax(fabs(before), fabs(after));
}

static bool has_changed(const struct compared *before, const struct compared *after,
                        const char *const *figures, double threshold, int64_t row_before,
                        int64_t row_after)
{
    for (int i = 0; figures[i]; i++) {
        const struct lode_column *was = lode_table_column(before->table, figures[i]);
        const struct lode_column *is = lode_table_column(after->table, figures[i]);
        if (was && is &&
            has_moved(finding_figure(was, row_before), finding_figure(is, row_after), threshold))
            return true;
    }
    return false;
}

static int by_kind_and_rank(const void *left, const void *right)
{
    const struct difference *a = left, *b = right;
    const int64_t rank_a = a->kind == FINDING_GONE ? a->before : a->after;
    const int64_t rank_b = b->kind == FINDING_GONE ? b->before : b->after;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return (rank_a > rank_b) - (rank_a < rank_b);
}

static void add(struct comparison *comparison, enum difference_kind kind, int64_t before,
                int64_t after)
{
    comparison->list[comparison->n++] = (struct difference){kind, before, after};
    comparison->counts[kind]++;
}

lode_status findings_compare(const struct compared *before, const struct compared *after,
                             const char *const *figures, double threshold, struct lode_arena *arena,
                             struct comparison *comparison)
{
    const int64_t n_before = before->table->n_rows, n_after = after->table->n_rows;
    struct keyed *was = NULL, *is = NULL;
    struct comparison made = {0};
    lode_try(sort_keys(before, arena, &was));
    lode_try(sort_keys(after, arena, &is));
    lode_try(lode_take(arena, n_before + n_after, &made.list));
    int64_t b = 0, a = 0;
    while (b < n_before || a < n_after) {
        const int order = b == n_before ? 1 : a == n_after ? -1 : strcmp(was[b].key, is[a].key);
        if (order < 0) {
            add(&made, FINDING_GONE, was[b++].row, -1);
        } else if (order > 0) {
            add(&made, FINDING_NEW, -1, is[a++].row);
        } else {
            const bool changed =
                has_changed(before, after, figures, threshold, was[b].row, is[a].row);
            add(&made, changed ? FINDING_CHANGED : FINDING_SAME, was[b++].row, is[a++].row);
        }
    }
    qsort(made.list, (size_t)made.n, sizeof *made.list, by_kind_and_rank);
    *comparison = made;
    return LODE_OK;
}
