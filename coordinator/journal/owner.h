/* Owner: which coordinator a run belongs to, and whether it still lives.
 *
 * The epoch decides: whoever has made the newest segment of the journal (with O_EXCL) owns the run.
 * The file journal/lock only says who that is, so that a second coordinator is refused while the
 * first lives: host, process, and a counter that its owner raises every RENEW_MS. On the owner's
 * own machine its process is looked for; from elsewhere the counter is watched. No flock: it does
 * not reach across nodes everywhere.
 */
#ifndef LODE_COORDINATOR_JOURNAL_OWNER_H
#define LODE_COORDINATOR_JOURNAL_OWNER_H

#include "common/error.h"
#include "common/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OWNER_RENEW_MS = 2000, OWNER_RENEW_MS_MAX = 60000, OWNER_LOCK_LIMIT = 1024 };

/* What the lock says. */
struct owner_lock {
    uint64_t epoch;
    char host[256];
    char machine[LODE_MACHINE_SIZE]; /* boot and process id space in which the pid counts */
    int64_t pid, start;              /* start: of the process, in clock ticks since the boot */
    int64_t renewed;                 /* the counter */
    int64_t renew_ms;                /* how often; 0: the owner has let go of the run */
};

/* Reads the text of a lock; false: it is none. Pure. */
bool owner_parse(const char *text, size_t size, struct owner_lock *lock);
/* Writes it into `text`; returns its size. */
size_t owner_format(const struct owner_lock *lock, char *text, size_t size);

/* Fails with LODE_E_USAGE, naming host and process, while the owner of `epoch` (the newest) lives.
 * Takes three renewals of a counter that stands still, no time on the owner's machine. */
LODE_CHECKED lode_status owner_check(const char *folder, uint64_t epoch);

struct owner;
/* This process owns `epoch`: writes the lock, and renews it on a thread of its own. */
LODE_CHECKED lode_status owner_begin(const char *folder, uint64_t epoch, struct owner **owner);
/* Lets go of the run, unless a newer owner has it by now. Takes NULL. */
void owner_end(struct owner *owner);

/* Path of the segment of an epoch. */
void owner_segment_path(const char *folder, uint64_t epoch, char *path, size_t size);
/* A newer epoch has begun, or the epoch's own segment is gone because a newer one has ended the
 * run: it is another coordinator's. */
bool owner_is_superseded(const char *folder, uint64_t epoch);
/* Who has the run now, in words: "host n3, pid 123". */
void owner_name(const char *folder, char *text, size_t size);

#endif
