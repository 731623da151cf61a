/* Locality: see the header. */
#include "coordinator/schedule/locality.h"

#include "common/memory.h"
#include "coordinator/schedule/heap.h"

#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };

static void clear_shelf(struct shelf *shelf)
{
    free(shelf->tasks);
    free(shelf->first);
    free(shelf->left);
    *shelf = (struct shelf){0};
}

void locality_clear(struct locality *l)
{
    clear_shelf(&l->by_worker);
    clear_shelf(&l->by_host);
    free(l->workers);
    free(l->hosts);
    *l = (struct locality){0};
}

static lode_status grow(int **homes, int64_t from, int64_t to)
{
    size_t bytes = 0;
    lode_try(lode_mul_size((uint64_t)to, sizeof **homes, &bytes));
    int *grown = realloc(*homes, bytes);
    if (!grown)
        return lode_fail(LODE_E_MEMORY, "no memory for the homes of %lld keys", (long long)to);
    for (int64_t i = from; i < to; i++) grown[i] = NONE;
    *homes = grown;
    return LODE_OK;
}

lode_status locality_learn(struct locality *l, int64_t key, int worker, int host)
{
    if (key < 0 || key >= LOCALITY_KEYS_MAX) return LODE_OK;
    if (key >= l->n_keys) {
        const int64_t wanted = key < 2 * l->n_keys ? 2 * l->n_keys : key + 1;
        lode_try(grow(&l->workers, l->n_keys, wanted));
        lode_try(grow(&l->hosts, l->n_keys, wanted));
        l->n_keys = wanted;
    }
    l->workers[key] = worker;
    l->hosts[key] = host;
    return LODE_OK;
}

static int home_of(const int *homes, int64_t n_keys, int64_t key)
{
    return key >= 0 && key < n_keys ? homes[key] : NONE;
}

/* Counts, then puts every task on the shelf of its home, by counting. */
static lode_status fill(struct shelf *shelf, const int *homes, int64_t n_keys, int64_t n_tasks,
                        const int64_t *keys, const int64_t *costs)
{
    int last = NONE;
    int64_t n_homed = 0;
    clear_shelf(shelf);
    for (int64_t i = 0; i < n_tasks; i++) {
        const int home = home_of(homes, n_keys, keys[i]);
        if (home > last) last = home;
        n_homed += home >= 0;
    }
    if (last < 0) return LODE_OK; /* none has a home */
    const size_t n = (size_t)last + 1;
    shelf->first = calloc(n + 1, sizeof *shelf->first);
    shelf->left = calloc(n, sizeof *shelf->left);
    shelf->tasks = calloc((size_t)n_homed, sizeof *shelf->tasks);
    if (!shelf->first || !shelf->left || !shelf->tasks) {
        clear_shelf(shelf);
        return lode_fail(LODE_E_MEMORY, "no memory for the shelves of %lld tasks",
                         (long long)n_homed);
    }
    shelf->n_homes = (int64_t)n;
    for (int64_t i = 0; i < n_tasks; i++) {
        const int home = home_of(homes, n_keys, keys[i]);
        if (home >= 0) shelf->first[home + 1]++;
    }
    for (size_t home = 0; home < n; home++) shelf->first[home + 1] += shelf->first[home];
    for (int64_t i = 0; i < n_tasks; i++) {
        const int home = home_of(homes, n_keys, keys[i]);
        if (home >= 0) shelf->tasks[shelf->first[home] + shelf->left[home]++] = i;
    }
    for (size_t home = 0; home < n; home++)
        heap_make(shelf->tasks + shelf->first[home], shelf->left[home], costs);
    return LODE_OK;
}

lode_status locality_begin(struct locality *l, int64_t n_tasks, const int64_t *keys,
                           const int64_t *costs)
{
    clear_shelf(&l->by_worker);
    clear_shelf(&l->by_host);
    if (!keys || l->n_keys == 0) return LODE_OK;
    lode_try(fill(&l->by_worker, l->workers, l->n_keys, n_tasks, keys, costs));
    return fill(&l->by_host, l->hosts, l->n_keys, n_tasks, keys, costs);
}

int64_t shelf_first(const struct shelf *shelf, int home)
{
    if (home < 0 || home >= shelf->n_homes || shelf->left[home] == 0) return NONE;
    return shelf->tasks[shelf->first[home]];
}

void shelf_pop(struct shelf *shelf, int home, const int64_t *costs)
{
    heap_pop(shelf->tasks + shelf->first[home], shelf->left[home], costs);
    shelf->left[home]--;
}
