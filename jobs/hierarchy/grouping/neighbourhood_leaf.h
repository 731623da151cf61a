/* Neighbourhoods on workers: targets are independent, so blocks of them are tasks. */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_NEIGHBOURHOOD_LEAF_H
#define LODE_JOBS_HIERARCHY_GROUPING_NEIGHBOURHOOD_LEAF_H

#include "jobs/hierarchy/grouping/neighbourhood.h"
#include "jobs/job.h"

#define NEIGHBOURHOODS_LEAF "hierarchy.neighbourhoods"
lode_status neighbourhoods_leaf(struct lode_task *task);

/* Up to so many detectors are fitted at once where the call is made: half a second at most. */
enum { NEIGHBOURHOODS_DIRECT = 250 };

/* As neighbourhoods_fit, bit for bit; above NEIGHBOURHOODS_DIRECT detectors as a stage of the run
 * (`run`, a struct lode_run, has the leaf above). Fails as lode_map too, and with LODE_E_MEMORY
 * above 32,000 detectors: their covariances are a parameter of the stage, 4 p^2 bytes. */
LODE_CHECKED lode_status neighbourhoods_map(void *run, const double *gram, int64_t p,
                                            const struct neighbourhood_options *options,
                                            struct lode_arena *arena, struct neighbourhoods *out);

#endif
