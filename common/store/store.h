/* Store: a staged data set of kind `events` or `counters` (docs/formats.md has the layouts): what
 * lode's program adds to the public lode/store.h and lode/counters.h, which have the readers.
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
#include "lode/counters.h"
#include "lode/store.h"

/* Format 1 is `events` of one generation, 2 of several; 3 is `counters`. */
enum { LODE_STORE_FORMAT = 3 };
#define LODE_STORE_EVENTS "events"
#define LODE_STORE_COUNTERS "counters"

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
#define LODE_PART_EVENT_ATTRIBUTES "events/attributes"
#define LODE_PART_EVENT_VALUES "events/values"
#define LODE_TIME_UNITS "ms since 1970-01-01T00:00:00Z"

/* File name of a partition, "part-00000.h5", into buffer (>= 32 bytes); returns buffer. */
const char *lode_store_part_name(int64_t index, char *buffer);
/* "GROUP/NAME" of a column named by the user's data. Any name becomes one link: '/', '%', '.' and
 * ".." alone, control bytes and the empty name are written as %XX ("%" alone for the empty one). */
LODE_CHECKED lode_status lode_store_column_path(const char *group, const char *name,
                                                struct lode_arena *arena, char **path);

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

/* What the rows of partitions and files are called for events; of kind counters they are, in the
 * same fields, components (users), times (sessions: one a component and time) and values (events:
 * one a component, time and counter). */
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

/* What staging found in the input files of all generations: reasons of rejects and the like. */
struct lode_store_finding {
    const char *what;
    int64_t count;
};

/* What only a store of kind `counters` has. */
/* A name and what it is the name of. */
struct lode_store_name {
    const char *name;
    int64_t index;
};

struct lode_counters_schema {
    int64_t slot_ms; /* 0: samples as they were */
    int64_t n_components;
    struct lode_component *components; /* [n_components] in order of their first generation */
    int64_t n_counters;
    struct lode_counter *counters; /* [n_counters] likewise */
    /* of a store that was opened: both in order of names, for lode_store_find_component, _counter
     */
    const struct lode_store_name *component_names, *counter_names;
    int64_t n_found; /* 0 also where an older lode staged it */
    struct lode_store_finding *found;
};

struct lode_store {
    char *path; /* absolute */
    const char *kind;
    struct lode_counters_schema counters;
    int64_t n_attributes;
    struct lode_attribute *attributes;
    int64_t n_kpis;
    struct lode_kpi *kpis;
    struct lode_dictionary event_names;
    int64_t n_event_attributes;
    struct lode_attribute *event_attributes;
    int64_t n_event_values;
    const char **event_values; /* [n_event_values] names */
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

/* Bytes of all files of a partition. */
int64_t lode_store_partition_bytes(const struct lode_partition *partition);
/* File name of a later generation's partition, "part-00000.g2.h5", into buffer (>= 64 bytes). */
const char *lode_store_later_name(int64_t index, int64_t generation, char *buffer);

/* All generations. */
LODE_CHECKED lode_status lode_part_open(const char *store_path, int64_t index,
                                        struct lode_part *part);
/* The first `n_generations`: the store as it was when a run began, whatever was appended since. */
LODE_CHECKED lode_status lode_part_open_as_of(const char *store_path, int64_t n_generations,
                                              int64_t index, struct lode_part *part);

#endif
