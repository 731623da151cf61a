/* Table patterns: one pass over the counts finds how many rows stay, a second one numbers their
 * outcomes. Tokens are made while they are written, block by block: held as a whole they would be
 * the largest thing in the run's memory.
 */
#include "jobs/opportunities/tables/pattern_table.h"

static int64_t least_faulty(const struct scenario *scenario,
                            const struct opportunity_options *options)
{
    return decimal_share_of(options->min_support, scenario->faulty_total);
}

static lode_status check_totals(const struct scenario *scenario, const struct lode_store *store)
{
    if (scenario->faulty_total <= UINT32_MAX && scenario->normal_total <= UINT32_MAX)
        return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "KPI %s has %lld faulty and %lld normal sessions; at most %u of either can be "
                     "counted",
                     store->kpis[scenario->kpi].name, (long long)scenario->faulty_total,
                     (long long)scenario->normal_total, UINT32_MAX);
}

/* What the steps below share. */
struct making {
    const struct scenarios *scenarios;
    const struct lode_store *store;
    const struct opportunity_options *options;
    struct lode_arena *arena;
    struct outcome_numbering numbering;
};

/* A KPI with too few users has no rows at all. */
static struct pattern_slice slice_of(const struct making *making,
                                     const struct pattern_section *section, int64_t n_tokens)
{
    const struct scenario *scenario = &making->scenarios->list[section->scenario];
    const int64_t least = making->options->min_count;
    struct pattern_slice slice =
        pattern_slice_of(making->scenarios, scenario, making->store, n_tokens, section->k);
    slice.least_sessions = scenario->users < least ? UINT64_MAX : (uint64_t)least;
    return slice;
}

/* Sections and how many rows each has. */
static lode_status count_rows(const struct making *making, struct pattern_rows *rows)
{
    const struct scenarios *scenarios = making->scenarios;
    const int first_k = (int)making->options->first_k;
    lode_try(lode_take_zero(making->arena, scenarios->n * rows->width, &rows->sections));
    for (int64_t s = 0; s < scenarios->n; s++) {
        const struct scenario *scenario = &scenarios->list[s];
        lode_try(check_totals(scenario, making->store));
        for (int k = first_k; k <= scenarios->plans[scenario->plan].last_k; k++) {
            struct pattern_section *section = &rows->sections[rows->n_sections++];
            *section = (struct pattern_section){.scenario = s, .k = k, .first_row = rows->n};
            const struct pattern_slice slice = slice_of(making, section, rows->n_tokens);
            section->n_rows = pattern_slice_kept(&slice, least_faulty(scenario, making->options));
            rows->n += section->n_rows;
        }
    }
    return LODE_OK;
}

/* Outcomes of the section's rows, and their keys: borrowed when all stay, else copied. */
static lode_status number_section(struct making *making, struct pattern_rows *rows,
                                  struct pattern_section *section)
{
    const struct scenario *scenario = &making->scenarios->list[section->scenario];
    const struct pattern_slice slice = slice_of(making, section, rows->n_tokens);
    uint64_t *kept = NULL;
    if (section->n_rows < slice.n) lode_try(lode_take(making->arena, section->n_rows, &kept));
    section->keys = kept ? kept : slice.keys;
    section->first_key = slice.first_key;
    section->first_outcome = making->numbering.n;
    lode_try(outcomes_number(&making->numbering, &slice, least_faulty(scenario, making->options),
                             rows->outcome + section->first_row, kept));
    section->n_outcomes = making->numbering.n - section->first_outcome;
    return LODE_OK;
}

/* Scenario by scenario, since the tests of one share their totals. */
static lode_status fill_outcomes(const struct making *making, struct pattern_rows *rows)
{
    int64_t first = 0;
    for (int64_t i = 0; i < rows->n_sections; i++) {
        const struct pattern_section *section = &rows->sections[i];
        const int64_t end = section->first_outcome + section->n_outcomes;
        for (int64_t o = section->first_outcome; o < end; o++)
            rows->outcomes.k[o] = (uint8_t)section->k;
        if (i + 1 < rows->n_sections && section[1].scenario == section->scenario) continue;
        lode_try(pattern_outcomes_fill(&rows->outcomes, &making->scenarios->list[section->scenario],
                                       making->options, first, end));
        first = end;
    }
    return LODE_OK;
}

lode_status pattern_rows_make(const struct scenarios *scenarios, const struct lode_store *store,
                              const struct opportunity_options *options,
                              const struct pattern_tokens *tokens, struct lode_arena *arena,
                              struct pattern_rows *rows)
{
    lode_status status = LODE_OK;
    struct pattern_rows made = {.width = options->last_k, .n_tokens = tokens->n_tokens};
    struct making making = {
        .scenarios = scenarios, .store = store, .options = options, .arena = arena};
    lode_try(lode_arena_create(0, &making.numbering.arena));
    lode_try_done(count_rows(&making, &made));
    lode_try_done(lode_take(arena, made.n, &made.outcome));
    for (int64_t i = 0; i < made.n_sections; i++)
        lode_try_done(number_section(&making, &made, &made.sections[i]));
    lode_try_done(pattern_outcomes_make(&making.numbering, arena, &made.outcomes));
    lode_try_done(fill_outcomes(&making, &made));
    *rows = made;
done:
    lode_arena_destroy(making.numbering.arena);
    return status;
}

/* Adds `more` to a number whose digits (base V, last digit last) are given: keys ascend, so most
 * steps change the last token alone and divide nothing. */
static inline void digits_add(uint32_t *digits, int n, uint64_t more, uint64_t base)
{
    for (int d = n - 1; d >= 0; d--) {
        more += digits[d];
        if (more < base) {
            digits[d] = (uint32_t)more;
            return;
        }
        digits[d] = (uint32_t)(more % base);
        more /= base;
    }
}

static void section_tokens(const struct pattern_rows *rows, const struct pattern_section *section,
                           int64_t first, int64_t count, uint32_t *tokens)
{
    uint32_t digits[PATTERN_MAX_K]; /* those after the first k stay "no token" */
    for (int d = 0; d < PATTERN_MAX_K; d++) digits[d] = d < section->k ? 0 : UINT32_MAX;
    const uint64_t *keys = section->keys + (first - section->first_row);
    uint64_t key = section->first_key;
    for (int64_t i = 0; i < count; i++) {
        digits_add(digits, section->k, keys[i] - key, (uint64_t)rows->n_tokens);
        key = keys[i];
        for (int64_t d = 0; d < rows->width; d++) *tokens++ = digits[d];
    }
}

/* The last section that begins at or before the row. */
static int64_t section_of(const struct pattern_rows *rows, int64_t row)
{
    int64_t low = 0, high = rows->n_sections;
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (rows->sections[middle].first_row <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void pattern_rows_tokens(const struct pattern_rows *rows, int64_t first, int64_t count,
                         uint32_t *tokens)
{
    for (int64_t s = section_of(rows, first); count > 0; s++) {
        const struct pattern_section *section = &rows->sections[s];
        const int64_t left = section->first_row + section->n_rows - first;
        const int64_t here = left < count ? left : count;
        section_tokens(rows, section, first, here, tokens);
        first += here;
        count -= here;
        tokens += here * rows->width;
    }
}

static void make_tokens(const void *data, int64_t first, int64_t count, uint32_t *tokens)
{
    pattern_rows_tokens(data, first, count, tokens);
}

lode_status pattern_rows_put(const struct pattern_rows *rows, const struct scenarios *scenarios,
                             const struct opportunity_options *options,
                             const struct pattern_tokens *tokens, struct lode_results *results)
{
    const struct pattern_outcomes *o = &rows->outcomes;
    struct lode_column columns[] = {
        lode_column_words("kpi", o->kpi, options->kpi_names, options->n_kpi_names, "KPI"),
        lode_column_words("cohort", o->cohort, scenarios->labels, scenarios->n_labels,
                          "attribute=value; empty: all sessions"),
        lode_column_numbers("k", LODE_COLUMN_U8, o->k, "events", "length of the pattern"),
        {.name = "pattern",
         .type = LODE_COLUMN_TOKENS,
         .data = rows,
         .make = make_tokens,
         .width = rows->width,
         .words = tokens->tokens,
         .n_words = tokens->n_tokens,
         .title = options->gaps ? "events in this order" : "consecutive events"},
        lode_column_numbers("faulty_with", LODE_COLUMN_U32, o->faulty_with, "sessions",
                            "faulty sessions that have the pattern"),
        lode_column_numbers("normal_with", LODE_COLUMN_U32, o->normal_with, "sessions",
                            "normal sessions that have the pattern"),
        lode_column_numbers("faulty_total", LODE_COLUMN_U32, o->faulty_total, "sessions",
                            "faulty sessions"),
        lode_column_numbers("normal_total", LODE_COLUMN_U32, o->normal_total, "sessions",
                            "normal sessions"),
        lode_column_numbers("faulty_rate", LODE_COLUMN_F64, o->faulty_rate, "1",
                            "faulty_with / faulty_total"),
        lode_column_numbers("normal_rate", LODE_COLUMN_F64, o->normal_rate, "1",
                            "normal_with / normal_total"),
        lode_column_numbers("ratio", LODE_COLUMN_F64, o->ratio, "1", "faulty_rate / normal_rate"),
        lode_column_numbers("p", LODE_COLUMN_F64, o->p, "1", "Fisher's exact test, two-sided"),
        lode_column_numbers("q", LODE_COLUMN_F64, o->q, "1",
                            "false discovery rate over all rows of patterns, cohorts and pairs"),
        lode_column_numbers("expert_pattern", LODE_COLUMN_U8, o->expert, NULL,
                            "1: reaches min_share and min_ratio"),
    };
    const struct lode_table table = {.name = "patterns",
                                     .title = "event patterns by outcome of the session",
                                     .n_rows = rows->n,
                                     .n_columns = sizeof columns / sizeof *columns,
                                     .columns = columns};
    for (int i = 0; i < table.n_columns; i++) {
        if (columns[i].make) continue;
        columns[i].codes = rows->outcome;
        columns[i].n_data = o->n;
    }
    return lode_results_put(results, &table);
}
