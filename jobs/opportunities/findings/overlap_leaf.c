/* Leaf "opportunities.overlap": sessions that two findings share, of all pairs.
 *
 * The sessions of a finding are a set, a bit each; what two share is a population count.
 *
 * Parameters: member columns (members.h), array of KPIs: index, array of rules (members).
 * Result: for each KPI sessions with a value and faulty ones (u64 each; faulty 0 of a numeric KPI),
 * then the same of those that have both i and j, for each i <= j, j counting faster.
 */
#include <math.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/findings/overlap.h"
#include "jobs/opportunities/members.h"

struct kpi {
    int64_t kpi;
    uint32_t n_rules;
    struct member_rule *rules;
};

struct leaf {
    struct lode_task *task;
    struct member_columns members;
    uint32_t n_kpis;
    struct kpi *kpis;
    struct lode_part part;
    int64_t n_words; /* of a set */
};

static lode_status unpack_params(struct leaf *leaf, struct lode_unpack in)
{
    struct lode_arena *arena = leaf->task->arena;
    lode_try(member_columns_unpack(&in, leaf->task, &leaf->members));
    lode_try(lode_unpack_array(&in, &leaf->n_kpis));
    lode_try(lode_take_zero(arena, leaf->n_kpis, &leaf->kpis));
    for (uint32_t k = 0; k < leaf->n_kpis; k++) {
        struct kpi *kpi = &leaf->kpis[k];
        lode_try(session_columns_unpack_kpi(&in, &leaf->members.columns, &kpi->kpi));
        lode_try(lode_unpack_array(&in, &kpi->n_rules));
        if (kpi->n_rules > OVERLAP_MOST)
            return lode_fail(LODE_E_MESSAGE, "%u findings to compare", kpi->n_rules);
        lode_try(lode_take(arena, kpi->n_rules, &kpi->rules));
        for (uint32_t i = 0; i < kpi->n_rules; i++)
            lode_try(member_rule_unpack(&in, &leaf->members, &kpi->rules[i]));
    }
    return lode_unpack_end(&in);
}

static lode_status read_sessions(struct leaf *leaf)
{
    bool with_events = false;
    for (uint32_t k = 0; k < leaf->n_kpis; k++)
        for (uint32_t i = 0; i < leaf->kpis[k].n_rules; i++)
            with_events = with_events || leaf->kpis[k].rules[i].k > 0;
    lode_try(member_columns_read(&leaf->members, &leaf->part, with_events, leaf->task));
    for (uint32_t k = 0; k < leaf->n_kpis; k++)
        for (uint32_t i = 0; i < leaf->kpis[k].n_rules; i++)
            lode_try(member_columns_read_rule(&leaf->members, &leaf->kpis[k].rules[i],
                                              leaf->task->arena));
    leaf->n_words = (leaf->part.n_sessions + 63) / 64;
    return LODE_OK;
}

/* Sessions of the sample with a value of the KPI, and the faulty ones among them. */
static lode_status read_kpi(struct leaf *leaf, int64_t kpi, uint64_t *valued, uint64_t *faulty)
{
    struct session_columns *columns = &leaf->members.columns;
    const bool *is_in = leaf->members.is_in;
    const bool is_binary = columns->kpis[kpi].is_binary;
    uint8_t *marks = NULL;
    double *numbers = NULL;
    lode_try(is_binary ? session_columns_marks(columns, kpi, leaf->task->arena, &marks)
                       : session_columns_numbers(columns, kpi, leaf->task->arena, &numbers));
    for (int64_t s = 0; s < leaf->part.n_sessions; s++) {
        const bool has_value = is_binary ? marks[s] != LODE_KPI_NO_VALUE : !isnan(numbers[s]);
        if (!has_value || (is_in && !is_in[s])) continue;
        valued[s / 64] |= UINT64_C(1) << s % 64;
        if (is_binary && marks[s] == 1) faulty[s / 64] |= UINT64_C(1) << s % 64;
    }
    return LODE_OK;
}

static lode_status put_count(const struct leaf *leaf, const uint64_t *a, const uint64_t *b,
                             const uint64_t *faulty)
{
    uint64_t n = 0, n_faulty = 0;
    for (int64_t w = 0; w < leaf->n_words; w++) {
        const uint64_t both = a[w] & b[w];
        n += (uint64_t)__builtin_popcountll(both);
        n_faulty += (uint64_t)__builtin_popcountll(both & faulty[w]);
    }
    lode_try(lode_pack_u64(leaf->task->output, n));
    return lode_pack_u64(leaf->task->output, n_faulty);
}

static lode_status compare(struct leaf *leaf, const struct kpi *kpi)
{
    struct lode_arena *arena = leaf->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t n_words = leaf->n_words;
    uint64_t *valued, *faulty, *sets;
    lode_try(lode_take_zero(arena, n_words, &valued));
    lode_try(lode_take_zero(arena, n_words, &faulty));
    lode_try(lode_take_zero(arena, kpi->n_rules * n_words, &sets));
    lode_try(read_kpi(leaf, kpi->kpi, valued, faulty));
    for (uint32_t i = 0; i < kpi->n_rules; i++) {
        for (int64_t s = 0; s < leaf->part.n_sessions; s++)
            if ((valued[s / 64] >> s % 64 & 1) && members_has(&leaf->members, &kpi->rules[i], s))
                sets[i * n_words + s / 64] |= UINT64_C(1) << s % 64;
        lode_try(lode_task_advance(leaf->task, leaf->part.n_sessions));
    }
    lode_try(put_count(leaf, valued, valued, faulty));
    for (uint32_t i = 0; i < kpi->n_rules; i++)
        for (uint32_t j = i; j < kpi->n_rules; j++)
            lode_try(put_count(leaf, sets + i * n_words, sets + j * n_words, faulty));
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

lode_status overlap_leaf(struct lode_task *task)
{
    lode_status status = LODE_OK;
    struct leaf leaf = {.task = task};
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    lode_try(lode_task_open_part(task, &in, task->index, &leaf.part));
    lode_try_done(unpack_params(&leaf, in));
    lode_try_done(read_sessions(&leaf));
    for (uint32_t k = 0; k < leaf.n_kpis; k++) lode_try_done(compare(&leaf, &leaf.kpis[k]));
done:
    lode_part_close(&leaf.part);
    return status;
}
