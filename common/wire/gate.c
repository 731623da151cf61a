/* Gate: ZAP (ZeroMQ RFC 27) for one ROUTER, and the count of those who did not get in.
 *
 * ZeroMQ asks inproc://zeromq.zap.01 about every client that has proved to own its key; the answer
 * is 200 for the one allowed key and 400 otherwise. Whoever does not come that far shows only in
 * the ROUTER's monitor, and not always as a failed handshake: bytes that are not ZMTP at all end in
 * a mere DISCONNECTED, as a good peer's connection does. The two differ in that a good one had a
 * HANDSHAKE_SUCCEEDED after it was accepted. That event does not say whose it is, so a stranger
 * whose connection ends just after somebody else got in goes uncounted; a good peer is never
 * counted.
 */
#include "common/wire/zmq_private.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    KEY_BYTES = 32,
    ZAP_FRAMES = 7, /* version, request id, domain, address, identity, mechanism, key */
    ZAP_FRAME_SIZE = 256,
    EVENTS_AT_ONCE = 10000, /* a flood must not keep the caller from its own work */
    REQUESTS_AT_ONCE = 1000,
    WATCHED = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
              ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
              ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
};

struct frame {
    char data[ZAP_FRAME_SIZE];
    size_t size;
};

struct lode_gate {
    uint8_t allowed[KEY_BYTES];
    struct lode_socket *requests;
    struct lode_socket *monitor;
    struct lode_socket *router; /* borrowed; NULL before it opens and after it closed */
    bool was_attached;
    struct lode_gate_count count;

    int64_t n_succeeded;
    int64_t n_refused_open;       /* refused, but not disconnected yet; counted already */
    bool is_broken;               /* the next to be disconnected broke off its handshake */
    int64_t *succeeded_at_accept; /* by file descriptor: n_succeeded then */
    int n_descriptors;
    int newest; /* descriptor accepted last, and who that is */
    bool newest_is_sure;
    char newest_address[sizeof(((struct lode_gate_count *)0)->broken_address)];
};

lode_status lode_gate_open(struct lode_zmq *zmq, const char *allowed_public_key,
                           struct lode_gate **gate)
{
    lode_status status = LODE_OK;
    struct lode_gate *opened = calloc(1, sizeof *opened);
    if (!opened) return lode_fail(LODE_E_MEMORY, "no memory for the gate");
    opened->newest = -1;
    if (strlen(allowed_public_key) != LODE_KEY_SIZE - 1 ||
        !zmq_z85_decode(opened->allowed, allowed_public_key)) {
        status = lode_fail(LODE_E_BUG, "the key to allow is no CURVE key");
        goto done;
    }
    lode_try_done(lode_monitor_open(zmq, &opened->monitor));
    lode_try_done(lode_socket_open(zmq, ZMQ_REP, 0, &opened->requests));
    if (zmq_bind(opened->requests->socket, "inproc://zeromq.zap.01")) {
        status = lode_zmq_fail("opening the gate");
        goto done;
    }
    *gate = opened;
    opened = NULL;
done:
    lode_gate_close(opened);
    return status;
}

void lode_gate_close(struct lode_gate *gate)
{
    if (!gate) return;
    if (gate->router) {
        lode_socket_unwatch(gate->router);
        gate->router->held_at = NULL;
    }
    lode_socket_close(gate->requests);
    lode_socket_close(gate->monitor);
    free(gate->succeeded_at_accept);
    free(gate);
}

lode_status lode_gate_attach(struct lode_gate *gate, struct lode_zmq *zmq,
                             struct lode_socket *router)
{
    if (gate->was_attached) return lode_fail(LODE_E_BUG, "a second router for one gate");
    lode_try(lode_monitor_watch(zmq, gate->monitor, router, WATCHED));
    gate->was_attached = true;
    gate->router = router;
    router->held_at = &gate->router;
    return LODE_OK;
}

void lode_gate_sockets(struct lode_gate *gate, struct lode_socket *sockets[LODE_GATE_SOCKETS])
{
    sockets[0] = gate->requests;
    sockets[1] = gate->monitor;
}

struct lode_gate_count lode_gate_count(const struct lode_gate *gate)
{
    return gate->count;
}

/* Takes a whole request. False: it has other frames than a request about a CURVE key has. */
static lode_status read_request(struct lode_socket *requests, struct frame frames[ZAP_FRAMES],
                                bool *got, bool *well_formed)
{
    int n_frames = 0;
    bool more = true, got_next = true;
    *well_formed = true;
    lode_try(lode_socket_next_frame(requests, got, &more));
    while (*got && got_next) {
        const size_t size = zmq_msg_size(&requests->message);
        if (n_frames >= ZAP_FRAMES || size > ZAP_FRAME_SIZE) {
            *well_formed = false;
        } else if (size > 0) {
            memcpy(frames[n_frames].data, zmq_msg_data(&requests->message), size);
            frames[n_frames].size = size;
        }
        if (n_frames < ZAP_FRAMES) n_frames++;
        if (!more) break;
        lode_try(lode_socket_next_frame(requests, &got_next, &more));
    }
    if (n_frames < ZAP_FRAMES) *well_formed = false;
    return LODE_OK;
}

static bool is_text(const struct frame *frame, const char *text)
{
    return frame->size == strlen(text) && !memcmp(frame->data, text, frame->size);
}

/* Printable ones only: it goes into the log. */
static void note_address(char address[64], const struct frame *frame)
{
    size_t size = 0;
    for (; size < frame->size && size < 63; size++) {
        if (frame->data[size] <= ' ' || frame->data[size] > '~') break;
        address[size] = frame->data[size];
    }
    address[size] = '\0';
}

static lode_status answer(struct lode_socket *requests, const struct frame *request_id,
                          bool allowed)
{
    const char *words[] = {
        "1.0", "", allowed ? "200" : "400", allowed ? "" : "this key is not on the list", "", ""};
    const int n_words = sizeof words / sizeof *words;
    for (int i = 0; i < n_words; i++) {
        const void *data = i == 1 ? request_id->data : words[i];
        const size_t size = i == 1 ? request_id->size : strlen(words[i]);
        const int flags = ZMQ_DONTWAIT | (i + 1 < n_words ? ZMQ_SNDMORE : 0);
        if (zmq_send(requests->socket, data, size, flags) < 0)
            return lode_zmq_fail("answering at the gate");
    }
    return LODE_OK;
}

static lode_status serve_requests(struct lode_gate *gate)
{
    for (int i = 0; i < REQUESTS_AT_ONCE; i++) {
        struct frame frames[ZAP_FRAMES] = {0};
        bool got = false, well_formed = false;
        lode_try(read_request(gate->requests, frames, &got, &well_formed));
        if (!got) return LODE_OK;
        const bool allowed = well_formed && is_text(&frames[0], "1.0") &&
                             is_text(&frames[5], "CURVE") && frames[6].size == KEY_BYTES &&
                             !memcmp(frames[6].data, gate->allowed, KEY_BYTES);
        if (!allowed) {
            gate->count.refused++;
            note_address(gate->count.refused_address, &frames[3]);
        }
        lode_try(answer(gate->requests, &frames[1], allowed));
    }
    return LODE_OK;
}

/* Who is at the other end; the descriptor is ZeroMQ's and may be closed any time. */
static void look_up(struct lode_gate *gate, int descriptor)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    gate->newest = descriptor;
    gate->newest_is_sure = false;
    if (getpeername(descriptor, (struct sockaddr *)&address, &size) ||
        getnameinfo((struct sockaddr *)&address, size, gate->newest_address,
                    sizeof gate->newest_address, NULL, 0, NI_NUMERICHOST))
        gate->newest = -1;
}

static lode_status on_accepted(struct lode_gate *gate, int descriptor)
{
    if (descriptor < 0) return LODE_OK;
    if (descriptor >= gate->n_descriptors) {
        const int wanted = 2 * descriptor + 64;
        int64_t *grown = realloc(gate->succeeded_at_accept, (size_t)wanted * sizeof *grown);
        if (!grown) return lode_fail(LODE_E_MEMORY, "no memory to watch %d connections", wanted);
        for (int i = gate->n_descriptors; i < wanted; i++) grown[i] = INT64_MAX;
        gate->succeeded_at_accept = grown;
        gate->n_descriptors = wanted;
    }
    gate->succeeded_at_accept[descriptor] = gate->n_succeeded;
    look_up(gate, descriptor);
    return LODE_OK;
}

static void on_disconnected(struct lode_gate *gate, int descriptor)
{
    const bool is_broken = gate->is_broken;
    gate->is_broken = false;
    if (descriptor < 0 || descriptor >= gate->n_descriptors) return;
    const bool nobody_got_in = gate->succeeded_at_accept[descriptor] == gate->n_succeeded;
    gate->succeeded_at_accept[descriptor] = INT64_MAX;
    if (!is_broken && !nobody_got_in) return;
    if (!is_broken && gate->n_refused_open > 0) {
        gate->n_refused_open--;
        return;
    }
    gate->count.broken++;
    if (descriptor == gate->newest && gate->newest_is_sure)
        memcpy(gate->count.broken_address, gate->newest_address, sizeof gate->newest_address);
}

static lode_status on_event(struct lode_gate *gate, int event, int value)
{
    if (event == ZMQ_EVENT_ACCEPTED) return on_accepted(gate, value);
    if (event == ZMQ_EVENT_DISCONNECTED) {
        on_disconnected(gate, value);
    } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        gate->n_succeeded++;
    } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
        gate->n_refused_open++;
    } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL ||
               event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
        gate->is_broken = true; /* its DISCONNECTED comes next, in the same breath */
    }
    return LODE_OK;
}

lode_status lode_gate_serve(struct lode_gate *gate)
{
    lode_try(serve_requests(gate));
    for (int i = 0; i < EVENTS_AT_ONCE; i++) {
        int event = 0, value = 0;
        bool got = false;
        lode_try(lode_monitor_next(gate->monitor, &event, &value, &got));
        if (!got) {
            /* Its end would have been told before its descriptor could be anybody else's. */
            gate->newest_is_sure = true;
            return LODE_OK;
        }
        lode_try(on_event(gate, event, value));
    }
    return LODE_OK;
}
