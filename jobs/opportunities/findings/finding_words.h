/* Words: a finding as one hypothesis and one sentence with its numbers. */
#ifndef LODE_JOBS_OPPORTUNITIES_FINDINGS_FINDING_WORDS_H
#define LODE_JOBS_OPPORTUNITIES_FINDINGS_FINDING_WORDS_H

#include "jobs/opportunities/findings/findings.h"

struct finding_words {
    char *hypothesis; /* "sessions with A > B have kpi_failed more often" */
    char *text;       /* the same with its numbers, one or more whole sentences */
};

/* Texts from the arena. Names of events and values are the data's, unchanged: whoever prints them
 * to a terminal makes control bytes visible. */
LODE_CHECKED lode_status finding_words_make(const struct finding_sources *sources,
                                            const struct pattern_tokens *tokens,
                                            const struct finding *finding, struct lode_arena *arena,
                                            struct finding_words *words);

#endif
