/* Traffic: the bytes that a thread reads from and writes to files, as the kernel counts them.
 *
 * Asked before and after a leaf it says what the leaf moved, whichever library did it: HDF5, zlib,
 * our own. What comes from the page cache counts like what comes from the disk, and what is read
 * twice counts twice. Messages (recv, send) and memory maps do not count; leaves use neither.
 */
#ifndef LODE_WORKER_TRAFFIC_H
#define LODE_WORKER_TRAFFIC_H

#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

/* So far, by the calling thread. */
struct traffic {
    uint64_t read_bytes, written_bytes;
};

/* The counters of one thread. A zeroed meter is a closed one. */
struct traffic_meter {
    int fd;
    bool is_open;
    uint64_t own_bytes; /* read from the counters themselves, which count that too */
};

/* Of the calling thread. LODE_E_RUN: this kernel does not count (it was built without
 * CONFIG_TASK_IO_ACCOUNTING, or /proc is not there). */
LODE_CHECKED lode_status traffic_open(struct traffic_meter *meter);
void traffic_close(struct traffic_meter *meter);

/* A microsecond. All 0 with a closed meter. */
struct traffic traffic_now(struct traffic_meter *meter);

#endif
