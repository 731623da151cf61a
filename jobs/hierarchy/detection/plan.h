/* Plan: what a leaf must know of the model to score one component: its part of the tree as nodes.
 *
 * A node has an E of its own in every slot: a leaf detector, or a combination of nodes before it.
 * Members always come before the node that holds them, so one pass forward computes every E. Beside
 * the model's detectors there are nodes that only a comparison needs: `high_max` (largest of what
 * the end is made of), `mean` (of all leaves, dead ones 0: no grouping), the groups of a manual
 * grouping, and one threshold a counter.
 *
 * Detectors whose leaves are of several components are in no component's plan: the coordinator
 * combines them (crossing.h) from the series that plans mark as kept.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_PLAN_H
#define LODE_JOBS_HIERARCHY_DETECTION_PLAN_H

#include "jobs/hierarchy/detection/levels.h"
#include "jobs/hierarchy/evaluation/labels.h"
#include "jobs/hierarchy/model/model.h"
#include "jobs/job.h"

enum plan_kind {
    PLAN_LEAF,      /* sigma / 2 x D of a counter */
    PLAN_GIVEN,     /* sigma / 2 x D of a rule or pattern */
    PLAN_DEVIATION, /* |value - mean| / deviation, both of training: a plain threshold */
    PLAN_MEAN,      /* sum(weight E) / sum(weight) of members */
    PLAN_LARGEST,   /* the largest of members */
    PLAN_VOTES,     /* as mean, but leaves count with their votes (model/vote.h) */
    PLAN_ONE_CLASS  /* sigma / 2 x D of a classifier (model/one_class.h) on the members' votes */
};

struct plan_node {
    enum plan_kind kind;
    int32_t level;   /* index into levels */
    bool is_kept;    /* the leaf returns its series */
    bool is_dead;    /* a leaf of a counter that was dead in training, watched whether it moves */
    double alert;    /* it fires from this E on; INFINITY: never */
    int64_t counter; /* leaf, deviation: index in the store; -1: the store has none of that name */
    int64_t given;   /* given: its number (given.h) */
    struct detector_settings settings; /* leaf */
    double sigma;
    int64_t first_member, n_members; /* others: into members */
    const double *factor;            /* one class: [one_class_size(n_members)] */
};

struct plan_member {
    int64_t node; /* less than the holder's */
    double weight;
};

struct plan_issue {
    int64_t start_ms, end_ms;
    int64_t label; /* index into labels */
};

struct plan_component {
    int64_t component;  /* index in the store */
    int64_t first_ms;   /* of its slot 0 */
    int64_t step_ms;    /* > 0 */
    int64_t trained_ms; /* last slot of training */
    int64_t last_ms;    /* its last sample */
    int64_t from_ms;    /* slots before are not scored, new or not; INT64_MIN: all new ones are */
    double vote;        /* c of votes, > 0 */
    int64_t n_nodes;
    struct plan_node *nodes; /* leaves first */
    int64_t n_members;
    struct plan_member *members;
    int64_t n_issues;
    struct plan_issue *issues; /* that concern the component */
};

/* A leaf detector, of a counter or given? */
static inline bool plan_is_leaf(const struct plan_node *node)
{
    return node->kind == PLAN_LEAF || node->kind == PLAN_GIVEN;
}

/* MessagePack, both ways; unpacking checks every index. LODE_E_MEMORY, LODE_E_MESSAGE. */
LODE_CHECKED lode_status plan_pack(const struct plan_component *plan, struct lode_bytes *out);
LODE_CHECKED lode_status plan_unpack(struct lode_unpack *in, int n_levels, struct lode_arena *arena,
                                     struct plan_component *plan);

/* E of a node that is no leaf, in n slots: e [n_nodes][n], of which those before it are known.
 * scratch [2 n_members of the plan], here and below. */
void plan_combine(const struct plan_component *plan, int64_t node, int64_t n, double *const *e,
                  double *scratch);

/* What every leaf adds to E of a node in one slot: contribution [n_nodes] out, 0 for what is no
 * leaf (or deviation) or not below it; they add up to E. Below a classifier one may be below 0. e
 * [n_nodes] of that slot. Below a node, either all leaves vote or none. */
void plan_contributions(const struct plan_component *plan, int64_t node, const double *e,
                        double *scratch, double *contribution);

#endif
