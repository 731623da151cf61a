/* Table cohorts: rows of one KPI and attribute are siblings, made together because z needs them
 * all. */
#include "jobs/opportunities/tables/cohort_table.h"

#include <math.h>
#include <string.h>

#include "common/stats/stats.h"

static const double normal_975 = 1.959963984540054; /* quantile of a 95 % interval */

/* One KPI while its rows are made. */
struct kpi_work {
    const struct cohort_counts *counts;
    const struct opportunity_options *options;
    int64_t place; /* in options->kpis and in the counts */
    bool is_binary;
    struct lode_fisher *fisher; /* binary KPIs; else NULL */
};

static double mean_of(const struct cohort_cell *cell, bool is_binary)
{
    if (cell->sessions == 0) return (double)NAN;
    return (is_binary ? (double)cell->faulty : cell->sum) / (double)cell->sessions;
}

/* The sessions outside a cohort. */
static struct cohort_cell rest_of(const struct cohort_cell *all, const struct cohort_cell *cell)
{
    return (struct cohort_cell){.sessions = all->sessions - cell->sessions,
                                .faulty = all->faulty - cell->faulty,
                                .sum = all->sum - cell->sum,
                                .sum_squares = all->sum_squares - cell->sum_squares};
}

/* Variance of the mean; NaN below two values. */
static double squared_error(const struct cohort_cell *cell)
{
    const double n = (double)cell->sessions, mean = cell->sum / n;
    if (cell->sessions < 2) return (double)NAN;
    return fmax(cell->sum_squares - n * mean * mean, 0) / (n - 1) / n;
}

static lode_status test_row(const struct kpi_work *work, const struct cohort_cell *cell,
                            struct cohort_row *row)
{
    const struct cohort_cell *all = &work->counts->all[work->place];
    const struct cohort_cell rest = rest_of(all, cell);
    row->p = row->low = row->high = (double)NAN;
    if (row->is_all || cell->sessions == 0 || rest.sessions == 0) return LODE_OK;

    const double share = (double)rest.sessions / (double)all->sessions;
    if (work->is_binary) {
        lode_rate_difference_interval(cell->faulty, cell->sessions, rest.faulty, rest.sessions,
                                      0.95, &row->low, &row->high);
        row->low *= share;
        row->high *= share;
        return lode_fisher_p(work->fisher, cell->faulty, cell->sessions - cell->faulty, &row->p);
    }
    const double reach = normal_975 * sqrt(squared_error(cell) + squared_error(&rest)) * share;
    row->low = row->difference - reach;
    row->high = row->difference + reach;
    row->p = lode_welch_p(cell->sessions, cell->sum, cell->sum_squares, rest.sessions, rest.sum,
                          rest.sum_squares);
    return LODE_OK;
}

static bool is_lifecycle(const struct cohort_counts *counts, int64_t set)
{
    return set == counts->n_sets - 1;
}

static lode_status make_row(const struct kpi_work *work, int64_t set, int64_t value,
                            struct cohort_row *row)
{
    const struct cohort_counts *counts = work->counts;
    const struct cohort_cell *cell = &counts->sets[set].cells[value * counts->n_kpis + work->place];
    *row = (struct cohort_row){
        .kpi = work->options->kpis[work->place],
        .is_binary = work->is_binary,
        .is_all = is_lifecycle(counts, set) && strcmp(counts->sets[set].values[value], "all") == 0,
        .attribute = set,
        .value = value,
        .users = cell->users,
        .sessions = cell->sessions,
        .faulty = work->is_binary ? cell->faulty : 0,
        .kpi_mean = mean_of(cell, work->is_binary),
        .all_mean = mean_of(&counts->all[work->place], work->is_binary),
        .z = (double)NAN,
        .q = (double)NAN,
    };
    row->difference = row->kpi_mean - row->all_mean;
    row->relative =
        row->all_mean == 0 ? (double)NAN : row->difference / row->all_mean; /* 0: no scale */
    return test_row(work, cell, row);
}

/* z of the means among siblings; "all" is none, and a mean of no sessions (NaN) neither. */
static lode_status fill_z(struct cohort_row *rows, int64_t n, struct lode_arena *arena)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    double *means = NULL, *z = NULL;
    lode_try(lode_take(arena, n, &means));
    lode_try(lode_take(arena, n, &z));
    for (int64_t i = 0; i < n; i++) means[i] = rows[i].is_all ? (double)NAN : rows[i].kpi_mean;
    lode_try(lode_robust_z(means, n, arena, z));
    for (int64_t i = 0; i < n; i++) rows[i].z = z[i];
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static bool is_listed(const struct kpi_work *work, int64_t set, int64_t value)
{
    const struct cohort_counts *counts = work->counts;
    if (is_lifecycle(counts, set)) return true;
    return work->options->attribute_on[set] &&
           counts->sets[set].cells[value * counts->n_kpis + work->place].users >=
               work->options->min_users;
}

static lode_status make_kpi_rows(const struct kpi_work *work, struct lode_arena *arena,
                                 struct cohort_rows *rows)
{
    for (int64_t set = 0; set < work->counts->n_sets; set++) {
        const int64_t first = rows->n;
        for (int64_t value = 0; value < work->counts->sets[set].n_values; value++)
            if (is_listed(work, set, value))
                lode_try(make_row(work, set, value, &rows->rows[rows->n++]));
        lode_try(fill_z(rows->rows + first, rows->n - first, arena));
    }
    return LODE_OK;
}

static int64_t count_listed(const struct kpi_work *work)
{
    int64_t n = 0;
    for (int64_t set = 0; set < work->counts->n_sets; set++)
        for (int64_t value = 0; value < work->counts->sets[set].n_values; value++)
            n += is_listed(work, set, value);
    return n;
}

lode_status cohort_rows_make(const struct cohort_counts *counts, const struct lode_store *store,
                             const struct opportunity_options *options, struct lode_arena *arena,
                             struct cohort_rows *rows)
{
    lode_status status = LODE_OK;
    struct cohort_rows made = {.counts = counts};
    struct kpi_work work = {.counts = counts, .options = options};
    int64_t most = 0;
    for (work.place = 0; work.place < options->n_kpis; work.place++) most += count_listed(&work);
    lode_try(lode_take(arena, most, &made.rows));
    for (work.place = 0; work.place < options->n_kpis; work.place++) {
        const struct cohort_cell *all = &counts->all[work.place];
        work.is_binary = store->kpis[options->kpis[work.place]].is_binary;
        if (work.is_binary)
            lode_try_done(
                lode_fisher_create(all->faulty, all->sessions - all->faulty, &work.fisher));
        lode_try_done(make_kpi_rows(&work, arena, &made));
        lode_fisher_destroy(work.fisher);
        work.fisher = NULL;
    }
    *rows = made;
done:
    lode_fisher_destroy(work.fisher);
    return status;
}

/* The columns of the table, each [n]. */
struct cohort_columns {
    uint32_t *kpi, *attribute, *value;
    int64_t *users, *sessions;
    double *faulty; /* NaN (an empty cell) for numeric KPIs */
    double *kpi_mean, *all_mean, *difference, *relative, *z, *low, *high, *p, *q;
};

static lode_status take_columns(int64_t n, struct lode_arena *arena, struct cohort_columns *columns)
{
    double **const doubles[] = {&columns->faulty,     &columns->kpi_mean, &columns->all_mean,
                                &columns->difference, &columns->relative, &columns->z,
                                &columns->low,        &columns->high,     &columns->p,
                                &columns->q};
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        lode_try(lode_take(arena, n, doubles[i]));
    lode_try(lode_take(arena, n, &columns->kpi));
    lode_try(lode_take(arena, n, &columns->attribute));
    lode_try(lode_take(arena, n, &columns->value));
    lode_try(lode_take(arena, n, &columns->users));
    return lode_take(arena, n, &columns->sessions);
}

static lode_status fill_columns(const struct cohort_rows *rows, struct lode_words *words,
                                struct cohort_columns *columns)
{
    for (int64_t i = 0; i < rows->n; i++) {
        const struct cohort_row *row = &rows->rows[i];
        const struct cohort_set *set = &rows->counts->sets[row->attribute];
        const char *value = set->values[row->value];
        lode_try(
            lode_words_add(words, set->attribute, strlen(set->attribute), &columns->attribute[i]));
        lode_try(lode_words_add(words, value, strlen(value), &columns->value[i]));
        columns->kpi[i] = (uint32_t)row->kpi;
        columns->users[i] = row->users;
        columns->sessions[i] = row->sessions;
        columns->faulty[i] = row->is_binary ? (double)row->faulty : (double)NAN;
        columns->kpi_mean[i] = row->kpi_mean;
        columns->all_mean[i] = row->all_mean;
        columns->difference[i] = row->difference;
        columns->relative[i] = row->relative;
        columns->z[i] = row->z;
        columns->low[i] = row->low;
        columns->high[i] = row->high;
        columns->p[i] = row->p;
        columns->q[i] = row->q;
    }
    return LODE_OK;
}

lode_status cohort_rows_put(const struct cohort_rows *rows,
                            const struct opportunity_options *options, struct lode_arena *arena,
                            struct lode_results *results)
{
    struct cohort_columns c;
    struct lode_words *interned = NULL;
    lode_try(lode_words_create(arena, &interned));
    lode_try(take_columns(rows->n, arena, &c));
    lode_try(fill_columns(rows, interned, &c));
    int64_t n_words = 0;
    char *const *words = lode_words_list(interned, &n_words);
    struct lode_column columns[] = {
        lode_column_words("kpi", c.kpi, options->kpi_names, options->n_kpi_names, "KPI"),
        lode_column_words("attribute", c.attribute, words, n_words,
                          "static attribute, or lifecycle"),
        lode_column_words("value", c.value, words, n_words, "value of the attribute"),
        lode_column_numbers("users", LODE_COLUMN_I64, c.users, "users", "users of the cohort"),
        lode_column_numbers("sessions", LODE_COLUMN_I64, c.sessions, "sessions",
                            "sessions of the cohort with a value of the KPI"),
        lode_column_numbers("kpi_mean", LODE_COLUMN_F64, c.kpi_mean, NULL, "mean of the KPI"),
        lode_column_numbers("all_mean", LODE_COLUMN_F64, c.all_mean, NULL,
                            "mean over all sessions"),
        lode_column_numbers("difference", LODE_COLUMN_F64, c.difference, NULL,
                            "kpi_mean - all_mean"),
        lode_column_numbers("relative_difference", LODE_COLUMN_F64, c.relative, "1",
                            "difference / all_mean"),
        lode_column_numbers("z", LODE_COLUMN_F64, c.z, "1",
                            "robust z among the attribute's values"),
        lode_column_numbers("faulty", LODE_COLUMN_F64, c.faulty, "sessions",
                            "faulty sessions of the cohort; empty for a numeric KPI"),
        lode_column_numbers("low", LODE_COLUMN_F64, c.low, NULL,
                            "95 % interval of difference, low end"),
        lode_column_numbers("high", LODE_COLUMN_F64, c.high, NULL,
                            "95 % interval of difference, high end"),
        lode_column_numbers(
            "p", LODE_COLUMN_F64, c.p, "1",
            "cohort against the other sessions: Fisher (0/1 KPI) or Welch (numeric)"),
        lode_column_numbers("q", LODE_COLUMN_F64, c.q, "1",
                            "false discovery rate over all rows of patterns and cohorts"),
    };
    const struct lode_table table = {.name = "cohorts",
                                     .title = "KPIs in cohorts of sessions",
                                     .n_rows = rows->n,
                                     .n_columns = sizeof columns / sizeof *columns,
                                     .columns = columns};
    return lode_results_put(results, &table);
}
