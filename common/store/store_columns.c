/* Store, one partition: its columns, with every promise of the header checked: codes are words,
 * outcomes are 0, 1 or 2. A partition of several files asks the same functions for each of them.
 */
#include "common/store/store.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/store/store_later.h"
#include "common/store/store_private.h"

/* What a column of one file is asked for with. */
struct ask {
    const char *name;
    bool flag; /* of_user, is_binary */
    int64_t limit;
};

static lode_status ask_starts(struct lode_part *file, const void *context, struct lode_arena *arena,
                              void **data)
{
    (void)context;
    return lode_part_session_starts(file, arena, (int64_t **)data);
}

static lode_status ask_names(struct lode_part *file, const void *context, struct lode_arena *arena,
                             void **data)
{
    const struct ask *ask = context;
    return lode_part_event_names(file, ask->limit, arena, (uint32_t **)data);
}

static lode_status ask_event_attribute(struct lode_part *file, const void *context,
                                       struct lode_arena *arena, void **data)
{
    const struct ask *ask = context;
    return lode_part_event_attribute(file, ask->name, ask->limit, arena, (uint32_t **)data);
}

static lode_status ask_event_value(struct lode_part *file, const void *context,
                                   struct lode_arena *arena, void **data)
{
    const struct ask *ask = context;
    return lode_part_event_value(file, ask->name, arena, (double **)data);
}

static lode_status ask_attribute(struct lode_part *file, const void *context,
                                 struct lode_arena *arena, void **data)
{
    const struct ask *ask = context;
    return lode_part_attribute(file, ask->name, ask->flag, ask->limit, arena, (uint32_t **)data);
}

static lode_status ask_outcomes(struct lode_part *file, const void *context,
                                struct lode_arena *arena, void **data)
{
    const struct ask *ask = context;
    return lode_part_kpi_binary(file, ask->name, arena, (uint8_t **)data);
}

static lode_status ask_kpi(struct lode_part *file, const void *context, struct lode_arena *arena,
                           void **data)
{
    const struct ask *ask = context;
    return lode_part_kpi(file, ask->name, ask->flag, arena, (double **)data);
}

lode_status lode_part_session_starts(struct lode_part *part, struct lode_arena *arena,
                                     int64_t **starts)
{
    void *data;

    if (part->later)
        return store_later_gather(part, STORE_SESSIONS, sizeof **starts, ask_starts, NULL, arena,
                                  (void **)starts);
    lode_try(store_get_column(part->file, LODE_PART_SESSION_START, LODE_HDF_I64, part->n_sessions,
                              arena, &data));
    *starts = data;
    return LODE_OK;
}

lode_status lode_part_event_names(struct lode_part *part, int64_t limit, struct lode_arena *arena,
                                  uint32_t **codes)
{
    const struct ask ask = {.limit = limit};
    uint32_t *found, largest = 0;

    if (part->later)
        return store_later_gather(part, STORE_EVENTS, sizeof **codes, ask_names, &ask, arena,
                                  (void **)codes);
    lode_try(store_check_rows(part->file, LODE_PART_EVENT_NAME, part->n_events, arena));
    lode_try(
        lode_hdf_get_codes(part->file, LODE_PART_EVENT_NAME, 0, part->n_events, arena, &found));
    for (int64_t i = 0; i < part->n_events; i++) largest = found[i] > largest ? found[i] : largest;
    if (part->n_events > 0 && largest >= limit) {
        return lode_fail(LODE_E_INPUT, "'%s' holds code %u, there are %" PRId64 " words",
                         LODE_PART_EVENT_NAME, largest, limit);
    }
    *codes = found;
    return LODE_OK;
}

lode_status lode_part_event_attribute(struct lode_part *part, const char *name, int64_t limit,
                                      struct lode_arena *arena, uint32_t **codes)
{
    const struct ask ask = {.name = name, .limit = limit};
    char *column;

    if (part->later)
        return store_later_gather(part, STORE_EVENTS, sizeof **codes, ask_event_attribute, &ask,
                                  arena, (void **)codes);
    lode_try(lode_store_column_path(LODE_PART_EVENT_ATTRIBUTES, name, arena, &column));
    lode_try(store_check_rows(part->file, column, part->n_events, arena));
    return lode_hdf_get_optional_codes(part->file, column, 0, part->n_events, limit, arena, codes);
}

lode_status lode_part_event_value(struct lode_part *part, const char *name,
                                  struct lode_arena *arena, double **values)
{
    const struct ask ask = {.name = name};
    char *column;
    void *data;

    if (part->later)
        return store_later_gather(part, STORE_EVENTS, sizeof **values, ask_event_value, &ask, arena,
                                  (void **)values);
    lode_try(lode_store_column_path(LODE_PART_EVENT_VALUES, name, arena, &column));
    lode_try(store_get_column(part->file, column, LODE_HDF_F64, part->n_events, arena, &data));
    *values = data;
    return LODE_OK;
}

/* codes[session] = the code of the session's user. */
static lode_status spread_over_sessions(struct lode_part *part, const char *column, int64_t limit,
                                        struct lode_arena *arena, uint32_t *codes)
{
    uint32_t *of_user;
    int64_t *offsets;

    lode_try(lode_part_session_offsets(part, arena, &offsets));
    lode_try(
        lode_hdf_get_optional_codes(part->file, column, 0, part->n_users, limit, arena, &of_user));
    for (int64_t user = 0; user < part->n_users; user++) {
        for (int64_t i = offsets[user]; i < offsets[user + 1]; i++) codes[i] = of_user[user];
    }
    return LODE_OK;
}

lode_status lode_part_attribute(struct lode_part *part, const char *name, bool of_user,
                                int64_t limit, struct lode_arena *arena, uint32_t **codes)
{
    const struct ask ask = {.name = name, .flag = of_user, .limit = limit};
    uint32_t *found;
    char *column;

    if (part->later)
        return store_later_gather(part, STORE_SESSIONS, sizeof **codes, ask_attribute, &ask, arena,
                                  (void **)codes);
    lode_try(lode_store_column_path(
        of_user ? LODE_PART_USER_ATTRIBUTES : LODE_PART_SESSION_ATTRIBUTES, name, arena, &column));
    lode_try(
        store_check_rows(part->file, column, of_user ? part->n_users : part->n_sessions, arena));
    if (!of_user) {
        return lode_hdf_get_optional_codes(part->file, column, 0, part->n_sessions, limit, arena,
                                           codes);
    }
    lode_try(lode_take(arena, part->n_sessions, &found));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const lode_status status = spread_over_sessions(part, column, limit, arena, found);
    lode_arena_rewind(arena, mark);
    if (status == LODE_OK) *codes = found;
    return status;
}

lode_status lode_part_kpi_binary(struct lode_part *part, const char *name, struct lode_arena *arena,
                                 uint8_t **values)
{
    const struct ask ask = {.name = name};
    uint8_t largest = 0;
    char *column;
    void *data;

    if (part->later)
        return store_later_gather(part, STORE_SESSIONS, sizeof **values, ask_outcomes, &ask, arena,
                                  (void **)values);
    lode_try(lode_store_column_path(LODE_PART_KPIS, name, arena, &column));
    lode_try(store_get_column(part->file, column, LODE_HDF_U8, part->n_sessions, arena, &data));
    uint8_t *found = data;
    for (int64_t i = 0; i < part->n_sessions; i++) {
        largest = found[i] > largest ? found[i] : largest;
    }
    if (largest > LODE_KPI_NO_VALUE) {
        return lode_fail(LODE_E_INPUT, "'%s' holds %u, must be 0, 1 or 2 (no value)", column,
                         largest);
    }
    *values = found;
    return LODE_OK;
}

/* A KPI can be binary in one file, and turn out to be a number in a later one. */
static lode_status is_stored_binary(struct lode_part *part, const char *name,
                                    struct lode_arena *arena, bool *is_binary)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct lode_hdf_column column;
    char *path;

    lode_try(lode_store_column_path(LODE_PART_KPIS, name, arena, &path));
    lode_try(lode_hdf_describe(part->file, path, arena, &column));
    lode_arena_rewind(arena, mark);
    *is_binary = column.type == LODE_HDF_U8;
    return LODE_OK;
}

static lode_status get_numbers(struct lode_part *part, const char *name, struct lode_arena *arena,
                               double **values)
{
    char *column;
    void *data;

    lode_try(lode_store_column_path(LODE_PART_KPIS, name, arena, &column));
    lode_try(store_get_column(part->file, column, LODE_HDF_F64, part->n_sessions, arena, &data));
    *values = data;
    return LODE_OK;
}

lode_status lode_part_kpi(struct lode_part *part, const char *name, bool is_binary,
                          struct lode_arena *arena, double **values)
{
    const struct ask ask = {.name = name, .flag = is_binary};
    uint8_t *outcomes;
    double *numbers;

    if (part->later)
        return store_later_gather(part, STORE_SESSIONS, sizeof **values, ask_kpi, &ask, arena,
                                  (void **)values);
    if (!is_binary) lode_try(is_stored_binary(part, name, arena, &is_binary));
    if (!is_binary) return get_numbers(part, name, arena, values);
    lode_try(lode_take(arena, part->n_sessions, &numbers));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const lode_status status = lode_part_kpi_binary(part, name, arena, &outcomes);
    for (int64_t i = 0; status == LODE_OK && i < part->n_sessions; i++) {
        numbers[i] = outcomes[i] == LODE_KPI_NO_VALUE ? (double)NAN : outcomes[i];
    }
    lode_arena_rewind(arena, mark);
    if (status == LODE_OK) *values = numbers;
    return status;
}

/* Rows of the partition that are asked for, and those of one file among them. */
struct window {
    const struct lode_part_later *later;
    enum store_axis axis;
    int64_t first, count;
    int64_t file;
    int64_t from, end; /* rows of the file: spans ascend there as well, so they lie between */
};

/* The window's part of a span: *n rows from *at on in the partition, *row in the file. */
static bool cut_span(const struct window *window, int64_t s, int64_t *at, int64_t *row, int64_t *n)
{
    const struct generation_span *span = &window->later->spans[s];
    const bool is_sessions = window->axis == STORE_SESSIONS;
    const int64_t first = is_sessions ? span->at_session : span->at_event;
    const int64_t end = first + (is_sessions ? span->n_sessions : span->n_events);
    const int64_t wanted = window->first + window->count;

    if (span->file != window->file) return false;
    *at = window->first > first ? window->first : first;
    *row = (is_sessions ? span->session : span->event) + *at - first;
    *n = (wanted < end ? wanted : end) - *at;
    return *n > 0;
}

/* Which rows of the file are needed; false: none. */
static bool find_extent(struct window *window)
{
    int64_t at, row, n;

    window->from = window->end = 0;
    for (int64_t s = 0; s < window->later->n_spans; s++) {
        if (!cut_span(window, s, &at, &row, &n)) continue;
        if (window->from == window->end) window->from = row;
        window->end = row + n;
    }
    return window->from < window->end;
}

/* Copies rows of the file, each of `width` bytes, to their places, `out_width` bytes apart. */
static void put_extent(const struct window *window, const void *rows, size_t width, void *out,
                       size_t out_width)
{
    int64_t at, row, n;

    for (int64_t s = 0; s < window->later->n_spans; s++) {
        if (!cut_span(window, s, &at, &row, &n)) continue;
        for (int64_t i = 0; i < n; i++) {
            memcpy((char *)out + (size_t)(at - window->first + i) * out_width,
                   (const char *)rows + (size_t)(row - window->from + i) * width, width);
        }
    }
}

static lode_status check_range(int64_t first, int64_t count, int64_t rows)
{
    if (first >= 0 && count >= 0 && first <= rows && count <= rows - first) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "rows %" PRId64 " to %" PRId64 " of a partition of %" PRId64,
                     first, first + count, rows);
}

/* Bytes of an id in a file. */
static lode_status get_id_width(struct lode_hdf *file, struct lode_arena *arena, int64_t *width)
{
    struct lode_hdf_column about;

    lode_try(lode_hdf_describe(file, LODE_PART_SESSION_ID, arena, &about));
    *width = about.width;
    return LODE_OK;
}

static lode_status gather_ids(struct window *window, struct lode_arena *arena, char *ids,
                              int64_t width)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct lode_hdf *file = window->later->files[window->file].file;
    int64_t own = 0;
    void *rows;

    if (!find_extent(window)) return LODE_OK;
    lode_try(get_id_width(file, arena, &own));
    lode_try(lode_hdf_get(file, LODE_PART_SESSION_ID, LODE_HDF_TEXT, window->from,
                          window->end - window->from, arena, &rows));
    put_extent(window, rows, (size_t)own, ids, (size_t)width);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

lode_status lode_part_session_ids(struct lode_part *part, int64_t first, int64_t count,
                                  struct lode_arena *arena, char **ids, int64_t *width)
{
    struct window window = {
        .later = part->later, .axis = STORE_SESSIONS, .first = first, .count = count};
    int64_t own = 0, widest = 1;
    char *made = NULL;

    lode_try(check_range(first, count, part->n_sessions));
    if (!part->later) {
        lode_try(get_id_width(part->file, arena, width));
        return lode_hdf_get(part->file, LODE_PART_SESSION_ID, LODE_HDF_TEXT, first, count, arena,
                            (void **)ids);
    }
    for (int64_t f = 0; f < part->later->n_files; f++) {
        lode_try(get_id_width(part->later->files[f].file, arena, &own));
        if (own > widest) widest = own;
    }
    lode_try(lode_arena_take_zero(arena, (size_t)count, (size_t)widest, (void **)&made));
    for (window.file = 0; window.file < part->later->n_files; window.file++) {
        lode_try(gather_ids(&window, arena, made, widest));
    }
    *ids = made;
    *width = widest;
    return LODE_OK;
}

lode_status lode_part_event_times(struct lode_part *part, int64_t first, int64_t count,
                                  struct lode_arena *arena, int64_t **times)
{
    struct window window = {
        .later = part->later, .axis = STORE_EVENTS, .first = first, .count = count};
    int64_t *made = NULL;
    void *rows;

    lode_try(check_range(first, count, part->n_events));
    if (!part->later)
        return lode_hdf_get(part->file, LODE_PART_EVENT_TIME, LODE_HDF_I64, first, count, arena,
                            (void **)times);
    lode_try(lode_take(arena, count, &made));
    for (window.file = 0; window.file < part->later->n_files; window.file++) {
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        if (!find_extent(&window)) continue;
        lode_try(lode_hdf_get(part->later->files[window.file].file, LODE_PART_EVENT_TIME,
                              LODE_HDF_I64, window.from, window.end - window.from, arena, &rows));
        put_extent(&window, rows, sizeof *made, made, sizeof *made);
        lode_arena_rewind(arena, mark);
    }
    *times = made;
    return LODE_OK;
}

lode_status lode_part_session_id(struct lode_part *part, int64_t session, struct lode_arena *arena,
                                 char **id)
{
    if (!part->later)
        return lode_hdf_get_text(part->file, LODE_PART_SESSION_ID, session, arena, id);
    const struct generation_span *span = store_later_find(part, STORE_SESSIONS, session);
    if (span == NULL)
        return lode_fail(LODE_E_INPUT, "session %" PRId64 " of a partition of %" PRId64, session,
                         part->n_sessions);
    return lode_hdf_get_text(part->later->files[span->file].file, LODE_PART_SESSION_ID,
                             span->session + session - span->at_session, arena, id);
}
