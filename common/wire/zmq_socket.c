/* ZMQ, the ground that all sockets stand on: the context, a socket of any kind, frames. Options
 * that every socket has stand here once; see zmq.h for why. */
#include "common/wire/zmq_private.h"

#include "common/wire/handover.h"
#include "common/wire/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { POLL_MAX = 6 };

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

static void forget_message(struct lode_socket *socket)
{
    if (socket->has_message) zmq_msg_close(&socket->message);
    socket->has_message = false;
}

void lode_socket_unwatch(struct lode_socket *watched)
{
    if (watched->is_watched) zmq_socket_monitor(watched->socket, NULL, 0);
    watched->is_watched = false;
}

void lode_socket_close(struct lode_socket *socket)
{
    if (!socket) return;
    forget_message(socket);
    lode_socket_unwatch(socket);
    if (socket->held_at) *socket->held_at = NULL;
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
