/* Parameters: one table per job says name, default, unit and meaning; parsing, checks and --help
 * come from it.
 *
 * A value is text until a getter types it. `--set name=value` and a line `name: value` of a
 * `--spec FILE.yaml` mean the same; an unknown name is an error with the nearest known one.
 */
#ifndef LODE_PARAM_H
#define LODE_PARAM_H

#include "lode/error.h"
#include "lode/memory.h"

#include <stdbool.h>
#include <stdint.h>

LODE_API_BEGIN

struct lode_param {
    const char *name;    /* NULL ends a table */
    const char *initial; /* the default, as a user would write it */
    const char *unit;    /* "sessions", "1" for a share, "" where there is none */
    const char *help;    /* one sentence */
};

/* The unit of a parameter whose value is definitions: in a spec file it may be a mapping of names
 * to texts. */
#define LODE_PARAM_DEFINITIONS "definitions"
/* Likewise, but the texts may be mappings of names to values (at most one parameter of a job). */
#define LODE_PARAM_MAPPINGS "mappings"
/* Likewise, but the texts are paths of stores that the job reads beside its own. `lode run` makes
 * them absolute, and a run that goes on refuses one that has changed since. */
#define LODE_PARAM_STORES "stores"
/* The unit of a parameter whose value is the path of a file, or of the directory of a run that
 * learned a model; "": none. `lode run` takes it as a flag too (`--labels FILE` of `labels`), makes
 * it absolute, and a run that goes on refuses a file, or the results.h5 of a run, that has changed.
 */
#define LODE_PARAM_FILE "file"
#define LODE_PARAM_MODEL "model"
/* The unit of a parameter that is on or off, which `lode run` takes as a flag too (`--anonymous`).
 */
#define LODE_PARAM_SWITCH "switch"

struct lode_params;

/* The text of a parameter; borrowed from the set. NULL: the job's table has none of that name. */
const char *lode_params_text(const struct lode_params *params, const char *name);

/* Typed: LODE_E_USAGE names parameter, value and what is allowed, LODE_E_BUG a parameter that is
 * not in the job's table. Ranges are inclusive. */
LODE_CHECKED lode_status lode_params_f64(const struct lode_params *params, const char *name,
                                         double low, double high, double *value);
LODE_CHECKED lode_status lode_params_i64(const struct lode_params *params, const char *name,
                                         int64_t low, int64_t high, int64_t *value);
/* "30d", "2h", "15m", "10s", "500ms"; a bare number counts in seconds. Not negative. */
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
 * comma. items [count] and their texts are taken from the arena. */
LODE_CHECKED lode_status lode_params_list(const struct lode_params *params, const char *name,
                                          struct lode_arena *arena, char ***items, int64_t *count);

LODE_API_END

#endif
