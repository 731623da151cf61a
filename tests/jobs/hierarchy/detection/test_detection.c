/* Detection, whole: a model of the first part of the store's slots scores the others. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "jobs/hierarchy/detection/detect.h"
#include "jobs/hierarchy/evaluation/thresholds.h"
#include "tests/jobs/hierarchy/training/tree_world.h"

enum { FILE_LIMIT = 1 << 26, NEW_SLOTS = 150, SMALL_ARENA = 160 * 1024 };

/* As if the slots at the end had come later. */
static void forget_the_last(struct model *model, int64_t n)
{
    for (int64_t c = 0; c < model->n_components; c++)
        if (model->components[c].n_slots > n)
            model->components[c].last_ms -= n * model->components[c].step_ms;
}

static void train(struct tree_world *world, struct model *model)
{
    tree_world_train(world, "model", model);
    forget_the_last(model, NEW_SLOTS);
}

/* Detection into a folder of that name; its results.h5 into `path`. */
static void detect(struct tree_world *world, const struct model *model, const char *labels,
                   const char *name, char path[TREE_PATH])
{
    char folder[TREE_PATH / 2];
    snprintf(folder, sizeof folder, "%s/%s", world->directory, name);
    snprintf(path, TREE_PATH, "%s/results.h5", folder);
    assert_ok(lode_directory_make(folder));
    world->cluster.work_directory = folder;
    struct lode_run run = {.params = world->params,
                           .store = world->store,
                           .store_path = world->store_path,
                           .directory = folder,
                           .work_directory = folder,
                           .arena = world->arena,
                           .cluster = &world->cluster,
                           .map = local_map};
    assert_ok(lode_results_create(path, &run.results));
    assert_ok(hierarchy_detect(&run, model, labels));
    assert_ok(lode_results_commit(run.results));
}

static void assert_same_bytes(const char *one, const char *other)
{
    struct lode_bytes a = {0}, b = {0};
    assert_ok(lode_file_read(one, FILE_LIMIT, &a));
    assert_ok(lode_file_read(other, FILE_LIMIT, &b));
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    lode_bytes_clear(&a);
    lode_bytes_clear(&b);
}

static const char *write_labels(const struct tree_world *world, char path[TREE_PATH])
{
    struct lode_bytes text = {0};
    const long long minute = 60, end = 1700000000LL + minute * TREE_SLOTS;
    snprintf(path, TREE_PATH, "%s/labels.csv", world->directory);
    assert_ok(lode_bytes_printf(&text, "component,start_s,end_s\n"));
    assert_ok(
        lode_bytes_printf(&text, "shop/web,%lld,%lld\n", end - minute * 120, end - minute * 60));
    assert_ok(lode_bytes_printf(&text, "shop,%lld,%lld\n", end - minute * 90, end - minute * 20));
    assert_ok(lode_bytes_printf(&text, "odd,%lld,%lld\n", end - minute * 60, end - minute * 50));
    assert_ok(lode_file_write(path, text.data, text.size, false));
    lode_bytes_clear(&text);
    return path;
}

/* --- reading tables --- */

static const char *text_at(const struct lode_table *table, const char *name, int64_t row)
{
    const struct lode_column *column = lode_table_column(table, name);
    assert_non_null(column);
    const uint32_t code = ((const uint32_t *)column->data)[lode_column_at(column, row)];
    return code == UINT32_MAX ? "" : column->words[code];
}

static double number_at(const struct lode_table *table, const char *name, int64_t row)
{
    const struct lode_column *column = lode_table_column(table, name);
    assert_non_null(column);
    return ((const double *)column->data)[lode_column_at(column, row)];
}

static int64_t count_at(const struct lode_table *table, const char *name, int64_t row)
{
    const struct lode_column *column = lode_table_column(table, name);
    assert_non_null(column);
    return ((const int64_t *)column->data)[lode_column_at(column, row)];
}

/* E of a detector in its i-th new slot; NaN: table scores has no such. */
static double score_of(const struct lode_table *scores, const char *level, const char *component,
                       const char *detector, int64_t i)
{
    for (int64_t row = 0; row < scores->n_rows; row++)
        if (strcmp(text_at(scores, "component", row), component) == 0 &&
            strcmp(text_at(scores, "level", row), level) == 0 &&
            strcmp(text_at(scores, "detector", row), detector) == 0 && i-- == 0)
            return number_at(scores, "e", row);
    return (double)NAN;
}

/* --- tests --- */

static void stretches_and_the_order_of_tasks_change_no_byte(void **state)
{
    struct tree_world *world = *state;
    char labels[TREE_PATH], whole[TREE_PATH], cut[TREE_PATH], order[TREE_PATH];
    struct model model;
    tree_world_set(world, "family=gaussian"); /* to it values below 0 are what they are */
    train(world, &model);
    tree_world_set(world, "scores=low,mid,high,whole,mean");
    tree_world_set(world, "thresholds=low: 4;;high: 2;;whole: 1");
    write_labels(world, labels);
    detect(world, &model, labels, "whole", whole);
    world->cluster.budget_bytes = SMALL_ARENA;
    detect(world, &model, labels, "cut", cut);
    assert_same_bytes(whole, cut);
    world->cluster.backwards = world->cluster.twice = true;
    detect(world, &model, labels, "order", order);
    assert_same_bytes(whole, order);
}

/* The second batch begins with a window whose first slots are a gap of a counter below 0. */
static void a_slot_has_the_same_e_in_whichever_batch(void **state)
{
    enum { LATER = 12 };
    struct tree_world *world = *state;
    struct lode_table all, some;
    struct model model;
    char path[TREE_PATH];
    double largest = 0.0;
    tree_world_set(world, "family=gaussian");
    train(world, &model);
    tree_world_set(world, "scores=low");
    detect(world, &model, NULL, "all", path);
    assert_ok(lode_results_read(path, "scores", world->arena, &all));
    forget_the_last(&model, -LATER);
    detect(world, &model, NULL, "some", path);
    assert_ok(lode_results_read(path, "scores", world->arena, &some));
    for (int64_t i = 0; i < NEW_SLOTS - LATER; i++) {
        const double e = score_of(&some, "low", "odd", "gaps", i);
        assert_true(e == score_of(&all, "low", "odd", "gaps", i + LATER));
        largest = fmax(largest, e);
    }
    assert_true(largest > 1.0);
}

static void what_crosses_components_is_the_mean_of_its_members(void **state)
{
    static const char *const members[] = {"shop/web", "shop/web/a", "shop/web/b"};
    struct tree_world *world = *state;
    struct lode_table scores;
    struct model model;
    char path[TREE_PATH];
    double largest = 0.0;
    train(world, &model);
    tree_world_set(world, "scores=high,whole");
    detect(world, &model, NULL, "run", path);
    assert_ok(lode_results_read(path, "scores", world->arena, &scores));
    for (int64_t i = 0; i < NEW_SLOTS; i++) {
        double sum = 0.0;
        for (int m = 0; m < 3; m++) sum += score_of(&scores, "high", members[m], "end", i);
        const double e = score_of(&scores, "whole", "shop/web", "whole", i);
        assert_true(e == sum / 3.0);
        largest = fmax(largest, e);
    }
    assert_true(largest > 1.0);
    assert_true(isnan(score_of(&scores, "whole", "shop/web", "whole", NEW_SLOTS)));
}

/* A group of groups of several components, which the coordinator combines. */
static void what_crosses_components_is_classified_by_the_votes_of_its_members(void **state)
{
    struct tree_world *world = *state;
    struct lode_table scores;
    struct model model;
    char path[TREE_PATH];
    double scratch[64], largest = 0.0;
    tree_world_set(world, "combiner=oneclass");
    train(world, &model);
    double *e = calloc((size_t)model.n_detectors, sizeof *e);
    const int64_t leaf = tree_world_find(&model, MODEL_LEAF, 0, "shop/web/a", "c1");
    const int64_t group = tree_world_group_of(&model, 2, tree_world_group_of(&model, 1, leaf));
    assert_true(group >= 0 && model.detectors[group].n_members < 64);
    const struct model_detector *of = &model.detectors[group];
    tree_world_set(world, "scores=mid,level-2");
    detect(world, &model, NULL, "run", path);
    assert_ok(lode_results_read(path, "scores", world->arena, &scores));
    for (int64_t i = 0; i < NEW_SLOTS; i++) {
        for (int64_t m = 0; m < of->n_members; m++) {
            const int64_t member = model.members[of->first_member + m].detector;
            const struct model_detector *one = &model.detectors[member];
            e[member] =
                score_of(&scores, "mid", model.components[one->component].name, one->name, i);
        }
        const double is =
            score_of(&scores, "level-2", model.components[of->component].name, of->name, i);
        assert_true(is == model_combine(&model, group, e, scratch));
        largest = fmax(largest, is);
    }
    assert_true(largest > 1.0);
    free(e);
}

static void only_what_a_detector_can_see_wakes_up(void **state)
{
    struct tree_world *world = *state;
    struct lode_table woke;
    struct model model;
    char path[TREE_PATH];
    train(world, &model);
    assert_int_equal(model.detectors[tree_world_find(&model, MODEL_LEAF, 0, "odd", "below")].state,
                     MODEL_DEAD);
    detect(world, &model, NULL, "run", path);
    assert_ok(lode_results_read(path, "woke", world->arena, &woke));
    for (int64_t row = 0; row < woke.n_rows; row++) {
        assert_string_not_equal(text_at(&woke, "counter", row), "below");
        assert_string_not_equal(text_at(&woke, "counter", row), "gaps");
        assert_string_not_equal(text_at(&woke, "counter", row), "flat");
    }
}

/* Whatever the sign and the size of values, none is thousands of deviations from the mean. */
static void deviations_are_from_the_mean_that_the_counter_has(void **state)
{
    struct tree_world *world = *state;
    struct lode_table evaluation;
    struct model model;
    char labels[TREE_PATH], path[TREE_PATH];
    int64_t n_rows = 0, firings = 0;
    train(world, &model);
    detect(world, &model, write_labels(world, labels), "run", path);
    assert_ok(lode_results_read(path, "evaluation", world->arena, &evaluation));
    for (int64_t row = 0; row < evaluation.n_rows; row++) {
        if (strcmp(text_at(&evaluation, "level", row), "counter_thresholds") != 0) continue;
        n_rows++;
        firings += count_at(&evaluation, "firings", row);
        assert_int_equal(count_at(&evaluation, "issues", row), 3);
        if (number_at(&evaluation, "threshold", row) > 1000)
            assert_int_equal(count_at(&evaluation, "firings", row), 0);
    }
    assert_int_equal(n_rows, EVALUATION_THRESHOLDS);
    assert_true(firings > 0);
}

static void a_component_of_empty_slots_is_told_not_scored(void **state)
{
    struct tree_world *world = *state;
    struct lode_table unscored;
    struct model model;
    char path[TREE_PATH];
    bool is_told = false;
    train(world, &model);
    for (int64_t c = 0; c < model.n_components; c++) {
        if (strcmp(model.components[c].name, "hollow") != 0) continue;
        assert_int_equal(model.components[c].step_ms, 0); /* training left it out */
        model.components[c].step_ms = 60000;
        model.components[c].last_ms = 1700000060000;
    }
    detect(world, &model, NULL, "run", path);
    assert_ok(lode_results_read(path, "unscored", world->arena, &unscored));
    for (int64_t row = 0; row < unscored.n_rows; row++)
        if (strcmp(text_at(&unscored, "component", row), "hollow") == 0)
            is_told = strcmp(text_at(&unscored, "reason", row), "nearly_all_empty") == 0;
    assert_true(is_told);
}

static void a_model_of_another_store_is_refused(void **state)
{
    struct tree_world *world = *state;
    char folder[TREE_PATH], path[TREE_PATH + 16], set[TREE_PATH + 16];
    struct lode_results *results = NULL;
    struct model model;
    tree_world_train(world, "model", &model);
    for (int64_t c = 0; c < model.n_components; c++) {
        char *name = NULL; /* one letter less: the order stays */
        const char *was = model.components[c].name;
        assert_ok(lode_arena_text(world->arena, was, strlen(was), &name));
        name[0]--;
        model.components[c].name = name;
    }
    snprintf(folder, sizeof folder, "%s/other", world->directory);
    snprintf(path, sizeof path, "%s/results.h5", folder);
    assert_ok(lode_directory_make(folder));
    assert_ok(lode_results_create(path, &results));
    assert_ok(model_put(&model, world->params, world->arena, results));
    assert_ok(lode_results_commit(results));
    snprintf(set, sizeof set, "detect=%s", folder);
    tree_world_set(world, set);
    assert_status(LODE_E_USAGE, tree_world_run(world, "refused", folder));
    assert_non_null(strstr(lode_error_text(), "no component in common"));
    assert_non_null(strstr(lode_error_text(), "the model is of"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_world_setup, tree_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stretches_and_the_order_of_tasks_change_no_byte),
        TEST(a_slot_has_the_same_e_in_whichever_batch),
        TEST(what_crosses_components_is_the_mean_of_its_members),
        TEST(what_crosses_components_is_classified_by_the_votes_of_its_members),
        TEST(only_what_a_detector_can_see_wakes_up),
        TEST(deviations_are_from_the_mean_that_the_counter_has),
        TEST(a_component_of_empty_slots_is_told_not_scored),
        TEST(a_model_of_another_store_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
