/* Listener: what clients of every kind get. Both ends are here: the test serves and reads in turn.
 */
#include "tests/unit.h"

#include "common/clock.h"
#include "coordinator/metrics/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_SIZE = 4096, PATIENCE_US = 10000000, LATER_US = 6000000 };

static lode_status page(void *context, struct lode_bytes *out)
{
    int *count = context;
    return lode_bytes_printf(out, "lode_pages_total %d\n", ++*count);
}

struct fixture {
    struct listener *listener;
    int port, pages;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct listener_address address;
    fixture = (struct fixture){0};
    *state = &fixture;
    if (listener_parse("0", &address) ||
        listener_open(&address, page, &fixture.pages, &fixture.listener))
        return -1;
    return sscanf(listener_url(fixture.listener), "http://127.0.0.1:%d/metrics", &fixture.port) !=
           1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    listener_close(fixture->listener);
    listener_close(NULL);
    return 0;
}

static int connect_to(const struct fixture *f)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)f->port),
                                        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void serve(struct fixture *f, int64_t ahead_us)
{
    struct pollfd ready = {.fd = listener_fd(f->listener), .events = POLLIN};
    poll(&ready, 1, 10);
    assert_ok(listener_serve(f->listener, lode_clock_us() + ahead_us));
}

/* Serves until the other side has closed; what it has said until then, with a zero. */
static void read_all(struct fixture *f, int fd, int64_t ahead_us, char answer[ANSWER_SIZE])
{
    size_t size = 0;
    const int64_t end_us = lode_clock_us() + PATIENCE_US;
    for (;;) {
        assert_true(lode_clock_us() < end_us);
        serve(f, ahead_us);
        const ssize_t got = recv(fd, answer + size, ANSWER_SIZE - 1 - size, MSG_DONTWAIT);
        if (got <= 0 && (got == 0 || errno == ECONNRESET)) break;
        if (got > 0) size += (size_t)got;
    }
    answer[size] = '\0';
    close(fd);
}

static void ask(struct fixture *f, const char *request, char answer[ANSWER_SIZE])
{
    const int fd = connect_to(f);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    read_all(f, fd, 0, answer);
}

static void expect_status(struct fixture *f, const char *request, int status)
{
    char answer[ANSWER_SIZE], wanted[32];
    ask(f, request, answer);
    snprintf(wanted, sizeof wanted, "HTTP/1.1 %d ", status);
    if (strncmp(answer, wanted, strlen(wanted)) != 0) fail_msg("%s -> %s", request, answer);
}

static void get_metrics_gives_the_page_of_the_moment(void **state)
{
    struct fixture *f = *state;
    char answer[ANSWER_SIZE];
    for (int i = 1; i <= 2; i++) {
        char body[64];
        snprintf(body, sizeof body, "\r\n\r\nlode_pages_total %d\n", i);
        ask(f, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", answer);
        assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
        assert_non_null(
            strstr(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
        assert_string_equal(strstr(answer, "\r\n\r\n"), body);
    }
}

static void everything_else_is_refused(void **state)
{
    struct fixture *f = *state;
    expect_status(f, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404);
    expect_status(f, "GET /metrics/../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404);
    expect_status(f, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405);
    expect_status(f, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx", 405);
    expect_status(f, "DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405);
    char answer[ANSWER_SIZE];
    ask(f, "\x16\x03\x01\x02 GET /metrics\r\n\r\n", answer);
    assert_null(strstr(answer, " 200 "));
    assert_int_equal(f->pages, 0);
}

/* Its head does not fit into what a connection may hold. */
static void an_endless_head_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    static char request[64 << 10];
    char answer[ANSWER_SIZE];
    const int fd = connect_to(f);
    memset(request, 'a', sizeof request);
    memcpy(request, "GET /metrics HTTP/1.1\r\nX: ", 26);
    for (size_t sent = 0; sent < sizeof request;) {
        const ssize_t wrote =
            send(fd, request + sent, sizeof request - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (wrote < 0 && errno != EAGAIN) break;
        if (wrote > 0) sent += (size_t)wrote;
        serve(f, 0);
    }
    read_all(f, fd, 0, answer);
    assert_int_equal(f->pages, 0);
    expect_status(f, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 200);
}

/* The library alone would wait for as long as bytes come. */
static void a_client_that_sends_a_byte_now_and_then_is_ended_all_the_same(void **state)
{
    struct fixture *f = *state;
    char answer[16];
    bool is_ended = false;
    const int fd = connect_to(f);
    for (int i = 0; i < 100 && !is_ended; i++) {
        is_ended = send(fd, "G", 1, MSG_NOSIGNAL) < 0;
        serve(f, LATER_US);
        const ssize_t got = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
        is_ended = is_ended || got == 0 || (got < 0 && errno == ECONNRESET);
    }
    close(fd);
    assert_true(is_ended);
}

/* More than there are places: the ones that hold them go, and the last gets its page. */
static void silent_clients_in_all_places_hold_others_up_for_seconds_at_most(void **state)
{
    struct fixture *f = *state;
    int silent[40];
    char answer[ANSWER_SIZE];
    for (int i = 0; i < 40; i++) {
        silent[i] = connect_to(f);
        serve(f, 0);
    }
    const int fd = connect_to(f);
    const char *request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    serve(f, LATER_US); /* the first 32 are told to go; from here on the others come */
    read_all(f, fd, 0, answer);
    for (int i = 0; i < 40; i++) close(silent[i]);
    assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
}

static void a_port_that_is_taken_is_named(void **state)
{
    struct fixture *f = *state;
    struct listener *second = NULL;
    const struct listener_address address = {.host = "127.0.0.1", .port = f->port};
    char words[80];
    snprintf(words, sizeof words, "metrics cannot be served on 127.0.0.1 port %d: Address already",
             f->port);
    assert_status(LODE_E_DISK, listener_open(&address, page, NULL, &second));
    assert_non_null(strstr(lode_error_text(), words));
    assert_null(second);
}

static void an_address_of_another_machine_cannot_be_had(void **state)
{
    (void)state;
    struct listener *listener = NULL;
    const struct listener_address address = {.host = "192.0.2.1"};
    assert_status(LODE_E_DISK, listener_open(&address, page, NULL, &listener));
}

static void expect_address(const char *text, const char *host, int port)
{
    struct listener_address address;
    assert_ok(listener_parse(text, &address));
    assert_string_equal(address.host, host);
    assert_int_equal(address.port, port);
}

static void addresses_are_a_port_or_host_and_port(void **state)
{
    (void)state;
    struct listener_address address;
    expect_address("9464", "127.0.0.1", 9464);
    expect_address("0.0.0.0:9464", "0.0.0.0", 9464);
    expect_address("node7:0", "node7", 0);
    expect_address("[::1]:65535", "::1", 65535);
    static const char *const bad[] = {"",   "x",      ":9464", "host:",    "host:65536",
                                      "-1", "::1:80", "80 ",   "host:80x", "[::1]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (listener_parse(bad[i], &address) != LODE_E_USAGE) fail_msg("%s", bad[i]);
}

int main(void)
{
#define with_listener(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_listener(get_metrics_gives_the_page_of_the_moment),
        with_listener(everything_else_is_refused),
        with_listener(an_endless_head_ends_the_connection),
        with_listener(a_client_that_sends_a_byte_now_and_then_is_ended_all_the_same),
        with_listener(silent_clients_in_all_places_hold_others_up_for_seconds_at_most),
        with_listener(a_port_that_is_taken_is_named),
        cmocka_unit_test(an_address_of_another_machine_cannot_be_had),
        cmocka_unit_test(addresses_are_a_port_or_host_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
