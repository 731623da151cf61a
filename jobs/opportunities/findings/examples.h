/* Examples: for every finding a few sessions to look at, and the timeline of the first of them.
 *
 * Partitions are read in growing batches (1, 2, 4, ...) until every finding has its examples: the
 * sessions of frequent patterns are in the first few, and a large store is not read again whole.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_EXAMPLES_H
#define LODE_JOBS_OPPORTUNITIES_EXAMPLES_H

#include "jobs/job.h"
#include "jobs/opportunities/findings/findings.h"

enum { EXAMPLE_TIMELINE = 12 }; /* most events of a timeline */

struct example_event {
    uint32_t name;  /* index into store->event_names */
    double seconds; /* since the session's start; NaN where a time is unknown */
    bool in_match;  /* one of the pattern's events */
};

struct example {
    int64_t n_sessions;
    char **sessions; /* [n_sessions] ids, in the order of partitions and rows */
    int64_t n_events;
    struct example_event *events; /* around the match in the first session; cohorts: its start */
};

/* examples[findings->n], from run->arena: up to options->examples sessions each, faulty ones for a
 * binary KPI, any with a value for a numeric one; fewer only where there are fewer. Maps leaf
 * "opportunities.examples". The same for any number of workers. */
LODE_CHECKED lode_status examples_find(struct lode_run *run,
                                       const struct opportunity_options *options,
                                       const struct finding_sources *sources,
                                       const struct pattern_tokens *tokens,
                                       const struct findings *findings, struct example **examples);
lode_status examples_leaf(struct lode_task *task);

#endif
