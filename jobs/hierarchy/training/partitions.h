/* Partitions: which components with samples each partition of a store holds. */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_PARTITIONS_H
#define LODE_JOBS_HIERARCHY_TRAINING_PARTITIONS_H

#include "jobs/hierarchy/options.h"
#include "jobs/job.h"

struct partition_components {
    int64_t n;
    int64_t *components; /* [n] index in the store, in order of names */
};
struct partitions {
    int64_t n;
    struct partition_components *list; /* [n] by partition */
    int64_t *costs;                    /* [n] values */
    int64_t n_components;              /* of all */
};

/* Are its slots so short that no detector takes the lengths of the options (milliseconds, where a
 * window is hours)? */
bool partitions_is_too_fine(const struct lode_component *component,
                            const struct hierarchy_options *options);

/* Can detectors be learned of it: has it a step (at least two samples), are its slots not nearly
 * all empty (slots.h), nor too short? */
bool partitions_can_use(const struct lode_component *component,
                        const struct hierarchy_options *options);

/* Components that can be used; arrays are the arena's. */
LODE_CHECKED lode_status partitions_make(const struct lode_store *store,
                                         const struct hierarchy_options *options,
                                         struct lode_arena *arena, struct partitions *partitions);

/* Makes a stage one of a task a partition. */
void partitions_describe(const struct partitions *partitions, const struct lode_store *store,
                         struct lode_stage *stage);

#endif
