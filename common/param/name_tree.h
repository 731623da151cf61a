/* Name tree: a YAML file of names within names, of any depth and length:
 *
 *   shop:                  top
 *     web: [web-1, web-2]  below shop; two below web
 *     db:                  below shop
 *       db-1: [disk, cpu]
 *     mail:                nothing below
 */
#ifndef LODE_COMMON_NAME_TREE_H
#define LODE_COMMON_NAME_TREE_H

#include "common/error.h"
#include "common/memory.h"

#include <stdint.h>

enum { LODE_NAME_TREE_DEPTH = 32, LODE_NAME_TREE_NAME_LIMIT = 255 };

struct lode_tree_name {
    const char *name;
    int64_t parent; /* index; -1: none; always before its children */
    int line;       /* from 1 */
};

struct lode_name_tree {
    int64_t n;
    struct lode_tree_name *names; /* [n] in the order of the text */
};

/* Reads a document; `path` stands in messages. Everything comes from the arena. An empty text is an
 * empty tree.
 *
 * LODE_E_INPUT, with path:line:column: no YAML, anchors, aliases, lists in lists, deeper than
 * LODE_NAME_TREE_DEPTH, a name that is empty, not plain text or longer than the limit, and one that
 * is there twice, wherever (with the line of the first). LODE_E_MEMORY. */
LODE_CHECKED lode_status lode_name_tree_parse(const char *path, const void *text, size_t size,
                                              struct lode_arena *arena,
                                              struct lode_name_tree *tree);

#endif
