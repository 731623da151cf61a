/* Mismatch: what people gave to a scoring run that does not fit its model, told in a warning each.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_MISMATCH_H
#define LODE_JOBS_HIERARCHY_DETECTION_MISMATCH_H

#include "jobs/hierarchy/detection/planning.h"

/* Rows of manual groups that no counter of the model fits: a group that lacks counters by a slip of
 * the pen would be judged as if it were meant. Returns how many. */
int64_t mismatch_warn_manual(const struct manual_groups *manual, const struct model *model);

/* Components whose slots in the store have another length than in the model, whose slots are
 * scored: of longer ones each value is held for several, of shorter ones most are left out. A step
 * that jitter moved (by less than half) is no other. Returns how many. */
int64_t mismatch_warn_steps(const struct planned *planned, const struct lode_store *store);

#endif
