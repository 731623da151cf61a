/* The hellinger detector against a plain loop for every family and variant, the reference answers
 * of real counters, and itself on the newest slots alone. */
#include "tests/unit.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/stats/random.h"
#include "jobs/hierarchy/detectors/detector.h"

enum { MOST_SLOTS = 9000, LINE = 4096, PATH_BYTES = 1024 };

static void scan(const struct detector_settings *settings, const double *x, int64_t n,
                 double *distance, int32_t *split)
{
    struct lode_arena *arena;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(detector_kinds[0]->scan(settings, x, n, arena, distance, split));
    lode_arena_destroy(arena);
}

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
    const struct detector_settings settings = {.window = 8, .least_side = 2};
    double distance[8];
    int32_t split[8];
    assert_int_equal(detector_kinds[0]->reach(&settings), 7);
    scan(&settings, x, 8, distance, split);
    for (int i = 0; i < 7; i++) assert_true(distance[i] == 0.0 && split[i] == 0);
    assert_near(distance[7], 4.0, 0, 1e-15);
    assert_int_equal(split[7], 4);
}

/* --- the definitions, written down --- */

struct side {
    double mean, variance;
};

static struct side side_of(const double *x, int64_t n)
{
    struct side side = {0};
    for (int64_t i = 0; i < n; i++) side.mean += x[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        side.variance += (x[i] - side.mean) * (x[i] - side.mean) / (double)n;
    return side;
}

static double plain_gaussian(struct side a, struct side b, double least)
{
    const double gap = (a.mean - b.mean) * (a.mean - b.mean);
    const double v = fmax(a.variance, least), w = fmax(b.variance, least);
    const double floor = (v + w + gap) / 1000;
    const double s = fmax(v, floor), t = fmax(w, floor);
    return log((s + t) / (2 * sqrt(s * t))) + gap / (2 * (s + t));
}

static double plain_exponential(double a, double b)
{
    const double floor = (a + b) / 1000, s = fmax(a, floor), t = fmax(b, floor);
    return a + b > 0 ? 2 * log((s + t) / (2 * sqrt(s * t))) : 0.0;
}

static double plain_split(enum detector_family family, const double *values, int64_t window,
                          int64_t split)
{
    double x[64] = {0}, low = DBL_MAX;
    for (int64_t i = 0; i < window; i++)
        if (values[i] > 0) low = fmin(low, values[i]);
    if (low == DBL_MAX) low = 1; /* none: all are the same */
    for (int64_t i = 0; i < window; i++) {
        x[i] = family == DETECTOR_GAUSSIAN ? values[i] : fmax(values[i], 0.0);
        if (family >= DETECTOR_LOGNORMAL) x[i] = log(fmax(values[i], low));
        if (family == DETECTOR_PARETO) x[i] -= log(low);
    }
    const struct side a = side_of(x, split), b = side_of(x + split, window - split);
    if (family == DETECTOR_POISSON)
        return (sqrt(a.mean) - sqrt(b.mean)) * (sqrt(a.mean) - sqrt(b.mean));
    if (family == DETECTOR_GAUSSIAN || family == DETECTOR_LOGNORMAL)
        return plain_gaussian(a, b, family == DETECTOR_LOGNORMAL ? 1e-9 : 0.0);
    return plain_exponential(a.mean, b.mean);
}

static void compare_window(const struct detector_settings *settings, const double *x, double seen,
                           int64_t at)
{
    const int64_t w = settings->window;
    int64_t first = settings->least_side, last = w - first;
    if (settings->splits == DETECTOR_SPLITS_CENTRE) first = last = w / 2;
    if (settings->splits == DETECTOR_SPLITS_EDGE) first = last = w - settings->edge;
    double best = 0.0;
    for (int64_t s = first; s <= last; s++)
        best = fmax(best, plain_split(settings->family, x, w, s));
    if (!(fabs(seen - best) <= 1e-12 + 1e-9 * best))
        fail_msg("%s, %s, W %lld, r %lld: %.17g, expected %.17g",
                 detector_family_names[settings->family], detector_splits_names[settings->splits],
                 (long long)w, (long long)settings->edge, seen, best);
    if (seen > 0) assert_near(plain_split(settings->family, x, w, at), best, 1e-12, 1e-9);
}

static void every_family_and_variant_agrees_with_its_definition(void **state)
{
    (void)state;
    enum { N = 150 };
    double x[N], distance[N];
    int32_t split[N];
    struct lode_random random = lode_random_begin(7, 0);
    for (int i = 0; i < N; i++) {
        x[i] = lode_random_chance(&random, 0.2) ? 0.0 : 40 + 30 * lode_random_normal(&random);
        if (i > 60 && i < 80) x[i] = 0.0; /* sides without a positive value */
    }
    for (enum detector_family family = DETECTOR_POISSON; family < DETECTOR_AUTO; family++)
        for (int v = 0; v <= DETECTOR_SPLITS_EDGE; v++)
            for (int64_t window = 2; window <= 40; window += 19)
                for (int64_t edge = 1; edge < window; edge += 7) {
                    const struct detector_settings settings = {.splits = (enum detector_splits)v,
                                                               .family = family,
                                                               .window = window,
                                                               .edge = edge,
                                                               .least_side = 1};
                    scan(&settings, x, N, distance, split);
                    for (int64_t i = window - 1; i < N; i++)
                        compare_window(&settings, x + i - window + 1, distance[i], split[i]);
                }
}

/* Several chunks, and a start anywhere: the promise by which detection reads few slots. */
static void the_newest_slots_alone_give_the_same_bits(void **state)
{
    (void)state;
    static double x[MOST_SLOTS], all[MOST_SLOTS], newest[MOST_SLOTS];
    static int32_t all_splits[MOST_SLOTS], newest_splits[MOST_SLOTS];
    struct lode_random random = lode_random_begin(9, 0);
    for (int i = 0; i < MOST_SLOTS; i++) x[i] = 3 + lode_random_normal(&random);
    for (enum detector_family family = DETECTOR_POISSON; family < DETECTOR_AUTO; family++)
        for (int v = 0; v <= DETECTOR_SPLITS_EDGE; v++) {
            const struct detector_settings settings = {.splits = (enum detector_splits)v,
                                                       .family = family,
                                                       .window = 50,
                                                       .edge = 7,
                                                       .least_side = 5};
            scan(&settings, x, MOST_SLOTS, all, all_splits);
            for (int64_t from = 4321; from < MOST_SLOTS; from += 1789) {
                scan(&settings, x + from, MOST_SLOTS - from, newest, newest_splits);
                const size_t count = (size_t)(MOST_SLOTS - from - 49);
                assert_memory_equal(all + from + 49, newest + 49, count * sizeof *all);
                assert_memory_equal(all_splits + from + 49, newest_splits + 49,
                                    count * sizeof *all_splits);
            }
        }
}

static void a_constant_counter_is_dead_in_every_family(void **state)
{
    (void)state;
    double x[64], distance[64];
    int32_t split[64];
    for (enum detector_family family = DETECTOR_POISSON; family < DETECTOR_AUTO; family++)
        for (int v = 0; v <= DETECTOR_SPLITS_EDGE; v++)
            for (int kind = 0; kind < 4; kind++) {
                const double values[] = {0.1, 0.0, -0.3, 1e307}; /* 0.1: its sums round */
                for (int i = 0; i < 64; i++) x[i] = values[kind];
                const struct detector_settings settings = {.splits = (enum detector_splits)v,
                                                           .family = family,
                                                           .window = 11,
                                                           .edge = 3,
                                                           .least_side = 2};
                scan(&settings, x, 64, distance, split);
                for (int i = 0; i < 64; i++)
                    if (distance[i] != 0.0 || split[i] != 0)
                        fail_msg("%s, %s, value %g: %g", detector_family_names[family],
                                 detector_splits_names[v], x[i], distance[i]);
            }
}

static void a_series_shorter_than_the_window_scores_nothing(void **state)
{
    (void)state;
    const double x[] = {1, 9, 1};
    const struct detector_settings settings = {.window = 4, .least_side = 2};
    double distance[3] = {1, 1, 1};
    int32_t split[3] = {1, 1, 1};
    scan(&settings, x, 3, distance, split);
    for (int i = 0; i < 3; i++) assert_true(distance[i] == 0.0 && split[i] == 0);
}

static void settings_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    const double x[] = {1, 9, 1};
    double distance[3];
    const struct detector_settings wrong[] = {
        {.window = 1, .least_side = 1},
        {.window = 3, .least_side = 2},
        {.window = 3, .splits = DETECTOR_SPLITS_EDGE, .edge = 3},
        {.window = 2, .least_side = 1, .family = DETECTOR_AUTO},
    };
    for (int i = 0; i < 4; i++)
        assert_status(LODE_E_BUG, detector_kinds[0]->scan(&wrong[i], x, 3, NULL, distance, NULL));
}

/* --- reference answers --- */

static FILE *open_parity(const char *what, int set)
{
    const char *given = getenv("LODE_DATA"), *ci = getenv("CI");
    const char *tests = strstr(__FILE__, "tests/jobs/hierarchy/");
    char data[PATH_BYTES], path[2 * PATH_BYTES];
    if (given)
        snprintf(data, sizeof data, "%s", given);
    else
        snprintf(data, sizeof data, "%.*s../shared/data", (int)(tests - __FILE__), __FILE__);
    snprintf(path, sizeof path, "%s/counters/parity/hellinger_%d_%s.csv", data, set, what);
    FILE *file = fopen(path, "r");
    if (!file && ci && strcmp(ci, "true") == 0) fail_msg("no %s; set LODE_DATA", path);
    if (!file) {
        print_message("SKIPPED: no %s; set LODE_DATA\n", path);
        skip();
    }
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
    char line[LINE], *fields[64] = {0};
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

/* The largest D of a window but that of one split. */
static double second_best(const double *x, int64_t window, int64_t least, int64_t but)
{
    double best = 0.0, left = 0.0, all = 0.0;
    for (int64_t k = 0; k < window; k++) all += x[k];
    for (int64_t s = 1; s <= window - least; s++) {
        left += x[s - 1];
        if (s < least || s == but) continue;
        const double right = fmax(0.0, all - left);
        const double d = sqrt(left / (double)s) - sqrt(right / (double)(window - s));
        best = fmax(best, d * d);
    }
    return best;
}

/* Columns of expected.csv: counter, i, then d, split and score of max, d and score of centre, edge.
 */
static void compare_counter(int set, const char *name, struct detector_settings settings,
                            const double *sigmas)
{
    static double x[MOST_SLOTS], d[3][MOST_SLOTS], sorted[MOST_SLOTS];
    static int32_t split[MOST_SLOTS];
    const int64_t n = read_counter(set, name, x), before = settings.window - 1;
    double sigma[3];
    for (int v = 0; v < 3; v++) {
        settings.splits = (enum detector_splits)v;
        scan(&settings, x, n, d[v], v == 0 ? split : NULL);
        memcpy(sorted, d[v], sizeof sorted);
        sigma[v] = detector_sigma(sorted + before, n - before, 0.001);
        assert_near(sigma[v], sigmas[v], 0, 1e-9);
    }
    FILE *file = open_parity("expected", set);
    char line[LINE], *f[16] = {0};
    int64_t compared = 0, with_split = 0;
    while (fgets(line, sizeof line, file)) {
        if (cut(line, f, 16) != 9 || strcmp(f[0], name) != 0) continue;
        const int64_t i = strtoll(f[1], NULL, 10), expected = strtoll(f[3], NULL, 10);
        const int columns[3] = {2, 5, 7};
        for (int v = 0; v < 3; v++) {
            assert_near(d[v][i], strtod(f[columns[v]], NULL), 1e-12, 1e-9);
            assert_near(detector_score(detector_e(sigma[v], d[v][i])),
                        strtod(f[columns[v] + (v == 0 ? 2 : 1)], NULL), 1e-9, 0);
        }
        compared++;
        /* only where the two best D differ by more than 1e-12 */
        if (i < before ||
            d[0][i] - second_best(x + i - before, settings.window, settings.least_side, expected) <=
                1e-12)
            continue;
        assert_int_equal(split[i], expected);
        with_split++;
    }
    fclose(file);
    assert_int_equal(compared, n);
    print_message("%s: %lld slots, %lld splits compared\n", name, (long long)n,
                  (long long)with_split);
}

static void the_reference_answers_of_real_counters_are_met(void **state)
{
    (void)state;
    for (int set = 1; set <= 2; set++) {
        FILE *file = open_parity("params", set);
        char line[LINE], empty[] = "", *f[8] = {empty, empty, empty, empty, empty, empty, empty};
        int counters = 0;
        assert_non_null(fgets(line, sizeof line, file)); /* header */
        while (fgets(line, sizeof line, file)) {
            assert_int_equal(cut(line, f, 8), 7);
            const double sigmas[] = {strtod(f[4], NULL), strtod(f[5], NULL), strtod(f[6], NULL)};
            const struct detector_settings settings = {.window = strtoll(f[1], NULL, 10),
                                                       .least_side = strtoll(f[2], NULL, 10),
                                                       .edge = strtoll(f[3], NULL, 10)};
            char name[64];
            snprintf(name, sizeof name, "%s", f[0]);
            compare_counter(set, name, settings, sigmas);
            counters++;
        }
        fclose(file);
        assert_true(counters >= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_found_where_it_is),
        cmocka_unit_test(every_family_and_variant_agrees_with_its_definition),
        cmocka_unit_test(the_newest_slots_alone_give_the_same_bits),
        cmocka_unit_test(a_constant_counter_is_dead_in_every_family),
        cmocka_unit_test(a_series_shorter_than_the_window_scores_nothing),
        cmocka_unit_test(settings_that_make_no_sense_are_refused),
        cmocka_unit_test(the_reference_answers_of_real_counters_are_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
