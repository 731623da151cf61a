/* ZMQ: the one file that calls ZeroMQ. A ROUTER for the coordinator, a DEALER for a worker, a PAIR
 * between two threads of one process.
 *
 * ROUTER is mandatory (a message to a peer that is gone is an error, not silence) and hands an
 * identity over to a newcomer; both sides send ZMTP heartbeats (ENGINE-FACTS.md section 8).
 */
#ifndef LODE_COMMON_ZMQ_H
#define LODE_COMMON_ZMQ_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lode_socket;
struct lode_zmq; /* one context a process */

LODE_CHECKED lode_status lode_zmq_create(struct lode_zmq **zmq);
void lode_zmq_destroy(struct lode_zmq *zmq); /* sockets must be closed; takes NULL */

/* Binds to `address` ("127.0.0.1" or "*") on a free port, which is returned. */
LODE_CHECKED lode_status lode_router_open(struct lode_zmq *zmq, const char *address,
                                          int64_t heartbeat_ms, struct lode_socket **socket,
                                          int *port);
/* Connects to "tcp://host:port" under `identity` (host/pid/incarnation). */
LODE_CHECKED lode_status lode_dealer_open(struct lode_zmq *zmq, const char *endpoint,
                                          const char *identity, int64_t heartbeat_ms,
                                          struct lode_socket **socket);
/* One end of a pair named `name` inside this process; `bind` on exactly one side, first. */
LODE_CHECKED lode_status lode_pair_open(struct lode_zmq *zmq, const char *name, bool bind,
                                        struct lode_socket **socket);
void lode_socket_close(struct lode_socket *socket); /* takes NULL; drops what is not sent */
/* The same, but gives what is queued up to `linger_ms` to leave. */
void lode_socket_close_after(struct lode_socket *socket, int linger_ms);

/* Sends without waiting. identity: ROUTER only, else NULL. *gone (may be NULL) is set when the peer
 * is not there any more or does not read; nothing is sent then and the status is LODE_OK. */
LODE_CHECKED lode_status lode_socket_send(struct lode_socket *socket, const char *identity,
                                          const void *data, size_t size, bool *gone);

/* Largest identity a peer may have, its zero included. */
enum { LODE_IDENTITY_SIZE = 128 };
/* One message if there is one, without waiting. *data is borrowed until the next receive on this
 * socket. identity (LODE_IDENTITY_SIZE bytes) for ROUTER, else NULL. Messages of a wrong number of
 * frames, or from peers without a printable identity, are dropped and counted. */
LODE_CHECKED lode_status lode_socket_receive(struct lode_socket *socket, char *identity,
                                             const void **data, size_t *size, bool *got);
int64_t lode_socket_dropped(const struct lode_socket *socket);

/* Waits until one of the sockets can be read, at most timeout_ms. */
LODE_CHECKED lode_status lode_socket_wait(struct lode_socket *const *sockets, int n_sockets,
                                          int timeout_ms);

#endif
