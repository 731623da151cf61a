/* Leaf "opportunities.cohorts": one pass over the sessions of a partition for every pair of a KPI
 * and a cohort set (a static attribute, or the life cycle).
 *
 * Sessions are grouped by user, so the distinct users of a cohort need no set: a cohort remembers
 * the user that it counted last. In the life cycle, where cohorts overlap, sessions are added up
 * by class (lifecycle.h) and users by the set of classes in which they have sessions.
 *
 * Parameters: store path, session columns (session_columns.h), sparse_after_ms (i64),
 * first_sessions (u64), array of KPIs (indices).
 * Result: for each attribute in turn, then the life cycle, and within it for each KPI: the number
 * of values that have sessions, then for each of them its index, users, sessions (u64) and faulty
 * (u64, binary KPI) or the exact sums of values and of squares (numeric KPI; each f64 sum, f64
 * rest).
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/cohorts.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/exact_sum.h"
#include "jobs/opportunities/lifecycle.h"

/* A cohort while it is counted: one cache line. */
struct tally {
    int64_t users, sessions, faulty;
    int64_t last_user; /* index + 1 of the user that was counted last; 0: none */
    struct exact_sum sum, squares;
};

struct kpi {
    int64_t index;
    bool is_binary;
    const uint8_t *marks; /* [sessions], binary: 0, 1, 2 = no value */
    const double *values; /* [sessions], numeric: NaN = no value */
};

struct leaf {
    struct lode_task *task;
    struct lifecycle_rule rule;
    struct session_columns columns;
    uint32_t n_kpis;
    struct kpi *kpis;
    int64_t n_users, n_sessions;
    const int64_t *offsets; /* [n_users + 1] into sessions */
    uint8_t *classes;       /* [n_sessions], lifecycle.h */
};

/* The rest of the parameters, after the store. */
static lode_status unpack_params(struct leaf *leaf, struct lode_unpack in)
{
    struct lode_arena *arena = leaf->task->arena;
    lode_try(session_columns_unpack(&in, leaf->task, &leaf->columns));
    lode_try(lode_unpack_i64(&in, &leaf->rule.sparse_after_ms));
    lode_try(lode_unpack_count(&in, "first_sessions", INT64_MAX, &leaf->rule.first_sessions));
    lode_try(lode_unpack_array(&in, &leaf->n_kpis));
    lode_try(lode_take_zero(arena, leaf->n_kpis, &leaf->kpis));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        struct kpi *kpi = &leaf->kpis[i];
        lode_try(session_columns_unpack_kpi(&in, &leaf->columns, &kpi->index));
        kpi->is_binary = leaf->columns.kpis[kpi->index].is_binary;
    }
    return lode_unpack_end(&in);
}

/* What one session adds to a cohort. `user` counts from 1. */
static inline void count_mark(struct tally *t, uint8_t mark, int64_t user)
{
    const bool has_value = mark < 2;
    t->sessions += has_value;
    t->faulty += mark == 1;
    t->users += has_value & (t->last_user != user);
    t->last_user = has_value ? user : t->last_user;
}

static inline void count_value(struct tally *t, double value, int64_t user)
{
    const bool has_value = !isnan(value);
    const double x = has_value ? value : 0.0;
    t->sessions += has_value;
    t->users += has_value & (t->last_user != user);
    t->last_user = has_value ? user : t->last_user;
    exact_sum_add(&t->sum, x);
    exact_sum_add(&t->squares, x * x);
}

/* tallies [n_words + 1]: the last one takes the sessions that have no value of the attribute. */
static void count_attribute(const struct leaf *leaf, const struct kpi *kpi, const uint32_t *codes,
                            int64_t n_words, struct tally *tallies)
{
    for (int64_t user = 0; user < leaf->n_users; user++) {
        for (int64_t s = leaf->offsets[user]; s < leaf->offsets[user + 1]; s++) {
            struct tally *t = &tallies[codes[s] < n_words ? codes[s] : n_words];
            if (kpi->is_binary)
                count_mark(t, kpi->marks[s], user + 1);
            else
                count_value(t, kpi->values[s], user + 1);
        }
    }
}

/* All sessions of a user have the same sparse bit, so 8 classes are open to each user. */
enum { OPEN_CLASSES = LIFECYCLE_SPARSE, USER_KINDS = 2 << OPEN_CLASSES };

/* Counts the sessions of one user by class. Returns the user's kind: bits 0 to 7 say in which of
 * the open classes there are sessions with a value, bit 8 that the user is sparse. */
static int count_user(const struct leaf *leaf, const struct kpi *kpi, int64_t user,
                      struct tally *classes)
{
    const int64_t first = leaf->offsets[user], end = leaf->offsets[user + 1];
    int kind = 0, class_index = 0;
    for (int64_t s = first; s < end; s++) {
        class_index = leaf->classes[s] & (LIFECYCLE_CLASSES - 1);
        bool has_value;
        if (kpi->is_binary) {
            has_value = kpi->marks[s] < 2;
            count_mark(&classes[class_index], kpi->marks[s], user + 1);
        } else {
            has_value = !isnan(kpi->values[s]);
            count_value(&classes[class_index], kpi->values[s], user + 1);
        }
        kind |= has_value << (class_index % OPEN_CLASSES);
    }
    return class_index & LIFECYCLE_SPARSE ? kind | 1 << OPEN_CLASSES : kind;
}

static void count_lifecycle(const struct leaf *leaf, const struct kpi *kpi,
                            const struct lifecycle_cohorts *cohorts, struct tally *tallies)
{
    struct tally classes[LIFECYCLE_CLASSES] = {0};
    int64_t users[USER_KINDS] = {0};
    for (int64_t user = 0; user < leaf->n_users; user++)
        users[count_user(leaf, kpi, user, classes)]++;

    for (int i = 0; i < cohorts->count; i++) {
        const int set = cohorts->classes[i];
        for (int c = 0; c < LIFECYCLE_CLASSES; c++) {
            if (!(set >> c & 1)) continue;
            tallies[i].sessions += classes[c].sessions;
            tallies[i].faulty += classes[c].faulty;
            exact_sum_merge(&tallies[i].sum, &classes[c].sum);
            exact_sum_merge(&tallies[i].squares, &classes[c].squares);
        }
        for (int kind = 0; kind < USER_KINDS; kind++) {
            const int half = kind >> OPEN_CLASSES ? set >> OPEN_CLASSES : set;
            if (kind & half & UINT8_MAX) tallies[i].users += users[kind];
        }
    }
}

static lode_status pack_sum(const struct exact_sum *s, struct lode_bytes *out)
{
    lode_try(lode_pack_f64(out, s->sum));
    return lode_pack_f64(out, s->rest);
}

/* The values that have sessions. */
static lode_status pack_tallies(const struct tally *tallies, int64_t n_values, bool is_binary,
                                struct lode_bytes *out)
{
    uint64_t n_present = 0;
    for (int64_t i = 0; i < n_values; i++) n_present += tallies[i].sessions > 0;
    lode_try(lode_pack_u64(out, n_present));
    for (int64_t i = 0; i < n_values; i++) {
        const struct tally *t = &tallies[i];
        if (t->sessions == 0) continue;
        lode_try(lode_pack_u64(out, (uint64_t)i));
        lode_try(lode_pack_u64(out, (uint64_t)t->users));
        lode_try(lode_pack_u64(out, (uint64_t)t->sessions));
        if (is_binary) {
            lode_try(lode_pack_u64(out, (uint64_t)t->faulty));
        } else {
            lode_try(pack_sum(&t->sum, out));
            lode_try(pack_sum(&t->squares, out));
        }
    }
    return LODE_OK;
}

/* Classes of the life cycle; the starts stay where expressions may need them. */
static lode_status classify(struct leaf *leaf, struct lode_part *part)
{
    struct lode_arena *arena = leaf->task->arena;
    int64_t *starts;
    lode_try(lode_take(arena, leaf->n_sessions, &leaf->classes));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try(lode_part_session_starts(part, arena, &starts));
    lifecycle_classify(&leaf->rule, leaf->n_users, leaf->offsets, starts, leaf->classes);
    if (leaf->columns.graph)
        leaf->columns.part.starts = starts;
    else
        lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status read_sessions(struct leaf *leaf, struct lode_part *part)
{
    struct lode_arena *arena = leaf->task->arena;
    int64_t *offsets;
    leaf->n_users = part->n_users;
    leaf->n_sessions = part->n_sessions;
    lode_try(lode_part_session_offsets(part, arena, &offsets));
    leaf->offsets = offsets;
    leaf->columns.part.session_offsets = offsets;
    lode_try(classify(leaf, part));
    lode_try(session_columns_open(&leaf->columns, part, leaf->task));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        struct kpi *kpi = &leaf->kpis[i];
        uint8_t *marks = NULL;
        double *values = NULL;
        if (kpi->is_binary)
            lode_try(session_columns_marks(&leaf->columns, kpi->index, arena, &marks));
        else
            lode_try(session_columns_numbers(&leaf->columns, kpi->index, arena, &values));
        kpi->marks = marks;
        kpi->values = values;
    }
    return LODE_OK;
}

static lode_status attribute_pass(struct leaf *leaf, int64_t attribute)
{
    const int64_t n_words = leaf->columns.attributes[attribute].dictionary.count;
    struct lode_arena *arena = leaf->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    uint32_t *codes;
    struct tally *tallies;
    lode_try(session_columns_codes(&leaf->columns, attribute, arena, &codes));
    lode_try(lode_take(arena, n_words + 1, &tallies));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        const struct kpi *kpi = &leaf->kpis[i];
        memset(tallies, 0, (size_t)(n_words + 1) * sizeof *tallies);
        count_attribute(leaf, kpi, codes, n_words, tallies);
        lode_try(lode_task_advance(leaf->task, leaf->n_sessions));
        lode_try(pack_tallies(tallies, n_words, kpi->is_binary, leaf->task->output));
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status lifecycle_pass(const struct leaf *leaf)
{
    struct lifecycle_cohorts cohorts;
    lode_try(lifecycle_cohorts_init(leaf->rule.first_sessions, leaf->task->arena, &cohorts));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        const struct kpi *kpi = &leaf->kpis[i];
        struct tally tallies[LIFECYCLE_MOST_COHORTS] = {0};
        count_lifecycle(leaf, kpi, &cohorts, tallies);
        lode_try(lode_task_advance(leaf->task, leaf->n_sessions));
        lode_try(pack_tallies(tallies, cohorts.count, kpi->is_binary, leaf->task->output));
    }
    return LODE_OK;
}

lode_status cohorts_leaf(struct lode_task *task)
{
    lode_status status = LODE_OK;
    struct leaf leaf = {.task = task};
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    struct lode_part part = {0};

    lode_try(lode_task_open_part(task, &in, task->index, &part));
    lode_try_done(unpack_params(&leaf, in));
    lode_try_done(read_sessions(&leaf, &part));
    for (uint32_t i = 0; i < leaf.columns.n_attributes; i++)
        lode_try_done(attribute_pass(&leaf, i));
    lode_try_done(lifecycle_pass(&leaf));
done:
    lode_part_close(&part);
    return status;
}
