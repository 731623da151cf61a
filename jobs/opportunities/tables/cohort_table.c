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

/* p of the cell against the others of `parent`. */
static lode_status test_inside(const struct kpi_work *work, const struct cohort_cell *cell,
                               const struct cohort_cell *parent, double *p)
{
    const struct cohort_cell rest = rest_of(parent, cell);
    struct lode_fisher *fisher = NULL;
    *p = (double)NAN;
    if (rest.sessions < 0 || rest.faulty < 0 || rest.faulty > rest.sessions)
        return lode_fail(LODE_E_MESSAGE, "a pair of %lld sessions in a cohort of %lld",
                         (long long)cell->sessions, (long long)parent->sessions);
    if (rest.sessions == 0) return LODE_OK;
    if (!work->is_binary) {
        *p = lode_welch_p(cell->sessions, cell->sum, cell->sum_squares, rest.sessions, rest.sum,
                          rest.sum_squares);
        return LODE_OK;
    }
    lode_try(lode_fisher_create(parent->faulty, parent->sessions - parent->faulty, &fisher));
    const lode_status status =
        lode_fisher_p(fisher, cell->faulty, cell->sessions - cell->faulty, p);
    lode_fisher_destroy(fisher);
    return status;
}

/* A pair adds something only if it differs from both of its cohorts: the larger p says that. */
static lode_status test_pair(const struct kpi_work *work, const struct cohort_cell *cell,
                             struct cohort_row *row)
{
    const struct cohort_counts *counts = work->counts;
    const struct cohort_set *set = &counts->sets[row->attribute];
    double p[2];
    for (int i = 0; i < 2; i++) {
        const struct cohort_cell *parent =
            &counts->sets[set->parents[i]]
                 .cells[set->values_of[row->value][i] * counts->n_kpis + work->place];
        row->parent_means[i] = mean_of(parent, work->is_binary);
        lode_try(test_inside(work, cell, parent, &p[i]));
    }
    row->p = isnan(p[0]) || isnan(p[1]) ? (double)NAN : fmax(p[0], p[1]);
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
        .is_pair = counts->sets[set].values_of != NULL,
        .is_kept = counts->sets[set].values_of == NULL,
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
    lode_try(test_row(work, cell, row));
    return row->is_pair ? test_pair(work, cell, row) : LODE_OK;
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
    const int64_t users = counts->sets[set].cells[value * counts->n_kpis + work->place].users;
    if (is_lifecycle(counts, set)) return users == 0 || users >= work->options->min_count;
    if (counts->sets[set].values_of) return users >= work->options->pair_min_users;
    return work->options->attribute_on[set] && users >= work->options->min_users;
}

static lode_status make_kpi_rows(const struct kpi_work *work, struct lode_arena *arena,
                                 struct cohort_rows *rows)
{
    for (int64_t set = 0; set < work->counts->n_sets + work->counts->n_pair_sets; set++) {
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
    for (int64_t set = 0; set < work->counts->n_sets + work->counts->n_pair_sets; set++)
        for (int64_t value = 0; value < work->counts->sets[set].n_values; value++)
            n += is_listed(work, set, value);
    return n;
}

/* Further from both cohorts than `least` of their means, on the same side of both? */
static bool adds_something(const struct cohort_row *row, double least)
{
    const double first = row->kpi_mean - row->parent_means[0];
    const double second = row->kpi_mean - row->parent_means[1];
    return (first > 0) == (second > 0) && fabs(first) > least * fabs(row->parent_means[0]) &&
           fabs(second) > least * fabs(row->parent_means[1]);
}

/* Tells the set too. */
static void keep(const struct cohort_counts *counts, const struct opportunity_options *options,
                 struct cohort_row *row)
{
    int64_t place = 0;
    while (options->kpis[place] != row->kpi) place++;
    row->is_kept = true;
    counts->sets[row->attribute].is_kept[row->value * counts->n_kpis + place] = true;
}

/* One correction over all pairs of all KPIs. */
static lode_status choose_pairs(struct cohort_rows *rows, const struct opportunity_options *options,
                                struct lode_arena *arena)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    double *p, *q;
    lode_try(lode_take(arena, rows->n, &p));
    lode_try(lode_take(arena, rows->n, &q));
    for (int64_t i = 0; i < rows->n; i++)
        p[i] = rows->rows[i].is_pair ? rows->rows[i].p : (double)NAN;
    lode_try(lode_benjamini_hochberg(p, rows->n, arena, q));
    for (int64_t i = 0; i < rows->n; i++)
        if (q[i] <= options->max_q && adds_something(&rows->rows[i], options->cohort_relative))
            keep(rows->counts, options, &rows->rows[i]);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
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
    lode_try_done(choose_pairs(&made, options, arena));
    *rows = made;
done:
    lode_fisher_destroy(work.fisher);
    return status;
}
