/* Scan: a component inside a leaf, its detectors' distances over the training slots, one detector
 * at a time; and what the coordinator must tell a leaf for that.
 *
 * Detectors of a component are numbered counter by counter in order of the names, within a counter
 * by kind in order of parameter `detectors`; behind them what is given (given.h) in its order.
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_SCAN_H
#define LODE_JOBS_HIERARCHY_TRAINING_SCAN_H

#include "jobs/hierarchy/given.h"
#include "jobs/hierarchy/slots.h"
#include "jobs/job.h"

/* --- both sides --- */

/* Parameters of both training leaves: the store, all parameters of the job, what is given. */
LODE_CHECKED lode_status scan_pack_params(const struct lode_store *store,
                                          const struct lode_params *params,
                                          const struct given *given, struct lode_bytes *out);
/* A component: index, first and last sample, step (i64 each). */
LODE_CHECKED lode_status scan_pack_component(int64_t component, const struct lode_component *about,
                                             struct lode_bytes *out);

/* --- leaves --- */

struct scan {
    struct lode_task *task;
    struct hierarchy_options options;
    struct given given;
    struct lode_counters *counters; /* the partition; closed by scan_end */
    /* of the component at hand */
    int64_t component, block;
    const struct lode_counters_block *about;
    struct slots slots;
    int64_t *times;      /* [about->n_times] */
    int64_t reach;       /* largest of all kinds: slots before have no full window */
    int64_t n_detectors; /* counters x kinds, and what is given */
    int64_t n_given;
    int64_t *own_given; /* [n_given] */
    struct detector_settings settings[HIERARCHY_MOST_KINDS];
};

/* Opens partition `partition` of the parameters. What it takes lives as long as the task. */
LODE_CHECKED lode_status scan_begin(struct lode_task *task, int64_t partition, struct scan *scan);
void scan_end(struct scan *scan);

/* The next component of the input. LODE_E_MESSAGE, LODE_E_INPUT, LODE_E_MEMORY. */
LODE_CHECKED lode_status scan_component(struct scan *scan, struct lode_unpack *in);

/* Whether there is at least one slot with a full window. */
bool scan_is_fit(const struct scan *scan);

/* Of what is given? */
bool scan_is_given(const struct scan *scan, int64_t detector);

/* D of a detector: distance [slots.n], 0 before its own reach. `settings`: what it was scanned
 * with; training chooses the family where the options leave it open, and fits what its kind has to
 * fit. Scratch is given back. */
LODE_CHECKED lode_status scan_distance(struct scan *scan, int64_t detector, double *distance,
                                       struct detector_settings *settings);

/* Says of an error in which component it came up; of LODE_E_MEMORY, what to do. */
lode_status scan_note(const struct scan *scan, lode_status status);

/* A leaf whose input is the partition (i64) and an array of components, each as
 * scan_pack_component has it and what `make` reads behind it: opens the partition, and has `make`
 * put what it makes of one component after the other. Scratch of one is given back before the next.
 */
LODE_CHECKED lode_status scan_each(struct lode_task *task,
                                   lode_status (*make)(struct scan *scan, struct lode_unpack *in,
                                                       struct lode_bytes *out));

#endif
