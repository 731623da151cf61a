/* Session columns: KPIs and attributes of the sessions of one partition, for the leaves of this
 * job. A leaf asks by index and gets marks, numbers or codes, [n_sessions]; where they come from (a
 * column of the store, an expression) is decided here and nowhere else.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_SESSION_COLUMNS_H
#define LODE_JOBS_OPPORTUNITIES_SESSION_COLUMNS_H

#include "jobs/job.h"

struct session_kpi {
    char *name;
    bool is_binary;
    bool has_missing; /* there are sessions without a value */
};

struct session_attribute {
    char *name;
    bool of_user;
    int64_t n_words;
};

/* What a leaf knows of them. Zero-initialise; all memory is the arena's of session_columns_read. */
struct session_columns {
    uint32_t n_kpis, n_attributes;
    struct session_kpi *kpis;             /* [n_kpis] as in the store that was packed */
    struct session_attribute *attributes; /* [n_attributes] likewise */
    struct lode_part *part;               /* borrowed */
    int64_t partition;                    /* for messages */
};

/* For parameters of a stage: all KPIs and attributes of the store. */
LODE_CHECKED lode_status session_columns_pack(const struct lode_store *store,
                                              struct lode_bytes *out);

/* Reads what session_columns_pack wrote; `in` goes past it. */
LODE_CHECKED lode_status session_columns_unpack(struct lode_unpack *in, struct lode_task *task,
                                                struct session_columns *columns);
/* Index of a KPI, or of an attribute, below their number. */
LODE_CHECKED lode_status session_columns_unpack_kpi(struct lode_unpack *in,
                                                    const struct session_columns *columns,
                                                    int64_t *kpi);
LODE_CHECKED lode_status session_columns_unpack_attribute(struct lode_unpack *in,
                                                          const struct session_columns *columns,
                                                          int64_t *attribute);
/* Before the first column is asked for. The part is borrowed until the leaf returns. */
LODE_CHECKED lode_status session_columns_open(struct session_columns *columns,
                                              struct lode_part *part, struct lode_task *task);

/* Each reads one column into memory of the arena; the caller keeps it. Marks: 0, 1 or
 * LODE_KPI_NO_VALUE, never the last unless has_missing; numbers: NaN where there is no value;
 * codes: below n_words, or LODE_NO_CODE. */
LODE_CHECKED lode_status session_columns_marks(struct session_columns *columns, int64_t kpi,
                                               struct lode_arena *arena, uint8_t **marks);
LODE_CHECKED lode_status session_columns_numbers(struct session_columns *columns, int64_t kpi,
                                                 struct lode_arena *arena, double **numbers);
LODE_CHECKED lode_status session_columns_codes(struct session_columns *columns, int64_t attribute,
                                               struct lode_arena *arena, uint32_t **codes);

#endif
