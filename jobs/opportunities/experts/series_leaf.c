/* Leaves "opportunities.span": on which days the sessions of a partition start; and
 * "opportunities.series": its sessions and KPIs by slot of time.
 *
 * Span. Parameters: store path. Result: array of days that have sessions, ascending: day since 1970
 * (i64), sessions (u64), first and last start (i64).
 *
 * Series. Parameters: store path, session columns, sparse_after_ms (i64), first_sessions (u64),
 * sample (u64), first_ms, width_ms (i64), slots (u64), array of KPIs (index), array of attributes:
 * index, array of codes. Result: for each attribute in turn, then for the life cycle, and within it
 * for each KPI: for each group and slot sessions (u64), and where there are any, faulty (u64,
 * binary KPI) or exact sums of values and squares (each f64 sum, f64 rest). The groups of an
 * attribute are its codes in order, each first and later sessions; those of the life cycle are its
 * classes.
 */
#include <math.h>
#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/exact_sum.h"
#include "jobs/opportunities/experts/series.h"
#include "jobs/opportunities/lifecycle.h"
#include "jobs/opportunities/sample.h"

/* The sessions that start on one day. */
struct day {
    int64_t sessions, first_ms, last_ms;
};

enum { DAYS = SERIES_LAST_DAY - SERIES_FIRST_DAY };

/* Times that are no times stay out; unknown ones are among them. */
static void count_days(const int64_t *starts, int64_t n, struct day *days)
{
    const int64_t first_ms = (int64_t)SERIES_FIRST_DAY * SERIES_DAY_MS;
    const int64_t end_ms = (int64_t)SERIES_LAST_DAY * SERIES_DAY_MS;
    for (int64_t s = 0; s < n; s++) {
        if (starts[s] < first_ms || starts[s] >= end_ms) continue;
        struct day *day = &days[(starts[s] - first_ms) / SERIES_DAY_MS];
        if (day->sessions == 0 || starts[s] < day->first_ms) day->first_ms = starts[s];
        if (day->sessions == 0 || starts[s] > day->last_ms) day->last_ms = starts[s];
        day->sessions++;
    }
}

static lode_status pack_days(const struct day *days, struct lode_bytes *out)
{
    uint32_t n_days = 0;
    for (int i = 0; i < DAYS; i++) n_days += days[i].sessions > 0;
    lode_try(lode_pack_array(out, n_days));
    for (int i = 0; i < DAYS; i++) {
        if (days[i].sessions == 0) continue;
        lode_try(lode_pack_i64(out, SERIES_FIRST_DAY + i));
        lode_try(lode_pack_u64(out, (uint64_t)days[i].sessions));
        lode_try(lode_pack_i64(out, days[i].first_ms));
        lode_try(lode_pack_i64(out, days[i].last_ms));
    }
    return LODE_OK;
}

lode_status span_leaf(struct lode_task *task)
{
    lode_status status = LODE_OK;
    struct lode_part part = {0};
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    struct day *days;
    int64_t *starts;
    lode_try(lode_task_open_part(task, &in, task->index, &part));
    lode_try_done(lode_unpack_end(&in));
    lode_try_done(lode_take_zero(task->arena, DAYS, &days));
    lode_try_done(lode_part_session_starts(&part, task->arena, &starts));
    count_days(starts, part.n_sessions, days);
    lode_try_done(lode_task_advance(task, part.n_sessions));
    lode_try_done(pack_days(days, task->output));
done:
    lode_part_close(&part);
    return status;
}

/* --- series --- */

struct tally {
    int64_t sessions, faulty;
    struct exact_sum sum, squares;
};

struct group {
    int64_t attribute;
    uint32_t n_codes;
    uint32_t *codes;
};

struct leaf {
    struct lode_task *task;
    struct session_columns columns;
    struct lifecycle_rule rule;
    struct sample sample;
    int64_t first_ms, width_ms, n_slots;
    uint32_t n_kpis, n_attributes;
    int64_t *kpis;
    struct group *attributes;

    struct lode_part part;
    int32_t *slots;   /* [sessions]; -1: outside */
    uint8_t *classes; /* [sessions] */
    uint8_t **marks;  /* [n_kpis], each [sessions] or NULL */
    double **numbers; /* [n_kpis], the same */
    uint32_t *groups; /* [sessions] group at hand, or LODE_NO_CODE */
};

static lode_status unpack_codes(struct leaf *leaf, struct lode_unpack *in, struct group *group)
{
    lode_try(session_columns_unpack_attribute(in, &leaf->columns, &group->attribute));
    lode_try(lode_unpack_array(in, &group->n_codes));
    lode_try(lode_take(leaf->task->arena, group->n_codes, &group->codes));
    const int64_t n_words = leaf->columns.attributes[group->attribute].dictionary.count;
    for (uint32_t i = 0; i < group->n_codes; i++) {
        int64_t code;
        lode_try(lode_unpack_count(in, "code", (uint64_t)(n_words - 1), &code));
        group->codes[i] = (uint32_t)code;
    }
    return LODE_OK;
}

static lode_status unpack_params(struct leaf *leaf, struct lode_unpack in)
{
    struct lode_arena *arena = leaf->task->arena;
    lode_try(session_columns_unpack(&in, leaf->task, &leaf->columns));
    lode_try(lode_unpack_i64(&in, &leaf->rule.sparse_after_ms));
    lode_try(lode_unpack_count(&in, "first_sessions", INT64_MAX, &leaf->rule.first_sessions));
    lode_try(lode_unpack_u64(&in, &leaf->sample.below));
    lode_try(lode_unpack_i64(&in, &leaf->first_ms));
    lode_try(lode_unpack_i64(&in, &leaf->width_ms));
    lode_try(lode_unpack_count(&in, "slots", SERIES_MOST_SLOTS, &leaf->n_slots));
    if (leaf->width_ms < 1)
        return lode_fail(LODE_E_MESSAGE, "slots of %lld ms", (long long)leaf->width_ms);
    lode_try(lode_unpack_array(&in, &leaf->n_kpis));
    lode_try(lode_take(arena, leaf->n_kpis, &leaf->kpis));
    for (uint32_t i = 0; i < leaf->n_kpis; i++)
        lode_try(session_columns_unpack_kpi(&in, &leaf->columns, &leaf->kpis[i]));
    lode_try(lode_unpack_array(&in, &leaf->n_attributes));
    lode_try(lode_take(arena, leaf->n_attributes, &leaf->attributes));
    for (uint32_t i = 0; i < leaf->n_attributes; i++)
        lode_try(unpack_codes(leaf, &in, &leaf->attributes[i]));
    return lode_unpack_end(&in);
}

static void find_slots(const struct leaf *leaf, const int64_t *starts)
{
    for (int64_t s = 0; s < leaf->part.n_sessions; s++) {
        leaf->slots[s] = -1;
        if (starts[s] < leaf->first_ms) continue; /* unknown ones too */
        /* unsigned: a later time minus an earlier one always fits */
        const uint64_t slot =
            ((uint64_t)starts[s] - (uint64_t)leaf->first_ms) / (uint64_t)leaf->width_ms;
        if (slot < (uint64_t)leaf->n_slots) leaf->slots[s] = (int32_t)slot;
    }
}

static lode_status read_sessions(struct leaf *leaf)
{
    struct lode_arena *arena = leaf->task->arena;
    int64_t *users, *starts;
    bool *is_in;
    lode_try(session_columns_open(&leaf->columns, &leaf->part, leaf->task));
    lode_try(sample_read(leaf->sample, &leaf->part, arena, &is_in));
    lode_try(lode_take(arena, leaf->part.n_sessions, &leaf->slots));
    lode_try(lode_take(arena, leaf->part.n_sessions, &leaf->classes));
    lode_try(lode_take(arena, leaf->part.n_sessions, &leaf->groups));
    lode_try(lode_take_zero(arena, leaf->n_kpis, &leaf->marks));
    lode_try(lode_take_zero(arena, leaf->n_kpis, &leaf->numbers));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        const int64_t kpi = leaf->kpis[i];
        lode_try(leaf->columns.kpis[kpi].is_binary
                     ? session_columns_marks(&leaf->columns, kpi, arena, &leaf->marks[i])
                     : session_columns_numbers(&leaf->columns, kpi, arena, &leaf->numbers[i]));
        if (leaf->marks[i])
            sample_marks(is_in, leaf->part.n_sessions, leaf->marks[i]);
        else
            sample_numbers(is_in, leaf->part.n_sessions, leaf->numbers[i]);
    }
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try(lode_part_session_offsets(&leaf->part, arena, &users));
    lode_try(lode_part_session_starts(&leaf->part, arena, &starts));
    lifecycle_classify(&leaf->rule, leaf->part.n_users, users, starts, leaf->classes);
    find_slots(leaf, starts);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static void count(const struct leaf *leaf, uint32_t kpi, struct tally *tallies)
{
    const uint8_t *marks = leaf->marks[kpi];
    const double *numbers = leaf->numbers[kpi];
    for (int64_t s = 0; s < leaf->part.n_sessions; s++) {
        if (leaf->slots[s] < 0 || leaf->groups[s] == LODE_NO_CODE) continue;
        struct tally *t = &tallies[leaf->groups[s] * leaf->n_slots + leaf->slots[s]];
        if (marks) {
            t->sessions += marks[s] < LODE_KPI_NO_VALUE;
            t->faulty += marks[s] == 1;
        } else if (!isnan(numbers[s])) {
            t->sessions++;
            exact_sum_add(&t->sum, numbers[s]);
            exact_sum_add(&t->squares, numbers[s] * numbers[s]);
        }
    }
}

static lode_status pack_tally(const struct tally *t, bool is_binary, struct lode_bytes *out)
{
    lode_try(lode_pack_u64(out, (uint64_t)t->sessions));
    if (t->sessions == 0) return LODE_OK;
    if (is_binary) return lode_pack_u64(out, (uint64_t)t->faulty);
    lode_try(lode_pack_f64(out, t->sum.sum));
    lode_try(lode_pack_f64(out, t->sum.rest));
    lode_try(lode_pack_f64(out, t->squares.sum));
    return lode_pack_f64(out, t->squares.rest);
}

/* Counts and packs all KPIs by the groups at hand. */
static lode_status count_groups(const struct leaf *leaf, int64_t n_groups)
{
    struct lode_arena *arena = leaf->task->arena;
    const int64_t n = n_groups * leaf->n_slots;
    for (uint32_t kpi = 0; kpi < leaf->n_kpis; kpi++) {
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        struct tally *tallies;
        lode_try(lode_take_zero(arena, n, &tallies));
        count(leaf, kpi, tallies);
        for (int64_t i = 0; i < n; i++)
            lode_try(pack_tally(&tallies[i], leaf->marks[kpi] != NULL, leaf->task->output));
        lode_arena_rewind(arena, mark);
        lode_try(lode_task_advance(leaf->task, leaf->part.n_sessions));
    }
    return LODE_OK;
}

static bool is_later(uint8_t class_index)
{
    return (class_index >> LIFECYCLE_INDEX_SHIFT & 3) > 0;
}

static lode_status attribute_pass(struct leaf *leaf, const struct group *group)
{
    struct lode_arena *arena = leaf->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t n_words = leaf->columns.attributes[group->attribute].dictionary.count;
    uint32_t *codes, *place_of;
    lode_try(session_columns_codes(&leaf->columns, group->attribute, arena, &codes));
    lode_try(lode_take(arena, n_words, &place_of));
    memset(place_of, 0xff, (size_t)n_words * sizeof *place_of); /* LODE_NO_CODE */
    for (uint32_t i = 0; i < group->n_codes; i++) place_of[group->codes[i]] = i;
    for (int64_t s = 0; s < leaf->part.n_sessions; s++) {
        const uint32_t place = codes[s] < n_words ? place_of[codes[s]] : LODE_NO_CODE;
        leaf->groups[s] =
            place == LODE_NO_CODE ? LODE_NO_CODE : 2 * place + is_later(leaf->classes[s]);
    }
    lode_try(count_groups(leaf, 2 * (int64_t)group->n_codes));
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

lode_status series_leaf(struct lode_task *task)
{
    lode_status status = LODE_OK;
    struct leaf leaf = {.task = task};
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    lode_try(lode_task_open_part(task, &in, task->index, &leaf.part));
    lode_try_done(unpack_params(&leaf, in));
    lode_try_done(read_sessions(&leaf));
    for (uint32_t i = 0; i < leaf.n_attributes; i++)
        lode_try_done(attribute_pass(&leaf, &leaf.attributes[i]));
    for (int64_t s = 0; s < leaf.part.n_sessions; s++)
        leaf.groups[s] = leaf.classes[s] & (LIFECYCLE_CLASSES - 1);
    lode_try_done(count_groups(&leaf, LIFECYCLE_CLASSES));
done:
    lode_part_close(&leaf.part);
    return status;
}
