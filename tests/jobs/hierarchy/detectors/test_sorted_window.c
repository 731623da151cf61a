/* The sorted window beside sorting it anew. */
#include "tests/unit.h"

#include <math.h>

#include "common/stats/random.h"
#include "common/stats/stats.h"
#include "jobs/hierarchy/detectors/sorted_window.h"

enum { SLOTS = 500 };

static void window_stays_sorted_while_it_slides(void **state)
{
    struct lode_random random = lode_random_begin(3, 0);
    double values[SLOTS], memory[16], again[16], deviations[16];
    (void)state;
    for (int i = 0; i < SLOTS; i++) values[i] = (double)lode_random_below(&random, 20);
    for (int64_t n = 1; n <= 16; n++) {
        struct sorted_window window, fresh;
        sorted_window_init(&window, values, n, memory);
        for (int64_t i = n; i < SLOTS; i++) {
            sorted_window_slide(&window, values[i - n], values[i]);
            sorted_window_init(&fresh, values + i - n + 1, n, again);
            assert_memory_equal(memory, again, (size_t)n * sizeof *memory);
            const double median = lode_median(again, n);
            assert_true(sorted_window_median(&window) == median);
            for (int64_t k = 0; k < n; k++) deviations[k] = fabs(memory[k] - median);
            assert_true(sorted_window_mad(&window) == lode_median(deviations, n));
        }
    }
}

static void ranks_count_what_is_below_and_up_to(void **state)
{
    const double values[] = {5.0, 1.0, 3.0, 3.0, 9.0};
    double memory[5];
    struct sorted_window window;
    (void)state;
    sorted_window_init(&window, values, 5, memory);
    assert_int_equal(sorted_window_below(&window, 3.0), 1);
    assert_int_equal(sorted_window_up_to(&window, 3.0), 3);
    assert_int_equal(sorted_window_below(&window, 0.0), 0);
    assert_int_equal(sorted_window_up_to(&window, 0.0), 0);
    assert_int_equal(sorted_window_below(&window, 10.0), 5);
    assert_int_equal(sorted_window_up_to(&window, 9.0), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_stays_sorted_while_it_slides),
        cmocka_unit_test(ranks_count_what_is_below_and_up_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
