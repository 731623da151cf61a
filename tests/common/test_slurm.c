/* Slurm: what its variables say, and what they do not. */
#include "tests/unit.h"

#include "common/slurm.h"

#include <string.h>

/* "NAME=value" texts, ended by NULL. */
static const char *look(void *context, const char *name)
{
    const char *const *variables = context;
    const size_t size = strlen(name);
    for (; *variables; variables++)
        if (strncmp(*variables, name, size) == 0 && (*variables)[size] == '=')
            return *variables + size + 1;
    return NULL;
}

static struct lode_slurm read_from(const char **variables)
{
    struct lode_slurm slurm;
    lode_slurm_read(look, (void *)variables, &slurm);
    return slurm;
}

static void without_a_job_number_nothing_is_believed(void **state)
{
    (void)state;
    const char *variables[] = {"SLURM_CPUS_ON_NODE=4", "SLURM_MEM_PER_NODE=1000",
                               "SLURM_JOB_END_TIME=1800000000", NULL};
    const struct lode_slurm slurm = read_from(variables);
    assert_false(slurm.is_here);
    assert_int_equal(slurm.cores, 0);
    assert_int_equal(slurm.memory_bytes, 0);
    assert_int_equal(slurm.end_s, 0);
}

static void a_job_has_cores_memory_end_and_restarts(void **state)
{
    (void)state;
    const char *variables[] = {"SLURM_JOB_ID=123",        "SLURM_CPUS_ON_NODE=4",
                               "SLURM_MEM_PER_NODE=1000", "SLURM_JOB_END_TIME=1800000000",
                               "SLURM_RESTART_COUNT=2",   NULL};
    const struct lode_slurm slurm = read_from(variables);
    assert_true(slurm.is_here);
    assert_string_equal(slurm.job, "123");
    assert_int_equal(slurm.cores, 4);
    assert_int_equal(slurm.memory_bytes, UINT64_C(1000) << 20);
    assert_int_equal(slurm.end_s, 1800000000);
    assert_int_equal(slurm.restarts, 2);
}

static void memory_of_a_core_counts_for_each_core_of_the_node(void **state)
{
    (void)state;
    const char *variables[] = {"SLURM_JOB_ID=1", "SLURM_CPUS_ON_NODE=4", "SLURM_MEM_PER_CPU=500",
                               NULL};
    assert_int_equal(read_from(variables).memory_bytes, UINT64_C(2000) << 20);
}

static void a_memory_of_zero_is_no_limit(void **state)
{
    (void)state;
    const char *variables[] = {"SLURM_JOB_ID=1", "SLURM_MEM_PER_NODE=0", NULL};
    assert_int_equal(read_from(variables).memory_bytes, 0);
}

static void what_is_no_number_says_nothing(void **state)
{
    (void)state;
    const char *variables[] = {"SLURM_JOB_ID=1",           "SLURM_CPUS_ON_NODE=4(x2)",
                               "SLURM_MEM_PER_NODE=-5",    "SLURM_JOB_END_TIME=soon",
                               "SLURM_RESTART_COUNT=1e99", NULL};
    const struct lode_slurm slurm = read_from(variables);
    assert_true(slurm.is_here);
    assert_int_equal(slurm.cores, 0);
    assert_int_equal(slurm.memory_bytes, 0);
    assert_int_equal(slurm.end_s, 0);
    assert_int_equal(slurm.restarts, 0);
}

static void memory_that_no_number_holds_is_no_limit(void **state)
{
    (void)state;
    const char *variables[] = {"SLURM_JOB_ID=1", "SLURM_CPUS_ON_NODE=9000000000000000000",
                               "SLURM_MEM_PER_CPU=9000000000000000000", NULL};
    assert_int_equal(read_from(variables).memory_bytes, 0);
    variables[1] = "SLURM_MEM_PER_NODE=9000000000000000000";
    assert_int_equal(read_from(variables).memory_bytes, 0);
}

static void an_end_beyond_all_years_is_none(void **state)
{
    (void)state;
    const char *variables[] = {"SLURM_JOB_ID=1", "SLURM_JOB_END_TIME=9000000000000000000", NULL};
    assert_int_equal(read_from(variables).end_s, 0);
}

static void a_job_number_with_other_signs_is_none(void **state)
{
    (void)state;
    const char *variables[] = {"SLURM_JOB_ID=1\n2", NULL};
    assert_false(read_from(variables).is_here);
    variables[0] = "SLURM_JOB_ID=";
    assert_false(read_from(variables).is_here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_job_number_nothing_is_believed),
        cmocka_unit_test(a_job_has_cores_memory_end_and_restarts),
        cmocka_unit_test(memory_of_a_core_counts_for_each_core_of_the_node),
        cmocka_unit_test(a_memory_of_zero_is_no_limit),
        cmocka_unit_test(what_is_no_number_says_nothing),
        cmocka_unit_test(memory_that_no_number_holds_is_no_limit),
        cmocka_unit_test(an_end_beyond_all_years_is_none),
        cmocka_unit_test(a_job_number_with_other_signs_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
