/* News: counters that woke up and what is silent, as firings, where `thresholds` has the levels
 * `woke` and `silent`: then they are alerts, count in health, and are ranked among the others.
 *
 * E is the number of counters of a component that did. A component that sends nothing at all fires
 * at any threshold. They fire from when as many had as the threshold says, and last.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_NEWS_H
#define LODE_JOBS_HIERARCHY_DETECTION_NEWS_H

#include "jobs/hierarchy/detection/outcome.h"

/* Adds the firings, after all results and before outcome_end. LODE_E_MEMORY. */
LODE_CHECKED lode_status news_fire(struct outcome *outcome);

#endif
