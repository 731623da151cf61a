/* Simpson's reversals: strata from the counts of cohort pairs and of patterns inside cohorts. */
#include "jobs/opportunities/findings/simpson.h"

#include <math.h>

#include "jobs/opportunities/cohort_pairs.h"
#include "jobs/opportunities/tables/pattern_slice.h"

static const double normal_975 = 1.959963984540054; /* quantile of a 95 % interval */

struct pooled simpson_pool(const struct stratum *strata, int64_t n)
{
    double weights = 0, sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) {
        const double n1 = (double)strata[i].with, n0 = (double)strata[i].without, all = n1 + n0;
        const double a = (double)strata[i].faulty_with, b = n1 - a;
        const double c = (double)strata[i].faulty_without, d = n0 - c;
        if (n1 == 0 || n0 == 0) continue; /* nothing to compare with: weight 0 */
        weights += n1 * n0 / all;
        sum += (a * n0 - c * n1) / all;
        squares += (a * b * n0 * n0 * n0 + c * d * n1 * n1 * n1) / (n1 * n0 * all * all);
    }
    const double difference = weights > 0 ? sum / weights : (double)NAN;
    const double reach = normal_975 * sqrt(squares) / weights;
    return (struct pooled){difference, difference - reach, difference + reach};
}

/* The strata of one finding by one attribute. */
struct strata {
    int64_t n;
    struct stratum *list;  /* room for every value of an attribute */
    int64_t with, without; /* sessions in them */
};

static void add(struct strata *strata, const struct stratum *one)
{
    if (one->with < SIMPSON_LEAST || one->without < SIMPSON_LEAST) return;
    strata->list[strata->n++] = *one;
    strata->with += one->with;
    strata->without += one->without;
}

/* A cohort, by the pairs that it is in. */
static void cohort_strata(const struct finding_sources *sources, const struct finding *finding,
                          int64_t attribute, struct strata *strata)
{
    const struct cohort_counts *counts = sources->cohorts->counts;
    const struct cohort_row *row = &sources->cohorts->rows[finding->row];
    const struct cohort_set *set = &counts->sets[attribute];
    int64_t place = 0;
    if (row->is_pair || row->attribute == attribute) return;
    while (sources->options->kpis[place] != finding->kpi) place++;
    for (int64_t v = 0; v < set->n_values; v++) {
        bool is_counted;
        const struct cohort_cell *both =
            cohort_pair_find(counts, (int64_t[]){row->attribute, attribute},
                             (int64_t[]){row->value, v}, &is_counted);
        const struct cohort_cell *all = &set->cells[v * counts->n_kpis + place];
        if (!both) continue; /* not counted, or no session to compare */
        both += place;
        add(strata, &(struct stratum){.with = both->sessions,
                                      .faulty_with = both->faulty,
                                      .without = all->sessions - both->sessions,
                                      .faulty_without = all->faulty - both->faulty});
    }
}

/* A pattern, by what it is in the cohorts of the attribute. Rows of table `patterns` alone: rarer
 * ones may have been left out where workers sum. */
static void pattern_strata(const struct finding_sources *sources, const struct finding *finding,
                           int64_t attribute, struct strata *strata)
{
    const struct scenarios *scenarios = sources->scenarios;
    if (scenarios->list[finding->scenario].attribute >= 0) return;
    for (int64_t s = finding->scenario + 1; s < scenarios->n; s++) {
        const struct scenario *scenario = &scenarios->list[s];
        const struct pattern_plan *plan = &scenarios->plans[scenario->plan];
        if (scenario->kpi != finding->kpi) break;
        if (scenario->attribute != attribute || finding->k < plan->first_k ||
            finding->k > plan->last_k)
            continue;
        const struct pattern_slice slice = pattern_slice_of(
            scenarios, scenario, sources->store, sources->patterns->n_tokens, finding->k);
        const int64_t at = pattern_slice_find(&slice, finding->tokens, sources->patterns->n_tokens);
        uint32_t faulty, normal;
        if (at < 0) continue;
        pattern_slice_at(&slice, at, &faulty, &normal);
        if (faulty < decimal_share_of(sources->options->min_support, scenario->faulty_total))
            continue;
        const int64_t all = scenario->faulty_total + scenario->normal_total;
        add(strata, &(struct stratum){.with = (int64_t)faulty + normal,
                                      .faulty_with = faulty,
                                      .without = all - faulty - normal,
                                      .faulty_without = scenario->faulty_total - faulty});
    }
}

/* Do the strata say enough of the finding's sessions? */
static bool cover_half(const struct strata *strata, const struct two_by_two *table)
{
    const int64_t with = table->faulty_with + table->normal_with;
    const int64_t without = table->faulty_total + table->normal_total - with;
    return strata->n >= 2 && 2 * strata->with >= with && 2 * strata->without >= without;
}

static void mark_finding(const struct finding_sources *sources, struct strata *strata,
                         struct finding *finding)
{
    const struct cohort_counts *counts = sources->cohorts->counts;
    double clearest = 0; /* upper end, in half widths of the interval */
    for (int64_t a = 0; a < counts->n_sets - 1; a++) {
        *strata = (struct strata){.list = strata->list};
        if (!sources->options->attribute_on[a]) continue;
        if (finding->expert == EXPERT_COHORT)
            cohort_strata(sources, finding, a, strata);
        else
            pattern_strata(sources, finding, a, strata);
        if (!cover_half(strata, &finding->table)) continue;
        const struct pooled pooled = simpson_pool(strata->list, strata->n);
        const double clear = pooled.high / (pooled.high - pooled.low);
        if (!(pooled.high < 0) || !(clear < clearest)) continue;
        clearest = clear;
        finding->simpson = counts->sets[a].attribute;
        finding->simpson_difference = pooled.difference;
    }
}

lode_status simpson_mark(const struct finding_sources *sources, struct lode_arena *arena,
                         struct findings *findings)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const struct cohort_counts *counts = sources->cohorts->counts;
    struct strata strata = {0};
    int64_t room = 0;
    for (int64_t set = 0; set < counts->n_sets; set++)
        if (counts->sets[set].n_values > room) room = counts->sets[set].n_values;
    lode_try(lode_take(arena, room, &strata.list));
    for (int64_t i = 0; i < findings->n; i++)
        if (findings->list[i].is_binary && !finding_is_over_time(&findings->list[i]))
            mark_finding(sources, &strata, &findings->list[i]);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}
