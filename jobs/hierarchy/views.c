/* Views of job hierarchy: of a detection its health and the way down to counters, of an evaluation
 * the curves of the paper's figure 6, of a training run its tree.
 */
#include "jobs/job.h"

extern const struct lode_job_views hierarchy_views; /* declared for the list, in jobs/views.c */

static const struct lode_view_rows rows[] = {
    {.table = "health", .most = 5000, .lowest = "health"},
    {.table = "firings",
     .most = 3000,
     .key = "firing",
     .among = {"findings.firing", "health.firing", NULL}},
    {.table = "incidents", .most = 3000, .key = "firing", .among = {"firings.firing", NULL}},
    {.table = "contributions", .most = 36000, .key = "firing", .among = {"firings.firing", NULL}},
    {.table = "evidence", .most = 3000},
    {.table = "evidence_values", .most = 400000},
    {.table = "evaluation", .most = 20000},
    {.table = "summary", .most = 1000},
    {.table = "levels", .most = 1000},
    {.table = "detectors", .most = 60000, .whole = true},
    {.table = "members", .most = 120000, .whole = true},
    {.table = "dropped", .most = 60000, .whole = true},
    {.table = NULL},
};

static const struct lode_view views[] = {
    {.kind = LODE_VIEW_HEALTH,
     .title = "Health",
     .text = "At the end of the scored slots. 1: nothing fires; 0: the worst. A component has the "
             "least of its own and of all below it; unknown: nobody watches it, or one below. A "
             "component leads to what fired in it, a "
             "firing to the counters that made it.",
     .table = "health"},
    {.kind = LODE_VIEW_TABLE,
     .title = "Evaluation",
     .text = "By the labelled issues: the fewest firings that find so many of them, by level, and "
             "what every threshold gives.",
     .table = "summary"},
    {.kind = LODE_VIEW_CURVES,
     .title = "Fewest firings at a recall",
     .text = "Further down is better: fewer firings for as many issues found.",
     .table = "evaluation",
     .x = "recall",
     .y = "firings",
     .lines = "level",
     .log_y = true,
     .least = true},
    {.kind = LODE_VIEW_CURVES,
     .title = "Firings over thresholds",
     .table = "evaluation",
     .x = "threshold",
     .y = "firings",
     .lines = "level",
     .log_x = true,
     .log_y = true},
    {.kind = LODE_VIEW_CURVES,
     .title = "Recall over thresholds",
     .table = "evaluation",
     .x = "threshold",
     .y = "recall",
     .lines = "level",
     .log_x = true},
    {.kind = LODE_VIEW_CURVES,
     .title = "Precision over thresholds",
     .table = "evaluation",
     .x = "threshold",
     .y = "precision",
     .lines = "level",
     .log_x = true},
    {.kind = LODE_VIEW_CURVES,
     .title = "Firings over those of level low",
     .text = "At the same threshold: below 1, a level fires less than the counters one by one.",
     .table = "evaluation",
     .x = "threshold",
     .y = "ratio_to_low",
     .lines = "level",
     .log_x = true,
     .log_y = true,
     .part = "firings",
     .whole = "low"},
    {.kind = LODE_VIEW_TABLE,
     .title = "Levels",
     .text = "What there was to group, and what was set aside.",
     .table = "levels"},
    {.kind = LODE_VIEW_TREE,
     .title = "Tree of detectors",
     .text = "Every component with its detectors, down to the counters; those that are in no group "
             "with the reason.",
     .table = "detectors"},
    {.title = NULL},
};

const struct lode_job_views hierarchy_views = {.job = "hierarchy", .rows = rows, .views = views};
