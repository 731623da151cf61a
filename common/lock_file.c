/* Lock file: see the header. Its text: "process PID of HOST, since START on MACHINE". */
#include "common/lock_file.h"

#include "common/file.h"
#include "common/log.h"
#include "common/process.h"
#include "common/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 20 };

/* What stands in the lock; "": nothing that can be read, or it has just gone. */
static void read_holder(const char *path, char holder[LODE_LOCK_HOLDER_SIZE])
{
    struct lode_bytes text = {0};
    size_t size = 0;
    if (lode_file_read(path, LODE_LOCK_HOLDER_SIZE - 1, &text) == LODE_OK)
        size = lode_text_visible((const char *)text.data, text.size, holder,
                                 LODE_LOCK_HOLDER_SIZE - 1);
    else
        lode_error_clear();
    holder[size] = '\0';
    lode_bytes_clear(&text);
}

static bool is_gone(const char *holder)
{
    char machine[LODE_MACHINE_SIZE], own[LODE_MACHINE_SIZE];
    int64_t pid = 0, start = 0;
    if (sscanf(holder, "process %" SCNd64 " of %*[^,], since %" SCNd64 " on %127s", &pid, &start,
               machine) != 3)
        return false;
    lode_process_machine(own);
    return strcmp(machine, own) == 0 && !lode_process_may_live(pid, start);
}

/* Written aside and linked, so that the lock never stands there without its holder. */
static lode_status make_lock(const char *path, bool *made)
{
    struct stat about;
    char host[256] = "", machine[LODE_MACHINE_SIZE], aside[PATH_MAX], text[LODE_LOCK_HOLDER_SIZE];
    gethostname(host, sizeof host - 1);
    lode_process_machine(machine);
    if (snprintf(aside, sizeof aside, "%s.tmp-%d-%s", path, (int)getpid(), host) >= PATH_MAX)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", path);
    const int size = snprintf(text, sizeof text, "process %d of %s, since %" PRId64 " on %s",
                              (int)getpid(), host, lode_process_start(getpid()), machine);
    lode_try(lode_file_write(aside, text, (size_t)size, false));
    /* over NFS the answer to a link that was made may get lost: the second name tells */
    *made = link(aside, path) == 0;
    const int reason = errno;
    if (!*made && reason == EEXIST) *made = stat(aside, &about) == 0 && about.st_nlink == 2;
    unlink(aside);
    if (*made || reason == EEXIST) return LODE_OK;
    return lode_fail(LODE_E_DISK, "%s: %s", path, strerror(reason));
}

/* Takes the lock of a process that is gone out of the way. Another may have done so, and hold a new
 * one by now: that goes back. */
static void remove_stale(const char *path, const char *holder)
{
    char aside[PATH_MAX], found[LODE_LOCK_HOLDER_SIZE];
    if (snprintf(aside, sizeof aside, "%s.tmp-stale-%d", path, (int)getpid()) >= PATH_MAX ||
        rename(path, aside) != 0)
        return;
    read_holder(aside, found);
    if (strcmp(found, holder) != 0 && link(aside, path) != 0)
        lode_log_warn("cannot give back path=%s: %s", path, strerror(errno));
    unlink(aside);
}

lode_status lode_lock_take(const char *path, int wait_ms, bool *taken,
                           char holder[LODE_LOCK_HOLDER_SIZE])
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    *taken = false;
    for (int waited_ms = 0;; waited_ms += LOOK_MS) {
        for (int attempt = 0; attempt < 2; attempt++) {
            lode_try(make_lock(path, taken));
            if (*taken) return LODE_OK;
            read_holder(path, holder);
            if (is_gone(holder)) remove_stale(path, holder);
        }
        if (waited_ms >= wait_ms) break;
        nanosleep(&pause, NULL);
    }
    if (!holder[0]) snprintf(holder, LODE_LOCK_HOLDER_SIZE, "a process that has just ended");
    char *const rest = strstr(holder, ", since ");
    if (rest) *rest = '\0'; /* the rest is for programs */
    return LODE_OK;
}

void lode_lock_release(const char *path)
{
    if (unlink(path) != 0) lode_log_warn("cannot remove path=%s: %s", path, strerror(errno));
}
