/* Job opportunities: what hurts a KPI, and in which sub-population.
 *
 * Cohorts are counted first, because their sizes say which are worth combining to pairs, and both
 * in which of them patterns are searched; then all patterns in one pass over the events. Everything
 * after that is a root step on counts. Source: "Automatically Surfacing Opportunities for
 * Improvements in Internet-Scale Applications", sections 3 to 5. docs/jobs/opportunities.md defines
 * every figure.
 */
#include <string.h>

#include "common/log.h"
#include "common/stats/stats.h"
#include "jobs/opportunities/cohort_pairs.h"
#include "jobs/opportunities/cohorts.h"
#include "jobs/opportunities/deep.h"
#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/derive/explain.h"
#include "jobs/opportunities/experts/adjust.h"
#include "jobs/opportunities/experts/trends.h"
#include "jobs/opportunities/findings/examples.h"
#include "jobs/opportunities/findings/finding_words.h"
#include "jobs/opportunities/findings/findings.h"
#include "jobs/opportunities/findings/overlap.h"
#include "jobs/opportunities/findings/report.h"
#include "jobs/opportunities/forecast.h"
#include "jobs/opportunities/generator/generator.h"
#include "jobs/opportunities/generator/survey.h"
#include "jobs/opportunities/opportunity_options.h"
#include "jobs/opportunities/patterns.h"
#include "jobs/opportunities/scenarios.h"
#include "jobs/opportunities/tables/cohort_table.h"
#include "jobs/opportunities/tables/pattern_table.h"
#include "jobs/opportunities/tables/summary_table.h"

extern const struct lode_job opportunities_job; /* declared for the registry, in registry.c */

static lode_status check(const struct lode_params *params, const struct lode_store *store)
{
    struct lode_arena *arena = NULL;
    struct derivation derivation;
    struct opportunity_options options;
    lode_try(lode_arena_create(0, &arena));
    struct generation generation = {0};
    lode_status status = generation_check(params, opportunity_params, store, arena, &generation);
    if (generation.params) params = generation.params;
    if (!status) status = derivation_make(params, store, arena, &derivation);
    if (!status) status = opportunity_options_read(params, &derivation.store, arena, &options);
    generation_clear(&generation);
    lode_arena_destroy(arena);
    return status;
}

/* One correction over everything tested: rows of patterns, by outcome, then those of cohorts, pairs
 * that are not kept among them. */
static lode_status correct_tests(struct pattern_outcomes *outcomes, struct cohort_rows *cohorts,
                                 struct lode_arena *arena)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t n = outcomes->n, n_all = n + cohorts->n;
    double *p, *q;
    int64_t *weights;
    lode_try(lode_take(arena, n_all, &p));
    lode_try(lode_take(arena, n_all, &q));
    lode_try(lode_take(arena, n_all, &weights));
    for (int64_t i = 0; i < n_all; i++) {
        p[i] = i < n ? outcomes->p[i] : cohorts->rows[i - n].p;
        weights[i] = i < n ? outcomes->n_rows[i] : 1;
    }
    lode_try(lode_benjamini_hochberg_weighted(p, weights, n_all, arena, q));
    for (int64_t i = 0; i < n; i++) outcomes->q[i] = q[i];
    for (int64_t i = 0; i < cohorts->n; i++) cohorts->rows[i].q = q[n + i];
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status put_tables(struct lode_run *run, const struct opportunity_options *options,
                              const struct scenarios *scenarios,
                              const struct pattern_tokens *tokens,
                              const struct pattern_rows *patterns,
                              const struct cohort_rows *cohorts)
{
    struct summary_rows summary;
    lode_try(
        summary_rows_make(scenarios, run->store, options, tokens->n_tokens, run->arena, &summary));
    lode_try(pattern_rows_put(patterns, scenarios, options, tokens, run->results));
    lode_try(cohort_rows_put(cohorts, options, run->arena, run->results));
    lode_try(pair_rows_put(cohorts, options, run->arena, run->results));
    return summary_rows_put(&summary, options, run->results);
}

static lode_status tell(struct lode_run *run, const struct finding_sources *sources,
                        const struct pattern_tokens *tokens, const struct findings *findings)
{
    struct report report = {.sources = sources, .tokens = tokens, .findings = findings};
    struct finding_words *words = NULL;
    struct example *examples = NULL;
    lode_try(lode_take(run->arena, findings->n, &words));
    for (int64_t i = 0; i < findings->n; i++)
        lode_try(finding_words_make(sources, tokens, &findings->list[i], run->arena, &words[i]));
    lode_try(examples_find(run, sources->options, sources, tokens, findings, &examples));
    report.words = words;
    report.examples = examples;
    lode_try(report_put_table(&report, run->arena, run->results));
    lode_log_info("findings=%lld candidates=%lld folded=%lld", (long long)findings->n,
                  (long long)findings->n_candidates, (long long)findings->n_folded);
    return report_write_findings(&report, run->directory, run->arena);
}

/* The KPIs that may lack values are those that do: then fewer outcomes are told apart. */
static void count_missing(const struct opportunity_options *options,
                          const struct cohort_counts *counts, struct derivation *derivation)
{
    for (int64_t i = 0; i < options->n_kpis; i++)
        if (options->kpis[i] >= derivation->n_stored_kpis)
            derivation->store.kpis[options->kpis[i]].n_missing =
                derivation->store.n_sessions - counts->all[i].sessions;
}

/* Experts trend and change; *trends is NULL where they are off or the store knows no times. */
static lode_status look_over_time(struct lode_run *run, const struct opportunity_options *options,
                                  const struct cohort_rows *cohorts,
                                  const struct trend_rows **trends)
{
    const struct trend_options how = {.trend = options->trend,
                                      .change = options->change,
                                      .least_sessions = (double)options->bucket_sessions,
                                      .relative = options->trend_relative,
                                      .max_q = options->max_q};
    struct series_list *series;
    struct trend_rows *made;
    *trends = NULL;
    if (!options->trend && !options->change) return LODE_OK;
    lode_try(lode_take(run->arena, 1, &series));
    lode_try(lode_take(run->arena, 1, &made));
    lode_try(series_count(run,
                          &(struct series_options){options->bucket_ms, options->bucket_sessions},
                          options, cohorts, series));
    lode_try(trends_make(series, cohorts, run->store, &how, run->arena, made));
    lode_try(trends_put(made, options, run->arena, run->results));
    *trends = made;
    return LODE_OK;
}

/* The job on a store, to which what is derived was added. */
static lode_status run_on(struct lode_run *run, int64_t n_generated, struct derivation *derivation)
{
    const struct lode_store *store = run->store;
    struct lode_arena *arena = run->arena;
    struct opportunity_options options;
    struct pattern_tokens tokens;
    lode_try(opportunity_options_read(run->params, store, arena, &options));
    options.derivation = derivation;
    options.n_generated = n_generated;
    lode_try(derivation_prepare(run, options.attribute_on, derivation));
    lode_try(tokens_make(&store->event_names, &options.rules, arena, &tokens));

    const struct cohort_options counted = {.n_kpis = options.n_kpis,
                                           .kpis = options.kpis,
                                           .derivation = derivation,
                                           .attribute_on = options.attribute_on,
                                           .sparse_after_ms = options.sparse_after_ms,
                                           .sample = options.sample,
                                           .first_sessions = options.first_sessions};
    struct cohort_counts counts;
    struct cohort_rows cohorts;
    lode_try(cohorts_count(run, &counted, &counts));
    count_missing(&options, &counts, derivation);
    lode_try(deep_choose(&counts, arena, &options));
    lode_try(cohort_pairs_count(run, &options, &counts));
    lode_try(cohort_rows_make(&counts, store, &options, arena, &cohorts));

    struct scenarios scenarios;
    struct pattern_rows patterns;
    lode_try(scenarios_make(store, &options, &counts, arena, &scenarios));
    const struct pattern_settings settings = {
        .gap_events = options.gaps ? options.gap_events : 0,
        .sample = options.sample,
        .derivation = derivation,
        .sum_limit = (uint64_t)options.sum_limit_mb * 1000000,
        .lifecycle = {.sparse_after_ms = options.sparse_after_ms,
                      .first_sessions = options.first_sessions}};
    if (scenarios.n_plans > 0)
        lode_try(patterns_count(run, &tokens, scenarios.plans, scenarios.n_plans, &settings,
                                scenarios.counts));
    lode_try(pattern_rows_make(&scenarios, store, &options, &tokens, arena, &patterns));
    lode_try(correct_tests(&patterns.outcomes, &cohorts, arena));
    lode_try(put_tables(run, &options, &scenarios, &tokens, &patterns, &cohorts));

    const struct trend_rows *trends;
    lode_try(look_over_time(run, &options, &cohorts, &trends));
    const struct finding_sources sources = {.store = store,
                                            .options = &options,
                                            .scenarios = &scenarios,
                                            .patterns = &patterns,
                                            .cohorts = &cohorts,
                                            .trends = trends};
    struct findings findings;
    lode_try(findings_lead(&sources, arena, &findings));
    lode_try(overlap_fold(run, &sources, &tokens, &findings));
    lode_try(findings_finish(&sources, arena, &findings));
    if (options.causal) lode_try(adjust_findings(run, &sources, &tokens, &findings));
    return tell(run, &sources, &tokens, &findings);
}

static lode_status run_opportunities(struct lode_run *run)
{
    struct derivation derivation;
    struct generation generation = {0};
    struct lode_run derived = *run;
    lode_status status = generation_make(run, opportunity_params, &generation);
    if (generation.params) derived.params = generation.params;
    if (!status) status = derivation_make(derived.params, run->store, run->arena, &derivation);
    derived.store = &derivation.store;
    if (!status) status = run_on(&derived, generation.n_generated, &derivation);
    generation_clear(&generation);
    return status;
}

/* With the attributes of templates that were asked for; what would be generated needs a run. */
static lode_status explain(const struct lode_run *run, struct lode_explanation *explanation)
{
    struct generation generation = {0};
    struct lode_run derived = *run;
    lode_try(
        generation_check(run->params, opportunity_params, run->store, run->arena, &generation));
    if (generation.params) derived.params = generation.params;
    const lode_status status = opportunities_explain(&derived, explanation);
    generation_clear(&generation);
    return status;
}

static const struct lode_leaf leaves[] = {
    {"opportunities.survey", survey_leaf},
    {"opportunities.tops", derived_tops_leaf},
    {"opportunities.values", derived_values_leaf},
    {"opportunities.cohorts", cohorts_leaf},
    {"opportunities.pairs", cohort_pairs_leaf},
    {"opportunities.patterns", patterns_leaf},
    {"opportunities.pattern_pieces", pattern_pieces_leaf},
    {"opportunities.pattern_sums", pattern_sums_leaf},
    {"opportunities.span", span_leaf},
    {"opportunities.series", series_leaf},
    {"opportunities.overlap", overlap_leaf},
    {"opportunities.adjust", adjust_leaf},
    {"opportunities.examples", examples_leaf},
    {0},
};

static const char *const show_columns[] = {"rank",   "kpi", "hypothesis",       "ratio",
                                           "impact", "q",   "example_sessions", NULL};

/* Not the hypothesis, which has "more" or "less" in it; q, which runs over orders of magnitude from
 * one week of data to the next, is no figure to watch. */
static const char *const identity_columns[] = {"kpi", "expert", "cohort", "pattern", NULL};
static const char *const figure_columns[] = {"impact", "ratio", "effect", NULL};

const struct lode_job opportunities_job = {
    .name = "opportunities",
    .store_kind = "events",
    .summary = "event patterns and cohorts that hurt a KPI, ranked by faulty sessions",
    .leaves = leaves,
    .params = opportunity_params,
    .check = check,
    .run = run_opportunities,
    .forecast = opportunities_forecast,
    .explain = explain,
    .findings_table = "opportunities",
    .show_columns = show_columns,
    .identity_columns = identity_columns,
    .figure_columns = figure_columns,
};
