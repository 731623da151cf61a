/* Store: a staged data set of kind `events`, as a job reads it (of kind `counters`:
 * lode/counters.h).
 *
 * The root step knows the schema (struct lode_store: KPIs, attributes, event names, rows of every
 * partition). A leaf opens one partition (struct lode_part, by lode_task_open_part of lode/job.h)
 * and reads its columns whole: users > sessions > events, where the sessions of user u are rows
 * session_offsets[u] to session_offsets[u + 1] - 1, and the events of a session likewise. Sessions
 * of a user and events of a session are in order of time.
 *
 * All columns come from the arena that is given. Every reader fails with LODE_E_INPUT (the file is
 * damaged, or there is no such column: both by name) and LODE_E_MEMORY (it does not fit the arena).
 */
#ifndef LODE_STORE_H
#define LODE_STORE_H

#include "lode/error.h"
#include "lode/memory.h"

#include <stdbool.h>
#include <stdint.h>

LODE_API_BEGIN

/* Few strings, in no order that anybody may rely on (appending to a store adds words at the end);
 * a code is an index. "" (no value) never has a word. */
struct lode_dictionary {
    char **words; /* [count] */
    int64_t count;
};
/* The "no value" code of an attribute. */
#define LODE_NO_CODE UINT32_MAX

struct lode_attribute {
    const char *name;
    bool of_user; /* one value a user, else one a session */
    struct lode_dictionary dictionary;
};

struct lode_kpi {
    const char *name;  /* as in the input: "kpi_bounce" */
    bool is_binary;    /* only 0 and 1 (1 = faulty); else numeric */
    int64_t n_missing; /* sessions without a value */
};
/* In a binary KPI's column: the session has no value. */
enum { LODE_KPI_NO_VALUE = 2 };

struct lode_row_counts {
    int64_t n_users, n_sessions, n_events;
};

/* --- the store, for root steps; what is returned is borrowed and lives as long as the store --- */

struct lode_store;

/* Rows of all partitions; of one (zeros past the last). Of kind counters: components, times and
 * values in the place of users, sessions and events. */
struct lode_row_counts lode_store_rows(const struct lode_store *store);
int64_t lode_store_partitions(const struct lode_store *store);
struct lode_row_counts lode_store_partition_rows(const struct lode_store *store, int64_t partition);

const struct lode_dictionary *lode_store_event_names(const struct lode_store *store);
/* NULL past the last. */
const struct lode_kpi *lode_store_kpi(const struct lode_store *store, int64_t index);
const struct lode_attribute *lode_store_attribute(const struct lode_store *store, int64_t index);
/* Index of the KPI or attribute of that name; -1: there is none. */
int64_t lode_store_find_kpi(const struct lode_store *store, const char *name);
int64_t lode_store_find_attribute(const struct lode_store *store, const char *name);

/* Columns of single events: words (of_user is false), numbers (the name). NULL past the last; -1:
 * there is none of that name. */
const struct lode_attribute *lode_store_event_attribute(const struct lode_store *store,
                                                        int64_t index);
const char *lode_store_event_value(const struct lode_store *store, int64_t index);
int64_t lode_store_find_event_attribute(const struct lode_store *store, const char *name);
int64_t lode_store_find_event_value(const struct lode_store *store, const char *name);

/* "part-00003.h5, 51,200 sessions, 402,131 events" (counters: "7 components, 199,521 times"): a
 * partition in words, cut to fit; "" when there
 * is no such partition. `store` is a struct lode_store: fits lode_stage.describe where a task is a
 * partition. */
void lode_store_name_partition(const void *store, int64_t partition, char *text, size_t size);

/* Appends what a leaf must know to open partitions of the store as it is now, whatever is appended
 * to it meanwhile: two values, which lode_task_open_part or lode_task_open_counters reads.
 * LODE_E_MEMORY. */
LODE_CHECKED lode_status lode_store_refer(const struct lode_store *store, struct lode_bytes *out);

/* --- a partition, for leaves --- */

struct lode_hdf;
struct lode_part_later;
struct lode_part {
    struct lode_hdf *file; /* lode's own */
    int64_t n_users, n_sessions, n_events;
    struct lode_part_later *later; /* lode's own */
};
/* Of one that is zero or closed too. */
void lode_part_close(struct lode_part *part);

/* users -> sessions: [n_users + 1] offsets into sessions; sessions -> events: [n_sessions + 1] into
 * events. Checked: start at 0, never decrease, end at the row count. */
LODE_CHECKED lode_status lode_part_session_offsets(struct lode_part *part, struct lode_arena *arena,
                                                   int64_t **offsets);
LODE_CHECKED lode_status lode_part_event_offsets(struct lode_part *part, struct lode_arena *arena,
                                                 int64_t **offsets);
/* [n_sessions] start times in ms since 1970-01-01 UTC; INT64_MIN where unknown. */
LODE_CHECKED lode_status lode_part_session_starts(struct lode_part *part, struct lode_arena *arena,
                                                  int64_t **starts);
/* [n_events] codes of event names, each < limit (checked): the count of the store's event names
 * when the run began. */
LODE_CHECKED lode_status lode_part_event_names(struct lode_part *part, int64_t limit,
                                               struct lode_arena *arena, uint32_t **codes);
/* Codes of an attribute, one a session ([n_sessions], user attributes spread over their sessions);
 * LODE_NO_CODE where there is no value, else < limit (checked). */
LODE_CHECKED lode_status lode_part_attribute(struct lode_part *part, const char *name, bool of_user,
                                             int64_t limit, struct lode_arena *arena,
                                             uint32_t **codes);
/* Binary KPI: [n_sessions] of 0, 1 or LODE_KPI_NO_VALUE. */
LODE_CHECKED lode_status lode_part_kpi_binary(struct lode_part *part, const char *name,
                                              struct lode_arena *arena, uint8_t **values);
/* Numeric KPI: [n_sessions], NaN where there is no value. A binary KPI reads as numbers too. */
LODE_CHECKED lode_status lode_part_kpi(struct lode_part *part, const char *name, bool is_binary,
                                       struct lode_arena *arena, double **values);
/* Ids of sessions [first, first + count), each of *width bytes, padded with zeros. */
LODE_CHECKED lode_status lode_part_session_ids(struct lode_part *part, int64_t first, int64_t count,
                                               struct lode_arena *arena, char **ids,
                                               int64_t *width);
/* Times of events [first, first + count), in ms since 1970-01-01 UTC. */
LODE_CHECKED lode_status lode_part_event_times(struct lode_part *part, int64_t first, int64_t count,
                                               struct lode_arena *arena, int64_t **times);
/* Codes of an event attribute, [n_events]; LODE_NO_CODE where there is no value, else < limit
 * (checked): the count of its words when the run began. */
LODE_CHECKED lode_status lode_part_event_attribute(struct lode_part *part, const char *name,
                                                   int64_t limit, struct lode_arena *arena,
                                                   uint32_t **codes);
/* Values of events, [n_events]; NaN where there is none. */
LODE_CHECKED lode_status lode_part_event_value(struct lode_part *part, const char *name,
                                               struct lode_arena *arena, double **values);
/* Id of one session (row of the partition), zero-terminated; LODE_E_INPUT when there is no such
 * row. */
LODE_CHECKED lode_status lode_part_session_id(struct lode_part *part, int64_t session,
                                              struct lode_arena *arena, char **id);

LODE_API_END

#endif
