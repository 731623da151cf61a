/* Append lock: one append to a store at a time, see common/lock_file.h. */
#ifndef LODE_JOBS_STAGE_APPEND_LOCK_H
#define LODE_JOBS_STAGE_APPEND_LOCK_H

#include "common/error.h"

#include <stddef.h>

/* Takes the lock of the store's folder; its path into `lock` (PATH_MAX bytes). LODE_E_USAGE:
 * another process holds it. LODE_E_DISK. */
LODE_CHECKED lode_status append_lock_take(const char *store, char *lock, size_t size);
void append_lock_release(const char *lock);

#endif
