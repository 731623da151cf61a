/* Evidence: the values of counters around the change point of a finding, for the way down from a
 * component over its detector to the raw counter.
 *
 * Of the counters that made a firing the mean over a window of their detector before the change,
 * and over as long at most from the change to the end of the firing; and the samples themselves, as
 * many as EVIDENCE_VALUES on either side of the change. A further stage reads those series alone.
 * Firings across components name detectors of other components, which have their own findings: of
 * them there is no evidence.
 */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_EVIDENCE_H
#define LODE_JOBS_HIERARCHY_ALERTS_EVIDENCE_H

#include "jobs/hierarchy/detection/findings.h"

#define EVIDENCE_LEAF "hierarchy.evidence"
enum { EVIDENCE_VALUES = 60 };

/* Input of a task: the partition, how many series, and of each component and counter (indices in
 * the store) and three times. Parameters: the store. */
lode_status evidence_leaf(struct lode_task *task);

/* Of the first findings (200): puts tables `evidence` and `evidence_values`, and a key `evidence`
 * into the lines of findings.jsonl, which is there. Same bytes for any number of workers. Fails as
 * lode_map does, and with LODE_E_DISK. */
LODE_CHECKED lode_status evidence_put(struct lode_run *run, const struct outcome *outcome,
                                      const struct detection_findings *findings);

/* Index of the first of the ascending times [n] that is not before time_ms; n: there is none. */
int64_t evidence_find(const int64_t *times, int64_t n, int64_t time_ms);

/* Mean of the values [n] whose times lie in [from_ms, until_ms), NaN left out; NaN: there is none.
 */
double evidence_mean(const int64_t *times, const double *values, int64_t n, int64_t from_ms,
                     int64_t until_ms);

#endif
