/* Cohorts, on the coordinator: parameters for the leaf, and its results added up in task order.
 *
 * (cohorts_leaf.c has the leaf, and the layout of parameters and results.) Results are checked
 * against the partition table before they count: a message is not trusted to fit. Floating sums
 * are added in task order, and exactly (exact_sum.h).
 */
#include "jobs/opportunities/cohorts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/exact_sum.h"
#include "jobs/opportunities/lifecycle.h"

/* The sums of one cell while they are added up. */
struct sums {
    struct exact_sum sum, squares;
};

struct merge {
    const struct lode_store *store;
    const struct cohort_options *options;
    const struct cohort_counts *counts;
    struct sums **sums; /* [n_sets], each [n_values x n_kpis] */
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

static lode_status unpack_sum(struct lode_unpack *in, struct exact_sum *s)
{
    lode_try(lode_unpack_f64(in, &s->sum));
    return lode_unpack_f64(in, &s->rest);
}

static lode_status merge_cell(struct lode_unpack *in, const struct lode_partition *partition,
                              bool is_binary, struct cohort_cell *cell, struct sums *sums)
{
    int64_t users, sessions, faulty = 0;
    struct exact_sum sum = {0}, squares = {0};
    lode_try(lode_unpack_count(in, "users", (uint64_t)partition->n_users, &users));
    lode_try(lode_unpack_count(in, "sessions", (uint64_t)partition->n_sessions, &sessions));
    if (is_binary) {
        lode_try(lode_unpack_count(in, "faulty", (uint64_t)sessions, &faulty));
        sum.sum = squares.sum = (double)faulty;
    } else {
        lode_try(unpack_sum(in, &sum));
        lode_try(unpack_sum(in, &squares));
    }
    cell->users += users;
    cell->sessions += sessions;
    cell->faulty += faulty;
    exact_sum_merge(&sums->sum, &sum);
    exact_sum_merge(&sums->squares, &squares);
    return LODE_OK;
}

static lode_status merge_set(struct merge *merge, int64_t task, int64_t set_index, int64_t kpi,
                             struct lode_unpack *in)
{
    const struct cohort_set *set = &merge->counts->sets[set_index];
    const bool is_binary = merge->store->kpis[merge->options->kpis[kpi]].is_binary;
    int64_t n_present, previous = -1;
    lode_try(lode_unpack_count(in, "values", (uint64_t)set->n_values, &n_present));
    for (int64_t i = 0; i < n_present; i++) {
        int64_t value;
        lode_try(lode_unpack_count(in, "value", (uint64_t)set->n_values - 1, &value));
        if (value <= previous)
            return lode_fail(LODE_E_MESSAGE, "value %lld comes after value %lld", (long long)value,
                             (long long)previous);
        previous = value;
        const int64_t at = value * merge->counts->n_kpis + kpi;
        lode_try(merge_cell(in, &merge->store->partitions[task], is_binary, &set->cells[at],
                            &merge->sums[set_index][at]));
    }
    return LODE_OK;
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

static void store_sums(const struct merge *merge)
{
    for (int64_t s = 0; s < merge->counts->n_sets; s++) {
        const struct cohort_set *set = &merge->counts->sets[s];
        for (int64_t i = 0; i < set->n_values * merge->counts->n_kpis; i++) {
            set->cells[i].sum = exact_sum_value(&merge->sums[s][i].sum);
            set->cells[i].sum_squares = exact_sum_value(&merge->sums[s][i].squares);
        }
    }
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
    store_sums(&merge);
    lode_arena_rewind(run->arena, mark);
    for (int64_t i = 0; i < run->store->n_attributes; i++)
        if (!options->derivation || !derivation_has_order(options->derivation, i))
            lode_try(sort_set(run->arena, made.n_kpis, &made.sets[i]));
    *counts = made;
    return LODE_OK;
}
