/* Stranger with keys: wrong ones, and the right ones in the hands of somebody who speaks nonsense.
 */
#include "tests/e2e/stranger.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"
#include "common/version.h"
#include "common/wire/batch.h"
#include "common/wire/message.h"

enum {
    HEARTBEAT_MS = 1000,
    TICK_MS = 20,
    PEERS = 4,       /* identities that share the work of one attack */
    AT_ONCE = 100,   /* messages sent before what comes back is looked at */
    LEAVE_MS = 2000, /* what is queued may take this long to go out */
    NO_STAGE = 1000000
};

static const char ANOTHER_VERSION[] = "0.0.0-stranger";

/* What came back to one attack. */
struct answers {
    int64_t n_welcome, n_refused, n_other;
    char refusal[256];
};

static lode_status open_dealer(const struct stranger *stranger, struct lode_zmq *zmq,
                               int64_t number, const struct lode_keys *own, const char *server_key,
                               struct lode_socket **dealer)
{
    char identity[64];
    snprintf(identity, sizeof identity, "stranger/%d/%" PRId64, (int)getpid(), number);
    return lode_dealer_open(zmq, stranger->endpoint, identity, HEARTBEAT_MS, own, server_key,
                            dealer);
}

/* Takes all that has come, without waiting. */
static lode_status take_answers(struct lode_socket *dealer, struct answers *answers)
{
    for (;;) {
        const void *data = NULL;
        size_t size = 0;
        bool got = false;
        struct lode_message message;
        lode_try(lode_socket_receive(dealer, NULL, &data, &size, &got));
        if (!got) return LODE_OK;
        lode_try(lode_message_decode(data, size, &message));
        if (message.type == LODE_WELCOME) {
            answers->n_welcome++;
        } else if (message.type == LODE_REFUSED) {
            answers->n_refused++;
            snprintf(answers->refusal, sizeof answers->refusal, "%.*s", (int)message.text.size,
                     (const char *)message.text.data);
        } else {
            answers->n_other++;
        }
    }
}

static lode_status send_message(struct lode_socket *dealer, const struct lode_message *message)
{
    struct lode_bytes out = {0};
    lode_status status = lode_message_encode(message, &out);
    if (!status) status = lode_socket_send(dealer, NULL, out.data, out.size, NULL);
    lode_bytes_clear(&out);
    return status;
}

/* A worker that nobody started. */
static struct lode_message invented_hello(const char *version)
{
    return (struct lode_message){.type = LODE_HELLO,
                                 .protocol = LODE_PROTOCOL,
                                 .version = lode_span_text(version),
                                 .host = lode_span_text("nowhere"),
                                 .place = lode_span_text("stranger"),
                                 .pid = 4711,
                                 .incarnation = 1};
}

/* Waits for a refusal, or for an answer that must not come. */
static lode_status wait_for_refusal(const struct stranger *stranger, struct lode_socket *dealer,
                                    struct answers *answers, const char **refusal)
{
    do {
        lode_try(lode_socket_wait(&dealer, 1, TICK_MS));
        lode_try(take_answers(dealer, answers));
        *refusal = lode_dealer_refusal(dealer);
    } while (!**refusal && !answers->n_welcome && !answers->n_refused &&
             lode_clock_us() < stranger->end_us);
    return LODE_OK;
}

/* Clients one after the other that say hello with keys of their own (or, has_key, with the run's)
 * to a server with that key (NULL: a fresh one). */
static lode_status knock(struct stranger *stranger, bool has_key, const char *server_key)
{
    struct lode_zmq *zmq = NULL;
    struct answers answers = {0};
    int64_t n_clients = 0, n_refused = 0;
    char text[256] = "";
    const struct lode_message hello = invented_hello(lode_version());
    lode_try(lode_zmq_create(&zmq));
    lode_status status = LODE_OK;
    while (!status && n_clients < stranger->count && lode_clock_us() < stranger->end_us) {
        struct lode_keys own, other;
        struct lode_socket *dealer = NULL;
        const char *refusal = "";
        status = lode_keys_make(&own);
        if (!status) status = lode_keys_make(&other);
        if (!status)
            status = open_dealer(stranger, zmq, n_clients, has_key ? &stranger->door.keys : &own,
                                 server_key ? server_key : other.public_key, &dealer);
        if (!status) status = send_message(dealer, &hello);
        if (!status) status = wait_for_refusal(stranger, dealer, &answers, &refusal);
        n_clients++;
        n_refused += *refusal != '\0';
        if (*refusal) snprintf(text, sizeof text, "%s", refusal);
        lode_socket_close(dealer);
    }
    lode_zmq_destroy(zmq);
    printf("clients=%" PRId64 " kept_out=%" PRId64 " answered=%" PRId64 " text=\"%s\"", n_clients,
           n_refused, answers.n_welcome + answers.n_refused + answers.n_other, text);
    return status;
}

lode_status stranger_wrong_key(struct stranger *stranger)
{
    return knock(stranger, false, stranger->door.server_key);
}

/* With the run's keys where they are known, so that the server's key is all that is wrong. */
lode_status stranger_wrong_server_key(struct stranger *stranger)
{
    return knock(stranger, stranger->door.port > 0, NULL);
}

typedef lode_status send_fn(struct stranger *stranger, struct lode_socket *dealer, int64_t number);

/* stranger->count calls of `send_one` over n_peers connections with the right keys, all of which
 * say goodbye at the end; the answers are read all the while. */
static lode_status talk(struct stranger *stranger, int n_peers, send_fn *send_one,
                        struct answers *answers, int64_t *n_sent)
{
    lode_status status = LODE_OK;
    struct lode_zmq *zmq = NULL;
    struct lode_socket *peers[PEERS] = {NULL};
    const struct lode_message bye = {.type = LODE_BYE};

    lode_try_done(lode_zmq_create(&zmq));
    for (int i = 0; i < n_peers; i++)
        lode_try_done(open_dealer(stranger, zmq, i, &stranger->door.keys, stranger->door.server_key,
                                  &peers[i]));
    for (*n_sent = 0; *n_sent < stranger->count && lode_clock_us() < stranger->end_us;) {
        lode_try_done(send_one(stranger, peers[*n_sent % n_peers], *n_sent));
        *n_sent += 1;
        if (*n_sent % AT_ONCE) continue;
        lode_try_done(lode_socket_wait(peers, n_peers, TICK_MS));
        for (int i = 0; i < n_peers; i++) lode_try_done(take_answers(peers[i], answers));
    }
    for (int i = 0; i < n_peers; i++) lode_try_done(send_message(peers[i], &bye));
    /* until nothing comes any more for some ticks */
    for (int i = 0; i < 10; i++) {
        lode_try_done(lode_socket_wait(peers, n_peers, TICK_MS));
        for (int k = 0; k < n_peers; k++) lode_try_done(take_answers(peers[k], answers));
    }
done:
    for (int i = 0; i < n_peers; i++) lode_socket_close_after(peers[i], LEAVE_MS);
    lode_zmq_destroy(zmq);
    return status;
}

static void print_answers(int64_t n_sent, const struct answers *answers)
{
    printf("sent=%" PRId64 " welcome=%" PRId64 " refused=%" PRId64 " other=%" PRId64 " text=\"%s\"",
           n_sent, answers->n_welcome, answers->n_refused, answers->n_other, answers->refusal);
}

/* A valid message of a random type. Its hello is of another version, so that no change by chance
 * makes a worker of it that the run would count on. */
static lode_status make_valid(struct lode_random *random, struct lode_bytes *out)
{
    struct lode_message message = invented_hello(ANOTHER_VERSION);
    message.type = (enum lode_message_type)(LODE_HELLO + lode_random_below(random, LODE_BYE));
    message.stage = lode_random_below(random, 4) + NO_STAGE;
    message.task = lode_random_next(random);
    message.sequence = lode_random_below(random, 3);
    message.text = message.leaf = message.directory = lode_span_text("nothing that is there");
    message.bytes = lode_span_text("\x93\x01\x02\x03");
    return lode_message_encode(&message, out);
}

/* One to three changes: a bit, a byte, a cut, bytes added. */
static lode_status mutate(struct lode_random *random, struct lode_bytes *out)
{
    const uint64_t n_changes = lode_random_below(random, 3) + 1;
    for (uint64_t i = 0; i < n_changes && out->size > 0; i++) {
        const size_t at = (size_t)lode_random_below(random, out->size);
        const uint64_t more = lode_random_next(random);
        switch (lode_random_below(random, 4)) {
        case 0:
            out->data[at] ^= (uint8_t)(1U << (more % 8));
            break;
        case 1:
            out->data[at] = (uint8_t)more;
            break;
        case 2:
            out->size = at;
            break;
        default:
            lode_try(lode_bytes_append(out, &more, sizeof more));
        }
    }
    return LODE_OK;
}

static lode_status send_malformed(struct stranger *stranger, struct lode_socket *dealer,
                                  int64_t number)
{
    struct lode_bytes out = {0};
    lode_status status = LODE_OK;
    if (number % 2) {
        const uint64_t n_words = lode_random_below(&stranger->random, 64);
        for (uint64_t i = 0; i < n_words && !status; i++) {
            const uint64_t word = lode_random_next(&stranger->random);
            status = lode_bytes_append(&out, &word, sizeof word);
        }
    } else {
        status = make_valid(&stranger->random, &out);
        if (!status) status = mutate(&stranger->random, &out);
    }
    if (!status) status = lode_socket_send(dealer, NULL, out.data, out.size, NULL);
    lode_bytes_clear(&out);
    return status;
}

lode_status stranger_malformed(struct stranger *stranger)
{
    struct answers answers = {0};
    int64_t n_sent = 0;
    const lode_status status = talk(stranger, PEERS, send_malformed, &answers, &n_sent);
    print_answers(n_sent, &answers);
    return status;
}

/* Results of a stage that there is not, and of tasks that the first stages do not have. */
static lode_status send_replay(struct stranger *stranger, struct lode_socket *dealer,
                               int64_t number)
{
    const bool is_other_stage = number % 2 == 0;
    const uint64_t few = lode_random_below(&stranger->random, 4) + 1;
    const struct lode_message hello = invented_hello(lode_version());
    const struct lode_result result = {
        .attempt = {is_other_stage ? NO_STAGE + few : few,
                    is_other_stage ? few : UINT64_MAX - lode_random_below(&stranger->random, 1000),
                    few},
        .status = lode_random_below(&stranger->random, 2),
        .bytes = lode_span_text("\x93\x01\x02\x03"),
    };
    struct lode_bytes list = {0};
    lode_status status = lode_result_append(&list, &result);
    const struct lode_message results = {
        .type = LODE_RESULTS, .sequence = few, .bytes = {list.data, list.size}};
    if (!status) status = send_message(dealer, &hello);
    if (!status) status = send_message(dealer, &results);
    lode_bytes_clear(&list);
    return status;
}

lode_status stranger_replay(struct stranger *stranger)
{
    struct answers answers = {0};
    int64_t n_sent = 0;
    const lode_status status = talk(stranger, 1, send_replay, &answers, &n_sent);
    print_answers(n_sent, &answers);
    return status;
}

lode_status stranger_version(struct stranger *stranger)
{
    lode_status status = LODE_OK;
    struct lode_zmq *zmq = NULL;
    struct lode_socket *dealer = NULL;
    struct answers answers = {0};
    const char *refusal = "";
    const struct lode_message hello = invented_hello(ANOTHER_VERSION);

    lode_try_done(lode_zmq_create(&zmq));
    lode_try_done(
        open_dealer(stranger, zmq, 0, &stranger->door.keys, stranger->door.server_key, &dealer));
    lode_try_done(send_message(dealer, &hello));
    lode_try_done(wait_for_refusal(stranger, dealer, &answers, &refusal));
    print_answers(1, &answers);
    if (!answers.n_refused)
        status =
            lode_fail(LODE_E_CLUSTER, "no refusal came back%s%s", *refusal ? ": " : "", refusal);
done:
    lode_socket_close(dealer);
    lode_zmq_destroy(zmq);
    return status;
}
