/* Leaf "opportunities.examples": the first sessions of one partition that show each finding.
 *
 * Parameters: member columns (members.h), key that ids are hashed by (binary; empty: they are not),
 * array of findings: index, sessions wanted, KPI (index), rule (members.h). Input: the partition.
 * Result: array of findings that were met: index, timeline
 * (array of: event name, seconds, in match 0/1), array of session ids.
 */
#include <math.h>
#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/findings/anonymous.h"
#include "jobs/opportunities/findings/examples.h"
#include "jobs/opportunities/members.h"

struct target {
    int64_t index, wanted;
    int64_t kpi;
    bool is_binary;
    struct member_rule rule;

    const uint8_t *marks;  /* [sessions] binary KPI */
    const double *numbers; /* [sessions] numeric KPI */
    int64_t *found;        /* [wanted] sessions */
    int64_t n_found;
    int64_t match[PATTERN_MAX_K];      /* places of the match in found[0] */
    int64_t match_rows[PATTERN_MAX_K]; /* and the rows of its events */
    int64_t first_event, n_events;     /* rows of the timeline */
};

struct leaf {
    struct lode_task *task;
    struct member_columns members;
    const uint8_t *key; /* [ANONYMOUS_KEY_BYTES] ids are hashed by; NULL: they are not */
    uint32_t n_targets;
    struct target *targets;

    struct lode_part part;
    char *ids;      /* of sessions from first_id on, id_width bytes each */
    int64_t *times; /* of events from first_time on, int64_t */
    int64_t first_id, id_width, first_time;
};

static lode_status unpack_target(const struct leaf *leaf, struct lode_unpack *in,
                                 struct target *target)
{
    const struct session_columns *columns = &leaf->members.columns;
    lode_try(lode_unpack_count(in, "finding", INT64_MAX, &target->index));
    lode_try(lode_unpack_count(in, "wanted", 1000, &target->wanted));
    lode_try(session_columns_unpack_kpi(in, columns, &target->kpi));
    target->is_binary = columns->kpis[target->kpi].is_binary;
    lode_try(member_rule_unpack(in, &leaf->members, &target->rule));
    return lode_take(leaf->task->arena, target->wanted, &target->found);
}

/* The rest of the parameters, after the store. */
static lode_status unpack_params(struct leaf *leaf, struct lode_unpack in)
{
    size_t size;
    lode_try(member_columns_unpack(&in, leaf->task, &leaf->members));
    lode_try(lode_unpack_bin(&in, &leaf->key, &size));
    if (size != 0 && size != ANONYMOUS_KEY_BYTES)
        return lode_fail(LODE_E_MESSAGE, "a key of %zu bytes", size);
    if (size == 0) leaf->key = NULL;
    lode_try(lode_unpack_array(&in, &leaf->n_targets));
    lode_try(lode_take_zero(leaf->task->arena, leaf->n_targets, &leaf->targets));
    for (uint32_t i = 0; i < leaf->n_targets; i++)
        lode_try(unpack_target(leaf, &in, &leaf->targets[i]));
    return lode_unpack_end(&in);
}

/* The columns of one target; targets before it may have read its KPI already. */
static lode_status read_columns(struct leaf *leaf, uint32_t index)
{
    struct lode_arena *arena = leaf->task->arena;
    struct target *target = &leaf->targets[index];
    uint8_t *marks = NULL;
    double *numbers = NULL;
    for (uint32_t i = 0; i < index; i++) {
        const struct target *other = &leaf->targets[i];
        if (other->kpi != target->kpi) continue;
        target->marks = other->marks;
        target->numbers = other->numbers;
    }
    if (!target->marks && target->is_binary) {
        lode_try(session_columns_marks(&leaf->members.columns, target->kpi, arena, &marks));
        target->marks = marks;
    }
    if (!target->numbers && !target->is_binary) {
        lode_try(session_columns_numbers(&leaf->members.columns, target->kpi, arena, &numbers));
        target->numbers = numbers;
    }
    return member_columns_read_rule(&leaf->members, &target->rule, arena);
}

static lode_status read_sessions(struct leaf *leaf)
{
    lode_try(member_columns_read(&leaf->members, &leaf->part, true, leaf->task));
    for (uint32_t i = 0; i < leaf->n_targets; i++) lode_try(read_columns(leaf, i));
    return LODE_OK;
}

static bool is_member(const struct leaf *leaf, const struct target *target, int64_t session)
{
    if (target->is_binary ? target->marks[session] != 1 : isnan(target->numbers[session]))
        return false;
    return members_is_in(&leaf->members, &target->rule, session);
}

static lode_status find_sessions(const struct leaf *leaf, struct target *target)
{
    int64_t session = 0, match[PATTERN_MAX_K] = {0};
    for (; session < leaf->part.n_sessions && target->n_found < target->wanted; session++) {
        if (!is_member(leaf, target, session)) continue;
        if (target->rule.k && !members_find_match(&leaf->members, &target->rule, session, match))
            continue;
        if (target->n_found == 0) memcpy(target->match, match, sizeof match);
        target->found[target->n_found++] = session;
    }
    return lode_task_advance(leaf->task, session);
}

/* Rows of events to show: the match with as many events before it as after it; without a pattern
 * the first ones. */
static void set_window(const struct leaf *leaf, struct target *target)
{
    const int64_t session = target->found[0];
    const int64_t begin = leaf->members.event_offsets[session];
    const int64_t end = leaf->members.event_offsets[session + 1];
    const int k = target->rule.k;
    int64_t first = begin;
    for (int i = 0; i < k; i++)
        target->match_rows[i] = members_row(&leaf->members, session, target->match[i]);
    if (k) {
        const int64_t from = target->match_rows[0], span = target->match_rows[k - 1] - from + 1;
        first = span < EXAMPLE_TIMELINE ? from - (EXAMPLE_TIMELINE - span) / 2 : from;
        if (first > end - EXAMPLE_TIMELINE) first = end - EXAMPLE_TIMELINE;
        if (first < begin) first = begin;
    }
    const int64_t left = end - first;
    target->first_event = first;
    target->n_events = left < EXAMPLE_TIMELINE ? left : EXAMPLE_TIMELINE;
}

static bool in_match(const struct target *target, int64_t row)
{
    for (int i = 0; i < target->rule.k; i++)
        if (target->match_rows[i] == row) return true;
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
    const int64_t start = leaf->members.starts[target->found[0]];
    lode_try(lode_pack_array(out, (uint32_t)target->n_events));
    for (int64_t i = 0; i < target->n_events; i++) {
        const int64_t row = target->first_event + i;
        const int64_t time = times[row - leaf->first_time];
        const bool is_known = start != INT64_MIN && time != INT64_MIN;
        const double seconds = is_known ? ((double)time - (double)start) / 1000 : (double)NAN;
        lode_try(lode_pack_u64(out, leaf->members.names[row]));
        lode_try(lode_pack_f64(out, seconds));
        lode_try(lode_pack_u64(out, in_match(target, row)));
    }
    return LODE_OK;
}

static lode_status pack_sessions(const struct leaf *leaf, const struct target *target)
{
    struct lode_bytes *out = leaf->task->output;
    lode_try(lode_pack_array(out, (uint32_t)target->n_found));
    for (int64_t f = 0; f < target->n_found; f++) {
        const char *id = leaf->ids + (target->found[f] - leaf->first_id) * leaf->id_width;
        size_t size = strnlen(id, (size_t)leaf->id_width); /* null-padded */
        char hashed[ANONYMOUS_ID_CHARS + 1];
        if (leaf->key) {
            anonymous_id(leaf->key, id, size, hashed);
            id = hashed;
            size = ANONYMOUS_ID_CHARS;
        }
        lode_try(lode_pack_text(out, id, size));
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
    for (uint32_t i = 0; i < leaf.n_targets; i++)
        lode_try_done(find_sessions(&leaf, &leaf.targets[i]));
    lode_try_done(read_shown(&leaf));
    lode_try_done(pack_result(&leaf));
done:
    lode_part_close(&leaf.part);
    return status ? lode_note(status, "examples in partition %lld", (long long)partition) : LODE_OK;
}
