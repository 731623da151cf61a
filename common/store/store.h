/* Store: a staged data set of kind `events` (docs/formats.md has the layout).
 *
 * index.h5 holds schema, dictionaries and the partition table; part-00000.h5, ... the rows. The
 * index is read whole by lode_store_open; partitions are opened one at a time by leaves.
 *
 * A store that was appended to has several generations: further files of its partitions, which are
 * merged while they are read (generations.h), so that the functions here show one partition.
 */
#ifndef LODE_COMMON_STORE_H
#define LODE_COMMON_STORE_H

#include "common/error.h"
#include "common/memory.h"
#include "common/store/hdf.h"

#include <stdbool.h>
#include <stdint.h>

/* Format 1 has one generation, 2 several. */
enum { LODE_STORE_FORMAT = 2 };

/* Few strings, in no order that anybody may rely on (appending adds words at the end); a code is an
 * index. "" (no value) never has a word. */
struct lode_dictionary {
    char **words; /* [count] */
    int64_t count;
};
/* The "no value" code in attribute columns, whatever their width on disk (all bits set there). */
#define LODE_NO_CODE UINT32_MAX

/* Names inside a store, for the side that writes partitions and the side that reads them. */
#define LODE_STORE_INDEX "index.h5"
#define LODE_PART_USER_ID "users/id"
#define LODE_PART_SESSION_OFFSET "users/session_offset"
#define LODE_PART_USER_ATTRIBUTES "users/attributes"
#define LODE_PART_SESSION_ID "sessions/id"
#define LODE_PART_SESSION_START "sessions/start"
/* What appending needs and jobs do not (docs/formats.md). */
#define LODE_PART_USER_PLACE "users/place"
#define LODE_PART_USER_IS_NEW "users/is_new"
#define LODE_PART_SESSION_DERIVED "sessions/start_is_derived"
#define LODE_PART_SESSION_PIECE "sessions/piece"
#define LODE_PART_SESSION_USER_ATTRIBUTES "sessions/user_attributes"
#define LODE_PART_EVENT_OFFSET "sessions/event_offset"
#define LODE_PART_SESSION_ATTRIBUTES "sessions/attributes"
#define LODE_PART_KPIS "sessions/kpi"
#define LODE_PART_EVENT_TIME "events/time"
#define LODE_PART_EVENT_NAME "events/name"
#define LODE_TIME_UNITS "ms since 1970-01-01T00:00:00Z"
/* In a binary KPI's column: the session has no value. */
enum { LODE_KPI_NO_VALUE = 2 };

/* File name of a partition, "part-00000.h5", into buffer (>= 32 bytes); returns buffer. */
const char *lode_store_part_name(int64_t index, char *buffer);
/* "GROUP/NAME" of a column named by the user's data. Any name becomes one link: '/', '%', '.' and
 * ".." alone, control bytes and the empty name are written as %XX ("%" alone for the empty one). */
LODE_CHECKED lode_status lode_store_column_path(const char *group, const char *name,
                                                struct lode_arena *arena, char **path);

struct lode_attribute {
    const char *name;
    bool of_user; /* one value a user (users/attributes/NAME), else a session (sessions/...) */
    struct lode_dictionary dictionary;
};

struct lode_kpi {
    const char *name;  /* as in the input: "kpi_bounce" */
    bool is_binary;    /* only 0 and 1 (1 = faulty); else numeric */
    int64_t n_missing; /* sessions without a value */
};

struct lode_row_counts {
    int64_t n_users, n_sessions, n_events;
};

/* A file of a partition from a later generation. */
struct lode_later_file {
    const char *file;                            /* "part-00000.g2.h5" */
    int64_t partition;                           /* index */
    int64_t generation;                          /* 2 is the first append */
    int64_t n_users, n_sessions, n_events;       /* rows of the file */
    int64_t all_users, all_sessions, all_events; /* of the partition, up to this generation */
    int64_t size_bytes;
    uint64_t checksum;
};

struct lode_partition {
    const char *file;                      /* "part-00000.h5": of the first generation */
    int64_t n_users, n_sessions, n_events; /* of all generations, merged */
    int64_t size_bytes;                    /* of `file` */
    uint64_t checksum;                     /* XXH3 of `file` */
    /* where there are later files: */
    int64_t n_later;
    const struct lode_later_file *later; /* [n_later], the oldest first */
    struct lode_row_counts first;        /* rows of `file` */
};

/* What one `lode stage` added. */
struct lode_generation {
    const char *source;  /* input files, as given */
    const char *history; /* command and version */
    int64_t n_rows_read, n_rows_rejected;
};

/* How the store was staged, for appending: names and values that jobs/stage/rules.h defines. */
struct lode_staging_rules {
    int64_t count; /* 0: an older lode did not keep them */
    char **names, **values;
};

struct lode_store {
    char *path; /* absolute */
    const char *kind;
    int64_t n_attributes;
    struct lode_attribute *attributes;
    int64_t n_kpis;
    struct lode_kpi *kpis;
    struct lode_dictionary event_names;
    int64_t n_partitions;
    struct lode_partition *partitions;
    int64_t n_users, n_sessions, n_events; /* sums over partitions */
    int64_t n_rows_read, n_rows_rejected;  /* of the input files */
    const char *source;                    /* input files, as given */
    const char *history;                   /* command and version */
    int64_t n_generations;                 /* 0 (only when writing) and 1: one */
    struct lode_generation *generations;   /* [n_generations] */
    int64_t n_later;
    struct lode_later_file *later; /* [n_later] by partition, then generation */
    struct lode_staging_rules rules;
    struct lode_arena *arena;
};

/* Reads index.h5; LODE_E_INPUT when `path` is no store, a newer one, foreign or incomplete (a
 * partition file is missing or has another size). */
LODE_CHECKED lode_status lode_store_open(const char *path, struct lode_store **store);
void lode_store_close(struct lode_store *store); /* takes NULL */
/* Writes index.h5 of a store whose partitions lie in `directory` already. */
LODE_CHECKED lode_status lode_store_write_index(const struct lode_store *store,
                                                const char *directory);

/* "part-00003.h5, 51,200 sessions, 402,131 events": a partition in words, cut to fit; "" when there
 * is no such partition. */
void lode_store_name_partition(const struct lode_store *store, int64_t index, char *text,
                               size_t size);

/* Bytes of all files of a partition. */
int64_t lode_store_partition_bytes(const struct lode_partition *partition);
/* File name of a later generation's partition, "part-00000.g2.h5", into buffer (>= 64 bytes). */
const char *lode_store_later_name(int64_t index, int64_t generation, char *buffer);

/* -1 when there is none of that name. */
int64_t lode_store_find_kpi(const struct lode_store *store, const char *name);
int64_t lode_store_find_attribute(const struct lode_store *store, const char *name);

struct lode_part_later;

/* One partition's columns, from the store. Row counts are checked against the index. */
struct lode_part {
    struct lode_hdf *file; /* of the first generation */
    int64_t n_users, n_sessions, n_events;
    struct lode_part_later *later; /* NULL: one generation */
};
/* All generations. */
LODE_CHECKED lode_status lode_part_open(const char *store_path, int64_t index,
                                        struct lode_part *part);
/* The first `n_generations`: the store as it was when a run began, whatever was appended since. */
LODE_CHECKED lode_status lode_part_open_as_of(const char *store_path, int64_t n_generations,
                                              int64_t index, struct lode_part *part);
void lode_part_close(struct lode_part *part);

/* users -> sessions: [n_users + 1] offsets into sessions; sessions -> events likewise. Checked:
 * start at 0, never decrease, end at the row count. */
LODE_CHECKED lode_status lode_part_session_offsets(struct lode_part *part, struct lode_arena *arena,
                                                   int64_t **offsets);
LODE_CHECKED lode_status lode_part_event_offsets(struct lode_part *part, struct lode_arena *arena,
                                                 int64_t **offsets);
/* Start times of sessions in ms since 1970-01-01 UTC; INT64_MIN where unknown. */
LODE_CHECKED lode_status lode_part_session_starts(struct lode_part *part, struct lode_arena *arena,
                                                  int64_t **starts);
/* [n_events] codes of event names, each < limit (checked). */
LODE_CHECKED lode_status lode_part_event_names(struct lode_part *part, int64_t limit,
                                               struct lode_arena *arena, uint32_t **codes);
/* Codes of an attribute, one a session ([n_sessions], user attributes spread over their sessions);
 * LODE_NO_CODE where there is no value, else < limit (checked). */
LODE_CHECKED lode_status lode_part_attribute(struct lode_part *part, const char *name, bool of_user,
                                             int64_t limit, struct lode_arena *arena,
                                             uint32_t **codes);
/* Binary KPI: [n_sessions] of 0, 1 or 2 (no value). */
LODE_CHECKED lode_status lode_part_kpi_binary(struct lode_part *part, const char *name,
                                              struct lode_arena *arena, uint8_t **values);
/* Numeric KPI: [n_sessions], NaN where there is no value. A binary KPI reads as numbers too. */
LODE_CHECKED lode_status lode_part_kpi(struct lode_part *part, const char *name, bool is_binary,
                                       struct lode_arena *arena, double **values);
/* Ids of sessions [first, first + count), each of *width bytes, padded with zeros. */
LODE_CHECKED lode_status lode_part_session_ids(struct lode_part *part, int64_t first, int64_t count,
                                               struct lode_arena *arena, char **ids,
                                               int64_t *width);
/* Times of events [first, first + count). */
LODE_CHECKED lode_status lode_part_event_times(struct lode_part *part, int64_t first, int64_t count,
                                               struct lode_arena *arena, int64_t **times);
/* Id of one session (row of the partition); LODE_E_INPUT when there is no such row. */
LODE_CHECKED lode_status lode_part_session_id(struct lode_part *part, int64_t session,
                                              struct lode_arena *arena, char **id);

#endif
