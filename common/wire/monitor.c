/* Monitor: what ZeroMQ tells about the connections of one socket, and what it means for a DEALER.
 *
 * A DEALER is never told why it gets no answer; its monitor is. Measured with libzmq 4.3.4:
 *   key not on the server's list   HANDSHAKE_FAILED_AUTH (400), once; it does not try again
 *   wrong server key, or a server  HANDSHAKE_FAILED_NO_DETAIL (EPIPE) and a new connection, again
 *   of another kind                and again: the server just hangs up
 *   server does not get round to   the same, but only after the handshake's time limit
 *   asking its gate
 * so a handshake that breaks off soon after the connection speaks for other keys, a late one for a
 * busy coordinator.
 */
#include "common/clock.h"
#include "common/wire/zmq_private.h"

#include <stdio.h>
#include <string.h>

enum { BROKEN_IN_A_ROW = 3, EVENT_SIZE = 6, EVENTS_AT_ONCE = 1000 };

lode_status lode_monitor_open(struct lode_zmq *zmq, struct lode_socket **monitor)
{
    struct lode_socket *opened = NULL;
    lode_try(lode_socket_open(zmq, ZMQ_PAIR, 0, &opened));
    /* no limit: at a limit ZeroMQ's own thread waits for us, and with it every connection */
    if (lode_zmq_set_int(opened->socket, ZMQ_RCVHWM, 0)) {
        const lode_status status = lode_zmq_fail("setting monitor options");
        lode_socket_close(opened);
        return status;
    }
    *monitor = opened;
    return LODE_OK;
}

lode_status lode_monitor_watch(struct lode_zmq *zmq, struct lode_socket *monitor,
                               struct lode_socket *watched, int events)
{
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "inproc://monitor-%d",
             atomic_fetch_add(&zmq->n_monitors, 1));
    if (zmq_socket_monitor(watched->socket, endpoint, events))
        return lode_zmq_fail("watching a socket");
    watched->is_watched = true;
    if (zmq_connect(monitor->socket, endpoint)) return lode_zmq_fail("watching a socket");
    return LODE_OK;
}

lode_status lode_monitor_next(struct lode_socket *monitor, int *event, int *value, bool *got)
{
    uint16_t number = 0;
    int32_t number_value = 0;
    bool more = false;
    *event = *value = 0;
    lode_try(lode_socket_next_frame(monitor, got, &more));
    if (!*got) return LODE_OK;
    if (zmq_msg_size(&monitor->message) == EVENT_SIZE) {
        const char *bytes = zmq_msg_data(&monitor->message);
        memcpy(&number, bytes, sizeof number);
        memcpy(&number_value, bytes + sizeof number, sizeof number_value);
    }
    *event = number;
    *value = number_value;
    for (bool rest = true; more && rest;) lode_try(lode_socket_next_frame(monitor, &rest, &more));
    return LODE_OK;
}

/* Takes one event of a DEALER into account. */
static void judge(struct lode_refusal *refusal, int event, int64_t now_us)
{
    const bool is_quick = now_us - refusal->connected_us < LODE_HANDSHAKE_MS * INT64_C(1000) / 2;
    if (event == ZMQ_EVENT_CONNECTED) {
        refusal->connected_us = now_us;
    } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        refusal->n_broken = 0;
        refusal->text = "";
    } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
        refusal->text = "the coordinator does not know this worker's key";
    } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
        refusal->text = "what listens there is no coordinator of this run";
    } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) {
        refusal->n_broken = is_quick ? refusal->n_broken + 1 : 0;
        if (refusal->n_broken >= BROKEN_IN_A_ROW)
            refusal->text = "what listens there hangs up at once: it has another key than the "
                            "coordinator of this run, or is none";
    }
}

const char *lode_dealer_refusal(struct lode_socket *dealer)
{
    const int64_t now_us = lode_clock_us();
    for (int i = 0; i < EVENTS_AT_ONCE; i++) {
        int event = 0, value = 0;
        bool got = false;
        /* what the monitor cannot tell is no refusal */
        if (lode_monitor_next(dealer->monitor, &event, &value, &got) || !got) break;
        judge(&dealer->refusal, event, now_us);
    }
    return dealer->refusal.text;
}
