/* The Hellinger detector against a plain loop and the reference answers of the real counters; the
 * test of one series against planted steps and against chance. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/stats/change.h"
#include "common/stats/random.h"

enum { MOST_SLOTS = 3000, MOST_SCRATCH = 4096, LINE = 4096 };

static const struct lode_hellinger_rule max_of_ten = {
    .splits = LODE_HELLINGER_MAX, .window = 10, .least_side = 2};

static void assert_near(double seen, double expected, double absolute, double relative)
{
    if (!(fabs(seen - expected) <= absolute + relative * fabs(expected)))
        fail_msg("expected %.17g, got %.17g", expected, seen);
}

/* 4 slots of 1, then 4 of 9: D = (1 - 3)^2 at the split between them. */
static void a_step_is_found_where_it_is(void **state)
{
    (void)state;
    const double x[] = {1, 1, 1, 1, 9, 9, 9, 9};
    const struct lode_hellinger_rule rule = {
        .splits = LODE_HELLINGER_MAX, .window = 8, .least_side = 2};
    double scratch[27], distance[8];
    int32_t split[8];
    lode_hellinger_scan(x, 8, &rule, scratch, distance, split);
    for (int i = 0; i < 7; i++) assert_true(distance[i] == 0.0 && split[i] == 0);
    assert_near(distance[7], 4.0, 0, 1e-15);
    assert_int_equal(split[7], 4);
    /* one slot is all that k = floor(0.001 x 1) = 0 leaves: it scores 0.99 exactly */
    const double sigma = lode_hellinger_sigma(distance + 7, 1, 0.001);
    assert_near(sigma, 2 * log(100) / 4, 0, 1e-15);
    assert_near(lode_hellinger_e(sigma, 4.0), log(100), 0, 1e-15);
    assert_near(lode_hellinger_score(sigma, 4.0), 0.99, 0, 1e-15);
}

/* The definition, written down. */
static double plain(const double *x, int64_t window, int64_t first, int64_t last)
{
    double best = 0.0;
    for (int64_t s = first; s <= last; s++) {
        double left = 0.0, right = 0.0;
        for (int64_t k = 0; k < s; k++) left += x[k];
        for (int64_t k = s; k < window; k++) right += x[k];
        const double d = sqrt(left / (double)s) - sqrt(right / (double)(window - s));
        best = fmax(best, d * d);
    }
    return best;
}

static void every_variant_agrees_with_the_definition(void **state)
{
    (void)state;
    enum { N = 200 };
    struct lode_random random = lode_random_begin(7, 0);
    double x[N], scratch[MOST_SCRATCH], distance[N];
    for (int i = 0; i < N; i++)
        x[i] = lode_random_chance(&random, 0.3) ? 0 : 100 * lode_random_uniform(&random);
    for (int64_t window = 2; window <= 40; window += 19) {
        const struct lode_hellinger_rule rules[] = {
            {LODE_HELLINGER_MAX, window, 1, 0},
            {LODE_HELLINGER_CENTRE, window, 1, 0},
            {LODE_HELLINGER_EDGE, window, 1, 1},
            {LODE_HELLINGER_EDGE, window, 1, window - 1},
        };
        for (int r = 0; r < 4; r++) {
            const int64_t one = r == 1 ? window / 2 : window - rules[r].edge;
            assert_true(lode_hellinger_scratch(&rules[r]) <= MOST_SCRATCH);
            lode_hellinger_scan(x, N, &rules[r], scratch, distance, NULL);
            for (int64_t i = window - 1; i < N; i++)
                assert_near(distance[i],
                            plain(x + i - window + 1, window, r ? one : 1, r ? one : window - 1),
                            1e-12, 1e-12);
        }
    }
}

static void a_constant_counter_is_dead(void **state)
{
    (void)state;
    double x[64], scratch[MOST_SCRATCH], distance[64];
    for (int i = 0; i < 64; i++) x[i] = 0.1; /* its sums round */
    lode_hellinger_scan(x, 64, &max_of_ten, scratch, distance, NULL);
    assert_true(lode_hellinger_sigma(distance, 64, 0.001) == 0.0);
    assert_true(lode_hellinger_score(0.0, 4.0) == 0.0);
}

static void sigma_takes_the_largest_where_the_quantile_is_zero(void **state)
{
    (void)state;
    double distance[] = {0, 0, 8, 0, 0, 2, 0, 0, 0, 0};
    assert_near(lode_hellinger_sigma(distance, 10, 0.1), 2 * log(100) / 2, 0, 1e-15);
    double rare[] = {0, 0, 8, 0, 0, 0, 0, 0, 0, 0};
    assert_near(lode_hellinger_sigma(rare, 10, 0.1), 2 * log(100) / 8, 0, 1e-15);
    assert_true(lode_hellinger_sigma(rare, 0, 0.1) == 0.0);
}

/* --- reference answers --- */

static FILE *open_parity(const char *what, int set)
{
    const char *data = getenv("LODE_DATA");
    char path[LINE];
    if (!data) skip();
    snprintf(path, sizeof path, "%s/counters/parity/hellinger_%d_%s.csv", data, set, what);
    FILE *file = fopen(path, "r");
    if (!file) skip();
    return file;
}

/* The fields of a line, cut at commas in place. */
static int cut(char *line, char **fields, int most)
{
    int n = 0;
    line[strcspn(line, "\n")] = '\0';
    while (n < most && (fields[n] = strsep(&line, ",")) != NULL) n++;
    return n;
}

/* A column of the input by its name. */
static int64_t read_counter(int set, const char *name, double *x)
{
    FILE *file = open_parity("input", set);
    char line[LINE], *fields[64];
    int64_t n = 0;
    int column = -1;
    assert_non_null(fgets(line, sizeof line, file));
    const int columns = cut(line, fields, 64);
    for (int i = 0; i < columns; i++)
        if (strcmp(fields[i], name) == 0) column = i;
    assert_true(column > 0);
    while (fgets(line, sizeof line, file)) {
        assert_true(cut(line, fields, 64) == columns && n < MOST_SLOTS);
        x[n++] = strtod(fields[column], NULL);
    }
    fclose(file);
    return n;
}

/* Columns of expected.csv: counter, i, then d, score and split of max, d and score of centre, edge.
 */
static void compare_counter(int set, const char *name, int64_t window, int64_t least, int64_t edge,
                            const double *sigmas)
{
    static double x[MOST_SLOTS], d[3][MOST_SLOTS], sorted[MOST_SLOTS], scratch[MOST_SCRATCH];
    static int32_t split[MOST_SLOTS];
    const int64_t n = read_counter(set, name, x);
    double sigma[3];
    for (int v = 0; v < 3; v++) {
        const struct lode_hellinger_rule rule = {.splits = (enum lode_hellinger_splits)v,
                                                 .window = window,
                                                 .least_side = least,
                                                 .edge = edge};
        assert_true(lode_hellinger_scratch(&rule) <= MOST_SCRATCH);
        lode_hellinger_scan(x, n, &rule, scratch, d[v], v == 0 ? split : NULL);
        memcpy(sorted, d[v], sizeof sorted);
        sigma[v] = lode_hellinger_sigma(sorted + window - 1, n - window + 1, 0.001);
        assert_near(sigma[v], sigmas[v], 0, 1e-9);
    }
    FILE *file = open_parity("expected", set);
    char line[LINE], *f[16];
    int64_t compared = 0, same_split = 0;
    while (fgets(line, sizeof line, file)) {
        if (cut(line, f, 16) != 9 || strcmp(f[0], name) != 0) continue;
        const int64_t i = strtoll(f[1], NULL, 10);
        const int columns[3] = {2, 5, 7};
        for (int v = 0; v < 3; v++) {
            assert_near(d[v][i], strtod(f[columns[v]], NULL), 1e-12, 1e-9);
            assert_near(lode_hellinger_score(sigma[v], d[v][i]),
                        strtod(f[columns[v] + (v == 0 ? 2 : 1)], NULL), 1e-9, 0);
        }
        same_split += split[i] == strtoll(f[3], NULL, 10);
        compared++;
    }
    fclose(file);
    assert_int_equal(compared, n);
    print_message("%s: %lld slots, %lld splits are the same\n", name, (long long)n,
                  (long long)same_split);
    if (sigma[0] > 0.0) assert_true(same_split > n * 99 / 100); /* ties may differ */
}

static void the_reference_answers_of_real_counters_are_met(void **state)
{
    (void)state;
    for (int set = 1; set <= 2; set++) {
        FILE *file = open_parity("params", set);
        char line[LINE], *f[8];
        int counters = 0;
        assert_non_null(fgets(line, sizeof line, file)); /* header */
        while (fgets(line, sizeof line, file)) {
            assert_int_equal(cut(line, f, 8), 7);
            const double sigmas[] = {strtod(f[4], NULL), strtod(f[5], NULL), strtod(f[6], NULL)};
            char name[64];
            snprintf(name, sizeof name, "%s", f[0]);
            compare_counter(set, name, strtoll(f[1], NULL, 10), strtoll(f[2], NULL, 10),
                            strtoll(f[3], NULL, 10), sigmas);
            counters++;
        }
        fclose(file);
        assert_true(counters >= 3);
    }
}

/* --- one series of counts --- */

enum { SLOTS = 60, EACH = 400 };

struct made {
    double counts[SLOTS], sums[SLOTS], squares[SLOTS];
};

/* Faulty sessions at rate `before`, from slot `at` on at `after`; each slot's rate is further moved
 * by up to +-wobble. */
static void make_rates(uint64_t seed, int at, double before, double after, double wobble,
                       struct made *made)
{
    struct lode_random random = lode_random_begin(seed, 1);
    for (int i = 0; i < SLOTS; i++) {
        const double rate =
            (i < at ? before : after) + wobble * (2 * lode_random_uniform(&random) - 1);
        made->counts[i] = EACH;
        made->sums[i] = made->squares[i] = 0;
        for (int k = 0; k < EACH; k++) made->sums[i] += lode_random_chance(&random, rate);
    }
}

static struct lode_change change_of(const struct made *made, bool is_rate)
{
    const struct lode_change_series series = {SLOTS, made->counts, made->sums,
                                              is_rate ? NULL : made->squares};
    struct lode_change change;
    lode_change_find(&series, 5, &change);
    return change;
}

static void a_planted_step_of_a_rate_is_found_within_one_slot(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct made made;
        make_rates(seed, 37, 0.10, 0.20, 0, &made);
        const struct lode_change change = change_of(&made, true);
        assert_true(change.is_judged);
        if (llabs(change.at - 37) > 1 || change.p > 1e-12)
            fail_msg("seed %llu: at %lld, p %g", (unsigned long long)seed, (long long)change.at,
                     change.p);
        assert_near(change.before, 0.10, 0.01, 0);
        assert_near(change.after, 0.20, 0.015, 0);
    }
}

/* 8 h E of a rate is the chi-square of the 2 x 2 table to the third order: 3000 of 30000 against
 * 3300 of 30000 has chi-square 15.95. */
static void z_squared_is_the_chi_square_of_the_table(void **state)
{
    (void)state;
    const double counts[] = {30000, 30000}, sums[] = {3000, 3300};
    const struct lode_change_series series = {2, counts, sums, NULL};
    struct lode_change change;
    lode_change_find(&series, 1, &change);
    assert_true(change.is_judged);
    assert_near(change.z * change.z * change.dispersion, 15.9601, 0, 0.001);
}

/* Binomial error of 2,000 trials at 5 %: 0.5 %; the formula is for continuous time and errs to the
 * safe side. */
static void chance_is_taken_for_change_in_at_most_one_of_twenty(void **state)
{
    (void)state;
    int plain = 0, wobbling = 0;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct made made;
        make_rates(seed, 0, 0.10, 0.10, 0, &made);
        plain += change_of(&made, true).p <= 0.05;
        make_rates(seed, 0, 0.10, 0.10, 0.06, &made); /* slots differ by more than chance */
        wobbling += change_of(&made, true).p <= 0.05;
    }
    print_message("p <= 0.05 without a change: %d of 2000; with wobbling slots: %d\n", plain,
                  wobbling);
    assert_true(plain <= 110 && plain >= 20);
    assert_true(wobbling <= 130);
}

/* Values of mean 50, from slot 20 on 52, spread 10: given by their sums. */
static void a_step_of_a_numeric_kpi_is_found_whatever_its_unit(void **state)
{
    (void)state;
    struct made made, scaled;
    struct lode_random random = lode_random_begin(3, 1);
    for (int i = 0; i < SLOTS; i++) {
        made.counts[i] = EACH;
        made.sums[i] = made.squares[i] = 0;
        for (int k = 0; k < EACH; k++) {
            const double x = (i < 20 ? 50 : 52) + 10 * lode_random_normal(&random);
            made.sums[i] += x;
            made.squares[i] += x * x;
        }
        scaled.counts[i] = EACH;
        scaled.sums[i] = made.sums[i] * 1024;
        scaled.squares[i] = made.squares[i] * 1024 * 1024;
    }
    const struct lode_change change = change_of(&made, false);
    assert_true(llabs(change.at - 20) <= 1 && change.p < 1e-12);
    assert_near(change.after - change.before, 2, 0.3, 0);
    const struct lode_change other = change_of(&scaled, false);
    assert_true(other.at == change.at && other.z == change.z); /* exact: a power of two */
}

static void slots_without_sessions_do_not_matter(void **state)
{
    (void)state;
    struct made made, holes;
    make_rates(5, 30, 0.1, 0.3, 0, &made);
    memset(&holes, 0, sizeof holes);
    for (int i = 0; i < SLOTS / 2; i++) { /* every second slot of the first is in the second */
        holes.counts[2 * i] = made.counts[i + 15];
        holes.sums[2 * i] = made.sums[i + 15];
    }
    const struct lode_change change = change_of(&holes, true);
    assert_true(change.is_judged && llabs(change.at - 30) <= 2);
}

static void what_cannot_be_judged_says_so(void **state)
{
    (void)state;
    struct made made;
    make_rates(1, 0, 0, 0, 0, &made); /* no faulty session */
    assert_false(change_of(&made, true).is_judged);
    assert_true(isnan(change_of(&made, true).p));
    const struct lode_change_series few = {9, made.counts, made.counts, NULL};
    struct lode_change change;
    lode_change_find(&few, 5, &change);
    assert_false(change.is_judged);
    assert_true(lode_change_p(0.5, 0.1, 0.9) == 1.0);
}

/* pLausen92(3, 0.1, 0.9) of R's maxstat: 4 d / 3 + d (3 - 1/3) ln 81, d = 0.00443185. */
static void p_is_that_of_maximally_selected_chi_squares(void **state)
{
    (void)state;
    assert_near(lode_change_p(3, 0.1, 0.9), 0.00443184841 * (4.0 / 3 + 8.0 / 3 * log(81)), 0, 1e-8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_found_where_it_is),
        cmocka_unit_test(every_variant_agrees_with_the_definition),
        cmocka_unit_test(a_constant_counter_is_dead),
        cmocka_unit_test(sigma_takes_the_largest_where_the_quantile_is_zero),
        cmocka_unit_test(the_reference_answers_of_real_counters_are_met),
        cmocka_unit_test(a_planted_step_of_a_rate_is_found_within_one_slot),
        cmocka_unit_test(z_squared_is_the_chi_square_of_the_table),
        cmocka_unit_test(chance_is_taken_for_change_in_at_most_one_of_twenty),
        cmocka_unit_test(a_step_of_a_numeric_kpi_is_found_whatever_its_unit),
        cmocka_unit_test(slots_without_sessions_do_not_matter),
        cmocka_unit_test(what_cannot_be_judged_says_so),
        cmocka_unit_test(p_is_that_of_maximally_selected_chi_squares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
