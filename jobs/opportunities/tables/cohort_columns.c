/* Tables cohorts and pairs, written. */
#include <math.h>
#include <string.h>

#include "jobs/opportunities/tables/cohort_table.h"

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
    for (int64_t r = 0, i = 0; r < rows->n; r++) {
        const struct cohort_row *row = &rows->rows[r];
        const struct cohort_set *set = &rows->counts->sets[row->attribute];
        if (!row->is_kept) continue;
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
        columns->q[i++] = row->q;
    }
    return LODE_OK;
}

lode_status cohort_rows_put(const struct cohort_rows *rows,
                            const struct opportunity_options *options, struct lode_arena *arena,
                            struct lode_results *results)
{
    struct cohort_columns c;
    struct lode_words *interned = NULL;
    int64_t n = 0;
    for (int64_t i = 0; i < rows->n; i++) n += rows->rows[i].is_kept;
    lode_try(lode_words_create(arena, &interned));
    lode_try(take_columns(n, arena, &c));
    lode_try(fill_columns(rows, interned, &c));
    int64_t n_words = 0;
    char *const *words = lode_words_list(interned, &n_words);
    struct lode_column columns[] = {
        lode_column_words("kpi", c.kpi, options->kpi_names, options->n_kpi_names, "KPI"),
        lode_column_words("attribute", c.attribute, words, n_words,
                          "static attribute, or lifecycle; two of them joined by &: a pair"),
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
            "cohort against the other sessions: Fisher (0/1 KPI) or Welch (numeric); pair: against "
            "those of both its cohorts, the larger"),
        lode_column_numbers("q", LODE_COLUMN_F64, c.q, "1",
                            "false discovery rate over all rows of patterns, cohorts and pairs"),
    };
    const struct lode_table table = {.name = "cohorts",
                                     .title = "KPIs in cohorts of sessions",
                                     .n_rows = n,
                                     .n_columns = sizeof columns / sizeof *columns,
                                     .columns = columns};
    return lode_results_put(results, &table);
}

/* The columns of table pairs, each [n]. */
struct pair_columns {
    uint32_t *kpi, *attribute, *value;
    int64_t *users, *sessions;
    double *kpi_mean, *first_mean, *second_mean, *p, *q;
    uint8_t *kept;
};

static lode_status fill_pairs(const struct cohort_rows *rows, struct lode_words *words,
                              struct pair_columns *c)
{
    for (int64_t r = 0, i = 0; r < rows->n; r++) {
        const struct cohort_row *row = &rows->rows[r];
        const struct cohort_set *set = &rows->counts->sets[row->attribute];
        if (!row->is_pair) continue;
        const char *value = set->values[row->value];
        lode_try(lode_words_add(words, set->attribute, strlen(set->attribute), &c->attribute[i]));
        lode_try(lode_words_add(words, value, strlen(value), &c->value[i]));
        c->kpi[i] = (uint32_t)row->kpi;
        c->users[i] = row->users;
        c->sessions[i] = row->sessions;
        c->kpi_mean[i] = row->kpi_mean;
        c->first_mean[i] = row->parent_means[0];
        c->second_mean[i] = row->parent_means[1];
        c->p[i] = row->p;
        c->q[i] = row->q;
        c->kept[i++] = row->is_kept;
    }
    return LODE_OK;
}

static lode_status take_pairs(int64_t n, struct lode_arena *arena, struct pair_columns *c)
{
    double **const doubles[] = {&c->kpi_mean, &c->first_mean, &c->second_mean, &c->p, &c->q};
    uint32_t **const codes[] = {&c->kpi, &c->attribute, &c->value};
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        lode_try(lode_take(arena, n, doubles[i]));
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        lode_try(lode_take(arena, n, codes[i]));
    lode_try(lode_take(arena, n, &c->users));
    lode_try(lode_take(arena, n, &c->sessions));
    return lode_take(arena, n, &c->kept);
}

lode_status pair_rows_put(const struct cohort_rows *rows, const struct opportunity_options *options,
                          struct lode_arena *arena, struct lode_results *results)
{
    struct pair_columns c;
    struct lode_words *interned = NULL;
    int64_t n = 0, n_words = 0;
    for (int64_t i = 0; i < rows->n; i++) n += rows->rows[i].is_pair;
    lode_try(lode_words_create(arena, &interned));
    lode_try(take_pairs(n, arena, &c));
    lode_try(fill_pairs(rows, interned, &c));
    char *const *words = lode_words_list(interned, &n_words);
    struct lode_column columns[] = {
        lode_column_words("kpi", c.kpi, options->kpi_names, options->n_kpi_names, "KPI"),
        lode_column_words("attribute", c.attribute, words, n_words, "first&second"),
        lode_column_words("value", c.value, words, n_words, "their values, joined by &"),
        lode_column_numbers("users", LODE_COLUMN_I64, c.users, "users", "users of the pair"),
        lode_column_numbers("sessions", LODE_COLUMN_I64, c.sessions, "sessions",
                            "sessions of the pair with a value of the KPI"),
        lode_column_numbers("kpi_mean", LODE_COLUMN_F64, c.kpi_mean, NULL, "mean of the KPI"),
        lode_column_numbers("first_mean", LODE_COLUMN_F64, c.first_mean, NULL,
                            "mean over all sessions with the first value"),
        lode_column_numbers("second_mean", LODE_COLUMN_F64, c.second_mean, NULL,
                            "mean over all sessions with the second value"),
        lode_column_numbers("p", LODE_COLUMN_F64, c.p, "1",
                            "against the other sessions of both, the larger"),
        lode_column_numbers("q", LODE_COLUMN_F64, c.q, "1",
                            "false discovery rate over all rows of patterns, cohorts and pairs"),
        lode_column_numbers("kept", LODE_COLUMN_U8, c.kept, NULL,
                            "1: adds something to both, and is in table cohorts too"),
    };
    const struct lode_table table = {.name = "pairs",
                                     .title = "pairs of cohorts that were tested",
                                     .n_rows = n,
                                     .n_columns = sizeof columns / sizeof *columns,
                                     .columns = columns};
    return lode_results_put(results, &table);
}
