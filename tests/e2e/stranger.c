/* Stranger: attacks on the coordinator's port, for tests: what must not stop or change a run.
 *
 *   lode_stranger MODE RUN/endpoint|tcp://HOST:PORT [COUNT] [SEED]
 *
 * All bytes come from SEED, which is printed. Every mode ends by itself within a time limit; `hold`
 * too, though it is meant to be killed. Exit status 0: it could do its part, whatever came of it.
 */
#include "tests/e2e/stranger.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"

enum { DEFAULT_SEED = 1 };

static const struct mode {
    const char *name;
    stranger_fn *attack;
    bool needs_door;
    int64_t count, seconds;
    const char *summary;
} modes[] = {
    {"garbage", stranger_garbage, false, 100, 30, "COUNT connections that send random bytes"},
    {"null", stranger_null, false, 10, 10, "COUNT ZeroMQ clients without CURVE"},
    {"wrong-key", stranger_wrong_key, true, 5, 20, "COUNT clients with keys of their own"},
    {"wrong-server-key", stranger_wrong_server_key, false, 5, 20,
     "COUNT clients that expect another coordinator"},
    {"flood", stranger_flood, false, 10000, 60, "COUNT connections, at most 200 at a time"},
    {"hold", stranger_hold, false, 500, 600, "COUNT connections, held until killed"},
    {"malformed", stranger_malformed, true, 1000, 30, "COUNT messages that are none"},
    {"replay", stranger_replay, true, 1000, 30, "COUNT times the same hello and a result"},
    {"version", stranger_version, true, 1, 10, "a worker of another version"},
};

static int usage(void)
{
    fprintf(stderr, "usage: lode_stranger MODE RUN/endpoint|tcp://HOST:PORT [COUNT] [SEED]\n");
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        fprintf(stderr, "  %-17s %s (%" PRId64 ")%s\n", modes[i].name, modes[i].summary,
                modes[i].count, modes[i].needs_door ? "; needs the endpoint file" : "");
    return 2;
}

static const struct mode *find_mode(const char *name)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(modes[i].name, name) == 0) return &modes[i];
    return NULL;
}

static bool positive(const char *text, int64_t *value)
{
    return lode_text_to_i64(text, strlen(text), value) && *value > 0;
}

static lode_status find_target(const char *where, const struct mode *mode,
                               struct stranger *stranger)
{
    if (strncmp(where, "tcp://", 6) == 0) {
        if (mode->needs_door)
            return lode_fail(LODE_E_USAGE, "%s needs the run's endpoint file", mode->name);
        snprintf(stranger->endpoint, sizeof stranger->endpoint, "%s", where);
        return LODE_OK;
    }
    lode_try(door_load(where, &stranger->door));
    const char *address = stranger->door.addresses[0];
    const bool is_ipv6 = strchr(address, ':') != NULL;
    snprintf(stranger->endpoint, sizeof stranger->endpoint, "tcp://%s%s%s:%" PRId64,
             is_ipv6 ? "[" : "", address, is_ipv6 ? "]" : "", stranger->door.port);
    return LODE_OK;
}

int main(int argc, char **argv)
{
    struct stranger stranger = {0};
    int64_t seed = DEFAULT_SEED;
    const struct mode *mode = argc >= 3 && argc <= 5 ? find_mode(argv[1]) : NULL;
    if (!mode) return usage();
    stranger.count = mode->count;
    if (argc > 3 && !positive(argv[3], &stranger.count)) return usage();
    if (argc > 4 && !positive(argv[4], &seed)) return usage();

    signal(SIGPIPE, SIG_IGN);
    stranger.random = lode_random_begin((uint64_t)seed, 0);
    stranger.end_us = lode_clock_us() + mode->seconds * 1000000;
    lode_status status = find_target(argv[2], mode, &stranger);
    if (!status) {
        printf("%s count=%" PRId64 " seed=%" PRId64 ": ", mode->name, stranger.count, seed);
        fflush(stdout);
        status = mode->attack(&stranger);
        printf("\n");
    }
    explicit_bzero(&stranger.door, sizeof stranger.door);
    if (status) fprintf(stderr, "lode_stranger: %s\n", lode_error_text());
    return lode_exit_status(status);
}
