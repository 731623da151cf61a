/* Series: levels above the first. What groups have scored over the training slots, by a stage of
 * its own, and the groups that follow from it. With combiner oneclass also the classifiers of all
 * groups.
 *
 * Series lie on the coordinator for as many services at a time as fit into SERIES_BATCH_BYTES, at
 * least one. Components of a scope may have other slots: the scope's are as long as the longest of
 * them, over the time that all have; a series has in each the newest of its own slots.
 *
 * Leaf "hierarchy.series": parameters as scan.h packs them, a task a partition that has groups. The
 * input: the partition (i64), an array of components: as scan.h packs them; an array of groups,
 * each an array of members: detector of the component (i64), sigma and weight (f64 each). The
 * result, for each component the slot of the first full window (i64), for each of its groups its
 * classifier (as classifier.h packs it; with combiner oneclass alone) and E from there on (bin of
 * doubles).
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_SERIES_H
#define LODE_JOBS_HIERARCHY_TRAINING_SERIES_H

#include "jobs/hierarchy/training/build.h"

enum { SERIES_BATCH_BYTES = 256 * 1024 * 1024 };

lode_status hierarchy_series_leaf(struct lode_task *task);

/* Adds levels 2 and up, and classifiers. */
LODE_CHECKED lode_status series_levels(struct build *build);

#endif
