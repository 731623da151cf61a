/* Table summary: sums over the counts of the plans over all sessions. */
#include "jobs/opportunities/tables/summary_table.h"

#include "jobs/opportunities/tables/pattern_slice.h"

static lode_status take_columns(int64_t n, struct lode_arena *arena, struct summary_rows *rows)
{
    int64_t **const columns[] = {
        &rows->k,
        &rows->sessions,
        &rows->users,
        &rows->faulty,
        &rows->normal,
        &rows->events,
        &rows->distinct_events,
        &rows->ngram_occurrences,
        &rows->distinct_ngrams,
        &rows->session_ngram_pairs,
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        lode_try(lode_take(arena, n, columns[i]));
    lode_try(lode_take(arena, n, &rows->sample));
    return lode_take(arena, n, &rows->kpi);
}

static void count_distinct(const struct pattern_slice *slice, int64_t *distinct, int64_t *pairs)
{
    *distinct = slice->left_out.distinct;
    *pairs = slice->left_out.pairs;
    for (int64_t i = 0; i < slice->n; i++) {
        uint32_t faulty, normal;
        pattern_slice_at(slice, i, &faulty, &normal);
        *distinct += (faulty | normal) != 0;
        *pairs += (int64_t)faulty + normal;
    }
}

static void fill_row(const struct scenario *scenario, const struct pattern_slice *events,
                     const struct pattern_slice *grams, const struct opportunity_options *options,
                     struct summary_rows *rows)
{
    const int64_t at = rows->n++;
    int64_t pairs;
    rows->kpi[at] = (uint32_t)scenario->kpi;
    rows->k[at] = grams->k;
    rows->sample[at] = options->sample_rate;
    rows->sessions[at] = scenario->faulty_total + scenario->normal_total;
    rows->users[at] = scenario->users;
    rows->faulty[at] = scenario->faulty_total;
    rows->normal[at] = scenario->normal_total;
    rows->events[at] = events->occurrences;
    rows->ngram_occurrences[at] = grams->occurrences;
    count_distinct(events, &rows->distinct_events[at], &pairs);
    count_distinct(grams, &rows->distinct_ngrams[at], &rows->session_ngram_pairs[at]);
    if (options->gaps && grams->k > 1) rows->ngram_occurrences[at] = rows->session_ngram_pairs[at];
}

lode_status summary_rows_make(const struct scenarios *scenarios, const struct lode_store *store,
                              const struct opportunity_options *options, int64_t n_tokens,
                              struct lode_arena *arena, struct summary_rows *rows)
{
    struct summary_rows made = {0};
    lode_try(
        take_columns(options->n_kpis * (options->last_k - options->first_k + 1), arena, &made));
    for (int64_t s = 0; s < scenarios->n; s++) {
        const struct scenario *scenario = &scenarios->list[s];
        if (scenario->attribute >= 0 || scenario->users < options->min_count) continue;
        const struct pattern_slice events =
            pattern_slice_of(scenarios, scenario, store, n_tokens, 1);
        for (int k = (int)options->first_k; k <= options->last_k; k++) {
            const struct pattern_slice grams =
                pattern_slice_of(scenarios, scenario, store, n_tokens, k);
            fill_row(scenario, &events, &grams, options, &made);
        }
    }
    *rows = made;
    return LODE_OK;
}

lode_status summary_rows_put(const struct summary_rows *rows,
                             const struct opportunity_options *options,
                             struct lode_results *results)
{
    struct lode_column columns[] = {
        lode_column_words("kpi", rows->kpi, options->kpi_names, options->n_kpi_names, "KPI"),
        lode_column_numbers("k", LODE_COLUMN_I64, rows->k, "events", "length of the patterns"),
        lode_column_numbers("sessions", LODE_COLUMN_I64, rows->sessions, "sessions",
                            "sessions with a value of the KPI"),
        lode_column_numbers("users", LODE_COLUMN_I64, rows->users, "users",
                            "users with such a session"),
        lode_column_numbers("faulty", LODE_COLUMN_I64, rows->faulty, "sessions", "faulty sessions"),
        lode_column_numbers("normal", LODE_COLUMN_I64, rows->normal, "sessions", "normal sessions"),
        lode_column_numbers("events", LODE_COLUMN_I64, rows->events, "events",
                            "events of these sessions, after ignore"),
        lode_column_numbers("distinct_events", LODE_COLUMN_I64, rows->distinct_events, "events",
                            "distinct events, after map and ignore"),
        lode_column_numbers("ngram_occurrences", LODE_COLUMN_I64, rows->ngram_occurrences,
                            "patterns", "patterns, repeats included; with gaps: without repeats"),
        lode_column_numbers("distinct_ngrams", LODE_COLUMN_I64, rows->distinct_ngrams, "patterns",
                            "distinct patterns"),
        lode_column_numbers("session_ngram_pairs", LODE_COLUMN_I64, rows->session_ngram_pairs,
                            "pairs", "distinct pairs of session and pattern"),
        lode_column_numbers("sample", LODE_COLUMN_F64, rows->sample, "1",
                            "share of the sessions that were analysed"), /* of a sample alone */
    };
    const int n_columns = (int)(sizeof columns / sizeof *columns);
    const struct lode_table table = {.name = "summary",
                                     .title = "what was counted, per KPI and length",
                                     .n_rows = rows->n,
                                     .n_columns = n_columns - (options->sample_rate < 1 ? 0 : 1),
                                     .columns = columns};
    return lode_results_put(results, &table);
}
