/* Sessions: a hash table finds the session of each event as it comes; then one counting sort by
 * session (events are many, and mostly in order of time already), a small sort within each, and one
 * sort of the sessions, which are few.
 */
#include "jobs/stage/sessions.h"

#include "jobs/stage/shuffle/keys.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_LEAST = 4096, FILE_SHIFT = 40, INSERTION_LIMIT = 24 };

static const char duplicate[] = "duplicate session";
static const char without_session[] = "event without session";

/* What is known of a key (user and session id) before it is a session. */
struct known {
    int64_t start; /* INT64_MIN: unknown */
    int64_t cells; /* first of its session record's cells */
    uint32_t n_cells;
    bool is_session; /* a session record named it */
};

struct event {
    int64_t time;
    uint64_t order; /* file << FILE_SHIFT | line */
    int64_t cells;
    uint32_t n_cells;
    uint32_t name;
    uint32_t key;
};

/* A session of the output, before it has its place. */
struct session {
    struct record_id user, id;
    int64_t start;
    int64_t first_event, n_events;
    uint32_t key;
};

struct sessions {
    const struct stage_plan *plan;
    struct lode_arena *arena;
    struct keys *keys;
    struct known *known; /* [n_known], one a key */
    int64_t n_known, known_room;
    struct event *events;
    int64_t n_events, events_room;
    struct record_cell *cells;
    int64_t n_cells, cells_room;
    int64_t *key_offsets; /* [n_known + 1] into events, once they are sorted */
    struct session *list;
    int64_t n_list, list_room;
};

/* Makes room for `more` items after `count`; arrays double, so the arena holds at most twice. */
static lode_status grow(struct lode_arena *arena, void **items, int64_t count, int64_t *room,
                        int64_t more, size_t item_size)
{
    if (count + more <= *room) return LODE_OK;
    const int64_t wanted = 2 * *room > count + more ? 2 * *room : count + more + ROOM_LEAST;
    void *larger = NULL;
    lode_try(lode_arena_take(arena, (size_t)wanted, item_size, &larger));
    if (count > 0) memcpy(larger, *items, (size_t)count * item_size);
    *items = larger;
    *room = wanted;
    return LODE_OK;
}

lode_status sessions_create(const struct stage_plan *plan, struct lode_arena *arena,
                            struct sessions **sessions)
{
    struct sessions *s = NULL;
    lode_try(lode_take_zero(arena, 1, &s));
    s->plan = plan;
    s->arena = arena;
    lode_try(keys_create(arena, &s->keys));
    *sessions = s;
    return LODE_OK;
}

/* The number of a record's key; new ones get their entry. */
static lode_status find_key(struct sessions *s, const struct record *record, uint32_t *number)
{
    lode_try(keys_add(s->keys, record->key, record->key_size, number));
    if (*number < s->n_known) return LODE_OK;
    lode_try(grow(s->arena, (void **)&s->known, s->n_known, &s->known_room, 1, sizeof *s->known));
    s->known[s->n_known++] = (struct known){.start = INT64_MIN};
    return LODE_OK;
}

static lode_status keep_cells(struct sessions *s, const struct record *record, int64_t *first)
{
    *first = s->n_cells;
    if (record->n_cells == 0) return LODE_OK;
    lode_try(grow(s->arena, (void **)&s->cells, s->n_cells, &s->cells_room, record->n_cells,
                  sizeof *s->cells));
    memcpy(s->cells + s->n_cells, record->cells, (size_t)record->n_cells * sizeof *s->cells);
    s->n_cells += record->n_cells;
    return LODE_OK;
}

lode_status sessions_add(struct sessions *s, const struct record *record, const char **reject)
{
    uint32_t number = 0;
    *reject = NULL;
    lode_try(find_key(s, record, &number));
    if (record->kind == RECORD_SESSION) {
        struct known *key = &s->known[number];
        if (key->is_session) {
            *reject = duplicate;
            return LODE_OK;
        }
        lode_try(keep_cells(s, record, &key->cells));
        key->is_session = true;
        key->n_cells = (uint32_t)record->n_cells;
        if (record->has_time) key->start = record->time;
        return LODE_OK;
    }
    if (record->kind != RECORD_EVENT)
        return lode_fail(LODE_E_BUG, "a record of kind %d among sessions", (int)record->kind);
    struct event event = {.time = record->time,
                          .order = (uint64_t)record->file << FILE_SHIFT | (uint64_t)record->line,
                          .n_cells = (uint32_t)record->n_cells,
                          .name = record->name,
                          .key = number};
    lode_try(keep_cells(s, record, &event.cells));
    lode_try(
        grow(s->arena, (void **)&s->events, s->n_events, &s->events_room, 1, sizeof *s->events));
    s->events[s->n_events++] = event;
    return LODE_OK;
}

static bool is_dropped(const struct sessions *s, uint32_t key)
{
    return s->plan->sessions_given && !s->known[key].is_session;
}

/* Events of one key beside each other, those without a session rejected. */
static lode_status group_events(struct sessions *s, sessions_reject_fn reject, void *context)
{
    const uint64_t line_mask = (UINT64_C(1) << FILE_SHIFT) - 1;
    int64_t *next = NULL;
    struct event *grouped = NULL;
    lode_try(lode_take_zero(s->arena, s->n_known + 1, &s->key_offsets));
    lode_try(lode_take(s->arena, s->n_known, &next));
    lode_try(lode_take(s->arena, s->n_events, &grouped));
    for (int64_t i = 0; i < s->n_events; i++) {
        const struct event *event = &s->events[i];
        if (is_dropped(s, event->key))
            lode_try(reject(context, (int64_t)(event->order >> FILE_SHIFT),
                            (int64_t)(event->order & line_mask), without_session));
        else
            s->key_offsets[event->key + 1]++;
    }
    for (int64_t k = 0; k < s->n_known; k++) {
        next[k] = s->key_offsets[k];
        s->key_offsets[k + 1] += s->key_offsets[k];
    }
    for (int64_t i = 0; i < s->n_events; i++)
        if (!is_dropped(s, s->events[i].key)) grouped[next[s->events[i].key]++] = s->events[i];
    s->events = grouped;
    s->n_events = s->key_offsets[s->n_known];
    return LODE_OK;
}

static bool event_before(const struct event *a, const struct event *b)
{
    return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static int compare_events(const void *left, const void *right)
{
    return event_before(left, right) ? -1 : event_before(right, left);
}

/* Most sessions are in order already, nearly all others short. */
static void sort_events(struct event *events, int64_t n)
{
    int64_t sorted = n > 0 ? 1 : 0;
    while (sorted < n && !event_before(&events[sorted], &events[sorted - 1])) sorted++;
    if (sorted == n) return;
    if (n > INSERTION_LIMIT) {
        qsort(events, (size_t)n, sizeof *events, compare_events);
        return;
    }
    for (int64_t i = sorted; i < n; i++) {
        const struct event event = events[i];
        int64_t at = i;
        for (; at > 0 && event_before(&event, &events[at - 1]); at--) events[at] = events[at - 1];
        events[at] = event;
    }
}

static lode_status add_session(struct sessions *s, uint32_t key, int64_t first, int64_t n_events,
                               int64_t start)
{
    lode_try(grow(s->arena, (void **)&s->list, s->n_list, &s->list_room, 1, sizeof *s->list));
    struct session *session = &s->list[s->n_list++];
    *session =
        (struct session){.start = start, .first_event = first, .n_events = n_events, .key = key};
    record_ids(keys_bytes(s->keys, key), &session->user, &session->id);
    if (session->id.size == 0) session->id = session->user;
    return LODE_OK;
}

/* KEY#1, KEY#2, ... for the sessions [first, n_list) of one key, if they are several. */
static lode_status number_ids(struct sessions *s, int64_t first)
{
    if (s->n_list - first < 2) return LODE_OK;
    for (int64_t i = first; i < s->n_list; i++) {
        struct record_id *id = &s->list[i].id;
        char text[STAGE_ID_LIMIT + 24];
        char *copy = NULL;
        memcpy(text, id->text, id->size);
        const int digits =
            snprintf(text + id->size, sizeof text - id->size, "#%" PRId64, i - first + 1);
        lode_try(lode_arena_text(s->arena, text, id->size + (size_t)digits, &copy));
        *id = (struct record_id){copy, id->size + (size_t)digits};
    }
    return LODE_OK;
}

/* Cuts the events [first, end) of a key at gaps and at the greatest length. */
static lode_status split_key(struct sessions *s, uint32_t key, int64_t first, int64_t end)
{
    const int64_t first_session = s->n_list;
    int64_t begin = first;
    for (int64_t i = first + 1; i <= end; i++) {
        const struct event *events = s->events;
        const bool cut = i == end || events[i].time - events[i - 1].time > s->plan->gap_ms ||
                         events[i].time - events[begin].time > s->plan->max_ms;
        if (!cut) continue;
        lode_try(add_session(s, key, begin, i - begin, events[begin].time));
        begin = i;
    }
    return number_ids(s, first_session);
}

static lode_status list_sessions(struct sessions *s)
{
    for (int64_t k = 0; k < s->n_known; k++) {
        const uint32_t key = (uint32_t)k;
        const int64_t first = s->key_offsets[k];
        const int64_t end = s->key_offsets[k + 1];
        if (is_dropped(s, key)) continue;
        sort_events(s->events + first, end - first);
        if (s->plan->split) {
            lode_try(split_key(s, key, first, end));
            continue;
        }
        int64_t start = s->known[k].start;
        if (start == INT64_MIN && end > first) start = s->events[first].time;
        lode_try(add_session(s, key, first, end - first, start));
    }
    return LODE_OK;
}

/* What the sort of sessions moves: most comparisons end with the first bytes of the user. */
struct place {
    uint64_t user_prefix;
    uint32_t session;
};

static uint64_t prefix_of(struct record_id id)
{
    uint64_t prefix = 0;
    for (size_t i = 0; i < sizeof prefix; i++)
        prefix = prefix << 8 | (i < id.size ? (uint8_t)id.text[i] : 0);
    return prefix;
}

static int compare_ids(struct record_id a, struct record_id b)
{
    const int order = memcmp(a.text, b.text, a.size < b.size ? a.size : b.size);
    if (order != 0) return order;
    return (a.size > b.size) - (a.size < b.size);
}

static int compare_places(const void *left, const void *right, void *context)
{
    const struct place *p = left;
    const struct place *q = right;
    if (p->user_prefix != q->user_prefix) return p->user_prefix < q->user_prefix ? -1 : 1;
    const struct session *list = context;
    const struct session *a = &list[p->session];
    const struct session *b = &list[q->session];
    const int users = compare_ids(a->user, b->user);
    if (users != 0) return users;
    if (a->start != b->start) return a->start < b->start ? -1 : 1;
    return compare_ids(a->id, b->id);
}

static lode_status sort_sessions(struct sessions *s)
{
    struct place *places = NULL;
    struct session *sorted = NULL;
    lode_try(lode_take(s->arena, s->n_list, &places));
    lode_try(lode_take(s->arena, s->n_list, &sorted));
    for (int64_t i = 0; i < s->n_list; i++)
        places[i] = (struct place){prefix_of(s->list[i].user), (uint32_t)i};
    if (s->n_list > 1) qsort_r(places, (size_t)s->n_list, sizeof *places, compare_places, s->list);
    for (int64_t i = 0; i < s->n_list; i++) sorted[i] = s->list[places[i].session];
    s->list = sorted;
    return LODE_OK;
}

static lode_status put_users(struct sessions *s, struct sessions_rows *rows)
{
    lode_try(lode_take(s->arena, s->n_list, &rows->users));
    lode_try(lode_take(s->arena, s->n_list + 1, &rows->session_offsets));
    for (int64_t i = 0; i < s->n_list; i++) {
        if (i > 0 && compare_ids(s->list[i].user, s->list[i - 1].user) == 0) continue;
        rows->users[rows->n_users] = s->list[i].user;
        rows->session_offsets[rows->n_users++] = i;
    }
    rows->session_offsets[rows->n_users] = s->n_list;
    return LODE_OK;
}

static lode_status put_sessions(struct sessions *s, struct sessions_rows *rows)
{
    rows->n_sessions = s->n_list;
    rows->n_events = s->n_events;
    lode_try(lode_take(s->arena, s->n_list, &rows->sessions));
    lode_try(lode_take(s->arena, s->n_list, &rows->starts));
    lode_try(lode_take(s->arena, s->n_list + 1, &rows->event_offsets));
    lode_try(lode_take(s->arena, s->n_events, &rows->times));
    lode_try(lode_take(s->arena, s->n_events, &rows->names));
    int64_t filled = 0;
    for (int64_t i = 0; i < s->n_list; i++) {
        const struct session *session = &s->list[i];
        rows->sessions[i] = session->id;
        rows->starts[i] = session->start;
        rows->event_offsets[i] = filled;
        for (int64_t e = 0; e < session->n_events; e++, filled++) {
            rows->times[filled] = s->events[session->first_event + e].time;
            rows->names[filled] = s->events[session->first_event + e].name;
        }
    }
    rows->event_offsets[s->n_list] = filled;
    return LODE_OK;
}

/* Takes the cells into row `row` (a session): of a KPI the largest, of an attribute the first. */
static void put_cells(const struct sessions *s, int64_t first, uint32_t count, int64_t row,
                      struct sessions_rows *rows)
{
    const int64_t n_kpis = s->plan->n_kpis;
    for (int64_t c = first; c < first + count; c++) {
        const struct record_cell *cell = &s->cells[c];
        if (cell->column < n_kpis) {
            double *value = &rows->kpis[cell->column][row];
            if (!(*value >= cell->value)) *value = cell->value; /* also where it is NaN */
        } else {
            uint32_t *code = &rows->attributes[cell->column - n_kpis][row];
            if (*code == LODE_NO_CODE) *code = cell->code;
        }
    }
}

/* One value a user: the first of its sessions that has one. In place: users come before sessions.
 */
static void fold_users(const struct sessions_rows *rows, uint32_t *codes)
{
    for (int64_t u = 0; u < rows->n_users; u++) {
        uint32_t code = LODE_NO_CODE;
        for (int64_t i = rows->session_offsets[u]; i < rows->session_offsets[u + 1]; i++)
            if (code == LODE_NO_CODE) code = codes[i];
        codes[u] = code;
    }
}

static lode_status put_values(struct sessions *s, struct sessions_rows *rows)
{
    const struct stage_plan *plan = s->plan;
    lode_try(lode_take(s->arena, plan->n_kpis, &rows->kpis));
    lode_try(lode_take(s->arena, plan->n_attributes, &rows->attributes));
    for (int64_t k = 0; k < plan->n_kpis; k++) {
        lode_try(lode_take(s->arena, s->n_list, &rows->kpis[k]));
        for (int64_t i = 0; i < s->n_list; i++) rows->kpis[k][i] = (double)NAN;
    }
    for (int64_t a = 0; a < plan->n_attributes; a++) {
        lode_try(lode_take(s->arena, s->n_list, &rows->attributes[a]));
        memset(rows->attributes[a], 0xff, (size_t)s->n_list * sizeof **rows->attributes);
    }
    for (int64_t i = 0; i < s->n_list; i++) {
        const struct session *session = &s->list[i];
        const struct known *key = &s->known[session->key];
        put_cells(s, key->cells, key->n_cells, i, rows);
        for (int64_t e = 0; e < session->n_events; e++) {
            const struct event *event = &s->events[session->first_event + e];
            put_cells(s, event->cells, event->n_cells, i, rows);
        }
    }
    for (int64_t a = 0; a < plan->n_attributes; a++)
        if (plan->attributes[a].of_user) fold_users(rows, rows->attributes[a]);
    return LODE_OK;
}

lode_status sessions_finish(struct sessions *s, sessions_reject_fn reject, void *context,
                            struct sessions_rows *rows)
{
    memset(rows, 0, sizeof *rows);
    lode_try(group_events(s, reject, context));
    lode_try(list_sessions(s));
    lode_try(sort_sessions(s));
    lode_try(put_users(s, rows));
    lode_try(put_sessions(s, rows));
    return put_values(s, rows);
}
