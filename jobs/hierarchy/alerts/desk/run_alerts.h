/* Run alerts: what a detection run found, from the tables of its results.h5. */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_DESK_RUN_ALERTS_H
#define LODE_JOBS_HIERARCHY_ALERTS_DESK_RUN_ALERTS_H

#include "jobs/hierarchy/alerts/desk/memory.h"

/* All but run->model, the arena's. LODE_E_INPUT: the tables are not those of this lode. */
LODE_CHECKED lode_status run_alerts_read(const char *directory, struct lode_arena *arena,
                                         struct alert_run *run);

#endif
