/* Alert tables: what a detection run's firings come to, as tables `incidents` and `health`.
 *
 * Both depend on the firings alone, not on what was told before: that is for the program, after the
 * run (alerts/desk/desk.h).
 */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_ALERT_TABLES_H
#define LODE_JOBS_HIERARCHY_ALERTS_ALERT_TABLES_H

#include "jobs/hierarchy/detection/findings.h"

/* Severities are those of the run's parameters, else of the model's: of a firing the largest of the
 * counters that make it. LODE_E_USAGE (parameters), LODE_E_MEMORY, LODE_E_DISK. */
LODE_CHECKED lode_status alert_tables_put(const struct lode_run *run, const struct outcome *outcome,
                                          const struct detection_findings *findings);

#endif
