/* Memory: arenas with a budget for what lives as long as a run, stage or task, and one growable
 * byte buffer for messages and task output.
 *
 * An arena hands out memory that is never freed piece by piece; `lode_arena_reset` forgets all of
 * it and keeps the blocks. A leaf takes what it needs from `task->arena` and never calls malloc.
 */
#ifndef LODE_COMMON_MEMORY_H
#define LODE_COMMON_MEMORY_H

#include "common/error.h"

#include <stddef.h>
#include <stdint.h>

struct lode_arena;

/* A new, empty arena that refuses to hold more than `budget_bytes` (0: no limit). */
LODE_CHECKED lode_status lode_arena_create(size_t budget_bytes, struct lode_arena **arena);
void lode_arena_destroy(struct lode_arena *arena); /* takes NULL */

/* Forgets everything taken; keeps the memory for the next use. */
void lode_arena_reset(struct lode_arena *arena);

/* A place to which lode_arena_rewind gives back all that was taken since; for scratch in a loop. */
struct lode_arena_mark {
    size_t block;
    size_t used;
};
struct lode_arena_mark lode_arena_mark(const struct lode_arena *arena);
void lode_arena_rewind(struct lode_arena *arena, struct lode_arena_mark mark);

/* `count` items of `size` bytes, aligned to 64, contents undefined. count 0 gives a valid pointer.
 * Fails with LODE_E_MEMORY (over the budget, or the product overflows). */
LODE_CHECKED lode_status lode_arena_take(struct lode_arena *arena, size_t count, size_t size,
                                         void **memory);
/* The same, all bytes zero. */
LODE_CHECKED lode_status lode_arena_take_zero(struct lode_arena *arena, size_t count, size_t size,
                                              void **memory);
/* A zero-terminated copy of `size` bytes of text. */
LODE_CHECKED lode_status lode_arena_text(struct lode_arena *arena, const char *text, size_t size,
                                         char **copy);

/* lode_take(arena, n, &pointer): typed forms of the above. */
#define lode_take(arena, count, pointer)                                                           \
    lode_arena_take((arena), (size_t)(count), sizeof **(pointer), (void **)(pointer))
#define lode_take_zero(arena, count, pointer)                                                      \
    lode_arena_take_zero((arena), (size_t)(count), sizeof **(pointer), (void **)(pointer))

/* Most bytes held at once since the arena was created (or lode_arena_peak_reset). */
size_t lode_arena_peak(const struct lode_arena *arena);
void lode_arena_peak_reset(struct lode_arena *arena);

/* Most bytes that one take can get now; SIZE_MAX / 2 without a budget. For leaves that make their
 * buffers as large as they may be. */
size_t lode_arena_left(const struct lode_arena *arena);

/* Most bytes of memory that this process has had at once (VmHWM of Linux); 0: not known. */
size_t lode_memory_peak(void);
/* Before any thread is started: makes malloc give large blocks back to the system when they are
 * released, and keep one heap for all threads, so that a process stays near what it uses. */
void lode_memory_stay_small(void);

/* count * size, or LODE_E_MEMORY when that overflows. */
LODE_CHECKED lode_status lode_mul_size(uint64_t count, size_t size, size_t *bytes);

/* A growable buffer on the heap; zero-initialise, release with lode_bytes_clear. */
struct lode_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
};
void lode_bytes_clear(struct lode_bytes *bytes);
/* Room for `more` bytes past the end; data[size..] may then be written and size advanced. */
LODE_CHECKED lode_status lode_bytes_reserve(struct lode_bytes *bytes, size_t more);
LODE_CHECKED lode_status lode_bytes_append(struct lode_bytes *bytes, const void *data, size_t size);
LODE_CHECKED lode_status lode_bytes_printf(struct lode_bytes *bytes, const char *format, ...)
    LODE_PRINTF(2, 3);

#endif
