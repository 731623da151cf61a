/* Memory: what lode's program adds to the public lode/memory.h: making arenas, emptying them, and
 * what they and the process have held at most.
 */
#ifndef LODE_COMMON_MEMORY_H
#define LODE_COMMON_MEMORY_H

#include "common/error.h"
#include "lode/memory.h"

#include <stdbool.h>

/* A new, empty arena that refuses to hold more than `budget_bytes` (0: no limit). */
LODE_CHECKED lode_status lode_arena_create(size_t budget_bytes, struct lode_arena **arena);
void lode_arena_destroy(struct lode_arena *arena); /* takes NULL */

/* Forgets everything taken; keeps the memory for the next use. */
void lode_arena_reset(struct lode_arena *arena);

/* The same, and gives memory beyond `keep_bytes` back to the system. */
void lode_arena_trim(struct lode_arena *arena, size_t keep_bytes);

/* Most bytes held at once since the arena was created (or lode_arena_peak_reset). */
size_t lode_arena_peak(const struct lode_arena *arena);
void lode_arena_peak_reset(struct lode_arena *arena);

/* Most bytes of memory that this process has had at once (VmHWM of Linux); 0: not known. */
size_t lode_memory_peak(void);
/* Makes malloc and mmap fail rather than let this process's memory grow beyond `bytes` (as
 * lode_memory_peak counts it), so that who takes too much is told by name instead of being ended by
 * the kernel. To be called when all threads run: what is resident now, their stacks too, is in.
 * False: nothing is capped, the kernel does not know how, or there is a sanitizer, which takes
 * memory of its own. */
bool lode_memory_cap(size_t bytes);
/* Before any thread is started: makes malloc give large blocks back to the system when they are
 * released, and keep one heap for all threads, so that a process stays near what it uses. */
void lode_memory_stay_small(void);

#endif
