/* Heap: tasks in the order in which they should go out: cost descending, index ascending. The
 * memory is the caller's. */
#ifndef LODE_COORDINATOR_HEAP_H
#define LODE_COORDINATOR_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* tasks [n] the first is at 0; costs [tasks of the stage] or NULL: by index. */
void heap_make(int64_t *tasks, int64_t n, const int64_t *costs); /* O(n), from any order */
/* tasks[n - 1] is new. */
void heap_added(int64_t *tasks, int64_t n, const int64_t *costs);
/* Takes out the first of n >= 1; the caller counts one less. */
void heap_pop(int64_t *tasks, int64_t n, const int64_t *costs);

#endif
