/* The worker's side of the conversation: the tasks that it holds, hands out, stops, and the results
 * that it keeps. */
#include "tests/worker/protocol_world.h"

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
#define with_world(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
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
        with_world(an_end_of_more_tasks_than_run_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
