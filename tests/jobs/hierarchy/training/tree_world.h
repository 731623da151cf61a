/* Tree world: a small staged store of counters with a tree of components, and job hierarchy run on
 * it with the engine replaced by a loop.
 *
 * Service shop has web (with samples of its own), web/a, web/b and db; lone is a service for
 * itself. Every component with samples has, minute by minute for SLOTS minutes, counters c1, c2, c3
 * that jump together, d1, d2 that jump together at other times, noise alone, and flat, which is
 * constant. Those of shop/web/a and shop/web/b jump at the same times. shop/short has 8 slots only,
 * many sixty counters, three to a beat; odd has values that arithmetic is wary of, and hollow three
 * samples, of which one is of the year 2100.
 */
#ifndef LODE_TESTS_JOBS_HIERARCHY_TREE_WORLD_H
#define LODE_TESTS_JOBS_HIERARCHY_TREE_WORLD_H

#include "jobs/hierarchy/model/model.h"
#include "tests/jobs/local_map.h"

enum { TREE_SLOTS = 600, TREE_COUNTERS = 7, TREE_PATH = 256 };

struct tree_world {
    char directory[64];
    char store_path[TREE_PATH];
    struct lode_store *store;
    struct lode_arena *arena;
    struct lode_params
        *params; /* preset=robust, window=20m, edge=3m, least_window=10, saturation 5 % */
    struct lode_cluster cluster;
};

/* cmocka's setup and teardown; *state is the world. */
int tree_world_setup(void **state);
int tree_world_teardown(void **state);

void tree_world_set(const struct tree_world *world, const char *assignment);

/* Runs the job into a folder of that name in the world's; its path into `folder` [TREE_PATH]. */
lode_status tree_world_run(struct tree_world *world, const char *name, char *folder);
/* The same, which must end well, and the model that it left. */
void tree_world_train(struct tree_world *world, const char *name, struct model *model);

/* Whether a counter (its index in the order above) of a component (shop/web, shop/web/a,
 * shop/web/b, shop/db, lone) stands high in a slot. */
bool tree_world_is_high(int component, int counter, int slot);

/* The detector of a role, component and name; -1: there is none. */
int64_t tree_world_find(const struct model *model, enum model_role role, int32_t level,
                        const char *component, const char *name);
/* The group of a component and level (the first) that holds a detector; -1. */
int64_t tree_world_group_of(const struct model *model, int32_t level, int64_t detector);

#endif
