/* The graph: equal items are one, and its bytes are read as the same graph or refused. */
#include "tests/unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/expr/random_text.h"
#include "tests/common/expr/schema.h"

enum { RANDOM_GRAPHS = 100, PER_GRAPH = 20, MUTATIONS = 300 };

static const struct expr_graph frame = {.n_attributes = 2, .n_kpis = 1, .n_names = 3};

static struct expr_builder *builder_in(struct lode_arena **arena)
{
    struct expr_builder *builder;
    assert_ok(lode_arena_create(0, arena));
    assert_ok(expr_builder_create(&frame, *arena, &builder));
    return builder;
}

static int32_t add_number(struct expr_builder *builder, double number)
{
    struct expr_node node = expr_node_of(EXPR_CONSTANT);
    int32_t index = -1;
    node.number = number;
    assert_ok(expr_add_node(builder, node, &index));
    return index;
}

static lode_status add_binary(struct expr_builder *builder, enum expr_op op, int32_t a, int32_t b,
                              int32_t *index)
{
    struct expr_node node = expr_node_of(op);
    node.args[0] = a;
    node.args[1] = b;
    return expr_add_node(builder, node, index);
}

static void equal_items_are_one(void **state)
{
    (void)state;
    struct lode_arena *arena;
    struct expr_builder *builder = builder_in(&arena);
    int32_t first = -1, second = -1;
    for (int i = 0; i < 1000; i++) assert_int_equal(i, add_number(builder, i));
    for (int i = 0; i < 1000; i++) assert_int_equal(i, add_number(builder, i));
    assert_ok(add_binary(builder, EXPR_ADD, 3, 4, &first));
    assert_ok(add_binary(builder, EXPR_ADD, 4, 3, &second));
    assert_int_equal(first, second);
    assert_ok(add_binary(builder, EXPR_SUBTRACT, 3, 4, &first));
    assert_ok(add_binary(builder, EXPR_SUBTRACT, 4, 3, &second));
    assert_int_not_equal(first, second);
    assert_int_equal(1003, expr_builder_graph(builder)->n_nodes);
    assert_int_equal(2004, expr_builder_graph(builder)->n_asked);
    lode_arena_destroy(arena);
}

static void what_was_rewound_is_not_found_again(void **state)
{
    (void)state;
    struct lode_arena *arena;
    struct expr_builder *builder = builder_in(&arena);
    for (int i = 0; i < 10; i++) add_number(builder, i);
    for (int round = 0; round < 50; round++) {
        const struct expr_builder_mark mark = expr_builder_mark(builder);
        for (int i = 0; i < 100; i++) add_number(builder, 1000 * round + i + 0.5);
        expr_builder_rewind(builder, mark);
        assert_int_equal(10, expr_builder_graph(builder)->n_nodes);
        for (int i = 0; i < 10; i++) assert_int_equal(i, add_number(builder, i));
    }
    lode_arena_destroy(arena);
}

static void what_does_not_fit_is_not_added(void **state)
{
    (void)state;
    struct lode_arena *arena;
    struct expr_builder *builder = builder_in(&arena);
    int32_t index = -5, number = add_number(builder, 1);
    struct expr_node attribute = expr_node_of(EXPR_ATTRIBUTE), nan = expr_node_of(EXPR_CONSTANT);
    struct expr_selector selector = {.top = -1, .window = EXPR_BEFORE, .from = 0, .until = -1};
    struct expr_pattern pattern = {.within_ms = 5};
    struct expr_series series = {.component = -1, .by = 2};
    attribute.index = 2;
    nan.number = (double)NAN;
    assert_status(LODE_E_USAGE, add_binary(builder, EXPR_AND, number, number, &index));
    assert_status(LODE_E_USAGE, add_binary(builder, EXPR_ADD, number, 7, &index));
    assert_status(LODE_E_USAGE, expr_add_node(builder, attribute, &index));
    assert_status(LODE_E_USAGE, expr_add_node(builder, nan, &index));
    assert_status(LODE_E_USAGE, expr_add_selector(builder, selector, &index));
    assert_status(LODE_E_USAGE, expr_add_pattern(builder, pattern, &index));
    assert_status(LODE_E_USAGE, expr_add_series(builder, series, &index));
    assert_int_equal(-5, index);
    assert_int_equal(1, expr_builder_graph(builder)->n_nodes);
    lode_arena_destroy(arena);
}

/* A graph of random definitions, packed. */
static void pack_random(uint64_t seed, struct lode_bytes *packed)
{
    struct lode_arena *arena;
    struct expr_language *language;
    int32_t node;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(expr_language_create(&schema, arena, &language));
    for (int i = 0; i < PER_GRAPH; i++) {
        struct random_text text = {.seed = seed * PER_GRAPH + (uint64_t)i};
        random_part(&text, 'B', 4);
        assert_ok(lode_bytes_append(&text.bytes, "", 1));
        const struct expr_definition definition = {NULL, (char *)text.bytes.data, NULL, 1, 1};
        (void)!expr_define(language, &definition, &node); /* some are refused */
        lode_bytes_clear(&text.bytes);
    }
    assert_ok(expr_graph_pack(expr_language_graph(language), packed));
    lode_arena_destroy(arena);
}

static uint64_t printed_seed(void)
{
    const char *given = getenv("LODE_SEED");
    const uint64_t seed = given ? strtoull(given, NULL, 0) : 1;
    print_message("LODE_SEED=%" PRIu64 "\n", seed);
    return seed;
}

static void bytes_are_read_as_the_same_graph(void **state)
{
    (void)state;
    const uint64_t seed = printed_seed();
    struct lode_arena *arena;
    assert_ok(lode_arena_create(0, &arena));
    for (uint64_t i = 0; i < RANDOM_GRAPHS; i++) {
        struct lode_bytes packed = {0}, again = {0};
        struct expr_graph *graph;
        pack_random(seed + i, &packed);
        struct lode_unpack in = lode_unpack_begin(packed.data, packed.size);
        assert_ok(expr_graph_unpack(&in, arena, &graph));
        assert_ok(lode_unpack_end(&in));
        assert_string_equal("Europe/Berlin", graph->zone);
        assert_ok(expr_graph_pack(graph, &again));
        assert_int_equal(packed.size, again.size);
        assert_memory_equal(packed.data, again.data, packed.size);
        lode_bytes_clear(&packed);
        lode_bytes_clear(&again);
        lode_arena_reset(arena);
    }
    lode_arena_destroy(arena);
}

static void changed_bytes_are_refused_or_are_another_sound_graph(void **state)
{
    (void)state;
    struct random_text random = {.seed = printed_seed()};
    struct lode_arena *arena;
    struct lode_bytes packed = {0};
    int refused = 0;
    assert_ok(lode_arena_create(64 << 20, &arena));
    pack_random(random.seed, &packed);
    for (int i = 0; i < MUTATIONS; i++) {
        struct expr_graph *graph = NULL;
        struct lode_bytes out = {0};
        uint8_t *changed = malloc(packed.size);
        assert_non_null(changed);
        memcpy(changed, packed.data, packed.size);
        changed[random_below(&random, packed.size)] = (uint8_t)random_below(&random, 256);
        const size_t size = i % 2 ? packed.size : random_below(&random, packed.size);
        struct lode_unpack in = lode_unpack_begin(changed, size);
        if (expr_graph_unpack(&in, arena, &graph) != LODE_OK)
            refused++;
        else /* it can be walked */
            for (int32_t k = 0; k < graph->n_nodes; k++)
                assert_ok(expr_print(&schema, graph, k, &out));
        lode_bytes_clear(&out);
        free(changed);
        lode_arena_reset(arena);
    }
    assert_true(refused >= MUTATIONS / 2); /* all that were cut */
    lode_bytes_clear(&packed);
    lode_arena_destroy(arena);
}

static void types_that_are_claimed_falsely_are_refused(void **state)
{
    (void)state;
    struct lode_arena *arena;
    struct expr_builder *builder = builder_in(&arena);
    struct lode_bytes packed = {0};
    struct expr_graph *graph;
    int32_t index, number = add_number(builder, 1);
    assert_ok(add_binary(builder, EXPR_LESS, number, number, &index));
    expr_builder_graph(builder)->nodes[index].type = EXPR_NUMBER;
    assert_ok(expr_graph_pack(expr_builder_graph(builder), &packed));
    struct lode_unpack in = lode_unpack_begin(packed.data, packed.size);
    assert_status(LODE_E_MESSAGE, expr_graph_unpack(&in, arena, &graph));
    assert_string_equal("node 1: not of the type it says", lode_error_text());
    lode_bytes_clear(&packed);
    lode_arena_destroy(arena);
}

static void a_node_deeper_than_anything_built_is_refused(void **state)
{
    (void)state;
    enum { DEPTH = EXPR_DEPTH_MAX + 1 };
    static struct expr_node nodes[DEPTH];
    struct lode_arena *arena;
    struct lode_bytes packed = {0};
    struct expr_graph graph = {.n_nodes = DEPTH, .nodes = nodes}, *read;
    assert_ok(lode_arena_create(0, &arena));
    for (int32_t i = 0; i < DEPTH; i++) {
        nodes[i] = expr_node_of(i ? EXPR_ABS : EXPR_CONSTANT);
        nodes[i].args[0] = i - 1;
    }
    assert_ok(expr_graph_pack(&graph, &packed));
    struct lode_unpack in = lode_unpack_begin(packed.data, packed.size);
    assert_status(LODE_E_MESSAGE, expr_graph_unpack(&in, arena, &read));
    assert_string_equal("items 1001 deep", lode_error_text());
    lode_bytes_clear(&packed);
    lode_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_items_are_one),
        cmocka_unit_test(what_was_rewound_is_not_found_again),
        cmocka_unit_test(what_does_not_fit_is_not_added),
        cmocka_unit_test(bytes_are_read_as_the_same_graph),
        cmocka_unit_test(changed_bytes_are_refused_or_are_another_sound_graph),
        cmocka_unit_test(types_that_are_claimed_falsely_are_refused),
        cmocka_unit_test(a_node_deeper_than_anything_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
