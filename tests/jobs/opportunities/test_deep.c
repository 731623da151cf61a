/* Which derived attributes are deep, of counts in memory: one stored attribute, then derived ones
 * of two values. */
#include "tests/unit.h"

#include "jobs/opportunities/deep.h"
#include "jobs/opportunities/derive/derivation.h"

enum { DERIVED = 4, ATTRIBUTES = 1 + DERIVED };

struct fixture {
    struct lode_arena *arena;
    struct derivation derivation;
    bool attribute_on[ATTRIBUTES];
    struct cohort_cell cells[ATTRIBUTES][2];
    struct cohort_set sets[ATTRIBUTES + 1];
    struct cohort_counts counts;
    struct opportunity_options options;
};

/* Users of `true`; those of `false` are 1,000. */
static void make(struct fixture *f, const int64_t *users, int64_t most_deep)
{
    *f = (struct fixture){.arena = f->arena, .derivation = {.n_stored_attributes = 1}};
    for (int64_t a = 0; a < ATTRIBUTES; a++) {
        f->attribute_on[a] = true;
        f->cells[a][0].users = 1000;
        f->cells[a][1].users = a == 0 ? 1 : users[a - 1];
        f->sets[a] = (struct cohort_set){.n_values = 2, .cells = f->cells[a]};
    }
    f->counts = (struct cohort_counts){.n_kpis = 1, .n_sets = ATTRIBUTES + 1, .sets = f->sets};
    f->options = (struct opportunity_options){
        .derivation = &f->derivation, .attribute_on = f->attribute_on, .most_deep = most_deep};
}

static void assert_deep(struct fixture *f, const bool *want)
{
    assert_ok(deep_choose(&f->counts, f->arena, &f->options));
    for (int64_t a = 0; a < ATTRIBUTES; a++) assert_int_equal(f->options.is_deep[a], want[a]);
}

static int setup(void **state)
{
    static struct fixture f;
    assert_ok(lode_arena_create(0, &f.arena));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    lode_arena_destroy(((struct fixture *)*state)->arena);
    return 0;
}

static void stored_attributes_and_the_largest_derived_ones_are_deep(void **state)
{
    make(*state, (int64_t[]){10, 400, 2000, 30}, 2); /* the third: all but 1,000 of 3,000 */
    assert_deep(*state, (bool[]){true, false, true, true, false});
}

static void of_equal_size_the_first_defined_is_deep(void **state)
{
    make(*state, (int64_t[]){10, 20, 20, 20}, 2);
    assert_deep(*state, (bool[]){true, false, true, true, false});
}

static void generated_attributes_come_after_those_of_the_user(void **state)
{
    struct fixture *f = *state;
    make(f, (int64_t[]){10, 20, 500, 30}, 3);
    f->options.n_generated = 2;
    assert_deep(f, (bool[]){true, true, true, true, false});
}

static void an_attribute_that_is_not_asked_for_takes_no_place(void **state)
{
    struct fixture *f = *state;
    make(f, (int64_t[]){10, 20, 500, 30}, 2);
    f->attribute_on[3] = false;
    assert_deep(f, (bool[]){true, false, true, false, true});
}

static void without_definitions_all_attributes_are_deep(void **state)
{
    struct fixture *f = *state;
    make(f, (int64_t[]){10, 20, 500, 30}, 0);
    f->options.derivation = NULL;
    assert_deep(f, (bool[]){true, true, true, true, true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stored_attributes_and_the_largest_derived_ones_are_deep,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(of_equal_size_the_first_defined_is_deep, setup, teardown),
        cmocka_unit_test_setup_teardown(generated_attributes_come_after_those_of_the_user, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_attribute_that_is_not_asked_for_takes_no_place, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_definitions_all_attributes_are_deep, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
