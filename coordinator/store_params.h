/* Store params: parameters that name further stores, files and models which a job reads beside its
 * own store (LODE_PARAM_STORES, LODE_PARAM_FILE, LODE_PARAM_MODEL). They belong to what a run is:
 * it may go on in another folder, but not with others.
 */
#ifndef LODE_COORDINATOR_STORE_PARAMS_H
#define LODE_COORDINATOR_STORE_PARAMS_H

#include "common/param/param.h"

/* Makes the paths in such parameters of the table absolute. LODE_E_USAGE: a line that is none;
 * LODE_E_INPUT: there is nothing at a path; both with the place. */
LODE_CHECKED lode_status store_params_set(const struct lode_param *table,
                                          struct lode_params *params);

/* The files that stand for all these, in order: indices of stores, files, results.h5 of models;
 * from the arena. */
LODE_CHECKED lode_status store_params_indices(const struct lode_param *table,
                                              const struct lode_params *params,
                                              struct lode_arena *arena, char ***paths,
                                              int64_t *count);

#endif
