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

/* The language of rules, where a session is a slot. */
static const enum expr_unit slot_units[] = {EXPR_NO_UNIT, EXPR_MS, EXPR_NO_UNIT};
static const struct lode_kpi slot_counters[] = {
    {"cpu", false, 0}, {"latency", false, 0}, {"disk-0.reads", false, 0}};
static const struct expr_schema slots = {
    .n_kpis = 3, .kpis = slot_counters, .kpi_units = slot_units, .of_slots = true};

static void check_print(const struct expr_schema *of, struct expr_language *language, int32_t node)
{
    struct lode_bytes text = {0};
    int32_t again = -1;
    check(expr_print(of, expr_language_graph(language), node, &text) == LODE_OK);
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

typedef lode_status (*define_fn)(struct expr_language *language,
                                 const struct expr_definition *definition, int32_t *node);

static void check_text(const struct expr_schema *of, define_fn define, const char *text)
{
    struct lode_arena *arena = NULL;
    struct expr_language *language = NULL;
    int32_t node = -1;
    check(lode_arena_create(0, &arena) == LODE_OK);
    check(expr_language_create(of, arena, &language) == LODE_OK);
    const struct expr_definition definition = {"it", text, "spec", 3, 5};
    if (define(language, &definition, &node) == LODE_OK) {
        check_print(of, language, node);
        check_bytes(expr_language_graph(language), arena);
    } else {
        check(strncmp(lode_error_text(), "spec:", 5) == 0);
        check(expr_language_graph(language)->n_nodes == 0);
    }
    lode_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    check(text != NULL);
    check_text(&schema, expr_define, text);
    check_text(&schema, expr_define_occurrences, text);
    check_text(&slots, expr_define, text);
    free(text);
    return 0;
}
