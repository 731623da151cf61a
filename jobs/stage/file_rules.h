/* File rules: which rule of a column mapping is for which input file. Pure. */
#ifndef LODE_JOBS_STAGE_FILE_RULES_H
#define LODE_JOBS_STAGE_FILE_RULES_H

#include "jobs/stage/mapping.h"

/* rule_of [n]: for each file the index of the first rule whose pattern matches it, or -1; from the
 * arena. LODE_E_USAGE: a pattern that no file matches (most likely misspelt), unless they may be
 * idle. */
LODE_CHECKED lode_status file_rules_match(const struct stage_events_options *options,
                                          bool may_be_idle, const struct stage_header *headers,
                                          int64_t n, struct lode_arena *arena, int64_t **rule_of);

#endif
