/* Detect: a run of job hierarchy that scores the slots after a model's last against its tree.
 *
 * Puts tables findings, firings, contributions, scores, woke and unscored; with labels also
 * evaluation and summary. Without new slots all are empty and a warning says so: no error, so that
 * a scheduler may start it as often as it likes.
 *
 * Alerts: a detector fires at the E that parameter `thresholds` (of this run, else of the training)
 * gives its level; where neither does, level high fires at a score of 0.99.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_DETECT_H
#define LODE_JOBS_HIERARCHY_DETECTION_DETECT_H

#include "jobs/hierarchy/model/model.h"
#include "jobs/job.h"

/* labels_path: issues by which levels are judged (evaluation/labels.h); NULL: none. LODE_E_INPUT
 * (labels, manual groups), LODE_E_USAGE (a level that there is none of), and those of lode_map. */
LODE_CHECKED lode_status hierarchy_detect(struct lode_run *run, const struct model *model,
                                          const char *labels_path);

#endif
