/* Counters with planted issues: the same text however it is cut, and the truth beside it true. */
#include "tests/unit.h"

#include "jobs/gen/counters/issue.h"
#include "jobs/gen/counters/service.h"
#include "jobs/gen/counters/stretch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lode_arena *arena;

static int setup(void **state)
{
    (void)state;
    return lode_arena_create(0, &arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    lode_arena_destroy(arena);
    return 0;
}

static lode_status advance(void *context)
{
    (void)context;
    return LODE_OK;
}

static struct gen_counters_options options_of(int64_t counters, int64_t slots, uint32_t planted)
{
    struct gen_counters_options options;
    gen_counters_defaults(&options);
    options.counters = counters;
    options.slots = slots;
    options.planted = planted;
    options.seed = 7;
    return options;
}

static void make(const struct gen_counters_options *options, int64_t first, int64_t count,
                 struct stretch_texts *texts)
{
    const struct stretch stretch = {.component = 4, .first = first, .count = count};
    assert_ok(stretch_make(options, &stretch, arena, advance, NULL, texts));
}

static void clear(struct stretch_texts *texts)
{
    lode_bytes_clear(&texts->rows);
    lode_bytes_clear(&texts->labels);
    lode_bytes_clear(&texts->noise);
    lode_bytes_clear(&texts->truth);
}

static void assert_same(const struct lode_bytes *a, const struct lode_bytes *b)
{
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
}

static void text_does_not_depend_on_where_it_is_cut(void **state)
{
    (void)state;
    const struct gen_counters_options options = options_of(12, 500, ISSUE_ALL);
    struct stretch_texts whole = {0}, pieces = {0};
    make(&options, 0, 1000, &whole);
    for (int64_t at = 0, size = 1; at < 1000; at += size, size = size % 37 + 1)
        make(&options, at, size < 1000 - at ? size : 1000 - at, &pieces);
    assert_true(whole.labels.size > 0 && whole.noise.size > 0 && whole.truth.size > 0);
    assert_same(&whole.rows, &pieces.rows);
    assert_same(&whole.labels, &pieces.labels);
    assert_same(&whole.noise, &pieces.noise);
    assert_same(&whole.truth, &pieces.truth);
    clear(&whole);
    clear(&pieces);
}

static void where_nothing_is_planted_nothing_is_told(void **state)
{
    (void)state;
    const struct gen_counters_options options = options_of(6, 300, 0);
    struct stretch_texts texts = {0};
    make(&options, 0, 600, &texts);
    assert_true(texts.rows.size > 0);
    assert_int_equal(texts.labels.size + texts.noise.size + texts.truth.size, 0);
    clear(&texts);
}

static void a_kind_is_the_same_with_and_without_the_others(void **state)
{
    (void)state;
    const struct gen_counters_options all = options_of(20, 4800, ISSUE_ALL);
    const struct gen_counters_options one = options_of(20, 4800, 1u << ISSUE_SPIKE);
    int n = 0;
    for (int64_t p = 0; p < 20; p++) {
        const struct issue a = issue_of_period(&all, 0, p), b = issue_of_period(&one, 0, p);
        assert_int_equal(b.exists, a.exists && a.kind == ISSUE_SPIKE);
        if (!b.exists) continue;
        n++;
        assert_int_equal(a.first, b.first);
        assert_int_equal(a.end, b.end);
        assert_int_equal(a.rising, b.rising);
    }
    assert_true(n > 0);
}

static void issues_lie_in_their_period_of_test_and_noise_anywhere(void **state)
{
    (void)state;
    const struct gen_counters_options options = options_of(20, 4801, ISSUE_ALL);
    int n_issues = 0, n_early = 0;
    for (int64_t p = 0; p < 30; p++) {
        const struct issue issue = issue_of_period(&options, 2, p);
        const int64_t first = options.slots + p * ISSUE_PERIOD;
        if (!issue.exists) continue;
        n_issues++;
        assert_true(issue.first >= first && issue.end <= first + ISSUE_PERIOD);
        assert_true(issue.end <= 2 * options.slots);
        assert_true(issue.end - issue.first >= 5 && issue.end - issue.first <= 30);
        assert_true(issue.rising != issue.falling);
    }
    for (int64_t p = 0; p < 10; p++) n_early += issue_noise(&options, 2, 3, p).exists;
    assert_true(n_issues > 0 && n_early > 0);
}

/* The parts of one component share those across them. */
static void an_issue_across_is_in_all_parts_at_once(void **state)
{
    (void)state;
    const struct gen_counters_options options = options_of(20, 24000, ISSUE_ALL);
    int n = 0;
    for (int64_t p = 0; p < 100; p++) {
        const struct issue first = issue_of_period(&options, 0, p);
        if (!first.exists || first.kind != ISSUE_ACROSS) continue;
        n++;
        for (int64_t part = 1; part < SERVICE_PARTS; part++) {
            const struct issue other = issue_of_period(&options, part, p);
            assert_true(other.exists && other.kind == ISSUE_ACROSS);
            assert_int_equal(other.first, first.first);
            assert_int_equal(other.rising, first.rising);
        }
    }
    assert_true(n > 0);
}

static void counters_belong_to_groups_of_five(void **state)
{
    (void)state;
    char name[SERVICE_NAME_SIZE];
    assert_int_equal(service_groups(3), 1);
    assert_int_equal(service_groups(12), 2);
    assert_int_equal(service_group(11, 12), 1); /* the last group takes the rest */
    service_counter_name(11, 12, name);
    assert_string_equal(name, "latency_7");
    service_counter_name(41, 50, name);
    assert_string_equal(name, "requests2_2");
    service_component_name(0, name);
    assert_string_equal(name, "shop.web.front");
    service_component_name(12 * 8 + 4, name);
    assert_string_equal(name, "shop2.api.worker");
}

static void kinds_are_read_by_name(void **state)
{
    (void)state;
    uint32_t planted = 99;
    assert_ok(issue_read_kinds("none", &planted));
    assert_int_equal(planted, 0);
    assert_ok(issue_read_kinds("all", &planted));
    assert_int_equal(planted, ISSUE_ALL);
    assert_ok(issue_read_kinds("noise,spike", &planted));
    assert_int_equal(planted, 1u << ISSUE_NOISE | 1u << ISSUE_SPIKE);
    assert_status(LODE_E_USAGE, issue_read_kinds("spike,acros", &planted));
    assert_non_null(strstr(lode_error_text(), "did you mean 'across'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_does_not_depend_on_where_it_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(where_nothing_is_planted_nothing_is_told, setup, teardown),
        cmocka_unit_test(a_kind_is_the_same_with_and_without_the_others),
        cmocka_unit_test(issues_lie_in_their_period_of_test_and_noise_anywhere),
        cmocka_unit_test(an_issue_across_is_in_all_parts_at_once),
        cmocka_unit_test(counters_belong_to_groups_of_five),
        cmocka_unit_test(kinds_are_read_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
