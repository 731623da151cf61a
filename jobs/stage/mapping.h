/* Mapping: which file holds events and which sessions, and what each of their columns is. Pure. */
#ifndef LODE_JOBS_STAGE_MAPPING_H
#define LODE_JOBS_STAGE_MAPPING_H

#include "jobs/stage/plan.h"

/* The header of one input file. */
struct stage_header {
    const char *path;
    const char *const *columns; /* [n_columns] */
    int n_columns;
};

struct stage_known; /* rules.h */

/* Fills from the headers: files (path, name, role, columns), kpis, attributes, sessions_given,
 * join, split, gap_ms, max_ms, zones (names), unstaged; all else of the plan is zero.
 *
 *   headers  [n], in the order of the inputs; paths and names are copied
 *
 * A KPI or attribute is taken from the sessions files when one of them has it, else from the
 * events. Where sessions files have no user column the user of a session is its own id, and user
 * columns of events are not staged.
 *
 *   known    of the store that is appended to, or NULL. Its KPIs and attributes are those of the
 *            plan, in its order; columns that the files lack have no values. Files may lack columns
 *            that the options name.
 *
 * Fails with LODE_E_INPUT: a file without a column it needs, a named column that no file has (each
 * with the columns there are and the nearest), files that differ in having a user column.
 * With `known` also: a column that is no part of the store, or files of another kind than those of
 * the store. LODE_E_USAGE: a file rule that no file matches.
 */
LODE_CHECKED lode_status mapping_plan(const struct stage_events_options *options,
                                      const struct stage_known *known,
                                      const struct stage_header *headers, int64_t n,
                                      struct lode_arena *arena, struct stage_plan *plan);

#endif
