/* Clock: thin wrappers, so that a search for this header finds every use of time. */
#include "common/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t lode_clock_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t lode_clock_thread_us(void)
{
    return read_us(CLOCK_THREAD_CPUTIME_ID);
}

int64_t lode_clock_process_us(void)
{
    return read_us(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t lode_clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

const char *lode_clock_iso(char *buffer)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    char date[24];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(buffer, 32, "%s.%03dZ", date, (int)(now.tv_nsec / 1000000));
    return buffer;
}
