/* Which part of a component's name is the machine. */
#include "tests/unit.h"

#include "jobs/stage/counters/machine.h"

#include <stdio.h>
#include <string.h>

static void expect(const char *pattern, const char *name, const char *wanted)
{
    struct lode_field component = {name, strlen(name)}, machine = {"?", 1};
    char found[64];
    machine_cut(pattern, &component, &machine);
    snprintf(found, sizeof found, "%.*s|%.*s", (int)component.size, component.text,
             (int)machine.size, machine.text);
    assert_string_equal(found, wanted);
}

static void a_name_is_cut_where_the_machine_is_shortest(void **state)
{
    (void)state;
    expect("{component}/{machine}", "web/host17", "web|host17");
    expect("{component}/{machine}", "shop/web/host17", "shop/web|host17");
    expect("{machine}.{component}", "host17.shop.web", "shop.web|host17");
    expect("{component}--{machine}", "a-b--c---d", "a-b--c-|d");
}

static void a_name_without_the_text_between_is_a_component_of_its_own(void **state)
{
    (void)state;
    expect("{component}/{machine}", "web", "web|");
    expect("{component}/{machine}", "/web", "/web|");
    expect("{component}/{machine}", "web/", "web/|");
    expect("{component}/{machine}", "", "|");
    expect("{component}--{machine}", "a-", "a-|");
}

static void other_patterns_are_refused(void **state)
{
    static const char *const bad[] = {"{machine}",           "{component}{machine}",
                                      "{component}/{host}",  "x{component}/{machine}",
                                      "{machine}/{machine}", "{component}{x}{machine}"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(LODE_E_USAGE, machine_check(bad[i]));
    assert_ok(machine_check("host"));
    assert_ok(machine_check("{machine}/{component}"));
}

static void statistics_are_known_by_their_endings(void **state)
{
    char name[32];
    (void)state;
    for (int i = 0; i < MACHINE_STATISTICS; i++) {
        snprintf(name, sizeof name, "cpu.max%s", machine_ending((enum machine_statistic)i));
        assert_int_equal(machine_statistic_of(name), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_cut_where_the_machine_is_shortest),
        cmocka_unit_test(a_name_without_the_text_between_is_a_component_of_its_own),
        cmocka_unit_test(other_patterns_are_refused),
        cmocka_unit_test(statistics_are_known_by_their_endings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
