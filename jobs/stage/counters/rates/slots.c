/* Slots: see the header. */
#include "jobs/stage/counters/rates/slots.h"

#include "jobs/stage/counters/rates/record.h"

#include <inttypes.h>
#include <string.h>

/* Slots of a component: 127 years of minutes. */
#define SLOTS_MOST (INT64_C(1) << 26)
enum { PROGRESS_ROWS = 1 << 16 };

struct rate_slots {
    struct lode_task *task;
    struct blocks *blocks;
    struct slots_options options;
    struct slots_totals totals;

    /* the component under way */
    char name[COUNTERS_COMPONENT_LIMIT + 1];
    bool is_open, is_begun /* blocks.h knows it */, is_staged, continues;
    int64_t first_ms, last_ms;   /* of its rows, staged ones too */
    struct lode_open_slot *open; /* [rates] of the last row; staged or put */
    double *values;              /* [rates] of a row that is put */

    /* the slot under way */
    bool has_slot;
    int64_t slot;
    int64_t *counts; /* [rates] */
};

lode_status rate_slots_create(struct lode_task *task, struct blocks *blocks,
                              const struct slots_options *options, struct rate_slots **slots)
{
    struct rate_slots *s = NULL;
    lode_try(lode_take_zero(task->arena, 1, &s));
    s->task = task;
    s->blocks = blocks;
    s->options = *options;
    lode_try(lode_take_zero(task->arena, options->n, &s->open));
    lode_try(lode_take_zero(task->arena, options->n, &s->values));
    lode_try(lode_take_zero(task->arena, options->n, &s->counts));
    *slots = s;
    return LODE_OK;
}

struct slots_totals rate_slots_totals(const struct rate_slots *slots)
{
    return slots->totals;
}

/* --- components --- */

/* The beginning of a slot that events can be in. */
static bool is_time(int64_t time)
{
    return time <= 2 * RATES_TIME_MOST_MS && time >= -2 * RATES_TIME_MOST_MS;
}

/* A component of rates has these counters and no others. */
static lode_status take_staged(struct rate_slots *s, const struct components_staged *staged)
{
    for (int64_t i = 0; i < staged->n_counters; i++) {
        int32_t rate = 0;
        while (rate < s->options.n && strcmp(s->options.names[rate], staged->counters[i]) != 0)
            rate++;
        if (rate == s->options.n)
            return lode_fail(LODE_E_INPUT,
                             "component '%s' has counter '%s' already, which is no rate; rates are "
                             "components of their own: --component-name such as '%s/events' names "
                             "them",
                             s->name, staged->counters[i], s->name);
        s->open[rate] = staged->open[i];
    }
    s->first_ms = staged->first_ms;
    s->last_ms = staged->last_ms;
    if (is_time(s->first_ms) && is_time(s->last_ms)) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "component '%s': times of the store that are none", s->name);
}

static lode_status begin_component(struct rate_slots *s, const uint8_t *name, size_t size)
{
    struct components_staged staged;
    memcpy(s->name, name, size);
    s->name[size] = '\0';
    s->is_open = true;
    s->is_begun = s->is_staged = s->continues = s->has_slot = false;
    if (!s->options.staged) return LODE_OK;
    lode_try(s->options.staged(s->options.context, s->name, &s->is_staged, &staged));
    return s->is_staged ? take_staged(s, &staged) : LODE_OK;
}

/* --- rows --- */

/* A row at `time`, of s->values, which are the last ones from then on. */
static lode_status put_row(struct rate_slots *s, int64_t time)
{
    if (!s->is_begun) lode_try(blocks_begin(s->blocks, s->name, s->options.names, s->options.n));
    s->is_begun = true;
    for (int32_t i = 0; i < s->options.n; i++)
        s->open[i] = (struct lode_open_slot){s->values[i], 1};
    s->last_ms = time;
    return blocks_row(s->blocks, time, s->values);
}

/* Slots without an occurrence, behind the last row and before `time`. */
static lode_status put_zeros(struct rate_slots *s, int64_t time)
{
    const int64_t step = s->options.slot_ms;
    int64_t n = 0;
    if ((time - s->first_ms) / step >= SLOTS_MOST)
        return lode_fail(LODE_E_INPUT,
                         "component '%s': %" PRId64 " slots of %" PRId64
                         " ms between its first event and its last, more than %" PRId64
                         "; is a time wrong? Else give a longer --slot",
                         s->name, (time - s->first_ms) / step, step, SLOTS_MOST);
    memset(s->values, 0, (size_t)s->options.n * sizeof *s->values);
    while (s->last_ms + step < time) {
        lode_try(put_row(s, s->last_ms + step));
        if (++n % PROGRESS_ROWS == 0) lode_try(lode_task_advance(s->task, PROGRESS_ROWS));
    }
    return LODE_OK;
}

static int64_t count_all(const struct rate_slots *s)
{
    int64_t n = 0;
    for (int32_t i = 0; i < s->options.n; i++) n += s->counts[i] < 0 ? -s->counts[i] : s->counts[i];
    return n;
}

/* All counts of the slot under way are there. */
static lode_status end_slot(struct rate_slots *s)
{
    if (!s->has_slot) return LODE_OK;
    s->has_slot = false;
    const int64_t n = count_all(s), time = s->slot;
    const bool has_rows = s->is_staged || s->is_begun;
    if (has_rows && time < s->last_ms) {
        s->totals.n_late += n;
        return LODE_OK;
    }
    const bool goes_on = has_rows && time == s->last_ms; /* the staged one */
    if (goes_on && n == 0) return LODE_OK;
    if (goes_on) s->continues = true;
    if (!has_rows) s->first_ms = time;
    if (has_rows && !goes_on) lode_try(put_zeros(s, time));
    for (int32_t i = 0; i < s->options.n; i++)
        s->values[i] = (double)s->counts[i] + (goes_on ? s->open[i].sum : 0.0);
    s->totals.n_used += n;
    return put_row(s, time);
}

static lode_status end_component(struct rate_slots *s)
{
    if (!s->is_open) return LODE_OK;
    lode_try(end_slot(s));
    s->is_open = false;
    if (!s->is_begun) return LODE_OK;
    return blocks_finish(s->blocks, &(struct blocks_end){.first_ms = s->first_ms,
                                                         .last_ms = s->last_ms,
                                                         .slot_ms = s->options.slot_ms,
                                                         .continues = s->continues,
                                                         .open = s->open});
}

/* --- records --- */

static bool is_component(const struct rate_slots *s, const uint8_t *name, size_t size)
{
    return s->is_open && strlen(s->name) == size && memcmp(s->name, name, size) == 0;
}

lode_status rate_slots_add(struct rate_slots *s, const struct shuffle_record *record)
{
    struct record_key key;
    int64_t count = 0;
    const bool is_key = record_read_key(record->key, record->key_size, &key) && !key.is_head;
    const int64_t rate = is_key ? rates_of(&key) : -2;
    if (rate < -1 || rate >= s->options.n || record->value_size != sizeof count ||
        !is_time(key.time))
        return lode_fail(LODE_E_INPUT, "bytes that are no count of a rate");
    memcpy(&count, record->value, sizeof count);
    if (!is_component(s, record->key, key.name_size)) {
        lode_try(end_component(s));
        lode_try(begin_component(s, record->key, key.name_size));
    }
    if (s->has_slot && s->slot != key.time) lode_try(end_slot(s));
    if (!s->has_slot) {
        s->has_slot = true;
        s->slot = key.time;
        memset(s->counts, 0, (size_t)s->options.n * sizeof *s->counts);
    }
    s->totals.n_arrived += count;
    if (rate >= 0) s->counts[rate] += count;
    return LODE_OK;
}

lode_status rate_slots_finish(struct rate_slots *s)
{
    return end_component(s);
}
