/* Tables of a training run for people, beside those that are the model: counters, edges, groups,
 * levels, dropped, contributions, findings.
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_TABLES_H
#define LODE_JOBS_HIERARCHY_TRAINING_TABLES_H

#include "jobs/hierarchy/training/tree.h"

LODE_CHECKED lode_status tree_tables_put(const struct lode_run *run, const struct tree *tree);

/* Shares of leaves in detectors that are linear in them: ends, wholes, groups of groups. The E of
 * the detector is the sum of share x E, up to rounding; exact to the last bit in the order that
 * table members has. None for groups with combiner=largest. */
LODE_CHECKED lode_status contributions_put(const struct lode_run *run, const struct model *model);

/* What labels taught, if there are any; what moves together: a row a group, the lowest level first.
 */
LODE_CHECKED lode_status group_findings_put(const struct lode_run *run, const struct tree *tree);

#endif
