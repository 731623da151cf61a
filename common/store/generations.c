/* Generations: see the header. The spans of all files up to one are merged with the users of the
 * next, file by file; sessions and events follow from the users at the end. */
#include "common/store/generations.h"

#include <inttypes.h>
#include <stdbool.h>

/* A list of spans that grows, and how far the one before it has been taken. */
struct merging {
    const struct generation_span *before;
    int64_t n_before, n_before_users;
    int64_t span, in_span; /* the next user of `before` */
    int64_t n_taken;       /* users of `before` */
    struct generation_span *made;
    int64_t n_made;
};

static void put(struct merging *m, int64_t file, int64_t user, int64_t n)
{
    struct generation_span *last = m->n_made > 0 ? &m->made[m->n_made - 1] : NULL;
    if (n == 0 || !m->made) return;
    if (last && last->file == file && last->user + last->n_users == user) {
        last->n_users += n;
        return;
    }
    m->made[m->n_made++] = (struct generation_span){.file = file, .user = user, .n_users = n};
}

/* Takes users of the spans before, up to row `end`; `keep` false: drops them. */
static void take_before(struct merging *m, int64_t end, bool keep)
{
    while (m->n_taken < end) {
        const struct generation_span *span = &m->before[m->span];
        const int64_t left = span->n_users - m->in_span;
        const int64_t n = end - m->n_taken < left ? end - m->n_taken : left;
        if (keep) put(m, span->file, span->user + m->in_span, n);
        m->n_taken += n;
        m->in_span += n;
        if (m->in_span < span->n_users) continue;
        m->span++;
        m->in_span = 0;
    }
}

static lode_status add_file(struct merging *m, const struct generation_rows *file, int64_t number)
{
    for (int64_t u = 0; u < file->n_users; u++) {
        const int64_t place = file->places[u];
        const bool is_new = file->is_new[u] != 0;
        const int64_t end = is_new ? m->n_before_users : m->n_before_users - 1;
        if (place < m->n_taken || place > end)
            return lode_fail(LODE_E_INPUT,
                             "user %" PRId64 " of generation file %" PRId64 " has place %" PRId64
                             ", must be %" PRId64 " to %" PRId64,
                             u, number, place, m->n_taken, end);
        take_before(m, place, true);
        put(m, number, u, 1);
        if (!is_new) take_before(m, place + 1, false);
    }
    take_before(m, m->n_before_users, true);
    return LODE_OK;
}

/* Sessions and events of the users, and rows in the partition. */
static void fill_rows(const struct generation_rows *files, struct generation_span *spans, int64_t n)
{
    int64_t user = 0, session = 0, event = 0;
    for (int64_t s = 0; s < n; s++) {
        struct generation_span *span = &spans[s];
        const struct generation_rows *file = &files[span->file];
        span->session = file->session_offsets[span->user];
        span->n_sessions = file->session_offsets[span->user + span->n_users] - span->session;
        span->event = file->event_offsets[span->session];
        span->n_events = file->event_offsets[span->session + span->n_sessions] - span->event;
        span->at_user = user;
        span->at_session = session;
        span->at_event = event;
        user += span->n_users;
        session += span->n_sessions;
        event += span->n_events;
    }
}

static int64_t count_users(const struct generation_span *spans, int64_t n)
{
    int64_t count = 0;
    for (int64_t s = 0; s < n; s++) count += spans[s].n_users;
    return count;
}

lode_status generations_merge(const struct generation_rows *files, int64_t n_files,
                              struct lode_arena *arena, struct generation_span **spans,
                              int64_t *n_spans)
{
    struct merging m = {0};
    for (int64_t f = 0; f < n_files; f++) {
        m = (struct merging){.before = m.made,
                             .n_before = m.n_made,
                             .n_before_users = count_users(m.made, m.n_made)};
        /* each user of a later file adds itself and cuts one span in two */
        const int64_t most = f == 0 ? 1 : m.n_before + 2 * files[f].n_users;
        lode_try(lode_take(arena, most, &m.made));
        if (f == 0)
            put(&m, 0, 0, files[0].n_users);
        else
            lode_try(add_file(&m, &files[f], f));
    }
    fill_rows(files, m.made, m.n_made);
    *spans = m.made;
    *n_spans = m.n_made;
    return LODE_OK;
}
