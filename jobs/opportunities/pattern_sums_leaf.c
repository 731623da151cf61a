/* Leaf "opportunities.pattern_sums": the gram lists of one range of keys, summed over all
 * partitions. What no scenario keeps is left out here, so that the coordinator holds no more than
 * the tables show; table `summary` counts it all the same.
 *
 * Parameters: array of spaces (cohorts, tokens, k, classes, array of KPIs (bits of the classes in
 * which it is faulty, and of those in which it has a value), and for each cohort and KPI the fewest
 * faulty sessions).
 * Records: key u16 big-endian number of the space, value a gram list (gram_ranges.h).
 * Result: for each space in turn a gram list, and for each of its KPIs two u64: patterns left out,
 * and their sessions.
 */
#include <endian.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/grams/gram_merge.h"
#include "jobs/opportunities/patterns.h"
#include "jobs/shuffle/merge.h"
#include "jobs/shuffle/shuffle.h"

struct kept_space {
    struct gram_space space;
    uint64_t cohort_keys; /* keys of one cohort */
    uint32_t n_kpis;      /* 0: all is kept */
    uint32_t faulty[PATTERN_MAX_KPIS], valued[PATTERN_MAX_KPIS];
    uint64_t left_out[PATTERN_MAX_KPIS][2]; /* patterns, sessions */
    uint64_t *least;                        /* [n_cohorts x n_kpis] */
};

struct leaf {
    struct lode_task *task;
    struct shuffle_in in;
    struct shuffle_record record;
    bool more; /* the record is there */
    uint32_t n_spaces;
    struct kept_space *spaces;
};

static lode_status unpack_space(struct lode_unpack *in, struct lode_arena *arena,
                                struct kept_space *kept)
{
    struct gram_space *space = &kept->space;
    int64_t k = 0, n_classes = 0, bits = 0;
    lode_try(lode_unpack_count(in, "cohorts", UINT32_MAX - 1, &space->n_cohorts));
    lode_try(lode_unpack_count(in, "tokens", UINT32_MAX - 1, &space->n_tokens));
    lode_try(lode_unpack_count(in, "k", PATTERN_MAX_K, &k));
    lode_try(lode_unpack_count(in, "classes", PATTERN_MAX_CLASSES, &n_classes));
    space->k = (int)k;
    space->n_classes = (int)n_classes;
    lode_try(gram_space_keys(space, &kept->cohort_keys));
    if (space->n_cohorts > 0) kept->cohort_keys /= (uint64_t)space->n_cohorts;
    lode_try(lode_unpack_array(in, &kept->n_kpis));
    if (kept->n_kpis > PATTERN_MAX_KPIS)
        return lode_fail(LODE_E_MESSAGE, "%u KPIs of a space", kept->n_kpis);
    for (uint32_t i = 0; i < kept->n_kpis; i++) {
        lode_try(lode_unpack_count(in, "classes of a KPI", (1 << PATTERN_MAX_CLASSES) - 1, &bits));
        kept->faulty[i] = (uint32_t)bits;
        lode_try(lode_unpack_count(in, "classes of a KPI", (1 << PATTERN_MAX_CLASSES) - 1, &bits));
        kept->valued[i] = (uint32_t)bits;
    }
    const int64_t n_least = space->n_cohorts * kept->n_kpis;
    if (n_least > in->end - in->at)
        return lode_fail(LODE_E_MESSAGE, "the parameters end before %lld least counts",
                         (long long)n_least);
    lode_try(lode_take(arena, n_least, &kept->least));
    for (int64_t i = 0; i < n_least; i++) lode_try(lode_unpack_u64(in, &kept->least[i]));
    return LODE_OK;
}

static lode_status unpack_params(struct leaf *leaf)
{
    struct lode_unpack in = lode_unpack_begin(leaf->in.params, leaf->in.params_size);
    lode_try(lode_unpack_array(&in, &leaf->n_spaces));
    lode_try(lode_take_zero(leaf->task->arena, leaf->n_spaces, &leaf->spaces));
    for (uint32_t s = 0; s < leaf->n_spaces; s++)
        lode_try(unpack_space(&in, leaf->task->arena, &leaf->spaces[s]));
    return lode_unpack_end(&in);
}

static uint64_t sessions_of(const struct kept_space *kept, const uint32_t *counts, uint32_t classes)
{
    uint64_t sessions = 0;
    for (int c = 0; c < kept->space.n_classes; c++)
        if (classes >> c & 1) sessions += counts[c];
    return sessions;
}

static bool is_kept(struct kept_space *kept, uint64_t key, const uint32_t *counts)
{
    if (kept->n_kpis == 0) return true;
    const uint64_t *least = kept->least + key / kept->cohort_keys * kept->n_kpis;
    for (uint32_t i = 0; i < kept->n_kpis; i++)
        if (sessions_of(kept, counts, kept->faulty[i]) >= least[i]) return true;
    for (uint32_t i = 0; i < kept->n_kpis; i++) {
        const uint64_t sessions = sessions_of(kept, counts, kept->valued[i]);
        kept->left_out[i][0] += sessions > 0;
        kept->left_out[i][1] += sessions;
    }
    return false;
}

static lode_status add_lists(struct leaf *leaf, uint32_t number, struct gram_merge *merge)
{
    while (leaf->more) {
        const struct shuffle_record *record = &leaf->record;
        size_t used = 0;
        if (record->key_size != 2)
            return lode_fail(LODE_E_MESSAGE, "a key of %zu bytes among gram lists",
                             record->key_size);
        const uint32_t space = (uint32_t)record->key[0] << 8 | record->key[1];
        if (space > number && space < leaf->n_spaces) return LODE_OK;
        if (space != number)
            return lode_fail(LODE_E_MESSAGE, "a list of space %u of %u", space, leaf->n_spaces);
        lode_try(gram_merge_add(merge, record->value, record->value_size, &used));
        lode_try(lode_task_advance(leaf->task, 1));
        lode_try(shuffle_next(&leaf->in, &leaf->record, &leaf->more));
    }
    return LODE_OK;
}

/* The sum of the lists, without what no scenario keeps. */
static lode_status put_sum(struct leaf *leaf, struct kept_space *kept, struct gram_merge *merge)
{
    const struct lode_arena_mark mark = lode_arena_mark(leaf->task->arena);
    const int n_classes = kept->space.n_classes;
    struct pattern_counts sum;
    struct gram_writer writer;
    uint64_t occurrences[GRAM_MAX_CLASSES] = {0};
    int64_t n_kept = 0;
    lode_try(gram_merge_finish(merge, leaf->task->arena, &sum));
    for (int c = 0; c < n_classes; c++) occurrences[c] = (uint64_t)sum.occurrences[c];
    lode_try(gram_writer_begin(&writer, &kept->space, leaf->task->output));
    for (int64_t i = 0; i < sum.n_patterns; i++) {
        const uint32_t *counts = sum.counts + i * n_classes;
        if (!is_kept(kept, sum.keys[i], counts)) continue;
        if (n_kept++ % GRAM_BLOCK == 0) lode_try(gram_writer_room(&writer, GRAM_BLOCK));
        gram_writer_put(&writer, sum.keys[i], counts, n_classes);
    }
    lode_try(gram_writer_end(&writer, occurrences));
    for (uint32_t i = 0; i < kept->n_kpis; i++) {
        const uint64_t out[2] = {htole64(kept->left_out[i][0]), htole64(kept->left_out[i][1])};
        lode_try(lode_bytes_append(leaf->task->output, out, sizeof out));
    }
    lode_arena_rewind(leaf->task->arena, mark);
    return lode_task_advance(leaf->task, sum.n_patterns + 1);
}

static lode_status sum_spaces(struct leaf *leaf)
{
    lode_try(unpack_params(leaf));
    lode_try(shuffle_next(&leaf->in, &leaf->record, &leaf->more));
    for (uint32_t s = 0; s < leaf->n_spaces; s++) {
        struct gram_merge merge = {.space = leaf->spaces[s].space,
                                   .arena = leaf->task->arena,
                                   .most_held = lode_arena_left(leaf->task->arena) / 8 + 1};
        lode_status status = add_lists(leaf, s, &merge);
        if (!status) status = put_sum(leaf, &leaf->spaces[s], &merge);
        gram_merge_clear(&merge);
        if (status) return lode_note(status, "patterns of k=%d", leaf->spaces[s].space.k);
    }
    return LODE_OK;
}

lode_status pattern_sums_leaf(struct lode_task *task)
{
    struct leaf leaf = {.task = task};
    const size_t memory_bytes = shuffle_memory(task->arena, 4);
    lode_try(shuffle_in_open(task, memory_bytes, &leaf.in));
    const lode_status status = sum_spaces(&leaf);
    shuffle_in_close(&leaf.in);
    return status;
}
