/* Child: runs another program to its end, with text in and text out. */
#ifndef LODE_COORDINATOR_CHILD_H
#define LODE_COORDINATOR_CHILD_H

#include "common/error.h"
#include "common/memory.h"

enum { CHILD_NOT_FOUND = 127, CHILD_OUTPUT_MAX = 1 << 20 };

/* Runs arguments[0] (looked for in PATH) with `input` as its standard input; appends what it writes
 * to standard output, of which at most CHILD_OUTPUT_MAX bytes are kept. Its standard error is ours.
 * *exit_status: 128 + n when signal n ended it, CHILD_NOT_FOUND when there is no such program.
 * LODE_E_DISK: no process or file could be made. */
LODE_CHECKED lode_status child_run(const char *const *arguments, const struct lode_bytes *input,
                                   struct lode_bytes *output, int *exit_status);

#endif
