/* Stretch: the rows of one component over some slots, and what begins in them. Pure: the text of a
 * slot depends on options, component and slot alone, so a set is the same however it is cut.
 */
#ifndef LODE_JOBS_GEN_COUNTERS_STRETCH_H
#define LODE_JOBS_GEN_COUNTERS_STRETCH_H

#include "common/memory.h"
#include "jobs/gen/counters/counters.h"

struct stretch {
    int64_t component;
    int64_t first, count; /* slots, counted from the begin of train/ */
};

/* What is made of it, appended; cleared by the caller. */
struct stretch_texts {
    struct lode_bytes rows;   /* of the component's file */
    struct lode_bytes labels; /* rows of labels.csv, of issues that begin in the stretch */
    struct lode_bytes noise;  /* likewise of noise.csv */
    struct lode_bytes truth;  /* of each issue ",\n  {...}" */
};

/* "timestamp_s,requests_1,...\n" */
LODE_CHECKED lode_status stretch_header(const struct gen_counters_options *options,
                                        struct lode_bytes *out);
/* Fails with LODE_E_MEMORY only; scratch of some 100 bytes a counter from the arena. `advance` is
 * called for each slot. */
LODE_CHECKED lode_status stretch_make(const struct gen_counters_options *options,
                                      const struct stretch *stretch, struct lode_arena *arena,
                                      lode_status (*advance)(void *context), void *context,
                                      struct stretch_texts *texts);

#endif
