/* Fisher's exact test against exact integer arithmetic and a published value. */
#include "tests/unit.h"

#include <math.h>

#include "common/stats/stats.h"

static double p_of(int64_t faulty_total, int64_t normal_total, int64_t a, int64_t b)
{
    struct lode_fisher *fisher;
    double p = -1.0;
    assert_ok(lode_fisher_create(faulty_total, normal_total, &fisher));
    assert_ok(lode_fisher_p(fisher, a, b, &p));
    lode_fisher_destroy(fisher);
    return p;
}

static void assert_relative(double expected, double seen, double tolerance)
{
    if (!(fabs(seen - expected) <= tolerance * fabs(expected)))
        fail_msg("expected %.17g, got %.17g", expected, seen);
}

/* n over k; exact up to n = 61. */
static uint64_t choose(int64_t n, int64_t k)
{
    uint64_t ways = 1;
    if (k < 0 || k > n) return 0;
    for (int64_t i = 1; i <= k; i++) {
        const unsigned __int128 product = (unsigned __int128)ways * (uint64_t)(n - k + i);
        ways = (uint64_t)(product /
                          (uint64_t)i); /* i divides it: the product is (..) over i, times i */
    }
    return ways;
}

/* The definition, word by word, in whole numbers: p = ways(tables no likelier) / ways(all). */
static double p_by_counting(int64_t faulty_total, int64_t normal_total, int64_t a, int64_t b)
{
    const int64_t m = a + b;
    const unsigned __int128 seen =
        (unsigned __int128)choose(faulty_total, a) * choose(normal_total, b);
    uint64_t ways = 0;
    for (int64_t x = 0; x <= m; x++) {
        const unsigned __int128 these =
            (unsigned __int128)choose(faulty_total, x) * choose(normal_total, m - x);
        if (these * 10000000 <= seen * 10000001) ways += (uint64_t)these;
    }
    return (double)ways / (double)choose(faulty_total + normal_total, m);
}

static void every_table_of_small_totals_agrees_with_counting(void **state)
{
    (void)state;
    for (int64_t faulty = 0; faulty <= 14; faulty++) {
        for (int64_t normal = 0; normal <= 14; normal++) {
            struct lode_fisher *fisher;
            assert_ok(lode_fisher_create(faulty, normal, &fisher));
            for (int64_t a = 0; a <= faulty; a++) {
                for (int64_t b = 0; b <= normal; b++) {
                    double p;
                    assert_ok(lode_fisher_p(fisher, a, b, &p));
                    assert_relative(p_by_counting(faulty, normal, a, b), p, 1e-13);
                    assert_true(p <= 1.0);
                }
            }
            lode_fisher_destroy(fisher);
        }
    }
}

static void unequal_totals_of_sixty_agree_with_counting(void **state)
{
    (void)state;
    for (int64_t a = 0; a <= 20; a++)
        for (int64_t b = 0; b <= 40; b++)
            assert_relative(p_by_counting(20, 40, a, b), p_of(20, 40, a, b), 1e-13);
}

/* R. A. Fisher, The Design of Experiments (1935): 3 of 4 cups told apart. 34/70 two-sided. */
static void the_lady_tasting_tea_has_p_of_34_in_70(void **state)
{
    (void)state;
    assert_relative(34.0 / 70.0, p_of(4, 4, 3, 1), 1e-15);
    assert_relative(2.0 / 70.0, p_of(4, 4, 4, 0), 1e-14);
}

/* 10 of 10 against 0 of 10 has a twin that differs in rounding only: both count. */
static void the_mirror_image_of_a_table_counts_as_equally_likely(void **state)
{
    (void)state;
    assert_relative(2.0 / 184756.0, p_of(10, 10, 10, 0), 1e-14);
    assert_true(p_of(5000, 5000, 1, 0) == 1.0);         /* exact: two tables, as likely */
    assert_true(p_of(50000, 50000, 2501, 2500) == 1.0); /* the same, walked */
    assert_relative(p_of(50000, 50000, 2400, 2600), p_of(50000, 50000, 2600, 2400), 1e-14);
}

static void the_likeliest_table_has_p_of_exactly_1(void **state)
{
    (void)state;
    assert_true(p_of(100, 300, 10, 30) == 1.0);           /* exact: a promise */
    assert_true(p_of(50000, 450000, 5000, 45000) == 1.0); /* exact: the same beyond kept margins */
    assert_true(p_of(0, 5, 0, 3) == 1.0);                 /* exact: only one table */
    assert_true(p_of(7, 3, 7, 3) == 1.0);
    assert_true(p_of(0, 0, 0, 0) == 1.0);
    assert_true(p_of(9000, 0, 6000, 0) == 1.0);
}

/* Exact rational sums of binomials, rounded to 17 digits (Python integers). */
static void middle_totals_agree_with_exact_rational_sums(void **state)
{
    (void)state;
    assert_relative(0.0028428844367529684, p_of(500, 1500, 400, 1100), 1e-12);
    assert_relative(1.37908904948026e-6, p_of(3000, 7000, 1400, 2900), 1e-12);
    assert_relative(2.8636064519581992e-15, p_of(3000, 7000, 1500, 2900), 1e-12);
    assert_relative(0.1237794278784631, p_of(9, 6000, 9, 4500), 1e-12);
}

/* Sums of terms computed with 40 digits. */
static void large_totals_agree_with_sums_in_forty_digits(void **state)
{
    (void)state;
    assert_relative(1.8771479823673968e-10, p_of(50000, 450000, 620, 4210), 1e-12);
    assert_relative(1.6540589481833359e-123, p_of(50000, 450000, 25000, 200000), 1e-12);
    assert_relative(9.4797428709998415e-182, p_of(50000, 450000, 30, 5000), 1e-12);
    assert_relative(0.19610896713475577, p_of(100000000, 100000000, 300000, 299000), 1e-12);
    assert_relative(6.3940492625846202e-10, p_of(100000000, 100000000, 99995000, 99995600), 1e-12);
}

static void a_p_below_the_smallest_double_is_0(void **state)
{
    (void)state;
    assert_true(p_of(50000, 450000, 900, 1000) == 0.0); /* exact: 8.4e-380 */
    assert_true(p_of(50000, 450000, 9000, 10) == 0.0);
}

/* Margins of 4095 are kept whole, those of 4096 are walked. Sums of terms with 40 digits. */
static void kept_and_walked_margins_are_equally_exact(void **state)
{
    (void)state;
    assert_relative(0.0095933286571854515, p_of(50000, 450000, 460, 3635), 1e-12);
    assert_relative(0.0096028054086863107, p_of(50000, 450000, 460, 3636), 1e-12);
    assert_relative(0.63784467157245205, p_of(50000, 450000, 400, 3695), 1e-12);
    assert_relative(0.63785645779421772, p_of(50000, 450000, 400, 3696), 1e-12);
}

static void asking_again_gives_the_same_bits(void **state)
{
    (void)state;
    struct lode_fisher *fisher;
    double first, other, again;
    assert_ok(lode_fisher_create(50000, 450000, &fisher));
    assert_ok(lode_fisher_p(fisher, 620, 4210, &first));
    for (int64_t a = 500; a < 700; a++) assert_ok(lode_fisher_p(fisher, a, 9000, &other));
    assert_ok(lode_fisher_p(fisher, 620, 4210, &again));
    assert_true(first == again); /* exact: remembered or not */
    assert_true(first != other);
    lode_fisher_destroy(fisher);
}

static void exchanging_rows_changes_nothing(void **state)
{
    (void)state;
    for (int64_t a = 0; a <= 40; a += 5)
        assert_relative(p_of(700, 90, a, 6), p_of(90, 700, 6, a), 1e-13);
    assert_relative(p_of(50000, 450000, 700, 5000), p_of(450000, 50000, 5000, 700), 1e-13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_of_small_totals_agrees_with_counting),
        cmocka_unit_test(unequal_totals_of_sixty_agree_with_counting),
        cmocka_unit_test(the_lady_tasting_tea_has_p_of_34_in_70),
        cmocka_unit_test(the_mirror_image_of_a_table_counts_as_equally_likely),
        cmocka_unit_test(the_likeliest_table_has_p_of_exactly_1),
        cmocka_unit_test(middle_totals_agree_with_exact_rational_sums),
        cmocka_unit_test(large_totals_agree_with_sums_in_forty_digits),
        cmocka_unit_test(a_p_below_the_smallest_double_is_0),
        cmocka_unit_test(kept_and_walked_margins_are_equally_exact),
        cmocka_unit_test(asking_again_gives_the_same_bits),
        cmocka_unit_test(exchanging_rows_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
