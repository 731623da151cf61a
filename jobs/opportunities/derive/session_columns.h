/* Session columns: KPIs and attributes of the sessions of one partition, for the leaves of this
 * job. A leaf asks by index and gets marks, numbers or codes, [n_sessions]; where they come from (a
 * column of the store, an expression) is decided here and nowhere else.
 *
 *     lode_try(session_columns_unpack(&in, task, &columns));
 *     lode_try(session_columns_open(&columns, &part, task));   computes all that is derived, at
 * once lode_try(session_columns_codes(&columns, attribute, arena, &codes));
 */
#ifndef LODE_JOBS_OPPORTUNITIES_SESSION_COLUMNS_H
#define LODE_JOBS_OPPORTUNITIES_SESSION_COLUMNS_H

#include "jobs/job.h"
#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/derive/evaluation.h"

/* Which of the derived columns a leaf will ask for. */
struct session_wanted {
    const bool *kpis, *attributes; /* [of the store]; NULL: all */
};

struct session_values; /* of one derived column */

/* What a leaf knows. Zero-initialise; all memory is the arena's of the task. */
struct session_columns {
    uint32_t n_kpis, n_attributes;
    struct lode_kpi *kpis;             /* [n_kpis] n_missing is 0 or 1: there are some */
    struct lode_attribute *attributes; /* [n_attributes] dictionary.count; without words */
    struct session_values *of_kpis, *of_attributes; /* [n_...] which of them are derived, and how */
    struct expr_graph *graph;                       /* NULL: nothing is derived */
    const struct lode_zone *zone;
    struct evaluation_part part; /* columns that the leaf has read may be set before _open */
    int64_t partition;           /* for messages */
};

/* For parameters of a stage: all KPIs and attributes of `store`, and how those of them that are
 * derived and wanted (NULL: all) are computed (derivation NULL: none is derived). */
LODE_CHECKED lode_status session_columns_pack(const struct lode_store *store,
                                              const struct derivation *derivation,
                                              const struct session_wanted *wanted,
                                              struct lode_bytes *out);

/* Reads what session_columns_pack wrote; `in` goes past it. LODE_E_MESSAGE, LODE_E_MEMORY. */
LODE_CHECKED lode_status session_columns_unpack(struct lode_unpack *in, struct lode_task *task,
                                                struct session_columns *columns);
/* Index of a KPI, or of an attribute, below their number. */
LODE_CHECKED lode_status session_columns_unpack_kpi(struct lode_unpack *in,
                                                    const struct session_columns *columns,
                                                    int64_t *kpi);
LODE_CHECKED lode_status session_columns_unpack_attribute(struct lode_unpack *in,
                                                          const struct session_columns *columns,
                                                          int64_t *attribute);
/* Before the first column is asked for: evaluates what is derived and wanted, in one pass. The part
 * is borrowed until the leaf returns. */
LODE_CHECKED lode_status session_columns_open(struct session_columns *columns,
                                              struct lode_part *part, struct lode_task *task);

/* Each reads or makes one column in memory of the arena; the caller keeps it. A column that
 * expressions needed is not read again: who asks twice for one gets the same memory,
 * and sees what was written there. Marks: 0, 1 or
 * LODE_KPI_NO_VALUE, never the last unless n_missing says so; numbers: NaN where there is no value;
 * codes: below dictionary.count, or LODE_NO_CODE. A derived column that was not wanted has no
 * values. */
LODE_CHECKED lode_status session_columns_marks(struct session_columns *columns, int64_t kpi,
                                               struct lode_arena *arena, uint8_t **marks);
LODE_CHECKED lode_status session_columns_numbers(struct session_columns *columns, int64_t kpi,
                                                 struct lode_arena *arena, double **numbers);
LODE_CHECKED lode_status session_columns_codes(struct session_columns *columns, int64_t attribute,
                                               struct lode_arena *arena, uint32_t **codes);
/* A derived bool as sets of sessions (bit s % 64 of word s / 64): those that are true, and those
 * that have a value. NULL: an attribute of another kind, or one that was not wanted. */
void session_columns_sets(const struct session_columns *columns, int64_t attribute,
                          const uint64_t **is_true, const uint64_t **has_value);

#endif
