/* Kind checks: what every kind of detector promises (detector.h), and its distances beside those of
 * a plain function of one window, which a test writes from the formula alone.
 */
#ifndef LODE_TESTS_JOBS_HIERARCHY_KIND_CHECKS_H
#define LODE_TESTS_JOBS_HIERARCHY_KIND_CHECKS_H

#include "jobs/hierarchy/detectors/detector.h"

/* D of the last slot of `window` [settings->window]. */
typedef double (*plain_distance_fn)(const struct detector_settings *settings, const double *window);

/* Fails the test unless, on noise of several sorts (normal, counts with many zeros and bursts, few
 * levels, steps), every D is that of the plain function, relatively within `tolerance`. */
void check_against_plain(const struct detector_kind *kind, const struct detector_settings *settings,
                         plain_distance_fn plain, double tolerance);

/* Fails the test unless: constant series of several levels give 0 at every slot; D of a slot has
 * the same bits whichever slot a scan begins at, as long as `reach` slots are before it; the first
 * `reach` are 0; D is finite for the largest numbers there are; `since` may be NULL, and else lies
 * within the window; the arena is given back. */
void check_promises(const struct detector_kind *kind, const struct detector_settings *settings);

/* Equal but for rounding. */
void assert_near(double value, double expected);

/* D of the last of n values, and *since (may be NULL). */
double last_distance(const struct detector_kind *kind, const struct detector_settings *settings,
                     const double *values, int64_t n, int32_t *since);

#endif
