/* Offline: the generator's rules without a model. A pure function of the library, the schema and
 * the survey.
 *
 * Every template that allows it (`offline: yes`) takes part. Its parameters are filled with the
 * best candidates of their type: event, events     by the parameter's `offline:` order, see
 * template_candidates; events of fewer than 10 sessions are left out attribute         session
 * attributes of 2 to 50 words, the fewest first kpi, series, event_attribute   all, in the order of
 * the schema duration, number, text         the values of `try:`, else the default Combinations are
 * tried in the order of the sum of their ranks, best first, no event twice in one. Templates share
 * the budget by weight (weights.h); what a template cannot use goes to the others.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_OFFLINE_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_OFFLINE_H

#include "jobs/opportunities/generator/instantiate.h"
#include "jobs/opportunities/generator/survey.h"

struct offline_facts {
    const struct generator_schema *schema; /* events by the codes of the survey */
    const int64_t *attribute_words;        /* [schema->attributes.n] */
    struct generator_names binary_kpis;
    const struct survey *survey;
};

enum { OFFLINE_CANDIDATES_MAX = 12, OFFLINE_LEAST_SESSIONS = 10 };

/* Adds at most `budget` definitions. weights [library->n]. LODE_E_MEMORY. Cost O(names x log names
 * + templates x 4096). */
LODE_CHECKED lode_status offline_choose(const struct template_library *library,
                                        const struct offline_facts *facts, const double *weights,
                                        int64_t budget, struct generator_definitions *definitions);

/* The events of the order `contrast`, best first: *names [*n], at most OFFLINE_CANDIDATES_MAX. */
LODE_CHECKED lode_status offline_events(const struct offline_facts *facts, struct lode_arena *arena,
                                        const char *const **names, int64_t *n);

#endif
