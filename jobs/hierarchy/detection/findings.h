/* Findings: firings, counters that woke up and what fell silent, ranked and in words.
 *
 *   "storage/volume-3: response, disk_access and 7 more changed together at 2026-11-22 10:42 UTC; 9
 *   of 75 counters; first: response (41 %), disk_access (22 %), ..."
 *
 * Ranked by how far above its threshold a firing's peak was; then what is silent and what woke up,
 * a finding each a component; ties by component, level, detector and start.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_FINDINGS_H
#define LODE_JOBS_HIERARCHY_DETECTION_FINDINGS_H

#include "jobs/hierarchy/detection/outcome.h"

struct detection_finding {
    /* level "woke" or "silent", detector "": counters woke up, send nothing any more */
    const char *component, *level, *detector;
    int64_t start_ms, end_ms, change_ms; /* end_ms INT64_MIN: it lasts */
    double peak;                         /* NaN: no firing */
    double above;                        /* peak / threshold */
    int64_t counters; /* that made it, woke up, are silent; 0: the component sends nothing */
    int64_t fired;    /* index in the outcome; -1: no firing */
    const char *text;
};

struct detection_findings {
    int64_t n;
    struct detection_finding *list; /* in order of rank */
};

/* Everything is the arena's. LODE_E_MEMORY. */
LODE_CHECKED lode_status detection_findings_make(const struct outcome *outcome,
                                                 struct lode_arena *arena,
                                                 struct detection_findings *findings);

/* "2026-11-22 10:42 UTC", with seconds where there are any, into text (>= 40 bytes); "" for
 * INT64_MIN. Returns text. */
const char *detection_time(int64_t time_ms, char *text);

#endif
