/* Expr: the expression language (docs/language.md): definitions in words to nodes of one graph.
 *
 *     lode_try(expr_language_create(&schema, arena, &language));
 *     lode_try(expr_define(language, &definition, &node));     for each, in their order
 *     graph = expr_language_graph(language);
 *
 * A definition is a name and a text. Names, types and units are checked against the schema of the
 * store before any work is done; errors say file:line:column, and the nearest name.
 */
#ifndef LODE_COMMON_EXPR_EXPR_H
#define LODE_COMMON_EXPR_EXPR_H

#include "common/expr/graph.h"
#include "lode/store.h"

/* What definitions may speak of: plain arrays, borrowed for the life of the language. */
struct expr_event_attribute {
    const char *name;
    bool is_number;
    struct lode_dictionary words; /* of a text */
};
struct expr_source {
    const char *name;
    struct lode_dictionary components, counters;
};
struct expr_schema {
    int64_t n_attributes;
    const struct lode_attribute *attributes;
    int64_t n_kpis;
    const struct lode_kpi *kpis;
    const enum expr_unit *kpi_units; /* [n_kpis] EXPR_NO_UNIT or EXPR_MS; NULL: plain numbers */
    struct lode_dictionary event_names;
    int64_t n_event_attributes;
    const struct expr_event_attribute *event_attributes;
    int64_t n_sources;
    const struct expr_source *sources;
    uint8_t *ignored; /* [event_names.count] see struct expr_graph; or NULL */
    const char *zone; /* of hour(time) and its like; NULL: UTC */
    /* Sessions are slots of time of one component and KPIs its counters: then `counter('a-b')`
     * stands for `kpi('a-b')`, `most(a within 15m)` is of the slots up to and with this one, and
     * what is of users, events or other sources is refused. */
    bool of_slots;
};

struct expr_definition {
    const char *name; /* letters, digits, _; neither a word of the language nor taken already; NULL:
                         nobody will refer to it */
    const char *text;
    const char *file;     /* for errors; NULL: the name, or "expression" */
    int64_t line, column; /* where the text begins, from 1 */
};

struct expr_language;
/* A language without definitions; all memory, the graph's too, from the arena. LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_language_create(const struct expr_schema *schema,
                                              struct lode_arena *arena,
                                              struct expr_language **language);
/* Adds a definition, which may use the names of those before it; gives the node of its value. On
 * failure nothing is added: LODE_E_USAGE with "file:line:column: what is wrong, did you mean ...?";
 * LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_define(struct expr_language *language,
                                     const struct expr_definition *definition, int32_t *node);
/* The same of a text that says what is to be counted: EVENTS or a PATTERN, which `count(...)` or
 * `count_matches(...)` of it would count. The node is one of those two, for
 * expr_program_occurrences (evaluate.h). */
LODE_CHECKED lode_status expr_define_occurrences(struct expr_language *language,
                                                 const struct expr_definition *definition,
                                                 int32_t *node);
/* The graph of all definitions; its arrays move with the next definition. */
const struct expr_graph *expr_language_graph(const struct expr_language *language);

/* Appends the canonical text of a node: parsed by a language of the same schema and graph it gives
 * the same node (if it is within the limits of a definition). Longer than 64 KiB: cut, with "..."
 * at the end. LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_print(const struct expr_schema *schema,
                                    const struct expr_graph *graph, int32_t node,
                                    struct lode_bytes *out);
/* The same of the events that a selector names, and of a pattern. */
LODE_CHECKED lode_status expr_print_selector(const struct expr_schema *schema,
                                             const struct expr_graph *graph, int32_t selector,
                                             struct lode_bytes *out);
LODE_CHECKED lode_status expr_print_pattern(const struct expr_schema *schema,
                                            const struct expr_graph *graph, int32_t pattern,
                                            struct lode_bytes *out);

/* "bool", "number", "text", "duration", "time". */
const char *expr_type_name(enum expr_type type, enum expr_unit unit);

#endif
