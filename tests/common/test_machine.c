/* Machine: whose limit counts, and what is left of it for each worker. */
#include "tests/unit.h"

#include "common/machine.h"

#define GIB (INT64_C(1) << 30)
#define MIB (INT64_C(1) << 20)

static void check_least(uint64_t cgroup, uint64_t slurm, int64_t bytes, const char *source)
{
    const struct lode_machine_memory least = lode_machine_least(64 * GIB, cgroup, slurm);
    assert_int_equal(least.bytes, bytes);
    assert_string_equal(least.source, source);
}

static void the_least_limit_counts_and_is_named(void **state)
{
    (void)state;
    check_least(0, 0, 64 * GIB, "machine");
    check_least(2 * GIB, 0, 2 * GIB, "cgroup");
    check_least(2 * GIB, GIB, GIB, "slurm");
    check_least(GIB, 2 * GIB, GIB, "cgroup");
}

static void a_limit_above_the_machine_is_none(void **state)
{
    (void)state;
    check_least(65 * GIB, UINT64_MAX, 64 * GIB, "machine");
}

static void slurm_is_not_named_where_its_control_group_says_the_same(void **state)
{
    (void)state;
    check_least(GIB, GIB, GIB, "cgroup");
}

static void workers_share_four_fifths(void **state)
{
    (void)state;
    assert_int_equal(lode_machine_share(10 * GIB, 4), 2 * GIB);
    assert_int_equal(lode_machine_share(10 * GIB, 0), 8 * GIB);
}

static void a_small_machine_keeps_64_mib_for_the_coordinator(void **state)
{
    (void)state;
    assert_int_equal(lode_machine_share(200 * MIB, 2), 68 * MIB);
    assert_int_equal(lode_machine_share(64 * MIB, 2), 0);
    assert_int_equal(lode_machine_share(10 * MIB, 2), 0);
}

static void this_machine_has_a_core_and_memory(void **state)
{
    (void)state;
    assert_true(lode_machine_cores() >= 1);
    assert_true(lode_machine_memory().bytes > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_limit_counts_and_is_named),
        cmocka_unit_test(a_limit_above_the_machine_is_none),
        cmocka_unit_test(slurm_is_not_named_where_its_control_group_says_the_same),
        cmocka_unit_test(workers_share_four_fifths),
        cmocka_unit_test(a_small_machine_keeps_64_mib_for_the_coordinator),
        cmocka_unit_test(this_machine_has_a_core_and_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
