/* The worker's side of the conversation: how it gets in, keeps in touch, and when it leaves. */
#include "tests/worker/protocol_world.h"

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
                                         .epoch = 5,
                                         .directory = lode_span_text("/runs/r1/stages"),
                                         .library = lode_span_text("/home/a/words.so"),
                                         .library_hash = UINT64_MAX,
                                         .bytes = lode_span_text("landmarks")};
    (void)expect_sent(w, LODE_HELLO);
    hear(w, &welcome);
    assert_int_equal(next(w), WORKER_PREPARE);
    assert_int_equal(w->action.landmarks.size, 9);
    assert_memory_equal(w->action.landmarks.data, "landmarks", 9);
    assert_string_equal(w->action.directory, "/runs/r1/stages");
    assert_int_equal(w->action.worker, 3);
    assert_int_equal(w->action.memory_bytes, 1 << 30);
    assert_int_equal(w->action.epoch, 5);
    assert_string_equal(w->action.library, "/home/a/words.so");
    assert_true(w->action.library_hash == UINT64_MAX);
    expect_beat(w, 0, LODE_HELD_WAITING);
    hear(w, &welcome);
    expect_quiet(w);
}

static void a_library_is_named_by_its_absolute_path(void **state)
{
    struct world *w = *state;
    struct lode_bytes bytes = {0};
    const struct lode_message welcome = {.type = LODE_WELCOME,
                                         .directory = lode_span_text("/runs/r1/stages"),
                                         .library = lode_span_text("words.so")};
    assert_ok(lode_message_encode(&welcome, &bytes));
    assert_status(LODE_E_MESSAGE, worker_protocol_message(w->p, bytes.data, bytes.size, w->now_us));
    (void)expect_sent(w, LODE_HELLO); /* not welcomed */
    lode_bytes_clear(&bytes);
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
    assert_int_equal(expect_sent(w, LODE_BYE)->text.size, 0);
    assert_int_equal(next(w), WORKER_LEAVE);
    assert_int_equal(w->action.status, LODE_OK);
}

static void one_that_does_not_see_the_disk_says_so_and_runs_nothing(void **state)
{
    struct world *w = *state;
    const struct lode_message welcome = {.type = LODE_WELCOME,
                                         .directory = lode_span_text("/runs/r1/stages")};
    (void)expect_sent(w, LODE_HELLO);
    hear(w, &welcome);
    assert_int_equal(next(w), WORKER_PREPARE);
    worker_protocol_refused(w->p, "host n2 does not see the store");
    const struct lode_message *bye = expect_sent(w, LODE_BYE);
    assert_int_equal(bye->text.size, strlen("host n2 does not see the store"));
    assert_memory_equal(bye->text.data, "host n2", 7);
    assert_int_equal(next(w), WORKER_LEAVE);
    assert_int_equal(w->action.status, LODE_E_USAGE);
    expect_quiet(w);
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

int main(void)
{
#define with_world(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        with_world(hello_is_said_until_it_is_answered),
        with_world(the_welcome_says_where_and_how_to_work_and_is_heard_once),
        with_world(a_library_is_named_by_its_absolute_path),
        with_world(a_draining_worker_finishes_says_bye_and_leaves_in_peace),
        with_world(a_silent_coordinator_is_given_up),
        with_world(at_the_end_of_the_run_it_says_bye_and_leaves),
        with_world(one_that_does_not_see_the_disk_says_so_and_runs_nothing),
        with_world(a_refused_worker_leaves_with_the_reason),
        with_world(a_door_that_is_shut_is_the_reason_to_leave),
        with_world(bytes_that_no_coordinator_sends_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
