/* Append lock: see the header. */
#include "jobs/stage/append_lock.h"

#include "common/file.h"
#include "common/log.h"
#include "common/text.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOLDER_SIZE = 512 };

/* Whom the lock names: "process 12 of host". */
static void read_holder(const char *lock, char *holder)
{
    struct lode_bytes text = {0};
    holder[0] = '\0';
    if (lode_file_read(lock, HOLDER_SIZE - 1, &text) == LODE_OK)
        holder[lode_text_visible((const char *)text.data, text.size, holder, HOLDER_SIZE - 1)] =
            '\0';
    lode_bytes_clear(&text);
}

/* Only a process of this host can be known to be gone. */
static bool is_gone(const char *holder)
{
    char host[256] = "", of[256] = "";
    int process = 0;
    gethostname(host, sizeof host - 1);
    return sscanf(holder, "process %d of %255s", &process, of) == 2 && strcmp(host, of) == 0 &&
           process > 0 && kill(process, 0) != 0 && errno == ESRCH;
}

/* Written aside and linked, so that the lock never stands there without its holder. */
static lode_status make_lock(const char *lock, bool *made)
{
    char host[256] = "", aside[PATH_MAX], text[HOLDER_SIZE];
    gethostname(host, sizeof host - 1);
    snprintf(aside, sizeof aside, "%s.tmp-%d-%s", lock, (int)getpid(), host);
    const int size = snprintf(text, sizeof text, "process %d of %s", (int)getpid(), host);
    lode_try(lode_file_write(aside, text, (size_t)size, false));
    *made = link(aside, lock) == 0;
    const int reason = errno;
    unlink(aside);
    if (*made || reason == EEXIST) return LODE_OK;
    return lode_fail(LODE_E_DISK, "%s: %s", lock, strerror(reason));
}

/* Takes a lock of a process that is gone out of the way. Another may have done so, and hold a new
 * one by now: that goes back. */
static void remove_stale(const char *lock, const char *holder)
{
    char aside[PATH_MAX], found[HOLDER_SIZE];
    snprintf(aside, sizeof aside, "%s.tmp-stale-%d", lock, (int)getpid());
    if (rename(lock, aside) != 0) return;
    read_holder(aside, found);
    if (strcmp(found, holder) != 0 && link(aside, lock) != 0)
        lode_log_warn("cannot give back path=%s: %s", lock, strerror(errno));
    unlink(aside);
}

lode_status append_lock_take(const char *store, char *lock, size_t size)
{
    char holder[HOLDER_SIZE] = "";
    bool made = false;
    const size_t room = size < PATH_MAX - HOLDER_SIZE ? size : PATH_MAX - HOLDER_SIZE;
    if (snprintf(lock, room, "%s/append.lock", store) >= (int)room)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", store);
    for (int attempt = 0; attempt < 2 && !made; attempt++) {
        lode_try(make_lock(lock, &made));
        if (made) return LODE_OK;
        read_holder(lock, holder);
        if (is_gone(holder)) remove_stale(lock, holder);
    }
    return lode_fail(
        LODE_E_USAGE,
        "another append is at work: %s is held by %s; if that is gone, remove the file", lock,
        holder[0] ? holder : "a process that has just ended");
}

void append_lock_release(const char *lock)
{
    if (unlink(lock) != 0) lode_log_warn("cannot remove path=%s: %s", lock, strerror(errno));
}
