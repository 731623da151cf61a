/* Rates as they are asked for: lines, files, rules of a store. */
#include "tests/unit.h"

#include "common/file.h"
#include "jobs/stage/counters/rates/definitions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    struct lode_arena *arena;
    struct counters_rates rates;
    char path[64];
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.path, sizeof f.path, "/tmp/lode-rates-XXXXXX");
    const int fd = mkstemp(f.path);
    if (fd < 0 || close(fd) != 0) return -1;
    *state = &f;
    return lode_arena_create(0, &f.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return unlink(f->path);
}

static lode_status add(struct fixture *f, const char *line)
{
    return rates_add_line(&f->rates, f->arena, line);
}

static lode_status read_text(struct fixture *f, const char *text)
{
    assert_ok(lode_file_write(f->path, text, strlen(text), false));
    return rates_read(&f->rates, f->arena, f->path);
}

static void assert_told(lode_status expected, lode_status status, const char *words)
{
    assert_status(expected, status);
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' has no '%s'", lode_error_text(), words);
}

static void a_line_is_a_name_and_an_expression(void **state)
{
    struct fixture *f = *state;
    assert_ok(add(f, " slow errors\t:  error{url = 'a:b'}"));
    assert_int_equal(f->rates.n, 1);
    assert_string_equal(f->rates.list[0].name, "slow errors");
    assert_string_equal(f->rates.list[0].text, "error{url = 'a:b'}");
    assert_string_equal(f->rates.list[0].file, "rate 'slow errors'");
    assert_int_equal(f->rates.list[0].line, 1);
    assert_int_equal(f->rates.list[0].column, 1);
}

static void rates_are_in_order_of_their_names(void **state)
{
    struct fixture *f = *state;
    char name[32];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "r%02d: any", i * 7 % 40);
        assert_ok(add(f, name));
    }
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "r%02d", i);
        assert_string_equal(f->rates.list[i].name, name);
    }
    assert_true(rates_have(&f->rates, "r17"));
    assert_false(rates_have(&f->rates, "r40"));
}

static void a_file_has_its_places(void **state)
{
    struct fixture *f = *state;
    assert_ok(read_text(f, "rates:\n  b: pay\n  a: |\n    cart ->\n    pay\n"));
    assert_int_equal(f->rates.n, 2);
    assert_string_equal(f->rates.list[0].name, "a");
    assert_non_null(strstr(f->rates.list[0].text, "cart -> pay"));
    assert_string_equal(f->rates.list[1].file, f->path);
    assert_int_equal(f->rates.list[1].line, 2);
    assert_int_equal(f->rates.list[1].column, 6);
}

static void what_is_no_rate_is_told(void **state)
{
    struct fixture *f = *state;
    char *long_name = malloc(1100);
    assert_non_null(long_name);
    memset(long_name, 'a', 1100);
    memcpy(long_name + 1025, ": any", 6);
    assert_told(LODE_E_USAGE, add(f, "errors"), "--rate:1:1: a rate has the form");
    assert_told(LODE_E_USAGE, add(f, ": any"), "name is UTF-8");
    assert_told(LODE_E_USAGE, add(f, "a\x01: any"), "no control bytes");
    assert_told(LODE_E_USAGE, add(f, "a\xff: any"), "name is UTF-8");
    assert_told(LODE_E_USAGE, add(f, long_name), "1 to 1024 bytes");
    assert_told(LODE_E_USAGE, add(f, "a: \t"), "without an expression");
    assert_ok(add(f, "a: any"));
    assert_told(LODE_E_USAGE, add(f, "a: pay"), "rate 'a' was defined already");
    assert_told(LODE_E_USAGE, read_text(f, "rates:\n  a: pay\n"), ":2:6: rate 'a' was defined");
    assert_told(LODE_E_USAGE, read_text(f, "slot: 1m\n"), "'slot': the file has one group");
    assert_told(LODE_E_USAGE, read_text(f, "rules:\n  x: any\n"), "'rules': the file has one");
    assert_int_equal(f->rates.n, 1);
    free(long_name);
}

static void there_is_a_limit(void **state)
{
    struct fixture *f = *state;
    char line[32];
    for (int i = 0; i < RATES_MOST; i++) {
        snprintf(line, sizeof line, "r%d: any", i);
        assert_ok(add(f, line));
    }
    assert_told(LODE_E_USAGE, add(f, "one more: any"), "more than 1000 rates");
}

static void a_rule_of_a_store_comes_back(void **state)
{
    struct fixture *f = *state;
    struct counters_rates again = {0};
    char *rule = NULL;
    assert_ok(add(f, "slow: error -> retry"));
    assert_ok(rates_rule(&f->rates.list[0], f->arena, &rule));
    assert_string_equal(rule, "slow\terror -> retry");
    assert_ok(rates_unrule(rule, f->arena, &again));
    assert_string_equal(again.list[0].name, "slow");
    assert_string_equal(again.list[0].text, "error -> retry");
    assert_told(LODE_E_INPUT, rates_unrule("slow", f->arena, &again), "'slow' without");
    assert_int_equal(again.n, 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_line_is_a_name_and_an_expression),
        WITH(rates_are_in_order_of_their_names),
        WITH(a_file_has_its_places),
        WITH(what_is_no_rate_is_told),
        WITH(there_is_a_limit),
        WITH(a_rule_of_a_store_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
