/* Ask: what is an answer and what is not; a run without a door. */
#include "tests/unit.h"

#include "coordinator/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lode_status parse(const char *text, cJSON **answer)
{
    return ask_parse(text, strlen(text), answer);
}

static void an_object_is_an_answer(void **state)
{
    (void)state;
    cJSON *answer = NULL;
    assert_ok(parse("{\"state\":\"running\"}", &answer));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "state")),
                        "running");
    cJSON_Delete(answer);
}

static void anything_else_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"",     "{",   "[]",  "\"running\"", "1",
                                        "null", "{}{", "{} ", "{\"a\":}",    "\xff\xfe"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cJSON *answer = NULL;
        if (parse(texts[i], &answer) != LODE_E_MESSAGE) fail_msg("an answer: '%s'", texts[i]);
        assert_null(answer);
    }
}

/* cJSON stops at 1000 levels; a parser that does not would run out of stack. */
static void deep_nesting_is_no_answer(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    cJSON *answer = NULL;
    char *text = malloc(DEPTH);
    assert_non_null(text);
    memset(text, '[', DEPTH);
    assert_status(LODE_E_MESSAGE, ask_parse(text, DEPTH, &answer));
    free(text);
}

static void an_answer_over_the_limit_is_not_looked_at(void **state)
{
    (void)state;
    cJSON *answer = NULL;
    assert_status(LODE_E_MESSAGE, ask_parse("{}", (size_t)ASK_ANSWER_LIMIT + 1, &answer));
}

static void a_run_that_is_not_there_cannot_be_asked(void **state)
{
    (void)state;
    cJSON *answer = NULL;
    assert_status(LODE_E_USAGE, ask_coordinator("no-such-run", "status", &answer));
    assert_null(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_an_answer),
        cmocka_unit_test(anything_else_is_none),
        cmocka_unit_test(deep_nesting_is_no_answer),
        cmocka_unit_test(an_answer_over_the_limit_is_not_looked_at),
        cmocka_unit_test(a_run_that_is_not_there_cannot_be_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
