/* Classifier: moments, their shrinkage, what becomes of both, and what a message may not say. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "common/stats/random.h"
#include "jobs/hierarchy/model/one_class.h"
#include "jobs/hierarchy/training/classifier.h"

enum { MEMBERS = 4, SLOTS = 20 * MOMENTS_BLOCK + 100, FACTOR = MEMBERS * (MEMBERS + 1) / 2 };

struct fixture {
    struct lode_arena *arena;
    double *votes[MEMBERS];
};

/* Rare common jumps, some of one member alone. */
static int set_up(void **state)
{
    static struct fixture f;
    struct lode_random random = lode_random_begin(11, 0);
    f = (struct fixture){0};
    *state = &f;
    if (lode_arena_create(0, &f.arena)) return -1;
    for (int i = 0; i < MEMBERS; i++)
        if (lode_take(f.arena, SLOTS, &f.votes[i])) return -1;
    for (int t = 0; t < SLOTS; t++) {
        const double common = lode_random_uniform(&random) < 0.05 ? 20 : 0;
        for (int i = 0; i < MEMBERS; i++)
            f.votes[i][t] = (common + (lode_random_uniform(&random) < 0.02 ? 9 : 0)) *
                                lode_random_uniform(&random) +
                            (i + 1) * lode_random_uniform(&random);
    }
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return 0;
}

static void learn(const struct fixture *f, double *const *votes, int64_t p, double windows,
                  double *factor)
{
    struct moments moments;
    assert_ok(moments_begin(p, f->arena, &moments));
    for (int64_t t = 0; t < SLOTS; t += MOMENTS_BLOCK)
        assert_ok(
            moments_add(&moments, votes, t, SLOTS - t < MOMENTS_BLOCK ? SLOTS - t : MOMENTS_BLOCK));
    assert_ok(moments_factor(&moments, windows, factor));
}

/* --- the formulas, plainly --- */

static double mean_of(const double *x, const double *y, int powers)
{
    double sum = 0;
    for (int t = 0; t < SLOTS; t++) sum += powers == 2 ? x[t] * y[t] : x[t] * x[t] * y[t] * y[t];
    return sum / SLOTS;
}

static void plain_matrix(const struct fixture *f, double windows, double s[MEMBERS][MEMBERS],
                         double *l)
{
    double variances = 0, squares = 0;
    for (int i = 0; i < MEMBERS; i++)
        for (int j = 0; j < MEMBERS; j++) s[i][j] = mean_of(f->votes[i], f->votes[j], 2);
    for (int i = 0; i < MEMBERS; i++)
        for (int j = 0; j < i; j++) {
            const double r = s[i][j] / sqrt(s[i][i] * s[j][j]);
            const double q = mean_of(f->votes[i], f->votes[j], 4) / (s[i][i] * s[j][j]);
            variances += (q - r * r) / windows;
            squares += r * r;
        }
    *l = fmin(fmax(variances / squares, 0.01), 1.0);
    for (int i = 0; i < MEMBERS; i++)
        for (int j = 0; j < MEMBERS; j++)
            if (i != j) s[i][j] *= 1 - *l;
}

/* x' S^-1 x by elimination; S is positive definite. */
static double plain_distance(double s[MEMBERS][MEMBERS], const double *x)
{
    double a[MEMBERS][MEMBERS], y[MEMBERS], sum = 0;
    memcpy(a, s, sizeof a);
    memcpy(y, x, sizeof y);
    for (int k = 0; k < MEMBERS; k++)
        for (int i = 0; i < MEMBERS; i++) {
            if (i == k) continue;
            const double by = a[i][k] / a[k][k];
            for (int j = 0; j < MEMBERS; j++) a[i][j] -= by * a[k][j];
            y[i] -= by * y[k];
        }
    for (int k = 0; k < MEMBERS; k++) sum += x[k] * y[k] / a[k][k];
    return sum;
}

static void distances_are_those_of_the_formulas(void **state)
{
    const struct fixture *f = *state;
    const double all_windows[] = {1, 30, 3000};
    for (int w = 0; w < 3; w++) {
        double factor[FACTOR], s[MEMBERS][MEMBERS], l;
        learn(f, f->votes, MEMBERS, all_windows[w], factor);
        plain_matrix(f, all_windows[w], s, &l);
        assert_true(w != 0 || l == 1); /* of one window nothing is known */
        assert_true(w == 0 || (l < 1 && l >= 0.01));
        for (int t = 0; t < SLOTS; t += 97) {
            double slot[MEMBERS];
            for (int i = 0; i < MEMBERS; i++) slot[i] = f->votes[i][t];
            const double is = one_class_distance(factor, MEMBERS, slot);
            const double should = plain_distance(s, slot);
            /* the matrix is conditioned better than 1000 */
            if (fabs(is - should) > 1e-10 * should) fail_msg("%g, not %g", is, should);
        }
    }
}

/* --- what the matrix may be like --- */

static void copies_of_one_counter_count_once_together_and_more_apart(void **state)
{
    const struct fixture *f = *state;
    double *const copies[] = {f->votes[0], f->votes[0], f->votes[0]};
    const double together[] = {10, 10, 10}, apart[] = {10, 0, 0};
    double factor[6], single[1];
    learn(f, copies, 3, 1e9, factor); /* singular, and known to be */
    learn(f, copies, 1, 1e9, single);
    const double alone = one_class_distance(single, 1, together);
    assert_true(fabs(one_class_distance(factor, 3, together) / alone - 1) < 0.02);
    assert_true(one_class_distance(factor, 3, apart) > 50 * alone);
}

static void a_member_that_never_moved_says_nothing(void **state)
{
    const struct fixture *f = *state;
    static double silent[SLOTS];
    double *const votes[] = {f->votes[0], silent, f->votes[1]};
    double *const others[] = {f->votes[0], f->votes[1]};
    const double slot[] = {3, 1e6, 7}, other_slot[] = {3, 7};
    double factor[6], other[3];
    learn(f, votes, 3, 100, factor);
    learn(f, others, 2, 100, other);
    assert_true(one_class_distance(factor, 3, slot) == one_class_distance(other, 2, other_slot));
}

static void a_member_that_stood_still_is_missed_when_it_leaves(void **state)
{
    const struct fixture *f = *state;
    double constant[SLOTS];
    for (int t = 0; t < SLOTS; t++) constant[t] = 5;
    double *const votes[] = {constant, f->votes[0]};
    const double as_ever[] = {5, 0}, twice[] = {10, 0};
    double factor[3];
    learn(f, votes, 2, 1000, factor);
    assert_true(one_class_distance(factor, 2, as_ever) < 2);
    assert_true(one_class_distance(factor, 2, twice) == 4 * one_class_distance(factor, 2, as_ever));
}

/* --- calibration --- */

/* Distances 1 .. 100: 96 to 100 are above 95, whose score is 0.99. */
static void the_share_that_is_asked_for_saturates(void **state)
{
    const struct fixture *f = *state;
    struct classifier classifier;
    double distance[100];
    for (int t = 0; t < 100; t++) distance[t] = t + 1;
    assert_ok(classifier_begin(1, f->arena, &classifier));
    assert_ok(classifier_calibrate(&classifier, 100, 0.05, f->arena, distance));
    assert_true(fabs(classifier.sigma - 2 * log(100) / 95) < 1e-15);
    assert_true(classifier.saturation == 0.05 || classifier.saturation == 0.06);
    assert_true(fabs(distance[94] - log(100)) < 1e-14);
}

static void what_never_moved_has_a_sigma_of_0(void **state)
{
    const struct fixture *f = *state;
    struct classifier classifier;
    double distance[10] = {0};
    assert_ok(classifier_begin(1, f->arena, &classifier));
    assert_ok(classifier_calibrate(&classifier, 10, 0.05, f->arena, distance));
    assert_true(classifier.sigma == 0 && classifier.saturation == 0 && distance[3] == 0);
}

/* --- messages --- */

static void told(const struct fixture *f, struct classifier classifier, int64_t n,
                 const char *words)
{
    struct lode_bytes bytes = {0};
    struct classifier back;
    assert_ok(classifier_pack(&classifier, &bytes));
    struct lode_unpack in = lode_unpack_begin(bytes.data, bytes.size);
    const lode_status status = classifier_unpack(&in, n, f->arena, &back);
    if (!words) {
        assert_ok(status);
        assert_true(back.sigma == classifier.sigma && back.saturation == classifier.saturation);
        assert_memory_equal(back.factor, classifier.factor, 3 * sizeof *back.factor);
    } else {
        assert_status(LODE_E_MESSAGE, status);
        assert_non_null(strstr(lode_error_text(), words));
    }
    lode_bytes_clear(&bytes);
}

static void numbers_that_cannot_be_are_refused(void **state)
{
    const struct fixture *f = *state;
    double factor[] = {1, -2, 3}, wild[] = {1, (double)INFINITY, 3};
    told(f, (struct classifier){2, factor, 0.5, 0.01, NULL}, 2, NULL);
    told(f, (struct classifier){2, factor, 0.5, 0.01, NULL}, 3, "of a classifier of 3 members");
    told(f, (struct classifier){2, wild, 0.5, 0.01, NULL}, 2, "number 1 of a classifier is inf");
    told(f, (struct classifier){2, factor, -1, 0.01, NULL}, 2, "sigma -1");
    told(f, (struct classifier){2, factor, 0.5, 1.5, NULL}, 2, "saturation 1.5");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(distances_are_those_of_the_formulas),
        TEST(copies_of_one_counter_count_once_together_and_more_apart),
        TEST(a_member_that_never_moved_says_nothing),
        TEST(a_member_that_stood_still_is_missed_when_it_leaves),
        TEST(the_share_that_is_asked_for_saturates),
        TEST(what_never_moved_has_a_sigma_of_0),
        TEST(numbers_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
