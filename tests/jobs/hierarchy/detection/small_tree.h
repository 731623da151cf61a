/* Small tree: a model and a store of three machines, made by hand, for what the coordinator decides
 * about a detection.
 *
 * Service svc has no samples of its own; svc/a has counters cpu and mem in one group, svc/b has
 * cpu, and the whole of svc is made of both ends:
 *
 *   detector  0 svc/a cpu   1 svc/a mem   2 svc/b cpu   3 svc/a group-1 (0, 1)
 *             4 svc/a end (3)   5 svc/b end (2)   6 svc whole (4, 5)
 *
 * Both machines were trained up to minute 10 and have samples up to minute 20. The store has them,
 * and their counters, in another order than the model.
 */
#ifndef LODE_TESTS_JOBS_HIERARCHY_DETECTION_SMALL_TREE_H
#define LODE_TESTS_JOBS_HIERARCHY_DETECTION_SMALL_TREE_H

#include "common/store/store.h"
#include "jobs/hierarchy/detection/planning.h"

enum { MINUTE_MS = 60000, TRAINED_MS = 10 * MINUTE_MS, LAST_MS = 20 * MINUTE_MS };
/* components of the model, of the store; counters of the store */
enum { SVC, SVC_A, SVC_B, SMALL_COMPONENTS };
enum { AT_B, AT_SVC, AT_A };
enum { AT_MEM, AT_CPU };
enum { A_CPU, A_MEM, B_CPU, A_GROUP, A_END, B_END, WHOLE, SMALL_DETECTORS };

enum { SMALL_ROOM = 12 }; /* of every list, for what a test adds */

struct small_tree {
    struct lode_arena *arena;
    struct model model;
    struct lode_store store;
    struct levels levels; /* low, mid, high, high_max, mean, ..., whole */
    struct labels labels;
    struct manual_groups manual;
    struct planning planning;
    /* what the lists above point to */
    struct model_component components[SMALL_ROOM];
    struct model_detector detectors[SMALL_ROOM];
    struct model_member members[SMALL_ROOM];
    struct lode_component staged[SMALL_ROOM];
    struct lode_counter counters[SMALL_ROOM];
    struct lode_store_name staged_names[SMALL_ROOM], counter_names[SMALL_ROOM];
    struct label issues[SMALL_ROOM];
};

/* cmocka's setup and teardown; *state is the tree. */
int small_tree_setup(void **state);
int small_tree_teardown(void **state);

/* A component of the store alone; in partition 0, up to minute 20. */
void small_tree_stage(struct small_tree *tree, const char *name);
/* An issue of a component of the model. */
void small_tree_label(struct small_tree *tree, int64_t component, int64_t start_ms, int64_t end_ms);

/* The levels of the model as it is now, and its plans. */
void small_tree_plan(struct small_tree *tree, struct planned *planned);
/* The node of that name and kind; -1: there is none. */
int64_t small_tree_node(const struct planned_component *of, enum plan_kind kind, const char *name);

#endif
