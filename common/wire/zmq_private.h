/* What the files that call ZeroMQ share. From the ground up: zmq_socket.c (any socket), monitor.c
 * (what happens to one), gate.c (who may in), zmq.c (the kinds of sockets that lode has). */
#ifndef LODE_COMMON_ZMQ_PRIVATE_H
#define LODE_COMMON_ZMQ_PRIVATE_H

#include "common/wire/zmq.h"

#include <stdatomic.h>
#include <zmq.h>

struct lode_zmq {
    void *context;
    atomic_int n_monitors; /* so that each has a name of its own */
};

/* What a DEALER's monitor has told so far. */
struct lode_refusal {
    int n_broken;         /* quickly broken handshakes in a row */
    int64_t connected_us; /* when the latest connection was seen */
    const char *text;     /* static; "" none */
};

struct lode_socket {
    void *socket;
    bool is_router;
    bool has_message;
    void *channel;     /* PAIR: what both ends have in common, see handover.h; else NULL */
    zmq_msg_t message; /* the one lent out by the last receive */
    bool is_watched;   /* by a monitor */
    struct lode_socket **held_at; /* where its gate keeps it: set to NULL when it closes; or NULL */
    struct lode_socket *monitor;  /* DEALER: owned */
    struct lode_refusal refusal;
};

/* A connection whose handshake takes longer is closed, by either side. Workers need milliseconds;
 * the rest is for a coordinator that is busy. */
enum { LODE_HANDSHAKE_MS = 5000 };

LODE_CHECKED lode_status lode_zmq_fail(const char *what);
int lode_zmq_set_int(void *socket, int option, int value);
/* A socket with the options that all share; heartbeat_ms 0: none. */
LODE_CHECKED lode_status lode_socket_open(struct lode_zmq *zmq, int type, int64_t heartbeat_ms,
                                          struct lode_socket **socket);
/* The next frame, without waiting, into socket->message. */
LODE_CHECKED lode_status lode_socket_next_frame(struct lode_socket *socket, bool *got, bool *more);
/* Ends its monitor's events. Before the monitor or the socket itself (lode_socket_close does it) is
 * closed: the thread that does ZeroMQ's work waits while an event has no reader. */
void lode_socket_unwatch(struct lode_socket *watched);

/* A PAIR for the events of one other socket, which must be watched before it connects or binds. */
LODE_CHECKED lode_status lode_monitor_open(struct lode_zmq *zmq, struct lode_socket **monitor);
LODE_CHECKED lode_status lode_monitor_watch(struct lode_zmq *zmq, struct lode_socket *monitor,
                                            struct lode_socket *watched, int events);
/* The next event, without waiting; what `value` is depends on the event (zmq_socket_monitor(3)). */
LODE_CHECKED lode_status lode_monitor_next(struct lode_socket *monitor, int *event, int *value,
                                           bool *got);

LODE_CHECKED lode_status lode_gate_attach(struct lode_gate *gate, struct lode_zmq *zmq,
                                          struct lode_socket *router);

#endif
