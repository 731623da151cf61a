/* Sessions: one session is open at a time. When a record of another comes, the open one is cut (if
 * asked for) and goes straight to the sink when its user has no other, else to the user's sessions,
 * which go to the sink when the next user comes.
 */
#include "jobs/stage/sessions.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_ROWS = 1024 };

static const char duplicate[] = "duplicate session";
static const char without_session[] = "event without session";

struct sessions {
    const struct stage_plan *plan;
    struct sessions_sink sink;
    struct session_events *events;
    struct user_sessions *others;
    /* the open key; size 0: none yet */
    uint8_t key[RECORD_KEY_LIMIT];
    size_t key_size;
    bool is_session; /* a session record named it, or none is needed */
    int64_t start;   /* INT64_MIN: unknown */
    double *kpis;    /* [n_kpis] of the session record */
    uint32_t *attributes;
    bool user_is_alone; /* the open key is the first of its user */
    /* numbers of columns of sessions; behind them are those of events */
    int64_t n_kpis, n_attributes;
    size_t value_bytes;    /* of an event */
    uint8_t *event_values; /* [VALUE_ROWS] of value_bytes */
    /* the session that is put together */
    double *row_kpis;
    uint32_t *row_attributes;
    uint32_t *user_attributes;
};

static bool has_event_values(const struct stage_plan *plan)
{
    /* what was staged before comes as events too, whatever columns these files have */
    if (plan->generation > 1 && (!plan->sessions_given || stage_event_bytes(plan) > 0)) return true;
    for (int64_t f = 0; f < plan->n_files; f++) {
        const struct stage_file *file = &plan->files[f];
        if (file->role != STAGE_EVENTS) continue;
        for (int64_t k = 0; k < plan->n_kpis; k++)
            if (file->kpi_at[k] >= 0) return true;
        for (int64_t a = 0; a < plan->n_attributes; a++)
            if (file->attribute_at[a] >= 0) return true;
    }
    return false;
}

static void no_values(const struct sessions *s, double *kpis, uint32_t *attributes)
{
    for (int64_t k = 0; k < s->n_kpis; k++) kpis[k] = (double)NAN;
    for (int64_t a = 0; a < s->n_attributes; a++) attributes[a] = LODE_NO_CODE;
}

static lode_status take_values(struct sessions *s, struct lode_arena *arena)
{
    s->n_kpis = stage_session_kpis(s->plan);
    s->n_attributes = stage_session_attributes(s->plan);
    s->value_bytes = stage_event_bytes(s->plan);
    lode_try(lode_take(arena, s->n_kpis, &s->kpis));
    lode_try(lode_take(arena, s->n_kpis, &s->row_kpis));
    lode_try(lode_take(arena, s->n_attributes, &s->attributes));
    lode_try(lode_take(arena, s->n_attributes, &s->row_attributes));
    lode_try(lode_take(arena, s->n_attributes, &s->user_attributes));
    lode_try(lode_take(arena, VALUE_ROWS * s->value_bytes, &s->event_values));
    no_values(s, s->row_kpis, s->user_attributes);
    return LODE_OK;
}

lode_status sessions_create(const struct stage_plan *plan, const struct shuffle_site *site,
                            size_t memory_bytes, const struct sessions_sink *sink,
                            struct sessions **sessions)
{
    struct sessions *s = NULL;
    const size_t part = memory_bytes / 4 / 64 * 64; /* events, their sorter, the user's sessions */
    const int64_t cells = has_event_values(plan) ? plan->n_kpis + plan->n_attributes : 0;
    lode_try(lode_take_zero(site->arena, 1, &s));
    s->plan = plan;
    s->sink = *sink;
    lode_try(take_values(s, site->arena));
    lode_try(session_events_create(site, part, cells, &s->events));
    lode_try(user_sessions_create(site, part, plan, &s->others));
    *sessions = s;
    return LODE_OK;
}

/* Takes cells into the values of a session: of a KPI the largest, of an attribute the first. Cells
 * of single events are left. */
static void put_cells(const struct sessions *s, const struct record_cell *cells, int64_t n,
                      double *kpis, uint32_t *attributes)
{
    const int64_t all_kpis = s->plan->n_kpis;
    for (int64_t c = 0; c < n; c++) {
        const struct record_cell *cell = &cells[c];
        if (cell->column < s->n_kpis) {
            double *value = &kpis[cell->column];
            if (!(*value >= cell->value)) *value = cell->value; /* also where it is NaN */
        } else if (cell->column >= all_kpis && cell->column - all_kpis < s->n_attributes) {
            uint32_t *code = &attributes[cell->column - all_kpis];
            if (*code == LODE_NO_CODE) *code = cell->code;
        }
    }
}

/* Cells [n] of one event into its values (stage_event_bytes). */
static void put_event_cells(const struct sessions *s, const struct record_cell *cells, int64_t n,
                            uint8_t *values)
{
    const struct stage_plan *plan = s->plan;
    uint8_t *codes = values + (size_t)plan->n_event_values * sizeof(double);
    const double no_value = (double)NAN;
    const uint32_t no_code = LODE_NO_CODE;
    for (int64_t v = 0; v < plan->n_event_values; v++)
        memcpy(values + (size_t)v * sizeof no_value, &no_value, sizeof no_value);
    for (int64_t a = 0; a < plan->n_event_attributes; a++)
        memcpy(codes + (size_t)a * sizeof no_code, &no_code, sizeof no_code);
    for (int64_t c = 0; c < n; c++) {
        const int64_t value = cells[c].column - s->n_kpis;
        const int64_t attribute = cells[c].column - plan->n_kpis - s->n_attributes;
        if (attribute >= 0)
            memcpy(codes + (size_t)attribute * sizeof cells->code, &cells[c].code,
                   sizeof cells->code);
        else if (value >= 0 && value < plan->n_event_values)
            memcpy(values + (size_t)value * sizeof cells->value, &cells[c].value,
                   sizeof cells->value);
    }
}

/* The session goes to the sink; its user takes its first values. */
static lode_status give_session(void *context, const struct session_row *row)
{
    struct sessions *s = context;
    for (int64_t a = 0; a < s->n_attributes; a++)
        if (s->user_attributes[a] == LODE_NO_CODE) s->user_attributes[a] = row->attributes[a];
    return s->sink.session(s->sink.context, row);
}

static lode_status give_events(void *context, const struct event_rows *rows)
{
    const struct sessions *s = context;
    return s->sink.events(s->sink.context, rows);
}

/* Where the session that is put together goes. */
struct target {
    bool is_sink;
    struct session_row row;
    char id[STAGE_ID_LIMIT + 24];
};

static lode_status begin_row(struct sessions *s, struct target *target, int64_t start)
{
    target->row.start = start;
    target->row.start_is_derived = s->start == INT64_MIN;
    target->row.kpis = s->row_kpis;
    target->row.attributes = s->row_attributes;
    if (s->n_kpis > 0) memcpy(s->row_kpis, s->kpis, (size_t)s->n_kpis * sizeof *s->kpis);
    if (s->n_attributes > 0)
        memcpy(s->row_attributes, s->attributes, (size_t)s->n_attributes * sizeof *s->attributes);
    return target->is_sink ? LODE_OK : user_sessions_begin(s->others, &target->row);
}

static lode_status put_rows(struct sessions *s, const struct target *target,
                            const struct event_rows *rows)
{
    return target->is_sink ? give_events(s, rows) : user_sessions_put(s->others, rows);
}

/* Events [first, end) of the batch; `cells` are of the first. */
static lode_status put_events(struct sessions *s, const struct target *target,
                              const struct event_batch *batch, int64_t first, int64_t end,
                              const struct record_cell *cells)
{
    const int64_t most = s->value_bytes > 0 ? VALUE_ROWS : INT64_MAX;
    while (first < end) {
        const int64_t n = end - first < most ? end - first : most;
        const struct event_rows rows = {n, batch->times + first, batch->names + first,
                                        s->value_bytes > 0 ? s->event_values : NULL};
        for (int64_t i = 0; s->value_bytes > 0 && i < n; i++) {
            const int64_t n_cells = batch->n_cells ? batch->n_cells[first + i] : 0;
            put_event_cells(s, cells, n_cells, s->event_values + (size_t)i * s->value_bytes);
            if (n_cells > 0) cells += n_cells; /* else there may be no array */
        }
        lode_try(put_rows(s, target, &rows));
        first += n;
    }
    return LODE_OK;
}

static lode_status end_row(struct sessions *s, const struct target *target)
{
    return target->is_sink ? give_session(s, &target->row)
                           : user_sessions_end(s->others, &target->row);
}

/* Where a key's events are cut, seen event by event in order. */
struct cutter {
    int64_t begin, last; /* times of the session's first event and of the one before */
    bool has_begun;
};

/* Does a new session begin with this event? */
static bool is_cut(const struct stage_plan *plan, struct cutter *cutter, int64_t time)
{
    const bool cut = cutter->has_begun && plan->split &&
                     (time - cutter->last > plan->gap_ms || time - cutter->begin > plan->max_ms);
    if (cut || !cutter->has_begun) cutter->begin = time;
    cutter->last = time;
    cutter->has_begun = true;
    return cut;
}

static lode_status count_pieces(struct sessions *s, int64_t *n)
{
    struct cutter cutter = {0};
    *n = 1;
    if (!s->plan->split) return LODE_OK;
    lode_try(session_events_begin(s->events));
    for (;;) {
        struct event_batch batch;
        lode_try(session_events_next(s->events, &batch));
        if (batch.n == 0) return LODE_OK;
        for (int64_t i = 0; i < batch.n; i++) *n += is_cut(s->plan, &cutter, batch.times[i]);
    }
}

/* KEY, or KEY#number where the key has several sessions. */
static void name_row(struct target *target, struct record_id id, int64_t number, int64_t n)
{
    target->row.id = id;
    target->row.piece = 0;
    if (n < 2) return;
    target->row.piece = (uint32_t)number;
    memcpy(target->id, id.text, id.size);
    const int digits =
        snprintf(target->id + id.size, sizeof target->id - id.size, "#%" PRId64, number);
    target->row.id = (struct record_id){target->id, id.size + (size_t)digits};
}

/* The events of one batch, up to three steps at each cut: end, name, begin. */
static lode_status put_batch(struct sessions *s, struct target *target, struct record_id id,
                             const struct event_batch *batch, struct cutter *cutter,
                             int64_t *number, int64_t n_pieces)
{
    const struct record_cell *cells = batch->cells;
    const struct record_cell *first_cells = cells;
    int64_t first = 0;
    if (!s->plan->split && !batch->n_cells) return put_events(s, target, batch, 0, batch->n, cells);
    for (int64_t i = 0; i < batch->n; i++) {
        if (is_cut(s->plan, cutter, batch->times[i])) {
            lode_try(put_events(s, target, batch, first, i, first_cells));
            lode_try(end_row(s, target));
            name_row(target, id, ++*number, n_pieces);
            lode_try(begin_row(s, target, batch->times[i]));
            first = i;
            first_cells = cells;
        }
        const int64_t n_cells = batch->n_cells ? batch->n_cells[i] : 0;
        put_cells(s, cells, n_cells, target->row.kpis, target->row.attributes);
        if (n_cells > 0) cells += n_cells; /* else there may be no array */
    }
    return put_events(s, target, batch, first, batch->n, first_cells);
}

/* The open key becomes one session or several. */
static lode_status put_key(struct sessions *s, struct record_id id, bool is_sink)
{
    struct target target = {.is_sink = is_sink};
    struct cutter cutter = {0};
    struct event_batch batch;
    int64_t number = 1;
    int64_t n_pieces = 1;
    lode_try(count_pieces(s, &n_pieces));
    lode_try(session_events_begin(s->events));
    lode_try(session_events_next(s->events, &batch));
    name_row(&target, id, number, n_pieces);
    const bool takes_first = s->start == INT64_MIN && batch.n > 0;
    lode_try(begin_row(s, &target, takes_first ? batch.times[0] : s->start));
    while (batch.n > 0) {
        lode_try(put_batch(s, &target, id, &batch, &cutter, &number, n_pieces));
        lode_try(session_events_next(s->events, &batch));
    }
    return end_row(s, &target);
}

/* Ends the open key; `user_ends`: the next one is another user's. */
static lode_status close_key(struct sessions *s, bool user_ends)
{
    struct record_id user;
    struct record_id id;
    if (s->key_size == 0) return LODE_OK;
    record_ids(s->key, s->key_size, &user, &id);
    const bool is_alone = s->user_is_alone && user_ends;
    if (s->is_session) lode_try(put_key(s, id, is_alone));
    if (s->is_session) s->user_is_alone = false;
    session_events_clear(s->events);
    if (!user_ends) return LODE_OK;
    if (!is_alone) {
        const struct user_sessions_visitor visitor = {
            .context = s, .events = give_events, .session = give_session};
        lode_try(user_sessions_visit(s->others, &visitor));
    }
    if (!s->user_is_alone) /* else the user has nothing but rejects */
        lode_try(s->sink.user(s->sink.context, user, s->user_attributes));
    no_values(s, s->row_kpis, s->user_attributes);
    s->user_is_alone = true;
    return LODE_OK;
}

static bool is_other_user(const struct sessions *s, const uint8_t *key, size_t key_size)
{
    struct record_id open;
    struct record_id next;
    struct record_id session;
    record_ids(s->key, s->key_size, &open, &session);
    record_ids(key, key_size, &next, &session);
    return open.size != next.size || memcmp(open.text, next.text, open.size) != 0;
}

static lode_status open_key(struct sessions *s, const uint8_t *key, size_t key_size)
{
    if (s->key_size == 0)
        s->user_is_alone = true;
    else
        lode_try(close_key(s, is_other_user(s, key, key_size)));
    if (key_size == 0 || key_size > sizeof s->key)
        return lode_fail(LODE_E_INPUT, "a session's key of %zu bytes", key_size);
    memcpy(s->key, key, key_size);
    s->key_size = key_size;
    s->is_session = !s->plan->sessions_given;
    s->start = INT64_MIN;
    no_values(s, s->kpis, s->attributes);
    return LODE_OK;
}

lode_status sessions_begin(struct sessions *s, const uint8_t *key, size_t key_size)
{
    key_size = record_session_size(key, key_size);
    if (key_size == s->key_size && memcmp(key, s->key, key_size) == 0) return LODE_OK;
    return open_key(s, key, key_size);
}

lode_status sessions_add_events(struct sessions *s, const int64_t *times, const uint32_t *names,
                                int64_t n)
{
    if (s->plan->sessions_given)
        return lode_fail(LODE_E_BUG, "%" PRId64 " events without lines, where sessions are given",
                         n);
    return session_events_add_all(s->events, times, names, n);
}

lode_status sessions_add(struct sessions *s, const struct record *record)
{
    if (record->kind == RECORD_EVENT) {
        if (s->is_session) return session_events_add(s->events, record);
        return s->sink.reject(s->sink.context, record, without_session);
    }
    if (s->is_session) return s->sink.reject(s->sink.context, record, duplicate);
    s->is_session = true;
    if (record->has_time) s->start = record->time;
    put_cells(s, record->cells, record->n_cells, s->kpis, s->attributes);
    return LODE_OK;
}

lode_status sessions_end_user(struct sessions *s)
{
    lode_try(close_key(s, true));
    s->key_size = 0;
    return LODE_OK;
}

lode_status sessions_finish(struct sessions *s)
{
    return close_key(s, true);
}

void sessions_close(struct sessions *s)
{
    if (!s) return;
    session_events_close(s->events);
    user_sessions_close(s->others);
}
