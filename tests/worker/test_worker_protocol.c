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

static void hear_cancel(struct world *w, uint64_t task, uint64_t attempt, bool force)
{
    const struct lode_message message = {
        .type = LODE_CANCEL, .stage = STAGE, .task = task, .attempt = attempt, .force = force};
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

/* These tasks ("5 6") are handed out, in this order. */
static void expect_run(struct world *w, const char *tasks)
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
static void expect_stops(const struct world *w, const char *stops)
{
    char text[64] = "";
    size_t count = 0;
    for (const struct worker_task *task = worker_protocol_running(w->p); task; task = task->next)
        text[count++] = atomic_load(&task->stop) ? 'x' : '-';
    assert_string_equal(text, stops);
}

/* The results in the message sent last: "5.0 6.3", task and status of each. */
static const struct lode_message *expect_results(struct world *w, const char *results)
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
static void expect_beat(struct world *w, int count, enum lode_held_state state)
{
    struct lode_held held[LODE_HELD_MAX];
    int n_held = -1;
    const struct lode_message *beat = expect_sent(w, LODE_BEAT);
    assert_ok(lode_held_read(beat->bytes, held, &n_held));
    assert_int_equal(n_held, count);
    if (count) assert_int_equal(held[0].state, state);
}

/* The next `count` of the tasks that run end like this, all in one message. */
static void end_tasks(struct world *w, int count, lode_status status)
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

static void hear_taken(struct world *w, uint64_t sequence)
{
    const struct lode_message taken = {.type = LODE_TAKEN, .sequence = sequence};
    hear(w, &taken);
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

static void tasks_that_wait_are_handed_out_together_in_the_order_in_which_they_came(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 5, 2);
    hear_tasks(w, STAGE, 0, 1);
    expect_run(w, "5 6 0");
    hear_tasks(w, STAGE, 8, 2);
    expect_quiet(w); /* one batch after the other */
    end_tasks(w, 2, LODE_OK);
    const struct lode_message *message = expect_results(w, "5.0 6.0");
    assert_int_equal(message->sequence, 1);
    expect_quiet(w);
    assert_int_equal(worker_protocol_running(w->p)->attempt.task, 0);
    end_tasks(w, 1, LODE_E_INPUT);
    expect_run(w, "8 9"); /* before the result is told: nothing waits for a message */
    message = expect_results(w, "0.3");
    assert_int_equal(message->sequence, 2);
}

static void tasks_that_come_twice_run_once(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 2);
    hear_tasks(w, STAGE, 0, 2);
    expect_run(w, "0 1");
    hear_tasks(w, STAGE, 0, 2);
    end_tasks(w, 1, LODE_OK);
    hear_tasks(w, STAGE, 0, 2); /* the result of 0 is not taken yet: still known */
    end_tasks(w, 1, LODE_OK);
    (void)expect_results(w, "0.0");
    (void)expect_results(w, "1.0");
    expect_quiet(w);
    assert_null(worker_protocol_running(w->p));
}

static void results_are_said_until_they_are_taken(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 2);
    expect_run(w, "0 1");
    end_tasks(w, 2, LODE_OK);
    const uint64_t sequence = expect_results(w, "0.0 1.0")->sequence;
    w->now_us += BEAT;
    expect_beat(w, 2, LODE_HELD_FINISHED);
    expect_quiet(w);
    w->now_us += BEAT;
    /* two heartbeats without an answer */
    assert_true(expect_results(w, "0.0 1.0")->sequence == sequence);
    expect_beat(w, 2, LODE_HELD_FINISHED);
    hear_taken(w, sequence + 1); /* other results */
    w->now_us += 2 * BEAT;
    (void)expect_results(w, "0.0 1.0");
    expect_beat(w, 2, LODE_HELD_FINISHED);
    hear_taken(w, sequence);
    hear_taken(w, sequence);
    w->now_us += 2 * BEAT;
    expect_beat(w, 0, LODE_HELD_FINISHED);
    expect_quiet(w);
}

static void a_beat_lists_what_is_held_with_its_progress(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 2);
    expect_run(w, "0 1");
    hear_tasks(w, STAGE, 5, 1); /* one runs, one was handed out with it, one waits here */
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
    hear_tasks(w, STAGE, 0, 1);
    expect_run(w, "0");
    hear_tasks(w, STAGE, 1, 2);
    hear_cancel(w, 1, 1, false);
    hear_cancel(w, 9, 1, true); /* not ours: nothing */
    expect_quiet(w);
    end_tasks(w, 1, LODE_OK);
    expect_run(w, "2");
}

static void a_cancelled_task_of_those_handed_out_is_to_be_skipped(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 3);
    expect_run(w, "0 1 2");
    hear_cancel(w, 1, 1, true); /* nothing to be forced: it has not begun */
    expect_quiet(w);
    expect_stops(w, "-x-");
    end_tasks(w, 1, LODE_OK);
    (void)expect_results(w, "0.0");
    end_tasks(w, 1, LODE_E_STOPPED);
    (void)expect_results(w, "1.8");
    expect_stops(w, "-");
}

static void the_running_task_that_is_cancelled_is_asked_to_stop(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 2);
    expect_run(w, "0 1");
    hear_cancel(w, 0, 2, false); /* another attempt */
    expect_stops(w, "--");
    hear_cancel(w, 0, 1, false);
    hear_cancel(w, 0, 1, false);
    expect_stops(w, "x-");
    expect_quiet(w);
    end_tasks(w, 1, LODE_E_STOPPED);
    (void)expect_results(w, "0.8");
    expect_stops(w, "-"); /* and the next is not stopped */
    expect_quiet(w);
}

static void a_forced_cancel_ends_the_process_even_after_a_plain_one(void **state)
{
    struct world *w = *state;
    get_in(w);
    hear_tasks(w, STAGE, 0, 1);
    expect_run(w, "0");
    hear_cancel(w, 0, 1, false);
    expect_stops(w, "x");
    expect_quiet(w);
    hear_cancel(w, 0, 1, true);
    assert_int_equal(next(w), WORKER_AGAIN);
    expect_quiet(w);
}

/* Found by reading: results that are not taken, what runs and what waits could together be more
 * than a beat may list, and the coordinator bans who sends such a beat. */
static void more_than_a_beat_can_list_is_not_held(void **state)
{
    struct world *w = *state;
    struct lode_held held[LODE_HELD_MAX];
    int n_held = 0;
    get_in(w);
    for (uint64_t i = 0; i < 3; i++) {
        hear_tasks(w, STAGE, i * 250, 250); /* no result is ever taken */
        if (next(w) == WORKER_RUN) end_tasks(w, i == 0 ? 200 : 250, LODE_OK);
        if (i == 0) end_tasks(w, 50, LODE_OK);
    }
    w->now_us += BEAT;
    while (next(w) != WORKER_NOTHING)
        if (w->action.kind == WORKER_SEND && w->message.type == LODE_BEAT)
            assert_ok(lode_held_read(w->message.bytes, held, &n_held));
    assert_int_equal(n_held, LODE_HELD_MAX);
}

static void with_many_results_not_taken_nothing_new_is_begun(void **state)
{
    struct world *w = *state;
    get_in(w);
    for (uint64_t i = 0; i < 2; i++) {
        hear_tasks(w, STAGE, i * 130, 130);
        assert_int_equal(next(w), WORKER_RUN);
        end_tasks(w, 130, LODE_OK);
        assert_int_equal(expect_sent(w, LODE_RESULTS)->sequence, i + 1);
    }
    hear_tasks(w, STAGE, 700, 1);
    expect_quiet(w);
    hear_taken(w, 1);
    expect_run(w, "700");
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
    expect_run(w, "0 1 2");
    hear_tasks(w, STAGE, 3, 2);
    worker_protocol_drain(w->p);
    expect_stops(w, "-xx");               /* it may have begun the first */
    expect_beat(w, 3, LODE_HELD_RUNNING); /* at once: the others can be given elsewhere */
    assert_int_equal(w->message.leaving, 1);
    hear_tasks(w, STAGE, 5, 1); /* was on its way: not taken */
    end_tasks(w, 1, LODE_OK);
    end_tasks(w, 2, LODE_E_STOPPED);
    (void)expect_results(w, "0.0");
    (void)expect_results(w, "1.8 2.8");
    expect_quiet(w);
    hear_taken(w, 2);
    expect_quiet(w);
    hear_taken(w, 1);
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
    expect_run(w, "0 1");
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

static void an_end_of_more_tasks_than_run_is_a_bug(void **state)
{
    struct world *w = *state;
    struct lode_bytes results = {0};
    assert_status(LODE_E_BUG, worker_protocol_ended(w->p, 1, &results));
    get_in(w);
    hear_tasks(w, STAGE, 0, 2);
    expect_run(w, "0 1");
    assert_status(LODE_E_BUG, worker_protocol_ended(w->p, 3, &results));
    expect_quiet(w); /* nothing is told, and they run on */
    expect_stops(w, "--");
}

int main(void)
{
#define with_world(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_world(hello_is_said_until_it_is_answered),
        with_world(the_welcome_says_where_and_how_to_work_and_is_heard_once),
        with_world(tasks_that_wait_are_handed_out_together_in_the_order_in_which_they_came),
        with_world(tasks_that_come_twice_run_once),
        with_world(results_are_said_until_they_are_taken),
        with_world(a_beat_lists_what_is_held_with_its_progress),
        with_world(a_waiting_task_that_is_cancelled_never_runs),
        with_world(a_cancelled_task_of_those_handed_out_is_to_be_skipped),
        with_world(the_running_task_that_is_cancelled_is_asked_to_stop),
        with_world(a_forced_cancel_ends_the_process_even_after_a_plain_one),
        with_world(more_than_a_beat_can_list_is_not_held),
        with_world(with_many_results_not_taken_nothing_new_is_begun),
        with_world(tasks_of_a_stage_that_was_not_announced_are_not_taken),
        with_world(a_draining_worker_finishes_says_bye_and_leaves_in_peace),
        with_world(a_silent_coordinator_is_given_up),
        with_world(at_the_end_of_the_run_it_says_bye_and_leaves),
        with_world(a_refused_worker_leaves_with_the_reason),
        with_world(a_door_that_is_shut_is_the_reason_to_leave),
        with_world(bytes_that_no_coordinator_sends_are_refused),
        with_world(an_end_of_more_tasks_than_run_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
