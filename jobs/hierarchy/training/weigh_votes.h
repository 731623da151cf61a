/* Votes for weighing, on the coordinator: which leaves count how much in their component's end, and
 * their votes in the slots that tell most (weighing.h), by the stage "hierarchy.weigh".
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_WEIGH_VOTES_H
#define LODE_JOBS_HIERARCHY_TRAINING_WEIGH_VOTES_H

#include "jobs/hierarchy/evaluation/labels.h"
#include "jobs/hierarchy/training/weighing.h"

/* A component with an end. */
struct weigh_component {
    int64_t component;         /* of the model */
    int64_t stored, partition; /* of the store */
    int64_t first;             /* its first leaf */
    int64_t n_leaves;
    int64_t *leaves; /* [n_leaves] detectors that add to the end, ascending */
    double *shares;  /* [n_leaves] in it, of votes */
    int64_t *names;  /* [n_leaves] index into those of all leaves */
    int64_t n_events;
    int64_t *events; /* [n_events] that concern it */
    int64_t hour;    /* slots */
    int64_t n_hours;
    int64_t *times_ms; /* [n_hours] of the strongest slot of each */
    double *votes;     /* [n_hours][n_leaves] there */
};

/* An issue, or a mark. */
struct weigh_event {
    const struct label *label;
    bool is_issue;
    int64_t n_meant;
    char **meant; /* [n_meant] counters; 0: all */
    /* its strongest slot: */
    const struct weigh_component *of; /* NULL: it has none */
    double high;
    double *votes; /* [of->n_leaves] */
};

struct weigh_votes {
    int64_t n_components;
    struct weigh_component *components; /* [n_components] in order of names */
    int64_t n_names;
    const char **names; /* [n_names] of leaves, in order */
    int64_t n_events;
    struct weigh_event *events;
};

/* Fills all but the events (given, without their slots), then these. Shares are those of members
 * that weigh `members` [model->n_members]. Everything is the run's arena's. */
LODE_CHECKED lode_status weigh_votes_find(struct lode_run *run, const struct given *given,
                                          const struct model *model, const double *members,
                                          struct weigh_votes *votes);

#endif
