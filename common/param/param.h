/* Parameters: what lode's program adds to the public lode/param.h: making a set, filling it from
 * the command line and files, listing it.
 */
#ifndef LODE_COMMON_PARAM_H
#define LODE_COMMON_PARAM_H

#include "common/error.h"
#include "common/memory.h"
#include "common/param/definitions.h"
#include "lode/param.h"

/* All parameters of `table` at their defaults. The table is borrowed for the life of the set. */
LODE_CHECKED lode_status lode_params_create(const struct lode_param *table,
                                            struct lode_params **params);
void lode_params_destroy(struct lode_params *params); /* takes NULL */

/* "name=value". LODE_E_USAGE with the nearest name when unknown. */
LODE_CHECKED lode_status lode_params_set(struct lode_params *params, const char *assignment);
/* A YAML file: one mapping of names to scalars or lists of scalars (a list is joined by commas).
 * Errors name file, line and column. */
LODE_CHECKED lode_status lode_params_load(struct lode_params *params, const char *path);

/* All definitions of a parameter (lode_definitions_read). LODE_E_BUG: there is none of that name.
 */
LODE_CHECKED lode_status lode_params_definitions(const struct lode_params *params,
                                                 const char *parameter, struct lode_arena *arena,
                                                 struct lode_definition **definitions,
                                                 int64_t *count);

/* Whether a parameter has its default (written the same); false for one that there is not. */
bool lode_params_is_initial(const struct lode_params *params, const char *name);

/* "name=value" of every parameter in table order, for run.json. Index 0..; false past the end. */
bool lode_params_at(const struct lode_params *params, int index, const char **name,
                    const char **value);

#endif
