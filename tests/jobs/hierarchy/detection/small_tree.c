#include "tests/unit.h"

#include "tests/jobs/hierarchy/detection/small_tree.h"

#include <stdlib.h>
#include <string.h>

static void make_model(struct small_tree *tree)
{
    static const struct model_component components[] = {
        [SVC] = {.name = "svc", .parent = -1, .last_ms = INT64_MIN},
        [SVC_A] = {"svc/a", SVC, TRAINED_MS, MINUTE_MS, 11},
        [SVC_B] = {"svc/b", SVC, TRAINED_MS, MINUTE_MS, 11}};
    static const struct model_member members[] = {{A_CPU, 1}, {A_MEM, 3}, {A_GROUP, 1},
                                                  {B_CPU, 1}, {A_END, 1}, {B_END, 1}};
    const struct model_detector leaf = {
        .role = MODEL_LEAF, .sigma = 2, .weight = 1, .severity = 1, .exemplar = -1};
    for (int d = A_CPU; d <= B_CPU; d++) tree->detectors[d] = leaf;
    for (int d = A_GROUP; d <= WHOLE; d++)
        tree->detectors[d] =
            (struct model_detector){.role = MODEL_END, .level = 2, .severity = 1, .n_members = 1};
    const char *names[] = {"cpu", "mem", "cpu", "group-1", "end", "end", "whole"};
    const int32_t of[] = {SVC_A, SVC_A, SVC_B, SVC_A, SVC_A, SVC_B, SVC};
    const int64_t first[] = {0, 0, 0, 0, 2, 3, 4};
    for (int d = 0; d < SMALL_DETECTORS; d++) {
        tree->detectors[d].name = tree->detectors[d].counter = names[d];
        tree->detectors[d].component = of[d];
        tree->detectors[d].first_member = first[d];
    }
    tree->detectors[A_GROUP].role = MODEL_GROUP;
    tree->detectors[A_GROUP].level = 1;
    tree->detectors[WHOLE].role = MODEL_WHOLE;
    tree->detectors[WHOLE].level = 3;
    tree->detectors[A_GROUP].n_members = tree->detectors[WHOLE].n_members = 2;
    memcpy(tree->components, components, sizeof components);
    memcpy(tree->members, members, sizeof members);
    tree->model = (struct model){.n_components = SMALL_COMPONENTS,
                                 .components = tree->components,
                                 .n_detectors = SMALL_DETECTORS,
                                 .detectors = tree->detectors,
                                 .n_members = sizeof members / sizeof *members,
                                 .members = tree->members,
                                 .n_levels = 2,
                                 .options = {.vote = 30}};
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const struct lode_store_name *)left)->name,
                  ((const struct lode_store_name *)right)->name);
}

/* As opening the store does. */
static void sort_names(struct small_tree *tree)
{
    struct lode_counters_schema *schema = &tree->store.counters;
    for (int64_t i = 0; i < schema->n_components; i++)
        tree->staged_names[i] = (struct lode_store_name){tree->staged[i].name, i};
    for (int64_t i = 0; i < schema->n_counters; i++)
        tree->counter_names[i] = (struct lode_store_name){tree->counters[i].name, i};
    qsort(tree->staged_names, (size_t)schema->n_components, sizeof *tree->staged_names,
          compare_names);
    qsort(tree->counter_names, (size_t)schema->n_counters, sizeof *tree->counter_names,
          compare_names);
    schema->component_names = tree->staged_names;
    schema->counter_names = tree->counter_names;
}

void small_tree_stage(struct small_tree *tree, const char *name)
{
    tree->staged[tree->store.counters.n_components++] = (struct lode_component){
        .name = name, .parent = -1, .n_times = 21, .last_ms = LAST_MS, .step_ms = MINUTE_MS};
}

static void make_store(struct small_tree *tree)
{
    tree->store.kind = LODE_STORE_COUNTERS;
    tree->store.counters = (struct lode_counters_schema){
        .components = tree->staged, .n_counters = 2, .counters = tree->counters};
    small_tree_stage(tree, "svc/b");
    small_tree_stage(tree, "svc");
    small_tree_stage(tree, "svc/a");
    tree->staged[AT_SVC].partition = -1;
    tree->staged[AT_A].partition = 1;
    tree->counters[AT_MEM] = (struct lode_counter){"mem", "", LODE_GAUGE};
    tree->counters[AT_CPU] = (struct lode_counter){"cpu", "", LODE_GAUGE};
}

int small_tree_setup(void **state)
{
    static struct small_tree tree;
    memset(&tree, 0, sizeof tree);
    make_model(&tree);
    make_store(&tree);
    tree.labels.list = tree.issues;
    tree.planning = (struct planning){.model = &tree.model,
                                      .store = &tree.store,
                                      .levels = &tree.levels,
                                      .labels = &tree.labels,
                                      .manual = &tree.manual};
    *state = &tree;
    return lode_arena_create(0, &tree.arena) == LODE_OK ? 0 : -1;
}

int small_tree_teardown(void **state)
{
    struct small_tree *tree = *state;
    lode_arena_destroy(tree->arena);
    return 0;
}

void small_tree_label(struct small_tree *tree, int64_t component, int64_t start_ms, int64_t end_ms)
{
    tree->issues[tree->labels.n++] = (struct label){component, start_ms, end_ms, "", 1};
}

void small_tree_plan(struct small_tree *tree, struct planned *planned)
{
    const struct hierarchy_numbers alerts = {0};
    const struct levels_wanted wanted = {
        .has_manual = tree->manual.n_groups > 0, .has_counter_thresholds = true, .alerts = &alerts};
    assert_ok(levels_make(&tree->model, &wanted, tree->arena, &tree->levels));
    sort_names(tree);
    assert_ok(planning_make(&tree->planning, tree->arena, planned));
}

int64_t small_tree_node(const struct planned_component *of, enum plan_kind kind, const char *name)
{
    for (int64_t i = 0; i < of->plan.n_nodes; i++)
        if (of->plan.nodes[i].kind == kind && strcmp(of->names[i], name) == 0) return i;
    return -1;
}
