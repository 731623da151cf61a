/* Sight: what every worker of a run must see on its host, as the coordinator sees it here: a mark
 * made for this run, the store (its index, or, while it grows, its first partition), input files.
 * The list goes out with each welcome (common/wire/landmark.h).
 */
#ifndef LODE_COORDINATOR_SIGHT_H
#define LODE_COORDINATOR_SIGHT_H

#include "coordinator/engine.h"

/* Writes the mark into the run's stages/ (another one for each start of a run), and appends the
 * landmarks of the execution to the list. An input that cannot be read here is left out: the job
 * says so in its own words. */
LODE_CHECKED lode_status sight_describe(const struct execution *execution, struct lode_bytes *list);

#endif
