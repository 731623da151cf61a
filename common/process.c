/* Process: see the header. What Linux says of it in /proc. */
#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static size_t read_small(const char *path, char *text, size_t room)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t size = fd < 0 ? -1 : read(fd, text, room - 1);
    if (fd >= 0) close(fd);
    text[size > 0 ? size : 0] = '\0';
    return size > 0 ? (size_t)size : 0;
}

void lode_process_machine(char machine[LODE_MACHINE_SIZE])
{
    char boot[50] = "", space[50] = "";
    read_small("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    boot[strcspn(boot, "\n")] = '\0';
    const ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    space[length > 0 ? length : 0] = '\0';
    snprintf(machine, LODE_MACHINE_SIZE, "%s/%s", boot[0] ? boot : "unknown",
             space[0] ? space : "unknown");
}

int64_t lode_process_start(int64_t pid)
{
    char path[64], text[1024], state = 'Z';
    unsigned long long ticks = 0;
    snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
    if (!read_small(path, text, sizeof text)) return -1;
    const char *rest = strrchr(text, ')'); /* the name before it may hold anything */
    if (!rest || sscanf(rest + 1,
                        " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                        "%*s %llu",
                        &state, &ticks) != 2)
        return -1;
    return state == 'Z' || state == 'X' ? -1 : (int64_t)ticks;
}

bool lode_process_may_live(int64_t pid, int64_t start)
{
    char path[64];
    const int64_t found = lode_process_start(pid);
    if (found >= 0) return found == start;
    if (pid < 1 || pid > INT_MAX) return false;
    snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
    return access(path, R_OK) != 0 && kill((pid_t)pid, 0) != 0 && errno == EPERM;
}
