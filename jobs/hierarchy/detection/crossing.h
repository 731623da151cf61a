/* Crossing: detectors whose leaves are of several components, combined on the coordinator from the
 * series that the leaves of the components have returned.
 *
 * Components may have different slots. A detector has those of its members' longest step, counted
 * from 1970; a member's E there is the last that begins in the slot, and 0 where it has none (no
 * evidence): a component whose samples are late neither fires nor keeps others from firing alone.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_CROSSING_H
#define LODE_JOBS_HIERARCHY_DETECTION_CROSSING_H

#include "jobs/hierarchy/detection/outcome.h"
#include "jobs/hierarchy/slots.h"

struct crossing_detector {
    int64_t detector; /* index in the model */
    int level;
    struct slots slots;
    bool is_cut; /* a member has new slots before those that were scored */
    double *e;   /* [slots.n] */
};

struct crossing {
    int64_t n;
    struct crossing_detector *list; /* in the model's order */
};

/* Combines all of them, and adds their firings and counts to the outcome. LODE_E_MEMORY,
 * LODE_E_INPUT (too many slots). */
LODE_CHECKED lode_status crossing_combine(struct outcome *outcome, struct crossing *crossing);

#endif
