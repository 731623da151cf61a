/* Patience: reading what another node has just written.
 *
 * On a network file system (NFS and its like: close-to-open consistency, attributes cached for 3 to
 * 60 s) a file that was written, closed and renamed elsewhere may for a while be missing here, or
 * look short or old. So whoever was TOLD what a file must be (its size, its checksum) and finds
 * something else looks again, opening it anew, until it is right or LODE_PATIENCE_MS are over:
 *
 *     struct lode_patience patience = lode_patience_begin();
 *     lode_status status = read_it(path);
 *     while (status && lode_patience_again(&patience, path)) status = read_it(path);
 *
 * What is truly damaged is told at once: on a file system of this machine alone (ext4, xfs, tmpfs,
 * ...) nothing is ever stale; and no cache is older than a minute, so that a file that is there is
 * what it is when neither it nor its folder has changed for longer. A missing one may be there all
 * the same, for the age of its folder comes from a cache too.
 */
#ifndef LODE_COMMON_PATIENCE_H
#define LODE_COMMON_PATIENCE_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>

enum { LODE_PATIENCE_MS = 5000, LODE_PATIENCE_FRESH_S = 60 };

struct lode_patience {
    int64_t waited_ms, pause_ms;
    bool is_anywhere; /* tests: as if every file system were a network's */
};

struct lode_patience lode_patience_begin(void);

/* After an attempt that failed: waits a little (10 ms, doubling) and asks the file system anew for
 * the folder; true: try again. False at once where there is nothing to wait for, and when the time
 * is over. Forgets the error of the attempt when it says true. */
bool lode_patience_again(struct lode_patience *patience, const char *path);

/* Reads a whole file whose size and XXH3 were told, with that patience. Fails with LODE_E_INPUT
 * naming the path and what it has instead. */
LODE_CHECKED lode_status lode_read_told(const char *path, uint64_t size_bytes, uint64_t hash,
                                        struct lode_bytes *bytes);

#endif
