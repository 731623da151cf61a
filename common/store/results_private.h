/* What results.c and results_read.c share; nobody else includes this. */
#ifndef LODE_COMMON_RESULTS_PRIVATE_H
#define LODE_COMMON_RESULTS_PRIVATE_H

#include "common/store/hdf.h"
#include "common/store/table.h"

/* Members of a table's group that hold its word lists, and the codes of coded columns; no column
 * may be named so. */
#define RESULTS_WORDS "words"
#define RESULTS_CODES "codes"
enum { RESULTS_TYPES = LODE_COLUMN_TOKENS + 1 };
extern const char *const results_types[];         /* [RESULTS_TYPES] attribute `type` of a column */
extern const enum lode_hdf_type results_stored[]; /* [LODE_COLUMN_F64 + 1] how numbers are stored */

bool results_has_words(enum lode_column_type type);
bool results_is_reserved(const char *name);
/* "A/B/C" from the arena; c NULL: "A/B". */
lode_status results_path(struct lode_arena *arena, const char *a, const char *b, const char *c,
                         char **path);

#endif
