/* Definitions: named texts as the value of one parameter, each with the place it was written at.
 *
 * As one text they can travel as every parameter does (run.json, --resume, verify). A line
 * `name: text` is a definition; on the command line `;;` ends one as well as a line break does.
 * What comes from a file has a line before it that tells where its text began, and is the whole
 * line:
 *
 *     #spec.yaml:7:12
 *     night: hour(time) < 9
 */
#ifndef LODE_COMMON_DEFINITIONS_H
#define LODE_COMMON_DEFINITIONS_H

#include "common/error.h"
#include "common/memory.h"

#include <stdint.h>

struct lode_definition {
    const char *name, *text;
    const char *file;     /* or the name of the parameter */
    int64_t line, column; /* of the text's first byte, from 1 */
};

/* Appends a definition that stood in a file. Line breaks in its text become blanks. */
LODE_CHECKED lode_status lode_definition_append(const struct lode_definition *definition,
                                                struct lode_bytes *out);

/* All definitions of a parameter's text, in their order; everything is the arena's. LODE_E_USAGE: a
 * line that has no name or no text, or a name twice, with its place. */
LODE_CHECKED lode_status lode_definitions_read(const char *text, const char *parameter,
                                               struct lode_arena *arena,
                                               struct lode_definition **definitions,
                                               int64_t *count);

#endif
