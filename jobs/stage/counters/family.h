/* Family: the tree of components that a YAML file gives, kept with the store as pairs of names, and
 * what it says of the components there are. */
#ifndef LODE_JOBS_STAGE_COUNTERS_FAMILY_H
#define LODE_JOBS_STAGE_COUNTERS_FAMILY_H

#include "common/memory.h"
#include "lode/table.h"

struct counters_kin {
    const char *name, *parent; /* parent "": none */
};

struct counters_family {
    int64_t n;
    const struct counters_kin *kin; /* [n] a parent always before its children */
};

/* Of options->tree_file. LODE_E_INPUT with path, line and column (common/param/name_tree.h). */
LODE_CHECKED lode_status family_read(const char *path, struct lode_arena *arena,
                                     struct counters_family *family);

/* A pair as a rule of the store, "PARENT<TAB>NAME", and back; from the arena. Names hold no control
 * bytes. */
LODE_CHECKED lode_status family_rule(const struct counters_kin *kin, struct lode_arena *arena,
                                     char **rule);
LODE_CHECKED lode_status family_unrule(const char *rule, struct lode_arena *arena,
                                       struct counters_kin *kin);

/* Index in the family by name; -1: it has no such name. `words` are all its names, in order, and
 * perhaps others behind them. */
LODE_CHECKED lode_status family_words(const struct counters_family *family,
                                      struct lode_arena *arena, struct lode_words **words);
LODE_CHECKED lode_status family_find(const struct counters_family *family, struct lode_words *words,
                                     const char *name, int64_t *index);

#endif
