/* Asked: what users set that cannot be meant as it stands, told by name before anything runs. What
 * a run does not read must not stand in its record as if it had counted.
 */
#ifndef LODE_JOBS_HIERARCHY_ASKED_H
#define LODE_JOBS_HIERARCHY_ASKED_H

#include "jobs/hierarchy/model/model.h"
#include "jobs/job.h"

/* Where a model is learned: parameters that nothing reads with what else is set (family without
 * hellinger), lengths that are no part of the length that they are taken from. LODE_E_USAGE. */
LODE_CHECKED lode_status asked_of_training(const struct lode_params *params,
                                           const struct hierarchy_options *options);

/* Where new slots are scored: parameters of learning that are not what the model was learned with,
 * and manual groups that nothing would show. LODE_E_USAGE. */
LODE_CHECKED lode_status asked_of_detection(const struct lode_params *params,
                                            const struct hierarchy_options *options,
                                            const struct model *model);

#endif
