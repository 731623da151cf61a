/* Session events: the events of one session, in any number, in order of (time, order of arrival).
 *
 * Most come in order and are few: they stay in arrays. A session that is too large, or large and
 * out of order, goes through a sorter. Pure but for that.
 */
#ifndef LODE_JOBS_STAGE_SESSION_EVENTS_H
#define LODE_JOBS_STAGE_SESSION_EVENTS_H

#include "jobs/shuffle/scratch.h"
#include "jobs/stage/shuffle/records.h"

struct session_events;

/* Events in order, borrowed until the next call. */
struct event_batch {
    const int64_t *times;
    const uint32_t *names;
    const uint32_t *n_cells; /* of each event; NULL: none has any */
    const struct record_cell *cells;
    int64_t n;
};

/* `memory_bytes` of the site's arena (at least SESSION_EVENTS_LEAST) for events, as much again for
 * the sorter if one is needed. `cells_limit`: most cells of an event. */
enum { SESSION_EVENTS_LEAST = 1 << 20 };
LODE_CHECKED lode_status session_events_create(const struct shuffle_site *site, size_t memory_bytes,
                                               int64_t cells_limit, struct session_events **events);
LODE_CHECKED lode_status session_events_add(struct session_events *events,
                                            const struct record *record);
/* The same for events [n] without cells. */
LODE_CHECKED lode_status session_events_add_all(struct session_events *events, const int64_t *times,
                                                const uint32_t *names, int64_t n);
/* All are added; the first can be taken. Again: the first once more. */
LODE_CHECKED lode_status session_events_begin(struct session_events *events);
/* batch->n is 0 behind the last. */
LODE_CHECKED lode_status session_events_next(struct session_events *events,
                                             struct event_batch *batch);
void session_events_clear(struct session_events *events);
void session_events_close(struct session_events *events); /* takes NULL */

#endif
