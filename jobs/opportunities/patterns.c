/* Patterns, on the coordinator: parameters for the leaf, and its lists summed.
 *
 * (patterns_leaf.c has the leaf, and the layout of parameters and results.) Whether a key space can
 * be counted is known before any task starts. Sums are of integers, so they depend on nothing.
 */
#include "jobs/opportunities/patterns.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "common/wire/pack.h"
#include "jobs/opportunities/by_partition.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/grams/gram_merge.h"
#include "jobs/opportunities/grams/gram_ranges.h"
#include "jobs/shuffle/shuffle.h"

/* Bits of a class in its widest form are those that a gram list can hold. */
_Static_assert((int)PATTERN_MAX_CLASSES == (int)GRAM_MAX_CLASSES, "classes of a gram list");

enum {
    ENTRY_BYTES = 3,        /* of a list, mostly */
    RANGE_BYTES = 64 << 20, /* of the lists that one task sums, about */
    LEAST_RANGES = 8,
    MOST_RANGES = 4096
};

/* What the results of the stage are added to: a merge for each plan and k, in this order. */
struct merging {
    const struct pattern_settings *settings;
    const struct pattern_plan *plans;
    int64_t n_plans;
    int64_t n_merges;
    struct gram_merge *merges;
    struct patterns_left_out (*left_out)[PATTERN_MAX_KPIS]; /* [n_merges] */
};

/* Outcomes of one KPI: normal, faulty and, if there are such sessions, no value. */
static int outcomes(const struct lode_store *store, const struct pattern_plan *plan, int position)
{
    return store->kpis[plan->kpis[position]].n_missing > 0 ? 3 : 2;
}

int pattern_classes(const struct lode_store *store, const struct pattern_plan *plan)
{
    int classes = 1;
    for (int i = 0; i < plan->n_kpis; i++) classes *= outcomes(store, plan, i);
    return classes;
}

int pattern_digit(const struct lode_store *store, const struct pattern_plan *plan, int class_index,
                  int position)
{
    for (int i = 0; i < position; i++) class_index /= outcomes(store, plan, i);
    return class_index % outcomes(store, plan, position);
}

static lode_status pack_codes(struct lode_bytes *out, const uint32_t *codes, int64_t n)
{
    size_t size;
    lode_try(lode_mul_size((uint64_t)n, sizeof *codes, &size));
#if __BYTE_ORDER == __LITTLE_ENDIAN
    return lode_pack_bin(out, codes, size);
#else
    return lode_fail(LODE_E_BUG, "codes are packed on little-endian machines only");
#endif
}

static lode_status pack_tokens(const struct lode_store *store, const struct pattern_tokens *tokens,
                               struct lode_bytes *out)
{
    lode_try(lode_pack_u64(out, (uint64_t)tokens->n_tokens));
    lode_try(lode_pack_u64(out, (uint64_t)store->event_names.count));
    return pack_codes(out, tokens->token_of, tokens->token_of ? store->event_names.count : 0);
}

static lode_status pack_plan(const struct lode_store *store, const struct pattern_plan *plan,
                             struct lode_bytes *out)
{
    lode_try(lode_pack_u64(out, (uint64_t)plan->first_k));
    lode_try(lode_pack_u64(out, (uint64_t)plan->last_k));
    lode_try(lode_pack_array(out, (uint32_t)plan->n_kpis));
    for (int i = 0; i < plan->n_kpis; i++) lode_try(lode_pack_u64(out, (uint64_t)plan->kpis[i]));
    lode_try(lode_pack_u64(out, (uint64_t)plan->n_cohorts));
    lode_try(lode_pack_i64(out, plan->attribute));
    if (plan->attribute < 0) return LODE_OK;
    lode_try(lode_pack_u64(out, plan->pair_codes != NULL));
    if (plan->pair_codes) {
        lode_try(lode_pack_i64(out, plan->first));
        lode_try(lode_pack_u64(out, plan->classes));
        return pack_codes(out, plan->pair_codes[0], 2 * plan->n_cohorts);
    }
    return pack_codes(out, plan->cohort_of, store->attributes[plan->attribute].dictionary.count);
}

/* The derived columns that plans are about. */
static lode_status pack_columns(const struct lode_run *run, const struct merging *merging,
                                struct lode_bytes *out)
{
    struct session_wanted wanted;
    bool *kpis = NULL, *attributes = NULL;
    lode_try(lode_take_zero(run->arena, run->store->n_kpis, &kpis));
    lode_try(lode_take_zero(run->arena, run->store->n_attributes, &attributes));
    for (int64_t i = 0; i < merging->n_plans; i++) {
        const struct pattern_plan *plan = &merging->plans[i];
        for (int k = 0; k < plan->n_kpis; k++) kpis[plan->kpis[k]] = true;
        if (plan->attribute >= 0) attributes[plan->attribute] = true;
        if (plan->pair_codes && plan->first >= 0) attributes[plan->first] = true;
    }
    wanted = (struct session_wanted){.kpis = kpis, .attributes = attributes};
    return session_columns_pack(run->store, merging->settings->derivation, &wanted, out);
}

static lode_status pack_params(const struct lode_run *run, const struct pattern_tokens *tokens,
                               const struct merging *merging, struct lode_bytes *out)
{
    const struct lode_store *store = run->store;
    const struct lifecycle_rule *lifecycle = &merging->settings->lifecycle;
    lode_try(lode_store_refer(store, out));
    lode_try(pack_tokens(store, tokens, out));
    lode_try(pack_columns(run, merging, out));
    lode_try(lode_pack_u64(out, (uint64_t)merging->settings->gap_events));
    lode_try(lode_pack_u64(out, merging->settings->sample.below));
    lode_try(lode_pack_i64(out, lifecycle->sparse_after_ms));
    lode_try(lode_pack_u64(out, (uint64_t)lifecycle->first_sessions));
    lode_try(lode_pack_array(out, (uint32_t)merging->n_plans));
    for (int64_t i = 0; i < merging->n_plans; i++)
        lode_try(pack_plan(store, &merging->plans[i], out));
    return LODE_OK;
}

static lode_status check_sizes(const struct lode_store *store)
{
    char sessions[32], most[32];
    if (store->n_sessions <= (int64_t)UINT32_MAX) return LODE_OK;
    return lode_fail(LODE_E_USAGE, "%s sessions, patterns are counted in at most %s",
                     lode_text_grouped(store->n_sessions, sessions),
                     lode_text_grouped((int64_t)UINT32_MAX, most));
}

/* A merge for each plan and k; the place where a key space too large is refused. */
static lode_status make_merges(const struct lode_run *run, const struct pattern_tokens *tokens,
                               struct lode_arena *scratch, struct merging *merging)
{
    int64_t n = 0;
    for (int64_t i = 0; i < merging->n_plans; i++)
        n += merging->plans[i].last_k - merging->plans[i].first_k + 1;
    lode_try(lode_take_zero(run->arena, n, &merging->merges));
    lode_try(lode_take_zero(run->arena, n, &merging->left_out));
    for (int64_t i = 0; i < merging->n_plans; i++) {
        const struct pattern_plan *plan = &merging->plans[i];
        const int n_classes = pattern_classes(run->store, plan);
        if (n_classes > PATTERN_MAX_CLASSES)
            return lode_fail(LODE_E_BUG, "%d outcomes in plan %lld, %d is the most", n_classes,
                             (long long)i, PATTERN_MAX_CLASSES);
        for (int k = plan->first_k; k <= plan->last_k; k++) {
            struct gram_merge *merge = &merging->merges[merging->n_merges];
            *merge = (struct gram_merge){.space = {.n_cohorts = plan->n_cohorts,
                                                   .n_tokens = tokens->n_tokens,
                                                   .k = k,
                                                   .n_classes = n_classes},
                                         .arena = scratch};
            uint64_t n_keys;
            lode_try(gram_space_keys(&merge->space, &n_keys));
            merging->n_merges++;
        }
    }
    return LODE_OK;
}

/* Adds one list of a result; moves past it. */
static lode_status merge_list(struct merging *merging, int64_t merge, int64_t task,
                              const uint8_t **result, size_t *size)
{
    size_t used = 0;
    const lode_status status = gram_merge_add(&merging->merges[merge], *result, *size, &used);
    if (status)
        return lode_note(status, "patterns of k=%d in result %lld", merging->merges[merge].space.k,
                         (long long)task);
    *result += used;
    *size -= used;
    return LODE_OK;
}

static lode_status check_end(int64_t task, size_t size)
{
    if (size == 0) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "%zu bytes too many in result %lld of patterns", size,
                     (long long)task);
}

static lode_status merge_task(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct merging *merging = context;
    for (int64_t i = 0; i < merging->n_merges; i++)
        lode_try(merge_list(merging, i, task, &result, &size));
    return check_end(task, size);
}

/* Patterns of a partition, at most: every event, after each of a few others, ends one. */
static uint64_t most_patterns(const struct merging *merging, const struct gram_space *space,
                              int64_t n_events)
{
    uint64_t most = (uint64_t)n_events;
    for (int i = 1; i < space->k && merging->settings->gap_events; i++)
        most *= (uint64_t)merging->settings->gap_events; /* at most 2^20 times */
    return most;
}

/* Bytes of all lists of all partitions, at most. */
static uint64_t expected_bytes(const struct lode_store *store, const struct merging *merging)
{
    uint64_t bytes = 0;
    for (int64_t i = 0; i < merging->n_merges; i++) {
        uint64_t n_keys = 0;
        if (gram_space_keys(&merging->merges[i].space, &n_keys)) continue; /* checked before */
        for (int64_t p = 0; p < store->n_partitions; p++) {
            const uint64_t most =
                most_patterns(merging, &merging->merges[i].space, store->partitions[p].n_events);
            bytes += ENTRY_BYTES * (n_keys < most ? n_keys : most);
        }
    }
    return bytes;
}

/* Bits of the classes in which the plan's KPI `position` has this outcome. */
static uint32_t classes_with(const struct lode_store *store, const struct pattern_plan *plan,
                             int position, int outcome)
{
    uint32_t bits = 0;
    for (int c = 0; c < pattern_classes(store, plan); c++)
        if (pattern_digit(store, plan, c, position) == outcome) bits |= UINT32_C(1) << c;
    return bits;
}

/* KPIs by which a list is sifted; none: all of it is kept, as table `summary` needs the single
 * events. */
static int sifting_kpis(const struct pattern_plan *plan, int k)
{
    return k > 1 && plan->least_faulty ? plan->n_kpis : 0;
}

static lode_status pack_space(const struct lode_store *store, const struct pattern_plan *plan,
                              const struct gram_space *space, struct lode_bytes *out)
{
    const int n_kpis = sifting_kpis(plan, space->k);
    lode_try(lode_pack_u64(out, (uint64_t)space->n_cohorts));
    lode_try(lode_pack_u64(out, (uint64_t)space->n_tokens));
    lode_try(lode_pack_u64(out, (uint64_t)space->k));
    lode_try(lode_pack_u64(out, (uint64_t)space->n_classes));
    lode_try(lode_pack_array(out, (uint32_t)n_kpis));
    for (int i = 0; i < n_kpis; i++) {
        const uint32_t faulty = classes_with(store, plan, i, 1);
        lode_try(lode_pack_u64(out, faulty));
        lode_try(lode_pack_u64(out, faulty | classes_with(store, plan, i, 0)));
    }
    for (int64_t i = 0; i < n_kpis * space->n_cohorts; i++)
        lode_try(lode_pack_u64(out, plan->least_faulty[i]));
    return LODE_OK;
}

static lode_status pack_spaces(const struct lode_store *store, const struct merging *merging,
                               struct lode_bytes *out)
{
    const struct gram_merge *merge = merging->merges;
    lode_try(lode_pack_array(out, (uint32_t)merging->n_merges));
    for (int64_t i = 0; i < merging->n_plans; i++) {
        const struct pattern_plan *plan = &merging->plans[i];
        for (int k = plan->first_k; k <= plan->last_k; k++)
            lode_try(pack_space(store, plan, &merge++->space, out));
    }
    return LODE_OK;
}

/* What a list is followed by: what was left out of it. */
static lode_status merge_left_out(struct patterns_left_out *left_out, int n_kpis, int64_t task,
                                  const uint8_t **result, size_t *size)
{
    uint64_t numbers[2];
    for (int i = 0; i < n_kpis; i++) {
        if (*size < sizeof numbers)
            return lode_fail(LODE_E_MESSAGE, "result %lld of patterns ends too early",
                             (long long)task);
        memcpy(numbers, *result, sizeof numbers);
        left_out[i].distinct += (int64_t)(le64toh(numbers[0]) & INT64_MAX);
        left_out[i].pairs += (int64_t)(le64toh(numbers[1]) & INT64_MAX);
        *result += sizeof numbers;
        *size -= sizeof numbers;
    }
    return LODE_OK;
}

static lode_status merge_range(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct merging *merging = context;
    int64_t merge = 0;
    for (int64_t i = 0; i < merging->n_plans; i++) {
        const struct pattern_plan *plan = &merging->plans[i];
        for (int k = plan->first_k; k <= plan->last_k; k++, merge++) {
            lode_try(merge_list(merging, merge, task, &result, &size));
            lode_try(merge_left_out(merging->left_out[merge], sifting_kpis(plan, k), task, &result,
                                    &size));
        }
    }
    return check_end(task, size);
}

static void describe_range(const void *context, int64_t task, char *text, size_t size)
{
    (void)context;
    snprintf(text, size, "range %lld of the patterns", (long long)task);
}

/* Workers sum, each a range of keys of all spaces. */
static lode_status map_shuffle(struct lode_run *run, struct lode_stage *map, uint64_t bytes,
                               struct merging *merging)
{
    const uint64_t ranges = bytes / RANGE_BYTES;
    struct lode_shuffle shuffle = {.map = *map,
                                   .reduce = {.leaf = "opportunities.pattern_sums",
                                              .title = "summing patterns",
                                              .n_tasks = ranges < LEAST_RANGES  ? LEAST_RANGES
                                                         : ranges > MOST_RANGES ? MOST_RANGES
                                                                                : (int64_t)ranges,
                                              .describe = describe_range},
                                   .merge_reduce = merge_range,
                                   .context = merging};
    shuffle.map.leaf = "opportunities.pattern_pieces";
    lode_status status = pack_spaces(run->store, merging, &shuffle.reduce.params);
    if (!status) status = lode_shuffle(run, &shuffle);
    lode_bytes_clear(&shuffle.reduce.params);
    return status;
}

static lode_status map_leaf(struct lode_run *run, const struct pattern_tokens *tokens,
                            struct merging *merging)
{
    lode_status status = LODE_OK;
    const struct lode_store *store = run->store;
    struct lode_stage stage;
    const uint64_t bytes = expected_bytes(store, merging);
    lode_try(stage_by_partition(store, "opportunities.patterns", "counting patterns", run->arena,
                                &stage));
    lode_try_done(pack_params(run, tokens, merging, &stage.params));
    if (bytes > merging->settings->sum_limit)
        lode_try_done(map_shuffle(run, &stage, bytes, merging));
    else
        lode_try_done(lode_map(run, &stage, merge_task, merging));
done:
    lode_bytes_clear(&stage.params);
    return status;
}

/* Sessions with more events than patterns with gaps take part in. */
static void tell_cut(const struct merging *merging, const struct pattern_counts *counts)
{
    int64_t cut = 0;
    char sessions[32];
    for (int c = 0; c < counts->n_classes; c++) cut += counts->occurrences[c];
    if (cut == 0) return;
    lode_log_warn("%s sessions have more than gap_events=%lld distinct events: patterns with gaps "
                  "are made of the first %lld of them",
                  lode_text_grouped(cut, sessions), (long long)merging->settings->gap_events,
                  (long long)merging->settings->gap_events);
}

static lode_status finish(struct lode_run *run, struct merging *merging,
                          struct pattern_counts *const *counts)
{
    int64_t merge = 0;
    for (int64_t i = 0; i < merging->n_plans; i++) {
        const struct pattern_plan *plan = &merging->plans[i];
        for (int k = plan->first_k; k <= plan->last_k; k++, merge++) {
            struct pattern_counts *of_k = &counts[i][k - plan->first_k];
            lode_try(gram_merge_finish(&merging->merges[merge], run->arena, of_k));
            memcpy(of_k->left_out, merging->left_out[merge], sizeof of_k->left_out);
            if (i == 0 && k == 2 && merging->settings->gap_events) tell_cut(merging, of_k);
        }
    }
    return LODE_OK;
}

lode_status patterns_count(struct lode_run *run, const struct pattern_tokens *tokens,
                           const struct pattern_plan *plans, int64_t n_plans,
                           const struct pattern_settings *settings,
                           struct pattern_counts *const *counts)
{
    lode_status status = LODE_OK;
    struct merging merging = {.settings = settings, .plans = plans, .n_plans = n_plans};
    struct lode_arena *scratch = NULL;

    lode_try(check_sizes(run->store));
    lode_try(lode_arena_create(0, &scratch));
    lode_try_done(make_merges(run, tokens, scratch, &merging));
    lode_try_done(map_leaf(run, tokens, &merging));
    lode_try_done(finish(run, &merging, counts));
done:
    for (int64_t i = 0; i < merging.n_merges; i++) gram_merge_clear(&merging.merges[i]);
    lode_arena_destroy(scratch);
    return status;
}
