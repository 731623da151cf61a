/* Samples: which series there are, each once, as parameters.
 *
 * Parameters: array of items (store's path, its generations, partition, component and counter by
 * index, held 0/1, then where it is held an array of times and an array of values), then for each
 * series of the graph an array of slots: an item, or -1. Items are in order of source, partition,
 * component and counter, so that a leaf opens a file once.
 */
#include "jobs/opportunities/derive/samples.h"

#include <stdlib.h>
#include <string.h>

#include "common/store/counters.h"

enum { SAMPLE_BYTES = 16 }; /* time and value */

struct samples_item {
    const char *path;
    int64_t n_generations, partition, component, counter;
    bool is_held;
    struct lode_series held;
};

/* --- which --- */

/* A slot of a series that has samples. */
struct wanted {
    int64_t source, partition, component, counter; /* by these four in order */
    int64_t n_times;
    int64_t slot; /* among those of all series */
};

/* Slots of all series, one series after the other. */
struct listing {
    const struct sources *sources;
    struct lode_arena *arena;
    int64_t n, n_slots;
    struct wanted *list;
};

struct named {
    const char *name;
    int64_t index;
};

static int compare_named(const void *left, const void *right)
{
    return strcmp(((const struct named *)left)->name, ((const struct named *)right)->name);
}

static void add(struct listing *listing, const struct expr_series *series, int64_t component)
{
    const struct source_component *of =
        &listing->sources->list[series->source].components[component];
    listing->list[listing->n++] = (struct wanted){.source = series->source,
                                                  .partition = of->partition,
                                                  .component = of->index,
                                                  .counter = series->counter,
                                                  .n_times = of->n_times,
                                                  .slot = listing->n_slots};
}

/* A slot for each word, empty where no component has that name. */
static lode_status add_by_words(struct listing *listing, const struct expr_series *series,
                                const struct lode_dictionary *words)
{
    const struct lode_dictionary *names = &listing->sources->schema[series->source].components;
    struct named *sorted = NULL;
    lode_try(lode_take(listing->arena, names->count, &sorted));
    for (int64_t i = 0; i < names->count; i++) sorted[i] = (struct named){names->words[i], i};
    if (names->count > 0) qsort(sorted, (size_t)names->count, sizeof *sorted, compare_named);
    for (int64_t w = 0; w < words->count; w++, listing->n_slots++) {
        const struct named asked = {words->words[w], 0};
        const struct named *found = names->count > 0 ? bsearch(&asked, sorted, (size_t)names->count,
                                                               sizeof *sorted, compare_named)
                                                     : NULL;
        if (found) add(listing, series, found->index);
    }
    return LODE_OK;
}

static int64_t slots_of(const struct expr_series *series, const struct lode_attribute *attributes)
{
    return series->component >= 0 ? 1 : attributes[series->by].dictionary.count;
}

/* Of series [first, end). */
static lode_status list_wanted(const struct sources *sources, const struct expr_graph *graph,
                               const struct lode_attribute *attributes, int64_t first, int64_t end,
                               struct lode_arena *arena, struct listing *listing)
{
    int64_t room = 0;
    *listing = (struct listing){.sources = sources, .arena = arena};
    for (int64_t s = first; s < end; s++) room += slots_of(&graph->series[s], attributes);
    lode_try(lode_take(arena, room, &listing->list));
    for (int64_t s = first; s < end; s++) {
        const struct expr_series *series = &graph->series[s];
        if (series->component < 0) {
            lode_try(add_by_words(listing, series, &attributes[series->by].dictionary));
        } else {
            add(listing, series, series->component);
            listing->n_slots++;
        }
    }
    return LODE_OK;
}

lode_status samples_bytes(const struct sources *sources, const struct expr_graph *graph,
                          const struct lode_attribute *attributes, int64_t series,
                          struct lode_arena *arena, int64_t *bytes)
{
    struct listing listing;
    lode_try(list_wanted(sources, graph, attributes, series, series + 1, arena, &listing));
    *bytes = 0;
    for (int64_t i = 0; i < listing.n; i++) *bytes += listing.list[i].n_times * SAMPLE_BYTES;
    return LODE_OK;
}

/* --- reading --- */

/* The partition that was read last. */
struct reader {
    const char *path;
    int64_t partition;
    struct lode_counters *counters;
};

/* A component without that counter has no samples of it. */
static lode_status read_block(struct lode_counters *counters, const struct samples_item *item,
                              struct lode_arena *arena, struct lode_series *series)
{
    const int64_t at = lode_counters_find(counters, item->component);
    const struct lode_counters_block *block = lode_counters_block(counters, at);
    *series = (struct lode_series){0};
    if (!block)
        return lode_fail(LODE_E_INPUT, "component %lld is not in partition %lld",
                         (long long)item->component, (long long)item->partition);
    for (int64_t i = 0; i < block->n_counters; i++)
        if (block->counters[i] == item->counter)
            return lode_counters_series(counters, at, item->counter, arena, series);
    return LODE_OK;
}

static lode_status read_item(struct reader *reader, const struct samples_item *item,
                             struct lode_arena *arena, struct lode_series *series)
{
    if (!reader->counters || strcmp(reader->path, item->path) != 0 ||
        reader->partition != item->partition) {
        lode_counters_close(reader->counters);
        *reader = (struct reader){.path = item->path, .partition = item->partition};
        lode_try(lode_counters_open_as_of(item->path, item->n_generations, item->partition,
                                          &reader->counters));
    }
    const lode_status status = read_block(reader->counters, item, arena, series);
    return status ? lode_note(status, "%s", item->path) : LODE_OK;
}

/* --- packing --- */

static int compare_wanted(const void *left, const void *right)
{
    const struct wanted *a = left, *b = right;
    const int64_t as[] = {a->source, a->partition, a->component, a->counter};
    const int64_t bs[] = {b->source, b->partition, b->component, b->counter};
    for (int i = 0; i < 4; i++)
        if (as[i] != bs[i]) return as[i] < bs[i] ? -1 : 1;
    return 0;
}

/* Gives each wanted slot its item; items that are the same are one. */
static lode_status make_items(struct listing *listing, int64_t held_bytes,
                              struct samples_item **items, int64_t *n_items, int64_t **item_of)
{
    int64_t n = 0, bytes = 0;
    lode_try(lode_take(listing->arena, listing->n, items));
    lode_try(lode_take(listing->arena, listing->n_slots, item_of));
    for (int64_t i = 0; i < listing->n_slots; i++) (*item_of)[i] = -1;
    if (listing->n > 0)
        qsort(listing->list, (size_t)listing->n, sizeof *listing->list, compare_wanted);
    for (int64_t i = 0; i < listing->n; i++) {
        const struct wanted *wanted = &listing->list[i];
        if (i == 0 || compare_wanted(wanted - 1, wanted) != 0) {
            const struct source *source = &listing->sources->list[wanted->source];
            (*items)[n++] = (struct samples_item){.path = source->path,
                                                  .n_generations = source->n_generations,
                                                  .partition = wanted->partition,
                                                  .component = wanted->component,
                                                  .counter = wanted->counter};
            bytes += wanted->n_times * SAMPLE_BYTES;
        }
        (*item_of)[wanted->slot] = n - 1;
    }
    for (int64_t i = 0; i < n; i++) (*items)[i].is_held = bytes <= held_bytes;
    *n_items = n;
    return LODE_OK;
}

static lode_status pack_item(struct reader *reader, const struct samples_item *item,
                             struct lode_arena *arena, struct lode_bytes *out)
{
    struct lode_series series = {0};
    lode_try(lode_pack_text(out, item->path, strlen(item->path)));
    lode_try(lode_pack_i64(out, item->n_generations));
    lode_try(lode_pack_i64(out, item->partition));
    lode_try(lode_pack_i64(out, item->component));
    lode_try(lode_pack_i64(out, item->counter));
    lode_try(lode_pack_u64(out, item->is_held));
    if (!item->is_held) return LODE_OK;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try(read_item(reader, item, arena, &series));
    lode_try(lode_pack_array(out, (uint32_t)series.n));
    for (int64_t i = 0; i < series.n; i++) lode_try(lode_pack_i64(out, series.times[i]));
    lode_try(lode_pack_array(out, (uint32_t)series.n));
    for (int64_t i = 0; i < series.n; i++) lode_try(lode_pack_f64(out, series.values[i]));
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status pack_slots(const struct expr_graph *graph,
                              const struct lode_attribute *attributes, const int64_t *item_of,
                              struct lode_bytes *out)
{
    lode_try(lode_pack_array(out, (uint32_t)graph->n_series));
    for (int64_t s = 0; s < graph->n_series; s++) {
        const int64_t n = slots_of(&graph->series[s], attributes);
        lode_try(lode_pack_array(out, (uint32_t)n));
        for (int64_t i = 0; i < n; i++) lode_try(lode_pack_i64(out, *item_of++));
    }
    return LODE_OK;
}

lode_status samples_pack(const struct sources *sources, const struct expr_graph *graph,
                         const struct lode_attribute *attributes, int64_t held_bytes,
                         struct lode_arena *arena, struct lode_bytes *out)
{
    struct listing listing;
    struct samples_item *items = NULL;
    struct reader reader = {0};
    int64_t n_items = 0, *item_of = NULL;
    lode_try(list_wanted(sources, graph, attributes, 0, graph->n_series, arena, &listing));
    lode_try(make_items(&listing, held_bytes, &items, &n_items, &item_of));
    lode_status status = lode_pack_array(out, (uint32_t)n_items);
    for (int64_t i = 0; !status && i < n_items; i++)
        status = pack_item(&reader, &items[i], arena, out);
    lode_counters_close(reader.counters);
    if (!status) status = pack_slots(graph, attributes, item_of, out);
    return status;
}

/* --- in a leaf --- */

static lode_status unpack_held(struct lode_unpack *in, struct lode_arena *arena,
                               struct lode_series *series)
{
    uint32_t n, n_values;
    int64_t *times = NULL;
    double *values = NULL;
    lode_try(lode_unpack_array(in, &n));
    lode_try(lode_take(arena, n, &times));
    for (uint32_t i = 0; i < n; i++) lode_try(lode_unpack_i64(in, &times[i]));
    lode_try(lode_unpack_array(in, &n_values));
    if (n_values != n) return lode_fail(LODE_E_MESSAGE, "%u values at %u times", n_values, n);
    lode_try(lode_take(arena, n, &values));
    for (uint32_t i = 0; i < n; i++) lode_try(lode_unpack_f64(in, &values[i]));
    *series = (struct lode_series){n, times, values};
    return LODE_OK;
}

static lode_status unpack_item(struct lode_unpack *in, struct lode_arena *arena,
                               struct samples_item *item)
{
    int64_t is_held;
    lode_try(lode_unpack_copy(in, arena, &item->path));
    lode_try(lode_unpack_count(in, "generations", INT64_MAX, &item->n_generations));
    lode_try(lode_unpack_count(in, "partition", INT64_MAX, &item->partition));
    lode_try(lode_unpack_count(in, "component", INT64_MAX, &item->component));
    lode_try(lode_unpack_count(in, "counter", INT64_MAX, &item->counter));
    lode_try(lode_unpack_count(in, "held", 1, &is_held));
    item->is_held = is_held == 1;
    return item->is_held ? unpack_held(in, arena, &item->held) : LODE_OK;
}

static lode_status unpack_slots(struct lode_unpack *in, int64_t n_slots, uint32_t n_items,
                                struct lode_arena *arena, struct samples_slots *slots)
{
    lode_try(lode_unpack_array(in, &slots->n));
    if (slots->n != n_slots)
        return lode_fail(LODE_E_MESSAGE, "%u components of a series, not %lld", slots->n,
                         (long long)n_slots);
    lode_try(lode_take(arena, slots->n, &slots->items));
    for (uint32_t i = 0; i < slots->n; i++) {
        lode_try(lode_unpack_i64(in, &slots->items[i]));
        if (slots->items[i] < -1 || slots->items[i] >= n_items)
            return lode_fail(LODE_E_MESSAGE, "samples %lld of %u", (long long)slots->items[i],
                             n_items);
    }
    return LODE_OK;
}

lode_status samples_unpack(struct lode_unpack *in, const struct expr_graph *graph,
                           const struct lode_attribute *attributes, int64_t n_attributes,
                           struct lode_arena *arena, struct samples *samples)
{
    struct samples made = {0};
    lode_try(lode_unpack_array(in, &made.n_items));
    lode_try(lode_take_zero(arena, made.n_items, &made.items));
    for (uint32_t i = 0; i < made.n_items; i++) lode_try(unpack_item(in, arena, &made.items[i]));
    lode_try(lode_unpack_array(in, &made.n_series));
    if (made.n_series != (uint32_t)graph->n_series)
        return lode_fail(LODE_E_MESSAGE, "%u series, not %d", made.n_series, graph->n_series);
    lode_try(lode_take(arena, made.n_series, &made.series));
    for (uint32_t s = 0; s < made.n_series; s++) {
        const struct expr_series *series = &graph->series[s];
        if (series->component < 0 && series->by >= n_attributes)
            return lode_fail(LODE_E_MESSAGE, "a series by attribute %lld of %lld",
                             (long long)series->by, (long long)n_attributes);
        lode_try(
            unpack_slots(in, slots_of(series, attributes), made.n_items, arena, &made.series[s]));
    }
    *samples = made;
    return LODE_OK;
}

static lode_status read_needed(const struct samples *samples, const bool *is_needed,
                               struct lode_arena *arena, struct expr_samples *all)
{
    struct reader reader = {0};
    lode_status status = LODE_OK;
    for (uint32_t i = 0; !status && i < samples->n_items; i++) {
        struct lode_series series = samples->items[i].held;
        if (!is_needed[i]) continue;
        if (!samples->items[i].is_held)
            status = read_item(&reader, &samples->items[i], arena, &series);
        all[i] = (struct expr_samples){series.n, series.times, series.values};
    }
    lode_counters_close(reader.counters);
    return status;
}

static lode_status fill_column(const struct samples_slots *slots, const struct expr_samples *all,
                               struct lode_arena *arena, struct expr_series_column *column)
{
    struct expr_samples *components = NULL;
    lode_try(lode_take_zero(arena, slots->n, &components));
    for (uint32_t i = 0; i < slots->n; i++)
        if (slots->items[i] >= 0) components[i] = all[slots->items[i]];
    *column = (struct expr_series_column){slots->n, components};
    return LODE_OK;
}

lode_status samples_columns(const struct samples *samples, const uint8_t *needed,
                            struct lode_arena *arena, const struct expr_series_column **columns)
{
    struct expr_series_column *made = NULL;
    struct expr_samples *all = NULL;
    bool *is_needed = NULL;
    lode_try(lode_take_zero(arena, samples->n_series, &made));
    lode_try(lode_take_zero(arena, samples->n_items, &all));
    lode_try(lode_take_zero(arena, samples->n_items, &is_needed));
    for (uint32_t s = 0; s < samples->n_series; s++)
        for (uint32_t i = 0; needed[s] && i < samples->series[s].n; i++)
            if (samples->series[s].items[i] >= 0) is_needed[samples->series[s].items[i]] = true;
    lode_try(read_needed(samples, is_needed, arena, all));
    for (uint32_t s = 0; s < samples->n_series; s++)
        if (needed[s]) lode_try(fill_column(&samples->series[s], all, arena, &made[s]));
    *columns = made;
    return LODE_OK;
}
