/* Append lock: see the header. */
#include "jobs/stage/append_lock.h"

#include "common/lock_file.h"

#include <limits.h>
#include <stdio.h>

lode_status append_lock_take(const char *store, char *lock, size_t size)
{
    char holder[LODE_LOCK_HOLDER_SIZE] = "";
    bool taken = false;
    if (snprintf(lock, size, "%s/append.lock", store) >= (int)size)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", store);
    lode_try(lode_lock_take(lock, 0, &taken, holder));
    if (taken) return LODE_OK;
    return lode_fail(
        LODE_E_USAGE,
        "another append is at work: %s is held by %s; if that is gone, remove the file", lock,
        holder);
}

void append_lock_release(const char *lock)
{
    lode_lock_release(lock);
}
