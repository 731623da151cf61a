/* Asked: what users set that cannot be meant as it stands, told by name before anything runs. What
 * a run does not read must not stand in its record as if it had counted.
 */
#ifndef LODE_JOBS_HIERARCHY_ASKED_H
#define LODE_JOBS_HIERARCHY_ASKED_H

#include "jobs/hierarchy/model/model.h"
#include "jobs/job.h"

/* Where a model is learned: parameters that nothing reads with what else is set (family without
 * hellinger), lengths that are no part of the length that they are taken from, levels and names
 * that there are not (names.h): LODE_E_USAGE. Lengths that come to other numbers of slots than they
 * are (a window has at least `least_window`): a warning each. */
LODE_CHECKED lode_status asked_of_training(const struct lode_params *params,
                                           const struct hierarchy_options *options,
                                           const struct lode_store *store,
                                           struct lode_arena *arena);

/* Where new slots are scored: parameters of learning that are not what the model was learned with,
 * manual groups that nothing would show, severities of what the model has not. LODE_E_USAGE. */
LODE_CHECKED lode_status asked_of_detection(const struct lode_params *params,
                                            const struct hierarchy_options *options,
                                            const struct model *model, struct lode_arena *arena);

#endif
