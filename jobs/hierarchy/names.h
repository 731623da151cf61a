/* Names: what lines of parameters groups, exemplars, weights and severities call by name, against
 * what there is. A name that nothing has is a slip of the pen and refused, with the nearest; of a
 * pattern with * or ? that nothing fits, as one spec may serve many stores, a warning tells.
 */
#ifndef LODE_JOBS_HIERARCHY_NAMES_H
#define LODE_JOBS_HIERARCHY_NAMES_H

#include "jobs/hierarchy/model/model.h"
#include "jobs/job.h"

/* Of a model that is learned: counters and components of the store, rules and patterns of the
 * options. LODE_E_USAGE by parameter and name. */
LODE_CHECKED lode_status names_of_training(const struct hierarchy_options *options,
                                           const struct lode_store *store,
                                           struct lode_arena *arena);

/* Of a scoring run, the severities of `options`: leaves and components of the model, so that what
 * is gone from a store later stops no run. LODE_E_USAGE likewise. */
LODE_CHECKED lode_status names_of_detection(const struct hierarchy_options *options,
                                            const struct model *model, struct lode_arena *arena);

#endif
