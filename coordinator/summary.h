/* Summary: where the time of a run went, derived from its ledger; and the closing words about it.
 *
 * A stage begins when the one before has ended, and its tasks do not depend on each other. So no
 * number of workers makes a run shorter than its critical path: the longest task of every stage
 * (with its attempts that went wrong, which came one after the other) and what the coordinator does
 * outside of stages (start, root steps, tables).
 */
#ifndef LODE_COORDINATOR_SUMMARY_H
#define LODE_COORDINATOR_SUMMARY_H

#include "coordinator/ledger.h"

/* Share of the workers' time in which they computed what was merged: 0 to 1; NaN when nothing was.
 * Counted with the most workers that were there at once. */
double summary_efficiency(const struct stage_statistics *stage);
/* From the stage's begin to its first attempt; 0 when there was none. */
int64_t summary_wait_us(const struct stage_statistics *stage);
/* At the stage's end, while one worker alone still computed and others were there. */
int64_t summary_alone_us(const struct stage_statistics *stage);

/* Of a run of wall_us: what the coordinator did outside of stages; and the critical path. */
int64_t summary_coordinator_us(const struct ledger *ledger, int64_t wall_us);
int64_t summary_critical_us(const struct ledger *ledger, int64_t wall_us);

/* A line per stage, the critical path, what the run waited for; then lost workers, attempts that
 * were repeated, stragglers, missing tasks, if there were any. For a person. */
void summary_write(const struct ledger *ledger, int64_t wall_us, FILE *out);

#endif
