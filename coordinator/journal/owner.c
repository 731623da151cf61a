/* Owner: see the header. */
#include "coordinator/journal/owner.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/process.h"
#include "common/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WATCH_MS = 50, RENEWALS = 3 };

void owner_segment_path(const char *folder, uint64_t epoch, char *path, size_t size)
{
    snprintf(path, size, "%s/%05" PRIu64 ".journal", folder, epoch);
}

bool owner_is_superseded(const char *folder, uint64_t epoch)
{
    char path[PATH_MAX];
    owner_segment_path(folder, epoch + 1, path, sizeof path);
    if (access(path, F_OK) == 0) return true;
    owner_segment_path(folder, epoch, path, sizeof path);
    return access(path, F_OK) != 0 && errno == ENOENT;
}

/* --- the text of a lock --- */

size_t owner_format(const struct owner_lock *lock, char *text, size_t size)
{
    const int length = snprintf(text, size,
                                "epoch=%" PRIu64 "\nhost=%s\nmachine=%s\npid=%" PRId64
                                "\nstart=%" PRId64 "\nrenewed=%" PRId64 "\nrenew_ms=%" PRId64 "\n",
                                lock->epoch, lock->host, lock->machine, lock->pid, lock->start,
                                lock->renewed, lock->renew_ms);
    return length < 0 || (size_t)length >= size ? 0 : (size_t)length;
}

static bool set_text(char *text, size_t room, const char *value, size_t size)
{
    if (size >= room || size == 0) return false;
    for (size_t i = 0; i < size; i++)
        if (value[i] <= ' ' || value[i] > '~') return false; /* it goes into messages */
    memcpy(text, value, size);
    text[size] = '\0';
    return true;
}

static bool set_field(struct owner_lock *lock, size_t field, const char *value, size_t size)
{
    int64_t number = 0;
    if (field == 1) return set_text(lock->host, sizeof lock->host, value, size);
    if (field == 2) return set_text(lock->machine, sizeof lock->machine, value, size);
    if (!lode_text_to_i64(value, size, &number) || number < 0) return false;
    if (field == 0) lock->epoch = (uint64_t)number;
    if (field == 3) lock->pid = number;
    if (field == 4) lock->start = number;
    if (field == 5) lock->renewed = number;
    if (field == 6) lock->renew_ms = number;
    return field != 6 || number <= OWNER_RENEW_MS_MAX;
}

bool owner_parse(const char *text, size_t size, struct owner_lock *lock)
{
    static const char *const names[] = {
        "epoch=", "host=", "machine=", "pid=", "start=", "renewed=", "renew_ms="};
    struct owner_lock found = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const size_t name_size = strlen(names[i]);
        const char *end = size ? memchr(text, '\n', size) : NULL;
        if (!end || (size_t)(end - text) < name_size || memcmp(text, names[i], name_size) != 0)
            return false;
        if (!set_field(&found, i, text + name_size, (size_t)(end - text) - name_size)) return false;
        size -= (size_t)(end + 1 - text);
        text = end + 1;
    }
    if (size > 0 || found.pid < 1 || found.pid > INT_MAX) return false;
    *lock = found;
    return true;
}

/* --- is the owner alive? --- */

static bool load(const char *folder, struct owner_lock *lock)
{
    char path[PATH_MAX];
    struct lode_bytes text = {0};
    snprintf(path, sizeof path, "%s/lock", folder);
    const bool found = access(path, F_OK) == 0 &&
                       lode_file_read(path, OWNER_LOCK_LIMIT, &text) == LODE_OK &&
                       owner_parse((const char *)text.data, text.size, lock);
    lode_bytes_clear(&text);
    return found;
}

void owner_name(const char *folder, char *text, size_t size)
{
    struct owner_lock lock;
    if (load(folder, &lock))
        snprintf(text, size, "host %s, pid %" PRId64, lock.host, lock.pid);
    else
        snprintf(text, size, "it has ended it");
}

static void pause_ms(int ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000L};
    nanosleep(&pause, NULL);
}

/* Who has just made the newest segment is about to write the lock. */
static bool wait_for_lock(const char *folder, uint64_t epoch, struct owner_lock *lock)
{
    const int64_t end_us = lode_clock_us() + INT64_C(1000) * OWNER_RENEW_MS;
    while (!load(folder, lock) || lock->epoch < epoch) {
        if (lode_clock_us() > end_us) return false;
        pause_ms(WATCH_MS);
    }
    return true;
}

static bool counter_moves(const char *folder, const struct owner_lock *first)
{
    const int64_t end_us = lode_clock_us() + RENEWALS * first->renew_ms * 1000;
    struct owner_lock now = *first;
    do {
        pause_ms(WATCH_MS);
        if (load(folder, &now) && (now.renewed != first->renewed || now.epoch != first->epoch))
            return now.renew_ms != 0;
    } while (lode_clock_us() < end_us);
    return false;
}

lode_status owner_check(const char *folder, uint64_t epoch)
{
    char machine[LODE_MACHINE_SIZE];
    struct owner_lock lock;
    if (!wait_for_lock(folder, epoch, &lock) || lock.renew_ms == 0) return LODE_OK;
    lode_process_machine(machine);
    const bool alive = strcmp(machine, lock.machine) == 0
                           ? lode_process_may_live(lock.pid, lock.start)
                           : counter_moves(folder, &lock);
    if (!alive) return LODE_OK;
    return lode_fail(LODE_E_USAGE,
                     "the run is under way: its coordinator lives (host %s, pid %" PRId64
                     "); `lode status` shows it",
                     lock.host, lock.pid);
}

/* --- being the owner --- */

struct owner {
    char *folder;
    struct owner_lock lock;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool ends;
};

static lode_status save(struct owner *owner)
{
    char path[PATH_MAX], text[OWNER_LOCK_LIMIT];
    snprintf(path, sizeof path, "%s/lock", owner->folder);
    const size_t size = owner_format(&owner->lock, text, sizeof text);
    return lode_file_write(path, text, size, false);
}

/* A lock that cannot be renewed (the disk is full) is no reason to stop: the epoch decides. */
static void renew(struct owner *owner)
{
    if (owner_is_superseded(owner->folder, owner->lock.epoch)) return;
    owner->lock.renewed++;
    if (save(owner)) lode_log_warn("the run's lock is not renewed: %s", lode_error_text());
}

static void *renew_until_end(void *argument)
{
    struct owner *owner = argument;
    struct timespec next;
    pthread_mutex_lock(&owner->mutex);
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!owner->ends) {
        next.tv_sec += OWNER_RENEW_MS / 1000;
        while (!owner->ends &&
               pthread_cond_timedwait(&owner->wake, &owner->mutex, &next) != ETIMEDOUT)
            continue;
        if (!owner->ends) renew(owner);
        clock_gettime(CLOCK_MONOTONIC, &next);
    }
    pthread_mutex_unlock(&owner->mutex);
    return NULL;
}

lode_status owner_begin(const char *folder, uint64_t epoch, struct owner **owner)
{
    lode_status status = LODE_OK;
    pthread_condattr_t monotonic;
    struct owner *made = calloc(1, sizeof *made);
    if (!made) return lode_fail(LODE_E_MEMORY, "no memory for the run's lock");
    pthread_mutex_init(&made->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&made->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    made->lock = (struct owner_lock){
        .epoch = epoch, .pid = getpid(), .renewed = 1, .renew_ms = OWNER_RENEW_MS};
    made->lock.start = lode_process_start(made->lock.pid);
    if (gethostname(made->lock.host, sizeof made->lock.host - 1) || !made->lock.host[0])
        snprintf(made->lock.host, sizeof made->lock.host, "unknown");
    lode_process_machine(made->lock.machine);
    made->folder = strdup(folder);
    if (!made->folder) status = lode_fail(LODE_E_MEMORY, "no memory for the run's lock");
    if (!status) status = save(made);
    if (!status && pthread_create(&made->thread, NULL, renew_until_end, made))
        status = lode_fail(LODE_E_MEMORY, "no thread for the run's lock could be started");
    made->has_thread = !status;
    if (status)
        owner_end(made);
    else
        *owner = made;
    return status;
}

void owner_end(struct owner *owner)
{
    if (!owner) return;
    if (owner->has_thread) {
        pthread_mutex_lock(&owner->mutex);
        owner->ends = true;
        pthread_cond_signal(&owner->wake);
        pthread_mutex_unlock(&owner->mutex);
        pthread_join(owner->thread, NULL);
        owner->lock.renew_ms = 0;
        renew(owner);
    }
    pthread_cond_destroy(&owner->wake);
    pthread_mutex_destroy(&owner->mutex);
    free(owner->folder);
    free(owner);
}
