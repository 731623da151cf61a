/* Protocol: what the coordinator answers to workers good and bad, and what the job hears of it. */
#include "tests/coordinator/dispatch/protocol_world.h"

#include <cjson/cJSON.h>

static void a_worker_that_says_hello_is_welcomed_and_given_tasks(void **state)
{
    struct world *w = *state;
    begin(w, 3);
    say_hello(w, "a", "n1.0", 1);
    const struct lode_message *welcomed = expect_sent(w, "a", LODE_WELCOME);
    assert_int_equal(welcomed->worker, 0);
    assert_int_equal(welcomed->heartbeat_ms, 500);
    assert_int_equal(welcomed->memory_bytes, 1 << 30);
    assert_int_equal(welcomed->epoch, 5);
    assert_int_equal(welcomed->directory.size, strlen("/runs/r1/stages"));
    assert_int_equal(welcomed->library.size, strlen("/home/a/words.so"));
    assert_int_equal(welcomed->library_hash, 77);
    assert_int_equal(welcomed->bytes.size, strlen("landmarks"));
    expect_quiet(w); /* it may yet find that it does not see the run's disk */
    assert_int_equal(scheduler_counts(protocol_scheduler(w->p)).workers, 0);
    say_beat(w, "a", 1, 0, 0); /* it is ready */
    assert_int_equal(scheduler_counts(protocol_scheduler(w->p)).workers, 1);
    assert_int_equal(expect_sent(w, "a", LODE_STAGE)->stage, STAGE);
    expect_tasks(w, "a", "0.1 1.1");
    expect_quiet(w);
    say_hello(w, "a", "n1.0", 1); /* the welcome got lost: said again, nothing else happens */
    (void)expect_sent(w, "a", LODE_WELCOME);
    expect_quiet(w);
}

/* The last words of a worker that is of no use. */
static void say_unfit(struct world *w, const char *identity, const char *why)
{
    const struct lode_message bye = {.type = LODE_BYE, .text = lode_span_text(why)};
    say(w, identity, &bye);
}

static void a_worker_that_does_not_see_the_disk_is_left_out_with_its_reason(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    say_hello(w, "a", "0", 1);
    say_hello(w, "b", "1", 1);
    drop_outputs(w);
    say_unfit(w, "a", "host n2 does not see the store: \033[31m/data");
    const struct report *report = expect_report(w, REPORT_WORKER_UNFIT);
    assert_int_equal(report->worker, 0);
    assert_string_equal(report->text, "host n2 does not see the store: \\x1b[31m/data");
    assert_int_equal(protocol_unfit(w->p), 1);
    expect_quiet(w);
    say_beat(w, "a", 1, 0, 0); /* long on its way */
    say_unfit(w, "a", "again");
    expect_quiet(w);
    say_beat(w, "b", 1, 0, 0); /* the run goes on with the other */
    (void)expect_sent(w, "b", LODE_STAGE);
    expect_tasks(w, "b", "0.1");
}

static void when_none_is_of_use_the_end_says_why(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    say_hello(w, "a", "0", 1);
    say_hello(w, "late", "n7:99:0", 1);
    drop_outputs(w);
    say_unfit(w, "late", "host n7 does not see the store");
    assert_int_equal(protocol_unfit(w->p), 0); /* it was not launched with the run */
    say_unfit(w, "a", "host n2 does not see the store");
    assert_int_equal(protocol_unfit(w->p), 1);
    drop_outputs(w);
    assert_ok(protocol_no_children(w->p));
    assert_string_equal(expect_report(w, REPORT_NO_WORKERS)->text,
                        "host n7 does not see the store");
    expect_quiet(w);
}

static void another_version_is_refused_with_both_in_the_text(void **state)
{
    struct world *w = *state;
    struct lode_message hello = {.type = LODE_HELLO,
                                 .protocol = LODE_PROTOCOL,
                                 .version = lode_span_text("0.0.9-old"),
                                 .host = lode_span_text("n1"),
                                 .place = lode_span_text("n1.0")};
    char text[256];
    for (int i = 0; i < 2; i++) {
        say(w, "a", &hello);
        const struct lode_message *refused = expect_sent(w, "a", LODE_REFUSED);
        snprintf(text, sizeof text, "%.*s", (int)refused->text.size,
                 (const char *)refused->text.data);
        assert_non_null(strstr(text, lode_version()));
        if (i == 0) assert_non_null(strstr(text, "0.0.9-old"));
        expect_quiet(w);
        hello.version = lode_span_text(lode_version());
        hello.protocol = LODE_PROTOCOL - 1; /* the second time round */
    }
    assert_int_equal(members_count(protocol_members(w->p)), 0);
}

static void a_stranger_who_has_not_said_hello_is_not_answered(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    say_beat(w, "stranger", 1, 0, 1);
    say_result(w, "stranger", 0, 1, LODE_OK);
    expect_quiet(w);
    assert_int_equal(protocol_bad_messages(w->p), 0);
}

static void results_are_merged_once_and_taken_every_time(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    say_result(w, "a", 0, 1, LODE_OK);
    const struct report *report = expect_report(w, REPORT_RESULT);
    assert_string_equal(report->outcome, "ok");
    assert_int_equal(report->bytes.size, 6);
    assert_memory_equal(report->bytes.data, "result", 6);
    assert_string_equal(report->place, "n1.0");
    assert_int_equal(report->wall_us, 1000);
    assert_int_equal(report->start_us, START - 1000);
    assert_int_equal(report->workers, 1);
    assert_int_equal(expect_sent(w, "a", LODE_TAKEN)->sequence, 1);
    (void)expect_report(w, REPORT_STAGE_DONE);
    expect_quiet(w);
    say_result(w, "a", 0, 1, LODE_OK); /* TAKEN got lost */
    assert_int_equal(expect_sent(w, "a", LODE_TAKEN)->sequence, 1);
    expect_quiet(w);
}

static void several_results_in_one_message_are_all_reported_and_taken_once(void **state)
{
    struct world *w = *state;
    begin(w, 3);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    const struct lode_result results[] = {result_of(0, 1, LODE_OK), result_of(1, 1, LODE_E_INPUT)};
    for (int round = 0; round < 2; round++) {
        say_results(w, "a", 77, results, 2);
        if (round == 0) {
            assert_int_equal(expect_report(w, REPORT_RESULT)->task, 0);
            const struct report *failed = expect_report(w, REPORT_ATTEMPT);
            assert_string_equal(failed->outcome, "failed");
            assert_int_equal(failed->task, 1);
        }
        assert_int_equal(expect_sent(w, "a", LODE_TAKEN)->sequence, 77);
        if (round == 0) expect_tasks(w, "a", "1.2 2.1");
        expect_quiet(w); /* said again: taken again, and nothing else */
    }
    assert_int_equal(members_look(protocol_members(w->p), 0)->n_ok, 1);
    assert_int_equal(members_look(protocol_members(w->p), 0)->n_failed, 1);
    say_results(w, "a", 78, NULL, 0);
    assert_int_equal(expect_sent(w, "a", LODE_TAKEN)->sequence, 78);
    expect_quiet(w);
}

static void a_failure_is_reported_with_its_words_and_tried_again(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    say_result(w, "a", 0, 1, LODE_E_INPUT);
    const struct report *report = expect_report(w, REPORT_ATTEMPT);
    assert_string_equal(report->outcome, "failed");
    assert_string_equal(report->text, "row 7 is rotten");
    assert_int_equal(report->status, LODE_E_INPUT);
    (void)expect_sent(w, "a", LODE_TAKEN);
    expect_tasks(w, "a", "0.2"); /* the stage is known there: not announced again */
    say_result(w, "a", 0, 1, LODE_E_INPUT);
    (void)expect_sent(w, "a", LODE_TAKEN);
    expect_quiet(w); /* no double report */
}

/* Ticks in small steps, until so much time has passed. */
static void let_pass(struct world *w, int64_t us)
{
    for (int64_t step = SECOND / 20; us > 0; us -= step) {
        w->now_us += step;
        assert_ok(protocol_tick(w->p, w->now_us));
    }
}

static void three_silent_heartbeats_lose_a_worker_and_a_word_brings_it_back(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    let_pass(w, SECOND * 3 / 2);
    for (int i = 0; i < 3; i++) (void)expect_sent(w, "a", LODE_BEAT);
    expect_quiet(w);
    let_pass(w, SECOND);
    const struct report *attempt = expect_report(w, REPORT_ATTEMPT);
    assert_string_equal(attempt->outcome, "lost");
    assert_int_equal(attempt->task, 0);
    const struct report *lost = expect_report(w, REPORT_WORKER_LOST);
    assert_int_equal(lost->worker, 0);
    assert_int_equal(lost->workers, 0);
    assert_non_null(strstr(lost->text, "nothing heard"));
    expect_quiet(w);
    say_beat(w, "a", 1, 0, 1); /* it was there all the time, and runs the task */
    expect_quiet(w);
    assert_int_equal(scheduler_counts(protocol_scheduler(w->p)).running, 1);
    say_result(w, "a", 0, 1, LODE_OK);
    (void)expect_report(w, REPORT_RESULT);
    (void)expect_sent(w, "a", LODE_TAKEN);
    (void)expect_report(w, REPORT_STAGE_DONE);
}

static void after_a_pause_of_its_own_the_coordinator_loses_nobody(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    w->now_us += 20 * SECOND;
    assert_ok(protocol_tick(w->p, w->now_us));
    (void)expect_sent(w, "a", LODE_BEAT);
    expect_quiet(w);
}

static void a_process_started_anew_charges_the_task_that_the_old_one_ran(void **state)
{
    struct world *w = *state;
    struct scheduler_task view;
    begin(w, 2);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    say_hello(w, "b", "n1.0", 2);
    assert_int_equal(expect_report(w, REPORT_ATTEMPT)->task, 0);
    assert_int_equal(expect_report(w, REPORT_ATTEMPT)->task, 1);
    assert_non_null(strstr(expect_report(w, REPORT_WORKER_LOST)->text, "started anew"));
    (void)expect_sent(w, "b", LODE_WELCOME);
    say_beat(w, "b", 1, 0, 0);
    assert_true(scheduler_task(protocol_scheduler(w->p), 0, &view));
    assert_int_equal(view.kills, 1);
    assert_true(scheduler_task(protocol_scheduler(w->p), 1, &view));
    assert_int_equal(view.kills, 0); /* it only waited */
    (void)expect_sent(w, "b", LODE_STAGE);
    expect_tasks(w, "b", "0.2"); /* alone */
    expect_quiet(w);
    say_hello(w, "a", "n1.0", 1); /* the old one's hello, long on its way */
    while (take(w)) assert_string_not_equal(w->output.identity, "a");
}

static void three_processes_in_a_row_quarantine_the_task(void **state)
{
    struct world *w = *state;
    char identity[8];
    begin(w, 1);
    for (int i = 1; i <= 4; i++) {
        snprintf(identity, sizeof identity, "p%d", i);
        say_hello(w, identity, "n1.0", (uint64_t)i);
        if (i == 4) break;
        say_beat(w, identity, 1, 0, 0);
        drop_outputs(w);
    }
    (void)expect_report(w, REPORT_ATTEMPT);
    (void)expect_report(w, REPORT_WORKER_LOST);
    (void)expect_sent(w, "p4", LODE_WELCOME);
    const struct report *failed = expect_report(w, REPORT_STAGE_FAILED);
    assert_true(failed->quarantined);
    assert_int_equal(failed->task, 0);
    expect_quiet(w);
}

static void malformed_bytes_ban_their_sender_and_nobody_else(void **state)
{
    struct world *w = *state;
    begin(w, 2);
    welcome(w, "a", "n1.0");
    welcome(w, "b", "n1.1");
    drop_outputs(w);
    assert_ok(protocol_message(w->p, "a", "\xc1 garbage", 9, w->now_us));
    assert_int_equal(protocol_bad_messages(w->p), 1);
    (void)expect_report(w, REPORT_ATTEMPT);
    (void)expect_report(w, REPORT_WORKER_LOST);
    (void)expect_sent(w, "a", LODE_REFUSED);
    expect_tasks(w, "b", "0.2");
    expect_quiet(w);
    say_hello(w, "a", "n1.0", 1); /* not spoken to any more */
    say_result(w, "a", 0, 1, LODE_OK);
    expect_quiet(w);
    say_result(w, "b", 1, 1, LODE_OK);
    (void)expect_report(w, REPORT_RESULT);
    (void)expect_sent(w, "b", LODE_TAKEN);
}

static void results_with_numbers_that_do_not_fit_are_malformed(void **state)
{
    struct world *w = *state;
    struct lode_result result = {.attempt = {STAGE, 0, 1}};
    begin(w, 2);
    for (int i = 0; i < 4; i++) {
        char identity[8];
        snprintf(identity, sizeof identity, "p%d", i);
        say_hello(w, identity, identity, 1);
        result.status = i == 0 ? (uint64_t)1 << 32 : 0; /* cut to 32 bits it would be LODE_OK */
        result.wall_us = i == 1 ? UINT64_MAX : 0;
        result.cpu_us = i == 2 ? (uint64_t)1 << 63 : 0;
        result.attempt.task = i == 3 ? 2 : 0;
        say_results(w, identity, 1, &result, 1);
        assert_int_equal(protocol_bad_messages(w->p), i + 1);
    }
    assert_int_equal(scheduler_counts(protocol_scheduler(w->p)).done, 0);
}

static void a_hung_task_is_reported_and_its_worker_told_to_start_anew(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    for (uint64_t i = 1; i <= 61; i++) {
        let_pass(w, SECOND);
        say_beat(w, "a", i, 0, 1);
        while (i < 60 && take(w)) assert_int_equal(w->message.type, LODE_BEAT);
    }
    while (take(w) && w->output.kind == PROTOCOL_SEND) continue;
    assert_string_equal(w->output.report->outcome, "hung");
    const struct lode_message *cancel = expect_sent(w, "a", LODE_CANCEL);
    assert_int_equal(cancel->force, 1);
}

static void a_worker_that_leaves_finishes_and_its_other_task_goes_back(void **state)
{
    struct world *w = *state;
    begin(w, 2);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    struct lode_bytes list = {0};
    const struct lode_held held = {{STAGE, 0, 1}, LODE_HELD_RUNNING};
    assert_ok(lode_held_append(&list, &held));
    const struct lode_message beat = {
        .type = LODE_BEAT, .sequence = 1, .leaving = 1, .bytes = {list.data, list.size}};
    const struct lode_message bye = {.type = LODE_BYE};
    say(w, "a", &beat);
    lode_bytes_clear(&list);
    expect_quiet(w);
    assert_int_equal(scheduler_counts(protocol_scheduler(w->p)).waiting, 1);
    say_result(w, "a", 0, 1, LODE_OK);
    (void)expect_report(w, REPORT_RESULT);
    (void)expect_sent(w, "a", LODE_TAKEN);
    say(w, "a", &bye);
    expect_quiet(w); /* nobody was lost */
    assert_int_equal(scheduler_counts(protocol_scheduler(w->p)).workers, 0);
}

static void what_got_lost_on_the_way_is_given_again_with_its_stage(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    w->now_us += SECOND;
    say_beat(w, "a", 1, 0, 0);
    assert_string_equal(expect_report(w, REPORT_ATTEMPT)->outcome, "returned");
    (void)expect_sent(w, "a", LODE_STAGE);
    expect_tasks(w, "a", "0.2");
    say_beat(w, "a", 1, 0, 0); /* an old beat, overtaken: says nothing new */
    expect_quiet(w);
}

static void without_workers_the_stage_ends_and_who_comes_later_gets_nothing_of_it(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    let_pass(w, 29 * SECOND);
    expect_quiet(w);
    let_pass(w, 2 * SECOND);
    assert_int_equal(expect_report(w, REPORT_NO_WORKERS)->status, LODE_E_CLUSTER);
    expect_quiet(w);
    w->stage = (struct lode_stage){0}; /* it is the job's again */
    welcome(w, "a", "n1.0");
    expect_quiet(w);
    say_result(w, "a", 0, 1, LODE_OK);
    (void)expect_sent(w, "a", LODE_TAKEN);
    expect_quiet(w);
}

static void a_drained_run_is_reported_once_nothing_is_out(void **state)
{
    struct world *w = *state;
    begin(w, 3);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    protocol_drain(w->p);
    assert_int_equal(expect_sent(w, "a", LODE_CANCEL)->task, 1); /* it only waits there */
    expect_quiet(w);
    say_result(w, "a", 0, 1, LODE_OK);
    (void)expect_report(w, REPORT_RESULT);
    (void)expect_sent(w, "a", LODE_TAKEN);
    assert_int_equal(expect_report(w, REPORT_DRAINED)->status, LODE_E_STOPPED);
    expect_quiet(w);
}

static void once_dismissed_everybody_is_told_to_leave(void **state)
{
    struct world *w = *state;
    begin(w, 4);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    assert_ok(protocol_dismiss(w->p));
    (void)expect_sent(w, "a", LODE_END);
    expect_quiet(w);
    say_beat(w, "a", 1, 0, 1);
    (void)expect_sent(w, "a", LODE_END);
    say_result(w, "a", 0, 1, LODE_OK);
    (void)expect_sent(w, "a", LODE_END);
    say_hello(w, "late", "n1.1", 1);
    (void)expect_sent(w, "late", LODE_END);
    const struct lode_message bye = {.type = LODE_BYE};
    say(w, "a", &bye);
    expect_quiet(w);
}

static void a_peer_that_the_network_calls_gone_is_lost(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    assert_ok(protocol_unreachable(w->p, "nobody", w->now_us));
    expect_quiet(w);
    assert_ok(protocol_unreachable(w->p, "a", w->now_us));
    (void)expect_report(w, REPORT_ATTEMPT);
    (void)expect_report(w, REPORT_WORKER_LOST);
    assert_ok(protocol_unreachable(w->p, "a", w->now_us));
    expect_quiet(w); /* once */
}

static void anybody_who_asks_gets_json(void **state)
{
    struct world *w = *state;
    const struct lode_message ask = {.type = LODE_ASK, .text = lode_span_text("status")};
    say(w, "curious", &ask);
    const struct lode_message *answer = expect_sent(w, "curious", LODE_ANSWER);
    cJSON *json = cJSON_ParseWithLength((const char *)answer->bytes.data, answer->bytes.size);
    assert_non_null(json);
    cJSON_Delete(json);
    expect_quiet(w);
    assert_int_equal(members_count(protocol_members(w->p)), 0);
}

int main(void)
{
#define with_world(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        with_world(a_worker_that_says_hello_is_welcomed_and_given_tasks),
        with_world(a_worker_that_does_not_see_the_disk_is_left_out_with_its_reason),
        with_world(when_none_is_of_use_the_end_says_why),
        with_world(another_version_is_refused_with_both_in_the_text),
        with_world(a_stranger_who_has_not_said_hello_is_not_answered),
        with_world(results_are_merged_once_and_taken_every_time),
        with_world(several_results_in_one_message_are_all_reported_and_taken_once),
        with_world(a_failure_is_reported_with_its_words_and_tried_again),
        with_world(three_silent_heartbeats_lose_a_worker_and_a_word_brings_it_back),
        with_world(after_a_pause_of_its_own_the_coordinator_loses_nobody),
        with_world(a_process_started_anew_charges_the_task_that_the_old_one_ran),
        with_world(three_processes_in_a_row_quarantine_the_task),
        with_world(malformed_bytes_ban_their_sender_and_nobody_else),
        with_world(results_with_numbers_that_do_not_fit_are_malformed),
        with_world(a_hung_task_is_reported_and_its_worker_told_to_start_anew),
        with_world(a_worker_that_leaves_finishes_and_its_other_task_goes_back),
        with_world(what_got_lost_on_the_way_is_given_again_with_its_stage),
        with_world(without_workers_the_stage_ends_and_who_comes_later_gets_nothing_of_it),
        with_world(a_drained_run_is_reported_once_nothing_is_out),
        with_world(once_dismissed_everybody_is_told_to_leave),
        with_world(a_peer_that_the_network_calls_gone_is_lost),
        with_world(anybody_who_asks_gets_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
