/* Leaf "opportunities.cohorts": one pass over the sessions of a partition for every pair of a KPI
 * and a cohort set (a static attribute, or the life cycle).
 *
 * (cohort_tally.h counts.) In the life cycle, where cohorts overlap, sessions are added up by class
 * (lifecycle.h) and users by the set of classes in which they have sessions.
 *
 * Parameters: store path, session columns (session_columns.h), sparse_after_ms (i64),
 * first_sessions (u64), sample (u64), array of KPIs (indices).
 * Result: for each attribute in turn, then the life cycle, and within it for each KPI: a list of
 * tallies.
 */
#include "jobs/opportunities/cohort_tally.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/lifecycle.h"

struct kpi {
    int64_t index;
    bool is_binary;
};

struct leaf {
    struct lode_task *task;
    struct lifecycle_rule rule;
    struct sample sample;
    struct session_columns columns;
    uint32_t n_kpis;
    struct kpi *kpis;
    struct tally_kpi *tally_kpis; /* [n_kpis] */
    struct tally_users users;
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
    lode_try(lode_unpack_u64(&in, &leaf->sample.below));
    lode_try(lode_unpack_array(&in, &leaf->n_kpis));
    lode_try(lode_take_zero(arena, leaf->n_kpis, &leaf->kpis));
    lode_try(lode_take_zero(arena, leaf->n_kpis, &leaf->tally_kpis));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        struct kpi *kpi = &leaf->kpis[i];
        lode_try(session_columns_unpack_kpi(&in, &leaf->columns, &kpi->index));
        kpi->is_binary = leaf->columns.kpis[kpi->index].is_binary;
    }
    return lode_unpack_end(&in);
}

/* All sessions of a user have the same sparse bit, so 8 classes are open to each user. */
enum { OPEN_CLASSES = LIFECYCLE_SPARSE, USER_KINDS = 2 << OPEN_CLASSES };

/* Counts the sessions of one user by class. Returns the user's kind: bits 0 to 7 say in which of
 * the open classes there are sessions with a value, bit 8 that the user is sparse. */
static int count_user(const struct leaf *leaf, const struct tally_kpi *kpi, int64_t user,
                      struct tally *classes)
{
    const int64_t first = leaf->offsets[user], end = leaf->offsets[user + 1];
    int kind = 0, class_index = 0;
    for (int64_t s = first; s < end; s++) {
        class_index = leaf->classes[s] & (LIFECYCLE_CLASSES - 1);
        bool has_value;
        if (kpi->marks) {
            has_value = kpi->marks[s] < 2;
            tally_mark(&classes[class_index], kpi->marks[s], user + 1);
        } else {
            has_value = !isnan(kpi->values[s]);
            tally_value(&classes[class_index], kpi->values[s], user + 1);
        }
        kind |= has_value << (class_index % OPEN_CLASSES);
    }
    return class_index & LIFECYCLE_SPARSE ? kind | 1 << OPEN_CLASSES : kind;
}

static void count_lifecycle(const struct leaf *leaf, const struct tally_kpi *kpi,
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
    bool *is_in;
    leaf->n_users = part->n_users;
    leaf->n_sessions = part->n_sessions;
    lode_try(lode_part_session_offsets(part, arena, &offsets));
    leaf->offsets = offsets;
    leaf->columns.part.session_offsets = offsets;
    lode_try(tally_users_make(part->n_users, offsets, arena, &leaf->users));
    lode_try(classify(leaf, part));
    lode_try(session_columns_open(&leaf->columns, part, leaf->task));
    lode_try(sample_read(leaf->sample, part, arena, &is_in));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        struct kpi *kpi = &leaf->kpis[i];
        uint8_t *marks = NULL;
        double *values = NULL;
        if (kpi->is_binary)
            lode_try(session_columns_marks(&leaf->columns, kpi->index, arena, &marks));
        else
            lode_try(session_columns_numbers(&leaf->columns, kpi->index, arena, &values));
        if (marks) sample_marks(is_in, leaf->n_sessions, marks);
        if (values) sample_numbers(is_in, leaf->n_sessions, values);
        leaf->tally_kpis[i] = (struct tally_kpi){.marks = marks, .values = values};
        lode_try(tally_kpi_make(&leaf->users, leaf->tally_kpis, i, arena, &leaf->tally_kpis[i]));
    }
    return LODE_OK;
}

static lode_status make_cohorts(struct leaf *leaf, int64_t attribute, struct tally_cohorts *cohorts)
{
    struct lode_arena *arena = leaf->task->arena;
    const uint64_t *is_true, *has_value;
    uint32_t *codes;
    session_columns_sets(&leaf->columns, attribute, &is_true, &has_value);
    if (is_true) return tally_cohorts_of_bool(&leaf->users, is_true, has_value, arena, cohorts);
    lode_try(session_columns_codes(&leaf->columns, attribute, arena, &codes));
    return tally_cohorts_of_codes(
        &leaf->users, codes, leaf->columns.attributes[attribute].dictionary.count, arena, cohorts);
}

static lode_status attribute_pass(struct leaf *leaf, int64_t attribute)
{
    struct lode_arena *arena = leaf->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct tally_cohorts cohorts;
    struct tally *tallies;
    lode_try(make_cohorts(leaf, attribute, &cohorts));
    lode_try(lode_take(arena, cohorts.n + 1, &tallies));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        tallies_count(&leaf->users, &leaf->tally_kpis[i], &cohorts, tallies);
        lode_try(lode_task_advance(leaf->task, leaf->n_sessions));
        lode_try(tallies_pack(tallies, cohorts.n, leaf->kpis[i].is_binary, leaf->task->output));
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status lifecycle_pass(const struct leaf *leaf)
{
    struct lifecycle_cohorts cohorts;
    lode_try(lifecycle_cohorts_init(leaf->rule.first_sessions, leaf->task->arena, &cohorts));
    for (uint32_t i = 0; i < leaf->n_kpis; i++) {
        struct tally tallies[LIFECYCLE_MOST_COHORTS] = {0};
        count_lifecycle(leaf, &leaf->tally_kpis[i], &cohorts, tallies);
        lode_try(lode_task_advance(leaf->task, leaf->n_sessions));
        lode_try(tallies_pack(tallies, cohorts.count, leaf->kpis[i].is_binary, leaf->task->output));
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
