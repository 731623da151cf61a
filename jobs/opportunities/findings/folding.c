/* Folding of patterns: each candidate looks up all its parts, by halving in the sorted list. First
 * parts fold under the longer ones that explain them, then longer ones under parts to which they
 * add nothing; the second only among leads. So a chain goes up and then down, never round.
 */
#include "jobs/opportunities/findings/folding.h"

#include "common/stats/stats.h"

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

/* Faulty and all sessions of a group. */
struct group {
    int64_t faulty, all;
};

static struct group with(const struct two_by_two *table)
{
    return (struct group){table->faulty_with, table->faulty_with + table->normal_with};
}

static struct group without(const struct two_by_two *table)
{
    const struct group has = with(table);
    return (struct group){table->faulty_total - has.faulty,
                          table->faulty_total + table->normal_total - has.all};
}

/* Is the group's faulty rate above the other's: by more than chance, and by enough to matter? */
static bool is_worse(struct group group, struct group other, double least_relative)
{
    double low, high;
    if (group.all == 0) return false;
    if (other.all == 0) return true;
    lode_rate_difference_interval(group.faulty, group.all, other.faulty, other.all, 0.95, &low,
                                  &high);
    return low > 0 && (double)group.faulty / (double)group.all >
                          (1 + least_relative) * ((double)other.faulty / (double)other.all);
}

/* Sessions that have the part but not the whole; whoever has the whole has the part. */
static struct group rest_of(const struct two_by_two *part, const struct two_by_two *whole)
{
    return (struct group){with(part).faulty - with(whole).faulty, with(part).all - with(whole).all};
}

enum direction { UNDER_WHOLE, UNDER_PART };

static void fold_pair(struct finding *candidates, int64_t part, int64_t whole,
                      enum direction direction, double least_relative)
{
    const struct two_by_two *p = &candidates[part].table, *w = &candidates[whole].table;
    const struct group rest = rest_of(p, w);
    const int64_t from = direction == UNDER_WHOLE ? part : whole;
    if (candidates[whole].lead != whole) return;
    /* a part that leads, or whose lead is the same pattern in a larger scenario */
    const int64_t lead = candidates[part].lead;
    if (lead != part &&
        (direction == UNDER_WHOLE || candidates[lead].scenario == candidates[part].scenario))
        return;
    if (direction == UNDER_WHOLE ? is_worse(rest, without(p), least_relative)
                                 : is_worse(with(w), rest, least_relative))
        return;
    candidates[from].lead = from == part ? whole : part;
}

/* All parts of candidate `whole` that are candidates, shorter ones first. */
static void fold_parts(struct finding *candidates, int64_t n, int64_t whole,
                       enum direction direction, double least_relative)
{
    const struct finding *finding = &candidates[whole];
    for (int k = 1; k < finding->k; k++) {
        for (int first = 0; first + k <= finding->k; first++) {
            const struct wanted wanted = {
                .scenario = finding->scenario, .k = k, .tokens = finding->tokens + first};
            const int64_t part = find_pattern(candidates, n, &wanted);
            if (part >= 0) fold_pair(candidates, part, whole, direction, least_relative);
        }
    }
}

/* The scenario of all sessions of the same KPI: scenarios of a KPI begin with it. */
static int64_t all_sessions_of(const struct scenarios *scenarios, int64_t scenario)
{
    while (scenarios->list[scenario].attribute >= 0) scenario--;
    return scenario;
}

static bool same_sessions(const struct scenario *a, const struct scenario *b)
{
    return a->users == b->users && a->faulty_total == b->faulty_total &&
           a->normal_total == b->normal_total;
}

/* The first scenario of the KPI that has the same sessions: os=tizen and os_version=tizen. */
static int64_t first_like(const struct scenarios *scenarios, int64_t scenario)
{
    int64_t first = all_sessions_of(scenarios, scenario);
    while (!same_sessions(&scenarios->list[first], &scenarios->list[scenario])) first++;
    return first;
}

/* Under the same pattern in another scenario, if that is a candidate. */
static void fold_under(struct finding *candidates, int64_t n, int64_t at, int64_t scenario)
{
    const struct wanted wanted = {
        .scenario = scenario, .k = candidates[at].k, .tokens = candidates[at].tokens};
    const int64_t found = find_pattern(candidates, n, &wanted);
    if (found >= 0) candidates[at].lead = found;
}

static void fold_patterns(struct finding *candidates, int64_t n, const struct scenarios *scenarios,
                          double least_relative)
{
    int64_t scenario = -1, like = -1;
    for (int64_t i = 0; i < n; i++) {
        if (candidates[i].scenario != scenario) {
            scenario = candidates[i].scenario;
            like = first_like(scenarios, scenario);
        }
        fold_under(candidates, n, i, like);
        fold_under(candidates, n, i, all_sessions_of(scenarios, scenario));
    }
    for (int64_t i = n - 1; i >= 0; i--) /* the longest first: it may explain all its parts */
        fold_parts(candidates, n, i, UNDER_WHOLE, least_relative);
    for (int64_t i = 0; i < n; i++) fold_parts(candidates, n, i, UNDER_PART, least_relative);
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
    fold_patterns(candidates, n_patterns, sources->scenarios, sources->options->fold_relative);
    fold_cohorts(candidates, n_patterns, n, sources->cohorts);
    for (int64_t i = 0; i < n; i++) {
        int64_t lead = i;
        while (candidates[lead].lead != lead) lead = candidates[lead].lead;
        candidates[i].lead = lead;
        if (lead != i) candidates[lead].folded++;
    }
}
