/* Outline: a YAML document of mappings within mappings as a flat list of lines, each with the place
 * where it stands, for files whose errors must name line and column whatever is wrong with them.
 *
 *   name: retries                  depth 0  name      retries
 *   parameters:                    depth 0  parameters  (a mapping)
 *     retry: { type: event }       depth 1  retry       (a mapping)
 *                                  depth 2  type      event
 */
#ifndef LODE_COMMON_OUTLINE_H
#define LODE_COMMON_OUTLINE_H

#include "common/error.h"
#include "common/memory.h"

#include <stdint.h>

enum { LODE_OUTLINE_DEPTH = 4, LODE_OUTLINE_LINES = 2000 };

struct lode_outline_line {
    int depth;
    const char *name;
    /* NULL: a mapping, whose lines follow, one deeper. A list is joined by commas; commas and
     * backslashes inside its items are quoted by a backslash, as lode_params_list reads them. */
    const char *value;
    int line, column; /* of the name, from 1 */
};

struct lode_outline {
    const char *path;
    int64_t n;
    struct lode_outline_line *lines; /* in the order of the text */
};

/* Reads a document; `path` stands in messages. Everything comes from the arena, `path` is borrowed.
 * An empty text is an empty outline.
 *
 * LODE_E_INPUT, with path:line:column: no YAML, anchors, aliases, a NUL byte, lists of anything but
 * single values, a name twice in one mapping, mappings deeper than LODE_OUTLINE_DEPTH, more than
 * LODE_OUTLINE_LINES lines. LODE_E_MEMORY. */
LODE_CHECKED lode_status lode_outline_parse(const char *path, const void *text, size_t size,
                                            struct lode_arena *arena, struct lode_outline *outline);

/* The line after lines[at] and all that is below it: its next sibling, or the end of the mapping.
 */
int64_t lode_outline_next(const struct lode_outline *outline, int64_t at);

/* A fault of that line: LODE_E_INPUT, "path:line:column: what". */
lode_status lode_outline_fault(const struct lode_outline *outline,
                               const struct lode_outline_line *line, const char *format, ...)
    LODE_PRINTF(3, 4);

#endif
