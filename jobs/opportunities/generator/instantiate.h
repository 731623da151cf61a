/* Instantiate: a template and values of its parameters give definitions of derived attributes, or
 * settings of job parameters.
 *
 * What a value turns into depends on its parameter's type, so no value can be more than it says:
 * names become quoted names of the language, durations and numbers are read and written anew,
 * lists of events become alternatives. Names are looked up in the schema; in a list of events a
 * glob stands for the events that it matches.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_INSTANTIATE_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_INSTANTIATE_H

#include "jobs/opportunities/generator/library.h"
#include "jobs/opportunities/generator/schema.h"

struct generator_definition {
    const char *name, *expression;
    const struct template *template;
    const char *const *values; /* [template->n_parameters] as given; NULL: the default */
};

/* Definitions so far; all names differ, and so do all expressions. */
struct generator_definitions {
    int64_t n, room;
    struct generator_definition *list;
    struct generator_names taken; /* names that no definition may get */
    struct lode_arena *arena;
};

enum { GENERATOR_NAME_MAX = 96, GENERATOR_EXPRESSION_MAX = 8192, GENERATOR_ALTERNATIVES_MAX = 64 };

/* Adds the definitions of one instance. One whose expression is there already is not added again; a
 * name that is taken by another gets _2, _3, ... `values` [n_parameters] are copied. LODE_E_USAGE
 * names template, parameter, value and, for a name that the schema has not, the nearest one; then
 * nothing was added. */
LODE_CHECKED lode_status template_instantiate(const struct template *template,
                                              const char *const *values,
                                              const struct generator_schema *schema,
                                              struct generator_definitions *definitions);

/* Checks the values alone; `schema` may be NULL: names are taken as they are. */
LODE_CHECKED lode_status template_check_values(const struct template *template,
                                               const char *const *values,
                                               const struct generator_schema *schema,
                                               struct lode_arena *arena);

/* The value of setting `index` of a template that has settings, its placeholders replaced by the
 * values as they were given. LODE_E_USAGE as above; names are not looked up: the job does that. */
LODE_CHECKED lode_status template_setting_value(const struct template *template,
                                                const char *const *values, int index,
                                                struct lode_arena *arena, const char **value);

/* {"retry":"login_retry"}: the values that were given. */
LODE_CHECKED lode_status template_values_append(const struct template *template,
                                                const char *const *values, struct lode_bytes *out);

/* 'name' as a name or text of the language; an attribute or KPI, bare where it is a plain word; the
 * letters, digits and _ of a text, for a definition's name. LODE_E_MEMORY. */
LODE_CHECKED lode_status instantiate_append_quoted(struct lode_bytes *out, const char *name);
LODE_CHECKED lode_status instantiate_append_column(struct lode_bytes *out, const char *name);
LODE_CHECKED lode_status instantiate_append_word(struct lode_bytes *out, const char *text);
/* An item of a list, as lode_params_list reads it. LODE_E_MEMORY. */
LODE_CHECKED lode_status instantiate_append_item(struct lode_bytes *list, const char *item);

#endif
