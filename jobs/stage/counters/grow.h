/* Grow: arrays of a task's arena whose length is not known before. What a growth leaves behind is
 * less than the array holds. */
#ifndef LODE_JOBS_STAGE_COUNTERS_GROW_H
#define LODE_JOBS_STAGE_COUNTERS_GROW_H

#include "common/memory.h"

#include <string.h>

LODE_CHECKED static inline lode_status grow_items(struct lode_arena *arena, void **items,
                                                  int64_t *room, int64_t used, int64_t more,
                                                  size_t item_bytes)
{
    if (more <= *room - used) return LODE_OK;
    const int64_t wanted = used + more > 2 * *room + 16 ? used + more : 2 * *room + 16;
    void *taken = NULL;
    lode_try(lode_arena_take(arena, (size_t)wanted, item_bytes, &taken));
    if (used > 0) memcpy(taken, *items, (size_t)used * item_bytes);
    *items = taken;
    *room = wanted;
    return LODE_OK;
}

/* Room for one more behind `used` items; `items` is the address of a pointer to them. */
#define counters_grow(arena, items, room, used)                                                    \
    grow_items((arena), (void **)(items), (room), (used), 1, sizeof **(items))
#define counters_grow_by(arena, items, room, used, more)                                           \
    grow_items((arena), (void **)(items), (room), (used), (more), sizeof **(items))

#endif
