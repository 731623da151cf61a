/* The interface of users' analyses (include/lode): a library that was compiled yesterday is loaded
 * as long as LODE_JOB_ABI is the same, so as long must every struct be. A test here went red: count
 * LODE_JOB_ABI up (lode/api.h), then write down the new sizes. */
#include "tests/unit.h"

#include "lode/job.h"

#include <stddef.h>

#define last_of(type, member) offsetof(struct type, member)

static void structs_have_the_layout_of_interface_2(void **state)
{
    (void)state;
    if (sizeof(void *) != 8) skip(); /* written down on 64 bits */
    assert_int_equal(LODE_JOB_ABI, 2);
    assert_int_equal(offsetof(struct lode_plugin, abi), 0); /* of every interface */
    assert_int_equal(sizeof(struct lode_plugin), 16);
    assert_int_equal(sizeof(struct lode_job), 96);
    assert_int_equal(last_of(lode_job, figure_columns), 88);
    assert_int_equal(sizeof(struct lode_leaf), 16);
    assert_int_equal(sizeof(struct lode_task), 80);
    assert_int_equal(last_of(lode_task, engine), 72);
    assert_int_equal(sizeof(struct lode_stage), 96);
    assert_int_equal(last_of(lode_stage, describe_context), 88);
    assert_int_equal(sizeof(struct lode_run), 80);
    assert_int_equal(last_of(lode_run, map), 64);
    assert_int_equal(sizeof(struct lode_forecast), 280);
    assert_int_equal(sizeof(struct lode_param), 32);
    assert_int_equal(sizeof(struct lode_bytes), 24);
    assert_int_equal(sizeof(struct lode_unpack), 16);
    assert_int_equal(sizeof(struct lode_arena_mark), 16);
    assert_int_equal(sizeof(struct lode_dictionary), 16);
    assert_int_equal(sizeof(struct lode_attribute), 32);
    assert_int_equal(sizeof(struct lode_kpi), 24);
    assert_int_equal(sizeof(struct lode_row_counts), 24);
    assert_int_equal(sizeof(struct lode_part), 40);
    assert_int_equal(sizeof(struct lode_column), 88);
    assert_int_equal(sizeof(struct lode_table), 40);
}

static void numbers_mean_what_they_meant_in_interface_2(void **state)
{
    (void)state;
    assert_int_equal(LODE_E_BUG, 10);
    assert_int_equal(LODE_E_STOPPED, 8);
    assert_int_equal(LODE_COLUMN_TOKENS, 5);
    assert_int_equal(LODE_KPI_NO_VALUE, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structs_have_the_layout_of_interface_2),
        cmocka_unit_test(numbers_mean_what_they_meant_in_interface_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
