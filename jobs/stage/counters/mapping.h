/* Mapping: which column of a file is what, and which component its name says. Pure. */
#ifndef LODE_JOBS_STAGE_COUNTERS_MAPPING_H
#define LODE_JOBS_STAGE_COUNTERS_MAPPING_H

#include "jobs/stage/counters/plan.h"

/* Fills name, component_name, time_in_seconds and the numbers of columns of a file whose path,
 * columns and is_answer are set. Fails with LODE_E_INPUT, telling the columns there are and the
 * nearest: no time column, a named column that the file does not have, no counter; a file name that
 * names no component; with LODE_E_USAGE: `counter` without `value`, or the other way round. */
LODE_CHECKED lode_status counters_map_file(const struct stage_counters_options *options,
                                           struct lode_arena *arena, struct counters_file *file);

/* Columns that stand for nothing: those of long rows beside the four. Appends to names[*n]. */
void counters_list_unstaged(const struct counters_file *file, const char **names, int64_t *n);

#endif
