/* Folding of patterns: each candidate looks up all its parts, by halving in the sorted list. First
 * parts fold under the longer ones that explain them, then longer ones under parts to which they
 * add nothing; the second only among leads. So a chain goes up and then down, never round.
 */
#include "jobs/opportunities/findings/folding.h"

#include "jobs/opportunities/cohort_pairs.h"
#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/findings/explained.h"
#include "jobs/opportunities/lifecycle.h"

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

enum direction { UNDER_WHOLE, UNDER_PART };

static void fold_pair(struct finding *candidates, int64_t part, int64_t whole,
                      enum direction direction, double least_relative)
{
    const struct two_by_two *p = &candidates[part].table, *w = &candidates[whole].table;
    const int64_t lead = candidates[part].lead;
    if (candidates[whole].lead != whole) return;
    if (direction == UNDER_WHOLE) {
        if (lead == part && is_explained(p, w, least_relative)) candidates[part].lead = whole;
        return;
    }
    /* a part that leads, or whose lead is the same pattern in a larger scenario */
    const bool may_lead = lead == part || candidates[lead].scenario != candidates[part].scenario;
    if (may_lead && adds_nothing(w, p, least_relative)) candidates[whole].lead = part;
}

/* The parts of a pattern: all rows of its events, or with gaps all choices of them; a bit an event.
 */
static int64_t find_part(const struct finding *candidates, int64_t n, const struct finding *whole,
                         unsigned chosen)
{
    uint32_t tokens[PATTERN_MAX_K];
    struct wanted wanted = {.scenario = whole->scenario, .tokens = tokens};
    for (int i = 0; i < whole->k; i++)
        if (chosen >> i & 1) tokens[wanted.k++] = whole->tokens[i];
    return find_pattern(candidates, n, &wanted);
}

static bool is_row(unsigned chosen)
{
    const unsigned from_first = chosen / (chosen & -chosen); /* without the zeros below */
    return (from_first & (from_first + 1)) == 0;
}

/* All parts of candidate `whole` that are candidates, shorter ones first. */
static void fold_parts(struct finding *candidates, int64_t n, int64_t whole,
                       enum direction direction, const struct opportunity_options *options)
{
    const struct finding *finding = &candidates[whole];
    const unsigned all = (1U << finding->k) - 1;
    for (int k = 1; k < finding->k; k++) {
        for (unsigned chosen = 1; chosen < all; chosen++) {
            if (__builtin_popcount(chosen) != k || !(options->gaps || is_row(chosen))) continue;
            const int64_t part = find_part(candidates, n, finding, chosen);
            if (part >= 0) fold_pair(candidates, part, whole, direction, options->fold_relative);
        }
    }
}

/* The scenario of all sessions of the same KPI: scenarios of a KPI begin with it. */
static int64_t all_sessions_of(const struct scenarios *scenarios, int64_t scenario)
{
    while (scenarios->list[scenario].attribute >= 0) scenario--;
    return scenario;
}

/* The cohort of a scenario or row: one value of a set, or two of a pair. */
struct members {
    int n;
    int64_t sets[2], values[2];
};

static struct members members_of(const struct cohort_counts *counts, int64_t set, int64_t value)
{
    const struct cohort_set *of = &counts->sets[set];
    if (!of->values_of) return (struct members){.n = 1, .sets = {set}, .values = {value}};
    return (struct members){.n = 2,
                            .sets = {of->parents[0], of->parents[1]},
                            .values = {of->values_of[value][0], of->values_of[value][1]}};
}

/* What the comparison of cohorts reads. */
struct comparison {
    const struct cohort_counts *counts;
    const struct lifecycle_cohorts *lifecycle;
    int64_t place; /* of the KPI in the counts */
};

/* Does value v of set a lie within value w of set b? False where that is not known. */
static bool value_within(const struct comparison *with, int64_t a, int64_t v, int64_t b, int64_t w)
{
    const struct cohort_counts *counts = with->counts;
    bool is_counted;
    if (a == b && v == w) return true;
    if (a == b)
        return a == counts->n_sets - 1 &&
               lifecycle_is_within(with->lifecycle->classes[v], with->lifecycle->classes[w]);
    const struct cohort_cell *both =
        cohort_pair_find(counts, (int64_t[]){a, b}, (int64_t[]){v, w}, &is_counted);
    const struct cohort_cell *one = &counts->sets[a].cells[v * counts->n_kpis + with->place];
    return both && both[with->place].sessions == one->sessions;
}

/* A cut lies within another if each part of that holds a part of it. */
static bool is_within(const struct comparison *with, const struct members *one,
                      const struct members *other)
{
    for (int j = 0; j < other->n; j++) {
        bool is_held = false;
        for (int i = 0; i < one->n && !is_held; i++)
            is_held =
                value_within(with, one->sets[i], one->values[i], other->sets[j], other->values[j]);
        if (!is_held) return false;
    }
    return true;
}

/* Of two cohorts with as many sessions. */
static bool are_same(const struct comparison *with, const struct members *one,
                     const struct members *other)
{
    return is_within(with, one, other) || is_within(with, other, one);
}

static int64_t place_of(const struct opportunity_options *options, int64_t kpi)
{
    int64_t place = 0;
    while (options->kpis[place] != kpi) place++;
    return place;
}

/* Scenarios whose candidates may lead those of `scenario`, best first: all sessions, the first one
 * of the same cohort, those of the parts of its pair. Returns how many; itself is none of them. */
static int leading_scenarios(struct comparison *with, const struct finding_sources *sources,
                             int64_t scenario, int64_t *leading)
{
    const struct scenario *list = sources->scenarios->list, *own = &list[scenario];
    const int64_t all = all_sessions_of(sources->scenarios, scenario);
    int n = 0;
    if (scenario == all) return 0;
    with->place = place_of(sources->options, own->kpi);
    const struct members members = members_of(with->counts, own->attribute, own->value);
    leading[n++] = all;
    for (int64_t i = all + 1; i < scenario && n == 1; i++) {
        if (list[i].faulty_total != own->faulty_total || list[i].normal_total != own->normal_total)
            continue;
        const struct members other = members_of(with->counts, list[i].attribute, list[i].value);
        if (are_same(with, &members, &other)) leading[n++] = i;
    }
    for (int part = 0; members.n == 2 && part < 2; part++)
        for (int64_t i = all + 1; i < scenario; i++)
            if (list[i].attribute == members.sets[part] && list[i].value == members.values[part])
                leading[n++] = i;
    return n;
}

static void fold_patterns(struct comparison *with, struct finding *candidates, int64_t n,
                          const struct finding_sources *sources)
{
    int64_t leading[4], scenario = -1;
    int n_leading = 0;
    for (int64_t i = 0; i < n; i++) {
        if (candidates[i].scenario != scenario) {
            scenario = candidates[i].scenario;
            n_leading = leading_scenarios(with, sources, scenario, leading);
        }
        for (int l = 0; l < n_leading && candidates[i].lead == i; l++) {
            const struct wanted wanted = {
                .scenario = leading[l], .k = candidates[i].k, .tokens = candidates[i].tokens};
            const int64_t found = find_pattern(candidates, n, &wanted);
            if (found >= 0) candidates[i].lead = found;
        }
    }
    for (int64_t i = n - 1; i >= 0; i--) /* the longest first: it may explain all its parts */
        fold_parts(candidates, n, i, UNDER_WHOLE, sources->options);
    for (int64_t i = 0; i < n; i++) fold_parts(candidates, n, i, UNDER_PART, sources->options);
}

/* A cohort of a binary KPI and a wider one that holds it, as pattern and part: first wider ones
 * under what explains them, then narrower ones under what they add nothing to. */
static void fold_within(struct comparison *with, struct finding *candidates, int64_t first,
                        int64_t n, const struct finding_sources *sources)
{
    const double least = sources->options->fold_relative;
    for (enum direction direction = UNDER_WHOLE; direction <= UNDER_PART; direction++) {
        for (int64_t wide = first; wide < n; wide++) {
            const struct cohort_row *row = &sources->cohorts->rows[candidates[wide].row];
            const struct members members = members_of(with->counts, row->attribute, row->value);
            with->place = place_of(sources->options, row->kpi);
            for (int64_t narrow = first; narrow < n && row->is_binary; narrow++) {
                const struct cohort_row *other = &sources->cohorts->rows[candidates[narrow].row];
                if (other->kpi != row->kpi || other->sessions >= row->sessions ||
                    candidates[narrow].lead != narrow || candidates[wide].lead != wide)
                    continue;
                const struct members others =
                    members_of(with->counts, other->attribute, other->value);
                if (is_within(with, &others, &members))
                    fold_pair(candidates, wide, narrow, direction, least);
            }
        }
    }
}

/* Does it take a derived attribute to say it? */
static bool is_derived(const struct finding_sources *sources, const struct members *members)
{
    const struct derivation *derivation = sources->options->derivation;
    if (!derivation) return false;
    for (int i = 0; i < members->n; i++)
        if (members->sets[i] >= derivation->n_stored_attributes &&
            members->sets[i] < sources->store->n_attributes)
            return true;
    return false;
}

static void fold_cohorts(struct comparison *with, struct finding *candidates, int64_t first,
                         int64_t n, const struct finding_sources *sources)
{
    for (int64_t i = first; i < n; i++) {
        const struct cohort_row *row = &sources->cohorts->rows[candidates[i].row];
        const struct members members = members_of(with->counts, row->attribute, row->value);
        with->place = place_of(sources->options, row->kpi);
        for (int64_t j = first; j < i && candidates[i].lead == i; j++) {
            const struct cohort_row *other = &sources->cohorts->rows[candidates[j].row];
            if (row->kpi != other->kpi || row->sessions != other->sessions) continue;
            const struct members others = members_of(with->counts, other->attribute, other->value);
            if (!are_same(with, &members, &others)) continue;
            if (candidates[j].lead == j && is_derived(sources, &others) &&
                !is_derived(sources, &members))
                candidates[j].lead = i;
            else
                candidates[i].lead = candidates[j].lead;
        }
    }
    fold_within(with, candidates, first, n, sources);
}

lode_status folding_find_leads(struct finding *candidates, int64_t n,
                               const struct finding_sources *sources, struct lode_arena *arena)
{
    struct lifecycle_cohorts lifecycle;
    struct comparison with = {.counts = sources->cohorts->counts, .lifecycle = &lifecycle};
    int64_t n_patterns = 0;
    lode_try(lifecycle_cohorts_init(sources->options->first_sessions, arena, &lifecycle));
    while (n_patterns < n && candidates[n_patterns].expert == EXPERT_PATTERN) n_patterns++;
    for (int64_t i = 0; i < n; i++) {
        candidates[i].lead = i;
        candidates[i].folded = 0;
    }
    fold_patterns(&with, candidates, n_patterns, sources);
    fold_cohorts(&with, candidates, n_patterns, n, sources);
    for (int64_t i = 0; i < n; i++) {
        int64_t lead = i;
        while (candidates[lead].lead != lead) lead = candidates[lead].lead;
        candidates[i].lead = lead;
        if (lead != i) candidates[lead].folded++;
    }
    return LODE_OK;
}
