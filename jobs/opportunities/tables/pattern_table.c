/* Table patterns: one pass counts the rows that stay, columns are taken once, a second pass fills
 * them slice by slice. Everything that is not a count (rates, ratios, p) is computed from the
 * finished count columns in loops of their own, which the compiler turns into vector code.
 */
#include "jobs/opportunities/tables/pattern_table.h"

#include "common/stats.h"
#include "jobs/opportunities/tables/pattern_slice.h"

/* The k of a scenario that make rows. */
struct k_range {
    int first, last;
};

static struct k_range rows_of(const struct scenarios *scenarios, const struct scenario *scenario,
                              const struct opportunity_options *options)
{
    return (struct k_range){.first = (int)options->first_k,
                            .last = scenarios->plans[scenario->plan].last_k};
}

static int64_t least_faulty(const struct scenario *scenario,
                            const struct opportunity_options *options)
{
    return decimal_share_of(options->min_support, scenario->faulty_total);
}

static int64_t count_kept(const struct pattern_slice *slice, int64_t least)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < slice->n; i++) {
        uint32_t faulty, normal;
        pattern_slice_at(slice, i, &faulty, &normal);
        kept += (faulty >= least) & ((faulty | normal) != 0);
    }
    return kept;
}

static lode_status take_columns(struct pattern_rows *rows, int64_t n_more, struct lode_arena *arena)
{
    const int64_t n = rows->n;
    lode_try(lode_take(arena, n, &rows->kpi));
    lode_try(lode_take(arena, n, &rows->cohort));
    lode_try(lode_take(arena, n, &rows->k));
    lode_try(lode_take(arena, n * rows->width, &rows->tokens));
    lode_try(lode_take(arena, n, &rows->faulty_with));
    lode_try(lode_take(arena, n, &rows->normal_with));
    lode_try(lode_take(arena, n, &rows->faulty_total));
    lode_try(lode_take(arena, n, &rows->normal_total));
    lode_try(lode_take(arena, n, &rows->faulty_rate));
    lode_try(lode_take(arena, n, &rows->normal_rate));
    lode_try(lode_take(arena, n, &rows->ratio));
    lode_try(lode_take(arena, n, &rows->expert));
    lode_try(lode_take(arena, n + n_more, &rows->p));
    return lode_take(arena, n + n_more, &rows->q);
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

/* k, tokens and counts of one slice from row `at` on; returns the row after its last. */
static int64_t fill_slice(const struct pattern_slice *slice, int64_t least, int64_t n_tokens,
                          struct pattern_rows *rows, int64_t at)
{
    uint32_t digits[PATTERN_MAX_K] = {0};
    uint64_t key = slice->first_key;
    for (int64_t i = 0; i < slice->n; i++) {
        uint32_t faulty, normal;
        pattern_slice_at(slice, i, &faulty, &normal);
        if (faulty < least || (faulty | normal) == 0) continue;
        digits_add(digits, slice->k, slice->keys[i] - key, (uint64_t)n_tokens);
        key = slice->keys[i];
        uint32_t *tokens = rows->tokens + at * rows->width;
        for (int d = 0; d < slice->k; d++) tokens[d] = digits[d];
        for (int64_t d = slice->k; d < rows->width; d++) tokens[d] = UINT32_MAX;
        rows->k[at] = (uint8_t)slice->k;
        rows->faulty_with[at] = faulty;
        rows->normal_with[at] = normal;
        at++;
    }
    return at;
}

static void fill_constants(const struct scenario *scenario, struct pattern_rows *rows,
                           int64_t first, int64_t end)
{
    const uint32_t kpi = (uint32_t)scenario->kpi, cohort = scenario->label;
    const uint32_t faulty = (uint32_t)scenario->faulty_total;
    const uint32_t normal = (uint32_t)scenario->normal_total;
    for (int64_t i = first; i < end; i++) rows->kpi[i] = kpi;
    for (int64_t i = first; i < end; i++) rows->cohort[i] = cohort;
    for (int64_t i = first; i < end; i++) rows->faulty_total[i] = faulty;
    for (int64_t i = first; i < end; i++) rows->normal_total[i] = normal;
}

/* Rates divide once; the ratio is (faulty_with x normal_total) / (normal_with x faulty_total), both
 * products exact below 2^53, so it is rounded once too, and is inf where normal_with is 0. */
static void fill_rates(const struct scenario *scenario, struct pattern_rows *rows, int64_t first,
                       int64_t end)
{
    const double faulty = (double)scenario->faulty_total, normal = (double)scenario->normal_total;
    for (int64_t i = first; i < end; i++) {
        const double a = rows->faulty_with[i], b = rows->normal_with[i];
        rows->faulty_rate[i] = a / faulty;
        rows->normal_rate[i] = b / normal;
        rows->ratio[i] = a * normal / (b * faulty);
    }
}

static lode_status fill_tests(const struct scenario *scenario,
                              const struct opportunity_options *options, struct pattern_rows *rows,
                              int64_t first, int64_t end)
{
    const int64_t least = decimal_share_of(options->min_share, scenario->faulty_total);
    struct lode_fisher *fisher = NULL;
    lode_status status = LODE_OK;
    lode_try_done(lode_fisher_create(scenario->faulty_total, scenario->normal_total, &fisher));
    for (int64_t i = first; i < end; i++) {
        const struct two_by_two table = {.faulty_with = rows->faulty_with[i],
                                         .normal_with = rows->normal_with[i],
                                         .faulty_total = scenario->faulty_total,
                                         .normal_total = scenario->normal_total};
        rows->expert[i] =
            table.faulty_with >= least && decimal_ratio_reached(&table, options->min_ratio);
        lode_try_done(lode_fisher_p(fisher, table.faulty_with, table.normal_with, &rows->p[i]));
    }
done:
    lode_fisher_destroy(fisher);
    return status;
}

static lode_status count_rows(const struct scenarios *scenarios, const struct lode_store *store,
                              const struct opportunity_options *options, int64_t n_tokens,
                              struct pattern_rows *rows)
{
    rows->n = 0;
    for (int64_t s = 0; s < scenarios->n; s++) {
        const struct scenario *scenario = &scenarios->list[s];
        if (scenario->faulty_total > UINT32_MAX || scenario->normal_total > UINT32_MAX)
            return lode_fail(LODE_E_INPUT,
                             "KPI %s has %lld faulty and %lld normal sessions; at most %u of "
                             "either can be counted",
                             store->kpis[scenario->kpi].name, (long long)scenario->faulty_total,
                             (long long)scenario->normal_total, UINT32_MAX);
        const struct k_range range = rows_of(scenarios, scenario, options);
        rows->first_row[s] = rows->n;
        for (int k = range.first; k <= range.last; k++) {
            const struct pattern_slice slice =
                pattern_slice_of(scenarios, scenario, store, n_tokens, k);
            rows->n += count_kept(&slice, least_faulty(scenario, options));
        }
    }
    rows->first_row[scenarios->n] = rows->n;
    return LODE_OK;
}

lode_status pattern_rows_make(const struct scenarios *scenarios, const struct lode_store *store,
                              const struct opportunity_options *options,
                              const struct pattern_tokens *tokens, int64_t n_more,
                              struct lode_arena *arena, struct pattern_rows *rows)
{
    struct pattern_rows made = {.width = options->last_k};
    lode_try(lode_take(arena, scenarios->n + 1, &made.first_row));
    lode_try(count_rows(scenarios, store, options, tokens->n_tokens, &made));
    lode_try(take_columns(&made, n_more, arena));
    for (int64_t s = 0; s < scenarios->n; s++) {
        const struct scenario *scenario = &scenarios->list[s];
        const struct k_range range = rows_of(scenarios, scenario, options);
        const int64_t first = made.first_row[s], end = made.first_row[s + 1];
        int64_t at = first;
        for (int k = range.first; k <= range.last; k++) {
            const struct pattern_slice slice =
                pattern_slice_of(scenarios, scenario, store, tokens->n_tokens, k);
            at = fill_slice(&slice, least_faulty(scenario, options), tokens->n_tokens, &made, at);
        }
        fill_constants(scenario, &made, first, end);
        fill_rates(scenario, &made, first, end);
        lode_try(fill_tests(scenario, options, &made, first, end));
    }
    *rows = made;
    return LODE_OK;
}

lode_status pattern_rows_put(const struct pattern_rows *rows, const struct scenarios *scenarios,
                             const struct opportunity_options *options,
                             const struct pattern_tokens *tokens, struct lode_results *results)
{
    char *const *kpis = options->kpi_names;
    const int64_t n_kpis = options->n_kpi_names;
    struct lode_column columns[] = {
        {"kpi", LODE_COLUMN_WORD, rows->kpi, 0, kpis, n_kpis, NULL, "KPI"},
        {"cohort", LODE_COLUMN_WORD, rows->cohort, 0, scenarios->labels, scenarios->n_labels, NULL,
         "attribute=value; empty: all sessions"},
        {"k", LODE_COLUMN_U8, rows->k, 0, NULL, 0, "events", "length of the pattern"},
        {"pattern", LODE_COLUMN_TOKENS, rows->tokens, rows->width, tokens->tokens, tokens->n_tokens,
         NULL, "consecutive events"},
        {"faulty_with", LODE_COLUMN_U32, rows->faulty_with, 0, NULL, 0, "sessions",
         "faulty sessions that have the pattern"},
        {"normal_with", LODE_COLUMN_U32, rows->normal_with, 0, NULL, 0, "sessions",
         "normal sessions that have the pattern"},
        {"faulty_total", LODE_COLUMN_U32, rows->faulty_total, 0, NULL, 0, "sessions",
         "faulty sessions"},
        {"normal_total", LODE_COLUMN_U32, rows->normal_total, 0, NULL, 0, "sessions",
         "normal sessions"},
        {"faulty_rate", LODE_COLUMN_F64, rows->faulty_rate, 0, NULL, 0, "1",
         "faulty_with / faulty_total"},
        {"normal_rate", LODE_COLUMN_F64, rows->normal_rate, 0, NULL, 0, "1",
         "normal_with / normal_total"},
        {"ratio", LODE_COLUMN_F64, rows->ratio, 0, NULL, 0, "1", "faulty_rate / normal_rate"},
        {"p", LODE_COLUMN_F64, rows->p, 0, NULL, 0, "1", "Fisher's exact test, two-sided"},
        {"q", LODE_COLUMN_F64, rows->q, 0, NULL, 0, "1",
         "false discovery rate over all rows of patterns and cohorts"},
        {"expert_pattern", LODE_COLUMN_U8, rows->expert, 0, NULL, 0, NULL,
         "1: reaches min_share and min_ratio"},
    };
    const struct lode_table table = {.name = "patterns",
                                     .title = "event patterns by outcome of the session",
                                     .n_rows = rows->n,
                                     .n_columns = sizeof columns / sizeof *columns,
                                     .columns = columns};
    return lode_results_put(results, &table);
}
