/* Staging of events: what the command hands to the job `stage.events`, and what it gets back.
 *
 * Two passes over the data, both spread over the workers: parse (a task per range of an input file;
 * rows become records, bucketed by the hash of their user) and write (a task per partition; records
 * become sorted columns). Between them the coordinator merges the dictionaries. Where events have
 * no user column but sessions do, a pass `join` between the two looks the users up.
 *
 * Files get their role from their columns: a file with the event column holds events, any other
 * sessions. All combinations work; without a sessions file sessions are derived from the events.
 *
 * What is staged depends on the input, the options and `partition_bytes` alone.
 */
#ifndef LODE_JOBS_STAGE_STAGE_H
#define LODE_JOBS_STAGE_STAGE_H

#include "jobs/job.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    STAGE_ID_LIMIT = 255,         /* bytes of a user's or session's id */
    STAGE_WORD_LIMIT = 1024,      /* bytes of an event name or attribute value */
    STAGE_ATTRIBUTE_WORDS_LIMIT = /* different values of an attribute (of one file, and of all) */
    1 << 20,
    STAGE_PARTITIONS_LIMIT = 65536,
    STAGE_FIRST_PLACES = 5 /* rejects that are shown with file and line */
};

/* What a number or text in a time column means. AUTO: ISO 8601 where the text is no number, else
 * ms, but s in a column whose name ends in _s. */
enum stage_time_unit { STAGE_TIME_AUTO, STAGE_TIME_MS, STAGE_TIME_S, STAGE_TIME_ISO };

struct stage_names {
    bool given; /* else the default; given with count 0: none */
    int64_t count;
    const char *const *names;
};

struct stage_reason {
    const char *reason;
    int64_t count;
};

/* Strings and arrays are taken from run->arena. */
struct stage_events_summary {
    int64_t n_rows_read, n_rows_used, n_rows_rejected; /* read = used + rejected */
    int64_t n_reasons;                                 /* most frequent first, then by name */
    struct stage_reason *reasons;
    int64_t n_users, n_sessions, n_events, n_partitions; /* of the store, all generations */
    int64_t n_generations;
    int64_t n_event_names;
    int64_t n_unstaged; /* columns of the input that are in no part of the store */
    const char **unstaged;
};

/* What holds for the input files of a name, instead of what holds for all; the first rule that
 * matches a file is taken. NULL: nothing else than for all. */
struct stage_file_rule {
    /* fnmatch(3), no * over a slash, against as many last parts of the path as it has itself */
    const char *pattern;
    const char *session, *user, *time, *event, *start;
    bool has_time_unit;
    enum stage_time_unit time_unit;
    const char *timezone;
};

/* Fill with stage_events_defaults first. All pointers are borrowed while the job runs. */
struct stage_events_options {
    int64_t n_inputs;
    const char *const *inputs;
    const char *output; /* the store; must not exist */
    /* the store to append to, instead of `output`: its columns are mapped, and sessions put
     * together, as they were when it was staged; all options about that are taken from it. The
     * caller holds its lock (append_lock.h). */
    const char *append;
    uint64_t partition_bytes; /* input bytes to a partition (packed input counts 8-fold); 32 MiB */
    uint64_t range_bytes;     /* of a plain file to a parse task; changes no byte of the store */
    double max_rejects;       /* share of the rows that may be rejected; 0.01 */

    /* Column names. NULL: the default, which is the first that a file has of
     *   session  session_id, session          user  user_id, user
     *   time     timestamp_ms, timestamp, time, ts
     *   event    event, event_name, name (this one only beside a time column)
     *   start    start_ms, start, start_time
     * else one name, or several joined by commas, of which the first that a file has is taken. */
    const char *session, *user, *time, *event, *start;

    struct stage_names kpis;            /* default: columns whose names begin with kpi_ */
    struct stage_names attributes;      /* default: the other columns of the sessions files */
    struct stage_names user_attributes; /* one value a user: the first in order of sessions */

    /* of events files, kept with each event: words, numbers */
    struct stage_names event_attributes, event_values;

    enum stage_time_unit time_unit;
    const char *timezone; /* of ISO times without an offset (common/zone.h); NULL: UTC */

    int64_t n_file_rules;
    const struct stage_file_rule *file_rules;

    /* Without sessions files: a session ends before a gap of more than session_gap_ms, and before
     * the event that would make it longer than session_max_ms. 0: not given, which means 30 min and
     * 24 h where the key is the user, and no splitting where there is a session column. */
    int64_t session_gap_ms, session_max_ms;

    const char *history;                  /* command and version, for the index */
    struct stage_events_summary *summary; /* filled on success; or NULL */
};

void stage_events_defaults(struct stage_events_options *options);

/* Name "stage.events". Fails with LODE_E_USAGE (the output exists),
 * LODE_E_INPUT (a file is no such file, a column is missing, too many rejects, no session),
 * LODE_E_DISK and what lode_map says; then nothing is left of the store. */
extern const struct lode_job stage_events_job;

/* The leaves, by name "stage.parse", "stage.session_users", "stage.join", "stage.write". */
lode_status stage_parse_leaf(struct lode_task *task);
lode_status stage_join_leaf(struct lode_task *task);
lode_status stage_session_users_leaf(struct lode_task *task);
lode_status stage_write_leaf(struct lode_task *task);

#endif
