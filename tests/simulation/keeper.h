/* Keeper: the simulated coordinator's memory: the real journal (frames, entries, chain, history) on
 * a simulated disk, and the group commit around it, one step at a time, so that the coordinator can
 * die between any two.
 *
 * What was written and not synced is at the mercy of a death: it vanishes, is torn anywhere, has
 * blocks of rubbish in it, or is all there.
 */
#ifndef LODE_TESTS_SIMULATION_KEEPER_H
#define LODE_TESTS_SIMULATION_KEEPER_H

#include "coordinator/dispatch/report.h"
#include "coordinator/journal/chain.h"
#include "tests/simulation/world.h"

enum { EPOCHS_MAX = 16, WAITING_MAX = 256 };

/* A segment on the simulated disk. */
struct disk_segment {
    struct lode_bytes bytes;
    size_t synced; /* that many of its bytes outlive a death */
};

struct keeper {
    struct world *world;
    struct disk_segment disk[EPOCHS_MAX + 1]; /* by epoch; [0] is none */
    uint64_t epoch;
    struct lode_arena *arena; /* of the chain that this epoch read */
    struct chain chain;
    struct history history;
    struct lode_bytes frame;
    struct report *waiting[WAITING_MAX], *written[WAITING_MAX]; /* of the next, of this commit */
    int n_waiting, n_written;
};

void keeper_init(struct keeper *keeper, struct world *world);
void keeper_clear(struct keeper *keeper);
/* A coordinator begins: reads what there is, makes its segment. May die over it and begin again. */
LODE_CHECKED lode_status keeper_begin(struct keeper *keeper);
/* The coordinator dies. */
void keeper_die(struct keeper *keeper);

void keeper_put_stage(struct keeper *keeper, uint64_t stage, int64_t n_tasks);
/* A result, or a task that was given up, for the next commit. Taken over. */
void keeper_put(struct keeper *keeper, uint64_t stage, struct report *report);
/* The steps of a commit. After the second, the reports of `written` count. */
void keeper_write(struct keeper *keeper);
void keeper_sync(struct keeper *keeper);
void keeper_merged(struct keeper *keeper); /* lets go of them */

/* The result that the journal has of a task; false: it has none that can be. */
bool keeper_value(const struct keeper *keeper, const struct history_task *task, uint64_t *value);

#endif
