/* Mismatch: what does not fit a model is counted, what fits is not. */
#include "tests/unit.h"

#include "jobs/hierarchy/detection/mismatch.h"

enum { MINUTE_MS = 60000, COMPONENTS = 4 };

static void rows_that_no_counter_fits_are_counted(void **state)
{
    struct model_component components[] = {{.name = "db"}, {.name = "web"}};
    struct model_detector detectors[] = {
        {.role = MODEL_LEAF, .component = 0, .counter = "reads"},
        {.role = MODEL_LEAF, .component = 1, .counter = "cpu"},
        {.role = MODEL_END, .component = 1, .name = "end"},
    };
    const struct model model = {
        .n_components = 2, .components = components, .n_detectors = 3, .detectors = detectors};
    struct manual_row rows[] = {{"*", "reads", 0},
                                {"web", "c*", 0},
                                {"web", "reads", 0},
                                {"wed", "cpu", 1},
                                {"*", "end", 1}};
    static const char *const groups[] = {"one", "other"};
    const struct manual_groups manual = {
        .n_rows = 5, .rows = rows, .n_groups = 2, .groups = groups};
    const struct manual_groups fitting = {
        .n_rows = 2, .rows = rows, .n_groups = 1, .groups = groups};
    (void)state;
    assert_int_equal(mismatch_warn_manual(&manual, &model), 3);
    assert_int_equal(mismatch_warn_manual(&fitting, &model), 0);
}

/* As long; five minutes; ten seconds; a minute and a second. */
static void slots_of_another_length_are_counted_but_for_jitter(void **state)
{
    static const int64_t steps[COMPONENTS] = {MINUTE_MS, 5L * MINUTE_MS, MINUTE_MS / 6,
                                              MINUTE_MS + 1000};
    struct lode_component components[COMPONENTS];
    struct planned_component list[COMPONENTS] = {0};
    (void)state;
    for (int i = 0; i < COMPONENTS; i++) {
        components[i] = (struct lode_component){.name = "web", .step_ms = steps[i]};
        list[i].plan.component = i;
        list[i].plan.step_ms = MINUTE_MS;
    }
    const struct lode_store store = {
        .counters = {.n_components = COMPONENTS, .components = components}};
    const struct planned planned = {.n = COMPONENTS, .list = list};
    assert_int_equal(mismatch_warn_steps(&planned, &store), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_no_counter_fits_are_counted),
        cmocka_unit_test(slots_of_another_length_are_counted_but_for_jitter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
