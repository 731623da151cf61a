/* Members: rules packed and read, and the tokens of a partition's sessions.
 *
 * Parameters: store path, session columns (session_columns.h), number of event names, token of each
 * event name (binary, uint32_t; empty: identity), sparse_after_ms (i64), first_sessions (u64),
 * sample (u64), gaps 0/1.
 * A rule: array of values (attribute, code), set of classes, array of tokens.
 */
#include "jobs/opportunities/members.h"

#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/grams/gapped.h"

struct member_rule member_rule_all(void)
{
    return (struct member_rule){.classes = MEMBER_ANY_CLASS};
}

/* A value of a set of level 1. */
static lode_status add_value(struct member_rule *rule, const struct opportunity_options *options,
                             const struct cohort_counts *counts, int64_t set, int64_t value,
                             struct lode_arena *arena)
{
    if (set == counts->n_sets - 1) { /* behind those of attributes: the life cycle */
        struct lifecycle_cohorts cohorts;
        lode_try(lifecycle_cohorts_init(options->first_sessions, arena, &cohorts));
        rule->classes = (uint16_t)(rule->classes & cohorts.classes[value]);
        return LODE_OK;
    }
    if (rule->n_values == MEMBER_MOST_VALUES)
        return lode_fail(LODE_E_BUG, "a rule with more than %d values", MEMBER_MOST_VALUES);
    rule->values[rule->n_values].attribute = set;
    rule->values[rule->n_values++].code = cohort_code(&counts->sets[set], value);
    return LODE_OK;
}

lode_status member_rule_add_cohort(struct member_rule *rule,
                                   const struct opportunity_options *options,
                                   const struct cohort_counts *counts, int64_t set, int64_t value,
                                   struct lode_arena *arena)
{
    const struct cohort_set *of = &counts->sets[set];
    if (!of->values_of) return add_value(rule, options, counts, set, value, arena);
    for (int i = 0; i < 2; i++)
        lode_try(add_value(rule, options, counts, of->parents[i], of->values_of[value][i], arena));
    return LODE_OK;
}

void member_rule_want(const struct member_rule *rule, bool *wanted)
{
    for (int i = 0; i < rule->n_values; i++) wanted[rule->values[i].attribute] = true;
}

lode_status member_rule_pack(const struct member_rule *rule, struct lode_bytes *out)
{
    lode_try(lode_pack_array(out, (uint32_t)rule->n_values));
    for (int i = 0; i < rule->n_values; i++) {
        lode_try(lode_pack_u64(out, (uint64_t)rule->values[i].attribute));
        lode_try(lode_pack_u64(out, rule->values[i].code));
    }
    lode_try(lode_pack_u64(out, rule->classes));
    lode_try(lode_pack_array(out, (uint32_t)rule->k));
    for (int i = 0; i < rule->k; i++) lode_try(lode_pack_u64(out, rule->tokens[i]));
    return LODE_OK;
}

lode_status member_columns_pack(const struct lode_store *store,
                                const struct opportunity_options *options,
                                const struct pattern_tokens *tokens,
                                const struct session_wanted *wanted, struct lode_bytes *out)
{
    const int64_t n_names = store->event_names.count;
    lode_try(lode_store_refer(store, out));
    lode_try(session_columns_pack(store, options->derivation, wanted, out));
    lode_try(lode_pack_u64(out, (uint64_t)n_names));
    lode_try(lode_pack_bin(out, tokens->token_of,
                           tokens->token_of ? (size_t)n_names * sizeof(uint32_t) : 0));
    lode_try(lode_pack_i64(out, options->sparse_after_ms));
    lode_try(lode_pack_u64(out, (uint64_t)options->first_sessions));
    lode_try(lode_pack_u64(out, options->sample.below));
    return lode_pack_u64(out, options->gaps);
}

lode_status member_columns_unpack(struct lode_unpack *in, struct lode_task *task,
                                  struct member_columns *members)
{
    const uint8_t *tokens;
    size_t size;
    int64_t gaps;
    lode_try(session_columns_unpack(in, task, &members->columns));
    lode_try(lode_unpack_count(in, "event names", UINT32_MAX - 1, &members->n_names));
    lode_try(lode_unpack_bin(in, &tokens, &size));
    if (size != 0 && size != (size_t)members->n_names * sizeof(uint32_t))
        return lode_fail(LODE_E_MESSAGE, "%zu bytes of tokens for %lld event names", size,
                         (long long)members->n_names);
    if (size != 0) {
        uint32_t *copy = NULL; /* the message is not aligned */
        lode_try(lode_take(task->arena, members->n_names, &copy));
        memcpy(copy, tokens, size);
        members->token_of = copy;
    }
    lode_try(lode_unpack_i64(in, &members->lifecycle.sparse_after_ms));
    lode_try(
        lode_unpack_count(in, "first_sessions", INT64_MAX, &members->lifecycle.first_sessions));
    lode_try(lode_unpack_u64(in, &members->sample.below));
    lode_try(lode_unpack_count(in, "gaps", 1, &gaps));
    members->gaps = gaps == 1;
    return LODE_OK;
}

lode_status member_rule_unpack(struct lode_unpack *in, const struct member_columns *members,
                               struct member_rule *rule)
{
    uint32_t n_values, k;
    int64_t classes, number;
    *rule = member_rule_all();
    lode_try(lode_unpack_array(in, &n_values));
    if (n_values > MEMBER_MOST_VALUES)
        return lode_fail(LODE_E_MESSAGE, "a cohort of %u values; at most %d are possible", n_values,
                         MEMBER_MOST_VALUES);
    rule->n_values = (int)n_values;
    for (int i = 0; i < rule->n_values; i++) {
        lode_try(
            session_columns_unpack_attribute(in, &members->columns, &rule->values[i].attribute));
        lode_try(lode_unpack_count(in, "value", UINT32_MAX - 1, &number));
        rule->values[i].code = (uint32_t)number;
    }
    lode_try(lode_unpack_count(in, "classes", UINT16_MAX, &classes));
    rule->classes = (uint16_t)classes;
    lode_try(lode_unpack_array(in, &k));
    if (k > PATTERN_MAX_K)
        return lode_fail(LODE_E_MESSAGE, "a pattern of %u events; at most %d are possible", k,
                         PATTERN_MAX_K);
    rule->k = (int)k;
    for (int i = 0; i < rule->k; i++) {
        lode_try(lode_unpack_count(in, "token", UINT32_MAX - 1, &number));
        rule->tokens[i] = (uint32_t)number;
    }
    return LODE_OK;
}

/* Events that are ignored go: what is left of a session is what patterns are made of. */
static lode_status make_tokens(struct member_columns *members, int64_t n_events,
                               struct lode_arena *arena)
{
    int64_t *offsets, n = 0;
    uint32_t *tokens;
    members->token_offsets = members->event_offsets;
    members->tokens = members->names;
    if (!members->token_of) return LODE_OK;
    lode_try(lode_take(arena, members->n_sessions + 1, &offsets));
    lode_try(lode_take(arena, n_events, &tokens));
    for (int64_t s = 0; s < members->n_sessions; s++) {
        offsets[s] = n;
        for (int64_t e = members->event_offsets[s]; e < members->event_offsets[s + 1]; e++) {
            tokens[n] = members->token_of[members->names[e]];
            n += tokens[n] != LODE_NO_CODE;
        }
    }
    offsets[members->n_sessions] = n;
    members->token_offsets = offsets;
    members->tokens = tokens;
    return LODE_OK;
}

lode_status member_columns_read(struct member_columns *members, struct lode_part *part,
                                bool with_events, struct lode_task *task)
{
    struct lode_arena *arena = task->arena;
    int64_t *users, *starts, *offsets;
    uint8_t *classes;
    uint32_t *names;
    bool *is_in;
    members->n_sessions = part->n_sessions;
    lode_try(lode_take_zero(arena, members->columns.n_attributes, &members->codes));
    lode_try(lode_part_session_offsets(part, arena, &users));
    lode_try(lode_part_session_starts(part, arena, &starts));
    lode_try(lode_take(arena, part->n_sessions, &classes));
    lifecycle_classify(&members->lifecycle, part->n_users, users, starts, classes);
    lode_try(sample_read(members->sample, part, arena, &is_in));
    members->is_in = is_in;
    members->user_offsets = users;
    members->starts = starts;
    members->classes = classes;
    members->columns.part.session_offsets = users;
    members->columns.part.starts = starts;
    if (!with_events) return session_columns_open(&members->columns, part, task);
    lode_try(lode_part_event_offsets(part, arena, &offsets));
    lode_try(lode_part_event_names(part, members->n_names, arena, &names));
    members->event_offsets = offsets;
    members->names = names;
    members->columns.part.event_offsets = offsets;
    members->columns.part.event_names = names;
    lode_try(session_columns_open(&members->columns, part, task));
    return make_tokens(members, part->n_events, arena);
}

lode_status member_columns_read_rule(struct member_columns *members, const struct member_rule *rule,
                                     struct lode_arena *arena)
{
    for (int i = 0; i < rule->n_values; i++) {
        const int64_t attribute = rule->values[i].attribute;
        if (!members->codes[attribute])
            lode_try(session_columns_codes(&members->columns, attribute, arena,
                                           &members->codes[attribute]));
    }
    return LODE_OK;
}

/* Of consecutive events; -1: there is none. */
static int64_t find_row(const struct member_columns *members, const struct member_rule *rule,
                        int64_t session)
{
    const int64_t end = members->token_offsets[session + 1] - rule->k;
    const size_t rest = (size_t)(rule->k - 1) * sizeof *rule->tokens;
    for (int64_t at = members->token_offsets[session]; at <= end; at++)
        if (members->tokens[at] == rule->tokens[0] &&
            memcmp(members->tokens + at + 1, rule->tokens + 1, rest) == 0)
            return at;
    return -1;
}

bool members_find_match(const struct member_columns *members, const struct member_rule *rule,
                        int64_t session, int64_t *places)
{
    const int64_t begin = members->token_offsets[session];
    if (members->gaps) {
        const bool is_there =
            gapped_match(members->tokens + begin, members->token_offsets[session + 1] - begin,
                         rule->tokens, rule->k, places);
        for (int i = 0; is_there && i < rule->k; i++) places[i] += begin;
        return is_there;
    }
    const int64_t at = find_row(members, rule, session);
    for (int i = 0; i < rule->k; i++) places[i] = at + i;
    return at >= 0;
}

bool members_has(const struct member_columns *members, const struct member_rule *rule,
                 int64_t session)
{
    int64_t places[PATTERN_MAX_K];
    return members_is_in(members, rule, session) &&
           (rule->k == 0 || members_find_match(members, rule, session, places));
}

int64_t members_row(const struct member_columns *members, int64_t session, int64_t place)
{
    int64_t row = members->event_offsets[session];
    if (!members->token_of) return place;
    for (int64_t left = place - members->token_offsets[session];; row++)
        if (members->token_of[members->names[row]] != LODE_NO_CODE && left-- == 0) return row;
}
