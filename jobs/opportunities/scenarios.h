/* Scenarios: a KPI and the sessions in which patterns are searched for it: all of them, or one
 * cohort (a value of a static attribute, or a pair that adds something, with enough users, faulty
 * and normal sessions).
 *
 * KPIs are counted in groups, so that one pass over a session's events serves several: a plan of
 * patterns.h counts one group over all sessions, or over all the searched cohorts of one attribute
 * or pair of attributes.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_SCENARIOS_H
#define LODE_JOBS_OPPORTUNITIES_SCENARIOS_H

#include "jobs/opportunities/cohorts.h"
#include "jobs/opportunities/opportunity_options.h"
#include "jobs/opportunities/patterns.h"

struct scenario {
    int64_t kpi;       /* index into store->kpis */
    uint32_t label;    /* index into labels, or LODE_NO_CODE: all sessions */
    int64_t attribute; /* index into the sets of cohort_counts; -1: all sessions */
    int64_t value;     /* index into the set's values */
    int64_t users, faulty_total, normal_total;
    int64_t plan;   /* its counts are counts[plan] ... */
    int position;   /* ... read for this digit of the class ... */
    int64_t cohort; /* ... under this cohort of the plan */
};

struct scenarios {
    int64_t n;
    struct scenario
        *list; /* KPIs in the store's order; all sessions, then cohorts by set and value */
    int64_t n_labels;
    char **labels; /* [n_labels] cohort_label */
    int64_t n_plans;
    struct pattern_plan *plans;
    struct pattern_counts **counts; /* [n_plans][last_k - first_k + 1], to be filled */
};

/* What is to be counted, from the counts of cohorts. The plans over all sessions start at k = 1
 * whatever options->first_k is: table `summary` needs the single events. Numeric KPIs have no
 * scenarios. All arrays from the arena. */
LODE_CHECKED lode_status scenarios_make(const struct lode_store *store,
                                        const struct opportunity_options *options,
                                        const struct cohort_counts *cohorts,
                                        struct lode_arena *arena, struct scenarios *scenarios);

/* "all sessions" is "". */
const char *scenario_label(const struct scenarios *scenarios, const struct scenario *scenario);

#endif
