/* Which leads are redundant beside others, by counts that a person can check. 1,000 sessions, of
 * which 10 % are faulty where nothing is said of them. */
#include "tests/unit.h"

#include "jobs/opportunities/findings/overlap.h"

static const double least = 0.25;

/* Two leads by their four groups: sessions and faulty ones of both, of x alone, of y alone; all
 * others are 1,000 with 100 faulty. */
struct two {
    struct overlap_count both, only_x, only_y;
};

static struct overlap_count sum(struct overlap_count a, struct overlap_count b)
{
    return (struct overlap_count){a.sessions + b.sessions, a.faulty + b.faulty};
}

static struct overlap of_two(const struct two *two, struct overlap_count pairs[4])
{
    pairs[0] = sum(two->both, two->only_x);
    pairs[1] = two->both;
    pairs[3] = sum(two->both, two->only_y);
    const struct overlap_count neither = {1000, 100};
    return (struct overlap){
        .is_binary = true, .n = 2, .all = sum(sum(pairs[0], two->only_y), neither), .pairs = pairs};
}

static bool is_redundant(struct two two)
{
    struct overlap_count pairs[4];
    const struct overlap overlap = of_two(&two, pairs);
    return overlap_is_redundant(&overlap, 0, 1, least);
}

static void a_wide_lead_is_redundant_beside_the_narrow_one_that_explains_it(void **state)
{
    (void)state;
    /* of x's 600 sessions the 100 with y fail, the others are as all are */
    assert_true(is_redundant((struct two){{100, 90}, {500, 50}, {0, 0}}));
    assert_false(is_redundant((struct two){{100, 90}, {500, 150}, {0, 0}}));
}

static void a_narrow_lead_is_redundant_where_it_adds_nothing_to_the_wide_one(void **state)
{
    (void)state;
    assert_true(is_redundant((struct two){{100, 50}, {0, 0}, {400, 200}}));
    assert_false(is_redundant((struct two){{100, 90}, {0, 0}, {400, 200}}));
}

static void leads_that_share_sessions_are_two_where_each_is_bad_alone(void **state)
{
    (void)state;
    assert_false(is_redundant((struct two){{200, 120}, {200, 100}, {200, 100}}));
    /* x is bad only where y is: what is left of it is as all are */
    assert_true(is_redundant((struct two){{200, 120}, {200, 20}, {200, 120}}));
}

static void leads_without_a_common_session_are_two(void **state)
{
    (void)state;
    assert_false(is_redundant((struct two){{0, 0}, {100, 10}, {100, 50}}));
}

static void nearly_the_same_sessions_are_the_same(void **state)
{
    (void)state;
    /* 90 of 100; those with x alone all fail, but are few */
    assert_true(is_redundant((struct two){{90, 60}, {10, 10}, {0, 0}}));
    assert_false(is_redundant((struct two){{89, 60}, {11, 11}, {0, 0}}));
}

static void a_numeric_kpi_has_nothing_but_the_sessions(void **state)
{
    (void)state;
    struct overlap_count pairs[4] = {{100, 0}, {95, 0}, {0, 0}, {100, 0}};
    struct overlap overlap = {.n = 2, .all = {1000, 0}, .pairs = pairs};
    assert_true(overlap_is_redundant(&overlap, 0, 1, least)); /* 95 of 105 */
    pairs[1].sessions = 60;
    assert_false(overlap_is_redundant(&overlap, 0, 1, least));
}

static void find_leads(struct overlap *overlap, enum overlap_kind first, enum overlap_kind second,
                       int64_t under[2])
{
    enum overlap_kind kinds[] = {first, second};
    overlap->kinds = kinds;
    overlap_find_leads(overlap, least, under);
    overlap->kinds = NULL;
}

static void of_two_that_say_the_same_the_one_that_is_not_generated_leads(void **state)
{
    (void)state;
    const struct two same = {{100, 90}, {2, 1}, {2, 1}};
    struct overlap_count pairs[4];
    struct overlap overlap = of_two(&same, pairs);
    int64_t under[2];
    find_leads(&overlap, OVERLAP_GENERATED, OVERLAP_GENERATED, under);
    assert_int_equal(under[0], 0);
    assert_int_equal(under[1], 0);
    find_leads(&overlap, OVERLAP_GENERATED, OVERLAP_PATTERN, under);
    assert_int_equal(under[0], 1);
    assert_int_equal(under[1], 1);
}

static void a_cohort_that_a_person_named_is_not_explained_away(void **state)
{
    (void)state;
    const struct two same = {{100, 90}, {500, 50}, {0, 0}};
    struct overlap_count pairs[4];
    struct overlap overlap = of_two(&same, pairs);
    int64_t under[2];
    find_leads(&overlap, OVERLAP_COHORT, OVERLAP_PATTERN, under);
    assert_int_equal(under[0], 0);
    find_leads(&overlap, OVERLAP_PATTERN, OVERLAP_PATTERN, under);
    assert_int_equal(under[0], 1);
}

/* 0 and 1 are the same; 2 lies within them and explains them. */
static void chains_are_followed(void **state)
{
    (void)state;
    struct overlap_count pairs[9] = {{300, 120}, {300, 120}, {100, 100}, {0, 0},    {300, 120},
                                     {100, 100}, {0, 0},     {0, 0},     {100, 100}};
    enum overlap_kind kinds[3] = {OVERLAP_GENERATED, OVERLAP_GENERATED, OVERLAP_GENERATED};
    const struct overlap overlap = {
        .is_binary = true, .n = 3, .kinds = kinds, .all = {1300, 220}, .pairs = pairs};
    int64_t under[3];
    overlap_find_leads(&overlap, least, under);
    for (int i = 0; i < 3; i++) assert_int_equal(under[i], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wide_lead_is_redundant_beside_the_narrow_one_that_explains_it),
        cmocka_unit_test(a_narrow_lead_is_redundant_where_it_adds_nothing_to_the_wide_one),
        cmocka_unit_test(leads_that_share_sessions_are_two_where_each_is_bad_alone),
        cmocka_unit_test(leads_without_a_common_session_are_two),
        cmocka_unit_test(nearly_the_same_sessions_are_the_same),
        cmocka_unit_test(a_numeric_kpi_has_nothing_but_the_sessions),
        cmocka_unit_test(of_two_that_say_the_same_the_one_that_is_not_generated_leads),
        cmocka_unit_test(a_cohort_that_a_person_named_is_not_explained_away),
        cmocka_unit_test(chains_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
