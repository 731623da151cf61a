/* Tables and words about weights that labels adjusted. */
#include "jobs/hierarchy/model/rows.h"
#include "jobs/hierarchy/training/weighing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static lode_status put_weights(const struct lode_run *run, const struct weighing *weighing)
{
    struct rows rows;
    uint32_t *names = NULL;
    double *weights = NULL, *priors = NULL, *rests = NULL;
    int64_t *leaves = NULL, *issues = NULL, *marks = NULL;
    lode_try(rows_begin(&rows, "weights", "what labels and harmless marks made of the weights",
                        weighing->n_names, run->arena));
    lode_try(
        rows_text(&rows, "leaf", "a counter (with several kinds COUNTER:KIND), or a rule", &names));
    lode_try(rows_f64(&rows, "weight", NULL, "of its leaves in all components", &weights));
    lode_try(rows_f64(&rows, "prior", NULL, "before: parameter weights, else 1", &priors));
    lode_try(rows_i64(&rows, "leaves", NULL, "of that name that live", &leaves));
    lode_try(rows_i64(&rows, "issues", NULL,
                      "in whose strongest slot one of them scored above 0.99", &issues));
    lode_try(rows_i64(&rows, "marks", NULL, "likewise", &marks));
    lode_try(rows_f64(&rows, "rest", "1", "share of the other hours likewise", &rests));
    for (int64_t j = 0; j < weighing->n_names; j++) {
        const struct weighed_name *one = &weighing->names[j];
        lode_try(rows_code(&rows, one->name, &names[j]));
        weights[j] = one->weight;
        priors[j] = one->prior;
        leaves[j] = one->leaves;
        issues[j] = one->issues;
        marks[j] = one->marks;
        rests[j] = one->rest;
    }
    return lode_results_put(run->results, rows_end(&rows));
}

static lode_status put_labels(const struct lode_run *run, const struct weighing *weighing)
{
    enum { KINDS = sizeof weighing->files / sizeof *weighing->files };
    struct rows rows;
    uint32_t *kinds = NULL;
    int64_t *used = NULL, *outside = NULL, *unknown = NULL;
    lode_try(
        rows_begin(&rows, "labels", "what became of labels and harmless marks", KINDS, run->arena));
    lode_try(rows_text(&rows, "kind", "issues, or harmless marks", &kinds));
    lode_try(rows_i64(&rows, "used", NULL, "that weights follow from", &used));
    lode_try(rows_i64(&rows, "outside", NULL,
                      "left out: no trained slot with a full window lies in them", &outside));
    lode_try(
        rows_i64(&rows, "unknown", NULL, "left out: of components that are not known", &unknown));
    for (int k = 0; k < KINDS; k++) {
        lode_try(rows_code(&rows, weighing->files[k].kind, &kinds[k]));
        used[k] = weighing->files[k].used;
        outside[k] = weighing->files[k].outside;
        unknown[k] = weighing->files[k].unknown;
    }
    return lode_results_put(run->results, rows_end(&rows));
}

lode_status weight_tables_put(const struct lode_run *run, const struct weighing *weighing)
{
    lode_try(put_weights(run, weighing));
    return put_labels(run, weighing);
}

/* --- words --- */

enum { NAMED = 3 };

static double change(const struct weighed_name *name)
{
    return name->weight / name->prior;
}

/* Largest rise first; of equals in order of names. */
static int compare_changes(const void *left, const void *right)
{
    const struct weighed_name *const *a = left, *const *b = right;
    const double x = change(*a), y = change(*b);
    if (x != y) return x > y ? -1 : 1;
    return strcmp((*a)->name, (*b)->name);
}

/* ", up a (1.80), b (1.50)" of the first names that moved by a twentieth or more. */
static lode_status write_side(const struct weighed_name *const *sorted, int64_t n, bool is_up,
                              struct lode_bytes *text)
{
    for (int64_t i = 0; i < n && i < NAMED; i++) {
        const struct weighed_name *name = sorted[is_up ? i : n - 1 - i];
        if (is_up ? change(name) < 1.05 : change(name) > 0.95) break;
        lode_try(lode_bytes_printf(text, "%s%s (%.3g)",
                                   i > 0   ? ", "
                                   : is_up ? "; up: "
                                           : "; down: ",
                                   name->name, name->weight));
    }
    return LODE_OK;
}

static lode_status write_words(const struct weighing *weighing,
                               const struct weighed_name *const *sorted, struct lode_bytes *text)
{
    const struct weighed_file *issues = &weighing->files[0], *marks = &weighing->files[1];
    const int64_t outside = issues->outside + marks->outside,
                  unknown = issues->unknown + marks->unknown;
    lode_try(lode_bytes_printf(
        text, "%" PRId64 " labelled issues and %" PRId64 " harmless marks weigh the counters",
        issues->used, marks->used));
    lode_try(write_side(sorted, weighing->n_names, true, text));
    lode_try(write_side(sorted, weighing->n_names, false, text));
    if (weighing->presumed > 0)
        lode_try(lode_bytes_printf(
            text, "; other alerts since the first mark are presumed right (%" PRId64 " hours)",
            weighing->presumed));
    if (outside > 0)
        lode_try(lode_bytes_printf(text, "; %" PRId64 " outside the trained slots", outside));
    if (unknown > 0)
        lode_try(
            lode_bytes_printf(text, "; %" PRId64 " of components that are not known", unknown));
    return lode_bytes_append(text, "", 1);
}

lode_status weight_words(const struct weighing *weighing, struct lode_arena *arena,
                         const char **words)
{
    const struct weighed_name **sorted;
    struct lode_bytes text = {0};
    char *copy = NULL;
    lode_try(lode_take(arena, weighing->n_names, &sorted));
    for (int64_t j = 0; j < weighing->n_names; j++) sorted[j] = &weighing->names[j];
    if (weighing->n_names > 0)
        qsort(sorted, (size_t)weighing->n_names, sizeof *sorted, compare_changes);
    lode_status status = write_words(weighing, sorted, &text);
    if (!status) status = lode_arena_text(arena, (const char *)text.data, text.size - 1, &copy);
    lode_bytes_clear(&text);
    if (!status) *words = copy;
    return status;
}
