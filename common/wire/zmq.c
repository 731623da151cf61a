/* ZMQ: the kinds of sockets that lode has, on the ground of zmq_socket.c; see the header for why
 * their options are as they are. */
#include "common/wire/zmq_private.h"

#include "common/wire/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BACKLOG = 1024, /* connections the kernel keeps for us: all workers may come at once */
    /* What workers send is small (results above LODE_INLINE_LIMIT are files), and ZeroMQ keeps what
     * a stranger sends up to this size before it finds out that it is one. */
    ROUTER_LIMIT = 2 * LODE_INLINE_LIMIT,
    /* Among zmq.h's drafts, but known to 4.3: without a gate nobody gets in. By default a CURVE
     * server that finds no gate lets everybody in. */
    ENFORCE_GATE = 93
};

lode_status lode_keys_make(struct lode_keys *keys)
{
    if (zmq_curve_keypair(keys->public_key, keys->secret_key))
        return lode_zmq_fail("making a CURVE key pair");
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
    /* what a thread says to another is pointers to what exists anyway: no limit, for a full pair
     * would end the thread that speaks (a main thread that waits for a slow disk lags by a whole
     * stage) */
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
