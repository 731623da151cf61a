/* Lock file: one process at a time, also on network file systems, where flock and fcntl locks need
 * not reach other nodes: a file made by link(2), which is exclusive everywhere, that says who holds
 * it.
 *
 * A lock whose holder is gone is taken over, if that is certain: the holder ran under this boot and
 * among these process ids, and no process with its pid and start is there. One of another host is
 * named, never guessed at.
 */
#ifndef LODE_COMMON_LOCK_FILE_H
#define LODE_COMMON_LOCK_FILE_H

#include "common/error.h"

#include <stdbool.h>

enum { LODE_LOCK_HOLDER_SIZE = 512 };

/* Takes the lock, or waits up to wait_ms for it. *taken false: `holder` says in printable words who
 * has it ("process 12 of n3"). LODE_E_DISK: it cannot be made. */
LODE_CHECKED lode_status lode_lock_take(const char *path, int wait_ms, bool *taken,
                                        char holder[LODE_LOCK_HOLDER_SIZE]);
void lode_lock_release(const char *path);

#endif
