/* Options: one way to read the command line of every subcommand, with nearest-match hints and a
 * --help made from the same table.
 */
#ifndef LODE_COORDINATOR_OPTIONS_H
#define LODE_COORDINATOR_OPTIONS_H

#include "common/error.h"

#include <stdbool.h>

struct option {
    int id;            /* what `take` is called with; > 0 */
    const char *name;  /* "--local", or "-n" */
    const char *value; /* what it takes ("N", "FILE"); NULL: a flag */
    const char *help;  /* NULL: not shown (for lode's own use) */
};

/* Called per option (value NULL for flags), in order. */
typedef lode_status (*option_take_fn)(void *context, int id, const char *value);

/* Reads arguments[0..count-1]: options in any place, "--name value" or "--name=value"; "--" ends
 * them. Words that are no options go to `words` [count] in order. `tables` ends with NULL, each
 * table with id 0. *help is set by -h or --help, and reading stops. LODE_E_USAGE names the option
 * and the nearest one. */
LODE_CHECKED lode_status options_read(int count, char **arguments,
                                      const struct option *const *tables, option_take_fn take,
                                      void *context, const char **words, int *n_words, bool *help);

/* The options of the tables as lines of a --help text, to standard output. */
void options_print(const struct option *const *tables);

#endif
