/* Report: the ranked findings as table `opportunities` and as findings.jsonl. */
#ifndef LODE_JOBS_OPPORTUNITIES_FINDINGS_REPORT_H
#define LODE_JOBS_OPPORTUNITIES_FINDINGS_REPORT_H

#include "jobs/opportunities/findings/examples.h"
#include "jobs/opportunities/findings/finding_words.h"
#include "jobs/opportunities/findings/findings.h"

/* Everything that is told about findings->n findings; borrowed. */
struct report {
    const struct finding_sources *sources;
    const struct pattern_tokens *tokens;
    const struct findings *findings;
    const struct finding_words *words; /* [n] */
    const struct example *examples;    /* [n] */
};

/* The row of `cohorts` whose figures are the finding's; NULL: a pattern, or a part of a cohort. */
const struct cohort_row *report_cohort(const struct report *report, const struct finding *finding);

LODE_CHECKED lode_status report_put_table(const struct report *report, struct lode_arena *arena,
                                          struct lode_results *results);

/* findings.jsonl in `directory`, whole or absent: one JSON object per line, in rank order; numbers
 * that are not finite (ratio where no normal session has the pattern) are null. Keys are in
 * docs/formats.md. */
LODE_CHECKED lode_status report_write_findings(const struct report *report, const char *directory,
                                               struct lode_arena *arena);

#endif
