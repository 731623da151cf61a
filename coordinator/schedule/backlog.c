/* Backlog: see the header. */
#include "coordinator/schedule/backlog.h"

#include "common/memory.h"
#include "coordinator/schedule/heap.h"

#include <stdlib.h>
#include <string.h>

void backlog_clear(struct backlog *backlog)
{
    free(backlog->heap);
    free(backlog->again);
    *backlog = (struct backlog){0};
}

static lode_status grow(int64_t **list, int64_t *capacity, int64_t wanted)
{
    size_t bytes = 0;
    if (wanted <= *capacity) return LODE_OK;
    const int64_t next = wanted < 2 * *capacity ? 2 * *capacity : wanted + 8;
    lode_try(lode_mul_size((uint64_t)next, sizeof **list, &bytes));
    int64_t *grown = realloc(*list, bytes);
    if (!grown) return lode_fail(LODE_E_MEMORY, "no memory for %lld tasks", (long long)next);
    *list = grown;
    *capacity = next;
    return LODE_OK;
}

lode_status backlog_push(struct backlog *b, int64_t task)
{
    lode_try(grow(&b->heap, &b->capacity, b->n_heap + 1));
    b->heap[b->n_heap++] = task;
    heap_added(b->heap, b->n_heap, b->costs);
    return LODE_OK;
}

lode_status backlog_fill(struct backlog *b, int64_t n_tasks, const int64_t *costs)
{
    b->costs = costs;
    b->n_heap = b->n_again = 0;
    lode_try(grow(&b->heap, &b->capacity, n_tasks));
    for (int64_t i = 0; i < n_tasks; i++) b->heap[i] = i;
    b->n_heap = n_tasks;
    if (costs) heap_make(b->heap, n_tasks, costs); /* without costs it is one already */
    return LODE_OK;
}

int64_t backlog_first(const struct backlog *b)
{
    return b->n_heap ? b->heap[0] : -1;
}

void backlog_pop(struct backlog *b)
{
    heap_pop(b->heap, b->n_heap--, b->costs);
}

lode_status backlog_push_again(struct backlog *b, int64_t task)
{
    lode_try(grow(&b->again, &b->again_capacity, b->n_again + 1));
    b->again[b->n_again++] = task;
    return LODE_OK;
}

void backlog_remove_again(struct backlog *b, int64_t at)
{
    memmove(b->again + at, b->again + at + 1, (size_t)(b->n_again - at - 1) * sizeof *b->again);
    b->n_again--;
}
