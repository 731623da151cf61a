#include "tests/unit.h"

#include <string.h>

#include "jobs/opportunities/tokens.h"

static char *names[] = {"a=b", "cors_error", "heartbeat", "login", "pay", "time_error"};
static const struct lode_dictionary events = {names, 6};

static int setup(void **state)
{
    struct lode_arena *arena = NULL;
    assert_ok(lode_arena_create(0, &arena));
    *state = arena;
    return 0;
}

static int teardown(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

/* The token of an event, "" when it is ignored. */
static const char *token_of(const struct pattern_tokens *tokens, const char *event)
{
    for (int i = 0; i < 6; i++) {
        if (strcmp(names[i], event) != 0) continue;
        const uint32_t token = tokens->token_of ? tokens->token_of[i] : (uint32_t)i;
        return token == LODE_NO_CODE ? "" : tokens->tokens[token];
    }
    return NULL;
}

static void without_rules_events_are_their_own_tokens(void **state)
{
    struct pattern_tokens tokens;
    assert_ok(tokens_make(&events, &(struct token_rules){0}, *state, &tokens));
    assert_int_equal(tokens.n_tokens, 6);
    assert_null(tokens.token_of);
    assert_string_equal(tokens.tokens[5], "time_error");
}

static void names_that_were_appended_take_their_place_among_the_others(void **state)
{
    static char *const grown[] = {"play", "stop", "open"}; /* open is of a later generation */
    const struct lode_dictionary dictionary = {(char **)grown, 3};
    struct pattern_tokens tokens;
    assert_ok(tokens_make(&dictionary, &(struct token_rules){0}, *state, &tokens));
    assert_int_equal(tokens.n_tokens, 3);
    assert_string_equal(tokens.tokens[0], "open");
    assert_int_equal(tokens.token_of[2], 0);
    assert_int_equal(tokens.token_of[1], 2);
}

static void events_with_one_token_become_one(void **state)
{
    char *map[] = {"*_error=error"};
    struct pattern_tokens tokens;
    assert_ok(tokens_make(&events, &(struct token_rules){.n_map = 1, .map = map}, *state, &tokens));
    assert_int_equal(tokens.n_tokens, 5);
    assert_string_equal(token_of(&tokens, "cors_error"), "error");
    assert_string_equal(token_of(&tokens, "time_error"), "error");
    assert_string_equal(token_of(&tokens, "pay"), "pay");
    for (int i = 1; i < 5; i++) assert_true(strcmp(tokens.tokens[i - 1], tokens.tokens[i]) < 0);
}

static void the_first_rule_that_matches_wins(void **state)
{
    char *map[] = {"cors*=network", "*_error=error"};
    struct pattern_tokens tokens;
    assert_ok(tokens_make(&events, &(struct token_rules){.n_map = 2, .map = map}, *state, &tokens));
    assert_string_equal(token_of(&tokens, "cors_error"), "network");
    assert_string_equal(token_of(&tokens, "time_error"), "error");
}

static void a_token_may_be_the_name_of_another_event(void **state)
{
    char *map[] = {"login=pay"};
    struct pattern_tokens tokens;
    assert_ok(tokens_make(&events, &(struct token_rules){.n_map = 1, .map = map}, *state, &tokens));
    assert_int_equal(tokens.n_tokens, 5);
    assert_string_equal(token_of(&tokens, "login"), "pay");
}

static void ignored_events_have_no_token_even_where_the_map_has_them(void **state)
{
    char *ignore[] = {"heart*"}, *map[] = {"*b*=b"};
    struct pattern_tokens tokens;
    assert_ok(tokens_make(
        &events, &(struct token_rules){.n_ignore = 1, .ignore = ignore, .n_map = 1, .map = map},
        *state, &tokens));
    assert_string_equal(token_of(&tokens, "heartbeat"), "");
    assert_string_equal(token_of(&tokens, "a=b"), "b");
    assert_int_equal(tokens.n_tokens, 5);
}

static void an_entry_is_cut_at_its_last_equals_sign(void **state)
{
    char *map[] = {"a=b=c"};
    struct pattern_tokens tokens;
    assert_ok(tokens_make(&events, &(struct token_rules){.n_map = 1, .map = map}, *state, &tokens));
    assert_string_equal(token_of(&tokens, "a=b"), "c");
}

static void a_rule_that_matches_nothing_is_an_error_with_the_nearest_name(void **state)
{
    char *ignore[] = {"logn"};
    struct pattern_tokens tokens;
    assert_status(LODE_E_USAGE,
                  tokens_make(&events, &(struct token_rules){.n_ignore = 1, .ignore = ignore},
                              *state, &tokens));
    assert_non_null(strstr(lode_error_text(), "did you mean 'login'"));
}

static void an_entry_without_a_token_is_an_error(void **state)
{
    char *entries[] = {"pay", "pay=", "=pay"};
    struct pattern_tokens tokens;
    for (int i = 0; i < 3; i++)
        assert_status(LODE_E_USAGE,
                      tokens_make(&events, &(struct token_rules){.n_map = 1, .map = &entries[i]},
                                  *state, &tokens));
}

static void ignoring_everything_is_an_error(void **state)
{
    char *ignore[] = {"*"};
    struct pattern_tokens tokens;
    assert_status(LODE_E_USAGE,
                  tokens_make(&events, &(struct token_rules){.n_ignore = 1, .ignore = ignore},
                              *state, &tokens));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_rules_events_are_their_own_tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(names_that_were_appended_take_their_place_among_the_others,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(events_with_one_token_become_one, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_rule_that_matches_wins, setup, teardown),
        cmocka_unit_test_setup_teardown(a_token_may_be_the_name_of_another_event, setup, teardown),
        cmocka_unit_test_setup_teardown(ignored_events_have_no_token_even_where_the_map_has_them,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_entry_is_cut_at_its_last_equals_sign, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_rule_that_matches_nothing_is_an_error_with_the_nearest_name, setup, teardown),
        cmocka_unit_test_setup_teardown(an_entry_without_a_token_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(ignoring_everything_is_an_error, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
