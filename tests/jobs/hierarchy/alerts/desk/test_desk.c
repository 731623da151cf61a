/* Desk: whatever the receiver does and wherever a run is killed, no alert is lost. */
#include "tests/unit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "jobs/hierarchy/alerts/desk/desk.h"
#include "jobs/hierarchy/alerts/desk/spool.h"

/* A receiver that answers as it is told, and keeps the last request that it took. */
struct receiver {
    enum desk_answer answer;
    int n_taken;
    char last[512];
};

struct fixture {
    struct lode_arena *arena;
    char folder[64], state[128], spool[128], lines[128];
    struct receiver receiver;
    struct desk desk;
};

static enum desk_answer receive(void *context, const void *body, size_t size)
{
    struct receiver *receiver = context;
    if (receiver->answer != DESK_TAKEN) return receiver->answer;
    receiver->n_taken++;
    snprintf(receiver->last, sizeof receiver->last, "%.*s", (int)size, (const char *)body);
    return DESK_TAKEN;
}

static int begin(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/lode-desk-XXXXXX");
    if (!f || !mkdtemp(f->folder) || lode_arena_create(0, &f->arena)) return 1;
    snprintf(f->state, sizeof f->state, "%s/state.jsonl", f->folder);
    snprintf(f->spool, sizeof f->spool, "%s/spool", f->folder);
    snprintf(f->lines, sizeof f->lines, "%s/alerts.jsonl", f->folder);
    f->desk = (struct desk){.folder = f->folder,
                            .lines_path = f->lines,
                            .request = {"file:///r", 60000, 1000},
                            .cooldown_ms = 100,
                            .send = receive,
                            .context = &f->receiver};
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;
    const lode_status status = lode_directory_remove(f->folder);
    lode_arena_destroy(f->arena);
    free(f);
    return status != LODE_OK;
}

static struct alert_firing firing(int64_t start_ms, int64_t incident)
{
    return (struct alert_firing){.level = "high",
                                 .component = "shop/db",
                                 .detector = "end",
                                 .text = "",
                                 .start_ms = start_ms,
                                 .end_ms = start_ms + 5,
                                 .peak = 8.0,
                                 .threshold = 4.0,
                                 .severity = 1.0,
                                 .incident = incident};
}

static lode_status serve_all(struct fixture *f, const struct alert_firing *firings, int64_t n,
                             struct desk_outcome *outcome)
{
    static const struct alert_scored scored = {"shop/db", 0, 1000000};
    const struct alert_run run = {"m", n, firings, 1, &scored};
    return desk_serve(&f->desk, &run, f->arena, outcome);
}

/* A run that sees firings at 0, 1000, 2000, ... */
static struct desk_outcome serve(struct fixture *f, int64_t n)
{
    struct desk_outcome outcome;
    struct alert_firing *firings;
    assert_ok(lode_take(f->arena, n, &firings));
    for (int64_t i = 0; i < n; i++) firings[i] = firing(1000 * i, i + 1);
    assert_ok(serve_all(f, firings, n, &outcome));
    return outcome;
}

static void an_alert_is_delivered_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(serve(f, 1).n_sent, 1);
    const struct desk_outcome outcome = serve(f, 1);
    assert_int_equal(outcome.n_alerts, 0);
    assert_int_equal(outcome.n_sent, 0);
    assert_int_equal(f->receiver.n_taken, 1);
}

static void what_waits_is_delivered_first_and_in_order(void **state)
{
    struct fixture *f = *state;
    f->receiver.answer = DESK_LATER;
    assert_int_equal(serve(f, 1).n_waiting, 1);
    assert_int_equal(serve(f, 2).n_waiting, 2);
    f->receiver.answer = DESK_TAKEN;
    const struct desk_outcome outcome = serve(f, 3);
    assert_int_equal(outcome.n_sent, 3);
    assert_int_equal(outcome.n_waiting, 0);
    assert_non_null(strstr(f->receiver.last, "1970-01-01T00:00:02.000Z"));
}

static void a_body_that_is_refused_does_not_hold_up_the_others(void **state)
{
    struct fixture *f = *state;
    f->receiver.answer = DESK_REFUSED;
    const struct desk_outcome outcome = serve(f, 1);
    assert_int_equal(outcome.n_refused, 1);
    assert_int_equal(outcome.n_waiting, 0);
    f->receiver.answer = DESK_TAKEN;
    assert_int_equal(serve(f, 2).n_sent, 1);
}

/* Killed between spool and state: the file does not count, and its alert is told anew. */
static void a_request_of_a_run_that_was_killed_is_sent_once(void **state)
{
    struct fixture *f = *state;
    struct lode_bytes body = {0};
    f->receiver.answer = DESK_LATER;
    serve(f, 1);
    assert_ok(lode_bytes_printf(&body, "[]"));
    assert_ok(spool_write(f->spool, 1, &body));
    lode_bytes_clear(&body);
    f->receiver.answer = DESK_TAKEN;
    assert_int_equal(serve(f, 2).n_sent, 2);
    assert_int_equal(f->receiver.n_taken, 2);
    assert_non_null(strstr(f->receiver.last, "1970-01-01T00:00:01.000Z"));
}

static void files_half_written_are_removed_and_foreign_ones_left(void **state)
{
    struct fixture *f = *state;
    char half[192], foreign[192];
    serve(f, 1);
    snprintf(half, sizeof half, "%s/0000000009.json.tmp-12", f->spool);
    snprintf(foreign, sizeof foreign, "%s/readme", f->spool);
    assert_ok(lode_file_write(half, "[", 1, false));
    assert_ok(lode_file_write(foreign, "[", 1, false));
    assert_int_equal(serve(f, 1).n_waiting, 0);
    assert_int_not_equal(access(half, F_OK), 0);
    assert_int_equal(access(foreign, F_OK), 0);
}

static void a_full_spool_makes_the_next_run_tell_again(void **state)
{
    struct fixture *f = *state;
    struct lode_bytes body = {0};
    static const char head[] = "{\"format\":2,\"model\":\"m\",\"until\":null,\"next\":1000}\n";
    f->receiver.answer = DESK_LATER;
    serve(f, 0);
    assert_ok(lode_file_write(f->state, head, strlen(head), false));
    assert_ok(lode_bytes_printf(&body, "[]"));
    for (int64_t i = 0; i < SPOOL_MOST_FILES; i++) {
        char path[192];
        snprintf(path, sizeof path, "%s/%010d.json", f->spool, (int)i);
        assert_ok(lode_file_write(path, "[]", 2, false));
    }
    lode_bytes_clear(&body);
    assert_true(serve(f, 1).is_full);
    f->receiver.answer = DESK_TAKEN;
    const struct desk_outcome outcome = serve(f, 1);
    assert_int_equal(outcome.n_sent, SPOOL_MOST_FILES + 1);
    assert_false(outcome.is_full);
}

static void many_alerts_are_several_requests(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(serve(f, 130).n_sent, 3);
}

static void without_a_folder_every_run_tells_all(void **state)
{
    struct fixture *f = *state;
    f->desk.folder = NULL;
    assert_int_equal(serve(f, 2).n_alerts, 2);
    assert_int_equal(serve(f, 2).n_alerts, 2);
}

static void a_broken_state_is_named_and_left_alone(void **state)
{
    struct fixture *f = *state;
    struct desk_outcome outcome;
    struct lode_bytes text = {0};
    const struct alert_firing one = firing(0, 1);
    assert_ok(lode_file_write(f->state, "{\n", 2, false));
    assert_status(LODE_E_INPUT, serve_all(f, &one, 1, &outcome));
    assert_non_null(strstr(lode_error_text(), "to begin anew, remove the file"));
    assert_non_null(strstr(lode_error_text(), "line 1"));
    assert_ok(lode_file_read(f->state, 10, &text));
    assert_int_equal(text.size, 2);
    lode_bytes_clear(&text);
}

static void a_desk_that_another_run_holds_is_left_with_its_name(void **state)
{
    struct fixture *f = *state;
    struct desk_outcome outcome;
    char lock[128];
    const struct alert_firing one = firing(0, 1);
    static const char holder[] = "process 12 of n3, since 4 on elsewhere";
    snprintf(lock, sizeof lock, "%s/lock", f->folder);
    assert_ok(lode_file_write(lock, holder, strlen(holder), false));
    assert_status(LODE_E_RUN, serve_all(f, &one, 1, &outcome));
    assert_non_null(strstr(lode_error_text(), "process 12 of n3"));
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(serve(f, 1).n_sent, 1);
}

/* A run that sees one firing, which lasts. */
static struct desk_outcome serve_lasting(struct fixture *f)
{
    struct desk_outcome outcome;
    struct alert_firing one = firing(0, 1);
    one.end_ms = INT64_MIN;
    assert_ok(serve_all(f, &one, 1, &outcome));
    return outcome;
}

static void what_lasts_is_sent_again_by_every_run_with_a_later_end_and_told_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(serve_lasting(f).n_alerts, 1);
    assert_non_null(strstr(f->receiver.last, "\"endsAt\":\"1970-01-01T00:01:01.000Z\""));
    f->desk.request.now_ms += 1000;
    const struct desk_outcome outcome = serve_lasting(f);
    assert_int_equal(outcome.n_alerts, 0);
    assert_int_equal(outcome.n_sent, 1);
    assert_non_null(strstr(f->receiver.last, "\"endsAt\":\"1970-01-01T00:01:02.000Z\""));
    f->desk.request.now_ms += 1000;
    assert_int_equal(serve(f, 1).n_alerts, 1); /* its end */
    assert_non_null(strstr(f->receiver.last, "\"endsAt\":\"1970-01-01T00:00:00.005Z\""));
    assert_int_equal(f->receiver.n_taken, 3);
}

static void that_an_alert_lasts_does_not_wait_for_a_receiver(void **state)
{
    struct fixture *f = *state;
    serve_lasting(f);
    f->receiver.answer = DESK_LATER;
    for (int run = 0; run < 2; run++) {
        const struct desk_outcome outcome = serve_lasting(f);
        assert_int_equal(outcome.n_unsent, 1);
        assert_int_equal(outcome.n_waiting, 0);
    }
    f->receiver.answer = DESK_TAKEN;
    assert_int_equal(serve_lasting(f).n_sent, 1);
}

#define desk_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        desk_test(an_alert_is_delivered_once),
        desk_test(what_waits_is_delivered_first_and_in_order),
        desk_test(a_body_that_is_refused_does_not_hold_up_the_others),
        desk_test(a_request_of_a_run_that_was_killed_is_sent_once),
        desk_test(files_half_written_are_removed_and_foreign_ones_left),
        desk_test(a_full_spool_makes_the_next_run_tell_again),
        desk_test(many_alerts_are_several_requests),
        desk_test(what_lasts_is_sent_again_by_every_run_with_a_later_end_and_told_once),
        desk_test(that_an_alert_lasts_does_not_wait_for_a_receiver),
        desk_test(without_a_folder_every_run_tells_all),
        desk_test(a_broken_state_is_named_and_left_alone),
        desk_test(a_desk_that_another_run_holds_is_left_with_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
