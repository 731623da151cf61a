/* Traffic: see the header. */
#include "worker/traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 512 };

/* proc(5): "rchar: N\nwchar: N\n...", each in decimal. */
static bool read_counters(struct traffic_meter *meter, struct traffic *traffic)
{
    char text[TEXT_SIZE];
    const ssize_t size = pread(meter->fd, text, sizeof text - 1, 0);
    if (size <= 0) return false;
    text[size] = '\0';
    if (sscanf(text, "rchar: %" SCNu64 " wchar: %" SCNu64, &traffic->read_bytes,
               &traffic->written_bytes) != 2)
        return false;
    traffic->read_bytes -= meter->own_bytes;
    meter->own_bytes += (uint64_t)size; /* counted once the call is over */
    return true;
}

lode_status traffic_open(struct traffic_meter *meter)
{
    static const char path[] = "/proc/thread-self/io";
    struct traffic traffic;
    struct traffic_meter opened = {.fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (opened.fd < 0)
        return lode_fail(LODE_E_RUN, "bytes read and written are not counted: %s: %s", path,
                         strerror(errno));
    opened.is_open = true;
    if (!read_counters(&opened, &traffic)) {
        traffic_close(&opened);
        return lode_fail(LODE_E_RUN, "bytes read and written are not counted: %s has no such lines",
                         path);
    }
    *meter = opened;
    return LODE_OK;
}

void traffic_close(struct traffic_meter *meter)
{
    if (meter->is_open) close(meter->fd);
    *meter = (struct traffic_meter){0};
}

struct traffic traffic_now(struct traffic_meter *meter)
{
    struct traffic traffic = {0};
    if (meter->is_open && !read_counters(meter, &traffic)) return (struct traffic){0};
    return traffic;
}
