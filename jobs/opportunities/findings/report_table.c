/* Table opportunities: the ranked list, one row per finding. */
#include <math.h>
#include <string.h>

#include "jobs/opportunities/findings/report.h"

const struct cohort_row *report_cohort(const struct report *report, const struct finding *finding)
{
    const struct trend_rows *trends = report->sources->trends;
    if (finding->expert == EXPERT_PATTERN) return NULL;
    if (finding_is_over_time(finding) &&
        trends->series->list[trends->rows[finding->trend].series].part != SERIES_ANY)
        return NULL;
    return &report->sources->cohorts->rows[finding->row];
}

struct report_columns {
    int64_t *rank, *folded;
    uint32_t *kpi, *expert, *experts, *cohort, *hypothesis, *example_sessions, *simpson, *tokens;
    double *effect, *low, *high, *ratio, *p, *q, *impact, *impact_low, *impact_high;
    double *faulty_with, *normal_with, *users; /* NaN (an empty cell) where they do not apply */
    double *adjusted, *adjusted_low, *adjusted_high, *survives; /* NaN where not judged */
};

static lode_status take_columns(int64_t n, int64_t width, struct lode_arena *arena,
                                struct report_columns *c)
{
    int64_t **const counts[] = {&c->rank, &c->folded};
    uint32_t **const codes[] = {&c->kpi,        &c->expert,           &c->experts, &c->cohort,
                                &c->hypothesis, &c->example_sessions, &c->simpson};
    double **const numbers[] = {
        &c->effect,     &c->low,         &c->high,        &c->ratio,        &c->p,
        &c->q,          &c->impact,      &c->faulty_with, &c->normal_with,  &c->users,
        &c->impact_low, &c->impact_high, &c->adjusted,    &c->adjusted_low, &c->adjusted_high,
        &c->survives};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        lode_try(lode_take(arena, n, counts[i]));
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        lode_try(lode_take(arena, n, codes[i]));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        lode_try(lode_take(arena, n, numbers[i]));
    return lode_take(arena, n * width, &c->tokens);
}

static lode_status add_word(struct lode_words *words, const char *text, uint32_t *code)
{
    return lode_words_add(words, text, strlen(text), code);
}

/* Session ids joined by blanks. */
static lode_status add_sessions(struct lode_words *words, const struct example *example,
                                uint32_t *code)
{
    struct lode_bytes joined = {0};
    lode_status status = LODE_OK;
    for (int64_t i = 0; i < example->n_sessions; i++)
        lode_try_done(lode_bytes_printf(&joined, "%s%s", i ? " " : "", example->sessions[i]));
    lode_try_done(
        lode_words_add(words, joined.size ? (const char *)joined.data : "", joined.size, code));
done:
    lode_bytes_clear(&joined);
    return status;
}

static void fill_numbers(const struct report *report, int64_t i, struct report_columns *c)
{
    const struct finding *finding = &report->findings->list[i];
    const struct lode_causal *adjusted = finding->adjusted;
    const struct cohort_row *cohort = report_cohort(report, finding);
    const double none = (double)NAN;
    c->rank[i] = i + 1;
    c->folded[i] = finding->folded;
    c->kpi[i] = (uint32_t)finding->kpi;
    c->effect[i] = finding->effect;
    c->low[i] = finding->low;
    c->high[i] = finding->high;
    c->ratio[i] = finding->ratio;
    c->p[i] = finding->p;
    c->q[i] = finding->q;
    c->impact[i] = finding->impact;
    c->impact_low[i] = finding->is_binary ? finding->impact_low : none;
    c->impact_high[i] = finding->is_binary ? finding->impact_high : none;
    c->faulty_with[i] = finding->is_binary ? (double)finding->table.faulty_with : none;
    c->normal_with[i] = finding->is_binary ? (double)finding->table.normal_with : none;
    c->users[i] = cohort ? (double)cohort->users : none;
    c->adjusted[i] = adjusted ? adjusted->adjusted : none;
    c->adjusted_low[i] = adjusted ? adjusted->low : none;
    c->adjusted_high[i] = adjusted ? adjusted->high : none;
    c->survives[i] = adjusted ? adjusted->survives : none;
}

static lode_status fill_row(const struct report *report, int64_t i, int64_t width,
                            struct lode_words *words, struct report_columns *c)
{
    const struct finding *finding = &report->findings->list[i];
    fill_numbers(report, i, c);
    for (int64_t t = 0; t < width; t++)
        c->tokens[i * width + t] = t < finding->k ? finding->tokens[t] : UINT32_MAX;
    char experts[FINDING_EXPERTS_TEXT];
    lode_try(add_word(words, finding_expert_name(finding->expert), &c->expert[i]));
    lode_try(add_word(words, finding_experts_text(finding, experts), &c->experts[i]));
    lode_try(add_word(words, finding->cohort, &c->cohort[i]));
    lode_try(add_word(words, report->words[i].hypothesis, &c->hypothesis[i]));
    lode_try(add_word(words, finding->simpson ? finding->simpson : "", &c->simpson[i]));
    return add_sessions(words, &report->examples[i], &c->example_sessions[i]);
}

static lode_status put_columns(const struct report *report, const struct report_columns *c,
                               int64_t width, const struct lode_words *interned,
                               struct lode_results *results)
{
    const struct opportunity_options *options = report->sources->options;
    const struct pattern_tokens *tokens = report->tokens;
    int64_t n = 0;
    char *const *words = lode_words_list(interned, &n);
    struct lode_column columns[] = {
        lode_column_numbers("rank", LODE_COLUMN_I64, c->rank, NULL, "place in the list, from 1"),
        lode_column_words("kpi", c->kpi, options->kpi_names, options->n_kpi_names, "KPI"),
        lode_column_words("expert", c->expert, words, n, "pattern, cohort, trend or change"),
        lode_column_words("experts", c->experts, words, n, "it and those that agree, joined by +"),
        lode_column_words("cohort", c->cohort, words, n, "attribute=value; empty: all sessions"),
        lode_column_words("hypothesis", c->hypothesis, words, n, "in words"),
        {.name = "pattern",
         .type = LODE_COLUMN_TOKENS,
         .data = c->tokens,
         .width = width,
         .words = tokens->tokens,
         .n_words = tokens->n_tokens,
         .title = options->gaps ? "events in this order; empty for a cohort"
                                : "consecutive events; empty for a cohort"},
        lode_column_numbers(
            "effect", LODE_COLUMN_F64, c->effect, "1",
            "pattern: faulty_rate - normal_rate; cohort: relative difference to all sessions; "
            "trend: slope a day, relative; change: relative"),
        lode_column_numbers("low", LODE_COLUMN_F64, c->low, "1",
                            "95 % interval of effect, low end"),
        lode_column_numbers("high", LODE_COLUMN_F64, c->high, "1",
                            "95 % interval of effect, high end"),
        lode_column_numbers("ratio", LODE_COLUMN_F64, c->ratio, "1",
                            "pattern: faulty_rate / normal_rate; cohort: kpi_mean / all_mean; "
                            "trend, change: end / beginning"),
        lode_column_numbers("p", LODE_COLUMN_F64, c->p, "1", "p value"),
        lode_column_numbers("q", LODE_COLUMN_F64, c->q, "1",
                            "false discovery rate over everything tested"),
        lode_column_numbers(
            "impact", LODE_COLUMN_F64, c->impact, "sessions",
            "faulty sessions above the rate of the sessions without it; empty for a numeric KPI"),
        lode_column_numbers("faulty_with", LODE_COLUMN_F64, c->faulty_with, "sessions",
                            "faulty sessions with it"),
        lode_column_numbers("normal_with", LODE_COLUMN_F64, c->normal_with, "sessions",
                            "normal sessions with it"),
        lode_column_numbers("users", LODE_COLUMN_F64, c->users, "users", "users of a cohort"),
        lode_column_numbers("adjusted", LODE_COLUMN_F64, c->adjusted, NULL,
                            "difference of the KPI with and without it, adjusted for attributes"),
        lode_column_numbers("adjusted_low", LODE_COLUMN_F64, c->adjusted_low, NULL,
                            "95 % interval of adjusted, low end"),
        lode_column_numbers("adjusted_high", LODE_COLUMN_F64, c->adjusted_high, NULL,
                            "95 % interval of adjusted, high end"),
        lode_column_numbers("survives", LODE_COLUMN_F64, c->survives, "1",
                            "adjusted / the raw difference; empty: not judged"),
        lode_column_numbers("folded", LODE_COLUMN_I64, c->folded, "findings",
                            "findings folded into it"),
        lode_column_words("simpson", c->simpson, words, n,
                          "attribute inside whose values it turns round; empty: none"),
        lode_column_words("example_sessions", c->example_sessions, words, n,
                          "session ids, joined by blanks"),
        /* the last two of a sample alone */
        lode_column_numbers("impact_low", LODE_COLUMN_F64, c->impact_low, "sessions",
                            "95 % interval of impact, low end"),
        lode_column_numbers("impact_high", LODE_COLUMN_F64, c->impact_high, "sessions",
                            "95 % interval of impact, high end"),
    };
    const int n_columns = (int)(sizeof columns / sizeof *columns);
    const struct lode_table table = {.name = "opportunities",
                                     .title = "what hurts a KPI, most faulty sessions first",
                                     .n_rows = report->findings->n,
                                     .n_columns = n_columns - (options->sample_rate < 1 ? 0 : 2),
                                     .columns = columns};
    return lode_results_put(results, &table);
}

lode_status report_put_table(const struct report *report, struct lode_arena *arena,
                             struct lode_results *results)
{
    struct lode_words *words = NULL;
    struct report_columns columns = {0};
    const int64_t width = report->sources->options->last_k;
    lode_try(lode_words_create(arena, &words));
    lode_try(take_columns(report->findings->n, width, arena, &columns));
    for (int64_t i = 0; i < report->findings->n; i++)
        lode_try(fill_row(report, i, width, words, &columns));
    return put_columns(report, &columns, width, words, results);
}
