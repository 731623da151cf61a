/* Generator of counters with planted, known issues: what `lode gen counters` hands to the job
 * `gen.counters`.
 *
 * A tree of services, their components and those' sub-components (service.c), each of the last with
 * counters that rise and fall with the day, in groups that move together (signal.c). Issues are
 * planted in the second half of the time alone (issue.h): train/ is before, test/ has them.
 */
#ifndef LODE_JOBS_GEN_COUNTERS_COUNTERS_H
#define LODE_JOBS_GEN_COUNTERS_COUNTERS_H

#include "jobs/job.h"

#include <stdint.h>

struct gen_counters_options {
    int64_t components; /* sub-components, a file each in train/ and test/: 1..1e6 */
    int64_t counters;   /* of each: 1..10000 */
    int64_t slots;      /* of train/, and as many of test/: 60..1e8 */
    int64_t slot_ms;    /* whole seconds, 1 s to 1 day */
    uint64_t seed;
    uint32_t planted; /* issue_read_kinds (issue.h); 0: nothing */
};

/* 24 components of 20 counters, 4320 slots of a minute (3 days), seed 1, all kinds. */
void gen_counters_defaults(struct gen_counters_options *options);

/* Name "gen.counters", options a struct gen_counters_options. Writes into run->directory:
 *
 *   train/NAME.csv, test/NAME.csv  timestamp_s, then a column a counter
 *   labels.csv, noise.csv          component,start_s,end_s,counters: issues; what is none
 *   truth.json                     options and issues, with kind and direction of each counter
 *
 * each whole or absent. Equal options give equal bytes for any number of workers. Fails with
 * LODE_E_USAGE (a number out of range) and LODE_E_DISK. */
extern const struct lode_job gen_counters_job;

#endif
