/* Session events: see the header. In the sorter the key is the time as big-endian bytes (equal ones
 * keep their order of arrival), the value [name][cells as they are].
 */
#include "jobs/stage/session_events.h"

#include "jobs/shuffle/places.h"
#include "jobs/shuffle/sorter.h"

#include <string.h>

enum { SMALL = 4096, BATCH = 1024 };

struct session_events {
    struct shuffle_site site;
    size_t memory_bytes;
    int64_t cells_limit;
    int64_t n;      /* all */
    int64_t n_kept; /* in the arrays */
    int64_t room;
    int64_t *times;
    uint32_t *names;
    uint32_t *n_cells; /* NULL: no event can have any */
    struct record_cell *cells;
    int64_t n_cells_kept, cells_room;
    bool in_order, given;
    /* of a small session out of order */
    struct place *places; /* [2 * SMALL] */
    int64_t *sorted_times;
    uint32_t *sorted_names;
    /* of all others out of order, or too large */
    struct sorter *sorter;
    uint8_t *value;
};

static lode_status take_arrays(struct session_events *e)
{
    struct lode_arena *arena = e->site.arena;
    const size_t event_bytes = sizeof *e->times + sizeof *e->names;
    e->room = (int64_t)(e->memory_bytes / event_bytes);
    if (e->cells_limit > 0) { /* half of the memory */
        e->room = (int64_t)(e->memory_bytes / 2 / (event_bytes + sizeof *e->n_cells));
        e->cells_room = (int64_t)(e->memory_bytes / 2 / sizeof *e->cells);
        if (e->cells_room < e->cells_limit)
            return lode_fail(LODE_E_MEMORY, "%lld values of one event in %zu bytes",
                             (long long)e->cells_limit, e->memory_bytes / 2);
        lode_try(lode_take(arena, e->room, &e->n_cells));
        lode_try(lode_take(arena, e->cells_room, &e->cells));
    }
    lode_try(lode_take(arena, e->room, &e->times));
    lode_try(lode_take(arena, e->room, &e->names));
    lode_try(lode_take(arena, 2 * SMALL, &e->places));
    lode_try(lode_take(arena, SMALL, &e->sorted_times));
    return lode_take(arena, SMALL, &e->sorted_names);
}

lode_status session_events_create(const struct shuffle_site *site, size_t memory_bytes,
                                  int64_t cells_limit, struct session_events **events)
{
    struct session_events *e = NULL;
    if (memory_bytes < SESSION_EVENTS_LEAST)
        return lode_fail(LODE_E_MEMORY, "the events of a session in %zu bytes: needs at least %d",
                         memory_bytes, SESSION_EVENTS_LEAST);
    lode_try(lode_take_zero(site->arena, 1, &e));
    e->site = *site;
    e->memory_bytes = memory_bytes;
    e->cells_limit = cells_limit;
    e->in_order = true;
    lode_try(take_arrays(e));
    *events = e;
    return LODE_OK;
}

static uint64_t ordered(int64_t time)
{
    return (uint64_t)time ^ UINT64_C(1) << 63;
}

static lode_status put_sorter(struct session_events *e, int64_t time, uint32_t name,
                              const struct record_cell *cells, size_t n_cells)
{
    const uint64_t key = __builtin_bswap64(ordered(time));
    memcpy(e->value, &name, sizeof name);
    if (n_cells > 0) memcpy(e->value + sizeof name, cells, n_cells * sizeof *cells);
    const struct shuffle_record record = {(const uint8_t *)&key, sizeof key, e->value,
                                          sizeof name + n_cells * sizeof *cells, -1};
    return sorter_put(e->sorter, &record);
}

/* All that the arrays hold goes to the sorter. */
static lode_status move_to_sorter(struct session_events *e)
{
    const struct record_cell *cells = e->cells;
    if (!e->sorter) {
        lode_try(sorter_open(&e->site, e->memory_bytes, &e->sorter));
        lode_try(lode_take(e->site.arena, sizeof(uint32_t) + (size_t)e->cells_limit * sizeof *cells,
                           &e->value));
    }
    for (int64_t i = 0; i < e->n_kept; i++) {
        const uint32_t n_cells = e->n_cells ? e->n_cells[i] : 0;
        lode_try(put_sorter(e, e->times[i], e->names[i], cells, n_cells));
        if (n_cells > 0) cells += n_cells; /* else there may be no array */
    }
    e->n_kept = 0;
    e->n_cells_kept = 0;
    return LODE_OK;
}

static bool is_in_sorter(const struct session_events *e)
{
    return e->n > e->n_kept;
}

lode_status session_events_add(struct session_events *e, const struct record *record)
{
    if (e->n_kept == e->room ||
        (record->n_cells > 0 && e->n_cells_kept + record->n_cells > e->cells_room))
        lode_try(move_to_sorter(e));
    if (is_in_sorter(e)) {
        e->n++;
        return put_sorter(e, record->time, record->name, record->cells, (size_t)record->n_cells);
    }
    const int64_t at = e->n_kept++;
    e->n++;
    if (at > 0 && record->time < e->times[at - 1]) e->in_order = false;
    e->times[at] = record->time;
    e->names[at] = record->name;
    if (e->n_cells) e->n_cells[at] = (uint32_t)record->n_cells;
    if (record->n_cells > 0)
        memcpy(e->cells + e->n_cells_kept, record->cells,
               (size_t)record->n_cells * sizeof *e->cells);
    e->n_cells_kept += record->n_cells;
    return LODE_OK;
}

lode_status session_events_add_all(struct session_events *e, const int64_t *times,
                                   const uint32_t *names, int64_t n)
{
    if (n == 0) return LODE_OK;
    if (n > e->room - e->n_kept || is_in_sorter(e)) { /* one by one: they do not fit */
        for (int64_t i = 0; i < n; i++) {
            const struct record record = {.time = times[i], .name = names[i]};
            lode_try(session_events_add(e, &record));
        }
        return LODE_OK;
    }
    bool in_order = e->n_kept == 0 || times[0] >= e->times[e->n_kept - 1];
    for (int64_t i = 1; i < n; i++) in_order &= times[i] >= times[i - 1];
    e->in_order = e->in_order && in_order;
    memcpy(e->times + e->n_kept, times, (size_t)n * sizeof *times);
    memcpy(e->names + e->n_kept, names, (size_t)n * sizeof *names);
    if (e->n_cells) memset(e->n_cells + e->n_kept, 0, (size_t)n * sizeof *e->n_cells);
    e->n_kept += n;
    e->n += n;
    return LODE_OK;
}

static int compare_nothing(const void *context, uint64_t left, uint64_t right)
{
    (void)context;
    (void)left;
    (void)right;
    return 0;
}

/* A place's prefix is the time less the least one, above bits that place_is_cut reads. */
static bool sort_small(struct session_events *e)
{
    int64_t least = e->times[0];
    int64_t most = e->times[0];
    for (int64_t i = 1; i < e->n; i++) {
        if (e->times[i] < least) least = e->times[i];
        if (e->times[i] > most) most = e->times[i];
    }
    if ((uint64_t)most - (uint64_t)least >= UINT64_C(1) << 56) return false;
    for (int64_t i = 0; i < e->n; i++)
        e->places[i] = (struct place){((uint64_t)e->times[i] - (uint64_t)least) << 8, (uint64_t)i};
    places_sort(e->places, e->places + SMALL, e->n, compare_nothing, NULL);
    for (int64_t i = 0; i < e->n; i++) {
        e->sorted_times[i] = e->times[e->places[i].at];
        e->sorted_names[i] = e->names[e->places[i].at];
    }
    memcpy(e->times, e->sorted_times, (size_t)e->n * sizeof *e->times);
    memcpy(e->names, e->sorted_names, (size_t)e->n * sizeof *e->names);
    return true;
}

lode_status session_events_begin(struct session_events *e)
{
    e->given = false;
    if (!e->in_order && !is_in_sorter(e)) {
        const bool is_small = e->n <= SMALL && e->n_cells_kept == 0;
        if (is_small && sort_small(e))
            e->in_order = true;
        else
            lode_try(move_to_sorter(e));
    }
    return is_in_sorter(e) ? sorter_begin(e->sorter) : LODE_OK;
}

/* Takes a batch out of the sorter, into the front of the arrays, which are free now. */
static lode_status read_sorter(struct session_events *e, int64_t *n)
{
    int64_t n_cells = 0;
    for (*n = 0; *n < BATCH && *n < e->room; ++*n) {
        struct shuffle_record record;
        uint64_t key;
        bool more = false;
        if (e->n_cells && n_cells + e->cells_limit > e->cells_room) break;
        lode_try(sorter_next(e->sorter, &record, &more));
        if (!more) break;
        memcpy(&key, record.key, sizeof key);
        e->times[*n] = (int64_t)ordered((int64_t)__builtin_bswap64(key));
        memcpy(&e->names[*n], record.value, sizeof *e->names);
        const size_t cells_bytes = record.value_size - sizeof *e->names;
        if (e->n_cells) e->n_cells[*n] = (uint32_t)(cells_bytes / sizeof *e->cells);
        if (cells_bytes > 0)
            memcpy(e->cells + n_cells, record.value + sizeof *e->names, cells_bytes);
        n_cells += (int64_t)(cells_bytes / sizeof *e->cells);
    }
    return LODE_OK;
}

lode_status session_events_next(struct session_events *e, struct event_batch *batch)
{
    *batch = (struct event_batch){
        .times = e->times, .names = e->names, .n_cells = e->n_cells, .cells = e->cells};
    if (is_in_sorter(e)) return read_sorter(e, &batch->n);
    if (!e->given) batch->n = e->n_kept;
    e->given = true;
    return LODE_OK;
}

void session_events_clear(struct session_events *e)
{
    if (is_in_sorter(e)) sorter_clear(e->sorter);
    e->n = 0;
    e->n_kept = 0;
    e->n_cells_kept = 0;
    e->in_order = true;
}

void session_events_close(struct session_events *e)
{
    if (e) sorter_close(e->sorter);
}
