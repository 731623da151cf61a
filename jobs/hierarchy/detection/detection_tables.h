/* Tables of a detection run: findings, firings, contributions, scores, woke, unscored. */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_DETECTION_TABLES_H
#define LODE_JOBS_HIERARCHY_DETECTION_DETECTION_TABLES_H

#include "jobs/hierarchy/detection/crossing.h"
#include "jobs/hierarchy/detection/findings.h"

/* Name of the findings table: the job's findings_table. */
#define DETECTION_FINDINGS "findings"

/* Puts all of them, empty ones too. */
LODE_CHECKED lode_status detection_tables_put(const struct lode_run *run,
                                              const struct outcome *outcome,
                                              const struct crossing *crossing,
                                              const struct detection_findings *findings);

#endif
