/* Options of job hierarchy: its parameter table, and what the parameters come to.
 *
 * A preset gives every parameter that is left empty its value; one that is set wins over it. So a
 * run is told by its preset and what differs from it, and a model keeps the resolved values, which
 * no later change of a preset can touch.
 */
#ifndef LODE_JOBS_HIERARCHY_OPTIONS_H
#define LODE_JOBS_HIERARCHY_OPTIONS_H

#include "common/param/definitions.h"
#include "common/param/param.h"
#include "jobs/hierarchy/detectors/detector.h"

extern const struct lode_param hierarchy_params[]; /* ends with a NULL name */

enum { HIERARCHY_MOST_KINDS = 16 };

/* How the E of its members makes that of a group. */
enum hierarchy_combiner {
    HIERARCHY_MEAN,
    HIERARCHY_WEIGHTED,
    HIERARCHY_LARGEST,
    HIERARCHY_VOTES,
    HIERARCHY_ONE_CLASS
};

/* A line `name: number` of parameters weights, severities and thresholds. */
struct hierarchy_number {
    const char *name;
    double value;
};
struct hierarchy_numbers {
    int64_t n;
    const struct hierarchy_number *list; /* [n] as written */
};

struct hierarchy_options {
    /* leaves */
    int n_kinds;
    int kinds[HIERARCHY_MOST_KINDS]; /* indices into detector_kinds, as given */
    enum detector_family family;     /* of hellinger */
    enum detector_splits splits;
    int64_t window_ms, edge_ms, noise_ms;
    int64_t least_window, least_edge, least_side; /* slots, whatever the times come to */
    double saturation;                            /* f */
    int64_t n_rules;
    const struct lode_definition *rules; /* [n_rules] of operators: leaves of kind rule */
    const char *timezone;                /* of the clock in rules */
    int64_t n_patterns;
    const struct lode_definition *patterns; /* [n_patterns] marked (marks.h): kind pattern */
    double pattern_match, pattern_amplitude;
    /* grouping */
    int lasso_rule; /* of neighbourhood.h */
    double lasso_fraction;
    bool needs_both;     /* an edge needs both directions (and); else one (or) */
    bool by_coefficient; /* similarity: mean |coefficient|; else 0 or 1 */
    double preference, damping;
    bool overlaps;      /* one group per edge instead of clusters */
    int64_t replicates; /* bootstraps by which edges are told stable; 0: none */
    int64_t n_groups;
    const struct lode_definition *groups; /* [n_groups] given: patterns of leaves (hints.h) */
    const char *exemplars;                /* patterns of leaves that begin a group */
    /* tree */
    enum hierarchy_combiner combiner;
    double vote;         /* c of votes (votes, oneclass), > 0 */
    double label_ridge;  /* > 0: holds weights where they were (training/weight_fit.h) */
    int64_t cross_level; /* from this level on a scope is the service, not a component */
    int64_t max_levels;  /* of groups */
    /* what operators know; patterns of names with * and ? */
    struct hierarchy_numbers weights, severities; /* of counters or components */
    struct hierarchy_numbers thresholds;          /* on E, of levels by name ("low", "mid", ...) */
};

/* Reads and checks every parameter; lists come from the arena. LODE_E_USAGE names parameter, value
 * and what is allowed. */
LODE_CHECKED lode_status hierarchy_options_read(const struct lode_params *params,
                                                struct lode_arena *arena,
                                                struct hierarchy_options *options);

/* The settings of one kind of detector on series of a step: times divided by the step and rounded,
 * but at least least_window and least_edge slots; then W >= 2 least_side where all splits are
 * looked at, edge < W, and noise >= edge + 16. What is fitted is 0. step_ms > 0. */
struct detector_settings hierarchy_settings(const struct hierarchy_options *options, int kind,
                                            int64_t step_ms);

/* A length of time in slots, rounded to the nearest; may be 0. step_ms > 0. */
int64_t hierarchy_slots_in(int64_t time_ms, int64_t step_ms);

/* The value of the first pattern that the name fits, or `otherwise`. */
double hierarchy_number_of(const struct hierarchy_numbers *numbers, const char *name,
                           double otherwise);

/* The text of a parameter as it counts: what is set, else the preset's. NULL: there is none of that
 * name. */
const char *hierarchy_param_text(const struct lode_params *params, const char *name);

#endif
