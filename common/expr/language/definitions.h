/* Definitions of a language: names that texts after them may use, and their nodes in the graph. */
#ifndef LODE_COMMON_EXPR_LANGUAGE_DEFINITIONS_H
#define LODE_COMMON_EXPR_LANGUAGE_DEFINITIONS_H

#include "common/memory.h"

#include <stdint.h>

struct expr_definitions;

/* Everything is the arena's, here and below. LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_definitions_create(struct lode_arena *arena,
                                                 struct expr_definitions **definitions);
/* From now on the name stands for the node. */
LODE_CHECKED lode_status expr_definitions_set(struct expr_definitions *definitions,
                                              const char *name, int32_t node);
/* Node of a definition; -1: none of that name. */
LODE_CHECKED lode_status expr_definitions_find(struct expr_definitions *definitions,
                                               const char *name, int32_t *node);
/* Names of all definitions so far, in the order in which they were first asked for. */
LODE_CHECKED lode_status expr_definitions_list(const struct expr_definitions *definitions,
                                               struct lode_arena *arena, const char *const **names,
                                               int64_t *count);

#endif
