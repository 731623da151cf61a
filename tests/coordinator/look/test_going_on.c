/* Going on: the command that people are shown, whole and safe to paste. */
#include "tests/unit.h"

#include "coordinator/look/going_on.h"

#include <string.h>

static void expect(const char *run, const char *words, const char *wanted)
{
    struct lode_bytes text = {0};
    cJSON *command = cJSON_Parse(words);
    assert_ok(going_on_command(run, command, &text));
    assert_ok(lode_bytes_append(&text, "", 1));
    assert_string_equal((const char *)text.data, wanted);
    lode_bytes_clear(&text);
    cJSON_Delete(command);
}

static void workers_are_started_as_before_and_the_rest_is_the_runs_own(void **state)
{
    (void)state;
    expect("r1",
           "[\"run\",\"opportunities\",\"web.lode\",\"-o\",\"r1\",\"-n\",\"8\",\"--set\",\"k=1\","
           "\"--memory=2G\",\"--quiet\",\"--scratch\",\"/scratch\"]",
           "lode run --resume r1 -n 8 --memory=2G --scratch /scratch");
}

static void a_value_that_looks_like_an_option_is_none(void **state)
{
    (void)state;
    expect("r1", "[\"run\",\"--local\",\"-n\",\"--note\",\"-nothing\"]",
           "lode run --resume r1 --local -n");
    expect("r1", "[\"run\",\"--\",\"--local\",\"3\"]", "lode run --resume r1");
    expect("r1", "[\"run\",\"--local\"]", "lode run --resume r1");
    expect("r1", "[1,null,\"--local\",2]", "lode run --resume r1");
    expect("r1", "{}", "lode run --resume r1");
}

static void what_a_shell_would_take_apart_is_quoted(void **state)
{
    (void)state;
    expect("my run's", "[\"--scratch\",\"$(reboot)\"]",
           "lode run --resume 'my run'\\''s' --scratch '$(reboot)'");
    expect("", "[]", "lode run --resume ''");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_are_started_as_before_and_the_rest_is_the_runs_own),
        cmocka_unit_test(a_value_that_looks_like_an_option_is_none),
        cmocka_unit_test(what_a_shell_would_take_apart_is_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
