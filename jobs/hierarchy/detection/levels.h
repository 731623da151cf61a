/* Levels: the names under which firings are counted and thresholds are set. */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_LEVELS_H
#define LODE_JOBS_HIERARCHY_DETECTION_LEVELS_H

#include "common/memory.h"
#include "jobs/hierarchy/model/model.h"

/* low; mid (groups of level 1); level-2 and on, where the tree has them; high (the one detector a
 * component ends with); high_max (the largest of what that is made of); mean (of all leaves: no
 * grouping); rule and pattern, where the model has any: each fires where it holds or matches; flat
 * (mean of the votes of all leaves that live, where combiner = votes); whole, where components have
 * children; manual, counter_thresholds, where asked for. */
struct levels {
    int n;              /* of detectors, which have series */
    int n_all;          /* behind them woke and silent, which have none (news.h) */
    const char **names; /* [n_all] */
    double *alerts;     /* [n_all] E from which detectors of the level fire; INFINITY: never */
    bool *is_kept;      /* [n] table scores has its series */
};

/* The levels of rules and of patterns. */
#define LEVEL_RULE "rule"
#define LEVEL_PATTERN "pattern"
/* Of counters that woke up and of what is silent. */
#define LEVEL_WOKE "woke"
#define LEVEL_SILENT "silent"

/* What is asked for beside the model's own levels. */
struct levels_wanted {
    bool has_manual, has_counter_thresholds;
    const struct hierarchy_numbers *alerts; /* E by name of level; n 0: high at score 0.99 */
    bool are_alerts_learned; /* the model's: one of a level that it has not is no mistake */
    char *const *kept;       /* [n_kept] names of levels */
    int64_t n_kept;
};

/* LODE_E_USAGE: `kept` or `alerts` has a name that no level has. */
LODE_CHECKED lode_status levels_make(const struct model *model, const struct levels_wanted *wanted,
                                     struct lode_arena *arena, struct levels *levels);
/* Is every level of parameter thresholds one that a model so learned might have? LODE_E_USAGE. */
LODE_CHECKED lode_status levels_check(const struct hierarchy_options *options,
                                      struct lode_arena *arena);
/* -1: there is none of that name. */
int levels_find(const struct levels *levels, const char *name);
/* The level of a detector. */
int levels_of(const struct levels *levels, const struct model_detector *detector);

#endif
