/* Hostile bytes as a graph: refused, or sound: every node and pattern can be printed, and written
 * again it is read as the same graph. */
#include <stdlib.h>
#include <string.h>

#include "tests/common/expr/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

static void check_graph(const struct expr_graph *graph, struct lode_arena *arena)
{
    struct lode_bytes packed = {0}, again = {0}, text = {0};
    struct expr_graph *read;
    check(expr_graph_pack(graph, &packed) == LODE_OK);
    struct lode_unpack in = lode_unpack_begin(packed.data, packed.size);
    check(expr_graph_unpack(&in, arena, &read) == LODE_OK);
    check(expr_graph_pack(read, &again) == LODE_OK);
    check(packed.size == again.size && memcmp(packed.data, again.data, packed.size) == 0);
    for (int32_t i = 0; i < graph->n_nodes; i++, text.size = 0)
        check(expr_print(&schema, graph, i, &text) == LODE_OK);
    for (int32_t i = 0; i < graph->n_selectors; i++, text.size = 0)
        check(expr_print_selector(&schema, graph, i, &text) == LODE_OK);
    for (int32_t i = 0; i < graph->n_patterns; i++, text.size = 0)
        check(expr_print_pattern(&schema, graph, i, &text) == LODE_OK);
    lode_bytes_clear(&packed);
    lode_bytes_clear(&again);
    lode_bytes_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_arena *arena = NULL;
    struct expr_graph *graph;
    /* a copy of exactly this size: one byte too far is seen by the address sanitizer */
    uint8_t *bytes = malloc(size ? size : 1);
    check(bytes && lode_arena_create(256 << 20, &arena) == LODE_OK);
    if (size) memcpy(bytes, data, size);
    struct lode_unpack in = lode_unpack_begin(bytes, size);
    if (expr_graph_unpack(&in, arena, &graph) == LODE_OK)
        check_graph(graph, arena);
    else
        check(lode_error_text()[0] != '\0');
    lode_arena_destroy(arena);
    free(bytes);
    return 0;
}
