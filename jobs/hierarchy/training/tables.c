/* Tables of a training run: see the header. */
#include "jobs/hierarchy/training/tables.h"

#include "jobs/hierarchy/model/rows.h"

/* Level, component and name of a detector, as most tables begin. */
struct about {
    uint32_t *levels, *components, *names;
};

static lode_status add_about(struct rows *rows, const char *name, const char *title,
                             struct about *about)
{
    lode_try(rows_text(rows, "level", "low, mid, high, ...", &about->levels));
    lode_try(rows_text(rows, "component", "that it is about", &about->components));
    return rows_text(rows, name, title, &about->names);
}

static lode_status set_about(struct rows *rows, const struct model *model,
                             const struct model_detector *detector, const struct about *about,
                             int64_t row)
{
    char text[MODEL_LEVEL_TEXT];
    lode_try(rows_code(rows, model_level_name(detector->role, detector->level, text, sizeof text),
                       &about->levels[row]));
    lode_try(rows_code(rows, model->components[detector->component].name, &about->components[row]));
    return rows_code(rows, detector->name, &about->names[row]);
}

static lode_status put_counters(const struct lode_run *run, const struct model *model)
{
    struct rows rows;
    uint32_t *components = NULL, *counters = NULL, *kinds = NULL, *families = NULL, *states = NULL;
    double *sigmas = NULL, *saturations = NULL;
    int64_t n = 0;
    while (n < model->n_detectors && model->detectors[n].role == MODEL_LEAF) n++;
    lode_try(rows_begin(&rows, "counters", "every counter's detectors, rules and patterns", n,
                        run->arena));
    lode_try(rows_text(&rows, "component", "that the counter is of", &components));
    lode_try(rows_text(&rows, "counter", "name; of a rule or pattern its own", &counters));
    lode_try(rows_text(&rows, "detector", "kind", &kinds));
    lode_try(rows_text(&rows, "family", "distribution that hellinger takes it for", &families));
    lode_try(rows_f64(&rows, "sigma", NULL, "E = sigma / 2 x distance; 0: dead", &sigmas));
    lode_try(rows_f64(&rows, "saturation", "1", "share of training slots with a score above 0.99",
                      &saturations));
    lode_try(rows_text(&rows, "state", "used in a group, or why not", &states));
    for (int64_t i = 0; i < n; i++) {
        const struct model_detector *leaf = &model->detectors[i];
        lode_try(rows_code(&rows, model->components[leaf->component].name, &components[i]));
        lode_try(rows_code(&rows, leaf->counter, &counters[i]));
        lode_try(rows_code(&rows, model_kind_name(leaf), &kinds[i]));
        if (model_family_name(leaf))
            lode_try(rows_code(&rows, model_family_name(leaf), &families[i]));
        lode_try(rows_code(&rows, model_state_names[leaf->state], &states[i]));
        sigmas[i] = leaf->sigma;
        saturations[i] = leaf->saturation;
    }
    return lode_results_put(run->results, rows_end(&rows));
}

static lode_status put_edges(const struct lode_run *run, const struct tree *tree)
{
    const struct model *model = &tree->model;
    struct rows rows;
    int64_t *levels = NULL;
    uint32_t *scopes = NULL, *targets = NULL, *target_components = NULL, *sources = NULL,
             *source_components = NULL;
    double *lambdas = NULL, *coefficients = NULL, *stabilities = NULL;
    lode_try(rows_begin(&rows, "edges", "which detectors a detector is explained by", tree->n_edges,
                        run->arena));
    lode_try(rows_i64(&rows, "level", NULL, "of the groups that follow from it", &levels));
    lode_try(rows_text(&rows, "scope", "component whose detectors are grouped", &scopes));
    lode_try(rows_text(&rows, "target_component", "of the one explained", &target_components));
    lode_try(rows_text(&rows, "target", "the one explained", &targets));
    lode_try(rows_text(&rows, "source_component", "of the one that explains", &source_components));
    lode_try(rows_text(&rows, "source", "the one that explains", &sources));
    lode_try(rows_f64(&rows, "lambda", NULL, "penalty of the target's Lasso", &lambdas));
    lode_try(rows_f64(&rows, "coefficient", NULL, "of the source in it", &coefficients));
    lode_try(rows_f64(&rows, "stability", "1",
                      "share of bootstraps that have the edge; empty: "
                      "replicates=0",
                      &stabilities));
    for (int64_t i = 0; i < tree->n_edges; i++) {
        const struct tree_edge *edge = &tree->edges[i];
        const struct model_detector *target = &model->detectors[edge->target];
        const struct model_detector *source = &model->detectors[edge->source];
        levels[i] = edge->level;
        lode_try(rows_code(&rows, model->components[edge->scope].name, &scopes[i]));
        lode_try(
            rows_code(&rows, model->components[target->component].name, &target_components[i]));
        lode_try(rows_code(&rows, target->name, &targets[i]));
        lode_try(
            rows_code(&rows, model->components[source->component].name, &source_components[i]));
        lode_try(rows_code(&rows, source->name, &sources[i]));
        lambdas[i] = edge->lambda;
        coefficients[i] = edge->coefficient;
        stabilities[i] = edge->stability;
    }
    return lode_results_put(run->results, rows_end(&rows));
}

static lode_status put_groups(const struct lode_run *run, const struct model *model)
{
    struct rows rows;
    struct about about;
    uint32_t *member_components = NULL, *members = NULL;
    double *weights = NULL;
    int64_t *exemplars = NULL, row = 0;
    lode_try(rows_begin(&rows, "groups", "the members of every detector that is no leaf",
                        model->n_members, run->arena));
    lode_try(add_about(&rows, "group", "name in component and level", &about));
    lode_try(rows_text(&rows, "member_component", "that the member is about", &member_components));
    lode_try(rows_text(&rows, "member", "a detector of a level below", &members));
    lode_try(rows_f64(&rows, "weight", NULL, "E = sum(weight E) / sum(weight)", &weights));
    lode_try(
        rows_i64(&rows, "exemplar", NULL, "1: the member that stands for the group", &exemplars));
    for (int64_t d = 0; d < model->n_detectors; d++) {
        const struct model_detector *group = &model->detectors[d];
        for (int64_t m = 0; m < group->n_members; m++, row++) {
            const struct model_member *member = &model->members[group->first_member + m];
            const struct model_detector *held = &model->detectors[member->detector];
            lode_try(set_about(&rows, model, group, &about, row));
            lode_try(
                rows_code(&rows, model->components[held->component].name, &member_components[row]));
            lode_try(rows_code(&rows, held->name, &members[row]));
            weights[row] = member->weight;
            exemplars[row] = member->detector == group->exemplar;
        }
    }
    return lode_results_put(run->results, rows_end(&rows));
}

static lode_status put_levels(const struct lode_run *run, const struct tree *tree)
{
    static const char *const names[] = {"level",    "scopes",  "detectors",    "edges",
                                        "groups",   "members", "dead",         "unfit",
                                        "isolated", "alone",   "not_converged"};
    static const char *const titles[] = {
        "of the groups",
        "components in which detectors were grouped",
        "that were there to be grouped",
        "non-zero coefficients",
        "found",
        "of the groups",
        "with distance 0 in every training slot",
        "without a full window",
        "without an edge",
        "clusters of one",
        "scopes whose clustering did not converge: the last state counts"};
    enum { COLUMNS = sizeof names / sizeof *names };
    int64_t *columns[COLUMNS];
    struct rows rows;
    lode_try(rows_begin(&rows, "levels", "what every level of groups came to", tree->n_levels,
                        run->arena));
    for (int c = 0; c < COLUMNS; c++)
        lode_try(rows_i64(&rows, names[c], NULL, titles[c], &columns[c]));
    for (int64_t i = 0; i < tree->n_levels; i++) {
        const struct tree_level *level = &tree->levels[i];
        const int64_t values[COLUMNS] = {i + 1,        level->scopes,       level->detectors,
                                         level->edges, level->groups,       level->members,
                                         level->dead,  level->unfit,        level->isolated,
                                         level->alone, level->not_converged};
        for (int c = 0; c < COLUMNS; c++) columns[c][i] = values[c];
    }
    return lode_results_put(run->results, rows_end(&rows));
}

static bool is_dropped(const struct model_detector *detector)
{
    return detector->state != MODEL_USED && detector->state != MODEL_TOP;
}

static lode_status put_dropped(const struct lode_run *run, const struct model *model)
{
    static const char *const reasons[] = {
        [MODEL_DEAD] = "distance 0 in every training slot: constant as far as its kind can tell",
        [MODEL_ISOLATED] = "no edge to another detector",
        [MODEL_ALONE] = "a cluster of one",
        [MODEL_UNFIT] = "fewer slots than a full window",
    };
    struct rows rows;
    struct about about;
    uint32_t *states = NULL, *words = NULL;
    int64_t n = 0, row = 0;
    for (int64_t d = 0; d < model->n_detectors; d++) n += is_dropped(&model->detectors[d]);
    lode_try(rows_begin(&rows, "dropped", "detectors that are in no group", n, run->arena));
    lode_try(add_about(&rows, "detector", "name in component and level", &about));
    lode_try(rows_text(&rows, "state", "why, as table detectors has it", &states));
    lode_try(rows_text(&rows, "reason", "why, in words", &words));
    for (int64_t d = 0; d < model->n_detectors; d++) {
        const struct model_detector *one = &model->detectors[d];
        if (!is_dropped(one)) continue;
        lode_try(set_about(&rows, model, one, &about, row));
        lode_try(rows_code(&rows, model_state_names[one->state], &states[row]));
        lode_try(rows_code(&rows, reasons[one->state], &words[row]));
        row++;
    }
    return lode_results_put(run->results, rows_end(&rows));
}

lode_status tree_tables_put(const struct lode_run *run, const struct tree *tree)
{
    lode_try(put_counters(run, &tree->model));
    lode_try(put_edges(run, tree));
    lode_try(put_groups(run, &tree->model));
    lode_try(put_levels(run, tree));
    lode_try(put_dropped(run, &tree->model));
    lode_try(contributions_put(run, &tree->model));
    return group_findings_put(run, tree);
}
