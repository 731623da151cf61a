/* Requested: the templates that a person asks for, the parameter `templates`: definitions
 * (common/param/definitions.h) whose texts are mappings of parameters to values,
 *
 *   templates:
 *     retries: { retry: login_retry, success: [login_ok, home] }
 *     retries.other: { retry: pay_retry, success: pay_ok }
 *     weekend: {}
 *
 * in a spec; `--set 'templates=retries: {retry: x, success: y} ;; weekend: {}'`, or just names with
 * commas between, on a command line. A list of values makes several instances (a parameter that
 * takes a list takes the whole of it).
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_REQUESTED_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_REQUESTED_H

#include "common/param/param.h"
#include "jobs/opportunities/generator/instantiate.h"

/* Called for every instance. values [template->n_parameters], borrowed. */
typedef lode_status (*requested_fn)(void *context, const struct template *template,
                                    const char *const *values);

enum { REQUESTED_INSTANCES_MAX = 10000 };

/* In the order of the parameter's lines. LODE_E_USAGE with the place of the line: no such mapping,
 * a template or parameter that there is not (with the nearest), too many instances, or what `each`
 * returned. */
LODE_CHECKED lode_status requested_each(const struct lode_params *params,
                                        const struct template_library *library,
                                        struct lode_arena *arena, requested_fn each, void *context);

#endif
