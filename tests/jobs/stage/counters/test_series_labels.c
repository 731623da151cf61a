/* What the labels of a Prometheus series mean. */
#include "tests/unit.h"

#include "jobs/stage/counters/series_labels.h"

#include <stdio.h>
#include <string.h>

static const struct lode_label labels[] = {{"__name__", "cpu"},
                                           {"empty", ""},
                                           {"instance", "a:1"},
                                           {"job", "node"},
                                           {"mode", "x\"y\\z\n"}};

static lode_status read(const char *component, const char *machine,
                        const struct lode_query_series *series, char *found, size_t size)
{
    const struct series_labels_rule rule = {component, machine, "file"};
    struct series_labels named = {{0}, {0}, {0}};
    const lode_status status = series_labels_read(&rule, series, &named);
    snprintf(found, size, "%.*s|%.*s|%.*s", (int)named.component.size,
             (const char *)named.component.data, (int)named.machine.size,
             (const char *)named.machine.data, (int)named.counter.size,
             (const char *)named.counter.data);
    lode_bytes_clear(&named.component);
    lode_bytes_clear(&named.machine);
    lode_bytes_clear(&named.counter);
    return status;
}

static void expect(const char *component, const char *machine, int first, int n, const char *wanted)
{
    const struct lode_query_series series = {1, n, labels + first};
    char found[256];
    assert_ok(read(component, machine, &series, found, sizeof found));
    assert_string_equal(found, wanted);
}

static void the_component_is_the_instance_or_else_the_job(void **state)
{
    (void)state;
    expect("", NULL, 0, 4, "a:1||cpu{job=\"node\"}");
    expect("", NULL, 3, 1, "node||file");
}

static void other_labels_may_be_the_component(void **state)
{
    (void)state;
    expect("job", NULL, 0, 4, "node||cpu{instance=\"a:1\"}");
    expect("job/instance", NULL, 0, 4, "node/a:1||cpu");
    expect("pod,empty,job", NULL, 0, 4, "node||cpu{instance=\"a:1\"}");
}

static void the_machine_is_no_part_of_the_counter(void **state)
{
    (void)state;
    expect("job", "instance", 0, 4, "node|a:1|cpu");
    expect("job", "pod", 3, 1, "node||file");
}

static void values_of_labels_are_quoted_as_prometheus_does(void **state)
{
    (void)state;
    expect("job", "instance", 0, 5, "node|a:1|cpu{mode=\"x\\\"y\\\\z\\n\"}");
}

static void a_missing_label_and_long_names_are_refused(void **state)
{
    (void)state;
    char text[2000], found[2100];
    const struct lode_query_series series = {1, 2, labels};
    assert_status(LODE_E_INPUT, read("", NULL, &series, found, sizeof found));
    assert_non_null(strstr(lode_error_text(), "no label 'instance,job'"));
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const struct lode_label long_ones[] = {{"__name__", text}, {"job", "a"}, {"pod", text}};
    const struct lode_query_series longer = {1, 3, long_ones};
    assert_status(LODE_E_INPUT, read("job", NULL, &longer, found, sizeof found));
    assert_status(LODE_E_INPUT, read("pod", NULL, &longer, found, sizeof found));
    assert_non_null(strstr(lode_error_text(), "component longer than 255 bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_component_is_the_instance_or_else_the_job),
        cmocka_unit_test(other_labels_may_be_the_component),
        cmocka_unit_test(the_machine_is_no_part_of_the_counter),
        cmocka_unit_test(values_of_labels_are_quoted_as_prometheus_does),
        cmocka_unit_test(a_missing_label_and_long_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
