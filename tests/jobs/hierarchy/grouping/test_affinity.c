#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "common/stats/random.h"
#include "jobs/hierarchy/grouping/affinity.h"
#include "reference.h"
#include "tests/unit.h"

enum { MOST = 120 };

static int arena_setup(void **state)
{
    return lode_arena_create(0, (struct lode_arena **)state) != LODE_OK;
}

static int arena_teardown(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static struct affinity_options options_of(double preference)
{
    return (struct affinity_options){.preference = preference,
                                     .damping = 0.9,
                                     .max_iterations = 2000,
                                     .stable = 100,
                                     .breaks_ties = true};
}

/* --- similarities --- */

/* Minus the squared distances of points around three centres on a plane. */
static void make_blobs(uint64_t seed, int64_t n, double *s)
{
    struct lode_random random = lode_random_begin(seed, 1);
    double x[MOST], y[MOST];
    for (int64_t i = 0; i < n; i++) {
        const double centre = 6.0 * (double)lode_random_below(&random, 3);
        x[i] = centre + lode_random_normal(&random);
        y[i] = lode_random_normal(&random);
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n; k++)
            s[i * n + k] = -((x[i] - x[k]) * (x[i] - x[k]) + (y[i] - y[k]) * (y[i] - y[k]));
}

/* Similarities in [0, 1) both ways; pairs that a coin drops get `absent`. */
static void make_sparse(uint64_t seed, int64_t n, double share, double absent, double *s)
{
    struct lode_random random = lode_random_begin(seed, 2);
    for (int64_t i = 0; i < n; i++) {
        s[i * n + i] = 0.0;
        for (int64_t k = 0; k < i; k++) {
            const double value = lode_random_uniform(&random);
            const bool is_there = lode_random_chance(&random, share);
            s[i * n + k] = s[k * n + i] = is_there ? value : absent;
        }
    }
}

/* The pairs that are not `absent`, as a graph. */
static struct affinity_graph graph_of(const double *s, int64_t n, double absent,
                                      struct lode_arena *arena)
{
    int64_t *begin, n_edges = 0;
    int32_t *to;
    double *similarity;
    assert_ok(lode_take(arena, n + 1, &begin));
    assert_ok(lode_take(arena, n * n, &to));
    assert_ok(lode_take(arena, n * n, &similarity));
    for (int64_t i = 0; i < n; i++) {
        begin[i] = n_edges;
        for (int64_t k = 0; k < n; k++) {
            if (k == i || s[i * n + k] == absent) continue; /* exact: the value put there */
            to[n_edges] = (int32_t)k;
            similarity[n_edges++] = s[i * n + k];
        }
    }
    begin[n] = n_edges;
    return (struct affinity_graph){n, begin, to, similarity};
}

/* --- the plain form: all messages of all pairs in matrices, scikit-learn's steps in their order
 * --- */

struct plain {
    double s[MOST * MOST], a[MOST * MOST], r[MOST * MOST];
    int exemplar[MOST], iterations;
    bool is_converged;
    double least; /* similarity of an item to the exemplar it first went to */
};

static void plain_responsibilities(struct plain *p, int64_t n, double damping)
{
    for (int64_t i = 0; i < n; i++) {
        double first = -HUGE_VAL, second = -HUGE_VAL;
        int64_t best = -1;
        for (int64_t k = 0; k < n; k++) {
            const double v = p->a[i * n + k] + p->s[i * n + k];
            if (v > first) {
                second = first;
                first = v;
                best = k;
            } else if (v > second) {
                second = v;
            }
        }
        for (int64_t k = 0; k < n; k++)
            p->r[i * n + k] = damping * p->r[i * n + k] +
                              (1 - damping) * (p->s[i * n + k] - (k == best ? second : first));
    }
}

static void plain_availabilities(struct plain *p, int64_t n, double damping)
{
    for (int64_t k = 0; k < n; k++) {
        double sum = 0.0;
        for (int64_t i = 0; i < n; i++)
            if (i != k) sum += fmax(0.0, p->r[i * n + k]);
        for (int64_t i = 0; i < n; i++) {
            const double all = p->r[k * n + k] + sum - fmax(0.0, p->r[i * n + k]);
            p->a[i * n + k] =
                damping * p->a[i * n + k] + (1 - damping) * (i == k ? sum : fmin(0.0, all));
        }
    }
}

static int64_t plain_nearest(const struct plain *p, int64_t n, const bool *is_exemplar, int64_t i)
{
    int64_t nearest = i;
    double most = -HUGE_VAL;
    for (int64_t k = 0; k < n && !is_exemplar[i]; k++) {
        if (!is_exemplar[k] || p->s[i * n + k] <= most) continue;
        most = p->s[i * n + k];
        nearest = k;
    }
    return nearest;
}

static void plain_assign(struct plain *p, int64_t n, const bool *settled)
{
    bool is_exemplar[MOST], refined[MOST] = {false};
    memcpy(is_exemplar, settled, sizeof is_exemplar);
    for (int64_t i = 0; i < n; i++) {
        p->exemplar[i] = (int)plain_nearest(p, n, is_exemplar, i);
        p->least = fmin(p->least, p->s[i * n + p->exemplar[i]]);
    }
    for (int64_t x = 0; x < n; x++) {
        if (!is_exemplar[x]) continue;
        double most = -HUGE_VAL;
        int64_t chosen = -1;
        for (int64_t k = 0; k < n; k++) {
            double inside = 0.0;
            if (p->exemplar[k] != x) continue;
            for (int64_t i = 0; i < n; i++)
                if (p->exemplar[i] == x) inside += p->s[i * n + k];
            if (inside > most) {
                most = inside;
                chosen = k;
            }
        }
        refined[chosen] = true;
    }
    for (int64_t i = 0; i < n; i++) p->exemplar[i] = (int)plain_nearest(p, n, refined, i);
}

static struct plain *plain_run(const double *s, int64_t n, const struct affinity_options *options,
                               struct lode_arena *arena)
{
    struct plain *p;
    bool is_exemplar[MOST] = {false};
    int64_t same = 0;
    assert_ok(lode_take_zero(arena, 1, &p));
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n; k++)
            p->s[i * n + k] = (i == k ? options->preference : s[i * n + k]) -
                              (options->breaks_ties ? 1e-9 * (double)k : 0.0);
    while (p->iterations < options->max_iterations && !p->is_converged) {
        bool has_changed = false, is_any = false;
        plain_responsibilities(p, n, options->damping);
        plain_availabilities(p, n, options->damping);
        for (int64_t k = 0; k < n; k++) {
            const bool is_now = p->a[k * n + k] + p->r[k * n + k] > 0;
            has_changed |= is_now != is_exemplar[k];
            is_any |= is_now;
            is_exemplar[k] = is_now;
        }
        same = has_changed ? 1 : same + 1;
        p->is_converged = ++p->iterations > options->stable && same >= options->stable && is_any;
    }
    plain_assign(p, n, is_exemplar);
    return p;
}

/* What oscillates to the end has no last state that rounding would not move: only converged answers
 * are compared item by item. Returns whether it was one. */
static bool compare_plain(const struct plain *p, const struct affinity_result *got, int64_t n,
                          uint64_t seed)
{
    if (p->iterations != got->n_iterations || p->is_converged != got->is_converged)
        fail_msg("seed %llu: %d iterations, not %lld", (unsigned long long)seed, p->iterations,
                 (long long)got->n_iterations);
    for (int64_t i = 0; i < n && got->is_converged; i++)
        if (p->exemplar[i] != got->exemplar[i])
            fail_msg("seed %llu: item %lld goes to %d, not to %d", (unsigned long long)seed,
                     (long long)i, p->exemplar[i], got->exemplar[i]);
    return got->is_converged;
}

static void all_pairs_give_what_the_plain_form_gives(void **state)
{
    int compared = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        const int64_t n = 5 + (int64_t)(seed * 7 % 60);
        struct affinity_options options = options_of(seed % 2 ? -20.0 : -3.0);
        struct affinity_result got;
        double *s;
        lode_arena_reset(*state);
        assert_ok(lode_take(*state, n * n, &s));
        options.damping = seed % 3 ? 0.9 : 0.6;
        options.breaks_ties = seed % 5 != 0;
        make_blobs(seed, n, s);
        assert_ok(affinity_propagate_dense(s, n, &options, *state, &got));
        compared += compare_plain(plain_run(s, n, &options, *state), &got, n, seed);
    }
    print_message("%d compared\n", compared);
    assert_true(compared >= 36);
}

/* Scikit-learn has to be told that a pair is absent by a similarity far below all others. */
static void some_pairs_give_what_all_give_with_absent_ones_very_low(void **state)
{
    int compared = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        const int64_t n = 5 + (int64_t)(seed * 11 % 60);
        const double absent = -1e4;
        const struct affinity_options options = options_of(0.05 * (double)(seed % 7));
        struct affinity_result some, all;
        double *s;
        lode_arena_reset(*state);
        assert_ok(lode_take(*state, n * n, &s));
        make_sparse(seed, n, 0.3, absent, s);
        const struct affinity_graph graph = graph_of(s, n, absent, *state);
        assert_ok(affinity_propagate(&graph, &options, *state, &some));
        assert_ok(affinity_propagate_dense(s, n, &options, *state, &all));
        const struct plain *p = plain_run(s, n, &options, *state);
        compare_plain(p, &all, n, seed);
        /* all pairs glue an item that no exemplar is similar to, some pairs leave it alone */
        bool is_glued = p->least < absent / 2;
        for (int64_t i = 0; i < n; i++) is_glued |= graph.begin[i] == graph.begin[i + 1];
        if (!is_glued) compared += compare_plain(p, &some, n, seed);
    }
    print_message("%d compared\n", compared);
    assert_true(compared >= 30);
}

/* --- reference answers --- */

static double net_of(const double *s, int64_t n, double preference, const int32_t *exemplar)
{
    double net = 0.0;
    for (int64_t i = 0; i < n; i++) net += exemplar[i] == i ? preference : s[i * n + exemplar[i]];
    return net;
}

/* The same partition, whatever the numbers of the parts. */
static void assert_partition(const struct reference *expected, const int32_t *exemplar)
{
    for (int64_t i = 0; i < expected->n_rows; i++)
        for (int64_t j = 0; j < i; j++) {
            const bool is_together =
                strcmp(expected->cells[i * 3 + 1], expected->cells[j * 3 + 1]) == 0;
            if ((exemplar[i] == exemplar[j]) != is_together)
                fail_msg("items %lld and %lld", (long long)i, (long long)j);
        }
}

static void compare_case(const struct reference *index, int64_t row, struct lode_arena *arena)
{
    char name[64];
    struct reference matrix, expected;
    struct affinity_result all, some;
    double *s;
    const int64_t n = (int64_t)reference_number(index, row, 3);
    struct affinity_options options = options_of(reference_number(index, row, 1));
    options.damping = reference_number(index, row, 2);
    snprintf(name, sizeof name, "ap_%s_similarity.csv", index->cells[row * index->n_columns]);
    reference_load(name, arena, &matrix);
    snprintf(name, sizeof name, "ap_%s_expected.csv", index->cells[row * index->n_columns]);
    reference_load(name, arena, &expected);
    assert_true(matrix.n_rows == n && matrix.n_columns == n && expected.n_rows == n);
    assert_ok(lode_take(arena, n * n, &s));
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n; k++) s[i * n + k] = reference_number(&matrix, i, k);

    const double value = reference_number(index, row, 5);
    const double least =
        value - 1e-6 * fmax(1.0, fabs(value)) - fabs(options.preference); /* its README */
    const struct affinity_graph edges = graph_of(s, n, 0.0, arena);
    assert_ok(affinity_propagate_dense(s, n, &options, arena, &all));
    assert_ok(affinity_propagate(&edges, &options, arena, &some));
    print_message("case %lld: net %.6f and %.6f, expected %.6f; %lld and %lld iterations\n",
                  (long long)row + 1, all.net_similarity, some.net_similarity, value,
                  (long long)all.n_iterations, (long long)some.n_iterations);
    assert_true(fabs(all.net_similarity - net_of(s, n, options.preference, all.exemplar)) < 1e-9);
    assert_true(all.is_converged && all.net_similarity >= least);
    assert_true(some.is_converged && some.net_similarity >= least);
    /* who is worth more than nothing has no use for an exemplar of similarity 0 */
    if (options.preference > 0.0)
        assert_memory_equal(some.exemplar, all.exemplar, (size_t)n * sizeof *all.exemplar);
    if (reference_number(index, row, 7) == 1.0) { /* 0 or 1 */
        assert_partition(&expected, all.exemplar);
        assert_partition(&expected, some.exemplar);
        assert_int_equal(all.n_clusters, (int64_t)reference_number(index, row, 4));
    }
}

static void the_reference_answers_are_met(void **state)
{
    struct reference index;
    reference_load("ap_index.csv", *state, &index);
    assert_int_equal(index.n_rows, 6);
    for (int64_t row = 0; row < index.n_rows; row++) compare_case(&index, row, *state);
}

/* --- properties --- */

static void a_permutation_of_items_permutes_the_answer(void **state)
{
    int compared = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        const int64_t n = 10 + (int64_t)(seed % 40);
        struct lode_random random = lode_random_begin(seed, 3);
        const struct affinity_options options = options_of(-10.0);
        struct affinity_result one, other;
        double *s, *moved;
        int64_t to[MOST];
        lode_arena_reset(*state);
        assert_ok(lode_take(*state, n * n, &s));
        assert_ok(lode_take(*state, n * n, &moved));
        for (int64_t i = 0; i < n; i++) {
            const int64_t j = (int64_t)lode_random_below(&random, (uint64_t)i + 1);
            to[i] = to[j];
            to[j] = i;
        }
        /* not symmetric: a symmetric one has ties, which the numbers of items decide */
        make_blobs(seed, n, s);
        for (int64_t i = 0; i < n * n; i++)
            s[i] = s[i] < -30.0 ? -99.0 : s[i] - 0.1 * lode_random_uniform(&random);
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < n; k++) moved[to[i] * n + to[k]] = s[i * n + k];
        const struct affinity_graph first = graph_of(s, n, -99.0, *state);
        const struct affinity_graph second = graph_of(moved, n, -99.0, *state);
        assert_ok(affinity_propagate(&first, &options, *state, &one));
        assert_ok(affinity_propagate(&second, &options, *state, &other));
        assert_int_equal(one.is_converged, other.is_converged);
        compared += one.is_converged;
        for (int64_t i = 0; i < n && one.is_converged; i++)
            if (other.exemplar[to[i]] != to[one.exemplar[i]])
                fail_msg("seed %llu, item %lld", (unsigned long long)seed, (long long)i);
    }
    print_message("%d compared\n", compared);
    assert_true(compared >= 24);
}

/* The best net similarity of any set of exemplars. */
static double best_net(const double *s, int64_t n, double preference)
{
    double best = -HUGE_VAL;
    for (int set = 1; set < 1 << n; set++) {
        double net = 0.0;
        for (int64_t i = 0; i < n; i++) {
            double most = -HUGE_VAL;
            for (int64_t k = 0; k < n; k++)
                if (set >> k & 1) most = fmax(most, s[i * n + k]);
            net += set >> i & 1 ? preference : most;
        }
        best = fmax(best, net);
    }
    return best;
}

/* Exact: never above the optimum, every item at its most similar exemplar. The optimum itself is
 * no promise of message passing; of these 300 it is reached by all but a few. */
static void the_optimum_of_few_items_is_never_passed_and_nearly_always_reached(void **state)
{
    int reached = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        const int64_t n = 3 + (int64_t)(seed % 7);
        const struct affinity_options options = options_of(seed % 2 ? -8.0 : -2.0);
        struct affinity_result got;
        double s[9 * 9];
        lode_arena_reset(*state);
        make_blobs(seed, n, s);
        assert_ok(affinity_propagate_dense(s, n, &options, *state, &got));
        const double best = best_net(s, n, options.preference);
        assert_true(got.net_similarity <= best + 1e-9);
        reached += got.net_similarity >= best - 1e-6;
        for (int64_t i = 0; i < n; i++) {
            assert_int_equal(got.exemplar[got.exemplar[i]], got.exemplar[i]);
            for (int64_t k = 0; k < n && got.exemplar[i] != i; k++)
                if (got.exemplar[k] == k && k != i)
                    assert_true(s[i * n + got.exemplar[i]] >= s[i * n + k] - 1e-8);
        }
    }
    print_message("optimum reached by %d of 300\n", reached);
    assert_true(reached >= 285);
}

/* --- by head --- */

/* 0, 1, 2 close together, 1 in the middle; 3 and 4 close. */
static const double five[] = {0,    -1,   -4,   -400, -441, -1, 0,  -1,   -361, -400, -4, -1, 0,
                              -324, -361, -400, -361, -324, 0,  -1, -441, -400, -361, -1, 0};

static void the_middle_of_three_is_their_exemplar(void **state)
{
    const struct affinity_options options = options_of(-20);
    const int32_t expected[] = {1, 1, 1, 3, 3};
    struct affinity_result got;
    assert_ok(affinity_propagate_dense(five, 5, &options, *state, &got));
    assert_memory_equal(got.exemplar, expected, sizeof expected);
    assert_int_equal(got.n_clusters, 2);
    assert_true(got.net_similarity == -1 - 1 - 1 - 20 - 20);
    assert_true(got.is_converged && got.n_iterations > 100);
}

static void a_given_exemplar_stays_and_others_come_beside_it(void **state)
{
    struct affinity_options options = options_of(-20);
    const int32_t given[] = {2}, expected[] = {2, 2, 2, 3, 3};
    struct affinity_result got;
    options.exemplars = given;
    options.n_exemplars = 1;
    assert_ok(affinity_propagate_dense(five, 5, &options, *state, &got));
    assert_memory_equal(got.exemplar, expected, sizeof expected);
    assert_true(got.net_similarity == -4 - 1 - 1 - 20 - 20);

    const struct affinity_graph graph = graph_of(five, 5, -441, *state);
    assert_ok(affinity_propagate(&graph, &options, *state, &got));
    assert_memory_equal(got.exemplar, expected, sizeof expected);
}

/* Item 2 has no edges: with all similarities and the preference below 0 it is still alone. */
static void an_item_without_edges_is_its_own_exemplar(void **state)
{
    const int64_t begin[] = {0, 1, 2, 2};
    const int32_t to[] = {1, 0}, expected[] = {0, 0, 2};
    const double similarity[] = {-1, -1};
    const struct affinity_graph graph = {3, begin, to, similarity};
    const struct affinity_options options = options_of(-5);
    struct affinity_result got;
    assert_ok(affinity_propagate(&graph, &options, *state, &got));
    assert_memory_equal(got.exemplar, expected, sizeof expected);
    assert_true(got.is_converged && got.n_clusters == 2);
}

static void one_item_is_a_cluster(void **state)
{
    const struct affinity_options options = options_of(-5);
    const double none = 0;
    struct affinity_result got;
    assert_ok(affinity_propagate_dense(&none, 1, &options, *state, &got));
    assert_int_equal(got.exemplar[0], 0);
    assert_int_equal(got.n_clusters, 1);
}

static void equal_items_have_the_first_as_exemplar(void **state)
{
    const struct affinity_options options = options_of(0.5);
    struct affinity_result got;
    double s[25];
    for (int i = 0; i < 25; i++) s[i] = 1.0;
    assert_ok(affinity_propagate_dense(s, 5, &options, *state, &got));
    for (int i = 0; i < 5; i++) assert_int_equal(got.exemplar[i], 0);
}

/* After one iteration nobody has chosen itself. */
static void a_last_state_without_exemplars_has_no_clusters(void **state)
{
    struct affinity_options options = options_of(-20);
    struct affinity_result got;
    options.max_iterations = 1;
    assert_ok(affinity_propagate_dense(five, 5, &options, *state, &got));
    for (int i = 0; i < 5; i++) assert_int_equal(got.exemplar[i], -1);
    assert_true(!got.is_converged && got.n_iterations == 1 && got.n_clusters == 0);
}

static void what_is_not_finite_or_out_of_range_is_refused(void **state)
{
    struct affinity_options options = options_of(-5);
    struct affinity_result got = {.n_clusters = 77};
    const double bad[] = {0, nan(""), -1, 0};
    const int64_t begin[] = {0, 1, 2};
    const int32_t itself[] = {0, 0}, right[] = {1, 0}, twice[] = {1, 1};
    const double good[] = {-1, -1};
    const struct affinity_graph loop = {2, begin, itself, good};
    const struct affinity_graph graph = {2, begin, right, good};

    assert_status(LODE_E_NUMERIC, affinity_propagate_dense(bad, 2, &options, *state, &got));
    assert_non_null(strstr(lode_error_text(), "items 0 and 1"));
    assert_status(LODE_E_BUG, affinity_propagate(&loop, &options, *state, &got));
    options.exemplars = twice;
    options.n_exemplars = 2;
    assert_status(LODE_E_BUG, affinity_propagate(&graph, &options, *state, &got));
    options.n_exemplars = 0;
    options.damping = 0.4;
    assert_status(LODE_E_BUG, affinity_propagate(&graph, &options, *state, &got));
    assert_int_equal(got.n_clusters, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_give_what_the_plain_form_gives),
        cmocka_unit_test(some_pairs_give_what_all_give_with_absent_ones_very_low),
        cmocka_unit_test(the_reference_answers_are_met),
        cmocka_unit_test(a_permutation_of_items_permutes_the_answer),
        cmocka_unit_test(the_optimum_of_few_items_is_never_passed_and_nearly_always_reached),
        cmocka_unit_test(the_middle_of_three_is_their_exemplar),
        cmocka_unit_test(a_given_exemplar_stays_and_others_come_beside_it),
        cmocka_unit_test(an_item_without_edges_is_its_own_exemplar),
        cmocka_unit_test(one_item_is_a_cluster),
        cmocka_unit_test(equal_items_have_the_first_as_exemplar),
        cmocka_unit_test(a_last_state_without_exemplars_has_no_clusters),
        cmocka_unit_test(what_is_not_finite_or_out_of_range_is_refused),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
