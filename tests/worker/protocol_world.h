/* What the tests of the worker's protocol share: a worker, words for what a coordinator says, and
 * for what must be done about it. */
#ifndef LODE_TESTS_WORKER_PROTOCOL_WORLD_H
#define LODE_TESTS_WORKER_PROTOCOL_WORLD_H

#include "tests/unit.h"

#include "worker/protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000000, START = 50 * SECOND, BEAT = SECOND / 2, STAGE = 7 };

struct world {
    struct worker_protocol *p;
    int64_t now_us;
    struct worker_action action;
    struct lode_message message; /* what the latest action sends, when it does */
};

static inline int world_set_up(void **state)
{
    static struct world world;
    static const struct worker_options options = {.version = "1.2.3",
                                                  .host = "n1",
                                                  .place = "n1.0",
                                                  .pid = 4711,
                                                  .incarnation = 2,
                                                  .heartbeat_us = BEAT,
                                                  .silence_us = 5 * SECOND};
    world = (struct world){.now_us = START};
    *state = &world;
    return worker_protocol_create(&options, START, &world.p) != LODE_OK;
}

static inline int world_tear_down(void **state)
{
    struct world *w = *state;
    lode_bytes_clear(&w->action.bytes);
    worker_protocol_destroy(w->p);
    worker_protocol_destroy(NULL);
    return 0;
}

static inline void hear(struct world *w, const struct lode_message *message)
{
    struct lode_bytes bytes = {0};
    assert_ok(lode_message_encode(message, &bytes));
    assert_ok(worker_protocol_message(w->p, bytes.data, bytes.size, w->now_us));
    lode_bytes_clear(&bytes);
}

static inline void hear_cancel(struct world *w, uint64_t task, uint64_t attempt, bool force)
{
    const struct lode_message message = {
        .type = LODE_CANCEL, .stage = STAGE, .task = task, .attempt = attempt, .force = force};
    hear(w, &message);
}

/* A batch of `count` tasks from `first` on, first attempts. */
static inline void hear_tasks(struct world *w, uint64_t stage, uint64_t first, int count)
{
    struct lode_bytes batch = {0};
    for (uint64_t task = first; task < first + (uint64_t)count; task++)
        assert_ok(lode_batch_append(&batch, task, 1, "in", 2));
    const struct lode_message message = {
        .type = LODE_TASKS, .stage = stage, .bytes = {batch.data, batch.size}};
    hear(w, &message);
    lode_bytes_clear(&batch);
}

static inline enum worker_action_kind next(struct world *w)
{
    lode_bytes_clear(&w->action.bytes);
    assert_ok(worker_protocol_next(w->p, w->now_us, &w->action));
    if (w->action.kind == WORKER_SEND)
        assert_ok(lode_message_decode(w->action.bytes.data, w->action.bytes.size, &w->message));
    return w->action.kind;
}

static inline void expect_quiet(struct world *w)
{
    assert_int_equal(next(w), WORKER_NOTHING);
}

static inline const struct lode_message *expect_sent(struct world *w, enum lode_message_type type)
{
    assert_int_equal(next(w), WORKER_SEND);
    assert_int_equal(w->message.type, type);
    return &w->message;
}

/* These tasks ("5 6") are handed out, in this order. */
static inline void expect_run(struct world *w, const char *tasks)
{
    char text[256] = "";
    assert_int_equal(next(w), WORKER_RUN);
    assert_ptr_equal(worker_protocol_running(w->p), w->action.task);
    for (const struct worker_task *task = w->action.task; task; task = task->next) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%llu", used ? " " : "",
                 (unsigned long long)task->attempt.task);
        assert_int_equal(task->attempt.stage, STAGE);
        assert_string_equal(task->stage->leaf, "test.leaf");
        assert_int_equal(task->input.size, 2);
        assert_false(atomic_load(&task->stop));
    }
    assert_string_equal(text, tasks);
}

/* Which of the tasks that run are to stop: "-x-" the second of three. */
static inline void expect_stops(const struct world *w, const char *stops)
{
    char text[64] = "";
    size_t count = 0;
    for (const struct worker_task *task = worker_protocol_running(w->p); task; task = task->next)
        text[count++] = atomic_load(&task->stop) ? 'x' : '-';
    assert_string_equal(text, stops);
}

/* The results in the message sent last: "5.0 6.3", task and status of each. */
static inline const struct lode_message *expect_results(struct world *w, const char *results)
{
    char text[256] = "";
    const struct lode_message *message = expect_sent(w, LODE_RESULTS);
    struct lode_unpack in = lode_unpack_begin(message->bytes.data, message->bytes.size);
    for (;;) {
        struct lode_result result;
        bool more = false;
        assert_ok(lode_result_next(&in, &result, &more));
        if (!more) break;
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%llu.%llu", used ? " " : "",
                 (unsigned long long)result.attempt.task, (unsigned long long)result.status);
        assert_int_equal(result.attempt.stage, STAGE);
        assert_int_equal(result.attempt.attempt, 1);
    }
    assert_string_equal(text, results);
    return message;
}

/* A beat that lists `count` attempts; the first of them in this state. */
static inline void expect_beat(struct world *w, int count, enum lode_held_state state)
{
    struct lode_held held[LODE_HELD_MAX];
    int n_held = -1;
    const struct lode_message *beat = expect_sent(w, LODE_BEAT);
    assert_ok(lode_held_read(beat->bytes, held, &n_held));
    assert_int_equal(n_held, count);
    if (count) assert_int_equal(held[0].state, state);
}

/* The next `count` of the tasks that run end like this, all in one message. */
static inline void end_tasks(struct world *w, int count, lode_status status)
{
    struct lode_bytes results = {0};
    const struct worker_task *task = worker_protocol_running(w->p);
    for (int i = 0; i < count; i++, task = task->next) {
        const struct lode_result result = {.attempt = task->attempt,
                                           .status = (uint64_t)status,
                                           .text = lode_span_text(status ? "rotten" : ""),
                                           .bytes = {(const uint8_t *)"result", status ? 0 : 6},
                                           .wall_us = 1000};
        assert_ok(lode_result_append(&results, &result));
    }
    assert_ok(worker_protocol_ended(w->p, count, &results));
    assert_null(results.data); /* taken over */
}

static inline void hear_taken(struct world *w, uint64_t sequence)
{
    const struct lode_message taken = {.type = LODE_TAKEN, .sequence = sequence};
    hear(w, &taken);
}

/* In, prepared, with the stage announced and the first beat said. */
static inline void get_in(struct world *w)
{
    const struct lode_message welcome = {.type = LODE_WELCOME,
                                         .worker = 3,
                                         .heartbeat_ms = 500,
                                         .memory_bytes = 1 << 30,
                                         .directory = lode_span_text("/runs/r1/stages")};
    const struct lode_message stage = {.type = LODE_STAGE,
                                       .stage = STAGE,
                                       .leaf = lode_span_text("test.leaf"),
                                       .bytes = lode_span_text("params")};
    (void)expect_sent(w, LODE_HELLO);
    hear(w, &welcome);
    hear(w, &stage);
    assert_int_equal(next(w), WORKER_PREPARE);
    expect_beat(w, 0, LODE_HELD_WAITING);
    expect_quiet(w);
}

#endif
