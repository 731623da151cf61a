/* Policy: from the outcomes of one round to the definitions of the next. A pure function.
 *
 * An outcome is promising when its q is at most max_q and its effect at least least_effect.
 * Promising outcomes, the largest effect first, take turns until the budget is used; on its turn an
 * outcome gives its next child of each kind:
 *   a step more    an instance of the template that its template names under `extension:`, with the
 *                  same values and, for the event parameter that is new, the next candidate event
 *   in a cohort    the same expression among the sessions with one value of a static attribute,
 *                  `(EXPRESSION) when ATTRIBUTE = 'VALUE'`
 * A child whose expression is there already is skipped. What is left of the budget goes to
 * instances that were not tried (offline.h), by weights that follow the classes' outcomes: a class
 * of which 5 or more were tested and none was promising is hopeless and gets nothing.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_POLICY_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_POLICY_H

#include "jobs/opportunities/generator/generated.h"

struct policy_outcome {
    int64_t definition; /* index into generated->list */
    double effect;      /* relative difference of the KPI, either way; NaN: not computed */
    double q;           /* NaN likewise */
};

struct policy_cohort {
    const char *attribute, *value;
};

struct policy_rules {
    double max_q, least_effect;
    int64_t budget;
    int64_t n_events; /* candidates for a step, best first */
    const char *const *events;
    int64_t n_cohorts; /* largest first */
    const struct policy_cohort *cohorts;
};

enum { POLICY_HOPELESS = 5 };

/* Adds the definitions of round `round` to `generated`; none when nothing is promising. `outcomes`:
 * one a definition of the round before, in any order; several of one definition (of several KPIs)
 * count as its best. LODE_E_MEMORY. Cost O(outcomes log outcomes + budget x definitions). */
LODE_CHECKED lode_status generator_next(const struct template_library *library,
                                        const struct generator_schema *schema,
                                        const struct policy_rules *rules,
                                        const struct policy_outcome *outcomes, int64_t n_outcomes,
                                        int64_t round, struct lode_arena *arena,
                                        struct generated *generated);

/* Multiplies weights [library->n] by how well each template's class did: 2 (promising + 1) /
 * (tested
 * + 2), or 0 for a hopeless class. */
void generator_reweigh(const struct template_library *library, const struct policy_rules *rules,
                       const struct policy_outcome *outcomes, int64_t n_outcomes,
                       const struct generated *generated, double *weights);

#endif
