/* Deep: the attributes that are looked at beyond their own cohorts: in pairs, for patterns inside
 * their cohorts, and over time. Each costs a hundred times what its cohorts do, so of a thousand
 * derived attributes only the largest are deep.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_DEEP_H
#define LODE_JOBS_OPPORTUNITIES_DEEP_H

#include "jobs/opportunities/cohorts.h"
#include "jobs/opportunities/opportunity_options.h"

/* Sets options->is_deep, from the arena: all stored attributes, and of the derived ones
 * options->most_deep. Those that the user defined come before generated ones; then those with more
 * users outside their largest value (users of the second largest, under the KPI where they are
 * most); then in the order of the definitions. A warning says how many are not deep. */
LODE_CHECKED lode_status deep_choose(const struct cohort_counts *counts, struct lode_arena *arena,
                                     struct opportunity_options *options);

#endif
