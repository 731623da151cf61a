/* What the tests of the coordinator's protocol share: a protocol with a stage, words for what a
 * worker says, and for what must be answered. */
#ifndef LODE_TESTS_PROTOCOL_WORLD_H
#define LODE_TESTS_PROTOCOL_WORLD_H

#include "tests/unit.h"

#include "common/log.h"
#include "common/version.h"
#include "coordinator/dispatch/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000000, START = 50 * SECOND, STAGE = 7 };

struct world {
    struct protocol *p;
    int64_t now_us;
    struct lode_bytes inputs[8];
    struct lode_stage stage;
    struct lode_bytes announcement;
    struct protocol_stage current;
    struct protocol_output output; /* the latest; cleared by the next */
    struct lode_message message;   /* what it says, when it is one */
};

static inline int world_set_up(void **state)
{
    static struct world world;
    const struct protocol_options options = {
        .scheduling = {.max_attempts = 4,
                       .max_refusals = 2,
                       .max_kills = 3,
                       .lease_us = 60 * SECOND,
                       .transit_us = SECOND,
                       .slow_us = 2 * SECOND},
        .heartbeat_us = SECOND / 2,
        .start_timeout_us = 30 * SECOND,
        .memory_bytes = 1 << 30,
        .epoch = 5,
        .work_directory = "/runs/r1/stages",
        .library = "/home/a/words.so",
        .library_hash = 77,
        .landmarks = lode_span_text("landmarks"),
    };
    world = (struct world){.now_us = START};
    lode_log_set_level(LODE_LOG_ERROR); /* lost workers are our daily bread here */
    *state = &world;
    return protocol_create(&options, START, &world.p) != LODE_OK;
}

static inline void clear_output(struct world *w)
{
    lode_bytes_clear(&w->output.bytes);
    report_free(w->output.report);
    w->output = (struct protocol_output){0};
}

static inline int world_tear_down(void **state)
{
    struct world *w = *state;
    clear_output(w);
    protocol_destroy(w->p);
    lode_bytes_clear(&w->announcement);
    for (int i = 0; i < 8; i++) lode_bytes_clear(&w->inputs[i]);
    return 0;
}

/* Begins the stage: n_tasks <= 8 tasks, the input of task i is "input i". */
static inline void begin(struct world *w, int64_t n_tasks)
{
    const struct lode_message announcement = {
        .type = LODE_STAGE, .stage = STAGE, .leaf = lode_span_text("test.leaf")};
    assert_ok(lode_message_encode(&announcement, &w->announcement));
    for (int i = 0; i < n_tasks; i++) assert_ok(lode_bytes_printf(&w->inputs[i], "input %d", i));
    w->stage = (struct lode_stage){
        .leaf = "test.leaf", .title = "testing", .n_tasks = n_tasks, .inputs = w->inputs};
    w->current =
        (struct protocol_stage){.id = STAGE, .stage = &w->stage, .message = &w->announcement};
    assert_ok(protocol_begin(w->p, &w->current, w->now_us));
}

static inline void say(struct world *w, const char *identity, const struct lode_message *message)
{
    struct lode_bytes bytes = {0};
    assert_ok(lode_message_encode(message, &bytes));
    assert_ok(protocol_message(w->p, identity, bytes.data, bytes.size, w->now_us));
    lode_bytes_clear(&bytes);
}

/* The hello of the n-th process of a place. */
static inline void say_hello(struct world *w, const char *identity, const char *place,
                             uint64_t incarnation)
{
    const struct lode_message hello = {.type = LODE_HELLO,
                                       .protocol = LODE_PROTOCOL,
                                       .version = lode_span_text(lode_version()),
                                       .host = lode_span_text("n1"),
                                       .place = lode_span_text(place),
                                       .pid = 4711,
                                       .incarnation = incarnation};
    say(w, identity, &hello);
}

static inline struct lode_result result_of(uint64_t task, uint64_t attempt, lode_status status)
{
    return (struct lode_result){.attempt = {STAGE, task, attempt},
                                .status = (uint64_t)status,
                                .text = lode_span_text(status ? "row 7 is rotten" : ""),
                                .bytes = {(const uint8_t *)"result", status ? 0 : 6},
                                .wall_us = 1000,
                                .cpu_us = 900,
                                .peak_bytes = 5};
}

static inline void say_results(struct world *w, const char *identity, uint64_t sequence,
                               const struct lode_result *results, int count)
{
    struct lode_bytes list = {0};
    for (int i = 0; i < count; i++) assert_ok(lode_result_append(&list, &results[i]));
    const struct lode_message message = {
        .type = LODE_RESULTS, .sequence = sequence, .bytes = {list.data, list.size}};
    say(w, identity, &message);
    lode_bytes_clear(&list);
}

/* A message with this result alone; said again, it is the same message. */
static inline void say_result(struct world *w, const char *identity, uint64_t task,
                              uint64_t attempt, lode_status status)
{
    const struct lode_result result = result_of(task, attempt, status);
    say_results(w, identity, 100 * task + attempt, &result, 1);
}

/* A beat that lists one attempt of the stage, or (attempt 0) nothing. */
static inline void say_beat(struct world *w, const char *identity, uint64_t sequence, uint64_t task,
                            uint64_t attempt)
{
    struct lode_bytes list = {0};
    const struct lode_held held = {{STAGE, task, attempt}, LODE_HELD_RUNNING};
    if (attempt) assert_ok(lode_held_append(&list, &held));
    const struct lode_message beat = {
        .type = LODE_BEAT, .sequence = sequence, .bytes = {list.data, list.size}};
    say(w, identity, &beat);
    lode_bytes_clear(&list);
}

/* The next output, whatever it is; false: none. */
static inline bool take(struct world *w)
{
    bool more = false;
    clear_output(w);
    assert_ok(protocol_next(w->p, w->now_us, &w->output, &more));
    if (more && w->output.kind == PROTOCOL_SEND)
        assert_ok(lode_message_decode(w->output.bytes.data, w->output.bytes.size, &w->message));
    return more;
}

static inline void expect_quiet(struct world *w)
{
    assert_false(take(w));
}

static inline const struct lode_message *expect_sent(struct world *w, const char *identity,
                                                     enum lode_message_type type)
{
    assert_true(take(w));
    assert_int_equal(w->output.kind, PROTOCOL_SEND);
    assert_string_equal(w->output.identity, identity);
    assert_int_equal(w->message.type, type);
    return &w->message;
}

static inline const struct report *expect_report(struct world *w, enum report_kind kind)
{
    assert_true(take(w));
    assert_int_equal(w->output.kind, PROTOCOL_REPORT);
    assert_int_equal(w->output.report->kind, kind);
    return w->output.report;
}

/* The tasks of a batch, "1.1 2.1": number and attempt of each. */
static inline void expect_tasks(struct world *w, const char *identity, const char *tasks)
{
    char text[256] = "";
    const struct lode_message *message = expect_sent(w, identity, LODE_TASKS);
    struct lode_unpack in = lode_unpack_begin(message->bytes.data, message->bytes.size);
    assert_int_equal(message->stage, STAGE);
    for (;;) {
        uint64_t task = 0, attempt = 0;
        char input[32];
        struct lode_span found;
        bool more = false;
        assert_ok(lode_batch_next(&in, &task, &attempt, &found, &more));
        if (!more) break;
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%llu.%llu", used ? " " : "",
                 (unsigned long long)task, (unsigned long long)attempt);
        snprintf(input, sizeof input, "input %llu", (unsigned long long)task);
        assert_int_equal(found.size, strlen(input));
        assert_memory_equal(found.data, input, found.size);
    }
    assert_string_equal(text, tasks);
}

static inline void drop_outputs(struct world *w)
{
    while (take(w)) continue;
}

/* A worker is in: it said hello, was welcomed, and said that it is ready. */
static inline void welcome(struct world *w, const char *identity, const char *place)
{
    say_hello(w, identity, place, 1);
    (void)expect_sent(w, identity, LODE_WELCOME);
    say_beat(w, identity, 0, 0, 0);
}

#endif
