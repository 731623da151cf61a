/* Trends and changes in words: pieces of the sentences of finding_words.h. */
#ifndef LODE_JOBS_OPPORTUNITIES_FINDINGS_TREND_WORDS_H
#define LODE_JOBS_OPPORTUNITIES_FINDINGS_TREND_WORDS_H

#include "jobs/opportunities/findings/findings.h"

/* " that are the first of their user have kpi_x more and more often", after the cohort */
LODE_CHECKED lode_status trend_words_add_claim(struct lode_bytes *out,
                                               const struct finding_sources *sources,
                                               const struct finding *finding);
/* "from 4.1 % on 2026-01-01 to 9.0 % on 2026-02-28 ..." */
LODE_CHECKED lode_status trend_words_add_numbers(struct lode_bytes *out,
                                                 const struct finding_sources *sources,
                                                 const struct finding *finding);

#endif
