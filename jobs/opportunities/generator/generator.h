/* Generator: which derived attributes a run of job opportunities looks at, besides those that its
 * user defined. docs/jobs/opportunities.md, section Generator, says what the parameters mean.
 *
 * Templates that were asked for (`templates`) are always there. For the others, RUN/generated.json
 * decides where it is: the coordinator's program may have put a model's choice into it before the
 * job began, and a run that goes on finds its own. Otherwise the offline rules choose, and the file
 * is written before anything is computed from it.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_H

#include "common/expr/expr.h"
#include "common/param/param.h"
#include "jobs/job.h"
#include "jobs/opportunities/generator/generated.h"

enum generator_mode {
    GENERATOR_OFF,
    GENERATOR_OFFLINE,
    GENERATOR_LLM,
    GENERATOR_FILE /* the parameter is the path of a generated.json */
};

struct generator_options {
    enum generator_mode mode;
    int64_t max_hypotheses, rounds;
    struct template_library library; /* empty where nothing asks for it */
};

/* Reads and checks `generate`, `max_hypotheses`, `rounds`, `templates`, `template_path` and the
 * parameters of a model. LODE_E_USAGE, LODE_E_INPUT (a template is broken). */
LODE_CHECKED lode_status generator_options_read(const struct lode_params *params,
                                                struct lode_arena *arena,
                                                struct generator_options *options);

/* The names of a schema; borrowed from it. LODE_E_MEMORY. */
LODE_CHECKED lode_status generator_schema_make(const struct expr_schema *schema,
                                               struct lode_arena *arena,
                                               struct generator_schema *names);

/* Adds the definitions of the templates that were asked for; templates that set parameters of the
 * run are left out (generator_settings). LODE_E_USAGE. */
LODE_CHECKED lode_status generator_add_requested(const struct lode_params *params,
                                                 const struct template_library *library,
                                                 const struct generator_schema *schema,
                                                 struct generator_definitions *definitions);

/* Sets the parameters that the templates asked for stand for. A parameter that has neither its
 * default nor that value is LODE_E_USAGE. `each` is called with NAME=VALUE. */
LODE_CHECKED lode_status generator_settings(const struct lode_params *params,
                                            const struct template_library *library,
                                            struct lode_arena *arena, void *context,
                                            lode_status (*each)(void *context,
                                                                const char *assignment));

/* What a run looks at. */
struct generation {
    struct lode_params
        *params;         /* the run's with all definitions in `derived`; NULL: the run's own */
    int64_t n_generated; /* the last so many definitions are not the user's */
};

/* All of it, in as many rounds as the run asks for: RUN/generated.json is written, or read where it
 * is. `table` is the job's, run->params its parameters. Maps stages where something is generated.
 * A definition that the language does not take (an attribute of another type) is left out, with a
 * note. LODE_E_USAGE (templates), errors of lode_map; release with generation_clear. */
LODE_CHECKED lode_status generation_make(struct lode_run *run, const struct lode_param *table,
                                         struct generation *generation);
void generation_clear(struct generation *generation); /* of a zeroed one too */

/* Checks everything about generation that needs no work, and fills the same but what is generated.
 * For the job's check. */
LODE_CHECKED lode_status generation_check(const struct lode_params *params,
                                          const struct lode_param *table,
                                          const struct lode_store *store, struct lode_arena *arena,
                                          struct generation *generation);

#endif
