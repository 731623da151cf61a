/* Door: five short lines of text through a pipe; a pipe holds them whole, so nobody waits. */
#include "worker/door.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

lode_status door_make_token(char token[DOOR_TOKEN_SIZE])
{
    unsigned char bytes[(DOOR_TOKEN_SIZE - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return lode_fail(LODE_E_CLUSTER, "no random numbers from the kernel: %s", strerror(errno));
    for (size_t i = 0; i < sizeof bytes; i++) snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    return LODE_OK;
}

lode_status door_write(const struct door *door, int fd)
{
    char text[512];
    const int size =
        snprintf(text, sizeof text, "%s\n%s\n%" PRId64 " %" PRId64 " %" PRId64 "\n", door->endpoint,
                 door->token, door->heartbeat_ms, door->slot, door->incarnation);
    if (write(fd, text, (size_t)size) != size)
        return lode_fail(LODE_E_CLUSTER, "writing the door: %s", strerror(errno));
    return LODE_OK;
}

lode_status door_read(int fd, struct door *door)
{
    char text[512];
    size_t size = 0;
    for (;;) {
        const ssize_t got = read(fd, text + size, sizeof text - 1 - size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        size += (size_t)got;
    }
    close(fd);
    text[size] = '\0';
    struct door found = {0};
    if (sscanf(text, "%127[^\n]\n%32[0-9a-f]\n%" SCNd64 " %" SCNd64 " %" SCNd64, found.endpoint,
               found.token, &found.heartbeat_ms, &found.slot, &found.incarnation) != 5)
        return lode_fail(LODE_E_USAGE,
                         "no door on file descriptor %d: `lode worker` is started by "
                         "`lode run`, not by hand",
                         fd);
    *door = found;
    return LODE_OK;
}
