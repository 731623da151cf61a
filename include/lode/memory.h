/* Memory: arenas with a budget for what lives as long as a run or a task, and one growable byte
 * buffer for parameters and task output.
 *
 * An arena hands out memory that is never freed piece by piece. A leaf takes what it needs from
 * `task->arena`, which is emptied when it returns, and never calls malloc: so it keeps to the
 * memory that a worker was given, and a leaf that fails leaks nothing.
 */
#ifndef LODE_MEMORY_H
#define LODE_MEMORY_H

#include "lode/error.h"

#include <stddef.h>
#include <stdint.h>

LODE_API_BEGIN

struct lode_arena;

/* `count` items of `size` bytes, aligned to 64, contents undefined; the arena's. count 0 gives a
 * valid pointer. Fails with LODE_E_MEMORY (over the budget, or the product overflows). */
LODE_CHECKED lode_status lode_arena_take(struct lode_arena *arena, size_t count, size_t size,
                                         void **memory);
/* The same, all bytes zero. */
LODE_CHECKED lode_status lode_arena_take_zero(struct lode_arena *arena, size_t count, size_t size,
                                              void **memory);
/* A zero-terminated copy of `size` bytes of text; the arena's. LODE_E_MEMORY. */
LODE_CHECKED lode_status lode_arena_text(struct lode_arena *arena, const char *text, size_t size,
                                         char **copy);

/* lode_take(arena, n, &pointer): typed forms of the above; `pointer` is the address of a pointer to
 * what is taken. */
#define lode_take(arena, count, pointer)                                                           \
    lode_arena_take((arena), (size_t)(count), sizeof **(pointer), (void **)(pointer))
#define lode_take_zero(arena, count, pointer)                                                      \
    lode_arena_take_zero((arena), (size_t)(count), sizeof **(pointer), (void **)(pointer))

/* A place to which lode_arena_rewind gives back all that was taken since; for scratch in a loop. */
struct lode_arena_mark {
    size_t block;
    size_t used;
};
struct lode_arena_mark lode_arena_mark(const struct lode_arena *arena);
void lode_arena_rewind(struct lode_arena *arena, struct lode_arena_mark mark);

/* Most bytes that one take can get now; SIZE_MAX / 2 without a budget. For leaves that make their
 * buffers as large as they may be. */
size_t lode_arena_left(const struct lode_arena *arena);

/* count * size, or LODE_E_MEMORY when that overflows. */
LODE_CHECKED lode_status lode_mul_size(uint64_t count, size_t size, size_t *bytes);

/* A growable buffer on the heap; zero-initialise, release with lode_bytes_clear. */
struct lode_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
};
void lode_bytes_clear(struct lode_bytes *bytes);
/* Room for `more` bytes past the end; data[size..] may then be written and size advanced.
 * LODE_E_MEMORY, also of the two below; the buffer is then as it was. */
LODE_CHECKED lode_status lode_bytes_reserve(struct lode_bytes *bytes, size_t more);
LODE_CHECKED lode_status lode_bytes_append(struct lode_bytes *bytes, const void *data, size_t size);
LODE_CHECKED lode_status lode_bytes_printf(struct lode_bytes *bytes, const char *format, ...)
    LODE_PRINTF(2, 3);

LODE_API_END

#endif
