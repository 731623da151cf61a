/* ZMQ: who has the keys of the run talks to the coordinator; whoever has not is kept out, counted,
 * and, where it is a worker of ours, told. A second worker talks on all the while.
 */
#include "tests/unit.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/wire/message.h"
#include "common/wire/zmq.h"

enum { DEADLINE_US = 8000000, HEARTBEAT_MS = 1000 };

/* A coordinator's end that echoes, and a worker with the right keys. */
struct bench {
    struct lode_zmq *zmq;     /* the coordinator's */
    struct lode_zmq *outside; /* the workers' */
    struct lode_keys server, ours;
    struct lode_gate *gate;
    struct lode_socket *router;
    struct lode_socket *good;
    struct lode_socket *peer; /* the one a test is about; closed at its end, well or not */
    char endpoint[64];
    int port;
    int64_t n_echoed, n_strange; /* messages that the ROUTER got; those not from "good" or "peer" */
    int64_t n_sent, n_good;      /* questions and answers of the good worker */
};

static struct lode_socket *open_dealer(struct bench *bench, const char *identity,
                                       const struct lode_keys *keys, const char *server_key)
{
    struct lode_socket *dealer = NULL;
    assert_ok(lode_dealer_open(bench->outside, bench->endpoint, identity, HEARTBEAT_MS, keys,
                               server_key, &dealer));
    return dealer;
}

static int set_up(void **state)
{
    static struct bench bench;
    bench = (struct bench){0};
    assert_ok(lode_zmq_create(&bench.zmq));
    assert_ok(lode_zmq_create(&bench.outside));
    assert_ok(lode_keys_make(&bench.server));
    assert_ok(lode_keys_make(&bench.ours));
    assert_ok(lode_gate_open(bench.zmq, bench.ours.public_key, &bench.gate));
    assert_ok(lode_router_open(bench.zmq, "127.0.0.1", HEARTBEAT_MS, &bench.server, bench.gate,
                               &bench.router, &bench.port));
    snprintf(bench.endpoint, sizeof bench.endpoint, "tcp://127.0.0.1:%d", bench.port);
    bench.good = open_dealer(&bench, "good", &bench.ours, bench.server.public_key);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    lode_socket_close(bench->peer);
    lode_socket_close(bench->good);
    lode_socket_close(bench->router);
    lode_gate_close(bench->gate);
    lode_zmq_destroy(bench->outside);
    lode_zmq_destroy(bench->zmq);
    return 0;
}

static void echo_all(struct bench *bench)
{
    for (;;) {
        char identity[LODE_IDENTITY_SIZE];
        const void *data = NULL;
        size_t size = 0;
        bool got = false, gone = false;
        assert_ok(lode_socket_receive(bench->router, identity, &data, &size, &got));
        if (!got) return;
        bench->n_echoed++;
        if (strcmp(identity, "good") != 0 && strcmp(identity, "peer") != 0) bench->n_strange++;
        assert_ok(lode_socket_send(bench->router, identity, data, size, &gone));
    }
}

/* One message from a DEALER as text; "" when there is none. */
static void receive_text(struct lode_socket *dealer, char text[64])
{
    const void *data = NULL;
    size_t size = 0;
    bool got = false;
    assert_ok(lode_socket_receive(dealer, NULL, &data, &size, &got));
    snprintf(text, 64, "%.*s", got ? (int)size : 0, got ? (const char *)data : "");
}

/* A round of the coordinator's loop and of the good worker's, which asks again when answered. */
static void turn(struct bench *bench)
{
    struct lode_socket *sockets[LODE_GATE_SOCKETS + 2] = {0};
    char text[64];
    lode_gate_sockets(bench->gate, sockets);
    sockets[LODE_GATE_SOCKETS] = bench->router;
    sockets[LODE_GATE_SOCKETS + 1] = bench->good;
    if (bench->n_sent == bench->n_good) {
        assert_ok(lode_socket_send(bench->good, NULL, "more?", 5, NULL));
        bench->n_sent++;
    }
    assert_ok(lode_socket_wait(sockets, LODE_GATE_SOCKETS + 2, 10));
    assert_ok(lode_gate_serve(bench->gate));
    echo_all(bench);
    receive_text(bench->good, text);
    if (*text) bench->n_good++;
}

/* Turns until `condition`, at most DEADLINE_US. */
#define turn_until(bench, condition)                                                               \
    do {                                                                                           \
        const int64_t deadline_us = lode_clock_us() + DEADLINE_US;                                 \
        while (!(condition)) {                                                                     \
            if (lode_clock_us() > deadline_us) fail_msg("never: %s", #condition);                  \
            turn(bench);                                                                           \
        }                                                                                          \
    } while (0)

/* The good worker has had an answer before, and gets more now. */
static void assert_good_worker_is_served(struct bench *bench)
{
    const int64_t before = bench->n_good;
    assert_string_equal(lode_dealer_refusal(bench->good), "");
    turn_until(bench, bench->n_good >= before + 20);
    assert_int_equal(bench->n_strange, 0);
}

static int open_plain(const struct bench *bench)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)bench->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(plain >= 0);
    assert_int_equal(connect(plain, (struct sockaddr *)&address, sizeof address), 0);
    return plain;
}

static bool is_gone(struct bench *bench, const char *identity)
{
    bool gone = false;
    assert_ok(lode_socket_send(bench->router, identity, "?", 1, &gone));
    return gone;
}

static void the_right_key_passes_messages_both_ways(void **state)
{
    struct bench *bench = *state;
    char text[64] = "";
    struct lode_socket *peer = bench->peer =
        open_dealer(bench, "peer", &bench->ours, bench->server.public_key);
    assert_ok(lode_socket_send(peer, NULL, "hello", 5, NULL));
    turn_until(bench, (receive_text(peer, text), *text));
    assert_string_equal(text, "hello");
    assert_string_equal(lode_dealer_refusal(peer), "");
    assert_good_worker_is_served(bench);
    lode_socket_close(peer);
    bench->peer = NULL;
    assert_good_worker_is_served(bench);
    const struct lode_gate_count count = lode_gate_count(bench->gate);
    assert_int_equal(count.refused, 0);
    assert_int_equal(count.broken, 0); /* also not for the one that left */
}

static void a_key_that_is_not_on_the_list_is_refused_counted_and_told(void **state)
{
    struct bench *bench = *state;
    struct lode_keys strange;
    assert_ok(lode_keys_make(&strange));
    turn_until(bench, bench->n_good > 0);
    struct lode_socket *peer = bench->peer =
        open_dealer(bench, "odd", &strange, bench->server.public_key);
    assert_ok(lode_socket_send(peer, NULL, "hello", 5, NULL));
    turn_until(bench, *lode_dealer_refusal(peer));
    assert_non_null(strstr(lode_dealer_refusal(peer), "does not know this worker's key"));
    assert_good_worker_is_served(bench);
    const struct lode_gate_count count = lode_gate_count(bench->gate);
    assert_int_equal(count.refused, 1);
    assert_string_equal(count.refused_address, "127.0.0.1");
    assert_int_equal(count.broken, 0);
}

static void a_client_with_another_server_key_never_gets_through_and_says_so(void **state)
{
    struct bench *bench = *state;
    struct lode_keys other;
    assert_ok(lode_keys_make(&other));
    turn_until(bench, bench->n_good > 0);
    struct lode_socket *peer = bench->peer =
        open_dealer(bench, "odd", &bench->ours, other.public_key);
    assert_ok(lode_socket_send(peer, NULL, "hello", 5, NULL));
    turn_until(bench, *lode_dealer_refusal(peer));
    assert_non_null(strstr(lode_dealer_refusal(peer), "another key"));
    turn_until(bench, lode_gate_count(bench->gate).broken >= 3);
    assert_int_equal(lode_gate_count(bench->gate).refused, 0);
    assert_good_worker_is_served(bench);
}

static void a_client_without_curve_never_gets_through(void **state)
{
    struct bench *bench = *state;
    turn_until(bench, bench->n_good > 0);
    void *context = zmq_ctx_new();
    void *plain = zmq_socket(context, ZMQ_DEALER);
    const int none = 0;
    assert_int_equal(zmq_setsockopt(plain, ZMQ_LINGER, &none, sizeof none), 0);
    assert_int_equal(zmq_setsockopt(plain, ZMQ_IDENTITY, "good", 4), 0); /* not taken over either */
    assert_int_equal(zmq_connect(plain, bench->endpoint), 0);
    assert_int_equal(zmq_send(plain, "hello", 5, 0), 5);
    /* one is sure: it gives up for good when it reads first what the server speaks */
    turn_until(bench, lode_gate_count(bench->gate).broken >= 1);
    assert_good_worker_is_served(bench);
    char answer[8];
    assert_int_equal(zmq_recv(plain, answer, sizeof answer, ZMQ_DONTWAIT), -1);
    zmq_close(plain);
    zmq_ctx_term(context);
}

/* First bytes that ZeroMQ takes for its oldest version, for its own greeting, for a long frame. */
static void bytes_that_are_no_zmtp_are_counted_and_harm_nothing(void **state)
{
    static const char *const garbage[] = {"GET / HTTP/1.1\r\n\r\n", "\1\1\1\1\1\1\1\1\1\1\1\1\1",
                                          "\377\377\377\377\377\377\377\377\377\177\3\1NOTHING"};
    struct bench *bench = *state;
    const int n_garbage = sizeof garbage / sizeof *garbage;
    int plain[sizeof garbage / sizeof *garbage];
    turn_until(bench, bench->n_good > 0);
    for (int i = 0; i < n_garbage; i++) {
        plain[i] = open_plain(bench);
        const size_t size = strlen(garbage[i]);
        assert_int_equal(send(plain[i], garbage[i], size, MSG_NOSIGNAL), size);
    }
    for (int i = 0; i < n_garbage; i++) shutdown(plain[i], SHUT_WR);
    turn_until(bench, lode_gate_count(bench->gate).broken == n_garbage);
    assert_good_worker_is_served(bench);
    assert_int_equal(lode_gate_count(bench->gate).broken, n_garbage);
    assert_int_equal(lode_gate_count(bench->gate).refused, 0);
    for (int i = 0; i < n_garbage; i++) close(plain[i]);
}

static void a_silent_connection_is_closed_after_some_seconds(void **state)
{
    struct bench *bench = *state;
    char byte;
    turn_until(bench, bench->n_good > 0);
    const int plain = open_plain(bench);
    /* ZeroMQ greets with ten bytes or more, then hangs up */
    bool ended = false;
    turn_until(bench, (ended = recv(plain, &byte, 1, MSG_DONTWAIT) == 0));
    assert_true(ended);
    turn_until(bench, lode_gate_count(bench->gate).broken == 1);
    assert_string_equal(lode_gate_count(bench->gate).broken_address, "127.0.0.1");
    assert_good_worker_is_served(bench);
    close(plain);
}

/* Who knows the keys is still not believed: the limit on sizes is the socket's, not the peer's. */
static void a_message_over_the_limit_reaches_nobody(void **state)
{
    static char large[4 * LODE_INLINE_LIMIT];
    struct bench *bench = *state;
    char text[64] = "";
    struct lode_socket *peer = bench->peer =
        open_dealer(bench, "peer", &bench->ours, bench->server.public_key);
    assert_ok(lode_socket_send(peer, NULL, "hello", 5, NULL));
    turn_until(bench, (receive_text(peer, text), *text));
    const int64_t before = bench->n_echoed - bench->n_good;
    assert_ok(lode_socket_send(peer, NULL, large, sizeof large, NULL));
    /* its connection is closed, so that its identity is unknown until it comes again */
    turn_until(bench, is_gone(bench, "peer"));
    assert_good_worker_is_served(bench);
    assert_true(bench->n_echoed - bench->n_good <= before + 1); /* 1: under way for the good one */
}

/* A CURVE server without a handler lets everybody in, unless told otherwise. */
static void nobody_gets_in_where_the_gate_is_not_served(void **state)
{
    struct bench *bench = *state;
    char text[64] = "";
    turn_until(bench, bench->n_good > 0);
    lode_gate_close(bench->gate);
    bench->gate = NULL;
    struct lode_socket *peer = bench->peer =
        open_dealer(bench, "peer", &bench->ours, bench->server.public_key);
    assert_ok(lode_socket_send(peer, NULL, "hello", 5, NULL));
    const int64_t end_us = lode_clock_us() + 500000;
    while (lode_clock_us() < end_us) {
        assert_ok(lode_socket_wait(&bench->router, 1, 10));
        echo_all(bench);
        receive_text(peer, text);
        assert_string_equal(text, "");
    }
}

static void a_second_router_for_one_gate_is_a_bug(void **state)
{
    struct bench *bench = *state;
    struct lode_socket *second = NULL;
    int port = 0;
    assert_status(LODE_E_BUG, lode_router_open(bench->zmq, "127.0.0.1", HEARTBEAT_MS,
                                               &bench->server, bench->gate, &second, &port));
    assert_null(second);
    assert_good_worker_is_served(bench);
}

static void a_key_that_is_none_is_not_shown(void **state)
{
    struct bench *bench = *state;
    struct lode_gate *gate = NULL;
    struct lode_socket *dealer = NULL;
    struct lode_keys bad = {"short and secret", "short and secret"};
    assert_status(LODE_E_BUG, lode_gate_open(bench->outside, bad.public_key, &gate));
    assert_null(strstr(lode_error_text(), "secret"));
    assert_status(LODE_E_CLUSTER,
                  lode_dealer_open(bench->outside, bench->endpoint, "odd", HEARTBEAT_MS, &bad,
                                   bench->server.public_key, &dealer));
    assert_null(strstr(lode_error_text(), "secret"));
    assert_null(dealer);
}

static void the_descriptor_limit_is_raised_to_the_hard_one(void **state)
{
    (void)state;
    struct rlimit before, after;
    struct lode_zmq *zmq = NULL;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit lowered = {.rlim_cur = 200, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lowered), 0);
    assert_ok(lode_zmq_create(&zmq));
    lode_zmq_destroy(zmq);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_true(after.rlim_cur == before.rlim_max);
}

/* The main thread waits for the disk while results of a million short tasks come. */
static void a_pair_of_threads_loses_nothing_however_far_one_lags(void **state)
{
    (void)state;
    enum { MESSAGES = 250000 };
    struct lode_zmq *zmq = NULL;
    struct lode_socket *mouth = NULL, *ear = NULL;
    assert_ok(lode_zmq_create(&zmq));
    assert_ok(lode_pair_open(zmq, "lag", true, &mouth));
    assert_ok(lode_pair_open(zmq, "lag", false, &ear));
    for (int i = 0; i < MESSAGES; i++)
        assert_ok(lode_socket_send(mouth, NULL, (const void *)&i, sizeof i, NULL));
    for (int i = 0; i < MESSAGES; i++) {
        const void *data = NULL;
        size_t size = 0;
        bool got = false;
        assert_ok(lode_socket_receive(ear, NULL, &data, &size, &got));
        assert_true(got);
        assert_memory_equal(data, (const void *)&i, sizeof i);
    }
    lode_socket_close(mouth);
    lode_socket_close(ear);
    lode_zmq_destroy(zmq);
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* The thread that reads may be at its disk for a while; with a high water mark the other one
 * failed, and could not even say so. */
static void a_pair_takes_whatever_the_other_end_has_not_read_yet(void **state)
{
    enum { MANY = 250000 };
    struct lode_zmq *zmq = NULL;
    struct lode_socket *ends[2] = {NULL, NULL};
    int n_got = 0;
    (void)state;
    assert_ok(lode_zmq_create(&zmq));
    assert_ok(lode_pair_open(zmq, "many", true, &ends[0]));
    assert_ok(lode_pair_open(zmq, "many", false, &ends[1]));
    for (int i = 0; i < MANY; i++)
        assert_ok(lode_socket_send(ends[0], NULL, &(const int){i}, sizeof(int), NULL));
    for (bool got = true; got; n_got += got) {
        const void *data = NULL;
        size_t size = 0;
        assert_ok(lode_socket_receive(ends[1], NULL, &data, &size, &got));
        if (got) assert_memory_equal(data, &n_got, sizeof n_got);
    }
    assert_int_equal(n_got, MANY);
    lode_socket_close(ends[0]);
    lode_socket_close(ends[1]);
    lode_zmq_destroy(zmq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_bench(the_right_key_passes_messages_both_ways),
        with_bench(a_key_that_is_not_on_the_list_is_refused_counted_and_told),
        with_bench(a_client_with_another_server_key_never_gets_through_and_says_so),
        with_bench(a_client_without_curve_never_gets_through),
        with_bench(bytes_that_are_no_zmtp_are_counted_and_harm_nothing),
        with_bench(a_silent_connection_is_closed_after_some_seconds),
        with_bench(a_message_over_the_limit_reaches_nobody),
        with_bench(nobody_gets_in_where_the_gate_is_not_served),
        with_bench(a_second_router_for_one_gate_is_a_bug),
        with_bench(a_key_that_is_none_is_not_shown),
        cmocka_unit_test(a_pair_of_threads_loses_nothing_however_far_one_lags),
        cmocka_unit_test(the_descriptor_limit_is_raised_to_the_hard_one),
        cmocka_unit_test(a_pair_takes_whatever_the_other_end_has_not_read_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
