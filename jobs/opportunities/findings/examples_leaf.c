/* Leaf "opportunities.examples": the first faulty sessions of one partition that show each finding,
 * and the normal session that comes closest to it.
 *
 * Parameters: member columns (members.h), key that ids are hashed by (binary; empty: they are not),
 * array of findings: index, faulty sessions wanted, nearness of the normal session found already
 * and best one (enum example_nearness), KPI (index), limit (f64) and side (1: above is faulty) of a
 * numeric KPI, rule (members.h). Input: the partition. Result: array of findings that were met:
 * index, timeline (array of: event name, seconds, in match 0/1), array of ids of faulty sessions,
 * nearness of the normal session, and unless that is 0 its timeline and id.
 */
#include <math.h>
#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/findings/anonymous.h"
#include "jobs/opportunities/findings/examples.h"
#include "jobs/opportunities/members.h"

/* A session that is shown with a timeline. */
struct view {
    int64_t session;
    int n_match;
    int64_t match_rows[PATTERN_MAX_K]; /* [n_match] */
    int64_t first_event, n_events;     /* rows of the timeline */
};

struct target {
    int64_t index, wanted;
    int64_t kpi;
    bool is_binary, is_above;
    double limit;
    struct member_rule rule;

    const uint8_t *marks;  /* [sessions] binary KPI */
    const double *numbers; /* [sessions] numeric KPI */
    int64_t *found;        /* [wanted] faulty sessions */
    int64_t n_found;
    struct view faulty;          /* found[0] */
    int64_t had, nearness, best; /* of the normal session: before, now, best possible */
    struct view normal;          /* where nearness > had */
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
    int64_t is_above;
    lode_try(lode_unpack_count(in, "finding", INT64_MAX, &target->index));
    lode_try(lode_unpack_count(in, "wanted", 1000, &target->wanted));
    lode_try(lode_unpack_count(in, "nearness", NORMAL_NEAR, &target->had));
    lode_try(lode_unpack_count(in, "best nearness", NORMAL_NEAR, &target->best));
    target->nearness = target->had;
    lode_try(session_columns_unpack_kpi(in, columns, &target->kpi));
    target->is_binary = columns->kpis[target->kpi].is_binary;
    lode_try(lode_unpack_f64(in, &target->limit));
    lode_try(lode_unpack_count(in, "side", 1, &is_above));
    target->is_above = is_above == 1;
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

enum outcome { OUTCOME_NONE, OUTCOME_FAULTY, OUTCOME_NORMAL };

static enum outcome outcome_of(const struct target *target, int64_t session)
{
    if (target->is_binary) {
        const uint8_t mark = target->marks[session];
        return mark == 1 ? OUTCOME_FAULTY : mark == 0 ? OUTCOME_NORMAL : OUTCOME_NONE;
    }
    const double number = target->numbers[session];
    if (isnan(number)) return OUTCOME_NONE;
    const bool is_faulty = target->is_above ? number > target->limit : number < target->limit;
    return is_faulty ? OUTCOME_FAULTY : OUTCOME_NORMAL;
}

/* Rows of events to show: the match (of the rule's tokens, at those places) with as many events
 * before it as after it; without a match the first ones. */
static struct view view_of(const struct leaf *leaf, const struct member_rule *rule, int64_t session,
                           const int64_t *places)
{
    const int64_t begin = leaf->members.event_offsets[session];
    const int64_t end = leaf->members.event_offsets[session + 1];
    struct view view = {.session = session, .n_match = rule->k, .first_event = begin};
    for (int i = 0; i < rule->k; i++)
        view.match_rows[i] = members_row(&leaf->members, session, places[i]);
    if (rule->k > 0) {
        const int64_t from = view.match_rows[0], span = view.match_rows[rule->k - 1] - from + 1;
        int64_t first = span < EXAMPLE_TIMELINE ? from - (EXAMPLE_TIMELINE - span) / 2 : from;
        if (first > end - EXAMPLE_TIMELINE) first = end - EXAMPLE_TIMELINE;
        if (first > begin) view.first_event = first;
    }
    const int64_t left = end - view.first_event;
    view.n_events = left < EXAMPLE_TIMELINE ? left : EXAMPLE_TIMELINE;
    return view;
}

static void try_faulty(const struct leaf *leaf, struct target *target, int64_t session)
{
    int64_t places[PATTERN_MAX_K];
    if (target->n_found == target->wanted) return;
    if (target->rule.k && !members_find_match(&leaf->members, &target->rule, session, places))
        return;
    if (target->n_found == 0) target->faulty = view_of(leaf, &target->rule, session, places);
    target->found[target->n_found++] = session;
}

static void try_normal(const struct leaf *leaf, struct target *target, int64_t session)
{
    struct member_rule beginning = target->rule; /* the longest that the session has */
    int64_t places[PATTERN_MAX_K];
    if (target->nearness >= target->best) return;
    while (beginning.k > 0 && !members_find_match(&leaf->members, &beginning, session, places))
        beginning.k--;
    if (target->rule.k > 0 && beginning.k == target->rule.k) return; /* it has the pattern */
    const enum example_nearness nearness = beginning.k > 0 ? NORMAL_NEAR : NORMAL_OTHER;
    if ((int64_t)nearness <= target->nearness) return;
    target->nearness = nearness;
    target->normal = view_of(leaf, &beginning, session, places);
}

static bool is_done(const struct target *target)
{
    return target->n_found == target->wanted && target->nearness >= target->best;
}

static lode_status find_sessions(const struct leaf *leaf, struct target *target)
{
    int64_t session = 0;
    for (; session < leaf->part.n_sessions && !is_done(target); session++) {
        const enum outcome outcome = outcome_of(target, session);
        if (outcome == OUTCOME_NONE || !members_is_in(&leaf->members, &target->rule, session))
            continue;
        if (outcome == OUTCOME_FAULTY)
            try_faulty(leaf, target, session);
        else
            try_normal(leaf, target, session);
    }
    return lode_task_advance(leaf->task, session);
}

static bool has_normal(const struct target *target)
{
    return target->nearness > target->had;
}

static bool in_match(const struct view *view, int64_t row)
{
    for (int i = 0; i < view->n_match; i++)
        if (view->match_rows[i] == row) return true;
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
        const struct target *target = &leaf->targets[i];
        if (target->n_found > 0)
            extend(&events, target->faulty.first_event, target->faulty.n_events);
        if (has_normal(target)) {
            extend(&events, target->normal.first_event, target->normal.n_events);
            extend(&sessions, target->normal.session, 1);
        }
        for (int64_t f = 0; f < target->n_found; f++) extend(&sessions, target->found[f], 1);
    }
    leaf->first_id = sessions.first;
    leaf->first_time = events.first;
    lode_try(lode_part_session_ids(&leaf->part, sessions.first, sessions.end - sessions.first,
                                   arena, &leaf->ids, &leaf->id_width));
    return lode_part_event_times(&leaf->part, events.first, events.end - events.first, arena,
                                 &leaf->times);
}

static lode_status pack_timeline(const struct leaf *leaf, const struct view *view)
{
    struct lode_bytes *out = leaf->task->output;
    lode_try(lode_pack_array(out, (uint32_t)view->n_events));
    for (int64_t i = 0; i < view->n_events; i++) {
        const int64_t row = view->first_event + i;
        const int64_t start = leaf->members.starts[view->session];
        const int64_t time = leaf->times[row - leaf->first_time];
        const bool is_known = start != INT64_MIN && time != INT64_MIN;
        const double seconds = is_known ? ((double)time - (double)start) / 1000 : (double)NAN;
        lode_try(lode_pack_u64(out, leaf->members.names[row]));
        lode_try(lode_pack_f64(out, seconds));
        lode_try(lode_pack_u64(out, in_match(view, row)));
    }
    return LODE_OK;
}

/* Every id of a session that leaves the store goes through here. */
static lode_status pack_id(const struct leaf *leaf, int64_t session)
{
    const char *id = leaf->ids + (session - leaf->first_id) * leaf->id_width;
    size_t size = strnlen(id, (size_t)leaf->id_width); /* null-padded */
    char hashed[ANONYMOUS_ID_CHARS + 1];
    if (leaf->key) {
        anonymous_id(leaf->key, id, size, hashed);
        id = hashed;
        size = ANONYMOUS_ID_CHARS;
    }
    return lode_pack_text(leaf->task->output, id, size);
}

static lode_status pack_target(const struct leaf *leaf, const struct target *target)
{
    struct lode_bytes *out = leaf->task->output;
    lode_try(lode_pack_u64(out, (uint64_t)target->index));
    lode_try(pack_timeline(leaf, &target->faulty)); /* without a session it is empty */
    lode_try(lode_pack_array(out, (uint32_t)target->n_found));
    for (int64_t f = 0; f < target->n_found; f++) lode_try(pack_id(leaf, target->found[f]));
    lode_try(lode_pack_u64(out, has_normal(target) ? (uint64_t)target->nearness : NORMAL_NONE));
    if (!has_normal(target)) return LODE_OK;
    lode_try(pack_timeline(leaf, &target->normal));
    return pack_id(leaf, target->normal.session);
}

static bool is_met(const struct target *target)
{
    return target->n_found > 0 || has_normal(target);
}

static lode_status pack_result(struct leaf *leaf)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < leaf->n_targets; i++) n += is_met(&leaf->targets[i]);
    lode_try(lode_pack_array(leaf->task->output, n));
    for (uint32_t i = 0; i < leaf->n_targets; i++)
        if (is_met(&leaf->targets[i])) lode_try(pack_target(leaf, &leaf->targets[i]));
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
