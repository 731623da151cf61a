/* Errors: what lode's program adds to the public lode/error.h: exit statuses, and reading the chain
 * (one of the two pieces of mutable file-scope state in lode), which main prints once.
 */
#ifndef LODE_COMMON_ERROR_H
#define LODE_COMMON_ERROR_H

#include "lode/error.h"

#include <stdbool.h>

/* The process exit status of a status (DESIGN.md section 6, docs/formats.md): the only such table.
 */
int lode_exit_status(lode_status status);

/* Short name of a status, for logs and messages ("input", "memory", ...). Static. */
const char *lode_status_name(lode_status status);

/* The thread's chain as one line, "outer: inner: cause"; "" when empty. Borrowed until the thread's
 * next failure. Control bytes are replaced, so that it can go to a terminal. */
const char *lode_error_text(void);
/* Where the chain began, "file:line"; "" when empty. */
const char *lode_error_origin(void);
void lode_error_clear(void);

#endif
