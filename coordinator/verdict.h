/* Verdict: the record by which the parent of mpirun knows how the run goes. mpirun's own exit
 * status says nothing, and it may never return.
 *
 * A file of one line, written by rank 0 and read by the parent: "running PID HOST" from the start
 * of rank 0, "ended STATUS" at its end. Written aside and renamed, so it is whole or absent.
 */
#ifndef LODE_COORDINATOR_VERDICT_H
#define LODE_COORDINATOR_VERDICT_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verdict_state { VERDICT_NONE, VERDICT_RUNNING, VERDICT_ENDED };
enum { VERDICT_HOST_SIZE = 256 };

struct verdict {
    enum verdict_state state;
    int64_t pid;                  /* of rank 0, on its host; VERDICT_RUNNING only */
    char host[VERDICT_HOST_SIZE]; /* VERDICT_RUNNING only */
    int exit_status;              /* 0..255; VERDICT_ENDED only */
};

/* Rank 0: this process runs; it has ended with that status (synced to disk). LODE_E_DISK. */
LODE_CHECKED lode_status verdict_write_running(const char *path);
LODE_CHECKED lode_status verdict_write_ended(const char *path, int exit_status);

/* The line as a verdict; false, and *verdict untouched, for anything but the two forms above. */
bool verdict_parse(const char *text, size_t size, struct verdict *verdict);

/* Reads the record. A file that is not there, or is no record, changes nothing: what was known
 * before stays. */
void verdict_read(const char *path, struct verdict *verdict);

/* The record says `running` on this host, and that process is gone. Read the record once more
 * before believing it: `ended` is written just before the process goes. */
bool verdict_is_orphaned(const struct verdict *verdict);

/* Is rank 0 (of a `running` record) a process of this host? */
bool verdict_is_here(const struct verdict *verdict);

#endif
