/* Training, whole: what is planted is found, whatever the memory and the order of tasks. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "jobs/hierarchy/detectors/rule.h"
#include "tests/jobs/hierarchy/training/tree_world.h"

enum {
    FILE_LIMIT = 1 << 24,
    SMALL_ARENA = 320 * 1024,
    STRETCH_ARENA = 780 * 1024,
    TINY_ARENA = 32 * 1024
};

static int64_t leaf(const struct model *model, const char *component, const char *name)
{
    return tree_world_find(model, MODEL_LEAF, 0, component, name);
}

static void counters_that_jump_together_are_one_group(void **state)
{
    struct model model;
    tree_world_train(*state, "plain", &model);
    const char *const all[] = {"shop/web", "shop/web/a", "shop/web/b", "shop/db", "lone"};
    for (int i = 0; i < 5; i++) {
        const int64_t c = tree_world_group_of(&model, 1, leaf(&model, all[i], "c1"));
        const int64_t d = tree_world_group_of(&model, 1, leaf(&model, all[i], "d1"));
        assert_true(c >= 0 && d >= 0 && c != d);
        assert_true(model.detectors[c].n_members >= 3); /* noise may be beside them */
        assert_int_equal(c, tree_world_group_of(&model, 1, leaf(&model, all[i], "c2")));
        assert_int_equal(c, tree_world_group_of(&model, 1, leaf(&model, all[i], "c3")));
        assert_int_equal(d, tree_world_group_of(&model, 1, leaf(&model, all[i], "d2")));
    }
}

static void what_is_in_no_group_has_a_reason(void **state)
{
    struct model model;
    tree_world_train(*state, "plain", &model);
    const int64_t flat = leaf(&model, "lone", "flat"), noise = leaf(&model, "lone", "noise");
    assert_int_equal(model.detectors[flat].state, MODEL_DEAD);
    assert_true(model.detectors[flat].sigma == 0.0);
    assert_true(model.detectors[noise].state == MODEL_ISOLATED ||
                model.detectors[noise].state == MODEL_ALONE);
    const int64_t brief = leaf(&model, "shop/short", "c1");
    assert_int_equal(model.detectors[brief].state, MODEL_UNFIT);
    assert_int_equal(tree_world_find(&model, MODEL_END, 0, "shop/short", "end"), -1);
}

static void sigma_saturates_at_most_the_share_that_is_asked_for(void **state)
{
    struct model model;
    tree_world_train(*state, "plain", &model);
    for (int64_t d = 0; d < model.n_detectors; d++)
        if (model.detectors[d].role == MODEL_LEAF)
            assert_true(model.detectors[d].saturation <= 0.05);
}

static void an_end_is_over_groups_and_a_whole_over_what_is_below(void **state)
{
    struct model model;
    tree_world_train(*state, "plain", &model);
    const int64_t end = tree_world_find(&model, MODEL_END, 0, "shop/web/a", "end");
    assert_true(end >= 0);
    assert_int_equal(model.detectors[end].n_members, 2);
    const int64_t web = tree_world_find(&model, MODEL_WHOLE, 0, "shop/web", "whole");
    assert_true(web >= 0);
    assert_int_equal(model.detectors[web].n_members, 3); /* its own end, those of a and b */
    const int64_t shop = tree_world_find(&model, MODEL_WHOLE, 0, "shop", "whole");
    assert_true(shop > web);
    assert_int_equal(model.detectors[shop].n_members, 2); /* db and web: short has no end */
    assert_int_equal(tree_world_find(&model, MODEL_WHOLE, 0, "lone", "whole"), -1);
}

static void groups_of_components_that_jump_together_meet_in_their_service(void **state)
{
    struct model model;
    tree_world_train(*state, "plain", &model);
    const int64_t a = tree_world_group_of(&model, 1, leaf(&model, "shop/web/a", "c1"));
    const int64_t b = tree_world_group_of(&model, 1, leaf(&model, "shop/web/b", "c1"));
    const int64_t above = tree_world_group_of(&model, 2, a);
    assert_true(above >= 0);
    assert_int_equal(above, tree_world_group_of(&model, 2, b));
    assert_string_equal(model.components[model.detectors[above].component].name, "shop");
}

static void below_cross_level_groups_stay_in_the_component_above(void **state)
{
    struct model model;
    tree_world_set(*state, "cross_level=9");
    tree_world_train(*state, "inside", &model);
    const int64_t a = tree_world_group_of(&model, 1, leaf(&model, "shop/web/a", "c1"));
    const int64_t above = tree_world_group_of(&model, 2, a);
    assert_true(above >= 0);
    assert_string_equal(model.components[model.detectors[above].component].name, "shop/web");
}

/* So readily does everything stand for itself that no cluster has two members. */
static void a_level_without_groups_has_its_counts(void **state)
{
    struct tree_world *world = *state;
    struct lode_table levels;
    char folder[TREE_PATH], path[TREE_PATH + 16];
    tree_world_set(world, "preference=1000");
    assert_ok(tree_world_run(world, "alone", folder));
    snprintf(path, sizeof path, "%s/results.h5", folder);
    assert_ok(lode_results_read(path, "levels", world->arena, &levels));
    assert_int_equal(levels.n_rows, 1);
    const int64_t *edges = lode_table_column(&levels, "edges")->data;
    const int64_t *groups = lode_table_column(&levels, "groups")->data;
    const int64_t *alone = lode_table_column(&levels, "alone")->data;
    assert_true(edges[0] > 0 && groups[0] == 0 && alone[0] > 0);
}

static void max_levels_ends_the_tree(void **state)
{
    struct model model;
    tree_world_set(*state, "max_levels=1");
    tree_world_train(*state, "one", &model);
    assert_int_equal(model.n_levels, 2);
    for (int64_t d = 0; d < model.n_detectors; d++)
        if (model.detectors[d].role == MODEL_GROUP) assert_int_equal(model.detectors[d].level, 1);
}

static void read_results(const char *folder, struct lode_bytes *bytes)
{
    char path[TREE_PATH + 16];
    snprintf(path, sizeof path, "%s/results.h5", folder);
    assert_ok(lode_file_read(path, FILE_LIMIT, bytes));
}

static void assert_same_results(const char *one, const char *other)
{
    struct lode_bytes a = {0}, b = {0};
    read_results(one, &a);
    read_results(other, &b);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    lode_bytes_clear(&a);
    lode_bytes_clear(&b);
}

static void disorder_and_repetition_change_no_byte(void **state)
{
    struct tree_world *world = *state;
    char order[TREE_PATH], disorder[TREE_PATH];
    tree_world_set(world, "replicates=3");
    assert_ok(tree_world_run(world, "order", order));
    world->cluster.backwards = world->cluster.twice = true;
    assert_ok(tree_world_run(world, "disorder", disorder));
    assert_same_results(order, disorder);
}

/* Sixty series of 580 slots take 278 KB: here not all of them fit beside their scratch. */
static void memory_for_a_few_series_at_a_time_changes_no_byte(void **state)
{
    struct tree_world *world = *state;
    char large[TREE_PATH], small[TREE_PATH];
    assert_ok(tree_world_run(world, "large", large));
    const size_t peak = world->cluster.peak_bytes;
    world->cluster.budget_bytes = SMALL_ARENA;
    world->cluster.peak_bytes = 0;
    assert_ok(tree_world_run(world, "small", small));
    assert_true(world->cluster.peak_bytes < peak);
    assert_same_results(large, small);
}

/* A classifier for the sixty counters takes all their votes at once, or stretches of slots. */
static void a_classifier_in_stretches_of_slots_changes_no_byte(void **state)
{
    struct tree_world *world = *state;
    char large[TREE_PATH], small[TREE_PATH], tiny[TREE_PATH];
    tree_world_set(world, "combiner=oneclass");
    tree_world_set(world, "groups=all: n*");
    assert_ok(tree_world_run(world, "large", large));
    const size_t peak = world->cluster.peak_bytes;
    world->cluster.budget_bytes = STRETCH_ARENA;
    world->cluster.peak_bytes = 0;
    assert_ok(tree_world_run(world, "small", small));
    assert_true(world->cluster.peak_bytes < peak);
    assert_same_results(large, small);
    world->cluster.budget_bytes = SMALL_ARENA;
    assert_status(LODE_E_MEMORY, tree_world_run(world, "tiny", tiny));
    assert_non_null(strstr(lode_error_text(), "component 'many'"));
    assert_non_null(strstr(lode_error_text(), "votes of 60 members do not fit"));
}

static void a_component_that_does_not_fit_is_named(void **state)
{
    struct tree_world *world = *state;
    char folder[TREE_PATH];
    world->cluster.budget_bytes = TINY_ARENA;
    assert_status(LODE_E_MEMORY, tree_world_run(world, "tiny", folder));
    assert_non_null(strstr(lode_error_text(), "component '"));
}

static void stability_is_a_share_of_bootstraps_and_high_where_counters_jump_together(void **state)
{
    struct tree_world *world = *state;
    char folder[TREE_PATH], path[TREE_PATH + 16];
    struct lode_table edges;
    tree_world_set(world, "replicates=8");
    assert_ok(tree_world_run(world, "stable", folder));
    snprintf(path, sizeof path, "%s/results.h5", folder);
    assert_ok(lode_results_read(path, "edges", world->arena, &edges));
    const struct lode_column *column = lode_table_column(&edges, "stability");
    const struct lode_column *coefficient = lode_table_column(&edges, "coefficient");
    bool has_certain = false;
    assert_non_null(column);
    for (int64_t i = 0; i < edges.n_rows; i++) {
        const double share = ((const double *)column->data)[lode_column_at(column, i)];
        const double of = ((const double *)coefficient->data)[lode_column_at(coefficient, i)];
        assert_true(share >= 0 && share <= 1);
        has_certain |= share >= 1 && of > 0.1;
    }
    assert_true(has_certain);
}

static void shares_of_a_root_add_up_to_one(void **state)
{
    struct tree_world *world = *state;
    char folder[TREE_PATH], path[TREE_PATH + 16];
    struct lode_table table;
    assert_ok(tree_world_run(world, "shares", folder));
    snprintf(path, sizeof path, "%s/results.h5", folder);
    assert_ok(lode_results_read(path, "contributions", world->arena, &table));
    const struct lode_column *shares = lode_table_column(&table, "share");
    const struct lode_column *components = lode_table_column(&table, "component");
    const struct lode_column *levels = lode_table_column(&table, "level");
    const uint32_t *codes = components->data, *kinds = levels->data;
    double sum = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < table.n_rows; i++) {
        if (strcmp(components->words[codes[i]], "shop") != 0 ||
            strcmp(levels->words[kinds[i]], "whole") != 0)
            continue;
        sum += ((const double *)shares->data)[i];
        n++;
    }
    assert_true(n >= 20); /* c1 c2 c3 d1 d2 of four components */
    assert_true(fabs(sum - 1.0) < 1e-12);
}

static void weights_count_where_the_combiner_is_weighted(void **state)
{
    struct model model;
    tree_world_set(*state, "combiner=weighted");
    tree_world_set(*state, "weights=c2: 3;;c*: 2");
    tree_world_train(*state, "weighted", &model);
    const int64_t group = tree_world_group_of(&model, 1, leaf(&model, "lone", "c1"));
    const struct model_member *members = &model.members[model.detectors[group].first_member];
    assert_true(members[0].weight == 2 && members[1].weight == 3 && members[2].weight == 2);
}

/* On every level, also where there is no second one. */
static void with_oneclass_every_group_has_a_classifier_that_saturates_as_asked_for(void **state)
{
    struct model model;
    int64_t n[5] = {0};
    tree_world_set(*state, "combiner=oneclass");
    tree_world_train(*state, "oneclass", &model);
    for (int64_t d = 0; d < model.n_detectors; d++) {
        const struct model_detector *one = &model.detectors[d];
        if (one->role != MODEL_GROUP) continue;
        assert_non_null(one->factor);
        assert_true(one->sigma > 0);
        assert_true(one->saturation > 0 && one->saturation <= 0.05);
        n[one->level]++;
    }
    assert_true(n[1] > 0 && n[2] > 0);
    tree_world_set(*state, "max_levels=1");
    tree_world_train(*state, "low", &model);
    const int64_t group = tree_world_group_of(&model, 1, leaf(&model, "lone", "c1"));
    assert_true(model.detectors[group].sigma > 0);
}

static void shares_below_a_classifier_are_left_open(void **state)
{
    struct tree_world *world = *state;
    char folder[TREE_PATH], path[TREE_PATH + 16];
    struct lode_table table;
    tree_world_set(world, "combiner=oneclass");
    assert_ok(tree_world_run(world, "open", folder));
    snprintf(path, sizeof path, "%s/results.h5", folder);
    assert_ok(lode_results_read(path, "contributions", world->arena, &table));
    const struct lode_column *shares = lode_table_column(&table, "share");
    assert_true(table.n_rows >= 20);
    for (int64_t i = 0; i < table.n_rows; i++)
        assert_true(isnan(((const double *)shares->data)[i]));
}

/* Weights: the root of the size of a group, 1 of a leaf that is in none. */
static void with_votes_an_end_is_over_groups_and_leaves_without_one(void **state)
{
    struct model model;
    tree_world_set(*state, "preset=votes");
    tree_world_set(*state, "noise=30m");
    tree_world_train(*state, "votes", &model);
    const struct model_detector *end =
        &model.detectors[tree_world_find(&model, MODEL_END, 0, "lone", "end")];
    int64_t n_leaves = 0;
    for (int64_t m = 0; m < end->n_members; m++) {
        const struct model_member *member = &model.members[end->first_member + m];
        const struct model_detector *held = &model.detectors[member->detector];
        assert_true(member->weight ==
                    (held->role == MODEL_LEAF ? 1.0 : sqrt((double)held->n_members)));
        n_leaves += held->role == MODEL_LEAF ? 1 : held->n_members;
    }
    assert_int_equal(n_leaves, TREE_COUNTERS - 1); /* each once; flat is dead */
    const struct model_detector *one = &model.detectors[leaf(&model, "lone", "c1")];
    assert_true(one->settings.usual_variance > 0 && one->settings.largest_value > 0);
    assert_null(model_family_name(one)); /* shift takes a counter for no distribution */
    assert_true(model.detectors[leaf(&model, "lone", "flat")].settings.usual_variance == 0);
}

static void severity_is_inherited_upwards(void **state)
{
    struct model model;
    tree_world_set(*state, "severities=d1: 5");
    tree_world_train(*state, "severe", &model);
    const int64_t c = tree_world_group_of(&model, 1, leaf(&model, "lone", "c1"));
    const int64_t d = tree_world_group_of(&model, 1, leaf(&model, "lone", "d2"));
    const int64_t end = tree_world_find(&model, MODEL_END, 0, "lone", "end");
    assert_true(model.detectors[c].severity == 1);
    assert_true(model.detectors[d].severity == 5);
    assert_true(model.detectors[end].severity == 5);
}

static void several_kinds_are_leaves_of_one_counter(void **state)
{
    struct model model;
    tree_world_set(*state, "detectors=hellinger,trend");
    tree_world_train(*state, "kinds", &model);
    const int64_t first = leaf(&model, "lone", "c1:hellinger");
    const int64_t second = leaf(&model, "lone", "c1:trend");
    assert_true(first >= 0 && second == first + 1);
    assert_string_equal(model.detectors[second].counter, "c1");
    assert_int_equal(model.detectors[second].settings.kind, detector_kind_find("trend"));
}

static void an_open_family_is_chosen_for_every_counter(void **state)
{
    struct model model;
    tree_world_set(*state, "splits=centre");
    tree_world_set(*state, "family=auto");
    tree_world_train(*state, "auto", &model);
    const struct model_detector *one = &model.detectors[leaf(&model, "lone", "c1")];
    assert_int_not_equal(one->settings.family, DETECTOR_AUTO);
    assert_non_null(model_family_name(one));
    assert_int_equal(one->settings.splits, DETECTOR_SPLITS_CENTRE);
}

static void a_window_that_a_kind_cannot_do_with_is_refused(void **state)
{
    struct tree_world *world = *state;
    char folder[TREE_PATH];
    tree_world_set(world, "detectors=lof");
    tree_world_set(world, "window=2m");
    tree_world_set(world, "edge=1m");
    tree_world_set(world, "least_window=2");
    tree_world_set(world, "least_side=1");
    assert_status(LODE_E_USAGE, tree_world_run(world, "lof", folder));
    assert_non_null(strstr(lode_error_text(), "component '"));
}

static void what_only_detection_reads_is_refused(void **state)
{
    struct tree_world *world = *state;
    char folder[TREE_PATH];
    tree_world_set(world, "manual_groups=/tmp/none.csv");
    assert_status(LODE_E_USAGE, tree_world_run(world, "groups", folder));
    assert_non_null(strstr(lode_error_text(), "--detect"));
}

static void a_rule_is_a_leaf_of_the_components_that_have_its_counters(void **state)
{
    struct model model;
    tree_world_set(*state, "rules=both: c1 > 120 and c2 > 120;;third: c3 > 120;;never: c1 > 1e6");
    tree_world_train(*state, "rules", &model);
    const int64_t both = leaf(&model, "lone", "both"), never = leaf(&model, "lone", "never");
    assert_true(both >= 0 && never == both + 2);
    assert_int_equal(leaf(&model, "many", "both"), -1);
    assert_string_equal(model_kind_name(&model.detectors[both]), "rule");
    assert_string_equal(model.detectors[both].rule->text, "c1 > 120 and c2 > 120");
    assert_true(model.detectors[both].sigma == RULE_SIGMA);
    assert_true(model.detectors[both].saturation > 0.05); /* held so often, not calibrated */
    assert_true(tree_world_group_of(&model, 1, both) >= 0);
    assert_int_equal(tree_world_group_of(&model, 1, both),
                     tree_world_group_of(&model, 1, leaf(&model, "lone", "third")));
    assert_int_equal(model.detectors[never].state, MODEL_ISOLATED);
    assert_true(model.detectors[never].sigma == RULE_SIGMA); /* may yet hold */
    assert_int_equal(model.detectors[leaf(&model, "shop/short", "both")].state, MODEL_UNFIT);
}

static void rules_change_no_byte_with_the_order_of_tasks(void **state)
{
    struct tree_world *world = *state;
    char order[TREE_PATH], disorder[TREE_PATH];
    tree_world_set(world, "rules=both: c1 > 120 and c2 > 120;;noisy: mean(noise within 5m) > 80");
    assert_ok(tree_world_run(world, "order", order));
    world->cluster.backwards = world->cluster.twice = true;
    assert_ok(tree_world_run(world, "disorder", disorder));
    assert_same_results(order, disorder);
}

static void a_rule_of_a_counter_that_there_is_not_is_refused(void **state)
{
    struct tree_world *world = *state;
    char folder[TREE_PATH];
    tree_world_set(world, "rules=both: c1 > 120 and noize > 1");
    assert_status(LODE_E_USAGE, tree_world_run(world, "wrong", folder));
    assert_non_null(strstr(lode_error_text(), "did you mean 'noise'"));
}

/* Of lone, c1 to c3 rise 60 minutes after the first slot, for the first time. */
#define FIRST_RISE "@lone 2023-11-14T23:07:20Z .. 2023-11-14T23:19:20Z"

static void patterns_that_match_together_are_grouped_as_leaves(void **state)
{
    struct model model;
    tree_world_set(*state, "patterns=one: c1" FIRST_RISE ";;two: c2" FIRST_RISE
                           ";;here: c1" FIRST_RISE " in lone");
    tree_world_train(*state, "patterns", &model);
    const int64_t one = leaf(&model, "lone", "one"), two = leaf(&model, "lone", "two");
    assert_true(one >= 0 && two == one + 1);
    assert_string_equal(model_kind_name(&model.detectors[one]), "pattern");
    assert_string_equal(model.detectors[one].pattern->text, "c1" FIRST_RISE);
    assert_true(model.detectors[one].sigma == PATTERN_SIGMA);
    assert_true(model.detectors[one].saturation * TREE_SLOTS > 4); /* it rises seven times */
    assert_true(model.detectors[one].saturation * TREE_SLOTS < 10);
    assert_true(tree_world_group_of(&model, 1, one) >= 0);
    assert_int_equal(tree_world_group_of(&model, 1, one), tree_world_group_of(&model, 1, two));
    assert_true(leaf(&model, "shop/db", "two") >= 0);
    assert_int_equal(leaf(&model, "many", "one"), -1); /* has no c1 */
    assert_true(leaf(&model, "lone", "here") >= 0);
    assert_int_equal(leaf(&model, "shop/db", "here"), -1);
    assert_int_equal(model.detectors[leaf(&model, "shop/short", "one")].state, MODEL_UNFIT);
}

/* Beside groups, and where there are none, an end has the leaves of counters alone. */
static void what_is_given_counts_for_nothing_beside_groups(void **state)
{
    struct model plain, model;
    tree_world_set(*state, "combiner=votes");
    tree_world_train(*state, "plain", &plain);
    tree_world_set(*state, "patterns=one: c1" FIRST_RISE " in shop/db");
    tree_world_train(*state, "patterns", &model);
    const int64_t pattern = leaf(&model, "shop/db", "one");
    assert_int_equal(tree_world_group_of(&model, 1, pattern), -1);
    const int64_t end = tree_world_find(&model, MODEL_END, 0, "shop/db", "end");
    assert_int_equal(
        model.detectors[end].n_members,
        plain.detectors[tree_world_find(&plain, MODEL_END, 0, "shop/db", "end")].n_members);
}

static void patterns_change_no_byte_with_the_order_of_tasks(void **state)
{
    struct tree_world *world = *state;
    char order[TREE_PATH], disorder[TREE_PATH];
    tree_world_set(world, "patterns=one: c1" FIRST_RISE ";;noisy: noise" FIRST_RISE);
    assert_ok(tree_world_run(world, "order", order));
    world->cluster.backwards = world->cluster.twice = true;
    assert_ok(tree_world_run(world, "disorder", disorder));
    assert_same_results(order, disorder);
}

static void groups_that_are_given_are_kept_and_have_their_names(void **state)
{
    struct model model;
    tree_world_set(*state, "groups=odd: noise, c1@lone;;rest: d?@shop/*, noth*");
    tree_world_train(*state, "given", &model);
    const int64_t odd = tree_world_group_of(&model, 1, leaf(&model, "lone", "noise"));
    assert_true(odd >= 0);
    assert_string_equal(model.detectors[odd].name, "odd");
    assert_int_equal(model.detectors[odd].n_members, 2);
    assert_int_equal(tree_world_group_of(&model, 1, leaf(&model, "lone", "c1")), odd);
    const int64_t rest = tree_world_group_of(&model, 1, leaf(&model, "shop/db", "d2"));
    assert_string_equal(model.detectors[rest].name, "rest");
    /* the others are clustered as they were; one alone is no group */
    const int64_t found = tree_world_group_of(&model, 1, leaf(&model, "shop/db", "c1"));
    assert_int_equal(strncmp(model.detectors[found].name, "group-", 6), 0);
    assert_int_equal(model.detectors[leaf(&model, "shop/db", "noise")].state, MODEL_ALONE);
}

static void exemplars_that_are_given_lead_a_group_or_stay_alone(void **state)
{
    const char *const counters[] = {"c1", "c2", "c3"};
    for (int i = 0; i < 3; i++) { /* at most one of them is an exemplar by itself */
        struct model model;
        char set[32];
        snprintf(set, sizeof set, "exemplars=%s@lone", counters[i]);
        tree_world_set(*state, set);
        tree_world_train(*state, counters[i], &model);
        const int64_t given = leaf(&model, "lone", counters[i]);
        const int64_t group = tree_world_group_of(&model, 1, given);
        if (group < 0)
            assert_int_equal(model.detectors[given].state, MODEL_ALONE);
        else
            assert_int_equal(model.detectors[group].exemplar, given);
    }
}

/* Each alone, then what it was. */
static void names_that_nothing_has_are_refused_with_the_nearest(void **state)
{
    static const struct {
        const char *set, *words, *reset;
    } wrong[] = {
        {"groups=g: c1, zzz", "parameter groups: nothing is called 'zzz'", "groups="},
        {"groups=g: c1@lonee", "'lonee'; did you mean 'lone'?", "groups="},
        {"exemplars=c2, noize",
         "parameter exemplars: nothing is called 'noize'; did you mean 'noise'?", "exemplars="},
        {"weights=c*: 2;;noize: 3", "parameter weights: nothing is called 'noize'", "weights="},
        {"severities=shop/wed: 3", "did you mean 'shop/web'?", "severities="},
        {"thresholds=mid: 2;;hgh: 3", "parameter thresholds: there is no level 'hgh'; did you mean",
         "thresholds="},
        {"thresholds=level-5: 3", "did you mean 'level-2'?", "thresholds="},
        {"thresholds=zzzzzz: 3", "there are low, mid, high, high_max, mean", "thresholds="},
    };
    struct tree_world *world = *state;
    char folder[TREE_PATH], name[16];
    tree_world_set(world, "combiner=weighted");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(name, sizeof name, "wrong-%zu", i);
        tree_world_set(world, wrong[i].set);
        assert_status(LODE_E_USAGE, tree_world_run(world, name, folder));
        if (!strstr(lode_error_text(), wrong[i].words))
            fail_msg("'%s' lacks '%s'", lode_error_text(), wrong[i].words);
        tree_world_set(world, wrong[i].reset);
    }
}

static void a_given_group_that_would_be_mistaken_for_a_found_one_is_refused(void **state)
{
    struct tree_world *world = *state;
    char folder[TREE_PATH];
    tree_world_set(world, "groups=group-1: c1, c2");
    assert_status(LODE_E_USAGE, tree_world_run(world, "mistaken", folder));
    assert_non_null(strstr(lode_error_text(), "groups:1:10: parameter groups: 'group-1'"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_world_setup, tree_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counters_that_jump_together_are_one_group),
        TEST(what_is_in_no_group_has_a_reason),
        TEST(sigma_saturates_at_most_the_share_that_is_asked_for),
        TEST(an_end_is_over_groups_and_a_whole_over_what_is_below),
        TEST(groups_of_components_that_jump_together_meet_in_their_service),
        TEST(below_cross_level_groups_stay_in_the_component_above),
        TEST(a_level_without_groups_has_its_counts),
        TEST(max_levels_ends_the_tree),
        TEST(disorder_and_repetition_change_no_byte),
        TEST(memory_for_a_few_series_at_a_time_changes_no_byte),
        TEST(a_classifier_in_stretches_of_slots_changes_no_byte),
        TEST(a_component_that_does_not_fit_is_named),
        TEST(stability_is_a_share_of_bootstraps_and_high_where_counters_jump_together),
        TEST(shares_of_a_root_add_up_to_one),
        TEST(weights_count_where_the_combiner_is_weighted),
        TEST(with_oneclass_every_group_has_a_classifier_that_saturates_as_asked_for),
        TEST(shares_below_a_classifier_are_left_open),
        TEST(with_votes_an_end_is_over_groups_and_leaves_without_one),
        TEST(severity_is_inherited_upwards),
        TEST(several_kinds_are_leaves_of_one_counter),
        TEST(an_open_family_is_chosen_for_every_counter),
        TEST(a_window_that_a_kind_cannot_do_with_is_refused),
        TEST(what_only_detection_reads_is_refused),
        TEST(a_rule_is_a_leaf_of_the_components_that_have_its_counters),
        TEST(rules_change_no_byte_with_the_order_of_tasks),
        TEST(a_rule_of_a_counter_that_there_is_not_is_refused),
        TEST(patterns_that_match_together_are_grouped_as_leaves),
        TEST(what_is_given_counts_for_nothing_beside_groups),
        TEST(patterns_change_no_byte_with_the_order_of_tasks),
        TEST(groups_that_are_given_are_kept_and_have_their_names),
        TEST(exemplars_that_are_given_lead_a_group_or_stay_alone),
        TEST(names_that_nothing_has_are_refused_with_the_nearest),
        TEST(a_given_group_that_would_be_mistaken_for_a_found_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
