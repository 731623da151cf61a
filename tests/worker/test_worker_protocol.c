/* The worker's side of the conversation: what it says, runs and holds, and when it leaves. */
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

static int set_up(void **state)
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

static int tear_down(void **state)
{
    struct world *w = *state;
    lode_bytes_clear(&w->action.bytes);
    worker_protocol_destroy(w->p);
    worker_protocol_destroy(NULL);
    return 0;
}

static void hear(struct world *w, const struct lode_message *message)
{
    struct lode_bytes bytes = {0};
    assert_ok(lode_message_encode(message, &bytes));
    assert_ok(worker_protocol_message(w->p, bytes.data, bytes.size, w->now_us));
    lode_bytes_clear(&bytes);
}

static void hear_about(struct world *w, enum lode_message_type type, uint64_t task,
                       uint64_t attempt, bool force)
{
    const struct lode_message message = {
        .type = type, .stage = STAGE, .task = task, .attempt = attempt, .force = force};
    hear(w, &message);
}

/* A batch of `count` tasks from `first` on, first attempts. */
static void hear_tasks(struct world *w, uint64_t stage, uint64_t first, int count)
{
    struct lode_bytes batch = {0};
    for (uint64_t task = first; task < first + (uint64_t)count; task++)
        assert_ok(lode_batch_append(&batch, task, 1, "in", 2));
    const struct lode_message message = {
        .type = LODE_TASKS, .stage = stage, .bytes = {batch.data, batch.size}};
    hear(w, &message);
    lode_bytes_clear(&batch);
}

static enum worker_action_kind next(struct world *w)
{
    lode_bytes_clear(&w->action.bytes);
    assert_ok(worker_protocol_next(w->p, w->now_us, &w->action));
    if (w->action.kind == WORKER_SEND)
        assert_ok(lode_message_decode(w->action.bytes.data, w->action.bytes.size, &w->message));
    return w->action.kind;
}

static void expect_quiet(struct world *w)
{
    assert_int_equal(next(w), WORKER_NOTHING);
}

static const struct lode_message *expect_sent(struct world *w, enum lode_message_type type)
{
    assert_int_equal(next(w), WORKER_SEND);
    assert_int_equal(w->message.type, type);
    return &w->message;
}

static void expect_run(struct world *w, uint64_t task)
{
    assert_int_equal(next(w), WORKER_RUN);
    assert_int_equal(w->action.task->attempt.task, task);
    assert_int_equal(w->action.task->attempt.stage, STAGE);
    assert_string_equal(w->action.task->stage->leaf, "test.leaf");
    assert_int_equal(w->action.task->input.size, 2);
    assert_ptr_equal(worker_protocol_running(w->p), w->action.task);
}

/* A beat that lists `count` attempts; the first of them in this state. */
static void expect_beat(struct world *w, int count, enum lode_held_state state)
{
    struct lode_held held[LODE_HELD_MAX];
    int n_held = -1;
    const struct lode_message *beat = expect_sent(w, LODE_BEAT);
    assert_ok(lode_held_read(beat->bytes, held, &n_held));
    assert_int_equal(n_held, count);
    if (count) assert_int_equal(held[0].state, state);
}

static void end_task(struct world *w, lode_status status)
{
    const struct worker_outcome outcome = {.status = status,
                                           .error = status ? "row 7 is rotten" : "",
                                           .bytes = status ? NULL : "result",
                                           .size = status ? 0 : 6,
                                           .wall_us = 1000};
    assert_ok(worker_protocol_ended(w->p, &outcome, w->now_us));
}

/* In, prepared, with the stage announced and the first beat said. */
static void get_in(struct world *w)
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

static void hello_is_said_until_it_is_answered(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3; i++) {
        const struct lode_message *hello = expect_sent(w, LODE_HELLO);
        assert_int_equal(hello->protocol, LODE_PROTOCOL);
        assert_int_equal(hello->pid, 4711);
        assert_int_equal(hello->incarnation, 2);
        assert_memory_equal(hello->place.data, "n1.0", 4);
        expect_quiet(w);
        w->now_us += BEAT;
    }
}

static void the_welcome_says_where_and_how_to_work_and_is_heard_once(void **state)
{
    struct world *w = *state;
    const struct lode_message welcome = {.type = LODE_WELCOME,
                                         .worker = 3,
                                         .memory_bytes = 1 << 30,
                                         .directory = lode_span_text("/runs/r1/stages")};
    (void)expect_sent(w, LODE_HELLO);
    hear(w, &welcome);
    assert_int_equal(next(w), WORKER_PREPARE);
    assert_string_equal(w->action.directory, "/runs/r1/stages");
    assert_int_equal(w->action.worker, 3);
    assert_int_equal(w->action.memory_bytes, 1 << 30);
    expect_beat(w, 0, LODE_HELD_WAITING);
    hear(w, &welcome);
    expect_quiet(w);
}

static void tasks_run_one_by_one_in_the_order_in_which_they_came(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 5, 2);
    hear_tasks(w, STAGE, 0, 1);
    expect_run(w, 5);
    expect_quiet(w);
    end_task(w, LODE_OK);
    expect_run(w, 6);
    const struct lode_message *result = expect_sent(w, LODE_RESULT);
    assert_int_equal(result->task, 5);
    assert_int_equal(result->status, LODE_OK);
    assert_int_equal(result->bytes.size, 6);
    assert_int_equal(result->wall_us, 1000);
    end_task(w, LODE_E_INPUT);
    expect_run(w, 0);
    result = expect_sent(w, LODE_RESULT);
    assert_int_equal(result->status, LODE_E_INPUT);
    assert_memory_equal(result->text.data, "row 7 is rotten", 15);
}

static void tasks_that_come_twice_run_once(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 2);
    hear_tasks(w, STAGE, 0, 2);
    expect_run(w, 0);
    hear_tasks(w, STAGE, 0, 2);
    end_task(w, LODE_OK);
    hear_tasks(w, STAGE, 0, 2); /* the result of 0 is not taken yet: still known */
    expect_run(w, 1);
    end_task(w, LODE_OK);
    (void)expect_sent(w, LODE_RESULT);
    (void)expect_sent(w, LODE_RESULT);
    expect_quiet(w);
    assert_null(worker_protocol_running(w->p));
}

static void a_result_is_said_until_it_is_taken(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 1);
    expect_run(w, 0);
    end_task(w, LODE_OK);
    (void)expect_sent(w, LODE_RESULT);
    w->now_us += BEAT;
    expect_beat(w, 1, LODE_HELD_FINISHED);
    expect_quiet(w);
    w->now_us += BEAT;
    (void)expect_sent(w, LODE_RESULT); /* two heartbeats without an answer */
    expect_beat(w, 1, LODE_HELD_FINISHED);
    hear_about(w, LODE_TAKEN, 0, 2, false); /* of another attempt */
    hear_about(w, LODE_TAKEN, 0, 1, false);
    hear_about(w, LODE_TAKEN, 0, 1, false);
    w->now_us += 2 * BEAT;
    expect_beat(w, 0, LODE_HELD_FINISHED);
    expect_quiet(w);
}

static void a_beat_lists_what_is_held_with_its_progress(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 3);
    expect_run(w, 0);
    w->now_us += BEAT;
    assert_ok(worker_protocol_tick(w->p, 42, w->now_us));
    expect_beat(w, 3, LODE_HELD_RUNNING);
    assert_int_equal(w->message.progress, 42);
    assert_int_equal(w->message.sequence, 2);
    assert_int_equal(w->message.leaving, 0);
}

static void a_waiting_task_that_is_cancelled_never_runs(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 3);
    expect_run(w, 0);
    hear_about(w, LODE_CANCEL, 1, 1, false);
    hear_about(w, LODE_CANCEL, 9, 1, true); /* not ours: nothing */
    expect_quiet(w);
    end_task(w, LODE_OK);
    expect_run(w, 2);
}

static void the_running_task_that_is_cancelled_is_asked_to_stop_once(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 2);
    expect_run(w, 0);
    hear_about(w, LODE_CANCEL, 0, 2, false); /* another attempt */
    expect_quiet(w);
    hear_about(w, LODE_CANCEL, 0, 1, false);
    hear_about(w, LODE_CANCEL, 0, 1, false);
    assert_int_equal(next(w), WORKER_STOP);
    expect_quiet(w);
    end_task(w, LODE_E_STOPPED);
    expect_run(w, 1); /* and the next is not stopped */
    assert_int_equal(expect_sent(w, LODE_RESULT)->status, LODE_E_STOPPED);
    expect_quiet(w);
}

static void a_forced_cancel_ends_the_process_even_after_a_plain_one(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 1);
    expect_run(w, 0);
    hear_about(w, LODE_CANCEL, 0, 1, false);
    assert_int_equal(next(w), WORKER_STOP);
    hear_about(w, LODE_CANCEL, 0, 1, true);
    assert_int_equal(next(w), WORKER_AGAIN);
    expect_quiet(w);
}

static void tasks_of_a_stage_that_was_not_announced_are_not_taken(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE + 1, 0, 2);
    expect_quiet(w);
    w->now_us += BEAT;
    expect_beat(w, 0, LODE_HELD_WAITING); /* so that they are given again */
}

static void a_draining_worker_finishes_says_bye_and_leaves_in_peace(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 3);
    expect_run(w, 0);
    worker_protocol_drain(w->p);
    expect_beat(w, 1, LODE_HELD_RUNNING); /* at once: the others can be given elsewhere */
    assert_int_equal(w->message.leaving, 1);
    hear_tasks(w, STAGE, 5, 1); /* was on its way: not taken */
    end_task(w, LODE_OK);
    (void)expect_sent(w, LODE_RESULT);
    expect_quiet(w);
    hear_about(w, LODE_TAKEN, 0, 1, false);
    (void)expect_sent(w, LODE_BYE);
    assert_int_equal(next(w), WORKER_LEAVE);
    assert_int_equal(w->action.status, LODE_OK);
    expect_quiet(w);
}

static void a_silent_coordinator_is_given_up(void **state)
{
    struct world *w = *state;
    const struct lode_message beat = {.type = LODE_BEAT};
    get_in(w);
    w->now_us += 4 * SECOND;
    hear(w, &beat);
    w->now_us += 5 * SECOND;
    assert_ok(worker_protocol_tick(w->p, 0, w->now_us));
    expect_beat(w, 0, LODE_HELD_WAITING);
    w->now_us++;
    assert_ok(worker_protocol_tick(w->p, 0, w->now_us));
    assert_int_equal(next(w), WORKER_LEAVE); /* without a bye: nobody is there to hear it */
    assert_int_equal(w->action.status, LODE_E_CLUSTER);
    assert_non_null(strstr(w->action.why, "5 s"));
    expect_quiet(w);
}

static void at_the_end_of_the_run_it_says_bye_and_leaves(void **state)
{
    struct world *w = *state;
    const struct lode_message end = {.type = LODE_END, .text = lode_span_text("over")};
    get_in(w);
    hear_tasks(w, STAGE, 0, 2);
    expect_run(w, 0);
    hear(w, &end);
    (void)expect_sent(w, LODE_BYE);
    assert_int_equal(next(w), WORKER_LEAVE);
    assert_int_equal(w->action.status, LODE_OK);
}

static void a_refused_worker_leaves_with_the_reason(void **state)
{
    struct world *w = *state;
    const struct lode_message refused = {.type = LODE_REFUSED,
                                         .text = lode_span_text("it is lode 1.2.3")};
    (void)expect_sent(w, LODE_HELLO);
    hear(w, &refused);
    assert_int_equal(next(w), WORKER_LEAVE);
    assert_int_equal(w->action.status, LODE_E_USAGE);
    assert_string_equal(w->action.why, "the coordinator refused this worker: it is lode 1.2.3");
    worker_protocol_refused(w->p, "later"); /* the first reason stays */
    assert_non_null(strstr(w->action.why, "1.2.3"));
}

static void a_door_that_is_shut_is_the_reason_to_leave(void **state)
{
    struct world *w = *state;
    worker_protocol_refused(w->p, "the key is not known there");
    assert_int_equal(next(w), WORKER_LEAVE);
    assert_int_equal(w->action.status, LODE_E_USAGE);
    assert_string_equal(w->action.why, "the key is not known there");
}

static void bytes_that_no_coordinator_sends_are_refused(void **state)
{
    struct world *w = *state;
    struct lode_bytes bytes = {0};
    const struct lode_message bye = {.type = LODE_BYE};
    const struct lode_message cut = {
        .type = LODE_TASKS, .stage = STAGE, .bytes = {(const uint8_t *)"\1", 1}};
    get_in(w);
    assert_status(LODE_E_MESSAGE, worker_protocol_message(w->p, "x", 1, w->now_us));
    assert_ok(lode_message_encode(&bye, &bytes));
    assert_status(LODE_E_MESSAGE, worker_protocol_message(w->p, bytes.data, bytes.size, w->now_us));
    bytes.size = 0;
    assert_ok(lode_message_encode(&cut, &bytes));
    assert_status(LODE_E_MESSAGE, worker_protocol_message(w->p, bytes.data, bytes.size, w->now_us));
    lode_bytes_clear(&bytes);
    expect_quiet(w);
}

static void an_end_of_a_task_when_none_runs_is_a_bug(void **state)
{
    struct world *w = *state;
    const struct worker_outcome outcome = {.error = ""};
    assert_status(LODE_E_BUG, worker_protocol_ended(w->p, &outcome, w->now_us));
}

int main(void)
{
#define with_world(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_world(hello_is_said_until_it_is_answered),
        with_world(the_welcome_says_where_and_how_to_work_and_is_heard_once),
        with_world(tasks_run_one_by_one_in_the_order_in_which_they_came),
        with_world(tasks_that_come_twice_run_once),
        with_world(a_result_is_said_until_it_is_taken),
        with_world(a_beat_lists_what_is_held_with_its_progress),
        with_world(a_waiting_task_that_is_cancelled_never_runs),
        with_world(the_running_task_that_is_cancelled_is_asked_to_stop_once),
        with_world(a_forced_cancel_ends_the_process_even_after_a_plain_one),
        with_world(tasks_of_a_stage_that_was_not_announced_are_not_taken),
        with_world(a_draining_worker_finishes_says_bye_and_leaves_in_peace),
        with_world(a_silent_coordinator_is_given_up),
        with_world(at_the_end_of_the_run_it_says_bye_and_leaves),
        with_world(a_refused_worker_leaves_with_the_reason),
        with_world(a_door_that_is_shut_is_the_reason_to_leave),
        with_world(bytes_that_no_coordinator_sends_are_refused),
        with_world(an_end_of_a_task_when_none_runs_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
