/* Counters, the schema: components and counters as the index of a store holds them, both ways, and
 * what a job may ask of them.
 */
#include "common/store/counters.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/store_private.h"
#include "common/wire/pack.h"

static const char *const type_names[] = {"gauge", "count", "rate", "counter"};
enum { TYPES = sizeof type_names / sizeof *type_names };

const char *lode_counter_type_name(enum lode_counter_type type)
{
    return type_names[type];
}

int lode_counter_type_find(const char *name)
{
    for (int type = 0; type < TYPES; type++)
        if (strcmp(type_names[type], name) == 0) return type;
    return -1;
}

/* Columns of numbers of components, in one table for both directions. */
static const struct {
    const char *name, *units, *title;
    size_t offset;
    int64_t least;
} columns[] = {
    {"components/parent", NULL, "row of components/; -1: none",
     offsetof(struct lode_component, parent), -1},
    {"components/partition", NULL, "row of partitions/; -1: no samples of its own",
     offsetof(struct lode_component, partition), -1},
    {"components/times", "times", "of all generations", offsetof(struct lode_component, n_times),
     0},
    {"components/first", LODE_TIME_UNITS, "first sample", offsetof(struct lode_component, first_ms),
     INT64_MIN},
    {"components/last", LODE_TIME_UNITS, "last sample", offsetof(struct lode_component, last_ms),
     INT64_MIN},
    {"components/step", "ms", "between times; 0: not known",
     offsetof(struct lode_component, step_ms), 0},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static int compare_names(const void *left, const void *right)
{
    const struct lode_store_name *a = left, *b = right;
    const int order = strcmp(a->name, b->name);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

static lode_status sort_names(char *const *names, int64_t n, struct lode_arena *arena,
                              const struct lode_store_name **sorted)
{
    struct lode_store_name *list;
    lode_try(lode_take(arena, n, &list));
    for (int64_t i = 0; i < n; i++) list[i] = (struct lode_store_name){names[i], i};
    if (n > 1) qsort(list, (size_t)n, sizeof *list, compare_names);
    *sorted = list;
    return LODE_OK;
}

/* Index of the first of that name; -1: none. */
static int64_t find_name(const struct lode_store_name *sorted, int64_t n, const char *name)
{
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (strcmp(sorted[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && strcmp(sorted[low].name, name) == 0 ? sorted[low].index : -1;
}

static lode_status get_numbers(struct lode_hdf *file, struct lode_arena *arena,
                               struct lode_counters_schema *schema)
{
    void *column;
    for (int c = 0; c < COLUMNS; c++) {
        lode_try(store_get_column(file, columns[c].name, LODE_HDF_I64, schema->n_components, arena,
                                  &column));
        for (int64_t i = 0; i < schema->n_components; i++) {
            const int64_t value = ((const int64_t *)column)[i];
            char *at = (char *)&schema->components[i] + columns[c].offset;
            if (value < columns[c].least)
                return lode_fail(LODE_E_INPUT, "'%s' holds %" PRId64, columns[c].name, value);
            memcpy(at, &value, sizeof value);
        }
    }
    return LODE_OK;
}

static lode_status check_component(const struct lode_store *store, int64_t index)
{
    const struct lode_counters_schema *schema = &store->counters;
    const struct lode_component *component = &schema->components[index];
    const int64_t parent = component->parent;
    if (parent >= schema->n_components || component->partition >= store->n_partitions)
        return lode_fail(LODE_E_INPUT, "component '%s' has parent %" PRId64 ", partition %" PRId64,
                         component->name, parent, component->partition);
    return LODE_OK;
}

/* Nobody is above itself: from each component up to where an earlier walk has been. */
static lode_status check_circles(const struct lode_counters_schema *schema,
                                 struct lode_arena *arena)
{
    int64_t *walk = NULL; /* that came by first, from 1 */
    lode_try(lode_take_zero(arena, schema->n_components, &walk));
    for (int64_t i = 0; i < schema->n_components; i++) {
        int64_t at = i;
        for (; at >= 0 && walk[at] == 0; at = schema->components[at].parent) walk[at] = i + 1;
        if (at >= 0 && walk[at] == i + 1)
            return lode_fail(LODE_E_INPUT, "component '%s' cannot be below itself",
                             schema->components[at].name);
    }
    return LODE_OK;
}

static lode_status get_components(struct lode_hdf *file, struct lode_store *store)
{
    struct lode_counters_schema *schema = &store->counters;
    char **names;
    lode_try(
        lode_hdf_get_texts(file, "components/name", store->arena, &names, &schema->n_components));
    lode_try(lode_take_zero(store->arena, schema->n_components, &schema->components));
    for (int64_t i = 0; i < schema->n_components; i++) schema->components[i].name = names[i];
    lode_try(sort_names(names, schema->n_components, store->arena, &schema->component_names));
    lode_try(get_numbers(file, store->arena, schema));
    for (int64_t i = 0; i < schema->n_components; i++) lode_try(check_component(store, i));
    return check_circles(schema, store->arena);
}

/* What staging found; older stores do not have it. */
static lode_status get_findings(struct lode_hdf *file, struct lode_counters_schema *schema,
                                struct lode_arena *arena)
{
    char **what;
    void *counts;
    if (!lode_hdf_has(file, "found/what")) return LODE_OK;
    lode_try(lode_hdf_get_texts(file, "found/what", arena, &what, &schema->n_found));
    lode_try(store_get_column(file, "found/count", LODE_HDF_I64, schema->n_found, arena, &counts));
    lode_try(lode_take(arena, schema->n_found, &schema->found));
    for (int64_t i = 0; i < schema->n_found; i++)
        schema->found[i] = (struct lode_store_finding){what[i], ((const int64_t *)counts)[i]};
    return LODE_OK;
}

lode_status store_get_counters(struct lode_hdf *file, struct lode_store *store)
{
    struct lode_counters_schema *schema = &store->counters;
    struct lode_arena *arena = store->arena;
    int64_t n_units = 0;
    char **names, **units;
    void *types;
    lode_try(get_components(file, store));
    lode_try(get_findings(file, schema, arena));
    lode_try(lode_hdf_attribute_i64(file, "/", "slot_ms", &schema->slot_ms));
    lode_try(lode_hdf_get_texts(file, "counters/name", arena, &names, &schema->n_counters));
    lode_try(lode_hdf_get_texts(file, "counters/unit", arena, &units, &n_units));
    if (n_units != schema->n_counters || schema->slot_ms < 0)
        return lode_fail(LODE_E_INPUT,
                         "%" PRId64 " counters, %" PRId64 " units, slots of %" PRId64 " ms",
                         schema->n_counters, n_units, schema->slot_ms);
    lode_try(
        store_get_column(file, "counters/type", LODE_HDF_U8, schema->n_counters, arena, &types));
    lode_try(sort_names(names, schema->n_counters, arena, &schema->counter_names));
    lode_try(lode_take_zero(arena, schema->n_counters, &schema->counters));
    for (int64_t i = 0; i < schema->n_counters; i++) {
        const uint8_t type = ((const uint8_t *)types)[i];
        if (type >= TYPES)
            return lode_fail(LODE_E_INPUT, "counter '%s' is of type %d", names[i], type);
        schema->counters[i] =
            (struct lode_counter){names[i], units[i], (enum lode_counter_type)type};
    }
    return LODE_OK;
}

static lode_status put_components(struct lode_hdf *file, const struct lode_counters_schema *schema,
                                  struct lode_arena *arena)
{
    const int64_t n = schema->n_components;
    char **names;
    int64_t *values;
    lode_try(lode_take(arena, n, &names));
    lode_try(lode_take(arena, n, &values));
    for (int64_t i = 0; i < n; i++) names[i] = (char *)schema->components[i].name; /* only read */
    lode_try(
        lode_hdf_put_words(file, "components/name", names, n, "components, with their parents"));
    for (int c = 0; c < COLUMNS; c++) {
        for (int64_t i = 0; i < n; i++)
            memcpy(&values[i], (const char *)&schema->components[i] + columns[c].offset,
                   sizeof *values);
        const struct lode_hdf_column column = {.name = columns[c].name,
                                               .type = LODE_HDF_I64,
                                               .rows = n,
                                               .data = values,
                                               .units = columns[c].units,
                                               .title = columns[c].title};
        lode_try(lode_hdf_put(file, &column));
    }
    return LODE_OK;
}

static lode_status put_findings(struct lode_hdf *file, const struct lode_counters_schema *schema,
                                struct lode_arena *arena)
{
    const int64_t n = schema->n_found;
    char **what;
    int64_t *counts;
    if (n == 0) return LODE_OK;
    lode_try(lode_take(arena, n, &what));
    lode_try(lode_take(arena, n, &counts));
    for (int64_t i = 0; i < n; i++) {
        what[i] = (char *)schema->found[i].what; /* only read */
        counts[i] = schema->found[i].count;
    }
    lode_try(lode_hdf_put_words(file, "found/what", what, n, "what staging found in the input"));
    return lode_hdf_put(file, &(struct lode_hdf_column){.name = "found/count",
                                                        .type = LODE_HDF_I64,
                                                        .rows = n,
                                                        .data = counts,
                                                        .title = "how often"});
}

lode_status store_put_counters(struct lode_hdf *file, const struct lode_store *store,
                               struct lode_arena *arena)
{
    const struct lode_counters_schema *schema = &store->counters;
    const int64_t n = schema->n_counters;
    char **names, **units;
    uint8_t *types;
    lode_try(lode_hdf_put_i64(file, "/", "slot_ms", schema->slot_ms));
    lode_try(put_components(file, schema, arena));
    lode_try(put_findings(file, schema, arena));
    lode_try(lode_take(arena, n, &names));
    lode_try(lode_take(arena, n, &units));
    lode_try(lode_take(arena, n, &types));
    for (int64_t i = 0; i < n; i++) {
        names[i] = (char *)schema->counters[i].name; /* only read */
        units[i] = (char *)schema->counters[i].unit;
        types[i] = (uint8_t)schema->counters[i].type;
    }
    lode_try(lode_hdf_put_words(file, "counters/name", names, n, "counters of all components"));
    lode_try(lode_hdf_put_words(file, "counters/unit", units, n, "their units; empty: not said"));
    return lode_hdf_put(file,
                        &(struct lode_hdf_column){.name = "counters/type",
                                                  .type = LODE_HDF_U8,
                                                  .rows = n,
                                                  .data = types,
                                                  .title = "0 gauge, 1 count, 2 rate, 3 counter"});
}

int64_t lode_component_gaps(const struct lode_component *component, int64_t slot_ms)
{
    const int64_t step = component->step_ms;
    int64_t span = 0, nearest = 0;
    if (component->partition < 0 || step <= 0 || component->n_times < 1 ||
        __builtin_sub_overflow(component->last_ms, component->first_ms, &span) || span < 0 ||
        __builtin_add_overflow(span, slot_ms > 0 ? 0 : step / 2, &nearest))
        return 0;
    const int64_t wanted = nearest / step;
    return wanted < component->n_times ? 0 : wanted - component->n_times + 1;
}

int64_t lode_store_components(const struct lode_store *store)
{
    return store->counters.n_components;
}

const struct lode_component *lode_store_component(const struct lode_store *store, int64_t index)
{
    const struct lode_counters_schema *schema = &store->counters;
    return index >= 0 && index < schema->n_components ? &schema->components[index] : NULL;
}

int64_t lode_store_find_component(const struct lode_store *store, const char *name)
{
    const struct lode_counters_schema *schema = &store->counters;
    return schema->component_names ? find_name(schema->component_names, schema->n_components, name)
                                   : -1;
}

int64_t lode_store_counters(const struct lode_store *store)
{
    return store->counters.n_counters;
}

const struct lode_counter *lode_store_counter(const struct lode_store *store, int64_t index)
{
    const struct lode_counters_schema *schema = &store->counters;
    return index >= 0 && index < schema->n_counters ? &schema->counters[index] : NULL;
}

int64_t lode_store_find_counter(const struct lode_store *store, const char *name)
{
    const struct lode_counters_schema *schema = &store->counters;
    return schema->counter_names ? find_name(schema->counter_names, schema->n_counters, name) : -1;
}

int64_t lode_store_slot_ms(const struct lode_store *store)
{
    return store->counters.slot_ms;
}

lode_status lode_store_refer_series(const struct lode_store *store, int64_t component,
                                    int64_t counter, struct lode_bytes *out)
{
    const struct lode_component *of = lode_store_component(store, component);
    if (!of || of->partition < 0 || !lode_store_counter(store, counter))
        return lode_fail(LODE_E_BUG,
                         "%s has no series of component %" PRId64 " and counter %" PRId64,
                         store->path, component, counter);
    lode_try(lode_store_refer(store, out));
    lode_try(lode_pack_i64(out, of->partition));
    lode_try(lode_pack_i64(out, component));
    return lode_pack_i64(out, counter);
}
