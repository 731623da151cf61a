/* Simpson's reversals: a finding that turns round inside the values of an attribute. "Sessions on
 * ios fail more often" although they fail less often in every country: more of them are in the
 * countries where everything fails.
 *
 * For each static attribute the sessions with and without the finding are compared inside each of
 * its values, and the differences pooled (Mantel and Haenszel). Counts alone are used, and they are
 * there: of patterns inside cohorts, and of pairs of cohorts.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_FINDINGS_SIMPSON_H
#define LODE_JOBS_OPPORTUNITIES_FINDINGS_SIMPSON_H

#include "jobs/opportunities/findings/findings.h"

/* Sessions with and without something, inside one value of an attribute. */
struct stratum {
    int64_t with, faulty_with;
    int64_t without, faulty_without;
};

/* Pooled difference of the faulty rates, with - without, and its 95 % interval: strata weigh
 * with x without / sessions; variance of Greenland and Robins (Biometrics 41, 1985, 55-68). NaN
 * where no stratum has both. Sums in the order given. */
struct pooled {
    double difference, low, high;
};
struct pooled simpson_pool(const struct stratum *strata, int64_t n);

/* Sets `simpson` and `simpson_difference` of each finding over a binary KPI whose pooled difference
 * is below 0 with its whole interval (findings are above 0 as they stand): the attribute for which
 * that is clearest. Strata have at least SIMPSON_LEAST sessions with and as many without; there are
 * two or more of them, and they hold half of all sessions with and half of those without.
 * Judged are: patterns over all sessions, where cohorts are searched for patterns of their length;
 * cohorts that are no pair, where pairs are counted. LODE_E_MEMORY. */
enum { SIMPSON_LEAST = 20 };
LODE_CHECKED lode_status simpson_mark(const struct finding_sources *sources,
                                      struct lode_arena *arena, struct findings *findings);

#endif
