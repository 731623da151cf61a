/* Heap: see the header. */
#include "coordinator/schedule/heap.h"

static bool goes_before(int64_t one, int64_t other, const int64_t *costs)
{
    if (costs && costs[one] != costs[other]) return costs[one] > costs[other];
    return one < other;
}

static void swap(int64_t *tasks, int64_t i, int64_t j)
{
    const int64_t kept = tasks[i];
    tasks[i] = tasks[j];
    tasks[j] = kept;
}

static void sink(int64_t *tasks, int64_t n, int64_t at, const int64_t *costs)
{
    for (;;) {
        int64_t best = at;
        for (int64_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < n && goes_before(tasks[child], tasks[best], costs)) best = child;
        if (best == at) return;
        swap(tasks, at, best);
        at = best;
    }
}

void heap_make(int64_t *tasks, int64_t n, const int64_t *costs)
{
    for (int64_t at = n / 2 - 1; at >= 0; at--) sink(tasks, n, at, costs);
}

void heap_added(int64_t *tasks, int64_t n, const int64_t *costs)
{
    for (int64_t at = n - 1; at > 0 && goes_before(tasks[at], tasks[(at - 1) / 2], costs);
         at = (at - 1) / 2)
        swap(tasks, at, (at - 1) / 2);
}

void heap_pop(int64_t *tasks, int64_t n, const int64_t *costs)
{
    tasks[0] = tasks[n - 1];
    sink(tasks, n - 1, 0, costs);
}
