/* Any text as a definition: it is refused with its place, or becomes a node whose canonical text is
 * read as the same node, in a graph whose bytes are read as the same graph. */
#include <stdlib.h>
#include <string.h>

#include "tests/common/expr/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

static void check_print(struct expr_language *language, int32_t node)
{
    struct lode_bytes text = {0};
    int32_t again = -1;
    check(expr_print(&schema, expr_language_graph(language), node, &text) == LODE_OK);
    check(lode_bytes_append(&text, "", 1) == LODE_OK);
    const struct expr_definition definition = {NULL, (char *)text.data, NULL, 1, 1};
    if (expr_define(language, &definition, &again) == LODE_OK)
        check(again == node);
    else /* brackets and the words of a test may go beyond the limits of a definition */
        check(strstr(lode_error_text(), "more than") || text.size > 64 << 10);
    lode_bytes_clear(&text);
}

static void check_bytes(const struct expr_graph *graph, struct lode_arena *arena)
{
    struct lode_bytes packed = {0}, again = {0};
    struct expr_graph *read;
    check(expr_graph_pack(graph, &packed) == LODE_OK);
    struct lode_unpack in = lode_unpack_begin(packed.data, packed.size);
    check(expr_graph_unpack(&in, arena, &read) == LODE_OK);
    check(expr_graph_pack(read, &again) == LODE_OK);
    check(packed.size == again.size && memcmp(packed.data, again.data, packed.size) == 0);
    lode_bytes_clear(&packed);
    lode_bytes_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_arena *arena = NULL;
    struct expr_language *language = NULL;
    int32_t node = -1;
    char *text = strndup((const char *)data, size);
    check(text && lode_arena_create(0, &arena) == LODE_OK);
    check(expr_language_create(&schema, arena, &language) == LODE_OK);
    const struct expr_definition definition = {"it", text, "spec", 3, 5};
    if (expr_define(language, &definition, &node) == LODE_OK) {
        check_print(language, node);
        check_bytes(expr_language_graph(language), arena);
    } else {
        check(strncmp(lode_error_text(), "spec:", 5) == 0);
        check(expr_language_graph(language)->n_nodes == 0);
    }
    lode_arena_destroy(arena);
    free(text);
    return 0;
}
