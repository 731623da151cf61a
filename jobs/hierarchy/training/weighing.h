/* Weighing: issues that people labelled and alerts that they marked harmless adjust how much each
 * counter counts. Groups stay what was learned without labels.
 *
 * A slot is told by what each leaf adds to `high`: its share in its component's end times its vote
 * (vote.h, whatever the combiner: E has no bound, and one leaf would outweigh all labels). Leaves
 * of one name have one weight in all components: labels are few. Rows of the regression
 * (weight_fit.h):
 *
 *   an issue   its strongest slot, as one such slot finds it           y = 1, weight 1
 *   a mark     its strongest slot; of the counters it names, if any    y = 0, weight 1
 *   the rest   the strongest slot of each hour outside issues and      y = 0, together as heavy as
 *              marks: it may hold issues that nobody has labelled      all issues
 *
 * Where no issue is labelled, alerts since the first mark that are not marked are presumed right,
 * as people looked at them: hours that reach one have y = 1, together as heavy as the marks, and so
 * are the other hours. An issue or a mark of a component concerns also those above and below it, as
 * in detection; one that has no slot with a full window is counted as outside.
 *
 * Hours are longer where they would hold more than MOST_VALUES votes in all. The votes come from
 * a stage of its own:
 *
 * Leaf "hierarchy.weigh": parameters as scan.h packs them, a task a partition. The input: the
 * partition (i64), an array of components: as scan.h packs them; an array of leaves: detector of
 * the component (i64), sigma and share (f64 each); slots of an hour (i64); an array of events:
 * start and end in ms (i64 each), an array of the leaves that are meant (empty: all). The result,
 * for each component: for each event the votes of all leaves in its strongest slot, 0 of those that
 * are not meant (bin of doubles; empty: it has no slot); then those of the hours, one behind the
 * other (bin).
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_WEIGHING_H
#define LODE_JOBS_HIERARCHY_TRAINING_WEIGHING_H

#include "jobs/hierarchy/training/tree.h"

lode_status hierarchy_weigh_leaf(struct lode_task *task);

/* Leaves of one name. */
struct weighed_name {
    const char *name;
    double prior, weight;  /* before, as parameter weights says; after */
    int64_t leaves;        /* that add to an end */
    int64_t issues, marks; /* in whose slot one of them is saturated */
    int64_t hours;         /* other ones of their components */
    double rest;           /* share of these likewise */
};

/* What became of a file of labels. */
struct weighed_file {
    const char *kind;               /* "issues", "marks" */
    int64_t used, outside, unknown; /* rows; unknown: of no component of the model */
};

struct weighing {
    int64_t n_names;
    struct weighed_name *names; /* [n_names] in order of names */
    struct weighed_file files[2];
    int64_t presumed; /* other hours with an alert that is presumed right */
};

/* Whether both files (NULL: none) can be read, before anything is learned: LODE_E_INPUT, by line.
 */
LODE_CHECKED lode_status weigh_check(const struct lode_store *store,
                                     const struct hierarchy_options *options, const char *labels,
                                     const char *harmless, struct lode_arena *arena);

/* Reads both files, and sets the weights of leaves, groups and ends of the tree. What
 * is left out is warned of. LODE_E_INPUT: of a file, by line. LODE_E_NUMERIC: as weight_fit. */
LODE_CHECKED lode_status weigh(struct lode_run *run, const struct given *given, const char *labels,
                               const char *harmless, struct tree *tree, struct weighing *weighing);

/* Tables `weights` and `labels`. */
LODE_CHECKED lode_status weight_tables_put(const struct lode_run *run,
                                           const struct weighing *weighing);
/* "3 issues and 2 marks weigh counters anew: up ..", the arena's. */
LODE_CHECKED lode_status weight_words(const struct weighing *weighing, struct lode_arena *arena,
                                      const char **words);

#endif
