/* Memory: what earlier runs have told, and which alerts come of a run's firings; pure.
 *
 * A run scores slots that earlier runs have scored, and more, so it finds what they found, and
 * more. A firing is known by its detector and its start. One that begins after the last of its
 * detector that was seen is new: it is told, or suppressed where it begins less than the cool-down
 * after the last that was told. Whether it is does not depend on how slots fall into runs. One that
 * is cut, as it fires in the first slot that was scored, is the last that was seen, if that lasted
 * up to there, and has its start.
 *
 * An alert is told of an incident that has a firing to tell; once more where it ends, if it lasted
 * when it was told. Its fingerprint is that of the incident's first firing, its head, so what is
 * told of one incident twice is known again; detectors keep the head beside their last firing, for
 * when the first firing is no longer scored. An incident that was told before and still lasts is no
 * news for people, but a receiver of alerts must hear of it again, or takes it for over. One of
 * which a run that scored its component finds nothing any more (later samples have filled a slot,
 * or nobody scored its end) is told as ended.
 *
 * A memory is of one model. With another it begins anew: what the old one told as lasting is told
 * as ended, firings that ended in slots which runs against the old one have scored are known, all
 * others are new.
 */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_DESK_MEMORY_H
#define LODE_JOBS_HIERARCHY_ALERTS_DESK_MEMORY_H

#include "common/memory.h"

#include <stdbool.h>

/* The first firing of an incident. */
struct memory_head {
    const char *level, *component, *detector; /* level NULL: none */
    int64_t start_ms;
};

/* What is known of a detector. */
struct memory_detector {
    const char *level, *component, *detector;
    int64_t last_ms;         /* start of the last firing seen; INT64_MIN: none */
    int64_t until_ms;        /* its end; INT64_MIN: it lasted */
    int64_t told_ms;         /* start of the last told; INT64_MIN: none */
    int64_t suppressed;      /* firings since that were not */
    struct memory_head head; /* of the incident of the last seen */
    bool is_open;            /* that was told as lasting, and its end was not */
};

struct memory {
    const char *model; /* checksum of its results; NULL: nothing was told */
    int64_t until_ms;  /* end of the slots that were scored; INT64_MIN: none were */
    int64_t next; /* number of the spool file to write next (jobs/hierarchy/alerts/desk/spool.h) */
    int64_t n;
    struct memory_detector *list; /* in order of level, component, detector */
};

/* Reads the text of a state file (docs/formats.md); everything is the arena's. An empty text is an
 * empty memory. LODE_E_INPUT names the line. */
LODE_CHECKED lode_status memory_parse(const char *text, size_t size, struct lode_arena *arena,
                                      struct memory *memory);
LODE_CHECKED lode_status memory_print(const struct memory *memory, struct lode_bytes *out);

struct alert_counter {
    const char *component, *name;
    double share; /* of the peak */
};

/* A firing with all that is told of it. */
struct alert_firing {
    const char *level, *component, *detector, *text;
    int64_t start_ms, end_ms, peak_ms, change_ms; /* end_ms INT64_MIN: it lasts */
    bool is_cut; /* begins in the first slot scored, and perhaps before */
    double peak, threshold, severity;
    int64_t incident; /* from 1 */
    int64_t n_counters;
    const struct alert_counter *counters;
};

/* Slots of a component, or of detectors across components above it, that a run has scored. */
struct alert_scored {
    const char *component;
    int64_t from_ms, until_ms; /* half-open */
};

/* What a run found. */
struct alert_run {
    const char *model; /* checksum of the model's results */
    int64_t n;
    const struct alert_firing *firings;
    int64_t n_scored;
    const struct alert_scored *scored; /* in order of components */
};

enum alert_verdict { ALERT_KNOWN, ALERT_TOLD, ALERT_SUPPRESSED };

struct alert {
    const struct alert_firing *first;     /* by which it is known again */
    const struct alert_firing *strongest; /* farthest above its threshold */
    uint64_t fingerprint;
    int64_t start_ms, end_ms; /* of the incident; end_ms INT64_MIN: it lasts */
    double severity;          /* the largest */
    int64_t n_told;           /* of its firings; 0: it is told because it has ended, or lasts */
    /* firings that were not told, since the last alert, of the detectors told (n_told 0: of first)
     */
    int64_t suppressed;
    int64_t n;
    const struct alert_firing **firings; /* [n] of the incident, in order of start */
};

struct alerts {
    int64_t n; /* to tell: what has vanished, then in order of the incidents' starts */
    struct alert *list;
    int64_t n_lasting; /* told by a run before, and lasting: likewise, n_told 0 */
    struct alert *lasting;
    enum alert_verdict *verdicts; /* [firings] */
    int64_t n_suppressed;
};

/* Alerts of a run, and the memory afterwards (anew, with texts of both). LODE_E_MEMORY. */
LODE_CHECKED lode_status memory_decide(const struct memory *before, const struct alert_run *run,
                                       int64_t cooldown_ms, struct lode_arena *arena,
                                       struct memory *after, struct alerts *alerts);

#endif
