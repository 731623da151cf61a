/* Verdict: two lines, one file; see the header. */
#include "coordinator/verdict.h"

#include "common/file.h"
#include "common/text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = VERDICT_HOST_SIZE + 32 };
static const char running_word[] = "running ", ended_word[] = "ended ";

static void own_host(char *host)
{
    if (gethostname(host, VERDICT_HOST_SIZE)) snprintf(host, VERDICT_HOST_SIZE, "unknown");
    host[VERDICT_HOST_SIZE - 1] = '\0'; /* a name that was cut may lack it */
}

lode_status verdict_write_running(const char *path)
{
    char host[VERDICT_HOST_SIZE], line[LINE_MAX_SIZE];
    own_host(host);
    const int size = snprintf(line, sizeof line, "%s%ld %s\n", running_word, (long)getpid(), host);
    return lode_file_write(path, line, (size_t)size, false);
}

lode_status verdict_write_ended(const char *path, int exit_status)
{
    char line[LINE_MAX_SIZE];
    const int size = snprintf(line, sizeof line, "%s%d\n", ended_word, exit_status);
    return lode_file_write(path, line, (size_t)size, true);
}

/* Digits only: no sign, no blank. */
static bool read_number(const char *text, size_t size, int64_t most, int64_t *number)
{
    return size > 0 && text[0] >= '0' && text[0] <= '9' && lode_text_to_i64(text, size, number) &&
           *number <= most;
}

static bool parse_running(const char *text, size_t size, struct verdict *verdict)
{
    struct verdict found = {.state = VERDICT_RUNNING};
    const char *blank = memchr(text, ' ', size);
    if (!blank) return false;
    const size_t host_size = size - (size_t)(blank + 1 - text);
    if (!read_number(text, (size_t)(blank - text), INT32_MAX, &found.pid) || found.pid == 0)
        return false;
    if (host_size == 0 || host_size >= sizeof found.host) return false;
    for (size_t i = 1; i <= host_size; i++)
        if (blank[i] <= ' ' || blank[i] > '~') return false;
    memcpy(found.host, blank + 1, host_size);
    *verdict = found;
    return true;
}

bool verdict_parse(const char *text, size_t size, struct verdict *verdict)
{
    const size_t running_size = sizeof running_word - 1, ended_size = sizeof ended_word - 1;
    int64_t exit_status = 0;
    if (size == 0 || text[size - 1] != '\n') return false;
    size--;
    if (size > running_size && memcmp(text, running_word, running_size) == 0)
        return parse_running(text + running_size, size - running_size, verdict);
    if (size <= ended_size || memcmp(text, ended_word, ended_size) != 0) return false;
    if (!read_number(text + ended_size, size - ended_size, UINT8_MAX, &exit_status)) return false;
    *verdict = (struct verdict){.state = VERDICT_ENDED, .exit_status = (int)exit_status};
    return true;
}

void verdict_read(const char *path, struct verdict *verdict)
{
    struct lode_bytes bytes = {0};
    if (access(path, R_OK) == 0 && lode_file_read(path, LINE_MAX_SIZE, &bytes) == LODE_OK)
        verdict_parse((const char *)bytes.data, bytes.size, verdict);
    lode_bytes_clear(&bytes);
}

bool verdict_is_here(const struct verdict *verdict)
{
    char host[VERDICT_HOST_SIZE];
    own_host(host);
    return verdict->state == VERDICT_RUNNING && strcmp(verdict->host, host) == 0;
}

bool verdict_is_orphaned(const struct verdict *verdict)
{
    return verdict_is_here(verdict) && kill((pid_t)verdict->pid, 0) != 0 && errno == ESRCH;
}
