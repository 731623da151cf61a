/* ZMQ: options of every socket stand here once; see the header for why. */
#include "common/wire/zmq_private.h"

#include "common/wire/handover.h"
#include "common/wire/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    POLL_MAX = 6,
    BACKLOG = 1024, /* connections the kernel keeps for us: all workers may come at once */
    /* What workers send is small (results above LODE_INLINE_LIMIT are files), and ZeroMQ keeps what
     * a stranger sends up to this size before it finds out that it is one. */
    ROUTER_LIMIT = 2 * LODE_INLINE_LIMIT,
    /* Among zmq.h's drafts, but known to 4.3: without a gate nobody gets in. By default a CURVE
     * server that finds no gate lets everybody in. */
    ENFORCE_GATE = 93
};

lode_status lode_zmq_fail(const char *what)
{
    return lode_fail(LODE_E_CLUSTER, "%s: %s", what, zmq_strerror(zmq_errno()));
}

/* Connections are file descriptors, and anybody may open some: with the usual soft limit of 1024 a
 * few hundred strangers would keep new workers out and the coordinator from opening its own files.
 * A limit that cannot be raised is the administrator's choice. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

lode_status lode_keys_make(struct lode_keys *keys)
{
    if (zmq_curve_keypair(keys->public_key, keys->secret_key))
        return lode_zmq_fail("making a CURVE key pair");
    return LODE_OK;
}

lode_status lode_zmq_create(struct lode_zmq **zmq)
{
    struct lode_zmq *created = calloc(1, sizeof *created);
    if (!created) return lode_fail(LODE_E_MEMORY, "no memory for a ZeroMQ context");
    created->context = zmq_ctx_new();
    if (!created->context) {
        free(created);
        return lode_zmq_fail("making a ZeroMQ context");
    }
    raise_descriptor_limit();
    *zmq = created;
    return LODE_OK;
}

void lode_zmq_destroy(struct lode_zmq *zmq)
{
    if (!zmq) return;
    zmq_ctx_term(zmq->context);
    free(zmq);
}

int lode_zmq_set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

/* What all sockets share. Flow control is the credits of the protocol, so the high water mark only
 * has to be high enough; messages are bounded in size before anything is read. */
static int set_common(void *socket, int64_t heartbeat_ms)
{
    const int64_t limit = LODE_MESSAGE_LIMIT;
    int bad = lode_zmq_set_int(socket, ZMQ_LINGER, 0);
    bad |= lode_zmq_set_int(socket, ZMQ_SNDHWM, 100000);
    bad |= lode_zmq_set_int(socket, ZMQ_RCVHWM, 100000);
    bad |= zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &limit, sizeof limit);
    if (heartbeat_ms > 0) {
        bad |= lode_zmq_set_int(socket, ZMQ_HEARTBEAT_IVL, (int)heartbeat_ms);
        bad |= lode_zmq_set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, (int)heartbeat_ms * 3);
        bad |= lode_zmq_set_int(socket, ZMQ_HEARTBEAT_TTL, (int)heartbeat_ms * 3);
    }
    return bad;
}

lode_status lode_socket_open(struct lode_zmq *zmq, int type, int64_t heartbeat_ms,
                             struct lode_socket **socket)
{
    struct lode_socket *opened = calloc(1, sizeof *opened);
    if (!opened) return lode_fail(LODE_E_MEMORY, "no memory for a socket");
    opened->socket = zmq_socket(zmq->context, type);
    if (!opened->socket) {
        free(opened);
        return lode_zmq_fail("opening a socket");
    }
    opened->refusal.text = "";
    opened->is_router = type == ZMQ_ROUTER;
    if (set_common(opened->socket, heartbeat_ms)) {
        lode_socket_close(opened);
        return lode_zmq_fail("setting socket options");
    }
    *socket = opened;
    return LODE_OK;
}

/* What the ROUTER is to strangers: a CURVE server behind a gate that gives up on the silent. */
static int set_router(void *socket, const struct lode_keys *own)
{
    const int64_t limit = ROUTER_LIMIT;
    int bad = lode_zmq_set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
    bad |= lode_zmq_set_int(socket, ZMQ_ROUTER_HANDOVER, 1);
    bad |= lode_zmq_set_int(socket, ZMQ_BACKLOG, BACKLOG);
    bad |= lode_zmq_set_int(socket, ZMQ_HANDSHAKE_IVL, LODE_HANDSHAKE_MS);
    bad |= zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &limit, sizeof limit);
    bad |= lode_zmq_set_int(socket, ZMQ_CURVE_SERVER, 1);
    bad |= zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, LODE_KEY_SIZE);
    bad |= zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "lode", strlen("lode"));
    if (!bad) (void)lode_zmq_set_int(socket, ENFORCE_GATE, 1);
    return bad;
}

lode_status lode_router_open(struct lode_zmq *zmq, const char *address, int64_t heartbeat_ms,
                             const struct lode_keys *own, struct lode_gate *gate,
                             struct lode_socket **socket, int *port)
{
    lode_status status = LODE_OK;
    struct lode_socket *router = NULL;
    char endpoint[256];
    size_t size = sizeof endpoint;

    lode_try_done(lode_socket_open(zmq, ZMQ_ROUTER, heartbeat_ms, &router));
    if (set_router(router->socket, own)) {
        status = lode_zmq_fail("setting router options");
        goto done;
    }
    lode_try_done(lode_gate_attach(gate, zmq, router));
    snprintf(endpoint, sizeof endpoint, "tcp://%s:*", address);
    if (zmq_bind(router->socket, endpoint)) {
        status = lode_zmq_fail("binding the coordinator's socket");
        goto done;
    }
    if (zmq_getsockopt(router->socket, ZMQ_LAST_ENDPOINT, endpoint, &size)) {
        status = lode_zmq_fail("asking for the coordinator's port");
        goto done;
    }
    *port = (int)strtol(strrchr(endpoint, ':') + 1, NULL, 10);
    *socket = router;
    router = NULL;
done:
    lode_socket_close(router);
    return status;
}

static int set_dealer(void *socket, const char *identity, const struct lode_keys *own,
                      const char *server_key)
{
    int bad = zmq_setsockopt(socket, ZMQ_IDENTITY, identity, strlen(identity));
    bad |= lode_zmq_set_int(socket, ZMQ_RECONNECT_IVL, 20);
    bad |= lode_zmq_set_int(socket, ZMQ_RECONNECT_IVL_MAX, 1000);
    bad |= lode_zmq_set_int(socket, ZMQ_HANDSHAKE_IVL, LODE_HANDSHAKE_MS);
    bad |= zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, LODE_KEY_SIZE);
    bad |= zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own->public_key, LODE_KEY_SIZE);
    bad |= zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, LODE_KEY_SIZE);
    return bad;
}

lode_status lode_dealer_open(struct lode_zmq *zmq, const char *endpoint, const char *identity,
                             int64_t heartbeat_ms, const struct lode_keys *own,
                             const char *server_key, struct lode_socket **socket)
{
    const int events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
    lode_status status = LODE_OK;
    struct lode_socket *dealer = NULL;

    lode_try_done(lode_socket_open(zmq, ZMQ_DEALER, heartbeat_ms, &dealer));
    if (set_dealer(dealer->socket, identity, own, server_key)) {
        status = lode_zmq_fail("setting dealer options");
        goto done;
    }
    lode_try_done(lode_monitor_open(zmq, &dealer->monitor));
    lode_try_done(lode_monitor_watch(zmq, dealer->monitor, dealer, events));
    if (zmq_connect(dealer->socket, endpoint)) {
        status = lode_zmq_fail("connecting to the coordinator");
        goto done;
    }
    *socket = dealer;
    dealer = NULL;
done:
    lode_socket_close(dealer);
    return status ? lode_note(status, "%s", endpoint) : LODE_OK;
}

lode_status lode_pair_open(struct lode_zmq *zmq, const char *name, bool bind,
                           struct lode_socket **socket)
{
    struct lode_socket *pair = NULL;
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "inproc://%s", name);
    lode_try(lode_socket_open(zmq, ZMQ_PAIR, 0, &pair));
    /* pointers between threads: a mark would only make a send fail when the other thread is busy
     * for a while, and with it the news of that failure */
    const int bad = lode_zmq_set_int(pair->socket, ZMQ_SNDHWM, 0) |
                    lode_zmq_set_int(pair->socket, ZMQ_RCVHWM, 0);
    if (bad || (bind ? zmq_bind(pair->socket, endpoint) : zmq_connect(pair->socket, endpoint))) {
        const lode_status status = lode_zmq_fail("opening a pair of threads");
        lode_socket_close(pair);
        return status;
    }
    pair->channel = zmq;
    *socket = pair;
    return LODE_OK;
}

static void forget_message(struct lode_socket *socket)
{
    if (socket->has_message) zmq_msg_close(&socket->message);
    socket->has_message = false;
}

void lode_socket_close(struct lode_socket *socket)
{
    if (!socket) return;
    forget_message(socket);
    if (socket->gate) lode_gate_detach(socket->gate);
    if (socket->monitor) lode_monitor_stop(socket);
    lode_socket_close(socket->monitor);
    zmq_close(socket->socket);
    free(socket);
}

void lode_socket_close_after(struct lode_socket *socket, int linger_ms)
{
    if (!socket) return;
    lode_zmq_set_int(socket->socket, ZMQ_LINGER, linger_ms);
    lode_socket_close(socket);
}

lode_status lode_socket_send(struct lode_socket *socket, const char *identity, const void *data,
                             size_t size, bool *gone)
{
    if (gone) *gone = false;
    if (identity &&
        zmq_send(socket->socket, identity, strlen(identity), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        if ((zmq_errno() == EHOSTUNREACH || zmq_errno() == EAGAIN) && gone) {
            *gone = true;
            return LODE_OK;
        }
        return lode_zmq_fail("sending to a worker");
    }
    if (socket->channel) lode_handover_give(socket->channel);
    if (zmq_send(socket->socket, data, size, ZMQ_DONTWAIT) < 0) return lode_zmq_fail("sending");
    return LODE_OK;
}

/* Takes the next frame into socket->message. */
lode_status lode_socket_next_frame(struct lode_socket *socket, bool *got, bool *more)
{
    forget_message(socket);
    zmq_msg_init(&socket->message);
    if (zmq_msg_recv(&socket->message, socket->socket, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&socket->message);
        *got = false;
        if (zmq_errno() == EAGAIN || zmq_errno() == EINTR) return LODE_OK;
        return lode_zmq_fail("receiving");
    }
    if (socket->channel) lode_handover_take(socket->channel);
    socket->has_message = true;
    *got = true;
    *more = zmq_msg_more(&socket->message) != 0;
    return LODE_OK;
}

/* Identities of our workers are printable; anything else is a stranger's. */
static bool copy_identity(zmq_msg_t *frame, char *identity)
{
    const size_t size = zmq_msg_size(frame);
    const char *text = zmq_msg_data(frame);
    if (size == 0 || size >= LODE_IDENTITY_SIZE) return false;
    for (size_t i = 0; i < size; i++)
        if (text[i] <= ' ' || text[i] > '~') return false;
    memcpy(identity, text, size);
    identity[size] = '\0';
    return true;
}

static lode_status skip_rest(struct lode_socket *socket, bool more)
{
    bool got = true;
    while (more && got) lode_try(lode_socket_next_frame(socket, &got, &more));
    return LODE_OK;
}

lode_status lode_socket_receive(struct lode_socket *socket, char *identity, const void **data,
                                size_t *size, bool *got)
{
    for (;;) {
        bool more = false;
        lode_try(lode_socket_next_frame(socket, got, &more));
        if (!*got) return LODE_OK;
        if (socket->is_router) {
            const bool known = copy_identity(&socket->message, identity);
            if (!known || !more) {
                lode_try(skip_rest(socket, more));
                continue;
            }
            lode_try(lode_socket_next_frame(socket, got, &more));
            if (!*got) return LODE_OK;
        }
        if (more) {
            lode_try(skip_rest(socket, more));
            continue;
        }
        *data = zmq_msg_data(&socket->message);
        *size = zmq_msg_size(&socket->message);
        return LODE_OK;
    }
}

lode_status lode_socket_wait(struct lode_socket *const *sockets, int n_sockets, int timeout_ms)
{
    zmq_pollitem_t items[POLL_MAX] = {0};
    if (n_sockets > POLL_MAX) return lode_fail(LODE_E_BUG, "%d sockets to wait for", n_sockets);
    for (int i = 0; i < n_sockets; i++)
        items[i] = (zmq_pollitem_t){.socket = sockets[i]->socket, .events = ZMQ_POLLIN};
    if (zmq_poll(items, n_sockets, timeout_ms) < 0 && zmq_errno() != EINTR)
        return lode_zmq_fail("waiting for messages");
    return LODE_OK;
}
