/* Findings: select, fold, rank. The order is total: no two candidates share KPI, cohort, length and
 * tokens. */
#include "jobs/opportunities/findings/findings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/stats/stats.h"
#include "jobs/opportunities/findings/folding.h"
#include "jobs/opportunities/findings/simpson.h"
#include "jobs/opportunities/findings/trend_findings.h"

static const double normal_975 = 1.959963984540054; /* quantile of a 95 % interval */

static bool outcome_passes(const struct finding_sources *sources, int64_t outcome)
{
    const struct pattern_outcomes *outcomes = &sources->patterns->outcomes;
    return outcomes->expert[outcome] && outcomes->q[outcome] <= sources->options->max_q &&
           outcomes->faulty_rate[outcome] > outcomes->normal_rate[outcome];
}

static bool cohort_passes(const struct finding_sources *sources, int64_t row)
{
    const struct opportunity_options *options = sources->options;
    const struct cohort_row *cohort = &sources->cohorts->rows[row];
    if (cohort->is_all || !cohort->is_kept || !(cohort->q <= options->max_q))
        return false;                                                 /* NaN: no test */
    if (cohort->is_binary && !(cohort->difference > 0)) return false; /* better than the rest */
    return fabs(cohort->relative) > options->cohort_relative || fabs(cohort->z) > options->cohort_z;
}

/* faulty_with - with x (faulty rate of the sessions without it). */
static double impact_of(const struct two_by_two *table)
{
    const int64_t with = table->faulty_with + table->normal_with;
    const int64_t without = table->faulty_total + table->normal_total - with;
    const int64_t faulty_without = table->faulty_total - table->faulty_with;
    if (without == 0) return (double)NAN; /* no other session to compare with */
    return (double)table->faulty_with - (double)with * ((double)faulty_without / (double)without);
}

/* From the sample to all sessions. */
static void estimate_impact(const struct finding_sources *sources, struct finding *finding)
{
    const struct two_by_two *table = &finding->table;
    const double share = sources->options->sample_rate;
    const int64_t with = table->faulty_with + table->normal_with;
    const int64_t without = table->faulty_total + table->normal_total - with;
    if (share >= 1) return;
    finding->impact_low = finding->impact_high = (double)NAN;
    finding->impact /= share;
    if (with == 0 || without == 0) return;
    const double all = (double)with / share, difference = finding->impact / all;
    const double reach = difference * normal_975 * sqrt((double)with * (1 - share)) / share;
    double low, high;
    lode_rate_difference_interval(table->faulty_with, with,
                                  table->faulty_total - table->faulty_with, without, 0.95, &low,
                                  &high);
    finding->impact_low = finding->impact - hypot(all * (difference - low), reach);
    finding->impact_high = finding->impact + hypot(all * (high - difference), reach);
}

/* tokens: [width], filled here. */
static struct finding pattern_finding(const struct finding_sources *sources, int64_t scenario,
                                      int64_t row, uint32_t *tokens)
{
    const struct pattern_outcomes *outcomes = &sources->patterns->outcomes;
    const uint32_t outcome = sources->patterns->outcome[row];
    const struct scenario *of = &sources->scenarios->list[scenario];
    const struct two_by_two table = {.faulty_with = outcomes->faulty_with[outcome],
                                     .normal_with = outcomes->normal_with[outcome],
                                     .faulty_total = of->faulty_total,
                                     .normal_total = of->normal_total};
    pattern_rows_tokens(sources->patterns, row, 1, tokens);
    struct finding finding = {
        .expert = EXPERT_PATTERN,
        .agree = 1u << EXPERT_PATTERN,
        .kpi = of->kpi,
        .is_binary = true,
        .row = row,
        .scenario = scenario,
        .cohort = scenario_label(sources->scenarios, of),
        .k = outcomes->k[outcome],
        .tokens = tokens,
        .table = table,
        .effect = outcomes->faulty_rate[outcome] - outcomes->normal_rate[outcome],
        .ratio = outcomes->ratio[outcome],
        .p = outcomes->p[outcome],
        .q = outcomes->q[outcome],
        .impact = impact_of(&table),
    };
    lode_rate_difference_interval(table.faulty_with, table.faulty_total, table.normal_with,
                                  table.normal_total, 0.95, &finding.low, &finding.high);
    estimate_impact(sources, &finding);
    return finding;
}

static lode_status cohort_finding(const struct finding_sources *sources, int64_t row,
                                  struct lode_arena *arena, struct finding *finding)
{
    const struct cohort_row *cohort = &sources->cohorts->rows[row];
    const double ends[2] = {cohort->low / cohort->all_mean, cohort->high / cohort->all_mean};
    const bool has_scale = !isnan(cohort->relative); /* all_mean is 0: no relative figures */
    *finding = (struct finding){
        .expert = EXPERT_COHORT,
        .agree = 1u << EXPERT_COHORT,
        .kpi = cohort->kpi,
        .is_binary = cohort->is_binary,
        .row = row,
        .scenario = -1,
        .effect = cohort->relative,
        .low = has_scale ? fmin(ends[0], ends[1]) : (double)NAN,
        .high = has_scale ? fmax(ends[0], ends[1]) : (double)NAN,
        .ratio = has_scale ? cohort->kpi_mean / cohort->all_mean : (double)NAN,
        .p = cohort->p,
        .q = cohort->q,
        .impact = (double)NAN,
        .weight = has_scale ? fabs(cohort->relative) * (double)cohort->sessions : 0,
    };
    if (cohort->is_binary) {
        int64_t place = 0;
        while (sources->options->kpis[place] != cohort->kpi) place++;
        const struct cohort_cell *all = &sources->cohorts->counts->all[place];
        finding->table = (struct two_by_two){.faulty_with = cohort->faulty,
                                             .normal_with = cohort->sessions - cohort->faulty,
                                             .faulty_total = all->faulty,
                                             .normal_total = all->sessions - all->faulty};
        finding->impact = impact_of(&finding->table);
        estimate_impact(sources, finding);
    }
    char *label = NULL;
    lode_try(
        cohort_label(sources->cohorts->counts, cohort->attribute, cohort->value, arena, &label));
    finding->cohort = label;
    return LODE_OK;
}

/* The candidates among the rows of a section. Outcomes are few: they are asked first, and rows are
 * looked at until all that have one of those that pass are found. */
static lode_status select_rows(const struct finding_sources *sources,
                               const struct pattern_section *section, struct lode_arena *arena,
                               struct findings *findings)
{
    const struct pattern_rows *rows = sources->patterns;
    int64_t left = 0;
    uint32_t *tokens;
    bool *passes; /* [n_outcomes] */
    lode_try(lode_take(arena, section->n_outcomes, &passes));
    for (int64_t i = 0; i < section->n_outcomes; i++) {
        passes[i] = outcome_passes(sources, section->first_outcome + i);
        if (passes[i]) left += rows->outcomes.n_rows[section->first_outcome + i];
    }
    lode_try(lode_take(arena, left * rows->width, &tokens));
    for (int64_t row = section->first_row; left > 0; row++) {
        if (!passes[rows->outcome[row] - section->first_outcome]) continue;
        findings->list[findings->n++] = pattern_finding(sources, section->scenario, row, tokens);
        tokens += rows->width;
        left--;
    }
    return LODE_OK;
}

/* All candidates, in the order of the tables. */
static lode_status select_candidates(const struct finding_sources *sources,
                                     struct lode_arena *arena, struct findings *findings)
{
    const struct pattern_rows *patterns = sources->patterns;
    int64_t n = 0;
    for (int64_t i = 0; i < patterns->outcomes.n; i++)
        if (outcome_passes(sources, i)) n += patterns->outcomes.n_rows[i];
    for (int64_t row = 0; row < sources->cohorts->n; row++) n += cohort_passes(sources, row);
    lode_try(lode_take(arena, n + trend_findings_count(sources), &findings->list));

    for (int64_t i = 0; i < patterns->n_sections; i++)
        lode_try(select_rows(sources, &patterns->sections[i], arena, findings));
    for (int64_t row = 0; row < sources->cohorts->n; row++)
        if (cohort_passes(sources, row))
            lode_try(cohort_finding(sources, row, arena, &findings->list[findings->n++]));
    findings->n_candidates = n;
    return LODE_OK;
}

static int compare_doubles(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare_patterns(const struct finding *a, const struct finding *b)
{
    for (int i = 0; i < a->k && i < b->k; i++)
        if (a->tokens[i] != b->tokens[i]) return a->tokens[i] < b->tokens[i] ? -1 : 1;
    return (a->k > b->k) - (a->k < b->k);
}

static int compare_rank(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;
    if (a->is_binary != b->is_binary) return a->is_binary ? -1 : 1;
    int order = a->is_binary ? compare_doubles(b->impact, a->impact)
                             : compare_doubles(b->weight, a->weight);
    if (!order) order = compare_doubles(a->q, b->q);
    if (!order) order = (a->kpi > b->kpi) - (a->kpi < b->kpi);
    if (!order) order = strcmp(a->cohort, b->cohort);
    if (!order) order = compare_patterns(a, b);
    if (!order) order = (a->row > b->row) - (a->row < b->row);
    return order ? order : (a->trend > b->trend) - (a->trend < b->trend);
}

/* Leads alone, sorted. */
static void keep_leads(struct findings *findings)
{
    int64_t n_leads = 0;
    for (int64_t i = 0; i < findings->n; i++)
        if (findings->list[i].lead == i) findings->list[n_leads++] = findings->list[i];
    findings->n_folded += findings->n - n_leads;
    findings->n = n_leads;
    qsort(findings->list, (size_t)n_leads, sizeof *findings->list, compare_rank);
}

/* At most `top` of each scenario. */
static lode_status keep_top(const struct finding_sources *sources, struct lode_arena *arena,
                            struct findings *findings)
{
    const int64_t n_scenarios = sources->scenarios->n, n_leads = findings->n;
    const int64_t n_kpis = sources->store->n_kpis;
    int64_t *used = NULL;
    lode_try(lode_take_zero(arena, n_scenarios + 2 * n_kpis, &used));
    findings->n = 0;
    for (int64_t i = 0; i < n_leads; i++) {
        const struct finding *finding = &findings->list[i];
        const int64_t of_scenario = finding->scenario >= 0 ? finding->scenario
                                    : finding_is_over_time(finding)
                                        ? n_scenarios + n_kpis + finding->kpi
                                        : n_scenarios + finding->kpi;
        if (used[of_scenario]++ < sources->options->top) findings->list[findings->n++] = *finding;
    }
    return LODE_OK;
}

/* All hypotheses that were tested. */
static double count_tests(const struct finding_sources *sources)
{
    const struct pattern_outcomes *outcomes = &sources->patterns->outcomes;
    double n = 0;
    for (int64_t i = 0; i < outcomes->n; i++)
        if (!isnan(outcomes->p[i])) n += (double)outcomes->n_rows[i];
    for (int64_t i = 0; i < sources->cohorts->n; i++) n += !isnan(sources->cohorts->rows[i].p);
    return n;
}

/* Folds, and leaves out candidates until the leads, not the hypotheses behind them, have a false
 * discovery rate of max_q: a strong lead has hundreds of true hypotheses folded under it, which
 * would let chance ones through beside it. Source: Katsevich, Sabatti, Bogomolov, "Filtering the
 * rejection set while preserving false discovery rate control", JASA 118 (2023), focused BH. */
static lode_status fold(const struct finding_sources *sources, struct lode_arena *arena,
                        struct findings *findings)
{
    const double n_tests = count_tests(sources);
    for (int64_t n_before = findings->n + 1; findings->n < n_before;) {
        int64_t n_leads = 0, n_kept = 0;
        lode_try(folding_find_leads(findings->list, findings->n, sources, arena));
        for (int64_t i = 0; i < findings->n; i++) n_leads += findings->list[i].lead == i;
        const double most_p = sources->options->max_q * (double)n_leads / n_tests;
        for (int64_t i = 0; i < findings->n; i++) n_kept += findings->list[i].p <= most_p;
        n_before = findings->n;
        if (n_kept == n_before) break;
        findings->n = 0;
        for (int64_t i = 0; i < n_before; i++)
            if (findings->list[i].p <= most_p) findings->list[findings->n++] = findings->list[i];
    }
    return LODE_OK;
}

lode_status findings_lead(const struct finding_sources *sources, struct lode_arena *arena,
                          struct findings *findings)
{
    struct findings made = {0};
    lode_try(select_candidates(sources, arena, &made));
    lode_try(fold(sources, arena, &made));
    lode_try(trend_findings_add(sources, arena, &made));
    keep_leads(&made);
    *findings = made;
    return LODE_OK;
}

lode_status findings_finish(const struct finding_sources *sources, struct lode_arena *arena,
                            struct findings *findings)
{
    lode_try(keep_top(sources, arena, findings));
    return simpson_mark(sources, arena, findings);
}

const char *finding_expert_name(enum finding_expert expert)
{
    static const char *const names[N_EXPERTS] = {"pattern", "cohort", "trend", "change", "causal"};
    return names[expert];
}

const char *finding_experts_text(const struct finding *finding, char *buffer)
{
    size_t at = 0;
    for (int e = -1; e < N_EXPERTS; e++) { /* its own first */
        if (e >= 0 && (e == (int)finding->expert || !(finding->agree >> e & 1))) continue;
        const enum finding_expert expert = e < 0 ? finding->expert : (enum finding_expert)e;
        at += (size_t)snprintf(buffer + at, FINDING_EXPERTS_TEXT - at, "%s%s", e < 0 ? "" : "+",
                               finding_expert_name(expert));
    }
    return buffer;
}
