/* Members: which sessions something is about: those of a cohort, those that hold a pattern, or
 * both. One rule, one test, for every leaf that asks it of sessions.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_MEMBERS_H
#define LODE_JOBS_OPPORTUNITIES_MEMBERS_H

#include "jobs/opportunities/cohorts.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/lifecycle.h"
#include "jobs/opportunities/opportunity_options.h"
#include "jobs/opportunities/patterns.h"
#include "jobs/opportunities/sample.h"

enum { MEMBER_MOST_VALUES = 2, MEMBER_ANY_CLASS = UINT16_MAX };

/* All that is said must hold; nothing said: every session. */
struct member_rule {
    int n_values; /* values of attributes */
    struct {
        int64_t attribute; /* index into store->attributes */
        uint32_t code;     /* of the store */
    } values[MEMBER_MOST_VALUES];
    uint16_t classes; /* of the life cycle, a set (lifecycle.h); MEMBER_ANY_CLASS */
    int k;            /* 0: no pattern */
    uint32_t tokens[PATTERN_MAX_K];
};

/* --- on the coordinator --- */

/* Every session. */
struct member_rule member_rule_all(void);
/* Narrows a rule to a value of a set of cohorts: of an attribute, of the life cycle (the set behind
 * those of attributes), or of a pair of them. */
LODE_CHECKED lode_status member_rule_add_cohort(struct member_rule *rule,
                                                const struct opportunity_options *options,
                                                const struct cohort_counts *counts, int64_t set,
                                                int64_t value, struct lode_arena *arena);
LODE_CHECKED lode_status member_rule_pack(const struct member_rule *rule, struct lode_bytes *out);

/* Marks the attributes that a rule looks at: wanted[store->n_attributes]. */
void member_rule_want(const struct member_rule *rule, bool *wanted);

/* For parameters of a stage: what the rules are about, store and session columns with it; of
 * derived ones those that are wanted. A leaf opens its partition with them (lode_task_open_part),
 * then unpacks the rest. */
LODE_CHECKED lode_status member_columns_pack(const struct lode_store *store,
                                             const struct opportunity_options *options,
                                             const struct pattern_tokens *tokens,
                                             const struct session_wanted *wanted,
                                             struct lode_bytes *out);

/* --- in a leaf --- */

/* The sessions of a partition, as far as rules look at them. Zero-initialise; all memory is the
 * task's. */
struct member_columns {
    struct session_columns columns;
    int64_t n_names;
    const uint32_t *token_of; /* NULL: identity */
    struct lifecycle_rule lifecycle;
    struct sample sample;
    bool gaps; /* in patterns */

    int64_t n_sessions;
    const bool *is_in;           /* [sessions] in the sample; NULL: all are */
    const int64_t *user_offsets; /* [users + 1] into sessions */
    const int64_t *starts;       /* [sessions] */
    const uint8_t *classes;      /* [sessions] of the life cycle */
    uint32_t **codes;            /* [attributes], each [sessions]; NULL: no rule has asked */
    /* with events: */
    const int64_t *event_offsets; /* [sessions + 1] */
    const uint32_t *names;        /* [events] */
    const int64_t
        *token_offsets;     /* [sessions + 1]: the events of a session that have a token ... */
    const uint32_t *tokens; /* ... and these tokens */
};

LODE_CHECKED lode_status member_columns_unpack(struct lode_unpack *in, struct lode_task *task,
                                               struct member_columns *members);
/* Attributes, codes and tokens are within what members knows. */
LODE_CHECKED lode_status member_rule_unpack(struct lode_unpack *in,
                                            const struct member_columns *members,
                                            struct member_rule *rule);
/* Reads the sessions, and their events where they are asked for; then what a rule looks at. */
LODE_CHECKED lode_status member_columns_read(struct member_columns *members, struct lode_part *part,
                                             bool with_events, struct lode_task *task);
LODE_CHECKED lode_status member_columns_read_rule(struct member_columns *members,
                                                  const struct member_rule *rule,
                                                  struct lode_arena *arena);

/* Does the session belong to the rule's cohort, and to the sample? */
static inline bool members_is_in(const struct member_columns *members,
                                 const struct member_rule *rule, int64_t session)
{
    if (members->is_in && !members->is_in[session]) return false;
    for (int i = 0; i < rule->n_values; i++)
        if (members->codes[rule->values[i].attribute][session] != rule->values[i].code)
            return false;
    return (rule->classes >> members->classes[session] & 1) != 0;
}
/* Places among `tokens` of the first match of the rule's pattern: places [rule->k], ascending.
 * False: the session does not have it. rule->k >= 1. */
bool members_find_match(const struct member_columns *members, const struct member_rule *rule,
                        int64_t session, int64_t *places);
/* Is the session in the rule's cohort, and does it have its pattern? */
bool members_has(const struct member_columns *members, const struct member_rule *rule,
                 int64_t session);
/* The row of the event whose token is at that place. */
int64_t members_row(const struct member_columns *members, int64_t session, int64_t place);

#endif
