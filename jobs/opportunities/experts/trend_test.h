/* Trend test: what the experts say of one series, before any correction. */
#ifndef LODE_JOBS_OPPORTUNITIES_EXPERTS_TREND_TEST_H
#define LODE_JOBS_OPPORTUNITIES_EXPERTS_TREND_TEST_H

#include "jobs/opportunities/experts/trends.h"

/* The tests of one series: row without series, q, expert, lead and folded. LODE_E_MEMORY. */
LODE_CHECKED lode_status trend_test(const struct series *series, const struct series_list *list,
                                    const struct trend_options *options, struct lode_arena *arena,
                                    struct trend_row *row);
/* A finding, with `p` as its p or q? */
bool trend_passes(const struct trend_answer *answer, double p, bool is_binary,
                  const struct trend_options *options);

#endif
