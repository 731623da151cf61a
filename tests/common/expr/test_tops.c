/* Tops: counting in a first pass, ranking, filling; the global example of the paper. */
#include "tests/common/expr/builder.h"

#include "common/expr/tops.h"

enum { WORDS = 4 };

static char *words[] = {"/pay", "/home", "/cart", "/about"};
static const struct lode_dictionary urls = {words, WORDS};

static struct builder builder;
static struct part part;

static int begin(void **state)
{
    builder_begin(&builder);
    part_begin(&part);
    part_user(&part);
    return lode_arena_create(0, (struct lode_arena **)state) != LODE_OK;
}

static int end(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

/* requests (r) between login_start (s) and login_end (e); their url is event attribute 0 */
static int32_t requests_during_login(void)
{
    const int32_t from = select_names(&builder, "s"), until = select_names(&builder, "e");
    return select_window(&builder, "r", EXPR_BETWEEN, from, until);
}

static int32_t add_top(int64_t n, int64_t attribute, int32_t selector)
{
    builder.tops[builder.graph.n_tops] =
        (struct expr_top){.n = n, .attribute = attribute, .selector = selector};
    return builder.graph.n_tops++;
}

static void put_urls(int64_t session, const uint32_t *codes)
{
    const int64_t from = part.event_offsets[session], to = part.event_offsets[session + 1];
    memcpy(part.event_codes[0] + from, codes, sizeof *codes * (size_t)(to - from));
}

/* count(request{url in top(1, url of request between login_start and login_end)}) */
static void example_requests_to_the_most_frequent_urls_of_logins(void **state)
{
    static double values[PART_SESSIONS];
    const uint32_t none = LODE_NO_CODE;
    put_urls(part_session(&part, 0, "r0 s1 r2 r3 r4 e5 r6"),
             (const uint32_t[]){0, none, 1, 2, none, none, 0});
    put_urls(part_session(&part, 0, "s1 r2 e3 r4 r5"), (const uint32_t[]){none, 2, none, 0, 2});
    const int32_t top = add_top(1, 0, requests_during_login());
    const int32_t frequent = select_names(&builder, "r");
    add_condition(&builder, frequent, (struct expr_condition){.top = top});
    const int32_t node = count_of(&builder, frequent);
    int64_t counted[WORDS] = {0}, *counts = counted;
    const int64_t n_counts = WORDS;
    int32_t round_of[1], n_rounds;
    struct expr_program *program;

    assert_ok(expr_tops_rounds(&builder.graph, &node, 1, *state, round_of, &n_rounds));
    assert_int_equal(n_rounds, 1);
    assert_int_equal(round_of[0], 0);
    assert_status(LODE_E_BUG, expr_program_make(&builder.graph, &node, 1, NULL, *state, &program));
    assert_ok(expr_tops_count(&builder.graph, &top, 1, &part.columns, *state, &n_counts, &counts));
    const int64_t expected[WORDS] = {0, 1, 2, 0}; /* /home once, /cart twice, during logins */
    assert_memory_equal(counted, expected, sizeof expected);
    assert_ok(expr_tops_fill(&builder.graph, top, counted, &urls, *state));
    evaluate(&builder, &part, node, values);

    assert_true(values[0] == 1.0); /* r3 */
    assert_true(values[1] == 2.0); /* r2 and r5 */
}

static void ties_go_to_the_word_that_is_first_by_its_bytes(void **state)
{
    const int32_t top = add_top(2, 0, select_names(&builder, "r"));
    const int32_t selector = select_names(&builder, NULL);
    add_condition(&builder, selector, (struct expr_condition){.top = top});
    const int64_t counts[WORDS] = {5, 5, 7, 5};
    assert_ok(expr_tops_fill(&builder.graph, top, counts, &urls, *state));
    const uint8_t expected[WORDS + 1] = {0, 0, 1, 1, 0}; /* /cart by count, /about by name */
    assert_memory_equal(builder.conditions[selector][0].words, expected, sizeof expected);
    assert_int_equal(builder.conditions[selector][0].n_words, WORDS);
}

static void what_never_occurs_is_in_no_top(void **state)
{
    const int32_t top = add_top(3, 0, select_names(&builder, "r"));
    const int32_t selector = select_names(&builder, NULL);
    add_condition(&builder, selector, (struct expr_condition){.top = top});
    const int64_t counts[WORDS] = {0, 0, 7, 0};
    assert_ok(expr_tops_fill(&builder.graph, top, counts, &urls, *state));
    const uint8_t expected[WORDS + 1] = {0, 0, 1, 0, 0};
    assert_memory_equal(builder.conditions[selector][0].words, expected, sizeof expected);
}

/* The two most frequent names; then the most frequent of those that come after one of them. */
static void a_top_may_select_by_another_top(void **state)
{
    char letters[BUILDER_NAMES][2], *texts[BUILDER_NAMES];
    for (int i = 0; i < BUILDER_NAMES; i++) {
        letters[i][0] = (char)('a' + i);
        letters[i][1] = '\0';
        texts[i] = letters[i];
    }
    const struct lode_dictionary names = {texts, BUILDER_NAMES};
    part_session(&part, 0, "c1 a2 a3 b4 b5 c6 c7");
    const int32_t first = add_top(1, -1, select_window(&builder, "ab", EXPR_ALWAYS, -1, -1));
    const int32_t frequent = select_names(&builder, NULL);
    builder.selectors[frequent].top = first;
    const int32_t second = add_top(1, -1, select_window(&builder, "bc", EXPR_AFTER, frequent, -1));
    const int32_t then = select_names(&builder, NULL);
    builder.selectors[then].top = second;
    const int32_t node = count_of(&builder, then);
    int32_t round_of[2], n_rounds;
    int64_t counted[BUILDER_NAMES] = {0}, *counts = counted;
    const int64_t n_counts = BUILDER_NAMES;

    assert_ok(expr_tops_rounds(&builder.graph, &node, 1, *state, round_of, &n_rounds));
    assert_int_equal(n_rounds, 2);
    assert_int_equal(round_of[first], 0);
    assert_int_equal(round_of[second], 1);
    for (int32_t top = first; top <= second; top++) {
        memset(counted, 0, sizeof counted);
        assert_ok(
            expr_tops_count(&builder.graph, &top, 1, &part.columns, *state, &n_counts, &counts));
        assert_ok(expr_tops_fill(&builder.graph, top, counted, &names, *state));
    }
    static double values[PART_SESSIONS];
    evaluate(&builder, &part, node, values);
    assert_true(values[0] == 2.0); /* a, by name; after it b and c twice each, b by name */
}

static void a_top_that_selects_by_itself_is_refused(void **state)
{
    const int32_t selector = select_names(&builder, NULL);
    builder.selectors[selector].top = add_top(1, -1, selector);
    const int32_t node = count_of(&builder, selector);
    int32_t round_of[1], n_rounds;
    assert_status(LODE_E_BUG,
                  expr_tops_rounds(&builder.graph, &node, 1, *state, round_of, &n_rounds));
}

static void counts_of_names_need_names_and_windows_no_times(void **state)
{
    const int32_t top = add_top(1, 0, requests_during_login());
    const struct expr_schema_counts schema = {.n_event_attributes = 2};
    struct expr_needs needs;
    assert_ok(expr_tops_needs(&builder.graph, &top, 1, &schema, *state, &needs));
    assert_true(needs.event_offsets && needs.event_names);
    assert_false(needs.event_times || needs.starts);
    assert_true(needs.event_attributes[0] && !needs.event_attributes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(example_requests_to_the_most_frequent_urls_of_logins, begin,
                                        end),
        cmocka_unit_test_setup_teardown(ties_go_to_the_word_that_is_first_by_its_bytes, begin, end),
        cmocka_unit_test_setup_teardown(what_never_occurs_is_in_no_top, begin, end),
        cmocka_unit_test_setup_teardown(a_top_may_select_by_another_top, begin, end),
        cmocka_unit_test_setup_teardown(a_top_that_selects_by_itself_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(counts_of_names_need_names_and_windows_no_times, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
