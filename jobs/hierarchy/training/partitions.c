/* Partitions: see the header. */
#include "jobs/hierarchy/training/partitions.h"

#include <stdlib.h>
#include <string.h>

#include "jobs/hierarchy/slots.h"

bool partitions_is_too_fine(const struct lode_component *component,
                            const struct hierarchy_options *options)
{
    const int64_t longest =
        options->window_ms > options->noise_ms ? options->window_ms : options->noise_ms;
    return component->step_ms > 0 && longest / component->step_ms >= DETECTOR_LONGEST_WINDOW;
}

bool partitions_can_use(const struct lode_component *component,
                        const struct hierarchy_options *options)
{
    return component->partition >= 0 && component->n_times > 0 && component->step_ms > 0 &&
           !slots_are_hollow(component) && !partitions_is_too_fine(component, options);
}

struct named {
    const char *name;
    int64_t component;
};

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const struct named *)left)->name, ((const struct named *)right)->name);
}

/* All usable components in order of names: indices grow when a store does, names stay. */
static lode_status sort_components(const struct lode_store *store,
                                   const struct hierarchy_options *options,
                                   struct lode_arena *arena, struct named **sorted, int64_t *n)
{
    const int64_t n_all = lode_store_components(store);
    *n = 0;
    lode_try(lode_take(arena, n_all, sorted));
    for (int64_t i = 0; i < n_all; i++) {
        const struct lode_component *one = lode_store_component(store, i);
        if (partitions_can_use(one, options) && one->partition < lode_store_partitions(store))
            (*sorted)[(*n)++] = (struct named){one->name, i};
    }
    if (*n > 0) qsort(*sorted, (size_t)*n, sizeof **sorted, compare_names);
    return LODE_OK;
}

lode_status partitions_make(const struct lode_store *store, const struct hierarchy_options *options,
                            struct lode_arena *arena, struct partitions *partitions)
{
    struct partitions made = {.n = lode_store_partitions(store)};
    struct named *sorted = NULL;
    lode_try(sort_components(store, options, arena, &sorted, &made.n_components));
    lode_try(lode_take_zero(arena, made.n, &made.list));
    lode_try(lode_take_zero(arena, made.n, &made.costs));
    for (int64_t i = 0; i < made.n_components; i++)
        made.list[lode_store_component(store, sorted[i].component)->partition].n++;
    for (int64_t p = 0; p < made.n; p++) {
        lode_try(lode_take(arena, made.list[p].n, &made.list[p].components));
        made.list[p].n = 0;
        made.costs[p] = lode_store_partition_rows(store, p).n_events;
    }
    for (int64_t i = 0; i < made.n_components; i++) {
        const int64_t component = sorted[i].component;
        struct partition_components *one =
            &made.list[lode_store_component(store, component)->partition];
        one->components[one->n++] = component;
    }
    *partitions = made;
    return LODE_OK;
}

void partitions_describe(const struct partitions *partitions, const struct lode_store *store,
                         struct lode_stage *stage)
{
    stage->n_tasks = partitions->n;
    stage->costs = partitions->costs;
    stage->cost_units = "values";
    stage->describe = lode_store_name_partition;
    stage->describe_context = store;
}
