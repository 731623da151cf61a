/* Leaf "hierarchy.weigh" (weighing.h has the layouts). Votes are looked at twice: first for `high`,
 * in which the strongest slots are found, then in these. They are kept between where they fit, else
 * scanned again, so memory is a few series and what is sent back; the bytes are the same.
 */
#include <math.h>

#include "jobs/hierarchy/model/vote.h"
#include "jobs/hierarchy/training/scan.h"
#include "jobs/hierarchy/training/weighing.h"

struct leaf {
    int64_t detector;
    double sigma, share;
};

struct event {
    int64_t first, end; /* slots with a full window; first >= end: none */
    bool *is_meant;     /* [n_leaves]; NULL: all are */
    double *high;       /* [end - first] of those that are meant; NULL: as the component's */
};

struct weighed {
    struct scan *scan;
    int64_t n_leaves, n_events, hour;
    struct leaf *leaves;
    struct event *events;
    double **kept;      /* [n_leaves] votes; NULL: they do not fit */
    double *one;        /* [slots.n] votes of a leaf, where they are not kept */
    double *high;       /* [slots.n] */
    bool *is_covered;   /* [slots.n] by an event */
    int64_t n_rows;     /* events, then hours */
    int64_t *row_slots; /* -1: none */
    double *votes;      /* [n_rows][n_leaves] */
};

/* --- the input --- */

static lode_status read_leaves(struct weighed *w, struct lode_unpack *in)
{
    uint32_t n = 0;
    lode_try(lode_unpack_array(in, &n));
    lode_try(lode_take(w->scan->task->arena, n, &w->leaves));
    w->n_leaves = n;
    for (uint32_t i = 0; i < n; i++) {
        struct leaf *leaf = &w->leaves[i];
        lode_try(lode_unpack_i64(in, &leaf->detector));
        lode_try(lode_unpack_f64(in, &leaf->sigma));
        lode_try(lode_unpack_f64(in, &leaf->share));
        if (leaf->detector < 0 || leaf->detector >= w->scan->n_detectors ||
            !isfinite(leaf->sigma) || !isfinite(leaf->share))
            return lode_fail(LODE_E_MESSAGE, "detector %lld, sigma %g, share %g",
                             (long long)leaf->detector, leaf->sigma, leaf->share);
    }
    return LODE_OK;
}

/* The first slot at or after a time, but within [reach, n]. */
static int64_t slot_from(const struct scan *scan, int64_t time_ms)
{
    int64_t since = 0;
    if (__builtin_sub_overflow(time_ms, scan->slots.first_ms, &since))
        return time_ms < scan->slots.first_ms ? scan->reach : scan->slots.n;
    const int64_t slot = since <= 0 ? 0 : (since - 1) / scan->slots.step_ms + 1;
    return slot < scan->reach ? scan->reach : slot < scan->slots.n ? slot : scan->slots.n;
}

static lode_status read_meant(struct weighed *w, struct lode_unpack *in, struct event *event)
{
    struct lode_arena *arena = w->scan->task->arena;
    uint32_t n = 0;
    lode_try(lode_unpack_array(in, &n));
    if (n == 0) return LODE_OK;
    lode_try(lode_take_zero(arena, w->n_leaves, &event->is_meant));
    for (uint32_t i = 0; i < n; i++) {
        int64_t leaf = 0;
        lode_try(lode_unpack_i64(in, &leaf));
        if (leaf < 0 || leaf >= w->n_leaves)
            return lode_fail(LODE_E_MESSAGE, "leaf %lld of %lld", (long long)leaf,
                             (long long)w->n_leaves);
        event->is_meant[leaf] = true;
    }
    return event->first < event->end
               ? lode_take_zero(arena, event->end - event->first, &event->high)
               : LODE_OK;
}

static lode_status read_events(struct weighed *w, struct lode_unpack *in)
{
    uint32_t n = 0;
    lode_try(lode_unpack_array(in, &n));
    lode_try(lode_take_zero(w->scan->task->arena, n, &w->events));
    w->n_events = n;
    for (uint32_t i = 0; i < n; i++) {
        struct event *event = &w->events[i];
        int64_t start_ms = 0, end_ms = 0;
        lode_try(lode_unpack_i64(in, &start_ms));
        lode_try(lode_unpack_i64(in, &end_ms));
        event->first = slot_from(w->scan, start_ms);
        event->end = slot_from(w->scan, end_ms);
        lode_try(read_meant(w, in, event));
        for (int64_t s = event->first; s < event->end; s++) w->is_covered[s] = true;
    }
    return LODE_OK;
}

/* --- the strongest slots --- */

/* Half of what is left: the rest is scratch of detectors, and what is sent back. */
static lode_status keep_if_there_is_room(struct weighed *w)
{
    struct lode_arena *arena = w->scan->task->arena;
    const size_t series = (size_t)w->scan->slots.n * sizeof(double);
    if (lode_arena_left(arena) / 2 / series < (size_t)w->n_leaves)
        return lode_take(arena, w->scan->slots.n, &w->one);
    lode_try(lode_take(arena, w->n_leaves, &w->kept));
    for (int64_t l = 0; l < w->n_leaves; l++)
        lode_try(lode_take(arena, w->scan->slots.n, &w->kept[l]));
    return LODE_OK;
}

static lode_status scan_votes(const struct weighed *w, int64_t l, double *votes)
{
    const struct leaf *leaf = &w->leaves[l];
    const double sigma = leaf->sigma, vote = w->scan->options.vote;
    struct detector_settings settings;
    lode_try(scan_distance(w->scan, leaf->detector, votes, &settings));
    for (int64_t s = 0; s < w->scan->slots.n; s++)
        votes[s] = vote_of(detector_e(sigma, votes[s]), vote);
    return LODE_OK;
}

static lode_status add_up(const struct weighed *w)
{
    for (int64_t l = 0; l < w->n_leaves; l++) {
        const double share = w->leaves[l].share;
        double *votes = w->kept ? w->kept[l] : w->one;
        lode_try(scan_votes(w, l, votes));
        for (int64_t s = w->scan->reach; s < w->scan->slots.n; s++) w->high[s] += share * votes[s];
        for (int64_t i = 0; i < w->n_events; i++) {
            const struct event *event = &w->events[i];
            if (!event->high || !event->is_meant[l]) continue;
            for (int64_t s = event->first; s < event->end; s++)
                event->high[s - event->first] += share * votes[s];
        }
    }
    return LODE_OK;
}

/* The first of the strongest slots of [first, end); -1: all are covered. */
static int64_t strongest(const double *high, const bool *is_covered, int64_t first, int64_t end)
{
    int64_t best = -1;
    for (int64_t s = first; s < end; s++)
        if (!(is_covered && is_covered[s]) && (best < 0 || high[s] > high[best])) best = s;
    return best;
}

static lode_status choose_slots(struct weighed *w)
{
    const int64_t first = w->scan->reach, n = w->scan->slots.n;
    const int64_t hours = (n - first - 1) / w->hour + 1;
    lode_try(lode_take(w->scan->task->arena, w->n_events + hours, &w->row_slots));
    for (int64_t i = 0; i < w->n_events; i++) {
        const struct event *event = &w->events[i];
        int64_t slot = event->high ? strongest(event->high, NULL, 0, event->end - event->first)
                                   : strongest(w->high, NULL, event->first, event->end);
        if (event->high && slot >= 0) slot += event->first;
        w->row_slots[i] = slot;
    }
    w->n_rows = w->n_events;
    for (int64_t at = first; at < n; at += w->hour) {
        const int64_t end = n - at > w->hour ? at + w->hour : n;
        const int64_t slot = strongest(w->high, w->is_covered, at, end);
        if (slot >= 0) w->row_slots[w->n_rows++] = slot;
    }
    return LODE_OK;
}

static lode_status read_votes(struct weighed *w)
{
    lode_try(lode_take_zero(w->scan->task->arena, w->n_rows * w->n_leaves, &w->votes));
    for (int64_t l = 0; l < w->n_leaves; l++) {
        const double *votes = w->kept ? w->kept[l] : w->one;
        if (!w->kept) lode_try(scan_votes(w, l, w->one));
        for (int64_t r = 0; r < w->n_rows; r++) {
            const bool is_meant =
                r >= w->n_events || !w->events[r].is_meant || w->events[r].is_meant[l];
            if (w->row_slots[r] >= 0 && is_meant)
                w->votes[r * w->n_leaves + l] = votes[w->row_slots[r]];
        }
    }
    return LODE_OK;
}

/* --- a component, a task --- */

static lode_status pack_votes(const struct weighed *w, struct lode_bytes *out)
{
    const size_t row_bytes = (size_t)w->n_leaves * sizeof *w->votes;
    for (int64_t r = 0; r < w->n_events; r++)
        lode_try(
            lode_pack_bin(out, w->votes + r * w->n_leaves, w->row_slots[r] >= 0 ? row_bytes : 0));
    lode_try(lode_pack_array(out, (uint32_t)(w->n_rows - w->n_events)));
    for (int64_t r = w->n_events; r < w->n_rows; r++) lode_try(lode_pack_i64(out, w->row_slots[r]));
    return lode_pack_bin(out, w->votes + w->n_events * w->n_leaves,
                         (size_t)(w->n_rows - w->n_events) * row_bytes);
}

static lode_status weigh_component(struct scan *scan, struct lode_unpack *in,
                                   struct lode_bytes *out)
{
    struct lode_arena *arena = scan->task->arena;
    struct weighed w = {.scan = scan};
    if (!scan_is_fit(scan)) return lode_fail(LODE_E_MESSAGE, "an end without a full window");
    lode_try(lode_take_zero(arena, scan->slots.n, &w.high));
    lode_try(lode_take_zero(arena, scan->slots.n, &w.is_covered));
    lode_try(read_leaves(&w, in));
    lode_try(lode_unpack_i64(in, &w.hour));
    if (w.hour < 1) return lode_fail(LODE_E_MESSAGE, "an hour of %lld slots", (long long)w.hour);
    lode_try(read_events(&w, in));
    lode_try(keep_if_there_is_room(&w));
    lode_try(add_up(&w));
    lode_try(choose_slots(&w));
    lode_try(read_votes(&w));
    return pack_votes(&w, out);
}

lode_status hierarchy_weigh_leaf(struct lode_task *task)
{
    return scan_each(task, weigh_component);
}
