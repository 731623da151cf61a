/* Append lock: one append to a store at a time. A file in the store, made by link(2), says which
 * process of which host holds it; one of this host that is gone is taken over, others are named. */
#ifndef LODE_JOBS_STAGE_APPEND_LOCK_H
#define LODE_JOBS_STAGE_APPEND_LOCK_H

#include "common/error.h"

#include <stddef.h>

/* Takes the lock of the store's folder; its path into `lock` (PATH_MAX bytes). LODE_E_USAGE:
 * another process holds it. LODE_E_DISK. */
LODE_CHECKED lode_status append_lock_take(const char *store, char *lock, size_t size);
void append_lock_release(const char *lock);

#endif
