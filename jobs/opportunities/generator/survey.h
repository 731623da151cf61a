/* Survey: the first pass over a store, from which the offline rules choose: how common every event
 * is, in all sessions and in faulty and normal ones.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_SURVEY_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_SURVEY_H

#include "jobs/job.h"

struct survey_event {
    int64_t sessions; /* with the event */
    int64_t repeated; /* with it more than once */
};
struct survey_count {
    int64_t faulty, normal;
};

struct survey {
    int64_t n_names, n_kpis;
    struct survey_event *events; /* [n_names] by code */
    struct survey_count *with;   /* [n_names x n_kpis] sessions with the event */
    struct survey_count *all;    /* [n_kpis] sessions */
    int64_t sessions;
    int64_t returning;         /* users with more than one session */
    int64_t first_ms, last_ms; /* of known session starts; INT64_MAX, INT64_MIN: none is known */
};

/* Counts on the workers. kpis [n_kpis]: indices of binary KPIs of the store. Arrays come from
 * run->arena. Errors of lode_map; LODE_E_MESSAGE (a result that is none). One pass over event
 * names; a result has at most n_names x (3 + 2 n_kpis) numbers. */
LODE_CHECKED lode_status survey_take(struct lode_run *run, const int64_t *kpis, int64_t n_kpis,
                                     struct survey *survey);

/* Leaf "opportunities.survey". */
lode_status survey_leaf(struct lode_task *task);

#endif
