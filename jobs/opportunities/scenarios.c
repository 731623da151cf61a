/* Scenarios: groups of KPIs, one plan over all sessions and one per attribute for each group, and
 * the list of (KPI, cohort) that results. */
#include "jobs/opportunities/scenarios.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

/* What scenarios_make builds with. */
struct maker {
    const struct lode_store *store;
    const struct opportunity_options *options;
    const struct cohort_counts *cohorts;
    struct lode_arena *arena;
    struct scenarios *out;
    uint32_t **label_of; /* [attributes][words] index into labels, or LODE_NO_CODE */
};

/* The place of a KPI in options->kpis, which is also its place in the counts of cohorts. */
static int64_t kpi_place(const struct opportunity_options *options, int64_t kpi)
{
    int64_t place = 0;
    while (options->kpis[place] != kpi) place++;
    return place;
}

static const struct cohort_cell *cell_of(const struct maker *maker, int64_t attribute,
                                         int64_t value, int64_t kpi)
{
    const struct cohort_counts *cohorts = maker->cohorts;
    return &cohorts->sets[attribute]
                .cells[value * cohorts->n_kpis + kpi_place(maker->options, kpi)];
}

static bool is_searched(const struct opportunity_options *options, const struct cohort_cell *cell)
{
    return cell->users >= options->cohort_min_users && cell->faulty >= options->cohort_min_faulty &&
           cell->sessions - cell->faulty >= options->cohort_min_normal;
}

static bool is_searched_for_any(const struct maker *maker, const struct pattern_plan *plan,
                                int64_t attribute, int64_t value)
{
    for (int i = 0; i < plan->n_kpis; i++)
        if (is_searched(maker->options, cell_of(maker, attribute, value, plan->kpis[i])))
            return true;
    return false;
}

static lode_status label_for(struct maker *maker, int64_t attribute, int64_t value, uint32_t *label)
{
    uint32_t *known = &maker->label_of[attribute][value];
    if (*known == LODE_NO_CODE) {
        struct scenarios *out = maker->out;
        const char *name = maker->store->attributes[attribute].name;
        const char *word = maker->cohorts->sets[attribute].values[value];
        const size_t size = strlen(name) + strlen(word) + sizeof "=";
        char *text = NULL;
        lode_try(lode_take(maker->arena, size, &text));
        snprintf(text, size, "%s=%s", name, word);
        *known = (uint32_t)out->n_labels;
        out->labels[out->n_labels++] = text;
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
static lode_status find_least(struct maker *maker, struct pattern_plan *plan)
{
    const int64_t n_values =
        plan->attribute < 0 ? 0 : maker->cohorts->sets[plan->attribute].n_values;
    uint64_t *least = NULL;
    lode_try(lode_take(maker->arena, plan->n_cohorts * plan->n_kpis, &least));
    for (int i = 0; i < plan->n_kpis; i++) {
        const int64_t kpi = plan->kpis[i];
        if (plan->attribute < 0)
            least[i] = least_of(maker, &maker->cohorts->all[kpi_place(maker->options, kpi)]);
        for (int64_t value = 0; value < n_values; value++) {
            const struct cohort_cell *cell = cell_of(maker, plan->attribute, value, kpi);
            const struct cohort_set *set = &maker->cohorts->sets[plan->attribute];
            const uint32_t cohort = plan->cohort_of[cohort_code(set, value)];
            if (cohort == LODE_NO_CODE) continue;
            least[(int64_t)cohort * plan->n_kpis + i] =
                is_searched(maker->options, cell) ? least_of(maker, cell) : UINT64_MAX;
        }
    }
    plan->least_faulty = least;
    return LODE_OK;
}

static lode_status add_plan(struct maker *maker, const struct pattern_plan *plan)
{
    struct scenarios *out = maker->out;
    const int64_t at = out->n_plans++;
    out->plans[at] = *plan;
    lode_try(find_least(maker, &out->plans[at]));
    return lode_take_zero(maker->arena, plan->last_k - plan->first_k + 1, &out->counts[at]);
}

/* The plan of one attribute under the group of `all`; none when no cohort is large enough. */
static lode_status plan_attribute(struct maker *maker, const struct pattern_plan *all,
                                  int64_t attribute)
{
    const struct opportunity_options *options = maker->options;
    const struct cohort_set *set = &maker->cohorts->sets[attribute];
    struct pattern_plan plan = *all;
    uint32_t *cohort_of = NULL;
    lode_try(lode_take(maker->arena, set->n_values, &cohort_of));
    plan.attribute = attribute;
    plan.n_cohorts = 0;
    for (int64_t value = 0; value < set->n_values; value++)
        cohort_of[cohort_code(set, value)] = is_searched_for_any(maker, all, attribute, value)
                                                 ? (uint32_t)plan.n_cohorts++
                                                 : LODE_NO_CODE;
    if (plan.n_cohorts == 0) return LODE_OK;
    plan.cohort_of = cohort_of;
    plan.first_k = (int)options->first_k;
    plan.last_k =
        (int)(options->last_k < options->cohort_max_k ? options->last_k : options->cohort_max_k);
    return add_plan(maker, &plan);
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
    const int64_t kpi = plan->kpis[position];
    const struct cohort_set *set = &maker->cohorts->sets[plan->attribute];
    for (int64_t value = 0; value < set->n_values; value++) {
        const struct cohort_cell *cell = cell_of(maker, plan->attribute, value, kpi);
        const uint32_t cohort = plan->cohort_of[cohort_code(set, value)];
        if (cohort == LODE_NO_CODE || !is_searched(maker->options, cell)) continue;
        struct scenario *scenario = &out->list[out->n++];
        *scenario = (struct scenario){
            .kpi = kpi,
            .attribute = plan->attribute,
            .value = (uint32_t)value,
            .users = cell->users,
            .faulty_total = cell->faulty,
            .normal_total = cell->sessions - cell->faulty,
            .plan = index,
            .position = position,
            .cohort = cohort,
        };
        lode_try(label_for(maker, plan->attribute, value, &scenario->label));
    }
    return LODE_OK;
}

/* All plans and scenarios of one group of KPIs. */
static lode_status add_group(struct maker *maker, const struct pattern_plan *all)
{
    const struct opportunity_options *options = maker->options;
    const int64_t first_plan = maker->out->n_plans;
    lode_try(add_plan(maker, all));
    for (int64_t a = 0; a < maker->store->n_attributes - options->n_generated; a++)
        if (options->cohort_patterns && options->attribute_on[a] &&
            options->first_k <= options->cohort_max_k)
            lode_try(plan_attribute(maker, all, a));
    for (int position = 0; position < all->n_kpis; position++) {
        list_all_sessions(maker, first_plan, position);
        for (int64_t plan = first_plan + 1; plan < maker->out->n_plans; plan++)
            lode_try(list_cohorts(maker, plan, position));
    }
    return LODE_OK;
}

/* Upper bounds: every KPI a group of its own, every value of every attribute a cohort. */
static lode_status take_lists(struct maker *maker)
{
    const struct lode_store *store = maker->store;
    const int64_t n_kpis = maker->options->n_kpis;
    int64_t n_words = 0;
    lode_try(lode_take(maker->arena, store->n_attributes, &maker->label_of));
    for (int64_t a = 0; a < store->n_attributes; a++) {
        const int64_t words = maker->cohorts->sets[a].n_values;
        lode_try(lode_take(maker->arena, words, &maker->label_of[a]));
        for (int64_t w = 0; w < words; w++) maker->label_of[a][w] = LODE_NO_CODE;
        n_words += words;
    }
    lode_try(lode_take(maker->arena, n_words, &maker->out->labels));
    lode_try(lode_take(maker->arena, n_kpis * (n_words + 1), &maker->out->list));
    lode_try(lode_take(maker->arena, n_kpis * (store->n_attributes + 1), &maker->out->plans));
    return lode_take(maker->arena, n_kpis * (store->n_attributes + 1), &maker->out->counts);
}

lode_status scenarios_make(const struct lode_store *store,
                           const struct opportunity_options *options,
                           const struct cohort_counts *cohorts, struct lode_arena *arena,
                           struct scenarios *scenarios)
{
    *scenarios = (struct scenarios){0};
    struct maker maker = {
        .store = store, .options = options, .cohorts = cohorts, .arena = arena, .out = scenarios};
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
