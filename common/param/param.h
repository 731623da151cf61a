/* Parameters: one table per job says name, default, unit and meaning; parsing, checks, --help and
 * docs come from it.
 *
 * A value is text until a getter types it. `--set name=value` and a line `name: value` of a
 * `--spec FILE.yaml` mean the same; an unknown name is an error with the nearest known one.
 */
#ifndef LODE_COMMON_PARAM_H
#define LODE_COMMON_PARAM_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>

struct lode_param {
    const char *name;    /* NULL ends a table */
    const char *initial; /* the default, as a user would write it */
    const char *unit;    /* "sessions", "1" for a share, "" where there is none */
    const char *help;    /* one sentence */
};

struct lode_params;

/* All parameters of `table` at their defaults. The table is borrowed for the life of the set. */
LODE_CHECKED lode_status lode_params_create(const struct lode_param *table,
                                            struct lode_params **params);
void lode_params_destroy(struct lode_params *params); /* takes NULL */

/* "name=value". LODE_E_USAGE with the nearest name when unknown. */
LODE_CHECKED lode_status lode_params_set(struct lode_params *params, const char *assignment);
/* A YAML file: one mapping of names to scalars or lists of scalars (a list is joined by commas).
 * Errors name file, line and column. */
LODE_CHECKED lode_status lode_params_load(struct lode_params *params, const char *path);

/* The text of a parameter; asking for one that is not in the table is a bug (aborts by assert). */
const char *lode_params_text(const struct lode_params *params, const char *name);

/* Typed: LODE_E_USAGE names parameter, value and what is allowed. Ranges are inclusive. */
LODE_CHECKED lode_status lode_params_f64(const struct lode_params *params, const char *name,
                                         double low, double high, double *value);
LODE_CHECKED lode_status lode_params_i64(const struct lode_params *params, const char *name,
                                         int64_t low, int64_t high, int64_t *value);
LODE_CHECKED lode_status lode_params_duration_ms(const struct lode_params *params, const char *name,
                                                 int64_t *duration_ms);
/* on/off, true/false, yes/no, 1/0 */
LODE_CHECKED lode_status lode_params_bool(const struct lode_params *params, const char *name,
                                          bool *value);
/* "1..4" or "3". */
LODE_CHECKED lode_status lode_params_range(const struct lode_params *params, const char *name,
                                           int64_t low, int64_t high, int64_t *first,
                                           int64_t *last);
/* "a,b,c": items without surrounding blanks; an empty text is an empty list. Backslash quotes a
 * comma. Taken from the arena. */
LODE_CHECKED lode_status lode_params_list(const struct lode_params *params, const char *name,
                                          struct lode_arena *arena, char ***items, int64_t *count);

/* "name=value" of every parameter in table order, for run.json. Index 0..; false past the end. */
bool lode_params_at(const struct lode_params *params, int index, const char **name,
                    const char **value);

#endif
