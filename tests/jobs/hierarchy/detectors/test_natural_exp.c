/* The exponential of leaves beside that of the C library. */
#include "tests/unit.h"

#include <float.h>
#include <math.h>

#include "common/stats/random.h"
#include "jobs/hierarchy/detectors/natural_exp.h"

/* long double has 11 bits more. */
static void exponential_is_that_of_the_library_within_two_places(void **state)
{
    struct lode_random random = lode_random_begin(1, 0);
    (void)state;
    for (int i = 0; i < 200000; i++) {
        const double x = (i % 2 ? -708.0 : -1.0) * lode_random_uniform(&random);
        const long double expected = expl((long double)x);
        assert_true(fabsl((long double)natural_exp(x) - expected) <
                    2.0L * (long double)DBL_EPSILON * expected);
    }
}

static void what_is_below_every_number_is_next_to_nothing(void **state)
{
    (void)state;
    assert_true(natural_exp(0.0) == 1.0);
    assert_true(natural_exp(-(double)INFINITY) < 1e-300);
    assert_true(natural_exp((double)NAN) < 1e-300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_is_that_of_the_library_within_two_places),
        cmocka_unit_test(what_is_below_every_number_is_next_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
