/* Groups: which detectors become one detector of the next level, and why the others do not.
 *
 * Items without any similarity are set aside first (a negative preference would glue them
 * anywhere); affinity propagation clusters the others; a cluster of one is no group. Every item
 * ends in a group or with the reason why it is in none. Groups that an operator names go before.
 */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_GROUPS_H
#define LODE_JOBS_HIERARCHY_GROUPING_GROUPS_H

#include "jobs/hierarchy/grouping/affinity.h"

enum group_fate {
    GROUP_MEMBER,
    GROUP_ISOLATED, /* dropped: similar to nothing */
    GROUP_ALONE     /* dropped: a cluster, or a given group, of one */
};

struct group_options {
    struct affinity_options affinity; /* its exemplars are item numbers of the graph; those that are
                                         isolated or in a given group are left out */
    bool is_overlapping;              /* one group for every edge instead of clusters */
    const int32_t *given; /* [n] group, 0..n-1, that an operator wants item i in; -1: as found.
                             Items of given groups are not clustered. NULL: none */
};

/* Arrays are the arena's. Groups are in the order of their exemplar, then of their members. */
struct groups {
    int64_t n_items;
    uint8_t *fate;     /* [n_items] enum group_fate */
    int32_t *group_of; /* [n_items] group, the first where there are several; -1: in none */
    int64_t n_groups;
    int32_t *exemplar; /* [n_groups] item */
    int64_t *begin;    /* [n_groups + 1] places in members */
    int32_t *members;  /* [begin[n_groups]] items, ascending inside a group; at least two */
    struct affinity_result clustering; /* counts only, of the items clustered (exemplar is NULL);
                                          is_converged also where there was nothing to cluster */
};

/* Groups of the items of a symmetric graph of similarities.
 *
 * Exemplar of a given group: the member with the largest sum of similarities inside (absent pairs
 * 0; equal: the lower number), of an overlapping one: the lower number of its two.
 * Fails as affinity_propagate does. Same bits on every machine.
 */
LODE_CHECKED lode_status groups_find(const struct affinity_graph *graph,
                                     const struct group_options *options, struct lode_arena *arena,
                                     struct groups *groups);

#endif
