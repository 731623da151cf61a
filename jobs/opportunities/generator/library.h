/* Library: all templates that a run may use, sorted by name.
 *
 * They are files NAME.yaml in folders, of which the first that has a name wins, so that a user's
 * template takes the place of one that lode ships:
 *   1. the folders (or files) of the parameter template_path
 *   2. the folders of the environment variable LODE_TEMPLATES, separated by ':'
 *   3. templates/ beside the program, or share/lode/templates/ where it is installed
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_LIBRARY_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_LIBRARY_H

#include "jobs/opportunities/generator/template.h"

struct template_library {
    int n;
    struct template *templates; /* by name */
};

enum { TEMPLATE_LIBRARY_MAX = 1000 };

/* `path` is the parameter's value, a list as in lode_params_list; "": none. LODE_E_INPUT with
 * file:line:column for a template that is broken; for a folder of `path` or LODE_TEMPLATES that
 * cannot be read; for a file whose name is not that of its template. No folder of lode's own:
 * not an error, the library has what the others have. */
LODE_CHECKED lode_status template_library_load(const char *path, struct lode_arena *arena,
                                               struct template_library *library);

/* The template of that name; NULL. */
const struct template *template_library_find(const struct template_library *library,
                                             const char *name);
/* LODE_E_USAGE with the nearest name when there is none. */
LODE_CHECKED lode_status template_library_get(const struct template_library *library,
                                              const char *name, const struct template **found);

#endif
