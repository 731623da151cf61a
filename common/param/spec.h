/* Spec: a YAML file of settings, handed over line by line; the file behind lode_params_load. */
#ifndef LODE_COMMON_SPEC_H
#define LODE_COMMON_SPEC_H

#include "common/error.h"

#include <stddef.h>

/* Called for every setting, in the order of the file. Both texts are borrowed. */
typedef lode_status (*lode_spec_fn)(void *context, const char *name, const char *value);

/* A line of a group: the value of a name may be a mapping of names to single values,
 *
 *   derived:
 *     night: hour(time) < 9
 *
 * All texts are borrowed. In one group (`mapped`) a value may be a mapping of names to values as
 * well, whose text is then the same mapping in one line, {"a": "1", "b": ["2", "3"]}. `line` and
 * `column`, from 1, are where the text begins (inside its quotes; the first line of a block), so
 * that errors inside of the text can be told by their place.
 */
struct lode_spec_definition {
    const char *group, *name, *text;
    size_t line, column;
};
typedef lode_status (*lode_spec_definition_fn)(void *context,
                                               const struct lode_spec_definition *definition);

/* Reads a YAML file that is one mapping of names to scalars or lists of scalars (an empty file is
 * an empty mapping). A list is joined by commas; commas and backslashes inside its items are quoted
 * by a backslash, as lode_params_list reads them. `definition` takes the lines of groups; NULL:
 * there are none. `mapped`: the group whose lines may be mappings; NULL: none.
 *
 * Fails with LODE_E_INPUT (no such file, a FIFO, more than 1 MiB, no YAML, anchors, aliases, deeper
 * nesting, a name twice) or with what a callback returned; the chain begins with path:line:column.
 */
LODE_CHECKED lode_status lode_spec_read(const char *path, lode_spec_fn setting,
                                        lode_spec_definition_fn definition, const char *mapped,
                                        void *context);

/* The same for a setting of an item (see below); `item` is NULL for settings at the top. */
typedef lode_status (*lode_spec_item_fn)(void *context, const char *item, const char *name,
                                         const char *value);

/* Like lode_spec_read; besides, the value of the name `section` may be a mapping of items, each of
 * which is a mapping as above:
 *
 *   time: at
 *   files:
 *     clicks.csv: { time: when, user: visitor }
 */
LODE_CHECKED lode_status lode_spec_read_items(const char *path, const char *section,
                                              lode_spec_item_fn setting, void *context);

/* Who takes what a file says. */
struct lode_spec_taker {
    const char *section; /* NULL: there is none */
    lode_spec_item_fn setting;
    lode_spec_definition_fn definition; /* NULL: there are no groups */
    const char *mapped;                 /* the group whose lines may be mappings; NULL: none */
    void *context;
};
/* All of the above over text in memory; `name` stands for the path. */
LODE_CHECKED lode_status lode_spec_parse(const char *name, const void *text, size_t size,
                                         const struct lode_spec_taker *taker);

#endif
