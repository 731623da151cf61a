/* Listener: answers GET /metrics over HTTP; nothing else. The only user of libmicrohttpd.
 *
 * It has no thread: its owner waits for one file descriptor and calls listener_serve. Clients are
 * anybody's: at most 32 at once, each with 5 s from the first byte to the last, 16 KiB for what it
 * sends, and one request a connection. Whoever comes while 32 are there waits for one to go.
 */
#ifndef LODE_COORDINATOR_LISTENER_H
#define LODE_COORDINATOR_LISTENER_H

#include "common/error.h"
#include "common/memory.h"

#include <stdint.h>

enum { LISTENER_HOST_SIZE = 256, LISTENER_URL_SIZE = LISTENER_HOST_SIZE + 32 };

struct listener_address {
    char host[LISTENER_HOST_SIZE];
    int port; /* 0: one that is free */
};
/* "9464" (of 127.0.0.1), "0.0.0.0:9464", "node7:9464", "[::1]:9464". LODE_E_USAGE. */
LODE_CHECKED lode_status listener_parse(const char *text, struct listener_address *address);

/* Appends the page of this moment; called by listener_serve. */
typedef lode_status (*listener_page_fn)(void *context, struct lode_bytes *page);

struct listener;
/* LODE_E_DISK when the address is taken, not of this machine, or not allowed. */
LODE_CHECKED lode_status listener_open(const struct listener_address *address,
                                       listener_page_fn page, void *context,
                                       struct listener **listener);
void listener_close(struct listener *listener); /* takes NULL */

/* "http://127.0.0.1:9464/metrics", with the port that was taken. */
const char *listener_url(const struct listener *listener);
/* To wait for until it can be read, at most listener_timeout_ms. */
int listener_fd(const struct listener *listener);
int listener_timeout_ms(const struct listener *listener);
/* Does what there is to do, without waiting, and ends connections that take too long. */
LODE_CHECKED lode_status listener_serve(struct listener *listener, int64_t now_us);

#endif
