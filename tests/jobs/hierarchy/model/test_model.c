/* Model: what was put is read back, and nothing else is believed. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "jobs/hierarchy/model/model.h"
#include "jobs/hierarchy/model/rows.h"
#include "jobs/hierarchy/model/vote.h"

enum { PATH_BYTES = 128, COMPONENTS = 3, DETECTORS = 8, MEMBERS = 9 };

/* shop over shop/a (two counters in a group, one alone) and shop/b (one counter). */
struct fixture {
    char directory[64], path[PATH_BYTES];
    struct lode_arena *arena;
    struct lode_params *params;
    struct model model;
    struct model_component components[COMPONENTS];
    struct model_detector detectors[DETECTORS];
    struct model_member members[MEMBERS];
};

static struct model_detector leaf(const struct fixture *f, int32_t component, const char *counter)
{
    return (struct model_detector){.role = MODEL_LEAF,
                                   .component = component,
                                   .name = counter,
                                   .counter = counter,
                                   .state = MODEL_USED,
                                   .severity = 1,
                                   .settings = hierarchy_settings(&f->model.options, 0, 60000),
                                   .sigma = 0.1,
                                   .saturation = 0.01,
                                   .weight = 1,
                                   .exemplar = -1};
}

static struct model_detector holder(enum model_role role, int32_t level, int32_t component,
                                    int64_t first, int64_t n)
{
    static const char *const names[] = {"", "group-1", "end", "whole"};
    return (struct model_detector){.role = role,
                                   .level = level,
                                   .component = component,
                                   .name = names[role],
                                   .state = MODEL_TOP,
                                   .severity = 1,
                                   .weight = 1,
                                   .first_member = first,
                                   .n_members = n,
                                   .exemplar = -1};
}

static void fill(struct fixture *f)
{
    static const struct model_member members[MEMBERS] = {{0, 1},   {1, 0.3}, {4, 1}, {3, 1}, {5, 1},
                                                         {6, 0.1}, {0, 1},   {0, 1}, {0, 1}};
    f->components[0] = (struct model_component){"shop", -1, INT64_MIN, 0, 0};
    f->components[1] = (struct model_component){"shop/a", 0, 1000000, 60000, 100};
    f->components[2] = (struct model_component){"shop/b", 0, 1000000, 60000, 100};
    f->detectors[0] = leaf(f, 1, "cpu");
    f->detectors[1] = leaf(f, 1, "disk");
    f->detectors[1].settings.usual_variance = 0.1;
    f->detectors[1].settings.largest_value = 7.3;
    f->detectors[2] = leaf(f, 1, "idle");
    f->detectors[2].state = MODEL_DEAD;
    f->detectors[2].sigma = 0;
    f->detectors[3] = leaf(f, 2, "cpu");
    f->detectors[4] = holder(MODEL_GROUP, 1, 1, 0, 2);
    f->detectors[4].exemplar = 1;
    f->detectors[5] = holder(MODEL_END, 2, 1, 2, 1);
    f->detectors[6] = holder(MODEL_END, 1, 2, 3, 1);
    f->detectors[7] = holder(MODEL_WHOLE, 3, 0, 4, 2);
    memcpy(f->members, members, sizeof members);
    f->model.n_components = COMPONENTS;
    f->model.components = f->components;
    f->model.n_detectors = DETECTORS;
    f->model.detectors = f->detectors;
    f->model.n_members = 6;
    f->model.members = f->members;
    f->model.n_levels = 2;
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.directory = "/tmp/lode-model-XXXXXX"};
    *state = &f;
    if (!mkdtemp(f.directory) || lode_arena_create(0, &f.arena) ||
        lode_params_create(hierarchy_params, &f.params) ||
        hierarchy_options_read(f.params, f.arena, &f.model.options))
        return -1;
    snprintf(f.path, sizeof f.path, "%s/results.h5", f.directory);
    fill(&f);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lode_params_destroy(f->params);
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) != LODE_OK;
}

static void put(struct fixture *f)
{
    struct lode_results *results = NULL;
    remove(f->path);
    assert_ok(lode_results_create(f->path, &results));
    assert_ok(model_put(&f->model, f->params, f->arena, results));
    assert_ok(lode_results_commit(results));
}

static void a_model_is_read_back_as_it_was_put(void **state)
{
    struct fixture *f = *state;
    struct model read;
    assert_ok(lode_params_set(f->params, "preference=0.3"));
    assert_ok(hierarchy_options_read(f->params, f->arena, &f->model.options));
    put(f);
    assert_ok(model_read(f->directory, f->arena, &read));
    assert_int_equal(read.n_components, COMPONENTS);
    assert_int_equal(read.n_detectors, DETECTORS);
    assert_int_equal(read.n_members, 6);
    assert_int_equal(read.n_levels, 2);
    assert_true(read.options.preference == 0.3);
    assert_int_equal(read.components[1].last_ms, 1000000);
    assert_int_equal(read.components[2].parent, 0);
    for (int i = 0; i < DETECTORS; i++) {
        const struct model_detector *is = &read.detectors[i], *was = &f->detectors[i];
        assert_int_equal(is->role, was->role);
        assert_int_equal(is->level, was->level);
        assert_int_equal(is->component, was->component);
        assert_string_equal(is->name, was->name);
        assert_int_equal(is->state, was->state);
        assert_int_equal(is->first_member, was->first_member);
        assert_int_equal(is->n_members, was->n_members);
        assert_int_equal(is->exemplar, was->exemplar);
        assert_true(is->sigma == was->sigma);
        assert_int_equal(is->settings.window, was->settings.window);
        assert_int_equal(is->settings.edge, was->settings.edge);
        assert_int_equal(is->settings.noise, was->settings.noise);
        assert_true(is->settings.usual_variance == was->settings.usual_variance);
        assert_true(is->settings.largest_value == was->settings.largest_value);
        assert_int_equal(is->settings.splits, was->settings.splits);
    }
    assert_true(read.members[1].weight == 0.3);
}

static void presets_are_resolved_in_what_is_kept(void **state)
{
    struct fixture *f = *state;
    struct lode_table table;
    bool is_there = false;
    assert_ok(lode_params_set(f->params, "detect=/some/where"));
    put(f);
    assert_ok(lode_results_read(f->path, "parameters", f->arena, &table));
    const struct lode_column *names = lode_table_column(&table, "parameter");
    const struct lode_column *values = lode_table_column(&table, "value");
    for (int64_t i = 0; i < table.n_rows; i++) {
        const char *name = names->words[((const uint32_t *)names->data)[i]];
        assert_string_not_equal(name, "detect"); /* of the run, not of what it learned */
        if (strcmp(name, "window") != 0) continue;
        assert_string_equal(values->words[((const uint32_t *)values->data)[i]], "1h");
        is_there = true;
    }
    assert_true(is_there);
}

static void a_weighted_mean_is_combined_in_the_order_of_the_members(void **state)
{
    struct fixture *f = *state;
    const double e[DETECTORS] = {1, 3, 0, 2, 0, 0, 0, 0};
    double scratch[MEMBERS];
    f->model.options.combiner = HIERARCHY_MEAN;
    assert_true(model_combine(&f->model, 4, e, scratch) == (1.0 * 1 + 0.3 * 3) / 1.3);
    f->model.options.combiner = HIERARCHY_LARGEST;
    assert_true(model_combine(&f->model, 4, e, scratch) == 3);
}

/* A group adds votes up; above it they are added up as they are. */
static void leaves_vote_and_groups_of_them_do_not_again(void **state)
{
    struct fixture *f = *state;
    const double e[DETECTORS] = {1, 3, 0, 2, 7, 0, 0, 0};
    double scratch[MEMBERS];
    const double votes[] = {vote_of(1, 2), vote_of(3, 2)};
    f->model.options.combiner = HIERARCHY_VOTES;
    f->model.options.vote = 2;
    assert_true(model_combine(&f->model, 4, e, scratch) == (votes[0] + 0.3 * votes[1]) / 1.3);
    assert_true(model_combine(&f->model, 5, e, scratch) == 7);
    assert_true(model_combine(&f->model, 6, e, scratch) == vote_of(2, 2));
}

/* The fixture's group becomes one of a classifier, as training with that parameter leaves it. */
static void classify(struct fixture *f, const double *factor)
{
    f->detectors[4].sigma = 0.2;
    f->detectors[4].saturation = 0.03;
    f->detectors[4].factor = factor;
    assert_ok(lode_params_set(f->params, "combiner=oneclass"));
    assert_ok(hierarchy_options_read(f->params, f->arena, &f->model.options));
}

static void a_classifier_is_read_back_as_it_was_put(void **state)
{
    struct fixture *f = *state;
    const double factor[] = {0.1, -0.3, 1.7}, e[DETECTORS] = {1, 3};
    double scratch[MEMBERS];
    struct model read;
    classify(f, factor);
    put(f);
    assert_ok(model_read(f->directory, f->arena, &read));
    assert_true(read.detectors[4].sigma == 0.2 && read.detectors[4].saturation == 0.03);
    assert_memory_equal(read.detectors[4].factor, factor, sizeof factor);
    assert_true(model_combine(&read, 4, e, scratch) == model_combine(&f->model, 4, e, scratch));
    assert_null(read.detectors[5].factor); /* an end is a mean */
}

/* Puts the fixture's model as it is now, which must be refused with these words. */
static void refused(struct fixture *f, const char *words)
{
    struct model read;
    put(f);
    assert_status(LODE_E_INPUT, model_read(f->directory, f->arena, &read));
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' lacks '%s'", lode_error_text(), words);
    fill(f);
}

static void numbers_that_cannot_be_are_refused_by_table_row_and_column(void **state)
{
    struct fixture *f = *state;
    f->detectors[1].sigma = (double)NAN;
    refused(f, "table detectors, row 1, column sigma");
    f->detectors[1].sigma = (double)INFINITY;
    refused(f, "row 1, column sigma");
    f->detectors[0].sigma = -1;
    refused(f, "row 0, column sigma");
    f->detectors[0].weight = 0;
    refused(f, "row 0, column weight");
    f->detectors[6].severity = 0;
    refused(f, "row 6, column severity");
    f->members[1].weight = 0;
    refused(f, "table members, row 1, column weight");
    f->components[1].step_ms = -60000;
    refused(f, "table components, row 1, column step_ms");
    f->components[1].n_slots = -1;
    refused(f, "column slots");
}

/* What is multiplied or added up later must not overflow there. */
static void numbers_beyond_what_staging_and_parameters_allow_are_refused(void **state)
{
    struct fixture *f = *state;
    f->components[1].step_ms = INT64_MAX / 2;
    refused(f, "table components, row 1, column step_ms");
    f->components[1].last_ms = INT64_MAX / 2;
    refused(f, "row 1, column last_ms");
    f->components[1].last_ms = INT64_MIN;
    refused(f, "row 1, column last_ms");
    f->detectors[0].weight = 1e299;
    refused(f, "row 0, column weight: must be above 0, at most 1e6");
    f->members[1].weight = 1e299;
    refused(f, "table members, row 1, column weight");
    f->detectors[4].level = 5;
    f->detectors[5].level = 6;
    f->detectors[7].level = 7;
    refused(f, "row 4, column depth: more than parameter max_levels");
}

static void members_that_lead_nowhere_or_round_are_refused(void **state)
{
    struct fixture *f = *state;
    f->members[0].detector = 4;
    refused(f, "table members, row 0, column member: must come before");
    f->members[0].detector = DETECTORS;
    refused(f, "row 0, column member");
    f->members[0].detector = -1;
    refused(f, "row 0, column member");
    f->detectors[4].n_members = 1;
    f->detectors[5].first_member = 1;
    f->detectors[7].level = 2;
    refused(f, "must be below");
    f->detectors[4].exemplar = 6;
    refused(f, "column exemplar");
}

static void classifiers_that_do_not_fit_their_groups_are_refused(void **state)
{
    struct fixture *f = *state;
    const double wild[] = {0.1, (double)NAN, 1.7}, good[] = {0.1, 0.2, 0.3};
    classify(f, wild);
    refused(f, "table classifiers, row 1, column value");
    classify(f, NULL);
    refused(f, "table classifiers: has no 3 rows of detector 4");
    classify(f, good);
    f->detectors[5].factor = good; /* one more, of an end */
    refused(f, "table classifiers, row 3, column detector: is of no group");
    classify(f, good);
    f->detectors[4].factor = NULL; /* enough rows, of others */
    f->detectors[7].factor = good;
    refused(f, "table classifiers, row 0, column detector: out of order");
}

static void a_holder_without_members_is_refused(void **state)
{
    struct fixture *f = *state;
    f->detectors[7].n_members = 0;
    f->model.n_members = 4;
    refused(f, "has no members");
}

static void components_in_a_circle_or_out_of_order_are_refused(void **state)
{
    struct fixture *f = *state;
    f->components[0].parent = 1;
    refused(f, "circle");
    f->components[1].name = "zoo";
    refused(f, "not in order");
    f->components[1].parent = COMPONENTS;
    refused(f, "column parent");
}

static void leaves_must_follow_from_the_parameters(void **state)
{
    struct fixture *f = *state;
    f->detectors[0].settings.window++;
    refused(f, "column window: does not follow");
    f->components[1].step_ms = 0;
    refused(f, "column component: has no step");
    f->detectors[0].counter = "";
    refused(f, "without a counter");
    f->detectors[1].level = 1;
    refused(f, "column depth");
}

/* --- patterns --- */

static const double tooth[] = {-1, 0, 1, 2, 7};

/* Two patterns, of which shop/b has one. */
static void mark(struct fixture *f, struct pattern list[2])
{
    const struct pattern one = {
        .name = "one", .counter = "cpu", .where = "*", .step_ms = 60000, .n = 5, .values = tooth};
    list[0] = list[1] = one;
    list[1].name = "two";
    list[1].where = "shop/?";
    f->model.patterns = (struct patterns){.n = 2, .list = list};
    f->detectors[3].name = f->detectors[3].counter = "two";
    f->detectors[3].pattern = &f->model.options.patterns[1];
    f->detectors[3].settings = (struct detector_settings){0};
}

static void set_patterns(struct fixture *f)
{
    assert_ok(lode_params_set(f->params, "patterns=one: as marked;;two: as marked"));
    assert_ok(hierarchy_options_read(f->params, f->arena, &f->model.options));
}

static void patterns_are_read_back_with_their_values(void **state)
{
    struct fixture *f = *state;
    struct pattern list[2];
    struct model read;
    set_patterns(f);
    mark(f, list);
    put(f);
    assert_ok(model_read(f->directory, f->arena, &read));
    assert_int_equal(read.patterns.n, 2);
    assert_true(read.patterns.match == 0.9 && read.patterns.amplitude == 0.5);
    assert_string_equal(read.patterns.list[0].where, "*");
    assert_string_equal(read.patterns.list[1].name, "two");
    assert_string_equal(read.patterns.list[1].counter, "cpu");
    assert_string_equal(read.patterns.list[1].where, "shop/?");
    assert_int_equal(read.patterns.list[1].step_ms, 60000);
    assert_int_equal(read.patterns.list[1].n, 5);
    assert_memory_equal(read.patterns.list[1].values, tooth, sizeof tooth);
    assert_ptr_equal(read.detectors[3].pattern, &read.options.patterns[1]);
    assert_string_equal(model_kind_name(&read.detectors[3]), "pattern");
    assert_null(read.detectors[0].pattern);
}

/* The model with patterns as they are in `list` now. */
static void refused_with(struct fixture *f, struct pattern list[2], const char *words)
{
    refused(f, words);
    mark(f, list);
}

static void patterns_that_cannot_be_are_refused_by_row_and_column(void **state)
{
    const double flat[] = {1, 1, 1, 1, 1}, hole[] = {1, 2, (double)NAN, 4, 5};
    const double beyond[] = {1, 2, 3, 4, 1e200};
    struct fixture *f = *state;
    struct pattern list[2];
    set_patterns(f);
    mark(f, list);
    list[1].values = flat;
    refused_with(f, list, "table patterns, row 5, column value: values from here on");
    list[1].values = hole;
    refused_with(f, list, "table patterns, row 7, column value: a number that cannot be");
    list[1].values = beyond;
    refused_with(f, list, "row 5, column value");
    list[1].n = 4;
    refused_with(f, list, "row 5, column value");
    list[0].step_ms = 0;
    refused_with(f, list, "row 0, column step_ms");
    list[0].counter = "";
    refused_with(f, list, "row 0, column counter: a pattern of no counter");
    list[1].name = "three";
    refused_with(f, list, "row 5, column pattern: is not that of parameter patterns");
    f->model.patterns.n = 1;
    refused_with(f, list, "row 5, column pattern: is not that of parameter patterns");
    list[1].name = "one"; /* one of ten rows, in slots of two lengths */
    list[1].step_ms = 30000;
    refused_with(f, list, "row 5, column step_ms: is another than in the rows before");
    f->detectors[3].counter = "three";
    refused_with(f, list, "table detectors, row 3, column counter: parameter patterns has no");
    f->model.patterns.n = 0;
    put(f);
    struct model read;
    assert_status(LODE_E_USAGE, model_read(f->directory, f->arena, &read));
    assert_non_null(strstr(lode_error_text(), "patterns"));
}

static void another_versions_model_is_refused(void **state)
{
    struct fixture *f = *state;
    struct lode_results *results = NULL;
    struct model read;
    struct rows rows;
    uint32_t *names = NULL, *values = NULL;
    put(f);
    remove(f->path);
    assert_ok(lode_results_create(f->path, &results));
    static const char *const empty[] = {"components", "detectors", "members"};
    for (int i = 0; i < 4; i++) {
        assert_ok(rows_begin(&rows, i < 3 ? empty[i] : "parameters", "x", 1, f->arena));
        assert_ok(rows_text(&rows, "parameter", "x", &names));
        assert_ok(rows_text(&rows, "value", "x", &values));
        assert_ok(rows_code(&rows, MODEL_VERSION, &names[0]));
        assert_ok(rows_code(&rows, "0.0.1-old", &values[0]));
        assert_ok(lode_results_put(results, rows_end(&rows)));
    }
    assert_ok(lode_results_commit(results));
    assert_status(LODE_E_INPUT, model_read(f->directory, f->arena, &read));
    assert_non_null(strstr(lode_error_text(), "learned by lode 0.0.1-old"));
}

static void what_is_no_model_is_refused_with_what_one_is(void **state)
{
    struct fixture *f = *state;
    struct lode_results *results = NULL;
    struct model read;
    struct rows rows;
    int64_t *numbers = NULL;
    assert_status(LODE_E_USAGE, model_read(f->directory, f->arena, &read));
    assert_non_null(strstr(lode_error_text(), "there is no model"));
    assert_ok(lode_results_create(f->path, &results));
    assert_ok(rows_begin(&rows, "patterns", "of another job", 1, f->arena));
    assert_ok(rows_i64(&rows, "n", NULL, "x", &numbers));
    assert_ok(lode_results_put(results, rows_end(&rows)));
    assert_ok(lode_results_commit(results));
    assert_status(LODE_E_USAGE, model_read(f->directory, f->arena, &read));
    assert_non_null(strstr(lode_error_text(), "holds no model"));
    assert_ok(lode_file_write(f->path, "no HDF5", 7, false));
    assert_status(LODE_E_INPUT, model_read(f->directory, f->arena, &read));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_model_is_read_back_as_it_was_put),
        TEST(presets_are_resolved_in_what_is_kept),
        TEST(a_weighted_mean_is_combined_in_the_order_of_the_members),
        TEST(leaves_vote_and_groups_of_them_do_not_again),
        TEST(a_classifier_is_read_back_as_it_was_put),
        TEST(numbers_that_cannot_be_are_refused_by_table_row_and_column),
        TEST(numbers_beyond_what_staging_and_parameters_allow_are_refused),
        TEST(members_that_lead_nowhere_or_round_are_refused),
        TEST(classifiers_that_do_not_fit_their_groups_are_refused),
        TEST(a_holder_without_members_is_refused),
        TEST(components_in_a_circle_or_out_of_order_are_refused),
        TEST(leaves_must_follow_from_the_parameters),
        TEST(patterns_are_read_back_with_their_values),
        TEST(patterns_that_cannot_be_are_refused_by_row_and_column),
        TEST(another_versions_model_is_refused),
        TEST(what_is_no_model_is_refused_with_what_one_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
