/* Definitions: the rates that are asked for, `NAME: EXPRESSION` each: which events of a store of
 * events are counted (docs/language.md, EVENTS or a PATTERN), and under which name. From flags,
 * from YAML, from the store that keeps them. What an expression means is not looked at here.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_RATES_DEFINITIONS_H
#define LODE_JOBS_STAGE_COUNTERS_RATES_DEFINITIONS_H

#include "common/memory.h"
#include "common/param/definitions.h"

enum { RATES_MOST = 1000 };

/* Zero-initialise. */
struct counters_rates {
    int64_t n, room;
    struct lode_definition *list; /* [n] in order of names: that of the columns */
    /* Whose they are: a name in which {ATTRIBUTE} stands for its value, of a session or event.
     * NULL: not said (then the store of events says it). */
    const char *component_name;
    /* of a store that has rates: the store of events as it was when they were counted last */
    int64_t n_generations; /* 0: it has none */
    uint64_t events_digest;
};

/* Adds one, in its place; line breaks in the text become blanks. LODE_E_USAGE with file, line and
 * column: a name that is none (UTF-8 of at most 1024 bytes, no control bytes), a text that is
 * empty, a name twice, more than RATES_MOST. Strings are copied into the arena, as by the next. */
LODE_CHECKED lode_status rates_add(struct counters_rates *rates, struct lode_arena *arena,
                                   const struct lode_definition *definition);
/* The same of "NAME: EXPRESSION" from the command line; columns are those of the expression. */
LODE_CHECKED lode_status rates_add_line(struct counters_rates *rates, struct lode_arena *arena,
                                        const char *line);
/* The same of a YAML file with one group, `rates:`. LODE_E_INPUT: no such file, no YAML. */
LODE_CHECKED lode_status rates_read(struct counters_rates *rates, struct lode_arena *arena,
                                    const char *path);
/* Is it the name of one? */
bool rates_have(const struct counters_rates *rates, const char *name);

/* Is an input of staging a store, of which rates are counted, rather than a file? */
bool rates_is_store(const char *input);

/* A rate as a rule of the store, "NAME<TAB>EXPRESSION", and back. */
LODE_CHECKED lode_status rates_rule(const struct lode_definition *rate, struct lode_arena *arena,
                                    char **rule);
LODE_CHECKED lode_status rates_unrule(const char *rule, struct lode_arena *arena,
                                      struct counters_rates *rates);

#endif
