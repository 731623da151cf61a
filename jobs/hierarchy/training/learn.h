/* Learn: stage A of training. Every leaf detector's sigma, and the covariances of their scores
 * within each component, from which all neighbourhoods follow.
 *
 * Leaf "hierarchy.learn": parameters and components as scan.h packs them, a task a partition. The
 * result, an array of components: index (i64), whether it has a full window (u64), slots (i64), its
 * counters (array of i64); of all its detectors (scan.h has their order), sigma, saturation and
 * what is fitted (usual variance, largest value: bin of doubles each) and family (i64 each); of
 * those with a sigma (what is given: that vary) the covariances of the scores, upper triangle by
 * rows (bin of doubles); with replicates the share of them that have each edge of the graph that
 * follows (bin of doubles, else empty).
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_LEARN_H
#define LODE_JOBS_HIERARCHY_TRAINING_LEARN_H

#include "jobs/hierarchy/given.h"
#include "jobs/job.h"

lode_status hierarchy_learn_leaf(struct lode_task *task);

/* What is known of a component's leaves; arrays are the run's arena's. */
struct learned_component {
    int64_t component; /* index in the store */
    bool is_fit;       /* false: it never has a full window */
    int64_t n_slots;
    int64_t n_counters;
    int64_t *counters; /* [n_counters] index in the store, in order of names */
    int64_t n_given;
    int64_t *given;                         /* [n_given] what it has of that */
    int64_t n_detectors;                    /* counters x kinds, then what is given */
    double *sigma, *saturation;             /* [n_detectors]; sigma 0: dead */
    double *usual_variance, *largest_value; /* [n_detectors] fitted */
    enum detector_family *family;           /* [n_detectors] */
    int64_t n_alive;
    int64_t *alive; /* [n_alive] detectors that may be grouped, ascending */
    double *gram;   /* [n_alive x n_alive] covariances */
    double *shares; /* [n_shares] of bootstraps, as scope_stability has them; NULL: none made */
    int64_t n_shares;
};
struct learned {
    int64_t n;
    struct learned_component *list; /* [n] all with samples and a step, by partition, then name */
    struct given given;
};

/* May a detector be grouped? One with a sigma; of what is given what held or matched in some of
 * the training slots, not in all: scores that never change go with nothing. */
static inline bool learned_varies(bool is_given, double sigma, double saturation)
{
    return sigma > 0 && (!is_given || (saturation > 0 && saturation < 1));
}

/* Runs the stage. */
LODE_CHECKED lode_status learn(struct lode_run *run, const struct hierarchy_options *options,
                               struct learned *learned);

#endif
