/* Locality: where the data of a task was read last, and which waiting tasks a worker would rather
 * have for it.
 *
 * What a task reads has a key (a partition's number). Whoever handed in the accepted result of a
 * task is the home of its key from the next stage on: the worker itself, and its host, whose page
 * cache holds the file. Tasks of a stage lie on a shelf for each home, in the order in which they
 * should go out. A wish, never a condition: nobody waits for a task, and no task for anybody
 * (assign.c). Which worker computes a task changes no byte of its result.
 */
#ifndef LODE_COORDINATOR_LOCALITY_H
#define LODE_COORDINATOR_LOCALITY_H

#include "common/error.h"

#include <stdint.h>

enum { LOCALITY_KEYS_MAX = 1 << 24 /* keys beyond have no home */ };

/* Heaps (heap.h) of tasks, one for each home, in one array. */
struct shelf {
    int64_t *tasks;
    int64_t *first; /* [n_homes + 1] where each begins */
    int64_t *left;  /* [n_homes] tasks in it */
    int64_t n_homes;
};

struct locality {
    int *workers, *hosts; /* [n_keys] the homes of each key, -1: none */
    int64_t n_keys;
    struct shelf by_worker, by_host;
};

void locality_clear(struct locality *locality); /* frees everything */

/* The key was read by this worker, of this host (-1: not known). Keys below 0 say nothing. */
LODE_CHECKED lode_status locality_learn(struct locality *locality, int64_t key, int worker,
                                        int host);

/* A stage begins: keys [n_tasks] of its tasks, NULL: none are known, and nothing is local; costs as
 * in heap.h. O(n_tasks). */
LODE_CHECKED lode_status locality_begin(struct locality *locality, int64_t n_tasks,
                                        const int64_t *keys, const int64_t *costs);

/* The shelf of a worker, then that of its host: the first task there, -1: it is empty. O(1). */
int64_t shelf_first(const struct shelf *shelf, int home);
/* Takes it out. O(log n). */
void shelf_pop(struct shelf *shelf, int home, const int64_t *costs);

#endif
