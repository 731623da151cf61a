/* Print, inside: what the printers of values and of events share. */
#ifndef LODE_COMMON_EXPR_PRINT_H
#define LODE_COMMON_EXPR_PRINT_H

#include "common/expr/expr.h"

struct printer {
    const struct expr_schema *schema;
    const struct expr_graph *graph;
    struct lode_bytes *out;
    size_t limit; /* of out->size: nothing is begun beyond it */
};

/* --- print_words.c --- */

LODE_CHECKED lode_status print_text(struct printer *printer, const char *text);
/* 'text' with escapes. */
LODE_CHECKED lode_status print_quoted(struct printer *printer, const char *text);
/* Bare where a bare name is read as this name, else quoted. */
LODE_CHECKED lode_status print_name(struct printer *printer, const char *name);
/* 30s, 500ms, -2w */
LODE_CHECKED lode_status print_duration(struct printer *printer, double ms);
/* = 'a', != 'a', in {'a', 'b'} or not in {...}, whichever is shortest. holds: [words->count]. */
LODE_CHECKED lode_status print_words(struct printer *printer, const struct lode_dictionary *words,
                                     const uint8_t *holds);

/* --- print_events.c --- */

LODE_CHECKED lode_status print_selector(struct printer *printer, int32_t index, bool is_atom);
LODE_CHECKED lode_status print_pattern(struct printer *printer, int32_t index);

#endif
