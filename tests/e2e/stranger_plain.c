/* Stranger without keys: plain TCP connections, and ZeroMQ without CURVE. */
#include "tests/e2e/stranger.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"

enum {
    OPEN_MAX_AT_ONCE = 200,
    GARBAGE_MAX = 2048,
    GREETING_SIZE = 64,
    LOOK_MS = 50, /* how long to wait for what the coordinator does about some garbage */
    NULL_CLIENTS_MAX = 100
};

/* HOST and PORT out of "tcp://HOST:PORT", HOST without the brackets of IPv6. */
static lode_status resolve(const struct stranger *stranger, struct addrinfo **found)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char host[sizeof stranger->endpoint];
    snprintf(host, sizeof host, "%s", stranger->endpoint + strlen("tcp://"));
    char *port = strrchr(host, ':');
    if (!port) return lode_fail(LODE_E_USAGE, "no port in %s", stranger->endpoint);
    *port++ = '\0';
    char *name = host;
    if (*name == '[' && port - 2 > name && port[-2] == ']') {
        name++;
        port[-2] = '\0';
    }
    const int error = getaddrinfo(name, port, &hints, found);
    if (error) return lode_fail(LODE_E_USAGE, "%s: %s", stranger->endpoint, gai_strerror(error));
    return LODE_OK;
}

/* A connection, or -1; waits a second at most. */
static int open_plain(const struct addrinfo *where)
{
    const struct timeval patience = {.tv_sec = 1};
    const int plain = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (plain < 0) return -1;
    (void)setsockopt(plain, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(plain, where->ai_addr, where->ai_addrlen) == 0) return plain;
    close(plain);
    return -1;
}

static void fill(struct lode_random *random, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)lode_random_next(random);
}

/* Random bytes; some behind a beginning that lets them get further into the decoder: the signature
 * of ZMTP, or a whole greeting that promises CURVE. Returns their number. */
static size_t make_garbage(struct lode_random *random, uint8_t bytes[GARBAGE_MAX])
{
    const size_t size = (size_t)lode_random_below(random, GARBAGE_MAX) + 1;
    const uint64_t kind = lode_random_below(random, 3);
    fill(random, bytes, size);
    if (kind >= 1 && size >= 12) {
        memset(bytes, 0, 10);
        bytes[0] = 0xff;
        bytes[9] = 0x7f;
    }
    if (kind == 2 && size > GREETING_SIZE) {
        memset(bytes + 10, 0, GREETING_SIZE - 10);
        bytes[10] = 3; /* version 3.0 */
        memcpy(bytes + 12, "CURVE", 5);
        bytes[GREETING_SIZE] = (uint8_t)(4 + lode_random_below(random, 4)); /* a command frame */
    }
    return size;
}

/* Did the coordinator hang up within LOOK_MS? What it says is read and forgotten. */
static bool was_closed(int plain)
{
    const int64_t end_us = lode_clock_us() + LOOK_MS * 1000;
    struct pollfd item = {.fd = plain, .events = POLLIN};
    char answer[512];
    while (lode_clock_us() < end_us && poll(&item, 1, LOOK_MS) > 0)
        if (recv(plain, answer, sizeof answer, MSG_DONTWAIT) <= 0) return true;
    return false;
}

lode_status stranger_garbage(struct stranger *stranger)
{
    int64_t n_sent = 0, n_closed = 0, n_failed = 0, n_bytes = 0;
    struct addrinfo *where = NULL;
    lode_try(resolve(stranger, &where));
    for (int64_t i = 0; i < stranger->count && lode_clock_us() < stranger->end_us; i++) {
        uint8_t bytes[GARBAGE_MAX];
        const size_t size = make_garbage(&stranger->random, bytes);
        const int plain = open_plain(where);
        if (plain < 0) {
            n_failed++;
            continue;
        }
        const ssize_t sent = send(plain, bytes, size, MSG_NOSIGNAL);
        n_sent++;
        n_bytes += sent > 0 ? sent : 0;
        if (was_closed(plain)) n_closed++;
        close(plain);
    }
    freeaddrinfo(where);
    printf("connections=%" PRId64 " bytes=%" PRId64 " closed_by_coordinator=%" PRId64
           " not_connected=%" PRId64,
           n_sent, n_bytes, n_closed, n_failed);
    return n_sent ? LODE_OK : lode_fail(LODE_E_CLUSTER, "no connection to %s", stranger->endpoint);
}

lode_status stranger_flood(struct stranger *stranger)
{
    int open[OPEN_MAX_AT_ONCE];
    int64_t n_connected = 0, n_failed = 0;
    struct addrinfo *where = NULL;
    lode_try(resolve(stranger, &where));
    for (int i = 0; i < OPEN_MAX_AT_ONCE; i++) open[i] = -1;
    const int64_t start_us = lode_clock_us();
    for (int64_t i = 0; i < stranger->count && lode_clock_us() < stranger->end_us; i++) {
        int *place = &open[i % OPEN_MAX_AT_ONCE];
        if (*place >= 0) close(*place);
        *place = open_plain(where);
        *(*place < 0 ? &n_failed : &n_connected) += 1;
    }
    for (int i = 0; i < OPEN_MAX_AT_ONCE; i++)
        if (open[i] >= 0) close(open[i]);
    freeaddrinfo(where);
    printf("connected=%" PRId64 " not_connected=%" PRId64 " ms=%" PRId64, n_connected, n_failed,
           (lode_clock_us() - start_us) / 1000);
    return n_connected ? LODE_OK
                       : lode_fail(LODE_E_CLUSTER, "no connection to %s", stranger->endpoint);
}

/* Opens the connections that are missing or that the coordinator has closed; returns how many. */
static int64_t hold_again(const struct addrinfo *where, struct pollfd *held, int64_t count)
{
    int64_t n_opened = 0;
    char answer[512];
    for (int64_t i = 0; i < count; i++) {
        if (held[i].fd >= 0 && recv(held[i].fd, answer, sizeof answer, MSG_DONTWAIT) == 0) {
            close(held[i].fd);
            held[i].fd = -1;
        }
        if (held[i].fd < 0) {
            held[i].fd = open_plain(where);
            if (held[i].fd < 0) return n_opened; /* it takes no more: try later */
            n_opened++;
        }
    }
    return n_opened;
}

lode_status stranger_hold(struct stranger *stranger)
{
    struct rlimit limit;
    struct addrinfo *where = NULL;
    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    lode_try(resolve(stranger, &where));
    struct pollfd *held = calloc((size_t)stranger->count, sizeof *held);
    if (!held) {
        freeaddrinfo(where);
        return lode_fail(LODE_E_MEMORY, "no memory for %" PRId64 " connections", stranger->count);
    }
    for (int64_t i = 0; i < stranger->count; i++)
        held[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    const int64_t n_first = hold_again(where, held, stranger->count);
    printf("holding=%" PRId64, n_first);
    fflush(stdout); /* the test waits for this line and then kills */
    int64_t n_again = 0;
    while (n_first && lode_clock_us() < stranger->end_us) {
        if (poll(held, (nfds_t)stranger->count, 1000) >= 0)
            n_again += hold_again(where, held, stranger->count);
    }
    printf(" opened_again=%" PRId64, n_again);
    for (int64_t i = 0; i < stranger->count; i++)
        if (held[i].fd >= 0) close(held[i].fd);
    free(held);
    freeaddrinfo(where);
    return n_first ? LODE_OK : lode_fail(LODE_E_CLUSTER, "no connection to %s", stranger->endpoint);
}

/* A DEALER without CURVE that has said something hello-like; NULL: ZeroMQ would not. */
static void *open_null(void *context, const char *endpoint, int64_t number)
{
    static const char hello[] = "\x98\x01\x01\xa5"
                                "0.1.0";
    const int none = 0;
    char identity[32];
    void *dealer = zmq_socket(context, ZMQ_DEALER);
    if (!dealer) return NULL;
    snprintf(identity, sizeof identity, "stranger/%" PRId64, number);
    if (zmq_setsockopt(dealer, ZMQ_LINGER, &none, sizeof none) ||
        zmq_setsockopt(dealer, ZMQ_IDENTITY, identity, strlen(identity)) ||
        zmq_connect(dealer, endpoint) ||
        zmq_send(dealer, hello, sizeof hello - 1, ZMQ_DONTWAIT) < 0) {
        zmq_close(dealer);
        return NULL;
    }
    return dealer;
}

/* They try again and again while there is time: that nothing comes back takes waiting. */
lode_status stranger_null(struct stranger *stranger)
{
    enum { PATIENCE_MS = 2000 };
    zmq_pollitem_t items[NULL_CLIENTS_MAX] = {0};
    int n_clients = 0, n_answered = 0;
    void *context = zmq_ctx_new();
    if (!context) return lode_fail(LODE_E_MEMORY, "no memory for a ZeroMQ context");
    while (n_clients < stranger->count && n_clients < NULL_CLIENTS_MAX) {
        void *dealer = open_null(context, stranger->endpoint, n_clients);
        if (!dealer) break;
        items[n_clients++] = (zmq_pollitem_t){.socket = dealer, .events = ZMQ_POLLIN};
    }
    if (n_clients && zmq_poll(items, n_clients, PATIENCE_MS) > 0)
        for (int i = 0; i < n_clients; i++) n_answered += (items[i].revents & ZMQ_POLLIN) != 0;
    for (int i = 0; i < n_clients; i++) zmq_close(items[i].socket);
    zmq_ctx_term(context);
    printf("clients=%d answered=%d", n_clients, n_answered);
    return n_clients ? LODE_OK : lode_fail(LODE_E_CLUSTER, "no client for %s", stranger->endpoint);
}
