/* Store, later files: opens them, merges their users once, and copies rows of columns by the spans
 * that came of it. */
#include "common/store/store_later.h"

#include <inttypes.h>
#include <string.h>

#include "common/store/store_private.h"

/* Offsets of one of the files, none of which has later ones itself. */
static lode_status get_session_offsets(const struct lode_part *file, struct lode_arena *arena,
                                       int64_t **offsets)
{
    return store_get_offsets(file->file, LODE_PART_SESSION_OFFSET, file->n_users, file->n_sessions,
                             arena, offsets);
}

static lode_status get_event_offsets(const struct lode_part *file, struct lode_arena *arena,
                                     int64_t **offsets)
{
    return store_get_offsets(file->file, LODE_PART_EVENT_OFFSET, file->n_sessions, file->n_events,
                             arena, offsets);
}

static lode_status get_rows(struct lode_part *file, bool is_first, struct lode_arena *arena,
                            struct generation_rows *rows)
{
    int64_t *sessions, *events;
    void *places, *is_new;

    *rows = (struct generation_rows){
        .n_users = file->n_users, .n_sessions = file->n_sessions, .n_events = file->n_events};
    lode_try(get_session_offsets(file, arena, &sessions));
    lode_try(get_event_offsets(file, arena, &events));
    rows->session_offsets = sessions;
    rows->event_offsets = events;
    if (is_first) return LODE_OK;
    lode_try(store_get_column(file->file, LODE_PART_USER_PLACE, LODE_HDF_I64, file->n_users, arena,
                              &places));
    lode_try(store_get_column(file->file, LODE_PART_USER_IS_NEW, LODE_HDF_U8, file->n_users, arena,
                              &is_new));
    rows->places = places;
    rows->is_new = is_new;
    return LODE_OK;
}

static lode_status merge_files(struct lode_part_later *later, struct lode_arena *scratch)
{
    struct generation_rows *rows;
    struct generation_span *spans;

    lode_try(lode_take(scratch, later->n_files, &rows));
    for (int64_t f = 0; f < later->n_files; f++) {
        lode_try(get_rows(&later->files[f], f == 0, scratch, &rows[f]));
    }
    lode_try(generations_merge(rows, later->n_files, scratch, &spans, &later->n_spans));
    lode_try(lode_take(later->arena, later->n_spans, &later->spans));
    if (later->n_spans > 0) memcpy(later->spans, spans, (size_t)later->n_spans * sizeof *spans);
    return LODE_OK;
}

static lode_status check_counts(const struct lode_part_later *later,
                                const struct lode_later_file *last)
{
    const struct generation_span *end =
        later->n_spans > 0 ? &later->spans[later->n_spans - 1] : NULL;
    const int64_t users = end ? end->at_user + end->n_users : 0;
    const int64_t sessions = end ? end->at_session + end->n_sessions : 0;
    const int64_t events = end ? end->at_event + end->n_events : 0;
    if (users == last->all_users && sessions == last->all_sessions && events == last->all_events)
        return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "up to %s there are %" PRId64 " users, %" PRId64 " sessions, %" PRId64
                     " events; the index says %" PRId64 ", %" PRId64 ", %" PRId64,
                     last->file, users, sessions, events, last->all_users, last->all_sessions,
                     last->all_events);
}

static lode_status open_files(const char *store_path, const struct lode_later_file *entries,
                              int64_t n, const struct lode_part *part, struct lode_arena *scratch,
                              struct lode_part_later *later)
{
    later->n_files = n + 1;
    lode_try(lode_take_zero(later->arena, n + 1, &later->files));
    later->files[0] = (struct lode_part){.file = part->file,
                                         .n_users = part->n_users,
                                         .n_sessions = part->n_sessions,
                                         .n_events = part->n_events};
    for (int64_t i = 0; i < n; i++) {
        const struct lode_later_file *entry = &entries[i];
        const struct lode_partition alone = {entry->file,     entry->n_users,    entry->n_sessions,
                                             entry->n_events, entry->size_bytes, entry->checksum,
                                             .n_later = 0};
        struct lode_part *file = &later->files[i + 1];
        lode_try(store_open_part_file(store_path, &alone, scratch, &file->file));
        file->n_users = entry->n_users;
        file->n_sessions = entry->n_sessions;
        file->n_events = entry->n_events;
    }
    lode_try(merge_files(later, scratch));
    return check_counts(later, &entries[n - 1]);
}

lode_status store_later_open(const char *store_path, const struct lode_later_file *entries,
                             int64_t n, struct lode_part *part)
{
    lode_status status = LODE_OK;
    struct lode_arena *arena = NULL, *scratch = NULL;
    struct lode_part_later *later = NULL;

    lode_try_done(lode_arena_create(0, &arena));
    lode_try_done(lode_arena_create(0, &scratch));
    lode_try_done(lode_take_zero(arena, 1, &later));
    later->arena = arena;
    lode_try_done(open_files(store_path, entries, n, part, scratch, later));
    part->later = later;
    part->n_users = entries[n - 1].all_users;
    part->n_sessions = entries[n - 1].all_sessions;
    part->n_events = entries[n - 1].all_events;
done:
    lode_arena_destroy(scratch);
    if (status != LODE_OK && later != NULL)
        store_later_close(later);
    else if (status != LODE_OK)
        lode_arena_destroy(arena);
    return status;
}

void store_later_close(struct lode_part_later *later)
{
    if (later == NULL) return;
    for (int64_t f = 1; f < later->n_files; f++) {
        if (later->files != NULL) lode_hdf_close(later->files[f].file);
    }
    lode_arena_destroy(later->arena); /* all of it lies there */
}

lode_status store_later_gather(struct lode_part *part, enum store_axis axis, size_t item_bytes,
                               store_read_fn read, const void *ask, struct lode_arena *arena,
                               void **data)
{
    const struct lode_part_later *later = part->later;
    const bool is_sessions = axis == STORE_SESSIONS;
    void *made, *piece;

    lode_try(lode_arena_take(arena, (size_t)(is_sessions ? part->n_sessions : part->n_events),
                             item_bytes, &made));
    for (int64_t f = 0; f < later->n_files; f++) {
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        lode_try(read(&later->files[f], ask, arena, &piece));
        for (int64_t s = 0; s < later->n_spans; s++) {
            const struct generation_span *span = &later->spans[s];
            const int64_t from = is_sessions ? span->session : span->event;
            const int64_t to = is_sessions ? span->at_session : span->at_event;
            const int64_t n = is_sessions ? span->n_sessions : span->n_events;
            if (span->file != f || n == 0) continue;
            memcpy((char *)made + (size_t)to * item_bytes,
                   (const char *)piece + (size_t)from * item_bytes, (size_t)n * item_bytes);
        }
        lode_arena_rewind(arena, mark);
    }
    *data = made;
    return LODE_OK;
}

lode_status store_later_session_offsets(struct lode_part *part, struct lode_arena *arena,
                                        int64_t **offsets)
{
    const struct lode_part_later *later = part->later;
    int64_t *made, *piece;

    lode_try(lode_take(arena, part->n_users + 1, &made));
    for (int64_t f = 0; f < later->n_files; f++) {
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        lode_try(get_session_offsets(&later->files[f], arena, &piece));
        for (int64_t s = 0; s < later->n_spans; s++) {
            const struct generation_span *span = &later->spans[s];
            if (span->file != f) continue;
            for (int64_t i = 0; i < span->n_users; i++)
                made[span->at_user + i] = piece[span->user + i] - span->session + span->at_session;
        }
        lode_arena_rewind(arena, mark);
    }
    made[part->n_users] = part->n_sessions;
    *offsets = made;
    return LODE_OK;
}

lode_status store_later_event_offsets(struct lode_part *part, struct lode_arena *arena,
                                      int64_t **offsets)
{
    const struct lode_part_later *later = part->later;
    int64_t *made, *piece;

    lode_try(lode_take(arena, part->n_sessions + 1, &made));
    for (int64_t f = 0; f < later->n_files; f++) {
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        lode_try(get_event_offsets(&later->files[f], arena, &piece));
        for (int64_t s = 0; s < later->n_spans; s++) {
            const struct generation_span *span = &later->spans[s];
            if (span->file != f) continue;
            for (int64_t i = 0; i < span->n_sessions; i++)
                made[span->at_session + i] =
                    piece[span->session + i] - span->event + span->at_event;
        }
        lode_arena_rewind(arena, mark);
    }
    made[part->n_sessions] = part->n_events;
    *offsets = made;
    return LODE_OK;
}

const struct generation_span *store_later_find(const struct lode_part *part, enum store_axis axis,
                                               int64_t row)
{
    const struct lode_part_later *later = part->later;
    int64_t low = 0, high = later->n_spans;

    while (low < high) { /* the first span that ends behind the row */
        const int64_t middle = low + (high - low) / 2;
        const struct generation_span *span = &later->spans[middle];
        const int64_t end = axis == STORE_SESSIONS ? span->at_session + span->n_sessions
                                                   : span->at_event + span->n_events;
        if (end > row)
            high = middle;
        else
            low = middle + 1;
    }
    return row >= 0 && low < later->n_spans ? &later->spans[low] : NULL;
}
