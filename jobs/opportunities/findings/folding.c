/* Folding of patterns looks only one event ahead: if a pattern has the same sessions as a longer
 * one around it, every pattern between the two has them as well, passes the same tests and is a
 * candidate too. So each candidate of length k offers itself as lead to its two parts of length
 * k - 1, found by halving in the sorted list, and chains lead to the longest.
 */
#include "jobs/opportunities/findings/folding.h"

/* Tokens of two patterns of length k, in order. */
static int compare_tokens(const uint32_t *a, const uint32_t *b, int k)
{
    for (int i = 0; i < k; i++)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}

/* A pattern to look for; order of (scenario, k, tokens). */
struct wanted {
    int64_t scenario;
    int k;
    const uint32_t *tokens;
};

static int compare_to(const struct finding *candidate, const struct wanted *wanted)
{
    if (candidate->scenario != wanted->scenario)
        return candidate->scenario < wanted->scenario ? -1 : 1;
    if (candidate->k != wanted->k) return candidate->k < wanted->k ? -1 : 1;
    return compare_tokens(candidate->tokens, wanted->tokens, wanted->k);
}

/* Index of the candidate, or -1. */
static int64_t find_pattern(const struct finding *candidates, int64_t n,
                            const struct wanted *wanted)
{
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (compare_to(&candidates[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && compare_to(&candidates[low], wanted) == 0 ? low : -1;
}

static bool same_counts(const struct two_by_two *a, const struct two_by_two *b)
{
    return a->faulty_with == b->faulty_with && a->normal_with == b->normal_with;
}

/* Offers candidate `longer` as lead to its first (part 0) or last (part 1) k - 1 events. */
static void offer_lead(struct finding *candidates, int64_t n, int64_t longer, int part)
{
    const struct finding *lead = &candidates[longer];
    const struct wanted wanted = {
        .scenario = lead->scenario, .k = lead->k - 1, .tokens = lead->tokens + part};
    const int64_t found = find_pattern(candidates, n, &wanted);
    if (found >= 0 && candidates[found].lead == found &&
        same_counts(&candidates[found].table, &lead->table))
        candidates[found].lead = longer;
}

/* The scenario of all sessions of the same KPI: scenarios of a KPI begin with it. */
static int64_t all_sessions_of(const struct scenarios *scenarios, int64_t scenario)
{
    while (scenarios->list[scenario].attribute >= 0) scenario--;
    return scenario;
}

static void fold_patterns(struct finding *candidates, int64_t n, const struct scenarios *scenarios)
{
    for (int64_t i = 0; i < n; i++) {
        const struct wanted wanted = {.scenario =
                                          all_sessions_of(scenarios, candidates[i].scenario),
                                      .k = candidates[i].k,
                                      .tokens = candidates[i].tokens};
        const int64_t found = find_pattern(candidates, n, &wanted);
        if (found >= 0) candidates[i].lead = found; /* itself, in the scenario of all sessions */
    }
    for (int64_t i = 0; i < n; i++)
        for (int part = 0; part < 2 && candidates[i].k > 1; part++)
            offer_lead(candidates, n, i, part);
}

static void fold_cohorts(struct finding *candidates, int64_t first, int64_t n,
                         const struct cohort_rows *cohorts)
{
    for (int64_t i = first; i < n; i++) {
        const struct cohort_row *row = &cohorts->rows[candidates[i].row];
        for (int64_t j = first; j < i && candidates[i].lead == i; j++) {
            const struct cohort_row *other = &cohorts->rows[candidates[j].row];
            const bool same_mean = row->kpi_mean == other->kpi_mean; /* equal sums, equal bits */
            if (row->kpi == other->kpi && row->users == other->users &&
                row->sessions == other->sessions && same_mean)
                candidates[i].lead = candidates[j].lead;
        }
    }
}

void folding_find_leads(struct finding *candidates, int64_t n,
                        const struct finding_sources *sources)
{
    int64_t n_patterns = 0;
    while (n_patterns < n && candidates[n_patterns].expert == EXPERT_PATTERN) n_patterns++;
    for (int64_t i = 0; i < n; i++) {
        candidates[i].lead = i;
        candidates[i].folded = 0;
    }
    fold_patterns(candidates, n_patterns, sources->scenarios);
    fold_cohorts(candidates, n_patterns, n, sources->cohorts);
    for (int64_t i = 0; i < n; i++) {
        int64_t lead = i;
        while (candidates[lead].lead != lead) lead = candidates[lead].lead;
        candidates[i].lead = lead;
        if (lead != i) candidates[lead].folded++;
    }
}
