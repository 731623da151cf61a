/* Growing: a file that is written aside, piece by piece, and gets its name once it is whole. */
#ifndef LODE_JOBS_GEN_GROWING_H
#define LODE_JOBS_GEN_GROWING_H

#include "common/error.h"

#include <stddef.h>
#include <stdio.h>

enum { GROWING_PATH_SIZE = 4096 };

/* Zero-initialise. */
struct growing {
    FILE *file; /* NULL: not open */
    char path[GROWING_PATH_SIZE], aside[GROWING_PATH_SIZE + 8];
};

/* All fail with LODE_E_DISK; LODE_E_USAGE: the path is too long. */
LODE_CHECKED lode_status growing_open(struct growing *growing, const char *directory,
                                      const char *name, const char *header);
LODE_CHECKED lode_status growing_write(struct growing *growing, const void *data, size_t size);
/* fsyncs and renames; ends it, whatever comes of it. */
LODE_CHECKED lode_status growing_commit(struct growing *growing);
/* Removes what was written; nothing where none is open. */
void growing_discard(struct growing *growing);

#endif
