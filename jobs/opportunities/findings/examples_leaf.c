/* Leaf "opportunities.examples": the first sessions of one partition that show each finding.
 *
 * Parameters: store path, session columns (session_columns.h), number of event names, token of each
 * event name (binary, uint32_t; empty: identity), sparse_after_ms (i64), first_sessions (u64),
 * array of findings: index, sessions wanted, KPI (index), members (all: 0; attribute: 1, index,
 * value; life cycle: 2, set of classes), array of tokens (empty: any session of the cohort).
 * Input: the partition. Result: array of findings that were met: index, timeline (array of: event
 * name, seconds, in match 0/1), array of session ids.
 */
#include <math.h>
#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/findings/examples.h"
#include "jobs/opportunities/findings/examples_private.h"
#include "jobs/opportunities/lifecycle.h"

struct target {
    int64_t index, wanted;
    int64_t kpi;
    bool is_binary;
    int64_t members; /* enum example_members */
    int64_t attribute, value;
    int64_t classes;
    uint32_t k;
    uint32_t tokens[PATTERN_MAX_K];

    const uint8_t *marks;  /* [sessions] binary KPI */
    const double *numbers; /* [sessions] numeric KPI */
    const uint32_t *codes; /* [sessions] attribute */
    int64_t *found;        /* [wanted] sessions */
    int64_t n_found;
    int64_t match; /* first event of the match in found[0], among those with a token */
    int64_t first_event, n_events; /* rows of the timeline */
};

struct leaf {
    struct lode_task *task;
    struct session_columns columns;
    int64_t n_names;
    const uint32_t *token_of; /* NULL: identity */
    struct lifecycle_rule rule;
    uint32_t n_targets;
    struct target *targets;

    struct lode_part part;
    const int64_t *starts;        /* [sessions] */
    const int64_t *event_offsets; /* [sessions + 1] */
    const uint32_t *names;        /* [events] */
    const uint8_t *classes;       /* [sessions] life cycle */
    int64_t *token_offsets; /* [sessions + 1]: the events of a session that have a token ... */
    uint32_t *tokens;       /* ... these tokens ... */
    int64_t *rows;          /* ... and these rows */

    char *ids;      /* of sessions from first_id on, id_width bytes each */
    int64_t *times; /* of events from first_time on, int64_t */
    int64_t first_id, id_width, first_time;
};

static lode_status unpack_members(const struct leaf *leaf, struct lode_unpack *in,
                                  struct target *target)
{
    lode_try(lode_unpack_count(in, "members", EXAMPLE_OF_LIFECYCLE, &target->members));
    if (target->members == EXAMPLE_OF_LIFECYCLE)
        return lode_unpack_count(in, "classes", UINT16_MAX, &target->classes);
    if (target->members == EXAMPLE_OF_ALL) return LODE_OK;
    lode_try(session_columns_unpack_attribute(in, &leaf->columns, &target->attribute));
    return lode_unpack_count(in, "value", UINT32_MAX - 1, &target->value);
}

static lode_status unpack_target(const struct leaf *leaf, struct lode_unpack *in,
                                 struct target *target)
{
    lode_try(lode_unpack_count(in, "finding", INT64_MAX, &target->index));
    lode_try(lode_unpack_count(in, "wanted", 1000, &target->wanted));
    lode_try(session_columns_unpack_kpi(in, &leaf->columns, &target->kpi));
    target->is_binary = leaf->columns.kpis[target->kpi].is_binary;
    lode_try(unpack_members(leaf, in, target));
    lode_try(lode_unpack_array(in, &target->k));
    if (target->k > PATTERN_MAX_K)
        return lode_fail(LODE_E_MESSAGE, "a pattern of %u events; at most %d are possible",
                         target->k, PATTERN_MAX_K);
    for (uint32_t i = 0; i < target->k; i++) {
        int64_t token;
        lode_try(lode_unpack_count(in, "token", UINT32_MAX - 1, &token));
        target->tokens[i] = (uint32_t)token;
    }
    return lode_take(leaf->task->arena, target->wanted, &target->found);
}

/* The rest of the parameters, after the store. */
static lode_status unpack_params(struct leaf *leaf, struct lode_unpack in)
{
    struct lode_arena *arena = leaf->task->arena;
    const uint8_t *tokens;
    size_t size;
    lode_try(session_columns_unpack(&in, leaf->task, &leaf->columns));
    lode_try(lode_unpack_count(&in, "event names", UINT32_MAX - 1, &leaf->n_names));
    lode_try(lode_unpack_bin(&in, &tokens, &size));
    if (size != 0 && size != (size_t)leaf->n_names * sizeof(uint32_t))
        return lode_fail(LODE_E_MESSAGE, "%zu bytes of tokens for %lld event names", size,
                         (long long)leaf->n_names);
    if (size != 0) {
        uint32_t *copy = NULL; /* the message is not aligned */
        lode_try(lode_take(arena, leaf->n_names, &copy));
        memcpy(copy, tokens, size);
        leaf->token_of = copy;
    }
    lode_try(lode_unpack_i64(&in, &leaf->rule.sparse_after_ms));
    lode_try(lode_unpack_count(&in, "first_sessions", INT64_MAX, &leaf->rule.first_sessions));
    lode_try(lode_unpack_array(&in, &leaf->n_targets));
    lode_try(lode_take_zero(arena, leaf->n_targets, &leaf->targets));
    for (uint32_t i = 0; i < leaf->n_targets; i++)
        lode_try(unpack_target(leaf, &in, &leaf->targets[i]));
    return lode_unpack_end(&in);
}

/* The KPI and attribute columns of one target; targets before it may have read them already. */
static lode_status read_columns(struct leaf *leaf, uint32_t index)
{
    struct lode_arena *arena = leaf->task->arena;
    struct target *target = &leaf->targets[index];
    uint8_t *marks = NULL;
    double *numbers = NULL;
    uint32_t *codes = NULL;
    for (uint32_t i = 0; i < index; i++) {
        const struct target *other = &leaf->targets[i];
        if (other->kpi == target->kpi) {
            target->marks = other->marks;
            target->numbers = other->numbers;
        }
        if (other->members == EXAMPLE_OF_ATTRIBUTE && other->attribute == target->attribute)
            target->codes = other->codes;
    }
    if (!target->marks && target->is_binary) {
        lode_try(session_columns_marks(&leaf->columns, target->kpi, arena, &marks));
        target->marks = marks;
    }
    if (!target->numbers && !target->is_binary) {
        lode_try(session_columns_numbers(&leaf->columns, target->kpi, arena, &numbers));
        target->numbers = numbers;
    }
    if (!target->codes && target->members == EXAMPLE_OF_ATTRIBUTE) {
        lode_try(session_columns_codes(&leaf->columns, target->attribute, arena, &codes));
        target->codes = codes;
    }
    return LODE_OK;
}

static lode_status read_sessions(struct leaf *leaf)
{
    struct lode_arena *arena = leaf->task->arena;
    int64_t *users = NULL, *starts = NULL, *offsets = NULL;
    uint32_t *names = NULL;
    uint8_t *classes = NULL;
    lode_try(lode_part_session_offsets(&leaf->part, arena, &users));
    lode_try(lode_part_event_offsets(&leaf->part, arena, &offsets));
    lode_try(lode_part_session_starts(&leaf->part, arena, &starts));
    lode_try(lode_part_event_names(&leaf->part, leaf->n_names, arena, &names));
    lode_try(lode_take(arena, leaf->part.n_sessions, &classes));
    lifecycle_classify(&leaf->rule, leaf->part.n_users, users, starts, classes);
    leaf->starts = starts;
    leaf->event_offsets = offsets;
    leaf->names = names;
    leaf->classes = classes;
    leaf->columns.part.session_offsets = users;
    leaf->columns.part.event_offsets = offsets;
    leaf->columns.part.starts = starts;
    leaf->columns.part.event_names = names;
    lode_try(session_columns_open(&leaf->columns, &leaf->part, leaf->task));
    for (uint32_t i = 0; i < leaf->n_targets; i++) lode_try(read_columns(leaf, i));
    return LODE_OK;
}

/* Events that are ignored go: what is left of a session is what patterns are made of. */
static lode_status make_tokens(struct leaf *leaf)
{
    struct lode_arena *arena = leaf->task->arena;
    lode_try(lode_take(arena, leaf->part.n_sessions + 1, &leaf->token_offsets));
    lode_try(lode_take(arena, leaf->part.n_events, &leaf->tokens));
    lode_try(lode_take(arena, leaf->part.n_events, &leaf->rows));
    int64_t n = 0;
    for (int64_t s = 0; s < leaf->part.n_sessions; s++) {
        leaf->token_offsets[s] = n;
        for (int64_t e = leaf->event_offsets[s]; e < leaf->event_offsets[s + 1]; e++) {
            const uint32_t token = leaf->token_of ? leaf->token_of[leaf->names[e]] : leaf->names[e];
            if (token == LODE_NO_CODE) continue;
            leaf->tokens[n] = token;
            leaf->rows[n++] = e;
        }
    }
    leaf->token_offsets[leaf->part.n_sessions] = n;
    return LODE_OK;
}

static bool is_member(const struct leaf *leaf, const struct target *target, int64_t session)
{
    if (target->is_binary ? target->marks[session] != 1 : isnan(target->numbers[session]))
        return false;
    if (target->members == EXAMPLE_OF_ATTRIBUTE)
        return target->codes[session] == (uint32_t)target->value;
    if (target->members == EXAMPLE_OF_LIFECYCLE)
        return (target->classes >> leaf->classes[session] & 1) != 0;
    return true;
}

/* Place of the pattern's first event among the tokens; -1: the session does not have it. */
static int64_t find_match(const struct leaf *leaf, const struct target *target, int64_t session)
{
    const int64_t end = leaf->token_offsets[session + 1] - target->k;
    for (int64_t at = leaf->token_offsets[session]; at <= end; at++)
        if (memcmp(leaf->tokens + at, target->tokens, target->k * sizeof(uint32_t)) == 0) return at;
    return -1;
}

static lode_status find_sessions(const struct leaf *leaf, struct target *target)
{
    int64_t session = 0;
    for (; session < leaf->part.n_sessions && target->n_found < target->wanted; session++) {
        if (!is_member(leaf, target, session)) continue;
        const int64_t match = target->k ? find_match(leaf, target, session) : 0;
        if (match < 0) continue;
        if (target->n_found == 0) target->match = match;
        target->found[target->n_found++] = session;
    }
    return lode_task_advance(leaf->task, session);
}

/* Rows of events to show: the match with as many events before it as after it; without a pattern
 * the first ones. */
static void set_window(const struct leaf *leaf, struct target *target)
{
    const int64_t session = target->found[0];
    const int64_t begin = leaf->event_offsets[session], end = leaf->event_offsets[session + 1];
    int64_t first = begin;
    if (target->k) {
        const int64_t from = leaf->rows[target->match];
        const int64_t span = leaf->rows[target->match + target->k - 1] - from + 1;
        first = span < EXAMPLE_TIMELINE ? from - (EXAMPLE_TIMELINE - span) / 2 : from;
        if (first > end - EXAMPLE_TIMELINE) first = end - EXAMPLE_TIMELINE;
        if (first < begin) first = begin;
    }
    const int64_t left = end - first;
    target->first_event = first;
    target->n_events = left < EXAMPLE_TIMELINE ? left : EXAMPLE_TIMELINE;
}

static bool in_match(const struct leaf *leaf, const struct target *target, int64_t row)
{
    for (int64_t i = 0; i < target->k; i++)
        if (leaf->rows[target->match + i] == row) return true;
    return false;
}

/* The rows from the first that is needed to the last. */
struct extent {
    int64_t first, end;
};

static void extend(struct extent *extent, int64_t first, int64_t count)
{
    if (count == 0) return;
    if (extent->first == extent->end) *extent = (struct extent){first, first + count};
    if (first < extent->first) extent->first = first;
    if (first + count > extent->end) extent->end = first + count;
}

/* Ids and times that will be shown, each in one read: a read of one row unpacks a whole chunk of
 * the file, so a hundred findings with three rows each would unpack it hundreds of times. */
static lode_status read_shown(struct leaf *leaf)
{
    struct lode_arena *arena = leaf->task->arena;
    struct extent sessions = {0}, events = {0};
    for (uint32_t i = 0; i < leaf->n_targets; i++) {
        struct target *target = &leaf->targets[i];
        if (target->n_found == 0) continue;
        set_window(leaf, target);
        extend(&events, target->first_event, target->n_events);
        for (int64_t f = 0; f < target->n_found; f++) extend(&sessions, target->found[f], 1);
    }
    leaf->first_id = sessions.first;
    leaf->first_time = events.first;
    lode_try(lode_part_session_ids(&leaf->part, sessions.first, sessions.end - sessions.first,
                                   arena, &leaf->ids, &leaf->id_width));
    return lode_part_event_times(&leaf->part, events.first, events.end - events.first, arena,
                                 &leaf->times);
}

static lode_status pack_timeline(const struct leaf *leaf, const struct target *target)
{
    struct lode_bytes *out = leaf->task->output;
    const int64_t *times = leaf->times;
    const int64_t start = leaf->starts[target->found[0]];
    lode_try(lode_pack_array(out, (uint32_t)target->n_events));
    for (int64_t i = 0; i < target->n_events; i++) {
        const int64_t row = target->first_event + i;
        const int64_t time = times[row - leaf->first_time];
        const bool is_known = start != INT64_MIN && time != INT64_MIN;
        const double seconds = is_known ? ((double)time - (double)start) / 1000 : (double)NAN;
        lode_try(lode_pack_u64(out, leaf->names[row]));
        lode_try(lode_pack_f64(out, seconds));
        lode_try(lode_pack_u64(out, in_match(leaf, target, row)));
    }
    return LODE_OK;
}

static lode_status pack_sessions(const struct leaf *leaf, const struct target *target)
{
    struct lode_bytes *out = leaf->task->output;
    lode_try(lode_pack_array(out, (uint32_t)target->n_found));
    for (int64_t f = 0; f < target->n_found; f++) {
        const char *id = leaf->ids + (target->found[f] - leaf->first_id) * leaf->id_width;
        lode_try(lode_pack_text(out, id, strnlen(id, (size_t)leaf->id_width))); /* null-padded */
    }
    return LODE_OK;
}

static lode_status pack_result(struct leaf *leaf)
{
    struct lode_bytes *out = leaf->task->output;
    uint32_t n = 0;
    for (uint32_t i = 0; i < leaf->n_targets; i++) n += leaf->targets[i].n_found > 0;
    lode_try(lode_pack_array(out, n));
    for (uint32_t i = 0; i < leaf->n_targets; i++) {
        const struct target *target = &leaf->targets[i];
        if (target->n_found == 0) continue;
        lode_try(lode_pack_u64(out, (uint64_t)target->index));
        lode_try(pack_timeline(leaf, target));
        lode_try(pack_sessions(leaf, target));
    }
    return LODE_OK;
}

lode_status examples_leaf(struct lode_task *task)
{
    lode_status status = LODE_OK;
    struct leaf leaf = {.task = task};
    struct lode_unpack in = lode_unpack_begin(task->input, task->input_size);
    int64_t partition;
    lode_try(lode_unpack_count(&in, "partition", UINT32_MAX, &partition));
    in = lode_unpack_begin(task->params, task->params_size);
    lode_try(lode_task_open_part(task, &in, partition, &leaf.part));
    lode_try_done(unpack_params(&leaf, in));
    lode_try_done(read_sessions(&leaf));
    lode_try_done(make_tokens(&leaf));
    for (uint32_t i = 0; i < leaf.n_targets; i++)
        lode_try_done(find_sessions(&leaf, &leaf.targets[i]));
    lode_try_done(read_shown(&leaf));
    lode_try_done(pack_result(&leaf));
done:
    lode_part_close(&leaf.part);
    return status ? lode_note(status, "examples in partition %lld", (long long)partition) : LODE_OK;
}
