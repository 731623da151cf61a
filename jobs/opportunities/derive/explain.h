/* Explain: what the definitions of a spec come to, for `lode explain opportunities STORE`. */
#ifndef LODE_JOBS_OPPORTUNITIES_EXPLAIN_H
#define LODE_JOBS_OPPORTUNITIES_EXPLAIN_H

#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/opportunity_options.h"

/* Three tables: `graph` (one row: definitions, nodes asked for and left, patterns, first passes),
 * `nodes` (one row a node: its text, type, and the definitions that use it) and `stages` (tasks,
 * the columns of the store that each reads, and their bytes in memory). */
lode_status opportunities_explain(const struct lode_run *run, struct lode_explanation *explanation);

/* Table `stages`; at most: what of it is needed in the end depends on what is found. */
LODE_CHECKED lode_status explain_stages(const struct lode_run *run,
                                        const struct derivation *derivation,
                                        const struct opportunity_options *options,
                                        struct lode_table *table);

#endif
