/* Ask: see the header. */
#include "coordinator/ask.h"

#include "common/clock.h"
#include "common/wire/message.h"
#include "common/wire/zmq.h"
#include "worker/door.h"
#include "worker/reach.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ADDRESS_MS = 500 }; /* for each address of the coordinator */

lode_status ask_parse(const void *data, size_t size, cJSON **answer)
{
    const char *end = NULL;
    if (size > ASK_ANSWER_LIMIT)
        return lode_fail(LODE_E_MESSAGE, "an answer of %zu bytes, %d is the most", size,
                         (int)ASK_ANSWER_LIMIT);
    cJSON *parsed = cJSON_ParseWithLengthOpts(data, size, &end, 0);
    const bool is_whole = parsed && end == (const char *)data + size;
    if (!is_whole || !cJSON_IsObject(parsed)) {
        cJSON_Delete(parsed);
        return lode_fail(LODE_E_MESSAGE, "an answer of %zu bytes that is no JSON object", size);
    }
    *answer = parsed;
    return LODE_OK;
}

/* Until something of the coordinator's comes that is an answer; other messages are none. */
static lode_status wait_for_answer(struct lode_socket *dealer, const struct door *door,
                                   int64_t end_us, cJSON **answer)
{
    for (;;) {
        const void *data = NULL;
        size_t size = 0;
        bool got = false;
        struct lode_message message;
        const char *refusal = lode_dealer_refusal(dealer);
        const int64_t left_us = end_us - lode_clock_us();
        if (refusal[0])
            return lode_fail(LODE_E_CLUSTER, "the coordinator on %s lets nobody in: %s", door->host,
                             refusal);
        if (left_us <= 0)
            return lode_fail(LODE_E_CLUSTER, "no answer from %s within %d s", door->host,
                             ASK_WAIT_MS / 1000);
        lode_try(lode_socket_wait(&dealer, 1, (int)(left_us < 200000 ? left_us / 1000 + 1 : 200)));
        lode_try(lode_socket_receive(dealer, NULL, &data, &size, &got));
        if (!got) continue;
        lode_try(lode_message_decode(data, size, &message));
        if (message.type == LODE_ANSWER)
            return ask_parse(message.bytes.data, message.bytes.size, answer);
    }
}

static lode_status converse(const struct door *door, const char *question, cJSON **answer)
{
    lode_status status = LODE_OK;
    char endpoint[DOOR_ADDRESS_SIZE + 32], identity[LODE_IDENTITY_SIZE], host[DOOR_HOST_SIZE] = "";
    const int64_t end_us = lode_clock_us() + (int64_t)ASK_WAIT_MS * 1000;
    const struct lode_message message = {.type = LODE_ASK, .text = lode_span_text(question)};
    struct lode_bytes bytes = {0};
    struct lode_zmq *zmq = NULL;
    struct lode_socket *dealer = NULL;

    gethostname(host, sizeof host - 1);
    snprintf(identity, sizeof identity, "ask/%s/%d", host, (int)getpid());
    lode_try_done(reach_choose(door, ADDRESS_MS, endpoint, sizeof endpoint));
    lode_try_done(lode_message_encode(&message, &bytes));
    lode_try_done(lode_zmq_create(&zmq));
    lode_try_done(lode_dealer_open(zmq, endpoint, identity, door->heartbeat_ms, &door->keys,
                                   door->server_key, &dealer));
    lode_try_done(lode_socket_send(dealer, NULL, bytes.data, bytes.size, NULL));
    lode_try_done(wait_for_answer(dealer, door, end_us, answer));
done:
    lode_socket_close(dealer);
    lode_zmq_destroy(zmq);
    lode_bytes_clear(&bytes);
    return status;
}

lode_status ask_coordinator(const char *run, const char *question, cJSON **answer)
{
    char path[PATH_MAX];
    struct door door = {0};
    if (snprintf(path, sizeof path, "%s/endpoint", run) >= (int)sizeof path)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", run);
    lode_status status = door_load(path, &door);
    if (!status) status = converse(&door, question, answer);
    explicit_bzero(&door, sizeof door); /* holds the run's secret key */
    return status;
}
