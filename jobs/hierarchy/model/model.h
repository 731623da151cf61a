/* Model: the tree of detectors that a training run has learned.
 *
 * Its tables in results.h5 are the model, nothing else is kept: what `lode export M detectors`
 * shows is what detection reads. The directory of a run may come from anywhere, so every value is
 * checked when it is read, and who holds a struct model may index without looking.
 *
 * Detectors are in order of role, level, component (name), name; members always come before the
 * detectors that hold them, so one pass forward computes every E:
 *
 *   leaf   E = sigma / 2 x D of its kind on its counter; or of a rule of operators, which may read
 *          several, or of a pattern that was marked
 *   others E = the combiner over members, in their order: sum(weight E) / sum(weight), or the
 *          largest (options.combiner; ends and wholes are always the first). With votes a leaf
 *          counts with its vote (vote.h) in place of its E. With oneclass E of a group is
 *          sigma / 2 x D of its classifier on the votes of its members (one_class.h)
 *
 * Roles: leaves; groups of level 1, 2, ...; the one `end` of a component that has samples (over its
 * groups of level 1, or over its leaves where it has none; with votes over both, each leaf in no
 * group by itself, with the root of their sizes as weights: between members that tell different
 * things, size, and members that tell the same, 1); the `whole` of a component with
 * children (over its own end and the whole or end of each child).
 */
#ifndef LODE_JOBS_HIERARCHY_MODEL_H
#define LODE_JOBS_HIERARCHY_MODEL_H

#include "common/memory.h"
#include "common/store/table.h"
#include "jobs/hierarchy/detectors/detector.h"
#include "jobs/hierarchy/detectors/pattern.h"
#include "jobs/hierarchy/options.h"

struct model_component {
    const char *name;
    int64_t parent;  /* index or -1 */
    int64_t last_ms; /* last slot of training; INT64_MIN: has no samples */
    int64_t step_ms; /* > 0; 0: has no samples, or too few */
    int64_t n_slots; /* of training */
};

enum model_role { MODEL_LEAF, MODEL_GROUP, MODEL_END, MODEL_WHOLE };

/* Whether a detector is in a group, or why in none (ends and wholes are no groups). */
enum model_state {
    MODEL_USED,
    MODEL_DEAD, /* distance 0 in all training slots: sigma 0; told when it moves later (`woke`) */
    MODEL_ISOLATED, /* no edge to another detector */
    MODEL_ALONE,    /* a cluster of one */
    MODEL_UNFIT,    /* its component has no slot with a full window: sigma 0 */
    MODEL_TOP       /* nothing above it: the last level */
};

struct model_detector {
    enum model_role role;
    int32_t level;     /* leaf: 0; group: 1..; end, whole: above their members */
    int32_t component; /* index into components: a leaf's own; else its scope */
    /* leaf: its counter, and ":kind" where there are several kinds; name of a rule or pattern;
     * group: "group-1".. within scope and level; "end"; "whole" */
    const char *name;
    enum model_state state;
    double severity;   /* > 0, for health */
    double sigma;      /* >= 0 and finite; of leaves, and with oneclass of groups */
    double saturation; /* likewise: share of training slots with a score > 0.99 */
    /* of leaves */
    const char *counter; /* or the name of the rule or pattern */
    /* of options.rules, of options.patterns; both NULL: a counter's detector */
    const struct lode_definition *rule, *pattern;
    struct detector_settings settings; /* 0 of a rule or pattern */
    double weight;                     /* > 0: of options.weights */
    /* of others */
    int64_t first_member, n_members; /* into members; n >= 1 */
    int64_t exemplar;                /* detector; -1 */
    const double *factor; /* [one_class_size(n_members)] of a group with oneclass; else NULL */
};

struct model_member {
    int64_t detector; /* less than the holder's index */
    double weight;    /* > 0 */
};

/* What it was learned with, as a user would write it, presets resolved. */
struct model_parameters {
    int64_t n;
    const char *const *names, *const *values; /* [n] */
};

struct model {
    struct model_parameters parameters; /* of a model that was read; else n 0 */
    int64_t n_components;
    struct model_component *components; /* in order of names */
    int64_t n_detectors;
    struct model_detector *detectors;
    int64_t n_members;
    struct model_member *members;
    int32_t n_levels; /* highest level of a group + 1 */
    struct hierarchy_options options;
    struct patterns patterns; /* [options.n_patterns] with what was marked; index: not kept */
};

/* Of what people have given: a rule or a pattern? */
static inline bool model_is_given(const struct model_detector *leaf)
{
    return leaf->rule || leaf->pattern;
}

/* In table `parameters`, the row that says which lode made the model. */
#define MODEL_VERSION "lode_version"

enum { MODEL_LEVEL_TEXT = 24 };
/* "low", "mid", "high" (ends), "whole", "level-2"...: as tables and --set thresholds call it.
 * `text` [size >= MODEL_LEVEL_TEXT] is room for those that are made; what is returned is `text` or
 * static. */
const char *model_level_name(enum model_role role, int32_t level, char *text, size_t size);
/* "leaf", "group", "end", "whole"; "used", "dead", ... */
extern const char *const model_role_names[];
extern const char *const model_state_names[];

/* The kind of a leaf: "hellinger", ..; "rule"; "pattern". */
const char *model_kind_name(const struct model_detector *leaf);
/* The distribution that a leaf of hellinger takes its counter for; NULL: other kinds take it for
 * none. */
const char *model_family_name(const struct model_detector *leaf);

/* E of a detector that is no leaf, from e [n_detectors] of all before it, members in their order.
 * votes [n_members]: scratch. */
double model_combine(const struct model *model, int64_t detector, const double *e, double *votes);

/* The text of a parameter that a model was learned with; NULL: it has none of that name. */
const char *model_parameter(const struct model *model, const char *name);

/* Whether E of a detector comes from a classifier. */
bool model_is_one_class(const struct model *model, const struct model_detector *detector);

/* Puts tables parameters, components, detectors, members; patterns where there are any; with
 * oneclass classifiers. */
LODE_CHECKED lode_status model_put(const struct model *model, const struct lode_params *params,
                                   struct lode_arena *arena, struct lode_results *results);

/* Reads the model of a run directory; everything is the arena's. LODE_E_USAGE: it is no run of job
 * hierarchy that learned one. LODE_E_INPUT: made by another version of lode, not done, or a value
 * that cannot be, by table, row and column. */
LODE_CHECKED lode_status model_read(const char *directory, struct lode_arena *arena,
                                    struct model *model);

#endif
