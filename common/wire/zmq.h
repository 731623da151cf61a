/* ZMQ: the only calls of ZeroMQ (zmq_socket.c, monitor.c, gate.c, zmq.c). A ROUTER for the
 * coordinator, a DEALER for a worker, a PAIR between two threads of one process.
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

/* A CURVE key pair as Z85 text with its zero. */
enum { LODE_KEY_SIZE = 41 };
struct lode_keys {
    char public_key[LODE_KEY_SIZE];
    char secret_key[LODE_KEY_SIZE];
};
LODE_CHECKED lode_status lode_keys_make(struct lode_keys *keys);

/* Also raises the process's soft limit of open files to the hard one: connections are files. */
LODE_CHECKED lode_status lode_zmq_create(struct lode_zmq **zmq);
void lode_zmq_destroy(struct lode_zmq *zmq); /* sockets must be closed; takes NULL */

/* Gate: decides who may speak to the ROUTERs of this context, by public key (ZAP, RFC 27): a CURVE
 * server without it lets anybody in. It also counts the handshakes that failed (no CURVE, a wrong
 * server key, garbage). No thread of its own: wait for its sockets together with the ROUTER and
 * call lode_gate_serve when one can be read; until then newcomers wait. One a context, opened
 * before the ROUTER, and for one ROUTER. */
struct lode_gate;
LODE_CHECKED lode_status lode_gate_open(struct lode_zmq *zmq, const char *allowed_public_key,
                                        struct lode_gate **gate);
/* Takes NULL; before lode_zmq_destroy. A ROUTER that is still open lets nobody new in then. */
void lode_gate_close(struct lode_gate *gate);
/* Its sockets, to wait for; borrowed. */
enum { LODE_GATE_SOCKETS = 2 };
void lode_gate_sockets(struct lode_gate *gate, struct lode_socket *sockets[LODE_GATE_SOCKETS]);
/* Answers all that wait, without waiting itself. */
LODE_CHECKED lode_status lode_gate_serve(struct lode_gate *gate);
/* So far: connections whose key is not on the list, handshakes that broke off; and the address of
 * the latest of each ("" none). For the log, which must not grow with every stranger.
 * `broken` may miss some of those whose bytes were no ZMTP at all, never counts a worker that left;
 * its address is only noted when it is sure whose it was. */
struct lode_gate_count {
    int64_t refused, broken;
    char refused_address[64], broken_address[64];
};
struct lode_gate_count lode_gate_count(const struct lode_gate *gate);

/* Binds to `address` ("127.0.0.1" or "*") on a free port, which is returned; a CURVE server with
 * that secret key. A connection that has not finished its handshake after a few seconds is closed.
 */
LODE_CHECKED lode_status lode_router_open(struct lode_zmq *zmq, const char *address,
                                          int64_t heartbeat_ms, const struct lode_keys *own,
                                          struct lode_gate *gate, struct lode_socket **socket,
                                          int *port);
/* Connects to "tcp://host:port" under `identity` (host/pid/incarnation), as a CURVE client. */
LODE_CHECKED lode_status lode_dealer_open(struct lode_zmq *zmq, const char *endpoint,
                                          const char *identity, int64_t heartbeat_ms,
                                          const struct lode_keys *own, const char *server_key,
                                          struct lode_socket **socket);
/* Why a DEALER's server does not let it in: "" while nothing speaks for that; static. Looks at the
 * socket's monitor, without waiting; ask at least every second or two, for how soon a server hangs
 * up tells another key from a busy coordinator. After a refused key the socket tries no more. */
const char *lode_dealer_refusal(struct lode_socket *dealer);
/* One end of a pair named `name` inside this process; `bind` on exactly one side, first. It holds
 * any number of messages that the other side has not taken yet. */
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
 * frames, or from peers without a printable identity, are dropped. */
LODE_CHECKED lode_status lode_socket_receive(struct lode_socket *socket, char *identity,
                                             const void **data, size_t *size, bool *got);

/* Waits until one of the sockets can be read, at most timeout_ms. */
LODE_CHECKED lode_status lode_socket_wait(struct lode_socket *const *sockets, int n_sockets,
                                          int timeout_ms);

#endif
