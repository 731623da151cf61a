/* Staged users: see the header. Users of a partition come in order of their ids from the spans of
 * its files (generations.h); columns are read through windows, one set a file.
 */
#include "jobs/stage/staged_users.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/store_later.h"
#include "common/text.h"
#include "jobs/stage/window.h"

enum { FIXED_WINDOWS = 9, WINDOW_MOST = 256 << 10, WINDOW_LEAST = 4 << 10 };

/* Columns of one file. */
struct staged_file {
    struct window user_id, session_offset, session_id, start, event_offset, time, name;
    struct window derived, pieces; /* file NULL: there is none */
    struct window *kpis;           /* [n_kpis] */
    struct window *attributes;     /* [n_attributes] */
};

/* A session of the user that was found. */
struct staged_session {
    const uint8_t *key;
    size_t key_size;
    uint32_t piece;
    int64_t row;
};

struct staged_users {
    const struct stage_plan *plan;
    struct lode_part part;
    struct generation_span whole; /* of a partition of one file */
    const struct generation_span *spans;
    int64_t n_spans, n_files;
    struct staged_file *files;
    /* the next user */
    int64_t span, in_span, user;
    /* the user that was found */
    struct lode_arena *scratch;
    int64_t file;
    struct staged_session *sessions;
    int64_t n_sessions, n_fed;
    struct record record;
    /* the last session that was fed */
    uint8_t last_key[RECORD_KEY_LIMIT];
    size_t last_key_size;
    int64_t last_time;
    struct staged_replaced replaced;
    int64_t *n_missing;
};

static lode_status open_values(struct staged_users *u, struct staged_file *file,
                               struct lode_hdf *hdf, struct lode_arena *arena, size_t bytes)
{
    const struct stage_plan *plan = u->plan;
    char *path = NULL;
    lode_try(lode_take_zero(arena, plan->n_kpis, &file->kpis));
    lode_try(lode_take_zero(arena, plan->n_attributes, &file->attributes));
    for (int64_t k = 0; k < plan->n_kpis; k++) {
        const char *group = k < stage_session_kpis(plan) ? LODE_PART_KPIS : LODE_PART_EVENT_VALUES;
        lode_try(lode_store_column_path(group, plan->kpis[k].name, u->scratch, &path));
        lode_try(window_open(hdf, path, -1, bytes, &file->kpis[k]));
    }
    for (int64_t a = 0; a < plan->n_attributes; a++) {
        const struct stage_attribute *attribute = &plan->attributes[a];
        const char *group =
            attribute->of_user ? LODE_PART_SESSION_USER_ATTRIBUTES : LODE_PART_SESSION_ATTRIBUTES;
        if (a >= stage_session_attributes(plan)) group = LODE_PART_EVENT_ATTRIBUTES;
        lode_try(lode_store_column_path(group, attribute->name, u->scratch, &path));
        lode_try(window_open(hdf, path, attribute->n_words, bytes, &file->attributes[a]));
    }
    return LODE_OK;
}

static lode_status open_file(struct staged_users *u, struct staged_file *file, struct lode_hdf *hdf,
                             struct lode_arena *arena, size_t bytes)
{
    const struct {
        const char *name;
        struct window *window;
    } fixed[] = {
        {LODE_PART_USER_ID, &file->user_id},
        {LODE_PART_SESSION_OFFSET, &file->session_offset},
        {LODE_PART_SESSION_ID, &file->session_id},
        {LODE_PART_SESSION_START, &file->start},
        {LODE_PART_EVENT_OFFSET, &file->event_offset},
        {LODE_PART_EVENT_TIME, &file->time},
        {LODE_PART_SESSION_DERIVED, &file->derived},
        {LODE_PART_SESSION_PIECE, &file->pieces},
    };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        const bool is_optional =
            fixed[i].window == &file->derived || fixed[i].window == &file->pieces;
        if (is_optional && !lode_hdf_has(hdf, fixed[i].name)) continue;
        lode_try(window_open(hdf, fixed[i].name, -1, bytes, fixed[i].window));
    }
    lode_try(window_open(hdf, LODE_PART_EVENT_NAME, u->plan->n_event_names, bytes, &file->name));
    return open_values(u, file, hdf, arena, bytes);
}

static lode_status open_files(struct staged_users *u, struct lode_arena *arena, size_t memory_bytes)
{
    const struct lode_part_later *later = u->part.later;
    u->whole = (struct generation_span){
        .n_users = u->part.n_users, .n_sessions = u->part.n_sessions, .n_events = u->part.n_events};
    u->spans = later ? later->spans : &u->whole;
    u->n_spans = later ? later->n_spans : u->part.n_users > 0;
    u->n_files = later ? later->n_files : 1;
    const int64_t windows = u->n_files * (FIXED_WINDOWS + u->plan->n_kpis + u->plan->n_attributes);
    size_t bytes = memory_bytes / 2 / (size_t)windows;
    if (bytes > WINDOW_MOST) bytes = WINDOW_MOST;
    if (bytes < WINDOW_LEAST) bytes = WINDOW_LEAST;
    lode_try(lode_take_zero(arena, u->n_files, &u->files));
    for (int64_t f = 0; f < u->n_files; f++)
        lode_try(
            open_file(u, &u->files[f], later ? later->files[f].file : u->part.file, arena, bytes));
    return LODE_OK;
}

lode_status staged_users_open(const struct stage_plan *plan, int64_t index,
                              struct lode_arena *arena, size_t memory_bytes,
                              struct staged_users **users)
{
    struct staged_users *u = NULL;
    lode_try(lode_take_zero(arena, 1, &u));
    *users = u;
    u->plan = plan;
    lode_try(lode_take(arena, plan->n_kpis + plan->n_attributes, &u->record.cells));
    lode_try(lode_take_zero(arena, plan->n_kpis, &u->n_missing));
    u->replaced.n_missing = u->n_missing;
    lode_try(lode_arena_create(memory_bytes / 2, &u->scratch));
    lode_try(lode_part_open_as_of(plan->directory, plan->generation - 1, index, &u->part));
    return open_files(u, arena, memory_bytes);
}

static lode_status get_i64(struct window *window, int64_t row, int64_t *value)
{
    const void *item = NULL;
    if (window->type != LODE_HDF_I64)
        return lode_fail(LODE_E_INPUT, "'%s' is no column of i64", window->name);
    lode_try(window_at(window, row, &item));
    *value = *(const int64_t *)item;
    return LODE_OK;
}

static lode_status get_id(struct window *window, int64_t row, struct record_id *id)
{
    const void *item = NULL;
    if (window->type != LODE_HDF_TEXT)
        return lode_fail(LODE_E_INPUT, "'%s' is no column of text", window->name);
    lode_try(window_at(window, row, &item));
    *id = (struct record_id){item, strnlen(item, window->item_bytes)};
    return LODE_OK;
}

static int compare_bytes(const void *left, size_t left_size, const void *right, size_t right_size)
{
    const size_t size = left_size < right_size ? left_size : right_size;
    const int order = size > 0 ? memcmp(left, right, size) : 0;
    return order ? order : (left_size > right_size) - (left_size < right_size);
}

static int compare_sessions(const void *left, const void *right)
{
    const struct staged_session *a = left, *b = right;
    const int order = compare_bytes(a->key, a->key_size, b->key, b->key_size);
    return order ? order : (a->piece > b->piece) - (a->piece < b->piece);
}

/* Where keys were cut, the session's id is KEY#piece. */
static lode_status find_key(struct staged_users *u, struct record_id user, int64_t row,
                            struct staged_session *session)
{
    struct staged_file *file = &u->files[u->file];
    struct record_id id;
    const void *piece = NULL;
    uint8_t key[RECORD_KEY_LIMIT];
    uint8_t *copy = NULL;
    lode_try(get_id(&file->session_id, row, &id));
    session->row = row;
    session->piece = 0;
    if (file->pieces.file) {
        if (file->pieces.type != LODE_HDF_U32)
            return lode_fail(LODE_E_INPUT, "'%s' is no column of u32", file->pieces.name);
        lode_try(window_at(&file->pieces, row, &piece));
        session->piece = *(const uint32_t *)piece;
    }
    if (session->piece > 0)
        while (id.size > 0 && id.text[--id.size] != '#') continue;
    if (id.size == 0 || id.size > STAGE_ID_LIMIT || user.size == 0 || user.size > STAGE_ID_LIMIT)
        return lode_fail(LODE_E_INPUT, "session %" PRId64 ": an id of %zu bytes", row, id.size);
    const uint8_t *made = record_key(user, id, false, key, &session->key_size);
    lode_try(lode_take(u->scratch, session->key_size, &copy));
    memcpy(copy, made, session->key_size);
    session->key = copy;
    return LODE_OK;
}

/* The sessions of the user in row `row` of a file, in order of their keys. */
static lode_status take_user(struct staged_users *u, int64_t row, struct record_id id)
{
    struct staged_file *file = &u->files[u->file];
    int64_t first = 0, end = 0;
    lode_arena_reset(u->scratch);
    lode_try(get_i64(&file->session_offset, row, &first));
    lode_try(get_i64(&file->session_offset, row + 1, &end));
    if (first < 0 || end < first || end > file->session_id.rows)
        return lode_fail(LODE_E_INPUT, "user %" PRId64 ": sessions %" PRId64 " to %" PRId64, row,
                         first, end);
    lode_try(lode_take(u->scratch, end - first, &u->sessions));
    for (int64_t s = first; s < end; s++) lode_try(find_key(u, id, s, &u->sessions[s - first]));
    u->n_sessions = end - first;
    u->n_fed = 0;
    qsort(u->sessions, (size_t)u->n_sessions, sizeof *u->sessions, compare_sessions);
    u->replaced.n_users++;
    return LODE_OK;
}

static void go_on(struct staged_users *u)
{
    u->user++;
    if (++u->in_span < u->spans[u->span].n_users) return;
    u->span++;
    u->in_span = 0;
}

lode_status staged_users_find(struct staged_users *u, struct record_id id, int64_t *place,
                              bool *is_new)
{
    u->n_sessions = u->n_fed = 0;
    u->last_key_size = 0;
    *is_new = true;
    while (u->span < u->n_spans) {
        const struct generation_span *span = &u->spans[u->span];
        const int64_t row = span->user + u->in_span;
        struct record_id staged;
        lode_try(get_id(&u->files[span->file].user_id, row, &staged));
        const int order = compare_bytes(staged.text, staged.size, id.text, id.size);
        if (order > 0) break;
        if (order == 0) {
            u->file = span->file;
            lode_try(take_user(u, row, id));
            *place = u->user;
            *is_new = false;
            go_on(u);
            return LODE_OK;
        }
        go_on(u);
    }
    *place = u->user;
    return LODE_OK;
}

static lode_status get_kpi(struct window *window, int64_t row, double *value)
{
    const void *item = NULL;
    lode_try(window_at(window, row, &item));
    if (window->type == LODE_HDF_F64) {
        memcpy(value, item, sizeof *value);
        return LODE_OK;
    }
    if (window->type != LODE_HDF_U8 || *(const uint8_t *)item > LODE_KPI_NO_VALUE)
        return lode_fail(LODE_E_INPUT, "'%s' holds no outcome in row %" PRId64, window->name, row);
    const uint8_t outcome = *(const uint8_t *)item;
    *value = outcome == LODE_KPI_NO_VALUE ? (double)NAN : outcome;
    return LODE_OK;
}

static lode_status add_code(struct staged_users *u, int64_t a, int64_t row)
{
    struct record *record = &u->record;
    const void *item = NULL;
    lode_try(window_at(&u->files[u->file].attributes[a], row, &item));
    const uint32_t code = *(const uint32_t *)item;
    if (code != LODE_NO_CODE)
        record->cells[record->n_cells++] =
            (struct record_cell){.column = (uint32_t)(u->plan->n_kpis + a), .code = code};
    return LODE_OK;
}

/* What the session in row `row` has. */
static lode_status get_cells(struct staged_users *u, int64_t row)
{
    const struct stage_plan *plan = u->plan;
    struct record *record = &u->record;
    record->n_cells = 0;
    for (int64_t k = 0; k < stage_session_kpis(plan); k++) {
        double value = 0.0;
        lode_try(get_kpi(&u->files[u->file].kpis[k], row, &value));
        if (isnan(value))
            u->n_missing[k]++;
        else
            record->cells[record->n_cells++] =
                (struct record_cell){.column = (uint32_t)k, .value = value};
    }
    for (int64_t a = 0; a < stage_session_attributes(plan); a++) lode_try(add_code(u, a, row));
    return LODE_OK;
}

/* Adds what the event in row `row` has of its own. */
static lode_status add_event_cells(struct staged_users *u, int64_t row)
{
    const struct stage_plan *plan = u->plan;
    struct record *record = &u->record;
    for (int64_t k = stage_session_kpis(plan); k < plan->n_kpis; k++) {
        struct window *window = &u->files[u->file].kpis[k];
        const void *item = NULL;
        double value = 0.0;
        if (window->type != LODE_HDF_F64)
            return lode_fail(LODE_E_INPUT, "'%s' is no column of f64", window->name);
        lode_try(window_at(window, row, &item));
        memcpy(&value, item, sizeof value);
        if (!isnan(value))
            record->cells[record->n_cells++] =
                (struct record_cell){.column = (uint32_t)k, .value = value};
    }
    for (int64_t a = stage_session_attributes(plan); a < plan->n_attributes; a++)
        lode_try(add_code(u, a, row));
    return LODE_OK;
}

/* The session as a row of its own, where sessions are given. */
static lode_status feed_session(struct staged_users *u, const struct staged_session *session,
                                struct sessions *sessions)
{
    struct staged_file *file = &u->files[u->file];
    struct record *record = &u->record;
    const void *derived = NULL;
    record->kind = RECORD_SESSION;
    lode_try(get_i64(&file->start, session->row, &record->time));
    record->has_time = true;
    if (file->derived.file) {
        if (file->derived.type != LODE_HDF_U8)
            return lode_fail(LODE_E_INPUT, "'%s' is no column of u8", file->derived.name);
        lode_try(window_at(&file->derived, session->row, &derived));
        record->has_time = *(const uint8_t *)derived == 0;
    }
    lode_try(sessions_begin(sessions, session->key, session->key_size));
    lode_try(sessions_add(sessions, record));
    record->n_cells = 0; /* else the events carry them once more */
    return LODE_OK;
}

static lode_status feed_events(struct staged_users *u, const struct staged_session *session,
                               struct sessions *sessions)
{
    struct staged_file *file = &u->files[u->file];
    struct record *record = &u->record;
    int64_t first = 0, end = 0;
    lode_try(get_i64(&file->event_offset, session->row, &first));
    lode_try(get_i64(&file->event_offset, session->row + 1, &end));
    record->kind = RECORD_EVENT;
    record->has_time = true;
    if (first < end) lode_try(sessions_begin(sessions, session->key, session->key_size));
    for (int64_t row = first; row < end; row++) {
        const void *name = NULL;
        lode_try(get_i64(&file->time, row, &record->time));
        lode_try(window_at(&file->name, row, &name));
        record->name = *(const uint32_t *)name;
        if (record->name == LODE_NO_CODE)
            return lode_fail(LODE_E_INPUT, "event %" PRId64 " has no name", row);
        lode_try(add_event_cells(u, row));
        lode_try(sessions_add(sessions, record));
        record->n_cells = 0;
        u->last_time = record->time;
    }
    u->replaced.n_events += end > first ? end - first : 0;
    return LODE_OK;
}

lode_status staged_users_feed(struct staged_users *u, const uint8_t *key, size_t key_size,
                              struct sessions *sessions)
{
    for (; u->n_fed < u->n_sessions; u->n_fed++) {
        const struct staged_session *session = &u->sessions[u->n_fed];
        if (key_size > 0 && compare_bytes(session->key, session->key_size, key, key_size) > 0)
            return LODE_OK;
        memcpy(u->last_key, session->key, session->key_size);
        u->last_key_size = session->key_size;
        u->last_time = INT64_MIN;
        lode_try(get_cells(u, session->row));
        if (u->plan->sessions_given) lode_try(feed_session(u, session, sessions));
        lode_try(feed_events(u, session, sessions));
        u->replaced.n_sessions++;
    }
    return LODE_OK;
}

lode_status staged_users_check(const struct staged_users *u, const uint8_t *key, size_t key_size,
                               int64_t time)
{
    char id[256];
    struct record_id user, session;
    if (!u->plan->in_order_only || time >= u->last_time || key_size != u->last_key_size ||
        memcmp(key, u->last_key, key_size) != 0)
        return LODE_OK;
    record_ids(key, key_size, &user, &session);
    const size_t size = lode_text_visible(session.text, session.size, id, sizeof id);
    return lode_fail(LODE_E_INPUT,
                     "'%.*s' has an event at %" PRId64
                     " ms, before the last one staged, at %" PRId64
                     " ms; where events carry values the store cannot tell which came first: stage "
                     "all files at once",
                     (int)size, id, time, u->last_time);
}

static lode_status visit_user(struct staged_users *u, const struct generation_span *span,
                              int64_t row, staged_visit_fn visit, void *context)
{
    struct staged_file *file = &u->files[span->file];
    struct record_id user, session;
    int64_t first = 0, end = 0;
    lode_try(get_id(&file->user_id, row, &user));
    lode_try(get_i64(&file->session_offset, row, &first));
    lode_try(get_i64(&file->session_offset, row + 1, &end));
    for (int64_t s = first; s < end; s++) {
        lode_try(get_id(&file->session_id, s, &session));
        if (session.size == 0 || session.size > STAGE_ID_LIMIT || user.size > STAGE_ID_LIMIT)
            return lode_fail(LODE_E_INPUT, "session %" PRId64 ": an id of %zu bytes", s,
                             session.size);
        lode_try(visit(context, user, session));
    }
    return LODE_OK;
}

lode_status staged_users_visit(struct staged_users *u, staged_visit_fn visit, void *context)
{
    for (int64_t s = 0; s < u->n_spans; s++)
        for (int64_t i = 0; i < u->spans[s].n_users; i++)
            lode_try(visit_user(u, &u->spans[s], u->spans[s].user + i, visit, context));
    return LODE_OK;
}

struct staged_replaced staged_users_replaced(const struct staged_users *u)
{
    return u->replaced;
}

static void close_file(struct staged_file *file, const struct stage_plan *plan)
{
    struct window *const fixed[] = {&file->user_id, &file->session_offset, &file->session_id,
                                    &file->start,   &file->event_offset,   &file->time,
                                    &file->name,    &file->derived,        &file->pieces};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) window_close(fixed[i]);
    for (int64_t k = 0; file->kpis && k < plan->n_kpis; k++) window_close(&file->kpis[k]);
    for (int64_t a = 0; file->attributes && a < plan->n_attributes; a++)
        window_close(&file->attributes[a]);
}

void staged_users_close(struct staged_users *u)
{
    if (!u) return;
    for (int64_t f = 0; u->files && f < u->n_files; f++) close_file(&u->files[f], u->plan);
    lode_arena_destroy(u->scratch);
    lode_part_close(&u->part);
}
