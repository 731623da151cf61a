/* Session columns as parameters: what is packed comes back, and bytes of anybody are refused. */
#include "tests/jobs/opportunities/derive/schema_store.h"

#include "common/wire/pack.h"
#include "jobs/opportunities/derive/session_columns.h"

static const char *const definitions =
    "derived=mobile: os ~ 'ios';; system: os;; errors: count(error_*);; late: hour(time) > 21;; "
    "slow: has(buy{url = '/a' and ms > 500})";

static void pack(struct schema_store *made, const struct session_wanted *wanted,
                 struct lode_bytes *out)
{
    struct derivation derivation;
    assert_ok(lode_params_set(made->params, "kpis=lost: not matches(buy => pay within 3s)"));
    assert_ok(schema_store_derive(made, definitions, &derivation));
    double cuts[] = {1, 2};
    derivation.attributes[2].cuts = (struct cuts){.n = 2, .at = cuts};
    derivation.store.attributes[4].dictionary.count = 3;
    assert_ok(session_columns_pack(&derivation.store, &derivation, wanted, out));
}

static lode_status unpack(struct lode_arena *arena, const uint8_t *data, size_t size,
                          struct session_columns *columns)
{
    struct lode_unpack in = lode_unpack_begin(data, size);
    struct lode_task task = {.arena = arena};
    *columns = (struct session_columns){0};
    lode_try(session_columns_unpack(&in, &task, columns));
    return lode_unpack_end(&in);
}

static void stored_and_derived_columns_come_back(void **state)
{
    struct schema_store *made = *state;
    struct lode_bytes packed = {0};
    struct session_columns columns;
    pack(made, NULL, &packed);
    assert_ok(unpack(made->arena, packed.data, packed.size, &columns));
    assert_int_equal(columns.n_kpis, 3);
    assert_string_equal(columns.kpis[2].name, "lost");
    assert_true(columns.kpis[2].is_binary);
    assert_int_equal(columns.kpis[0].n_missing, 1);
    assert_int_equal(columns.n_attributes, 7);
    assert_true(columns.attributes[1].of_user);
    assert_int_equal(columns.attributes[4].dictionary.count, 3);
    assert_int_equal(columns.part.n_kpis, 2);
    assert_int_equal(columns.part.n_attributes, 2);
    assert_non_null(columns.graph);
    assert_int_equal(columns.part.n_event_attributes, 2);
    assert_string_equal(columns.part.event_attributes[0].name, "url");
    assert_int_equal(columns.part.event_attributes[0].words.count, 2);
    assert_true(columns.part.event_attributes[1].is_number);
    lode_bytes_clear(&packed);
}

static void without_definitions_there_is_no_graph(void **state)
{
    struct schema_store *made = *state;
    struct lode_bytes packed = {0};
    struct session_columns columns;
    assert_ok(session_columns_pack(&made->store, NULL, NULL, &packed));
    assert_ok(unpack(made->arena, packed.data, packed.size, &columns));
    assert_null(columns.graph);
    assert_int_equal(columns.n_kpis, 2);
    lode_bytes_clear(&packed);
}

static void what_is_not_wanted_still_has_its_place(void **state)
{
    struct schema_store *made = *state;
    static const bool none[8] = {0};
    const struct session_wanted wanted = {.kpis = none, .attributes = none};
    struct lode_bytes packed = {0};
    struct session_columns columns;
    pack(made, &wanted, &packed);
    assert_ok(unpack(made->arena, packed.data, packed.size, &columns));
    assert_int_equal(columns.n_attributes, 7);
    lode_bytes_clear(&packed);
}

static void parameters_that_are_cut_short_are_refused(void **state)
{
    struct schema_store *made = *state;
    struct lode_bytes packed = {0};
    struct session_columns columns;
    pack(made, NULL, &packed);
    for (size_t size = 0; size < packed.size; size++)
        assert_true(unpack(made->arena, packed.data, size, &columns) != LODE_OK);
    lode_bytes_clear(&packed);
}

/* Under the sanitizers: whatever byte is another one, nothing is read that is not there. */
static void parameters_with_a_changed_byte_are_refused_or_whole(void **state)
{
    struct schema_store *made = *state;
    struct lode_bytes packed = {0};
    struct session_columns columns;
    pack(made, NULL, &packed);
    for (size_t at = 0; at < packed.size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct lode_arena *arena;
            assert_ok(lode_arena_create(64 << 20, &arena));
            packed.data[at] ^= (uint8_t)(1 << bit);
            if (unpack(arena, packed.data, packed.size, &columns) == LODE_OK) {
                assert_true(columns.part.n_kpis <= columns.n_kpis);
                assert_true(!columns.graph || columns.graph->n_kpis == columns.part.n_kpis);
            }
            packed.data[at] ^= (uint8_t)(1 << bit);
            lode_arena_destroy(arena);
        }
    }
    lode_bytes_clear(&packed);
}

int main(void)
{
#define with_store(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, schema_store_create, schema_store_destroy)
    const struct CMUnitTest tests[] = {
        with_store(stored_and_derived_columns_come_back),
        with_store(without_definitions_there_is_no_graph),
        with_store(what_is_not_wanted_still_has_its_place),
        with_store(parameters_that_are_cut_short_are_refused),
        with_store(parameters_with_a_changed_byte_are_refused_or_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
