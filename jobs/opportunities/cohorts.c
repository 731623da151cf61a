/* Cohorts, on the coordinator: parameters for the leaf, and its results added up in task order.
 *
 * (cohorts_leaf.c has the leaf, and the layout of parameters and results.) Floating sums are added
 * in task order, and exactly (exact_sum.h).
 */
#include "jobs/opportunities/cohorts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/cohort_tally.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/lifecycle.h"

struct merge {
    const struct lode_store *store;
    const struct cohort_options *options;
    const struct cohort_counts *counts;
    struct tally_sums **sums; /* [n_sets], each [n_values x n_kpis] */
};

/* The derived columns that are counted. */
static lode_status pack_columns(const struct lode_run *run, const struct cohort_options *options,
                                struct lode_bytes *out)
{
    bool *kpis = NULL;
    lode_try(lode_take_zero(run->arena, run->store->n_kpis, &kpis));
    for (int64_t i = 0; i < options->n_kpis; i++) kpis[options->kpis[i]] = true;
    const struct session_wanted wanted = {.kpis = kpis, .attributes = options->attribute_on};
    return session_columns_pack(run->store, options->derivation, &wanted, out);
}

static lode_status pack_params(const struct lode_run *run, const struct cohort_options *options,
                               struct lode_bytes *out)
{
    lode_try(lode_store_refer(run->store, out));
    lode_try(pack_columns(run, options, out));
    lode_try(lode_pack_i64(out, options->sparse_after_ms));
    lode_try(lode_pack_u64(out, (uint64_t)options->first_sessions));
    lode_try(lode_pack_u64(out, options->sample.below));
    lode_try(lode_pack_array(out, (uint32_t)options->n_kpis));
    for (int64_t i = 0; i < options->n_kpis; i++)
        lode_try(lode_pack_u64(out, (uint64_t)options->kpis[i]));
    return LODE_OK;
}

static lode_status make_set(struct lode_arena *arena, const char *attribute, char *const *values,
                            int64_t n_values, int64_t n_kpis, struct cohort_set *set)
{
    *set = (struct cohort_set){.attribute = attribute, .n_values = n_values, .values = values};
    size_t n_cells;
    lode_try(lode_mul_size((uint64_t)n_values, (size_t)n_kpis, &n_cells));
    return lode_take_zero(arena, n_cells, &set->cells);
}

static lode_status make_sets(const struct lode_run *run, const struct cohort_options *options,
                             struct cohort_counts *counts)
{
    const struct lode_store *store = run->store;
    counts->n_kpis = options->n_kpis;
    counts->n_sets = store->n_attributes + 1;
    lode_try(lode_take(run->arena, counts->n_sets, &counts->sets));
    for (int64_t i = 0; i < store->n_attributes; i++) {
        const struct lode_attribute *attribute = &store->attributes[i];
        lode_try(make_set(run->arena, attribute->name, attribute->dictionary.words,
                          attribute->dictionary.count, options->n_kpis, &counts->sets[i]));
    }
    struct lifecycle_cohorts cohorts;
    char **names;
    lode_try(lifecycle_cohorts_init(options->first_sessions, run->arena, &cohorts));
    lode_try(lode_take(run->arena, cohorts.count, &names));
    memcpy(names, cohorts.names, (size_t)cohorts.count * sizeof *names);
    struct cohort_set *lifecycle = &counts->sets[store->n_attributes];
    lode_try(make_set(run->arena, "lifecycle", names, cohorts.count, options->n_kpis, lifecycle));
    counts->all = lifecycle->cells; /* its first value is "all" */
    return LODE_OK;
}

static lode_status merge_set(struct merge *merge, int64_t task, int64_t set_index, int64_t kpi,
                             struct lode_unpack *in)
{
    const struct cohort_set *set = &merge->counts->sets[set_index];
    const struct tally_cells to = {.n_values = set->n_values,
                                   .stride = merge->counts->n_kpis,
                                   .is_binary =
                                       merge->store->kpis[merge->options->kpis[kpi]].is_binary,
                                   .cells = set->cells + kpi,
                                   .sums = merge->sums[set_index] + kpi};
    return tally_cells_add(in, &merge->store->partitions[task], &to);
}

static lode_status merge_task(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct merge *merge = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    for (int64_t set = 0; set < merge->counts->n_sets; set++) {
        for (int64_t kpi = 0; kpi < merge->counts->n_kpis; kpi++) {
            const lode_status status = merge_set(merge, task, set, kpi, &in);
            if (status)
                return lode_note(status, "cohorts of '%s' in partition %lld",
                                 merge->counts->sets[set].attribute, (long long)task);
        }
    }
    return lode_unpack_end(&in);
}

static lode_status map_leaf(struct lode_run *run, struct merge *merge)
{
    lode_status status = LODE_OK;
    const struct lode_store *store = run->store;
    struct lode_stage stage = {.leaf = "opportunities.cohorts",
                               .title = "counting cohorts",
                               .n_tasks = store->n_partitions,
                               .describe = lode_store_name_partition,
                               .describe_context = store};
    int64_t *costs;
    lode_try(lode_take(run->arena, store->n_partitions, &costs));
    for (int64_t i = 0; i < store->n_partitions; i++) costs[i] = store->partitions[i].n_sessions;
    stage.costs = costs;
    stage.cost_units = "sessions";
    lode_try_done(pack_params(run, merge->options, &stage.params));
    lode_try_done(lode_map(run, &stage, merge_task, merge));
done:
    lode_bytes_clear(&stage.params);
    return status;
}

struct ranked {
    char *value;
    uint32_t code;
};

static int compare_ranked(const void *left, const void *right)
{
    return strcmp(((const struct ranked *)left)->value, ((const struct ranked *)right)->value);
}

static bool is_sorted(const struct cohort_set *set)
{
    for (int64_t i = 1; i < set->n_values; i++)
        if (strcmp(set->values[i - 1], set->values[i]) >= 0) return false;
    return true;
}

/* Results are in order of values, which that of codes is not once a store was appended to. */
static lode_status sort_set(struct lode_arena *arena, int64_t n_kpis, struct cohort_set *set)
{
    struct ranked *order;
    char **values;
    uint32_t *codes;
    struct cohort_cell *cells;
    if (is_sorted(set)) return LODE_OK;
    lode_try(lode_take(arena, set->n_values, &values));
    lode_try(lode_take(arena, set->n_values, &codes));
    lode_try(lode_take(arena, set->n_values * n_kpis, &cells));
    lode_try(lode_take(arena, set->n_values, &order));
    for (int64_t i = 0; i < set->n_values; i++)
        order[i] = (struct ranked){set->values[i], (uint32_t)i};
    qsort(order, (size_t)set->n_values, sizeof *order, compare_ranked);
    for (int64_t i = 0; i < set->n_values; i++) {
        values[i] = order[i].value;
        codes[i] = order[i].code;
        for (int64_t k = 0; k < n_kpis; k++)
            cells[i * n_kpis + k] = set->cells[order[i].code * n_kpis + k];
    }
    set->values = values;
    set->codes = codes;
    set->cells = cells;
    return LODE_OK;
}

lode_status cohorts_count(struct lode_run *run, const struct cohort_options *options,
                          struct cohort_counts *counts)
{
    assert(options->first_sessions >= 1 && options->sparse_after_ms >= 0);
    struct cohort_counts made = {0};
    struct merge merge = {.store = run->store, .options = options, .counts = &made};
    lode_try(make_sets(run, options, &made));
    const struct lode_arena_mark mark = lode_arena_mark(run->arena);
    lode_try(lode_take(run->arena, made.n_sets, &merge.sums));
    for (int64_t i = 0; i < made.n_sets; i++)
        lode_try(lode_take_zero(run->arena, made.sets[i].n_values * made.n_kpis, &merge.sums[i]));
    lode_try(map_leaf(run, &merge));
    for (int64_t i = 0; i < made.n_sets; i++)
        tally_sums_store(merge.sums[i], made.sets[i].n_values * made.n_kpis, made.sets[i].cells);
    lode_arena_rewind(run->arena, mark);
    for (int64_t i = 0; i < run->store->n_attributes; i++)
        if (!options->derivation || !derivation_has_order(options->derivation, i))
            lode_try(sort_set(run->arena, made.n_kpis, &made.sets[i]));
    *counts = made;
    return LODE_OK;
}

/* Escaped when it is a part of a pair's label. Returns the byte after it. */
static char *put_name(char *at, const char *text, bool is_part)
{
    for (; *text; text++) {
        if (is_part && (*text == '&' || *text == '\\')) *at++ = '\\';
        *at++ = *text;
    }
    return at;
}

lode_status cohort_label(const struct cohort_counts *counts, int64_t set, int64_t value,
                         struct lode_arena *arena, char **label)
{
    const struct cohort_set *of = &counts->sets[set];
    const bool is_pair = of->values_of != NULL;
    const int n = is_pair ? 2 : 1;
    size_t size = 0;
    char *at = NULL;
    const char *texts[2][2]; /* attribute and word */
    for (int i = 0; i < n; i++) {
        const struct cohort_set *part = is_pair ? &counts->sets[of->parents[i]] : of;
        texts[i][0] = part->attribute;
        texts[i][1] = part->values[is_pair ? of->values_of[value][i] : value];
        size += 2 * (strlen(texts[i][0]) + strlen(texts[i][1])) + 2;
    }
    lode_try(lode_take(arena, size, &at));
    *label = at;
    for (int i = 0; i < n; i++) {
        if (i > 0) *at++ = '&';
        at = put_name(at, texts[i][0], is_pair);
        *at++ = '=';
        at = put_name(at, texts[i][1], is_pair);
    }
    *at = '\0';
    return LODE_OK;
}
