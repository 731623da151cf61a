/* Budget: hosts that share what they have among their own workers. */
#include "tests/unit.h"

#include "coordinator/budget.h"

#include <stdio.h>
#include <string.h>

#define GIB (UINT64_C(1) << 30)
#define MIB (INT64_C(1) << 20)

static struct lode_node node(const char *host, int64_t gib, const char *source)
{
    struct lode_node made = {.memory.bytes = gib << 30};
    snprintf(made.host, sizeof made.host, "%s", host);
    snprintf(made.memory.source, sizeof made.memory.source, "%s", source);
    return made;
}

static void each_host_divides_its_own_memory(void **state)
{
    (void)state;
    /* n1: coordinator and 2 workers of 8 GiB each; n2: 4 workers of 4 GiB each */
    const struct lode_node nodes[] = {node("n1", 20, "machine"), node("n2", 20, "cgroup"),
                                      node("n2", 20, "cgroup"),  node("n1", 20, "machine"),
                                      node("n2", 20, "cgroup"),  node("n1", 20, "machine"),
                                      node("n2", 20, "cgroup")};
    struct budget budget;
    assert_ok(budget_of_nodes(nodes, 7, 1, 0, &budget));
    assert_int_equal(budget.least_bytes, 4 * GIB);
    assert_int_equal(budget.most_bytes, 8 * GIB);
    assert_int_equal(budget.limit_bytes, 20 * GIB);
    assert_int_equal(budget.workers, 4);
    assert_string_equal(budget.host, "n2");
    assert_string_equal(budget.source, "cgroup");
}

static void a_host_of_the_coordinator_alone_has_no_say(void **state)
{
    (void)state;
    const struct lode_node nodes[] = {node("front", 1, "cgroup"), node("n1", 10, "slurm")};
    struct budget budget;
    assert_ok(budget_of_nodes(nodes, 2, 2, 0, &budget));
    assert_int_equal(budget.least_bytes, 4 * GIB);
    assert_int_equal(budget.workers, 2);
    assert_string_equal(budget.source, "slurm");
}

static void of_the_limits_of_one_host_the_least_counts(void **state)
{
    (void)state;
    const struct lode_node nodes[] = {node("n1", 10, "machine"), node("n1", 10, "machine"),
                                      node("n1", 5, "cgroup")};
    struct budget budget;
    assert_ok(budget_of_nodes(nodes, 3, 1, 0, &budget));
    assert_int_equal(budget.least_bytes, 2 * GIB);
    assert_string_equal(budget.source, "cgroup");
}

static void what_was_asked_for_is_for_all(void **state)
{
    (void)state;
    const struct lode_node nodes[] = {node("n1", 1, "machine"), node("n2", 64, "machine")};
    struct budget budget;
    assert_ok(budget_of_nodes(nodes, 2, 1, 3 * GIB, &budget));
    assert_int_equal(budget.least_bytes, 3 * GIB);
    assert_int_equal(budget.most_bytes, 3 * GIB);
    assert_int_equal(budget.limit_bytes, 0);
    assert_string_equal(budget.source, "--memory");
}

static void the_coordinator_has_what_its_workers_leave_of_a_limit(void **state)
{
    (void)state;
    const struct lode_node nodes[] = {node("n1", 10, "cgroup"), node("n1", 10, "cgroup"),
                                      node("n2", 1, "cgroup")};
    struct budget budget;
    assert_ok(budget_of_nodes(nodes, 3, 1, 0, &budget));
    assert_int_equal(budget.coordinator_bytes, 2 * GIB);
    assert_ok(budget_of_nodes(nodes, 3, 2, 3 * GIB, &budget));
    assert_int_equal(budget.coordinator_bytes, 4 * GIB);
    budget = budget_of_node(&nodes[0], 2, 7 * GIB); /* more than all: the user's decision */
    assert_int_equal(budget.coordinator_bytes, 0);
}

static void without_a_limit_the_coordinator_has_no_share(void **state)
{
    (void)state;
    const struct lode_node here = node("n1", 10, "machine");
    assert_int_equal(budget_of_node(&here, 2, 0).coordinator_bytes, 0);
}

static void workers_without_enough_are_refused_with_what_to_do(void **state)
{
    (void)state;
    const struct lode_node small = node("n1", 1, "cgroup");
    struct budget budget = budget_of_node(&small, 17, 0); /* 819 MiB */
    assert_int_equal(budget.least_bytes >> 20, 48);
    assert_ok(budget_check(&budget));
    budget = budget_of_node(&small, 20, 0);
    assert_status(LODE_E_MEMORY, budget_check(&budget));
    assert_non_null(strstr(lode_error_text(), "20 workers on n1 with 40 MB each, of 1024 MB that "
                                              "the control group has for them: a worker needs 48 "
                                              "MB; take fewer workers"));
}

static void as_many_workers_are_started_as_the_memory_carries(void **state)
{
    (void)state;
    struct lode_machine_memory memory = {.bytes = 300 * MIB}; /* 236 MiB for workers */
    assert_int_equal(budget_fits(&memory, 8), 4);
    assert_int_equal(budget_fits(&memory, 2), 2);
    memory.bytes = MIB;
    assert_int_equal(budget_fits(&memory, 8), 1); /* which budget_check refuses */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_host_divides_its_own_memory),
        cmocka_unit_test(a_host_of_the_coordinator_alone_has_no_say),
        cmocka_unit_test(of_the_limits_of_one_host_the_least_counts),
        cmocka_unit_test(what_was_asked_for_is_for_all),
        cmocka_unit_test(the_coordinator_has_what_its_workers_leave_of_a_limit),
        cmocka_unit_test(without_a_limit_the_coordinator_has_no_share),
        cmocka_unit_test(workers_without_enough_are_refused_with_what_to_do),
        cmocka_unit_test(as_many_workers_are_started_as_the_memory_carries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
