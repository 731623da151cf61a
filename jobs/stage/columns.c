/* Columns: see the header. Ids wait as [size, 2 bytes][bytes], all others in the form of the disk,
 * codes in the narrowest width that holds all words beside all-ones, which means no value.
 */
#include "jobs/stage/columns.h"

#include <math.h>
#include <string.h>

enum { NARROW_ROWS = 1024, FIXED_COLUMNS = 11 };

struct ids {
    struct spool spool;
    size_t width; /* of the longest */
};

struct codes {
    struct spool spool;
    enum lode_hdf_type type;
};

struct columns {
    const struct stage_plan *plan;
    struct spool_set set;
    int64_t n_users, n_sessions, n_events;
    struct ids users, sessions;
    struct spool session_offsets, event_offsets, starts, times;
    struct codes names;
    struct spool *kpis;       /* [n_kpis], values of events among them */
    struct codes *attributes; /* [n_attributes] likewise; unused where dropped */
    int64_t *n_missing;       /* [n_kpis] */
    /* what appending needs: */
    struct spool derived; /* where sessions are given */
    int64_t n_derived;
    struct spool pieces;         /* where keys are cut */
    struct codes *of_users;      /* [n_attributes]; of users: what each session says */
    struct spool places, is_new; /* of a later generation */
    int64_t place;
    bool place_is_new;
};

static lode_status open_codes(struct columns *c, int64_t n_words, struct codes *codes)
{
    codes->type = lode_hdf_code_type(n_words);
    return spool_open(&c->set, &codes->spool);
}

static bool is_kept_of_user(const struct stage_attribute *attribute)
{
    return attribute->of_user && !attribute->dropped;
}

static lode_status open_spools(struct columns *c, struct lode_arena *arena)
{
    const struct stage_plan *plan = c->plan;
    struct spool *const fixed[] = {&c->users.spool,   &c->sessions.spool, &c->session_offsets,
                                   &c->event_offsets, &c->starts,         &c->times};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        lode_try(spool_open(&c->set, fixed[i]));
    lode_try(open_codes(c, plan->n_event_names, &c->names));
    lode_try(lode_take(arena, plan->n_kpis, &c->kpis));
    lode_try(lode_take(arena, plan->n_attributes, &c->attributes));
    lode_try(lode_take(arena, plan->n_attributes, &c->of_users));
    for (int64_t k = 0; k < plan->n_kpis; k++) lode_try(spool_open(&c->set, &c->kpis[k]));
    for (int64_t a = 0; a < plan->n_attributes; a++)
        if (!plan->attributes[a].dropped)
            lode_try(open_codes(c, plan->attributes[a].n_words, &c->attributes[a]));
    for (int64_t a = 0; a < plan->n_attributes; a++)
        if (is_kept_of_user(&plan->attributes[a]))
            lode_try(open_codes(c, plan->attributes[a].n_words, &c->of_users[a]));
    struct spool *const others[] = {&c->derived, &c->pieces, &c->places, &c->is_new};
    const bool needed[] = {plan->sessions_given, plan->split, plan->generation > 1,
                           plan->generation > 1};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (needed[i]) lode_try(spool_open(&c->set, others[i]));
    return LODE_OK;
}

lode_status columns_create(const struct stage_plan *plan, const struct shuffle_site *site,
                           size_t memory_bytes, struct columns **columns)
{
    struct columns *c = NULL;
    lode_try(lode_take_zero(site->arena, 1, &c));
    c->plan = plan;
    c->users.width = c->sessions.width = 1; /* HDF5 has no text of 0 bytes */
    spool_set_init(&c->set, site, memory_bytes,
                   FIXED_COLUMNS + plan->n_kpis + 2 * plan->n_attributes);
    lode_try(lode_take_zero(site->arena, plan->n_kpis, &c->n_missing));
    lode_try(open_spools(c, site->arena));
    *columns = c;
    return LODE_OK;
}

static lode_status put_i64(struct spool *spool, int64_t value)
{
    return spool_put(spool, &value, sizeof value);
}

static lode_status put_id(struct ids *ids, struct record_id id)
{
    const uint16_t size = (uint16_t)id.size;
    if (id.size > ids->width) ids->width = id.size;
    lode_try(spool_put(&ids->spool, &size, sizeof size));
    return spool_put(&ids->spool, id.text, id.size);
}

static lode_status put_codes(struct codes *codes, const uint32_t *values, int64_t n)
{
    uint16_t narrow[NARROW_ROWS];
    if (codes->type == LODE_HDF_U32)
        return spool_put(&codes->spool, values, (size_t)n * sizeof *values);
    for (int64_t first = 0; first < n; first += NARROW_ROWS) {
        const int64_t count = n - first < NARROW_ROWS ? n - first : NARROW_ROWS;
        uint8_t *bytes = (uint8_t *)narrow;
        if (codes->type == LODE_HDF_U8)
            for (int64_t i = 0; i < count; i++) bytes[i] = (uint8_t)values[first + i];
        else
            for (int64_t i = 0; i < count; i++) narrow[i] = (uint16_t)values[first + i];
        lode_try(spool_put(&codes->spool, narrow,
                           (size_t)count * (codes->type == LODE_HDF_U8 ? 1 : sizeof *narrow)));
    }
    return LODE_OK;
}

/* One value of each event, `at` bytes behind the beginning of its values. */
static lode_status put_values(struct columns *c, const struct event_rows *rows, int64_t v,
                              size_t at)
{
    double values[NARROW_ROWS];
    const size_t width = stage_event_bytes(c->plan);
    for (int64_t first = 0; first < rows->n; first += NARROW_ROWS) {
        const int64_t n = rows->n - first < NARROW_ROWS ? rows->n - first : NARROW_ROWS;
        for (int64_t i = 0; i < n; i++)
            memcpy(&values[i], rows->values + (size_t)(first + i) * width + at, sizeof *values);
        lode_try(spool_put(&c->kpis[v], values, (size_t)n * sizeof *values));
    }
    return LODE_OK;
}

static lode_status put_value_codes(struct columns *c, const struct event_rows *rows, int64_t a,
                                   size_t at)
{
    uint32_t codes[NARROW_ROWS];
    const size_t width = stage_event_bytes(c->plan);
    for (int64_t first = 0; first < rows->n; first += NARROW_ROWS) {
        const int64_t n = rows->n - first < NARROW_ROWS ? rows->n - first : NARROW_ROWS;
        for (int64_t i = 0; i < n; i++)
            memcpy(&codes[i], rows->values + (size_t)(first + i) * width + at, sizeof *codes);
        lode_try(put_codes(&c->attributes[a], codes, n));
    }
    return LODE_OK;
}

lode_status columns_events(void *columns, const struct event_rows *rows)
{
    struct columns *c = columns;
    const struct stage_plan *plan = c->plan;
    size_t at = 0;
    c->n_events += rows->n;
    lode_try(spool_put(&c->times, rows->times, (size_t)rows->n * sizeof *rows->times));
    for (int64_t k = stage_session_kpis(plan); k < plan->n_kpis; k++, at += sizeof(double))
        lode_try(put_values(c, rows, k, at));
    for (int64_t a = stage_session_attributes(plan); a < plan->n_attributes;
         a++, at += sizeof(uint32_t))
        lode_try(put_value_codes(c, rows, a, at));
    return put_codes(&c->names, rows->names, rows->n);
}

static lode_status put_kpi(struct columns *c, int64_t k, double value)
{
    if (isnan(value)) c->n_missing[k]++;
    if (!c->plan->kpis[k].is_binary) return spool_put(&c->kpis[k], &value, sizeof value);
    const uint8_t flag = isnan(value) ? LODE_KPI_NO_VALUE : (uint8_t)value;
    return spool_put(&c->kpis[k], &flag, sizeof flag);
}

/* Attributes of the users, or those of the sessions. */
static lode_status put_attributes(struct columns *c, bool of_user, const uint32_t *values)
{
    for (int64_t a = 0; a < stage_session_attributes(c->plan); a++) {
        const struct stage_attribute *attribute = &c->plan->attributes[a];
        if (attribute->of_user == of_user && !attribute->dropped)
            lode_try(put_codes(&c->attributes[a], &values[a], 1));
    }
    return LODE_OK;
}

/* What only appending reads. */
static lode_status put_marks(struct columns *c, const struct session_row *row)
{
    const uint8_t is_derived = row->start_is_derived;
    c->n_derived += is_derived;
    if (c->plan->sessions_given) lode_try(spool_put(&c->derived, &is_derived, sizeof is_derived));
    if (c->plan->split) lode_try(spool_put(&c->pieces, &row->piece, sizeof row->piece));
    for (int64_t a = 0; a < c->plan->n_attributes; a++)
        if (is_kept_of_user(&c->plan->attributes[a]))
            lode_try(put_codes(&c->of_users[a], &row->attributes[a], 1));
    return LODE_OK;
}

/* Offsets: a session's first event is behind those of all sessions before it. */
lode_status columns_session(void *columns, const struct session_row *row)
{
    struct columns *c = columns;
    if (c->n_sessions == 0) lode_try(put_i64(&c->event_offsets, 0));
    c->n_sessions++;
    lode_try(put_i64(&c->event_offsets, c->n_events));
    lode_try(put_id(&c->sessions, row->id));
    lode_try(put_i64(&c->starts, row->start));
    lode_try(put_marks(c, row));
    for (int64_t k = 0; k < stage_session_kpis(c->plan); k++) lode_try(put_kpi(c, k, row->kpis[k]));
    return put_attributes(c, false, row->attributes);
}

lode_status columns_user(void *columns, struct record_id id, const uint32_t *attributes)
{
    struct columns *c = columns;
    if (c->n_users == 0) lode_try(put_i64(&c->session_offsets, 0));
    c->n_users++;
    lode_try(put_i64(&c->session_offsets, c->n_sessions));
    lode_try(put_id(&c->users, id));
    if (c->plan->generation > 1) {
        const uint8_t is_new = c->place_is_new;
        lode_try(put_i64(&c->places, c->place));
        lode_try(spool_put(&c->is_new, &is_new, sizeof is_new));
    }
    return put_attributes(c, true, attributes);
}

void columns_place(struct columns *c, int64_t place, bool is_new)
{
    c->place = place;
    c->place_is_new = is_new;
}

/* A large column takes its time: the task is alive. */
static lode_status advance(const struct spool *spool, size_t rows)
{
    struct lode_task *task = spool->set->site.task;
    return task ? lode_task_advance(task, (int64_t)rows) : LODE_OK;
}

/* The next rows of a column that waits in the form of the disk. */
static lode_status fill_rows(const struct lode_hdf_column *column, size_t first, size_t rows,
                             void *out)
{
    struct spool *spool = *(struct spool *const *)column->data;
    (void)first;
    lode_try(advance(spool, rows));
    return spool_take(spool, out, rows * lode_hdf_item_size(column));
}

/* Ids at the width of the longest, padded with zeros. */
static lode_status fill_ids(const struct lode_hdf_column *column, size_t first, size_t rows,
                            void *out)
{
    struct spool *spool = *(struct spool *const *)column->data;
    const size_t width = (size_t)column->width;
    char *text = out;
    (void)first;
    lode_try(advance(spool, rows));
    for (size_t i = 0; i < rows; i++, text += width) {
        uint16_t size;
        lode_try(spool_take(spool, &size, sizeof size));
        lode_try(spool_take(spool, text, size));
        memset(text + size, 0, width - size);
    }
    return LODE_OK;
}

static lode_status write_ids(struct lode_hdf *file, const char *name, const char *title,
                             struct ids *ids, int64_t rows)
{
    struct spool *const spool = &ids->spool;
    const struct lode_hdf_column column = {.name = name,
                                           .type = LODE_HDF_TEXT,
                                           .rows = rows,
                                           .width = (int64_t)ids->width,
                                           .data = &spool,
                                           .title = title,
                                           .deflate = true};
    return lode_hdf_put_filled(file, &column, fill_ids);
}

/* Plain: what jobs read first reads at the speed of a copy, and packing event times took a quarter
 * of staging's time (docs/decisions/0009). */
static lode_status write_plain(struct lode_hdf *file, const char *name, const char *title,
                               enum lode_hdf_type type, struct spool *spool, int64_t rows)
{
    const struct lode_hdf_column column = {
        .name = name, .type = type, .rows = rows, .data = &spool, .title = title};
    return lode_hdf_put_filled(file, &column, fill_rows);
}

static lode_status write_times(struct lode_hdf *file, const char *name, const char *title,
                               struct spool *spool, int64_t rows)
{
    const struct lode_hdf_column column = {.name = name,
                                           .type = LODE_HDF_I64,
                                           .rows = rows,
                                           .data = &spool,
                                           .units = LODE_TIME_UNITS,
                                           .title = title};
    return lode_hdf_put_filled(file, &column, fill_rows);
}

static lode_status write_kpi(struct columns *c, struct lode_hdf *file, int64_t k)
{
    const struct stage_kpi *kpi = &c->plan->kpis[k];
    const bool of_event = k >= stage_session_kpis(c->plan);
    const bool is_binary = kpi->is_binary && !of_event;
    char *name = NULL;
    lode_try(lode_store_column_path(of_event ? LODE_PART_EVENT_VALUES : LODE_PART_KPIS, kpi->name,
                                    c->set.site.arena, &name));
    return write_plain(file, name, kpi->name, is_binary ? LODE_HDF_U8 : LODE_HDF_F64, &c->kpis[k],
                       of_event ? c->n_events : c->n_sessions);
}

static lode_status write_attribute(struct columns *c, struct lode_hdf *file, int64_t a)
{
    const struct stage_attribute *attribute = &c->plan->attributes[a];
    const char *group =
        attribute->of_user ? LODE_PART_USER_ATTRIBUTES : LODE_PART_SESSION_ATTRIBUTES;
    int64_t rows = attribute->of_user ? c->n_users : c->n_sessions;
    char *name = NULL;
    if (attribute->dropped) return LODE_OK;
    if (a >= stage_session_attributes(c->plan)) {
        group = LODE_PART_EVENT_ATTRIBUTES;
        rows = c->n_events;
    }
    lode_try(lode_store_column_path(group, attribute->name, c->set.site.arena, &name));
    return write_plain(file, name, attribute->name, c->attributes[a].type, &c->attributes[a].spool,
                       rows);
}

static lode_status write_of_user(struct columns *c, struct lode_hdf *file, int64_t a)
{
    const struct stage_attribute *attribute = &c->plan->attributes[a];
    char *name = NULL;
    if (!is_kept_of_user(attribute)) return LODE_OK;
    lode_try(lode_store_column_path(LODE_PART_SESSION_USER_ATTRIBUTES, attribute->name,
                                    c->set.site.arena, &name));
    return write_plain(file, name, attribute->name, c->of_users[a].type, &c->of_users[a].spool,
                       c->n_sessions);
}

/* What only appending reads. */
static lode_status write_marks(struct columns *c, struct lode_hdf *file)
{
    if (c->n_derived > 0 && c->plan->sessions_given)
        lode_try(write_plain(file, LODE_PART_SESSION_DERIVED,
                             "1: no row says the start, it is that of the first event", LODE_HDF_U8,
                             &c->derived, c->n_sessions));
    if (c->plan->split)
        lode_try(write_plain(file, LODE_PART_SESSION_PIECE,
                             "which session of its key, from 1; 0: the only one", LODE_HDF_U32,
                             &c->pieces, c->n_sessions));
    for (int64_t a = 0; a < c->plan->n_attributes; a++) lode_try(write_of_user(c, file, a));
    if (c->plan->generation < 2) return LODE_OK;
    lode_try(write_plain(file, LODE_PART_USER_PLACE,
                         "row of the generations before that the user replaces or precedes",
                         LODE_HDF_I64, &c->places, c->n_users));
    return write_plain(file, LODE_PART_USER_IS_NEW, "1: precedes, 0: replaces", LODE_HDF_U8,
                       &c->is_new, c->n_users);
}

lode_status columns_write(struct columns *c, struct lode_hdf *file)
{
    if (c->n_users == 0) lode_try(put_i64(&c->session_offsets, 0));
    if (c->n_sessions == 0) lode_try(put_i64(&c->event_offsets, 0));
    lode_try(write_ids(file, LODE_PART_USER_ID, "id of the user", &c->users, c->n_users));
    lode_try(write_plain(file, LODE_PART_SESSION_OFFSET, "first session of each user, and the end",
                         LODE_HDF_I64, &c->session_offsets, c->n_users + 1));
    lode_try(
        write_ids(file, LODE_PART_SESSION_ID, "id of the session", &c->sessions, c->n_sessions));
    lode_try(write_times(file, LODE_PART_SESSION_START, "start of the session", &c->starts,
                         c->n_sessions));
    lode_try(write_plain(file, LODE_PART_EVENT_OFFSET, "first event of each session, and the end",
                         LODE_HDF_I64, &c->event_offsets, c->n_sessions + 1));
    lode_try(write_times(file, LODE_PART_EVENT_TIME, "time of the event", &c->times, c->n_events));
    lode_try(write_plain(file, LODE_PART_EVENT_NAME, "code of the event's name", c->names.type,
                         &c->names.spool, c->n_events));
    for (int64_t k = 0; k < c->plan->n_kpis; k++) lode_try(write_kpi(c, file, k));
    for (int64_t a = 0; a < c->plan->n_attributes; a++) lode_try(write_attribute(c, file, a));
    return write_marks(c, file);
}

struct columns_counts columns_counts(const struct columns *c)
{
    return (struct columns_counts){c->n_users, c->n_sessions, c->n_events, c->n_missing};
}

void columns_close(struct columns *c)
{
    if (c) spool_set_close(&c->set);
}
