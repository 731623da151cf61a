/* File: whole files, written aside and renamed, so that they are whole or absent. */
#ifndef LODE_COMMON_FILE_H
#define LODE_COMMON_FILE_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes PATH.tmp-PID, fsyncs if `durable`, renames (and fsyncs the folder if `durable`).
 * LODE_E_DISK names path, bytes wanted and the reason. */
LODE_CHECKED lode_status lode_file_write(const char *path, const void *data, size_t size,
                                         bool durable);
/* Reads a whole file of at most `limit` bytes into `bytes` (replaced). LODE_E_INPUT. */
LODE_CHECKED lode_status lode_file_read(const char *path, size_t limit, struct lode_bytes *bytes);

/* Makes one folder with mode 0700; LODE_E_DISK, or LODE_E_USAGE when something of that name exists.
 */
LODE_CHECKED lode_status lode_directory_make(const char *path);
/* Removes a folder and all that is in it, without following links. Not there: well. */
LODE_CHECKED lode_status lode_directory_remove(const char *path);
/* fsync of a folder, so that renames in it last. */
LODE_CHECKED lode_status lode_directory_sync(const char *path);

/* `path` made absolute (nothing need exist), from the arena. */
LODE_CHECKED lode_status lode_path_absolute(const char *path, struct lode_arena *arena,
                                            char **absolute);

#endif
