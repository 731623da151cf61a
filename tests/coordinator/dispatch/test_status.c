/* Status: what people see of a run under way. */
#include "tests/coordinator/dispatch/protocol_world.h"

#include "coordinator/dispatch/status.h"

#include <cjson/cJSON.h>

static cJSON *ask(const struct world *w, const char *question)
{
    struct lode_bytes answer = {0};
    assert_ok(status_answer(w->p, lode_span_text(question), w->now_us, &answer));
    cJSON *json = cJSON_ParseWithLength((const char *)answer.data, answer.size);
    lode_bytes_clear(&answer);
    assert_non_null(json);
    return json;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item)) fail_msg("no number '%s'", name);
    return cJSON_GetNumberValue(item);
}

static const char *text(const cJSON *object, const char *name)
{
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    if (!found) fail_msg("no text '%s'", name);
    return found;
}

static void expect_error(const struct world *w, const char *question, const char *words)
{
    cJSON *json = ask(w, question);
    assert_non_null(strstr(text(json, "error"), words));
    cJSON_Delete(json);
}

static void between_stages_there_is_none(void **state)
{
    struct world *w = *state;
    cJSON *json = ask(w, "status");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "stage")));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "workers")), 0);
    assert_true(number(json, "bad_messages") == 0);
    cJSON_Delete(json);
    expect_error(w, "task 0", "no stage is under way");
}

static void a_stage_under_way_is_told_in_numbers(void **state)
{
    struct world *w = *state;
    begin(w, 5);
    welcome(w, "a", "n1.0");
    drop_outputs(w);
    w->now_us += 2 * SECOND;
    say_result(w, "a", 0, 1, LODE_OK);
    drop_outputs(w);
    cJSON *json = ask(w, "status");
    const cJSON *stage = cJSON_GetObjectItem(json, "stage");
    assert_string_equal(text(json, "state"), "running");
    assert_string_equal(text(stage, "leaf"), "test.leaf");
    assert_string_equal(text(stage, "title"), "testing");
    assert_true(number(stage, "id") == STAGE);
    assert_true(number(stage, "tasks") == 5);
    assert_true(number(stage, "done") == 1);
    assert_true(number(stage, "running") == 2);
    assert_true(number(stage, "waiting") == 2);
    assert_true(number(stage, "given_up") == 0);
    assert_true(number(stage, "median_seconds") == 2);
    assert_true(number(stage, "elapsed_seconds") == 2);
    assert_true(number(stage, "tasks_per_second") == 0.5);
    assert_true(number(stage, "left_seconds") == 6); /* two wait, two half done, 2 s each */
    cJSON_Delete(json);
}

static void a_worker_is_told_with_its_place_state_and_task(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    welcome(w, "a", "n1.0");
    welcome(w, "b", "n1.1");
    drop_outputs(w);
    w->now_us += SECOND;
    cJSON *json = ask(w, "status");
    const cJSON *workers = cJSON_GetObjectItem(json, "workers");
    assert_int_equal(cJSON_GetArraySize(workers), 2);
    const cJSON *busy = cJSON_GetArrayItem(workers, 0), *idle = cJSON_GetArrayItem(workers, 1);
    assert_string_equal(text(busy, "place"), "n1.0");
    assert_string_equal(text(busy, "host"), "n1");
    assert_string_equal(text(busy, "state"), "running");
    assert_true(number(busy, "pid") == 4711);
    assert_true(number(busy, "task") == 0);
    assert_true(number(busy, "attempt") == 1);
    assert_true(number(busy, "running_seconds") == 1);
    assert_true(number(busy, "since_progress_seconds") == 1);
    assert_true(number(busy, "heard_seconds_ago") == 1);
    assert_string_equal(text(idle, "state"), "idle");
    assert_null(cJSON_GetObjectItem(idle, "task"));
    cJSON_Delete(json);
}

static void a_lost_and_a_banned_worker_are_told_apart(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    welcome(w, "a", "n1.0");
    welcome(w, "b", "n1.1");
    assert_ok(protocol_unreachable(w->p, "a", w->now_us));
    assert_ok(protocol_message(w->p, "b", "x", 1, w->now_us));
    cJSON *json = ask(w, "status");
    const cJSON *workers = cJSON_GetObjectItem(json, "workers");
    assert_string_equal(text(cJSON_GetArrayItem(workers, 0), "state"), "lost");
    assert_string_equal(text(cJSON_GetArrayItem(workers, 1), "state"), "refused");
    assert_true(number(json, "bad_messages") == 1);
    cJSON_Delete(json);
}

static void a_task_is_explained(void **state)
{
    struct world *w = *state;
    begin(w, 4);
    cJSON *json = ask(w, "task 3");
    assert_string_equal(text(json, "state"), "waiting");
    assert_non_null(strstr(text(json, "why"), "no worker is here"));
    cJSON_Delete(json);

    welcome(w, "a", "n1.0");
    drop_outputs(w);
    json = ask(w, "task 3");
    assert_non_null(strstr(text(json, "why"), "1 tasks go before it"));
    cJSON_Delete(json);

    w->now_us += SECOND;
    json = ask(w, "task 0");
    assert_string_equal(text(json, "state"), "out");
    assert_true(number(json, "attempts") == 1);
    const cJSON *holder = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "holders"), 0);
    assert_string_equal(text(holder, "place"), "n1.0");
    assert_true(number(holder, "attempt") == 1);
    assert_true(number(holder, "seconds") == 1);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(holder, "running")));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(holder, "wanted")));
    cJSON_Delete(json);

    say_result(w, "a", 0, 1, LODE_OK);
    json = ask(w, "task 0");
    assert_string_equal(text(json, "state"), "done");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "holders")), 0);
    cJSON_Delete(json);
}

static void nonsense_is_answered_with_an_error(void **state)
{
    struct world *w = *state;
    const char *const nonsense[] = {
        "",
        "Status",
        "task",
        "task x",
        "task 1 2",
        "status ",
        "a question of more than the sixty-three bytes that any question of ours can ever have"};
    begin(w, 2);
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
        expect_error(w, nonsense[i], "no such question");
    expect_error(w, "task 2", "tasks 0 to 1");
    expect_error(w, "task -1", "tasks 0 to 1");
}

int main(void)
{
#define with_world(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        with_world(between_stages_there_is_none),
        with_world(a_stage_under_way_is_told_in_numbers),
        with_world(a_worker_is_told_with_its_place_state_and_task),
        with_world(a_lost_and_a_banned_worker_are_told_apart),
        with_world(a_task_is_explained),
        with_world(nonsense_is_answered_with_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
