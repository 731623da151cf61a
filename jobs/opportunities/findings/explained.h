/* Explained: of two findings, one of whose sessions are among the other's, is one enough?
 *
 * The wider one is explained by the narrower where its other sessions are no worse than those
 * without it; the narrower adds nothing to the wider where it is no worse than the wider's other
 * sessions. Worse: the faulty rate is higher by more than `least_relative`, and the 95 % interval
 * (Newcombe) of the difference lies above 0.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_EXPLAINED_H
#define LODE_JOBS_OPPORTUNITIES_EXPLAINED_H

#include "jobs/opportunities/findings/findings.h"

/* Both of one scenario: equal totals; the sessions with `narrow` are among those with `wide`. */
bool is_explained(const struct two_by_two *wide, const struct two_by_two *narrow,
                  double least_relative);
bool adds_nothing(const struct two_by_two *narrow, const struct two_by_two *wide,
                  double least_relative);

/* Is the faulty rate of the first group (more than 0 sessions, as in the second) worse than that of
 * the second? */
bool rate_is_worse(int64_t faulty, int64_t sessions, int64_t other_faulty, int64_t other_sessions,
                   double least_relative);

#endif
