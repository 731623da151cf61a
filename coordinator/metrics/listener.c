/* Listener: see the header. */
#include "coordinator/metrics/listener.h"

#include "common/clock.h"
#include "common/text.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 32,
    CONNECTION_BYTES = 16 << 10,
    CONNECTION_US = 5000000,
    CONNECTION_SECONDS = CONNECTION_US / 1000000,
    TIMEOUT_MS = 1000, /* how late a connection may be ended */
    BACKLOG = 64
};

/* A connection that is open; slot of it in its socket context. */
struct client {
    bool is_open, is_told;
    int fd;
    int64_t since_us;
};

struct listener {
    struct MHD_Daemon *daemon;
    int fd; /* epoll's */
    listener_page_fn page;
    void *context;
    struct client clients[CONNECTIONS_MAX];
    char url[LISTENER_URL_SIZE];
};

lode_status listener_parse(const char *text, struct listener_address *address)
{
    struct listener_address found = {.host = "127.0.0.1"};
    const char *colon = strrchr(text, ':');
    const char *port = colon ? colon + 1 : text;
    const char *host = text;
    size_t size = colon ? (size_t)(colon - text) : 0;
    int64_t number = 0;
    if (colon && size == 0)
        return lode_fail(LODE_E_USAGE,
                         "--metrics-listen %s: which address? 0.0.0.0%s for every one, %s for "
                         "127.0.0.1",
                         text, text, port);
    if (size >= 2 && text[0] == '[' && text[size - 1] == ']') {
        host++;
        size -= 2;
    } else if (memchr(text, ':', size)) {
        return lode_fail(LODE_E_USAGE, "--metrics-listen %s: IPv6 is written [ADDRESS]:PORT", text);
    }
    if (size >= sizeof found.host)
        return lode_fail(LODE_E_USAGE, "--metrics-listen %.64s...: no such host", text);
    if (!lode_text_to_i64(port, strlen(port), &number) || number < 0 || number > 65535)
        return lode_fail(LODE_E_USAGE, "--metrics-listen %s: a port in 0..65535, or HOST:PORT",
                         text);
    if (colon) snprintf(found.host, sizeof found.host, "%.*s", (int)size, host);
    found.port = (int)number;
    *address = found;
    return LODE_OK;
}

static lode_status fail_address(const struct listener_address *address, const char *why)
{
    return lode_fail(LODE_E_DISK, "metrics cannot be served on %s port %d: %s", address->host,
                     address->port, why);
}

/* The first of the host's addresses that can be had. */
static lode_status bind_socket(const struct listener_address *address, int *fd, int *family)
{
    char port[16];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    const int one = 1;
    int error = 0;
    snprintf(port, sizeof port, "%d", address->port);
    const int bad = getaddrinfo(address->host, port, &hints, &list);
    if (bad) return fail_address(address, gai_strerror(bad));
    *fd = -1;
    for (const struct addrinfo *at = list; at && *fd < 0; at = at->ai_next) {
        *fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        *family = at->ai_family;
        if (*fd >= 0 && setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
            bind(*fd, at->ai_addr, at->ai_addrlen) == 0 && listen(*fd, BACKLOG) == 0)
            continue;
        error = errno;
        if (*fd >= 0) close(*fd);
        *fd = -1;
    }
    freeaddrinfo(list);
    return *fd >= 0 ? LODE_OK : fail_address(address, strerror(error));
}

static void name_url(struct listener *listener, const struct listener_address *address, int fd)
{
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    char port[16] = "?";
    const bool is_v6 = strchr(address->host, ':') != NULL;
    if (getsockname(fd, (struct sockaddr *)&own, &size) == 0)
        getnameinfo((struct sockaddr *)&own, size, NULL, 0, port, sizeof port, NI_NUMERICSERV);
    snprintf(listener->url, sizeof listener->url, "http://%s%s%s:%s/metrics", is_v6 ? "[" : "",
             address->host, is_v6 ? "]" : "", port);
}

/* --- connections --- */

static void note_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct listener *listener = context;
    struct client *client = *socket_context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (client) client->is_open = false;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (int i = 0; info && i < CONNECTIONS_MAX; i++) {
        if (listener->clients[i].is_open) continue;
        listener->clients[i] =
            (struct client){.is_open = true, .fd = info->connect_fd, .since_us = lode_clock_us()};
        *socket_context = &listener->clients[i];
        return;
    }
}

/* The library's own timeout begins anew with every byte that comes: a client that sends one a
 * second would stay for ever. What it is told here is that nobody reads any more. */
static void end_slow_clients(struct listener *listener, int64_t now_us)
{
    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        struct client *client = &listener->clients[i];
        if (!client->is_open || client->is_told || now_us - client->since_us < CONNECTION_US)
            continue;
        shutdown(client->fd, SHUT_RDWR);
        client->is_told = true;
    }
}

/* --- requests --- */

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status,
                               const struct lode_bytes *text, const char *content_type)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(text->size, text->data, MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    enum MHD_Result result =
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    if (result == MHD_YES)
        result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (result == MHD_YES && status == MHD_HTTP_METHOD_NOT_ALLOWED)
        result = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, MHD_HTTP_METHOD_GET);
    if (result == MHD_YES) result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *words)
{
    struct lode_bytes text = {0};
    enum MHD_Result result = MHD_NO; /* ends the connection */
    if (lode_bytes_append(&text, words, strlen(words)) == LODE_OK)
        result = respond(connection, status, &text, "text/plain; charset=utf-8");
    lode_bytes_clear(&text);
    return result;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload_data,
                              size_t *upload_size, void **request)
{
    struct listener *listener = context;
    struct lode_bytes page = {0};
    (void)version;
    (void)upload_data;
    (void)upload_size; /* a body is not waited for */
    (void)request;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
    if (strcmp(url, "/metrics") != 0)
        return refuse(connection, MHD_HTTP_NOT_FOUND, "only /metrics is here\n");
    const enum MHD_Result result =
        listener->page(listener->context, &page)
            ? refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory for the metrics\n")
            : respond(connection, MHD_HTTP_OK, &page, "text/plain; version=0.0.4; charset=utf-8");
    lode_bytes_clear(&page);
    return result;
}

lode_status listener_open(const struct listener_address *address, listener_page_fn page,
                          void *context, struct listener **listener)
{
    int fd = -1, family = AF_INET;
    lode_try(bind_socket(address, &fd, &family));
    struct listener *l = calloc(1, sizeof *l);
    if (!l) {
        close(fd);
        return lode_fail(LODE_E_MEMORY, "no memory for a listener");
    }
    l->page = page;
    l->context = context;
    name_url(l, address, fd);
    const unsigned flags = MHD_USE_EPOLL | (family == AF_INET6 ? (unsigned)MHD_USE_IPv6 : 0);
    l->daemon = MHD_start_daemon(flags, 0, NULL, NULL, answer, l, MHD_OPTION_LISTEN_SOCKET, fd,
                                 MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_SECONDS,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
                                 MHD_OPTION_NOTIFY_CONNECTION, note_connection, l, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        l->daemon ? MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info) {
        if (!l->daemon) close(fd); /* else it is the daemon's */
        listener_close(l);
        return fail_address(address, "libmicrohttpd does not start");
    }
    l->fd = info->epoll_fd;
    *listener = l;
    return LODE_OK;
}

void listener_close(struct listener *listener)
{
    if (!listener) return;
    if (listener->daemon) MHD_stop_daemon(listener->daemon);
    free(listener);
}

const char *listener_url(const struct listener *listener)
{
    return listener->url;
}

int listener_fd(const struct listener *listener)
{
    return listener->fd;
}

int listener_timeout_ms(const struct listener *listener)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    if (MHD_get_timeout(listener->daemon, &timeout_ms) == MHD_YES && timeout_ms < TIMEOUT_MS)
        return (int)timeout_ms;
    return TIMEOUT_MS;
}

lode_status listener_serve(struct listener *listener, int64_t now_us)
{
    end_slow_clients(listener, now_us);
    if (MHD_run(listener->daemon) == MHD_YES) return LODE_OK;
    return lode_fail(LODE_E_BUG, "libmicrohttpd cannot go on serving %s", listener->url);
}
