#include "tests/unit.h"

#include "tests/jobs/hierarchy/training/tree_world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/stats/random.h"
#include "jobs/stage/counters/counters.h"

extern const struct lode_job hierarchy_job;

static const char *const components[] = {"shop/web", "shop/web/a", "shop/web/b", "shop/db",
                                         "lone",     "shop/short", NULL};
static const char *const counters[TREE_COUNTERS] = {"c1", "c2", "c3", "d1", "d2", "noise", "flat"};
/* a and b follow the same beat */
static const int beats[] = {0, 1, 1, 2, 3, 4};

/* Whether what follows beat `seed` stands high in a slot: blocks of 12 slots, one of 6 of them. */
static bool is_high(uint64_t seed, int slot)
{
    struct lode_random random = lode_random_begin(seed, (uint64_t)(slot / 12));
    return lode_random_uniform(&random) < 1.0 / 6;
}

bool tree_world_is_high(int component, int counter, int slot)
{
    const uint64_t beat = (uint64_t)beats[component] * 10;
    const uint64_t own = (uint64_t)component * TREE_COUNTERS + (uint64_t)counter;
    if (counter == 6) return false;
    return is_high(counter == 5 ? 5000 + own : counter < 3 ? beat + 1 : beat + 2, slot);
}

static double value_at(int component, int counter, int slot)
{
    const uint64_t own = (uint64_t)component * TREE_COUNTERS + (uint64_t)counter;
    struct lode_random random = lode_random_begin(1000 + own, (uint64_t)slot);
    const double wobble = lode_random_uniform(&random);
    if (counter == 6) return 5.0;
    if (counter == 5)
        return 50 + 20 * wobble + (tree_world_is_high(component, counter, slot) ? 60 : 0);
    return 50 + 5 * wobble + (tree_world_is_high(component, counter, slot) ? 100 : 0);
}

static void write_input(const char *path)
{
    struct lode_bytes text = {0};
    assert_ok(lode_bytes_printf(&text, "timestamp_s,component"));
    for (int c = 0; c < TREE_COUNTERS; c++) assert_ok(lode_bytes_printf(&text, ",%s", counters[c]));
    for (int i = 0; components[i]; i++) {
        const int n = strcmp(components[i], "shop/short") == 0 ? 8 : TREE_SLOTS;
        for (int t = 0; t < n; t++) {
            assert_ok(lode_bytes_printf(&text, "\n%d,%s", 1700000000 + 60 * t, components[i]));
            for (int c = 0; c < TREE_COUNTERS; c++)
                assert_ok(lode_bytes_printf(&text, ",%.6g", value_at(i, c, t)));
        }
    }
    assert_ok(lode_bytes_append(&text, "\n", 1));
    assert_ok(lode_file_write(path, text.data, text.size, false));
    lode_bytes_clear(&text);
}

/* Component many: MANY counters, of which each three follow one beat. */
static void write_many(const char *path)
{
    enum { MANY = 60 };
    struct lode_bytes text = {0};
    assert_ok(lode_bytes_printf(&text, "timestamp_s,component"));
    for (int c = 0; c < MANY; c++) assert_ok(lode_bytes_printf(&text, ",n%02d", c));
    for (int t = 0; t < TREE_SLOTS; t++) {
        assert_ok(lode_bytes_printf(&text, "\n%d,many", 1700000000 + 60 * t));
        for (int c = 0; c < MANY; c++) {
            struct lode_random random = lode_random_begin(9000 + (uint64_t)c, (uint64_t)t);
            const double level = is_high(8000 + (uint64_t)c / 3, t) ? 150 : 50;
            assert_ok(lode_bytes_printf(&text, ",%.6g", level + 5 * lode_random_uniform(&random)));
        }
    }
    assert_ok(lode_bytes_append(&text, "\n", 1));
    assert_ok(lode_file_write(path, text.data, text.size, false));
    lode_bytes_clear(&text);
}

/* Component odd: a counter below 0, one too large to be squared, one too small to be divided by,
 * and one that is negative with gaps. Component hollow: three samples, of which one is of the year
 * 2100.
 */
static void write_odd(const char *path)
{
    struct lode_bytes text = {0};
    assert_ok(lode_bytes_printf(&text, "timestamp_s,component,below,beyond,tiny,gaps"));
    for (int t = 0; t < TREE_SLOTS; t++) {
        struct lode_random random = lode_random_begin(7000, (uint64_t)t);
        const double x = 1.0 + lode_random_uniform(&random) + (is_high(7001, t) ? 4 : 0);
        assert_ok(lode_bytes_printf(&text, "\n%d,odd,%.9g,%.9g,%.9g,", 1700000000 + 60 * t, -x,
                                    1e307 * x, 1e-300 * x));
        if (t % 50 < 40) assert_ok(lode_bytes_printf(&text, "%.9g", -2 * x));
    }
    for (int i = 0; i < 3; i++)
        assert_ok(lode_bytes_printf(&text, "\n%lld,hollow,1,2,3,4",
                                    i < 2 ? 1700000000LL + 60 * i : 4102444800LL));
    assert_ok(lode_bytes_append(&text, "\n", 1));
    assert_ok(lode_file_write(path, text.data, text.size, false));
    lode_bytes_clear(&text);
}

static void stage(struct tree_world *world)
{
    char input[TREE_PATH], many[TREE_PATH], odd[TREE_PATH], work[TREE_PATH];
    struct stage_counters_options options;
    const char *inputs[] = {input, many, odd};
    stage_counters_defaults(&options);
    snprintf(input, sizeof input, "%s/input.csv", world->directory);
    snprintf(work, sizeof work, "%s/stage.work", world->directory);
    snprintf(world->store_path, sizeof world->store_path, "%s/store", world->directory);
    snprintf(many, sizeof many, "%s/many.csv", world->directory);
    write_input(input);
    write_many(many);
    snprintf(odd, sizeof odd, "%s/odd.csv", world->directory);
    write_odd(odd);
    assert_ok(lode_directory_make(work));
    options.n_inputs = 3;
    options.inputs = inputs;
    options.output = world->store_path;
    options.component = "component";
    options.tree = "/";
    options.partition_bytes = 1 << 16; /* several partitions */
    struct lode_cluster cluster = {.leaves = stage_counters_job.leaves, .work_directory = work};
    struct lode_run run = {.work_directory = work,
                           .arena = world->arena,
                           .cluster = &cluster,
                           .map = local_map,
                           .options = &options};
    assert_ok(stage_counters_job.run(&run));
    assert_ok(lode_store_open(world->store_path, &world->store));
    assert_true(lode_store_partitions(world->store) > 1);
}

int tree_world_setup(void **state)
{
    static struct tree_world world;
    memset(&world, 0, sizeof world);
    snprintf(world.directory, sizeof world.directory, "/tmp/lode-hierarchy-XXXXXX");
    if (!mkdtemp(world.directory)) return -1;
    assert_ok(lode_arena_create(0, &world.arena));
    assert_ok(lode_params_create(hierarchy_job.params, &world.params));
    tree_world_set(&world, "preset=robust");
    tree_world_set(&world, "window=20m");
    tree_world_set(&world, "edge=3m");
    tree_world_set(&world, "least_window=10");
    tree_world_set(&world, "saturation=0.05");
    stage(&world);
    *state = &world;
    return 0;
}

int tree_world_teardown(void **state)
{
    struct tree_world *world = *state;
    lode_store_close(world->store);
    lode_params_destroy(world->params);
    lode_arena_destroy(world->arena);
    return lode_directory_remove(world->directory) == LODE_OK ? 0 : -1;
}

void tree_world_set(const struct tree_world *world, const char *assignment)
{
    assert_ok(lode_params_set(world->params, assignment));
}

lode_status tree_world_run(struct tree_world *world, const char *name, char *folder)
{
    char results[TREE_PATH + 16];
    snprintf(folder, TREE_PATH, "%s/%s", world->directory, name);
    snprintf(results, sizeof results, "%s/results.h5", folder);
    assert_ok(lode_directory_make(folder));
    world->cluster.leaves = hierarchy_job.leaves;
    world->cluster.work_directory = folder;
    struct lode_run run = {.params = world->params,
                           .store = world->store,
                           .store_path = world->store_path,
                           .directory = folder,
                           .work_directory = folder,
                           .arena = world->arena,
                           .cluster = &world->cluster,
                           .map = local_map};
    lode_try(hierarchy_job.check(world->params, world->store));
    assert_ok(lode_results_create(results, &run.results));
    const lode_status status = hierarchy_job.run(&run);
    if (status) {
        lode_results_discard(run.results);
        return status;
    }
    return lode_results_commit(run.results);
}

void tree_world_train(struct tree_world *world, const char *name, struct model *model)
{
    char folder[TREE_PATH];
    assert_ok(tree_world_run(world, name, folder));
    assert_ok(model_read(folder, world->arena, model));
}

int64_t tree_world_find(const struct model *model, enum model_role role, int32_t level,
                        const char *component, const char *name)
{
    for (int64_t d = 0; d < model->n_detectors; d++) {
        const struct model_detector *one = &model->detectors[d];
        if (one->role == role && (role != MODEL_GROUP || one->level == level) &&
            strcmp(model->components[one->component].name, component) == 0 &&
            strcmp(one->name, name) == 0)
            return d;
    }
    return -1;
}

int64_t tree_world_group_of(const struct model *model, int32_t level, int64_t detector)
{
    for (int64_t d = 0; d < model->n_detectors; d++) {
        const struct model_detector *one = &model->detectors[d];
        if (one->role != MODEL_GROUP || one->level != level) continue;
        for (int64_t m = 0; m < one->n_members; m++)
            if (model->members[one->first_member + m].detector == detector) return d;
    }
    return -1;
}
