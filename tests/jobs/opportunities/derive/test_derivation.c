/* Derivation: what definitions make of a store's schema, and what is refused. */
#include "tests/jobs/opportunities/derive/schema_store.h"

static void without_definitions_the_store_is_what_it_was(void **state)
{
    struct schema_store *made = *state;
    struct derivation derivation;
    assert_ok(derivation_make(made->params, &made->store, made->arena, &derivation));
    assert_null(derivation.graph);
    assert_int_equal(derivation.store.n_kpis, 2);
    assert_ptr_equal(derivation.store.kpis, made->store.kpis);
    assert_ptr_equal(derivation.store.attributes, made->store.attributes);
}

static void kpis_and_attributes_stand_after_the_stored_ones(void **state)
{
    struct schema_store *made = *state;
    struct derivation derivation;
    assert_ok(lode_params_set(made->params, "kpis=lost: not has(pay);; n: count(any)"));
    assert_ok(schema_store_derive(made,
                                  "derived=mobile: os ~ '^(ios|android)';; system: os;; "
                                  "errors: count(error_*)",
                                  &derivation));
    assert_int_equal(derivation.store.n_kpis, 4);
    assert_string_equal(derivation.store.kpis[0].name, "kpi_crash");
    assert_string_equal(derivation.store.kpis[2].name, "lost");
    assert_true(derivation.store.kpis[2].is_binary);
    assert_string_equal(derivation.store.kpis[3].name, "n");
    assert_false(derivation.store.kpis[3].is_binary);
    assert_int_equal(derivation.store.n_attributes, 5);
    assert_string_equal(derivation.store.attributes[2].name, "mobile");
    assert_string_equal(derivation.store.attributes[2].dictionary.words[1], "true");
    assert_int_equal(derivation.store.attributes[3].dictionary.count, 3); /* those of os */
    assert_int_equal(derivation.store.attributes[4].dictionary.count, 0); /* not cut yet */
    assert_int_equal(made->store.n_kpis, 2); /* the store itself is as it was */
}

static void only_words_of_texts_are_put_in_order(void **state)
{
    struct derivation derivation;
    assert_ok(
        schema_store_derive(*state, "derived=a: has(pay);; b: os;; c: count(pay)", &derivation));
    assert_false(derivation_has_order(&derivation, 0)); /* stored */
    assert_true(derivation_has_order(&derivation, 2));
    assert_false(derivation_has_order(&derivation, 3));
    assert_true(derivation_has_order(&derivation, 4));
}

static void a_definition_may_use_one_that_comes_later_and_equal_nodes_are_one(void **state)
{
    struct schema_store *made = *state;
    struct derivation derivation;
    assert_ok(lode_params_set(made->params, "kpis=bad: many and has(pay)"));
    assert_ok(schema_store_derive(made, "derived=many: n > 3;; n: count(error_*);; same: n > 3",
                                  &derivation));
    assert_int_equal(derivation.attributes[0].node, derivation.attributes[2].node);
    assert_true(derivation.graph->n_nodes < derivation.graph->n_asked);
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    static const char *const cases[][2] = {
        {"derived=x: count(eror_a)", "derived:1:10: "},
        {"derived=ok: has(pay);; x: oss = 'web'", "derived:1:19: "},
        {"derived=x: y;; y: x", "derived:1:4: "},
        {"derived=os: has(pay)", "derived:1:5: 'os': the store has an attribute of that name"},
        {"derived=crash: has(pay)",
         "derived:1:8: 'crash': the store has a KPI of that name: kpi_crash"},
        {"derived=kpi_length: has(pay)", "'kpi_length': the store has a KPI of that name"},
        {"derived=lifecycle: has(pay)", "'lifecycle': the name is that of the life cycle"},
        {"kpis=system: os", "kpis:1:9: 'system': a KPI is a bool"},
        {"kpis=x: os + 1", "kpis:1:"},
        {"timezone=Europe/Berlim", "parameter timezone=Europe/Berlim"},
        {"bins=1", "parameter bins=1"},
        {"ignore=nothing", "nothing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct schema_store *made;
        void *own = NULL;
        struct derivation derivation;
        (void)state;
        schema_store_create(&own);
        made = own;
        if (strncmp(cases[i][0], "derived", 7) != 0 && strncmp(cases[i][0], "kpis", 4) != 0)
            assert_ok(lode_params_set(made->params, "derived=x: hour(time) < 9"));
        assert_status(LODE_E_USAGE, schema_store_derive(made, cases[i][0], &derivation));
        if (!strstr(lode_error_text(), cases[i][1]))
            fail_msg("'%s' does not say '%s'", lode_error_text(), cases[i][1]);
        schema_store_destroy(&own);
    }
}

static void a_name_as_kpi_and_as_attribute_is_refused(void **state)
{
    struct schema_store *made = *state;
    struct derivation derivation;
    assert_ok(lode_params_set(made->params, "kpis=x: has(pay)"));
    assert_status(LODE_E_USAGE, schema_store_derive(made, "derived=x: has(buy)", &derivation));
    assert_non_null(strstr(lode_error_text(), "derived:1:4: "));
}

int main(void)
{
#define with_store(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, schema_store_create, schema_store_destroy)
    const struct CMUnitTest tests[] = {
        with_store(without_definitions_the_store_is_what_it_was),
        with_store(kpis_and_attributes_stand_after_the_stored_ones),
        with_store(only_words_of_texts_are_put_in_order),
        with_store(a_definition_may_use_one_that_comes_later_and_equal_nodes_are_one),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        with_store(a_name_as_kpi_and_as_attribute_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
