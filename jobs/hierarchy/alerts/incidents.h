/* Incidents: firings that are about one thing, as one group.
 *
 * Two firings belong together where they overlap in time, or have at most a gap between them, and
 * one's component is the other's or above it in the tree; and so do those that a third one joins.
 * Siblings are joined by a detector above them that fires, never by their time alone.
 */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_INCIDENTS_H
#define LODE_JOBS_HIERARCHY_ALERTS_INCIDENTS_H

#include "common/memory.h"

struct incident_firing {
    int64_t component;
    int64_t start_ms, end_ms; /* half-open; end_ms INT64_MIN: it lasts */
};

/* incident [n] out: numbers from 1, in order of first start (ties: as the firings are given).
 * parents [n_components]: -1 at the top. LODE_E_MEMORY. Cost O(n log n), and for a firing of a
 * component with children O(n_components). */
LODE_CHECKED lode_status incidents_group(const int64_t *parents, int64_t n_components,
                                         const struct incident_firing *firings, int64_t n,
                                         int64_t gap_ms, struct lode_arena *arena,
                                         int64_t *incident);

#endif
