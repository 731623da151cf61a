/* Log: one write(2) a line, so that lines of several threads and processes never mix.
 *
 * A line is built in a buffer on the stack and cut when it is too long: logging that memory is gone
 * needs no memory, and never touches the thread's error chain. What comes from outside is shown
 * byte by byte where it could steer a terminal; a newline inside a message too, so that no message
 * can look like two.
 */
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/text.h"

enum { MESSAGE_BYTES = 4096, NAME_BYTES = 64, LINE_BYTES = MESSAGE_BYTES + 256 };

/* The sink: see the header. */
static struct {
    pthread_mutex_t lock; /* of name and file */
    char name[NAME_BYTES];
    int file; /* -1: standard error */
    atomic_int level;
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .name = "lode", .file = -1, .level = LODE_LOG_WARN};

void lode_log_name(const char *name)
{
    pthread_mutex_lock(&sink.lock);
    const size_t size = lode_text_visible(name, strlen(name), sink.name, NAME_BYTES - 1);
    sink.name[size] = '\0';
    pthread_mutex_unlock(&sink.lock);
}

void lode_log_set_level(enum lode_log_level level)
{
    atomic_store(&sink.level, (int)level);
}

lode_status lode_log_open(const char *path)
{
    int file = -1;
    if (path) {
        file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
        if (file < 0)
            return lode_fail(LODE_E_DISK, "%s: cannot open the log: %s", path, strerror(errno));
    }
    pthread_mutex_lock(&sink.lock);
    const int before = sink.file;
    sink.file = file;
    pthread_mutex_unlock(&sink.lock);
    if (before >= 0) close(before);
    return LODE_OK;
}

/* "2026-11-21T10:17:31.042Z" */
static size_t put_time(char *buffer, size_t room)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    const size_t size = strftime(buffer, room, "%Y-%m-%dT%H:%M:%S", &utc);
    const int more = snprintf(buffer + size, room - size, ".%03ldZ", now.tv_nsec / 1000000);
    return size + (more > 0 ? (size_t)more : 0);
}

static void write_line(int file, const char *line, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(file, line, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return; /* a log that cannot be written has nobody to tell */
        line += written;
        size -= (size_t)written;
    }
}

void lode_log_line(enum lode_log_level level, const char *format, ...)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    if ((int)level > atomic_load(&sink.level)) return;
    const int saved = errno; /* the caller may yet report it */
    char message[MESSAGE_BYTES], line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    const int wanted = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (wanted < 0) message[0] = '\0';

    pthread_mutex_lock(&sink.lock); /* held while writing: lode_log_open must not close the file */
    size_t size = put_time(line, sizeof line);
    size += (size_t)snprintf(line + size, sizeof line - size, " %s %s ", levels[level], sink.name);
    const size_t room = sizeof line - size - sizeof "...\n";
    const size_t shown = lode_text_visible(message, strlen(message), line + size, room);
    size += shown;
    const bool cut = wanted >= MESSAGE_BYTES || (shown == room);
    size += (size_t)snprintf(line + size, sizeof line - size, "%s\n", cut ? "..." : "");
    write_line(sink.file < 0 ? STDERR_FILENO : sink.file, line, size);
    pthread_mutex_unlock(&sink.lock);
    errno = saved;
}
