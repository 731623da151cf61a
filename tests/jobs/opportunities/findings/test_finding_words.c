/* Sentences about findings of the small world. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/findings/finding_words.h"
#include "tests/jobs/opportunities/small_world.h"

struct fixture {
    struct small_world world;
    struct cohort_rows cohorts;
    struct finding_sources sources;
    struct finding_words words;
};

static int setup(void **state)
{
    static struct fixture f;
    static const char *const settings[] = {"min_users=1", "sparse_after=2d", NULL};
    small_world_init(&f.world, settings);
    assert_ok(cohort_rows_make(&f.world.cohorts, &f.world.store, &f.world.options, f.world.arena,
                               &f.cohorts));
    f.sources = (struct finding_sources){.store = &f.world.store,
                                         .options = &f.world.options,
                                         .scenarios = &f.world.scenarios,
                                         .cohorts = &f.cohorts};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    small_world_clear(&f->world);
    return 0;
}

static void tell(struct fixture *f, const struct finding *finding)
{
    assert_ok(
        finding_words_make(&f->sources, &f->world.tokens, finding, f->world.arena, &f->words));
}

static const uint32_t login_error[] = {LOGIN, ERROR};

static struct finding pattern(int64_t normal_with)
{
    return (struct finding){.expert = EXPERT_PATTERN,
                            .is_binary = true,
                            .cohort = "",
                            .k = 2,
                            .tokens = login_error,
                            .table = {8, normal_with, 10, 40},
                            .ratio = 8,
                            .impact = 7.4};
}

/* Of row `row` of table cohorts, as findings.c would make it. */
static struct finding cohort(const struct fixture *f, int64_t row, const char *name)
{
    return (struct finding){.expert = EXPERT_COHORT,
                            .kpi = f->cohorts.rows[row].kpi,
                            .is_binary = f->cohorts.rows[row].is_binary,
                            .row = row,
                            .cohort = name,
                            .impact = 6.7};
}

static void a_pattern_is_told_with_its_rates_and_what_would_be_gained(void **state)
{
    struct fixture *f = *state;
    const struct finding finding = pattern(4);
    tell(f, &finding);
    assert_string_equal(f->words.hypothesis,
                        "sessions with login > error have kpi_fail more often");
    assert_string_equal(f->words.text,
                        "Sessions with login > error have kpi_fail more often: 80.0 % of the 10 "
                        "faulty sessions contain it, 10.0 % of the 40 normal ones (8.0 times the "
                        "rate). At the rate of the other sessions, about 7 fewer would be faulty.");
}

static void what_no_normal_session_has_is_said_so(void **state)
{
    struct fixture *f = *state;
    const struct finding finding = pattern(0);
    tell(f, &finding);
    assert_non_null(strstr(f->words.text, "none of the 40 normal ones"));
    assert_null(strstr(f->words.text, "times"));
}

static void a_pattern_in_a_cohort_names_the_cohort(void **state)
{
    struct fixture *f = *state;
    struct finding finding = pattern(4);
    finding.cohort = "os=ios";
    f->world.scenarios.list[0].attribute = 0;
    f->world.scenarios.list[0].value = 0;
    tell(f, &finding);
    assert_string_equal(
        f->words.hypothesis,
        "among sessions with os=ios, those with login > error have kpi_fail more often");
}

static void folded_findings_are_counted(void **state)
{
    struct fixture *f = *state;
    struct finding finding = pattern(4);
    finding.folded = 1;
    tell(f, &finding);
    assert_non_null(strstr(f->words.text, " Folded into this: 1 related finding."));
    finding.folded = 1234;
    tell(f, &finding);
    assert_non_null(strstr(f->words.text, "1,234 related findings."));
}

static void a_cohort_is_told_beside_all_sessions(void **state)
{
    struct fixture *f = *state;
    const struct finding ios = cohort(f, 0, "os=ios");
    tell(f, &ios);
    assert_string_equal(f->words.text,
                        "Sessions with os=ios have kpi_fail more often: 40.0 % of 20 sessions (10 "
                        "users) are faulty, 20.0 % of all (100 % more). At the rate of the other "
                        "sessions, about 7 fewer would be faulty.");
}

static void a_number_that_was_cut_has_its_own_sign(void **state)
{
    struct fixture *f = *state;
    static char few[] = "<3", *words[] = {few, few};
    struct derived_attribute attribute = {.type = EXPR_NUMBER};
    struct derivation derivation = {.attributes = &attribute};
    const struct finding first = cohort(f, 0, "os=<3");
    f->world.sets[0].values = words;
    f->world.options.derivation = &derivation;
    tell(f, &first);
    assert_string_equal(f->words.hypothesis, "sessions with os<3 have kpi_fail more often");
    derivation.n_stored_attributes = 1; /* a word of the store that looks like it */
    tell(f, &first);
    assert_string_equal(f->words.hypothesis, "sessions with os=<3 have kpi_fail more often");
}

static void a_numeric_kpi_is_higher_or_lower(void **state)
{
    struct fixture *f = *state;
    const struct finding ios = cohort(f, 5, "os=ios");
    tell(f, &ios);
    assert_string_equal(f->words.text,
                        "Sessions with os=ios have lower kpi_seconds: mean 10 in 20 sessions (10 "
                        "users), 16 over all (38 % less).");
    const struct finding web = cohort(f, 6, "os=web");
    tell(f, &web);
    assert_string_equal(f->words.hypothesis, "sessions with os=web have higher kpi_seconds");
}

static void life_cycle_cohorts_have_words_of_their_own(void **state)
{
    struct fixture *f = *state;
    const struct {
        char *value;
        const char *words;
    } cases[] = {
        {"session_index=1", "first sessions of users have kpi_fail more often"},
        {"session_index<=5", "first 5 sessions of users have kpi_fail more often"},
        {"session_index>5", "sessions after the first 5 of a user have kpi_fail more often"},
        {"session_after_gap",
         "sessions that follow a gap of more than 2d have kpi_fail more often"},
    };
    const struct finding finding = cohort(f, 3, "lifecycle=...");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *values[] = {"all", cases[i].value, "session_index=2"};
        f->world.sets[1].values = values;
        tell(f, &finding);
        assert_string_equal(f->words.hypothesis, cases[i].words);
    }
}

/* Row 0 becomes the pair of first sessions and ios, then of ios and web. */
static void a_pair_names_both(void **state)
{
    struct fixture *f = *state;
    small_world_add_pairs(&f->world);
    f->cohorts.rows[0].attribute = 2;
    const struct finding finding = cohort(f, 0, "lifecycle=session_index=1&os=ios");
    tell(f, &finding);
    assert_string_equal(f->words.hypothesis,
                        "first sessions of users with os=ios have kpi_fail more often");
    f->world.sets[2].parents[0] = 0;
    f->world.pair_values[0][0] = 0;
    f->world.pair_values[0][1] = 1;
    tell(f, &finding);
    assert_string_equal(f->words.hypothesis,
                        "sessions with os=ios and os=web have kpi_fail more often");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pattern_is_told_with_its_rates_and_what_would_be_gained,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_no_normal_session_has_is_said_so, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pattern_in_a_cohort_names_the_cohort, setup, teardown),
        cmocka_unit_test_setup_teardown(folded_findings_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cohort_is_told_beside_all_sessions, setup, teardown),
        cmocka_unit_test_setup_teardown(a_number_that_was_cut_has_its_own_sign, setup, teardown),
        cmocka_unit_test_setup_teardown(a_numeric_kpi_is_higher_or_lower, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pair_names_both, setup, teardown),
        cmocka_unit_test_setup_teardown(life_cycle_cohorts_have_words_of_their_own, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
