/* Table trends: one row per series that was tested. */
#include "jobs/opportunities/experts/trends.h"

#include <math.h>
#include <string.h>

struct trend_columns {
    uint32_t *kpi, *attribute, *value, *part, *change_at, *expert;
    int64_t *slots, *sessions;
    double *mean, *slope, *low, *high, *p, *q;
    double *before, *after, *size, *change_low, *change_high, *change_p, *change_q;
};

static lode_status take_columns(int64_t n, struct lode_arena *arena, struct trend_columns *c)
{
    uint32_t **const codes[] = {&c->kpi,  &c->attribute, &c->value,
                                &c->part, &c->change_at, &c->expert};
    int64_t **const counts[] = {&c->slots, &c->sessions};
    double **const numbers[] = {&c->mean,    &c->slope,      &c->low,         &c->high,
                                &c->p,       &c->q,          &c->before,      &c->after,
                                &c->size,    &c->change_low, &c->change_high, &c->change_p,
                                &c->change_q};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        lode_try(lode_take(arena, n, codes[i]));
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        lode_try(lode_take(arena, n, counts[i]));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        lode_try(lode_take(arena, n, numbers[i]));
    return LODE_OK;
}

static lode_status add_word(struct lode_words *words, const char *text, uint32_t *code)
{
    return lode_words_add(words, text, strlen(text), code);
}

static const char *expert_text(const struct trend_row *row, int64_t index)
{
    if (row->expert == TREND_NONE || row->lead != index) return "";
    return row->expert == TREND_TREND ? "trend" : "change";
}

static lode_status fill_texts(const struct trend_rows *trends, int64_t i, struct lode_words *words,
                              struct trend_columns *c)
{
    const struct trend_row *row = &trends->rows[i];
    const struct series *series = &trends->series->list[row->series];
    const struct cohort_row *of = &trends->cohorts->rows[series->row];
    const struct cohort_set *set = &trends->cohorts->counts->sets[of->attribute];
    const char *part = series_part_name(series->part);
    char at[40] = "";
    if (row->change_at >= 0) series_slot_text(trends->series, row->change_at, at);
    c->kpi[i] = (uint32_t)of->kpi;
    lode_try(add_word(words, set->attribute, &c->attribute[i]));
    lode_try(add_word(words, set->values[of->value], &c->value[i]));
    lode_try(add_word(words, part ? part : "", &c->part[i]));
    lode_try(add_word(words, at, &c->change_at[i]));
    return add_word(words, expert_text(row, i), &c->expert[i]);
}

static void fill_numbers(const struct trend_row *row, int64_t i, struct trend_columns *c)
{
    c->slots[i] = row->slots;
    c->sessions[i] = (int64_t)row->sessions;
    c->mean[i] = row->mean;
    c->slope[i] = row->slope;
    c->low[i] = row->slope_low;
    c->high[i] = row->slope_high;
    c->p[i] = row->trend.p;
    c->q[i] = row->trend.q;
    c->before[i] = row->change.from;
    c->after[i] = row->change.to;
    c->size[i] = row->change.rise;
    c->change_low[i] = row->change.low;
    c->change_high[i] = row->change.high;
    c->change_p[i] = row->change.p;
    c->change_q[i] = row->change.q;
}

static lode_status put_columns(const struct trend_rows *trends, const struct trend_columns *c,
                               const struct opportunity_options *options,
                               const struct lode_words *interned, struct lode_results *results)
{
    const enum lode_column_type number = LODE_COLUMN_F64;
    int64_t n = 0;
    char *const *words = lode_words_list(interned, &n);
    struct lode_column columns[] = {
        lode_column_words("kpi", c->kpi, options->kpi_names, options->n_kpi_names, "KPI"),
        lode_column_words("attribute", c->attribute, words, n, "attribute, or lifecycle"),
        lode_column_words("value", c->value, words, n, "value of the attribute"),
        lode_column_words("part", c->part, words, n,
                          "session_index=1, session_index>1: those of the value; empty: all"),
        lode_column_numbers("buckets", LODE_COLUMN_I64, c->slots, "buckets",
                            "buckets of time with enough sessions"),
        lode_column_numbers("sessions", LODE_COLUMN_I64, c->sessions, "sessions",
                            "sessions in them with a value of the KPI"),
        lode_column_numbers("kpi_mean", number, c->mean, NULL, "mean of the KPI over them"),
        lode_column_numbers("slope", number, c->slope, "1/day", "Theil-Sen slope of the KPI a day"),
        lode_column_numbers("low", number, c->low, "1/day", "its 95 % interval, low end"),
        lode_column_numbers("high", number, c->high, "1/day", "its 95 % interval, high end"),
        lode_column_numbers("p", number, c->p, "1", "Mann-Kendall, two-sided"),
        lode_column_numbers("q", number, c->q, "1", "false discovery rate over all p and change_p"),
        lode_column_words("change_at", c->change_at, words, n,
                          "start of the first bucket after the change, UTC"),
        lode_column_numbers("before", number, c->before, NULL, "mean of the KPI before it"),
        lode_column_numbers("after", number, c->after, NULL, "mean of the KPI from it on"),
        lode_column_numbers("change_size", number, c->size, "1", "(after - before) / before"),
        lode_column_numbers("change_low", number, c->change_low, "1",
                            "95 % interval of change_size, low end"),
        lode_column_numbers("change_high", number, c->change_high, "1",
                            "95 % interval of change_size, high end"),
        lode_column_numbers("change_p", number, c->change_p, "1",
                            "of a change as large at any bucket, where nothing changes"),
        lode_column_numbers("change_q", number, c->change_q, "1",
                            "false discovery rate over all p and change_p"),
        lode_column_words("expert", c->expert, words, n,
                          "trend or change: a finding that is not folded under another"),
    };
    const struct lode_table table = {.name = "trends",
                                     .title = "KPIs of cohorts over time",
                                     .n_rows = trends->n,
                                     .n_columns = sizeof columns / sizeof *columns,
                                     .columns = columns};
    return lode_results_put(results, &table);
}

lode_status trends_put(const struct trend_rows *trends, const struct opportunity_options *options,
                       struct lode_arena *arena, struct lode_results *results)
{
    struct lode_words *words = NULL;
    struct trend_columns columns;
    lode_try(lode_words_create(arena, &words));
    lode_try(take_columns(trends->n, arena, &columns));
    for (int64_t i = 0; i < trends->n; i++) {
        lode_try(fill_texts(trends, i, words, &columns));
        fill_numbers(&trends->rows[i], i, &columns);
    }
    return put_columns(trends, &columns, options, words, results);
}
