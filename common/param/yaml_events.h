/* YAML events: libyaml's events of one document, taken one by one, for readers that follow them by
 * hand: what could blow up a reader (aliases, nesting) is refused at its first event.
 */
#ifndef LODE_COMMON_YAML_EVENTS_H
#define LODE_COMMON_YAML_EVENTS_H

#include <stddef.h>
#include <yaml.h>

#include "common/error.h"

struct yaml_events {
    const char *path;
    yaml_parser_t parser;
    yaml_event_t event; /* the current one; zero when there is none */
};

/* LODE_E_INPUT, "path:line:column: what". */
lode_status yaml_events_fault(const struct yaml_events *events, yaml_mark_t mark, const char *what);
/* Moves on to the next event; the one before is gone. LODE_E_INPUT: no YAML; LODE_E_MEMORY. */
LODE_CHECKED lode_status yaml_events_next(struct yaml_events *events);
/* Reads a text of at most one document: `read` is called with its first event as the current one
 * and leaves with its last; never where there are only comments. */
LODE_CHECKED lode_status yaml_events_read(struct yaml_events *events, const char *path,
                                          const void *text, size_t size,
                                          lode_status (*read)(void *context), void *context);

#endif
