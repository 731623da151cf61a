/* Scenarios: groups of KPIs, one plan over all sessions and one per set of cohorts for each group,
 * and the list of (KPI, cohort) that results. */
#include "jobs/opportunities/scenarios.h"

/* What scenarios_make builds with. */
struct maker {
    const struct lode_store *store;
    const struct opportunity_options *options;
    const struct cohort_counts *cohorts;
    struct lode_arena *arena;
    struct scenarios *out;
    struct lifecycle_cohorts lifecycle;
    uint32_t **label_of;     /* [sets][values] index into labels, or LODE_NO_CODE */
    struct members *members; /* [plans] */
};

/* The cohorts of a plan: cohort c is value values[c] of the set. */
struct members {
    int64_t set; /* -1: all sessions */
    int64_t *values;
};

/* The place of a KPI in options->kpis, which is also its place in the counts of cohorts. */
static int64_t kpi_place(const struct opportunity_options *options, int64_t kpi)
{
    int64_t place = 0;
    while (options->kpis[place] != kpi) place++;
    return place;
}

static const struct cohort_cell *cell_of(const struct maker *maker, int64_t set, int64_t value,
                                         int64_t kpi)
{
    const struct cohort_counts *cohorts = maker->cohorts;
    return &cohorts->sets[set].cells[value * cohorts->n_kpis + kpi_place(maker->options, kpi)];
}

static bool is_searched(const struct maker *maker, int64_t set, int64_t value, int64_t kpi)
{
    const struct opportunity_options *options = maker->options;
    const struct cohort_cell *cell = cell_of(maker, set, value, kpi);
    const bool *kept = maker->cohorts->sets[set].is_kept;
    if (kept && !kept[value * maker->cohorts->n_kpis + kpi_place(options, kpi)]) return false;
    return cell->users >= options->cohort_min_users && cell->faulty >= options->cohort_min_faulty &&
           cell->sessions - cell->faulty >= options->cohort_min_normal;
}

static bool is_searched_for_any(const struct maker *maker, const struct pattern_plan *plan,
                                int64_t set, int64_t value)
{
    for (int i = 0; i < plan->n_kpis; i++)
        if (is_searched(maker, set, value, plan->kpis[i])) return true;
    return false;
}

static lode_status label_for(struct maker *maker, int64_t set, int64_t value, uint32_t *label)
{
    uint32_t *known = &maker->label_of[set][value];
    if (*known == LODE_NO_CODE) {
        struct scenarios *out = maker->out;
        lode_try(
            cohort_label(maker->cohorts, set, value, maker->arena, &out->labels[out->n_labels]));
        *known = (uint32_t)out->n_labels++;
    }
    *label = *known;
    return LODE_OK;
}

/* From which count on a row of the tables is kept. */
static uint64_t least_of(const struct maker *maker, const struct cohort_cell *cell)
{
    return (uint64_t)decimal_share_of(maker->options->min_support, cell->faulty);
}

/* The same for each cohort and KPI of a plan. */
static lode_status find_least(struct maker *maker, const struct members *members,
                              struct pattern_plan *plan)
{
    uint64_t *least = NULL;
    lode_try(lode_take(maker->arena, plan->n_cohorts * plan->n_kpis, &least));
    for (int i = 0; i < plan->n_kpis; i++) {
        const int64_t kpi = plan->kpis[i];
        if (members->set < 0)
            least[i] = least_of(maker, &maker->cohorts->all[kpi_place(maker->options, kpi)]);
        for (int64_t c = 0; members->set >= 0 && c < plan->n_cohorts; c++) {
            const int64_t value = members->values[c];
            least[c * plan->n_kpis + i] =
                is_searched(maker, members->set, value, kpi)
                    ? least_of(maker, cell_of(maker, members->set, value, kpi))
                    : UINT64_MAX;
        }
    }
    plan->least_faulty = least;
    return LODE_OK;
}

static lode_status add_plan(struct maker *maker, const struct pattern_plan *plan,
                            const struct members *members)
{
    struct scenarios *out = maker->out;
    const int64_t at = out->n_plans++;
    out->plans[at] = *plan;
    maker->members[at] = *members;
    lode_try(find_least(maker, members, &out->plans[at]));
    return lode_take_zero(maker->arena, plan->last_k - plan->first_k + 1, &out->counts[at]);
}

/* Values [first, end) of a set that are searched, as cohorts of a plan. */
static lode_status find_members(struct maker *maker, int64_t set, int64_t first, int64_t end,
                                struct pattern_plan *plan, struct members *members)
{
    int64_t n = 0;
    for (int64_t v = first; v < end; v++) n += is_searched_for_any(maker, plan, set, v);
    *members = (struct members){.set = set};
    plan->n_cohorts = 0;
    lode_try(lode_take(maker->arena, n, &members->values));
    for (int64_t v = first; v < end; v++)
        if (is_searched_for_any(maker, plan, set, v)) members->values[plan->n_cohorts++] = v;
    return LODE_OK;
}

/* The plan of one attribute under the group of `all`; none when no cohort is large enough. */
static lode_status plan_attribute(struct maker *maker, const struct pattern_plan *all,
                                  int64_t attribute)
{
    const struct cohort_set *set = &maker->cohorts->sets[attribute];
    struct pattern_plan plan = *all;
    struct members members;
    uint32_t *cohort_of = NULL;
    lode_try(find_members(maker, attribute, 0, set->n_values, &plan, &members));
    if (plan.n_cohorts == 0) return LODE_OK;
    lode_try(lode_take(maker->arena, set->n_values, &cohort_of));
    for (int64_t v = 0; v < set->n_values; v++) cohort_of[v] = LODE_NO_CODE;
    for (int64_t c = 0; c < plan.n_cohorts; c++)
        cohort_of[cohort_code(set, members.values[c])] = (uint32_t)c;
    plan.attribute = attribute;
    plan.cohort_of = cohort_of;
    return add_plan(maker, &plan, &members);
}

/* A plan of the pairs [first, end) of a set; those of the life cycle share their first value. */
static lode_status plan_pairs(struct maker *maker, const struct pattern_plan *all, int64_t index,
                              int64_t first, int64_t end)
{
    const struct cohort_counts *cohorts = maker->cohorts;
    const struct cohort_set *set = &cohorts->sets[index];
    const bool is_lifecycle = set->parents[0] == cohorts->n_sets - 1;
    struct pattern_plan plan = *all;
    struct members members;
    uint32_t(*codes)[2] = NULL;
    lode_try(find_members(maker, index, first, end, &plan, &members));
    if (plan.n_cohorts == 0) return LODE_OK;
    lode_try(lode_take(maker->arena, plan.n_cohorts, &codes));
    for (int64_t c = 0; c < plan.n_cohorts; c++) {
        const int64_t *values = set->values_of[members.values[c]];
        for (int i = 0; i < 2; i++)
            codes[c][i] = cohort_code(&cohorts->sets[set->parents[i]], values[i]);
    }
    plan.attribute = set->parents[1];
    plan.first = is_lifecycle ? -1 : set->parents[0];
    plan.classes = is_lifecycle ? maker->lifecycle.classes[set->values_of[first][0]] : 0;
    plan.pair_codes = (const uint32_t(*)[2])codes;
    return add_plan(maker, &plan, &members);
}

static lode_status plan_pair_set(struct maker *maker, const struct pattern_plan *all, int64_t index)
{
    const struct cohort_set *set = &maker->cohorts->sets[index];
    if (set->parents[0] != maker->cohorts->n_sets - 1)
        return plan_pairs(maker, all, index, 0, set->n_values);
    for (int64_t first = 0, end = 0; first < set->n_values; first = end) {
        while (end < set->n_values && set->values_of[end][0] == set->values_of[first][0]) end++;
        lode_try(plan_pairs(maker, all, index, first, end));
    }
    return LODE_OK;
}

/* Plans of cohorts, under the group of `all`. */
static lode_status plan_cohorts(struct maker *maker, const struct pattern_plan *all)
{
    const struct opportunity_options *options = maker->options;
    const struct cohort_counts *cohorts = maker->cohorts;
    struct pattern_plan inside = *all;
    if (!options->cohort_patterns || options->first_k > options->cohort_max_k) return LODE_OK;
    inside.first_k = (int)options->first_k;
    inside.last_k =
        (int)(options->last_k < options->cohort_max_k ? options->last_k : options->cohort_max_k);
    for (int64_t a = 0; a < maker->store->n_attributes - options->n_generated; a++)
        if (options->attribute_on[a] && (!options->is_deep || options->is_deep[a]))
            lode_try(plan_attribute(maker, &inside, a));
    for (int64_t set = cohorts->n_sets; set < cohorts->n_sets + cohorts->n_pair_sets; set++)
        lode_try(plan_pair_set(maker, &inside, set));
    return LODE_OK;
}

static void list_all_sessions(struct maker *maker, int64_t plan, int position)
{
    const int64_t kpi = maker->out->plans[plan].kpis[position];
    const struct cohort_cell *all = &maker->cohorts->all[kpi_place(maker->options, kpi)];
    maker->out->list[maker->out->n++] = (struct scenario){
        .kpi = kpi,
        .label = LODE_NO_CODE,
        .attribute = -1,
        .users = all->users,
        .faulty_total = all->faulty,
        .normal_total = all->sessions - all->faulty,
        .plan = plan,
        .position = position,
    };
}

/* A cohort may be large enough for one KPI of the group and too small for another. */
static lode_status list_cohorts(struct maker *maker, int64_t index, int position)
{
    struct scenarios *out = maker->out;
    const struct pattern_plan *plan = &out->plans[index];
    const struct members *members = &maker->members[index];
    const int64_t kpi = plan->kpis[position];
    for (int64_t c = 0; c < plan->n_cohorts; c++) {
        const int64_t value = members->values[c];
        const struct cohort_cell *cell = cell_of(maker, members->set, value, kpi);
        if (!is_searched(maker, members->set, value, kpi)) continue;
        struct scenario *scenario = &out->list[out->n++];
        *scenario = (struct scenario){
            .kpi = kpi,
            .attribute = members->set,
            .value = value,
            .users = cell->users,
            .faulty_total = cell->faulty,
            .normal_total = cell->sessions - cell->faulty,
            .plan = index,
            .position = position,
            .cohort = c,
        };
        lode_try(label_for(maker, members->set, value, &scenario->label));
    }
    return LODE_OK;
}

/* All plans and scenarios of one group of KPIs. */
static lode_status add_group(struct maker *maker, const struct pattern_plan *all)
{
    const int64_t first_plan = maker->out->n_plans;
    lode_try(add_plan(maker, all, &(struct members){.set = -1}));
    lode_try(plan_cohorts(maker, all));
    for (int position = 0; position < all->n_kpis; position++) {
        list_all_sessions(maker, first_plan, position);
        for (int64_t plan = first_plan + 1; plan < maker->out->n_plans; plan++)
            lode_try(list_cohorts(maker, plan, position));
    }
    return LODE_OK;
}

/* Values of a set that may be cohorts of a plan, at most. */
static int64_t most_members(const struct maker *maker, const struct cohort_set *set)
{
    int64_t n = 0;
    if (!set->is_kept) return set->n_values;
    for (int64_t i = 0; i < set->n_values * maker->cohorts->n_kpis; i++) n += set->is_kept[i];
    return n < set->n_values ? n : set->n_values;
}

/* Upper bounds: every KPI a group of its own, every value of every attribute a cohort, every pair
 * that is kept, and a plan for each cohort of the life cycle in a pair. */
static lode_status take_lists(struct maker *maker)
{
    const struct cohort_counts *cohorts = maker->cohorts;
    const int64_t n_kpis = maker->options->n_kpis, n_sets = cohorts->n_sets + cohorts->n_pair_sets;
    int64_t n_members = 0;
    lode_try(lode_take(maker->arena, n_sets, &maker->label_of));
    for (int64_t set = 0; set < n_sets; set++) {
        const int64_t n_values = cohorts->sets[set].n_values;
        lode_try(lode_take(maker->arena, n_values, &maker->label_of[set]));
        for (int64_t v = 0; v < n_values; v++) maker->label_of[set][v] = LODE_NO_CODE;
        n_members += most_members(maker, &cohorts->sets[set]);
    }
    const int64_t most_plans =
        n_kpis * (n_sets + cohorts->n_pair_sets * LIFECYCLE_MOST_COHORTS + 1);
    lode_try(lode_take(maker->arena, n_members, &maker->out->labels));
    lode_try(lode_take(maker->arena, n_kpis * (n_members + 1), &maker->out->list));
    lode_try(lode_take(maker->arena, most_plans, &maker->members));
    lode_try(lode_take(maker->arena, most_plans, &maker->out->plans));
    return lode_take(maker->arena, most_plans, &maker->out->counts);
}

lode_status scenarios_make(const struct lode_store *store,
                           const struct opportunity_options *options,
                           const struct cohort_counts *cohorts, struct lode_arena *arena,
                           struct scenarios *scenarios)
{
    *scenarios = (struct scenarios){0};
    struct maker maker = {
        .store = store, .options = options, .cohorts = cohorts, .arena = arena, .out = scenarios};
    lode_try(lifecycle_cohorts_init(options->first_sessions, arena, &maker.lifecycle));
    lode_try(take_lists(&maker));

    const struct pattern_plan empty = {
        .attribute = -1, .n_cohorts = 1, .first_k = 1, .last_k = (int)options->last_k};
    struct pattern_plan group = empty;
    for (int64_t i = 0; i < options->n_kpis; i++) {
        if (!store->kpis[options->kpis[i]].is_binary) continue;
        struct pattern_plan larger = group;
        if (group.n_kpis < PATTERN_MAX_KPIS) larger.kpis[larger.n_kpis++] = options->kpis[i];
        if (larger.n_kpis == group.n_kpis ||
            pattern_classes(store, &larger) > PATTERN_MAX_CLASSES) {
            lode_try(add_group(&maker, &group));
            larger = empty;
            larger.kpis[larger.n_kpis++] = options->kpis[i];
        }
        group = larger;
    }
    return group.n_kpis ? add_group(&maker, &group) : LODE_OK;
}

const char *scenario_label(const struct scenarios *scenarios, const struct scenario *scenario)
{
    return scenario->label == LODE_NO_CODE ? "" : scenarios->labels[scenario->label];
}
