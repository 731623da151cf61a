/* Plan: what is staged from which column of which file, and how; made by the coordinator and sent
 * to all tasks as the parameters of their stage.
 *
 * The files are cut into ranges (ranges.h), which are numbered in the order of the input: records
 * say where they come from by the number of their range and the line in it.
 */
#ifndef LODE_JOBS_STAGE_PLAN_H
#define LODE_JOBS_STAGE_PLAN_H

#include "common/hash.h"
#include "common/memory.h"
#include "jobs/stage/stage.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

enum stage_role { STAGE_EVENTS, STAGE_SESSIONS };

struct stage_file {
    const char *path; /* absolute */
    const char *name; /* its last part, for rejects and the index */
    /* as it was when the plan was made: a file that is another by now is refused */
    uint64_t size_bytes;
    int64_t mtime_ns;
    bool is_packed; /* gzip or zstd */
    bool is_json;
    int n_columns;
    const char *const *columns;
    enum stage_role role;
    enum stage_time_unit time_unit;
    int64_t zone;         /* of ISO times without an offset: index into zones */
    bool time_in_seconds; /* the name of the time (start) column ends in _s */
    bool needs_user;      /* events whose users are to be looked up by stage.join */
    /* column numbers; -1: none */
    int session, user, event;
    int time;          /* of an event, or start of a session */
    int *kpi_at;       /* [n_kpis] */
    int *attribute_at; /* [n_attributes] */
};

/* Text in gzip or zstd, roughly. */
enum { STAGE_PACKED_FACTOR = 8 };
/* Bytes of the file unpacked: exact where it is plain. */
static inline uint64_t stage_text_bytes(const struct stage_file *file)
{
    return file->size_bytes * (file->is_packed ? STAGE_PACKED_FACTOR : 1);
}

/* Its rules travel along, so that no worker asks its own host's. */
struct stage_zone {
    const char *name;
    const uint8_t *rules; /* lode_zone_make */
    size_t rules_size;
};

struct stage_kpi {
    const char *name;
    bool is_binary; /* known after parse */
};

struct stage_attribute {
    const char *name;
    bool of_user;
    bool named;      /* asked for by name: cannot be left out */
    bool dropped;    /* known after parse: too many different values, left out */
    int64_t n_words; /* known after parse */
};

/* A run file in the work directory. Its records hold codes of the dictionaries of range `codes_of`,
 * or global ones when that is -1. */
struct stage_run {
    const char *name;
    uint64_t size_bytes;
    int64_t codes_of;
};

struct stage_plan {
    int64_t n_partitions;
    uint64_t inverse;    /* of n_partitions, for stage_partition_of; made by stage_plan_unpack */
    bool sessions_given; /* there is a sessions file: an event without its session is rejected */
    bool join;
    bool split; /* cut a key's events into sessions at gaps */
    int64_t gap_ms, max_ms;
    int64_t n_zones;
    struct stage_zone *zones;
    int64_t n_files;
    struct stage_file *files;
    int64_t n_ranges; /* of all files */
    int64_t n_kpis;   /* and then values of events: the last n_event_values of them */
    int64_t n_event_values;
    struct stage_kpi *kpis;
    int64_t n_attributes; /* likewise */
    int64_t n_event_attributes;
    struct stage_attribute *attributes;
    /* known after parse */
    int64_t n_event_names;
    struct stage_run codes; /* maps from local to global codes, a bucket per range; size 0: none */
    int64_t n_runs;
    struct stage_run *runs;
    const char *directory; /* store under construction, or that is appended to */
    /* appending: the generation to be; else 1 */
    int64_t generation;
    /* an event earlier than the last one staged of its session cannot be placed any more */
    bool in_order_only;
    int64_t n_unstaged; /* not packed */
    const char **unstaged;
};

/* KPIs and attributes of sessions (and users): those in front. */
static inline int64_t stage_session_kpis(const struct stage_plan *plan)
{
    return plan->n_kpis - plan->n_event_values;
}
static inline int64_t stage_session_attributes(const struct stage_plan *plan)
{
    return plan->n_attributes - plan->n_event_attributes;
}

/* What an event has beside time and name, as bytes: its values, [n_event_values] of double, then
 * the codes of its attributes, [n_event_attributes] of uint32_t. */
static inline size_t stage_event_bytes(const struct stage_plan *plan)
{
    return (size_t)plan->n_event_values * sizeof(double) +
           (size_t)plan->n_event_attributes * sizeof(uint32_t);
}

static inline int64_t stage_mtime_ns(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

/* number % divisor without the division, which takes as long as hashing an id; `inverse` is
 * UINT64_MAX / divisor: the quotient is right or one too small. */
static inline uint64_t stage_remainder(uint64_t number, uint64_t divisor, uint64_t inverse)
{
    __extension__ typedef unsigned __int128 wide;
    const uint64_t rest = number - (uint64_t)((wide)number * inverse >> 64) * divisor;
    return rest < divisor ? rest : rest - divisor;
}

/* The partition of a user, or (with a join) of a session: lode_hash of its id % n_partitions. */
static inline int64_t stage_partition_of(const struct stage_plan *plan, const char *id, size_t size)
{
    return (int64_t)stage_remainder(lode_hash(id, size), (uint64_t)plan->n_partitions,
                                    plan->inverse);
}

/* Buckets of a parse task's run file: partitions by user; then, with a join, as many by session;
 * then the dictionaries. */
static inline int64_t stage_words_bucket(const struct stage_plan *plan)
{
    return plan->n_partitions * (plan->join ? 2 : 1);
}

LODE_CHECKED lode_status stage_plan_pack(const struct stage_plan *plan, struct lode_bytes *out);
/* Strings and arrays from the arena. LODE_E_MESSAGE. */
LODE_CHECKED lode_status stage_plan_unpack(const void *data, size_t size, struct lode_arena *arena,
                                           struct stage_plan *plan);

#endif
