/* Issue: what is planted and when; all of it follows from (seed, component, period) alone, so that
 * any stretch of time can be made on its own. Pure.
 *
 * The kinds are those of figure 2 of the paper on hierarchical monitoring: a group of counters that
 * spikes together; one that spikes while another drops; besides the same spike in all parts of a
 * component, and what is no issue: the spike of a single counter, which comes much more often.
 */
#ifndef LODE_JOBS_GEN_COUNTERS_ISSUE_H
#define LODE_JOBS_GEN_COUNTERS_ISSUE_H

#include "jobs/gen/counters/counters.h"

#include <stdbool.h>

enum issue_kind { ISSUE_SPIKE, ISSUE_SPIKE_AND_DROP, ISSUE_ACROSS, ISSUE_NOISE, ISSUE_KINDS };
enum {
    ISSUE_ALL = (1 << ISSUE_KINDS) - 1,
    ISSUE_PERIOD = 240,      /* slots, with at most one issue of a component */
    ISSUE_NOISE_PERIOD = 480 /* with at most one lone spike of a counter */
};

struct issue {
    bool exists;
    enum issue_kind kind;
    int64_t first, end;  /* slots, counted from the begin of train/: [first, end) */
    int64_t rising;      /* group of counters; of noise the counter */
    int64_t falling;     /* group; -1: none */
    double rises, falls; /* by that share of a counter's level */
};

/* "spike", "spike_and_drop", "across", "noise". */
const char *issue_kind_name(enum issue_kind kind);
/* Reads "all", "none" or a list of kinds into a set of bits. LODE_E_USAGE names what is unknown,
 * and the nearest. */
LODE_CHECKED lode_status issue_read_kinds(const char *list, uint32_t *planted);

/* Slots of a period: ISSUE_PERIOD, or all of test/ where it is shorter. */
int64_t issue_period(const struct gen_counters_options *options);
/* The issue of a component in a period [0, ...) of test/; it lies inside of the period. */
struct issue issue_of_period(const struct gen_counters_options *options, int64_t component,
                             int64_t period);
/* The lone spike of a counter in a period [0, ...) of ISSUE_NOISE_PERIOD slots of train/ and
 * test/; likewise. */
struct issue issue_noise(const struct gen_counters_options *options, int64_t component,
                         int64_t counter, int64_t period);

/* What a counter's level is multiplied with because of the issue while that lasts; 1: it has no
 * part in it. */
double issue_factor(const struct gen_counters_options *options, const struct issue *issue,
                    int64_t counter);

#endif
