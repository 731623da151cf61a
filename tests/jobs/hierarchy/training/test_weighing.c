/* Weighing, whole: what labels and harmless marks make of a tree, whatever the order of tasks. The
 * world is staged once; each test says which files it has. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "tests/jobs/hierarchy/training/tree_world.h"

/* Sixty series of 600 slots take 288 KB: not kept in this. */
enum { SMALL_ARENA = 320 * 1024 };
enum { FILE_LIMIT = 1 << 24, BLOCK = 12, DB = 3, C1 = 0, D1 = 3, NOISE = 5, EPOCH = 1700000000 };

static void write_file(const struct tree_world *world, const char *name, const char *text,
                       size_t size, const char *parameter)
{
    char path[TREE_PATH], assignment[TREE_PATH + 32];
    snprintf(path, sizeof path, "%s/%s", world->directory, name);
    assert_ok(lode_file_write(path, text, size, false));
    snprintf(assignment, sizeof assignment, "%s=%s", parameter, path);
    tree_world_set(world, assignment);
}

static void begin(const struct tree_world *world)
{
    tree_world_set(world, "labels=");
    tree_world_set(world, "harmless=");
    tree_world_set(world, "label_ridge=3");
    tree_world_set(world, "combiner=votes");
}

/* The blocks of shop/db in which `counter` alone rises, as a file of the parameter. */
static void write_rises(const struct tree_world *world, int counter, const char *counters,
                        const char *parameter)
{
    struct lode_bytes text = {0};
    assert_ok(lode_bytes_printf(&text, "component,start_s,end_s,counters"));
    for (int slot = 5 * BLOCK; slot + BLOCK <= TREE_SLOTS; slot += BLOCK) {
        bool alone = !tree_world_is_high(DB, counter, slot - 1);
        for (int other = C1; other <= NOISE; other++)
            alone &= tree_world_is_high(DB, other, slot) ==
                     (other == counter || (counter == C1 && other < D1));
        if (!alone) continue;
        assert_ok(lode_bytes_printf(&text, "\nshop/db,%d,%d,%s", EPOCH + 60 * slot,
                                    EPOCH + 60 * (slot + BLOCK), counters));
    }
    assert_ok(lode_bytes_append(&text, "\n", 1));
    write_file(world, parameter, (const char *)text.data, text.size, parameter);
    lode_bytes_clear(&text);
}

static double weight_of(const struct model *model, const char *component, const char *name)
{
    const int64_t leaf = tree_world_find(model, MODEL_LEAF, 0, component, name);
    assert_true(leaf >= 0);
    return model->detectors[leaf].weight;
}

static void what_is_labelled_gains_and_what_is_harmless_loses(void **state)
{
    struct tree_world *world = *state;
    struct model before, model;
    begin(world);
    tree_world_train(world, "both-before", &before);
    write_rises(world, C1, "", "labels");
    write_rises(world, NOISE, "noise", "harmless");
    tree_world_train(world, "both", &model);
    assert_true(weight_of(&model, "shop/db", "noise") < 0.95);
    assert_true(weight_of(&model, "shop/db", "c1") > 1.0);
    assert_true(weight_of(&model, "lone", "noise") == weight_of(&model, "shop/db", "noise"));
    /* the same groups */
    assert_int_equal(model.n_detectors, before.n_detectors);
    assert_int_equal(model.n_members, before.n_members);
    for (int64_t m = 0; m < model.n_members; m++)
        assert_int_equal(model.members[m].detector, before.members[m].detector);
}

static void marks_alone_lower_what_they_show(void **state)
{
    struct tree_world *world = *state;
    struct model model;
    begin(world);
    write_rises(world, NOISE, "", "harmless");
    tree_world_train(world, "marks", &model);
    assert_true(weight_of(&model, "shop/db", "noise") < 1.0);
    assert_true(weight_of(&model, "shop/db", "noise") < weight_of(&model, "shop/db", "c1"));
}

static void labels_that_lie_outside_move_nothing_to_the_bit(void **state)
{
    static const char text[] = "component,start_s,end_s\n"
                               "shop/db,1000,2000\n"
                               "shop/short,1700000000,1700000300\n"
                               "mars,1700000000,1700000300\n";
    struct tree_world *world = *state;
    struct model before, model;
    begin(world);
    tree_world_train(world, "outside-before", &before);
    write_file(world, "outside.csv", text, strlen(text), "labels");
    tree_world_train(world, "outside", &model);
    for (int64_t m = 0; m < model.n_members; m++)
        assert_true(model.members[m].weight == before.members[m].weight);
}

static void weights_that_are_given_are_where_labels_begin(void **state)
{
    struct tree_world *world = *state;
    struct model model;
    begin(world);
    tree_world_set(world, "weights=d*: 4");
    tree_world_set(world, "label_ridge=1e6");
    write_rises(world, C1, "", "labels");
    tree_world_train(world, "prior", &model);
    tree_world_set(world, "weights=");
    assert_true(fabs(weight_of(&model, "shop/db", "d1") - 4.0) < 1e-3);
    assert_true(fabs(weight_of(&model, "shop/db", "c1") - 1.0) < 1e-3);
}

static void assert_same_results(const char *left, const char *right)
{
    char path[TREE_PATH + 16];
    struct lode_bytes a = {0}, b = {0};
    snprintf(path, sizeof path, "%s/results.h5", left);
    assert_ok(lode_file_read(path, FILE_LIMIT, &a));
    snprintf(path, sizeof path, "%s/results.h5", right);
    assert_ok(lode_file_read(path, FILE_LIMIT, &b));
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    lode_bytes_clear(&a);
    lode_bytes_clear(&b);
}

static void the_bytes_are_the_same_in_any_order_of_tasks_and_little_memory(void **state)
{
    struct tree_world *world = *state;
    char forth[TREE_PATH], back[TREE_PATH], small[TREE_PATH];
    begin(world);
    write_rises(world, C1, "", "labels");
    write_rises(world, NOISE, "noise", "harmless");
    assert_ok(tree_world_run(world, "forth", forth));
    world->cluster.backwards = world->cluster.twice = true;
    assert_ok(tree_world_run(world, "back", back));
    world->cluster.backwards = world->cluster.twice = false;
    assert_same_results(forth, back);
    world->cluster.budget_bytes = SMALL_ARENA;
    assert_ok(tree_world_run(world, "small", small));
    world->cluster.budget_bytes = 0;
    assert_same_results(forth, small);
}

static void refused(struct tree_world *world, lode_status status, const char *words)
{
    char folder[TREE_PATH];
    static int n;
    char name[16];
    snprintf(name, sizeof name, "refused-%d", n++);
    assert_status(status, tree_world_run(world, name, folder));
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' lacks '%s'", lode_error_text(), words);
}

static void marks_of_no_counter_are_refused_with_their_line(void **state)
{
    static const char text[] = "component,start_s,end_s,counters\n"
                               "shop/db,1700010000,1700010600,c1; d2\n"
                               "shop/db,1700010000,1700010600,c1;noize\n";
    struct tree_world *world = *state;
    begin(world);
    write_file(world, "bad.csv", text, strlen(text), "harmless");
    refused(world, LODE_E_INPUT, "bad.csv, line 3: no counter 'noize' (nearest: 'noise')");
}

static void labels_need_a_combiner_that_has_weights(void **state)
{
    struct tree_world *world = *state;
    begin(world);
    write_rises(world, C1, "", "labels");
    tree_world_set(world, "combiner=largest");
    refused(world, LODE_E_USAGE, "combiner=largest");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_labelled_gains_and_what_is_harmless_loses),
        cmocka_unit_test(marks_alone_lower_what_they_show),
        cmocka_unit_test(labels_that_lie_outside_move_nothing_to_the_bit),
        cmocka_unit_test(weights_that_are_given_are_where_labels_begin),
        cmocka_unit_test(the_bytes_are_the_same_in_any_order_of_tasks_and_little_memory),
        cmocka_unit_test(marks_of_no_counter_are_refused_with_their_line),
        cmocka_unit_test(labels_need_a_combiner_that_has_weights),
    };
    return cmocka_run_group_tests(tests, tree_world_setup, tree_world_teardown);
}
