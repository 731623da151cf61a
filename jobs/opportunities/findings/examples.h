/* Examples: for every finding a few faulty sessions to look at, and one normal session to compare
 * with; of the first faulty one and of the normal one a timeline (the paper's figure 1a).
 *
 * A session is faulty as its 0/1 KPI says. Of a numeric KPI those are that lie on the side of the
 * mean to which the finding departs, and normal ones lie on the other: for a cohort the mean of all
 * sessions counts, for a trend or change that of its own. The normal session is of the same cohort
 * and does not have the pattern; the first that has the pattern's first event comes before all
 * others.
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
    bool in_match;  /* one of the pattern's events; in a normal session of its longest beginning */
};

/* The events around the match; where there is none the session's first ones. */
struct timeline {
    int64_t n;
    struct example_event *events;
};

/* How close a normal session comes to a finding. */
enum example_nearness { NORMAL_NONE, NORMAL_OTHER, NORMAL_NEAR /* has the first event */ };

struct example {
    int64_t n_sessions;
    char **sessions; /* [n_sessions] ids of faulty ones, in the order of partitions and rows */
    struct timeline timeline; /* of the first of them */
    enum example_nearness nearness;
    char *normal; /* id of the normal session; NULL: there is none */
    struct timeline normal_timeline;
};

/* examples[findings->n], from run->arena: up to options->examples faulty sessions each, fewer only
 * where there are fewer. Maps leaf "opportunities.examples". The same for any number of workers. */
LODE_CHECKED lode_status examples_find(struct lode_run *run,
                                       const struct opportunity_options *options,
                                       const struct finding_sources *sources,
                                       const struct pattern_tokens *tokens,
                                       const struct findings *findings, struct example **examples);
lode_status examples_leaf(struct lode_task *task);

#endif
