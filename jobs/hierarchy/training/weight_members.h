/* Weights of members: how much each counts in the detector that holds it, from the weights of
 * leaves.
 *
 * In a group of level 1 a leaf counts with its own weight. In ends and in groups of groups a member
 * counts as the tree has it (the root of its size in ends with votes) times the mean weight of the
 * leaves that it is made of, level by level. Wholes count their components alike: a machine with
 * many harmless counters is no less important. Where all weights are 1 this is what the tree has,
 * to the bit.
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_WEIGHT_MEMBERS_H
#define LODE_JOBS_HIERARCHY_TRAINING_WEIGHT_MEMBERS_H

#include "jobs/hierarchy/model/model.h"

/* The largest weight that a model may have. */
#define WEIGHT_MOST 1e6

/* of_leaves [model->n_detectors], > 0, read at leaves alone; weights [model->n_members]. A model
 * whose members are as the tree made them. Scratch is the arena's. LODE_E_MEMORY. */
LODE_CHECKED lode_status weight_members(const struct model *model, const double *of_leaves,
                                        struct lode_arena *arena, double *weights);

#endif
