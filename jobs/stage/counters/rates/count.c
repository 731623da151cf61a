/* Count: the leaf that reads a part of a store of events and sends, of each component, slot and
 * rate, how many occurrences end there. An append counts the events as they are now and, in tasks
 * of their own, takes off what was counted before: what is left is what came with the new events,
 * also where a session goes on that was there already, and no row is counted twice.
 */
#include "common/expr/evaluate.h"
#include "common/hash.h"
#include "common/wire/pack.h"
#include "jobs/shuffle/shuffle.h"
#include "jobs/stage/counters/grow.h"
#include "jobs/stage/counters/rates/naming.h"
#include "jobs/stage/counters/rates/plan.h"
#include "jobs/stage/counters/rates/record.h"
#include "lode/table.h"

#include <inttypes.h>

enum { BLOCK_SESSIONS = 1024 };

/* Times of a component's first and last event. */
struct extent {
    int64_t first, last;
};

struct counter {
    struct lode_task *task;
    struct rates_plan plan;
    struct shuffle_out out;
    struct lode_store *events;
    struct lode_part part;
    bool takes_off;
    struct expr_columns columns;
    struct expr_program *program;

    struct naming naming;
    struct lode_words *names; /* of components */
    struct extent *extents;   /* [n_components] */
    int64_t n_components, room;
    uint32_t *component_of; /* [events] where the naming is of events, else [sessions] */

    /* the slot of a component under way: events that follow each other are mostly in one */
    int64_t session; /* of the last occurrence */
    uint32_t component;
    int64_t slot;
    int64_t *counts;  /* [rates] */
    int32_t *touched; /* [rates] those that have one */
    int32_t n_touched;
    int64_t n_sent;
    lode_status status; /* of occurred, which cannot say it */
};

/* Several counts of one key are their sum. */
static lode_status add_up(void *context, const struct shuffle_value *values, int64_t n,
                          struct lode_bytes *out)
{
    int64_t sum = 0;
    (void)context;
    for (int64_t i = 0; i < n; i++) {
        int64_t count = 0;
        if (values[i].size != sizeof count)
            return lode_fail(LODE_E_BUG, "a count of %zu bytes", values[i].size);
        memcpy(&count, values[i].data, sizeof count);
        sum += count;
    }
    return lode_bytes_append(out, &sum, sizeof sum);
}

static lode_status send(struct counter *c, uint32_t component, int64_t slot, int32_t rate,
                        int64_t count)
{
    uint8_t key[RATES_KEY_LIMIT];
    int64_t n = 0;
    const char *name = lode_words_list(c->names, &n)[component];
    const uint64_t hash = lode_hash(name, strlen(name));
    const struct shuffle_record record = {.key = key,
                                          .key_size = rates_key(key, name, slot, rate),
                                          .value = (const uint8_t *)&count,
                                          .value_size = sizeof count,
                                          .source = -1};
    c->n_sent += count;
    return shuffle_put(&c->out, (int64_t)(hash % (uint64_t)c->out.n_buckets), &record);
}

/* --- columns --- */

static lode_status read_attribute(struct counter *c, int64_t index,
                                  struct expr_event_column *column)
{
    struct lode_arena *arena = c->task->arena;
    const int64_t n_words = c->events->n_event_attributes;
    uint32_t *codes = NULL;
    double *numbers = NULL;
    if (index < n_words) {
        const struct lode_attribute *attribute = &c->events->event_attributes[index];
        lode_try(lode_part_event_attribute(&c->part, attribute->name, attribute->dictionary.count,
                                           arena, &codes));
    } else {
        lode_try(lode_part_event_value(&c->part, c->events->event_values[index - n_words], arena,
                                       &numbers));
    }
    *column = (struct expr_event_column){.codes = codes, .numbers = numbers};
    return LODE_OK;
}

static lode_status read_attributes(struct counter *c, const struct expr_needs *needs)
{
    const int64_t n = c->events->n_event_attributes + c->events->n_event_values;
    struct expr_event_column *made = NULL;
    if (n != c->plan.graph->n_event_attributes)
        return lode_fail(LODE_E_INPUT, "%s: has %" PRId64 " attributes of events now, not %" PRId64,
                         c->plan.events, n, c->plan.graph->n_event_attributes);
    lode_try(lode_take_zero(c->task->arena, n, &made));
    for (int64_t i = 0; i < n; i++)
        if (needs->event_attributes[i]) lode_try(read_attribute(c, i, &made[i]));
    c->columns.event_attributes = made;
    return LODE_OK;
}

static lode_status check_times(const struct counter *c)
{
    for (int64_t i = 0; i < c->part.n_events; i++) {
        const int64_t time = c->columns.event_times[i];
        if (time > RATES_TIME_MOST_MS || time < -RATES_TIME_MOST_MS)
            return lode_fail(LODE_E_INPUT, "event %" PRId64 " has a time that is none: %" PRId64, i,
                             time);
    }
    return LODE_OK;
}

static lode_status read_columns(struct counter *c)
{
    struct lode_arena *arena = c->task->arena;
    const struct expr_schema_counts counts = {.n_event_attributes =
                                                  c->plan.graph->n_event_attributes};
    struct expr_needs needs;
    int64_t *sessions = NULL, *events = NULL, *times = NULL;
    uint32_t *names = NULL;
    lode_try(expr_needs_find(c->plan.graph, c->plan.nodes, c->plan.n, &counts, arena, &needs));
    lode_try(lode_part_session_offsets(&c->part, arena, &sessions));
    lode_try(lode_part_event_offsets(&c->part, arena, &events));
    lode_try(lode_part_event_times(&c->part, 0, c->part.n_events, arena, &times));
    if (needs.event_names)
        lode_try(lode_part_event_names(&c->part, c->plan.graph->n_names, arena, &names));
    c->columns = (struct expr_columns){.n_users = c->part.n_users,
                                       .n_sessions = c->part.n_sessions,
                                       .n_events = c->part.n_events,
                                       .session_offsets = sessions,
                                       .event_offsets = events,
                                       .event_times = times,
                                       .event_names = names};
    lode_try(check_times(c));
    return read_attributes(c, &needs);
}

/* --- components --- */

static lode_status read_codes(struct counter *c, const struct naming_column *column,
                              uint32_t **codes)
{
    const struct lode_attribute *attribute = column->attribute;
    const int64_t limit = attribute->dictionary.count;
    if (column->of_event)
        return lode_part_event_attribute(&c->part, attribute->name, limit, c->task->arena, codes);
    return lode_part_attribute(&c->part, attribute->name, attribute->of_user, limit, c->task->arena,
                               codes);
}

static lode_status find_component(struct counter *c, const uint32_t *codes, uint32_t *component)
{
    char text[NAMING_MOST_BYTES];
    size_t size = 0;
    lode_try(naming_put(&c->naming, codes, text, &size));
    lode_try(lode_words_add(c->names, text, size, component));
    if ((int64_t)*component < c->n_components) return LODE_OK;
    lode_try(counters_grow(c->task->arena, &c->extents, &c->room, c->n_components));
    c->extents[c->n_components++] = (struct extent){INT64_MAX, INT64_MIN};
    return LODE_OK;
}

/* Whose each event is: with the codes of the event before it needs no look at its name. */
static lode_status find_components(struct counter *c)
{
    struct lode_arena *arena = c->task->arena;
    const int64_t n = c->naming.of_events ? c->part.n_events : c->part.n_sessions;
    uint32_t **columns = NULL, *codes = NULL, component = 0;
    lode_try(lode_take_zero(arena, c->naming.n_columns, &columns));
    lode_try(lode_take_zero(arena, c->naming.n_columns, &codes));
    lode_try(lode_take(arena, n, &c->component_of));
    for (int i = 0; i < c->naming.n_columns; i++)
        lode_try(read_codes(c, &c->naming.columns[i], &columns[i]));
    for (int64_t s = 0; s < c->part.n_sessions; s++) {
        const int64_t from = c->naming.of_events ? c->columns.event_offsets[s] : s;
        const int64_t end = c->naming.of_events ? c->columns.event_offsets[s + 1] : s + 1;
        for (int64_t at = from; at < end; at++) {
            bool is_same = c->n_components > 0;
            for (int i = 0; i < c->naming.n_columns; i++) {
                const uint32_t code = columns[i][c->naming.columns[i].of_event ? at : s];
                is_same = is_same && code == codes[i];
                codes[i] = code;
            }
            if (!is_same) lode_try(find_component(c, codes, &component));
            c->component_of[at] = component;
        }
    }
    return LODE_OK;
}

static void stretch(struct extent *extent, int64_t time)
{
    if (time < extent->first) extent->first = time;
    if (time > extent->last) extent->last = time;
}

/* The first and the last slot of each component. */
static lode_status send_extents(struct counter *c)
{
    const int64_t *offsets = c->columns.event_offsets, *times = c->columns.event_times;
    for (int64_t s = 0; s < c->part.n_sessions; s++)
        for (int64_t e = offsets[s]; e < offsets[s + 1]; e++)
            stretch(&c->extents[c->component_of[c->naming.of_events ? e : s]], times[e]);
    for (int64_t i = 0; i < c->n_components; i++) {
        const struct extent *extent = &c->extents[i];
        if (extent->first > extent->last) continue; /* sessions without events */
        const int64_t first = rates_slot(extent->first, c->plan.slot_ms);
        const int64_t last = rates_slot(extent->last, c->plan.slot_ms);
        lode_try(send(c, (uint32_t)i, first, -1, 0));
        if (last > first) lode_try(send(c, (uint32_t)i, last, -1, 0));
    }
    return LODE_OK;
}

/* --- occurrences --- */

static lode_status send_slot(struct counter *c)
{
    for (int32_t i = 0; i < c->n_touched; i++) {
        const int32_t rate = c->touched[i];
        const int64_t count = c->counts[rate];
        c->counts[rate] = 0;
        lode_try(send(c, c->component, c->slot, rate, c->takes_off ? -count : count));
    }
    c->n_touched = 0;
    return LODE_OK;
}

static void occurred(void *context, int32_t rate, int64_t event)
{
    struct counter *c = context;
    while (c->columns.event_offsets[c->session + 1] <= event) c->session++; /* events ascend */
    const uint32_t component = c->component_of[c->naming.of_events ? event : c->session];
    const int64_t slot = rates_slot(c->columns.event_times[event], c->plan.slot_ms);
    if (component != c->component || slot != c->slot) {
        if (!c->status) c->status = send_slot(c);
        c->component = component;
        c->slot = slot;
    }
    if (c->counts[rate]++ == 0) c->touched[c->n_touched++] = rate;
}

static lode_status count_occurrences(struct counter *c)
{
    const int64_t n = c->part.n_sessions, *offsets = c->columns.event_offsets;
    for (int64_t s = 0; s < n; s += BLOCK_SESSIONS) {
        const int64_t now = n - s < BLOCK_SESSIONS ? n - s : BLOCK_SESSIONS;
        lode_try(
            expr_program_occurrences(c->program, &c->columns, s, now, c->task->arena, occurred, c));
        lode_try(c->status);
        lode_try(lode_task_advance(c->task, offsets[s + now] - offsets[s]));
    }
    return send_slot(c);
}

/* --- the leaf --- */

static lode_status prepare(struct counter *c)
{
    struct lode_task *task = c->task;
    enum { MEMORY_MOST = 8 << 20 }; /* stays in the processor's cache while it is sorted */
    const size_t half = shuffle_memory(task->arena, 2);
    const struct shuffle_out_options options = {
        .combine = add_up, .memory_bytes = half < MEMORY_MOST ? half : MEMORY_MOST};
    lode_try(shuffle_out_open(task, &options, &c->out));
    lode_try(rates_plan_unpack(c->out.params, c->out.params_size, task->arena, &c->plan));
    c->takes_off = task->index >= c->plan.n_parts;
    lode_try(lode_store_open(c->plan.events, &c->events));
    lode_try(naming_make(c->plan.component_name, c->events, task->arena, &c->naming));
    lode_try(lode_words_create(task->arena, &c->names));
    lode_try(lode_take_zero(task->arena, c->plan.n, &c->counts));
    lode_try(lode_take(task->arena, c->plan.n, &c->touched));
    return lode_part_open_as_of(c->plan.events,
                                c->takes_off ? c->plan.n_counted : c->plan.n_generations,
                                task->index % c->plan.n_parts, &c->part);
}

static lode_status count(struct counter *c)
{
    struct lode_bytes *out = c->task->output;
    lode_try(prepare(c));
    lode_try(read_columns(c));
    lode_try(find_components(c));
    if (!c->takes_off) lode_try(send_extents(c));
    lode_try(expr_program_make(c->plan.graph, c->plan.nodes, c->plan.n, NULL, c->task->arena,
                               &c->program));
    lode_try(count_occurrences(c));
    lode_try(lode_pack_i64(out, c->takes_off ? -c->part.n_events : c->part.n_events));
    lode_try(lode_pack_i64(out, c->n_sent));
    return shuffle_out_commit(&c->out);
}

lode_status rates_count_leaf(struct lode_task *task)
{
    struct counter *c = NULL;
    lode_try(lode_take_zero(task->arena, 1, &c));
    c->task = task;
    const lode_status status = count(c);
    shuffle_out_discard(&c->out);
    lode_part_close(&c->part);
    lode_store_close(c->events);
    return status;
}
