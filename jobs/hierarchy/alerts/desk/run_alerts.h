/* Run alerts: the firings of a detection run, from the tables of its results.h5. */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_DESK_RUN_ALERTS_H
#define LODE_JOBS_HIERARCHY_ALERTS_DESK_RUN_ALERTS_H

#include "jobs/hierarchy/alerts/desk/memory.h"

/* Everything is the arena's. LODE_E_INPUT: the tables are not those of this lode. */
LODE_CHECKED lode_status run_alerts_read(const char *directory, struct lode_arena *arena,
                                         struct alert_firing **firings, int64_t *n);

#endif
