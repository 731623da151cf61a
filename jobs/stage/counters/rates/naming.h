/* Naming: whose the events are: a name in which {ATTRIBUTE} stands for what the session or the
 * event has there, such as `shop/{region}`. Where it has nothing, `(none)` stands instead: no event
 * is without a component.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_RATES_NAMING_H
#define LODE_JOBS_STAGE_COUNTERS_RATES_NAMING_H

#include "common/store/store.h"

/* A piece of the name: a text, or the value of a column. */
struct naming_piece {
    const char *text;
    size_t size;
    int column; /* -1: the text */
};

/* An attribute that is named. */
struct naming_column {
    const struct lode_attribute *attribute; /* the store's */
    bool of_event;
};

struct naming {
    int n_pieces, n_columns;
    struct naming_piece *pieces;
    struct naming_column *columns;
    bool of_events; /* some column is of events: the events of a session may differ */
};

/* Of a name and a store, both borrowed; from the arena. LODE_E_USAGE: a brace that is not closed,
 * no attribute of that name (with the nearest), one of numbers. */
LODE_CHECKED lode_status naming_make(const char *name, const struct lode_store *store,
                                     struct lode_arena *arena, struct naming *naming);

enum { NAMING_MOST_BYTES = 255 };
/* The name for these codes [n_columns] (LODE_NO_CODE: no value) into text, not zero-terminated.
 * LODE_E_INPUT: it is longer than NAMING_MOST_BYTES, no UTF-8, or a code has no word. */
LODE_CHECKED lode_status naming_put(const struct naming *naming, const uint32_t *codes,
                                    char text[NAMING_MOST_BYTES], size_t *size);

#endif
