/* First passes: what must be known of all sessions before the analysis of any can begin.
 *
 * Two stages, each only where it has something to do. `top(...)` chooses from names that are
 * counted, in rounds, over the whole store. Numbers that are to be cut into cohorts are sampled in
 * the first partitions: users are spread over partitions by a hash, so that is a sample of users.
 * (first_passes_leaf.c has the leaves, and the layout of parameters and results.)
 */
#include <math.h>
#include <string.h>

#include "common/expr/tops.h"
#include "common/wire/pack.h"
#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/derive/session_columns.h"

enum { SAMPLE_SESSIONS = 20000 }; /* as many partitions as hold that many are sampled */

static lode_status map_first(const struct lode_run *run, const struct derivation *derivation,
                             struct lode_stage *stage, const int32_t *indices, int64_t n,
                             lode_merge_fn merge, void *context)
{
    lode_status status = LODE_OK;
    const struct lode_store *store = &derivation->store;
    bool *nothing = NULL;
    int64_t *costs = NULL;
    lode_try(lode_take_zero(run->arena, store->n_kpis + store->n_attributes, &nothing));
    lode_try(lode_take(run->arena, stage->n_tasks, &costs));
    for (int64_t i = 0; i < stage->n_tasks; i++) costs[i] = store->partitions[i].n_events;
    stage->costs = costs;
    stage->cost_units = "events";
    stage->describe = lode_store_name_partition;
    stage->describe_context = store;
    const struct session_wanted wanted = {.kpis = nothing, .attributes = nothing};
    lode_try_done(lode_store_refer(store, &stage->params));
    lode_try_done(session_columns_pack(store, derivation, &wanted, &stage->params));
    lode_try_done(lode_pack_array(&stage->params, (uint32_t)n));
    for (int64_t i = 0; i < n; i++)
        lode_try_done(lode_pack_u64(&stage->params, (uint64_t)indices[i]));
    status = run->map(run->cluster, stage, merge, context);
done:
    lode_bytes_clear(&stage->params);
    return status;
}

struct top_counts {
    int64_t n;
    const struct lode_dictionary **words; /* [n] that are counted */
    int64_t **counts;                     /* [n][words[t]->count] */
};

/* Event names, or words of an event attribute. */
static const struct lode_dictionary *words_of(const struct derivation *derivation, int32_t top)
{
    const int64_t attribute = derivation->graph->tops[top].attribute;
    return attribute < 0 ? &derivation->schema.event_names
                         : &derivation->schema.event_attributes[attribute].words;
}

static lode_status merge_tops(void *context, int64_t task, const uint8_t *result, size_t size)
{
    const struct top_counts *all = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    (void)task; /* sums of integers: in any order */
    for (int64_t t = 0; t < all->n; t++) {
        uint32_t n;
        lode_try(lode_unpack_array(&in, &n));
        if (n != all->words[t]->count)
            return lode_fail(LODE_E_MESSAGE, "%u counts of %lld words", n,
                             (long long)all->words[t]->count);
        for (uint32_t i = 0; i < n; i++) {
            int64_t count;
            lode_try(lode_unpack_count(&in, "count", INT64_MAX >> 16, &count));
            all->counts[t][i] += count;
        }
    }
    return lode_unpack_end(&in);
}

/* Counts and fills the tops of one round. */
static lode_status fill_round(const struct lode_run *run, struct derivation *derivation,
                              const int32_t *round_of, int32_t round)
{
    struct top_counts all = {0};
    int32_t *tops = NULL;
    lode_try(lode_take(run->arena, derivation->graph->n_tops, &tops));
    lode_try(lode_take(run->arena, derivation->graph->n_tops, &all.words));
    lode_try(lode_take(run->arena, derivation->graph->n_tops, &all.counts));
    for (int32_t t = 0; t < derivation->graph->n_tops; t++) {
        if (round_of[t] != round) continue;
        all.words[all.n] = words_of(derivation, t);
        lode_try(lode_take_zero(run->arena, all.words[all.n]->count, &all.counts[all.n]));
        tops[all.n++] = t;
    }
    struct lode_stage stage = {.leaf = "opportunities.tops",
                               .title = "counting frequent events",
                               .n_tasks = derivation->store.n_partitions};
    lode_try(map_first(run, derivation, &stage, tops, all.n, merge_tops, &all));
    for (int64_t t = 0; t < all.n; t++)
        lode_try(
            expr_tops_fill(derivation->graph, tops[t], all.counts[t], all.words[t], run->arena));
    return LODE_OK;
}

/* Nodes of all definitions. */
static lode_status find_roots(const struct lode_run *run, const struct derivation *derivation,
                              int32_t **roots, int32_t *n_roots)
{
    const int64_t n_kpis = derivation->store.n_kpis - derivation->n_stored_kpis;
    const int64_t n_attributes = derivation->store.n_attributes - derivation->n_stored_attributes;
    lode_try(lode_take(run->arena, n_kpis + n_attributes, roots));
    for (int64_t i = 0; i < n_kpis; i++) (*roots)[i] = derivation->kpi_nodes[i];
    for (int64_t i = 0; i < n_attributes; i++)
        (*roots)[n_kpis + i] = derivation->attributes[i].node;
    *n_roots = (int32_t)(n_kpis + n_attributes);
    return LODE_OK;
}

static lode_status fill_tops(const struct lode_run *run, struct derivation *derivation)
{
    int32_t *roots = NULL, *round_of = NULL, n_roots = 0, n_rounds = 0;
    lode_try(find_roots(run, derivation, &roots, &n_roots));
    lode_try(lode_take(run->arena, derivation->graph->n_tops, &round_of));
    lode_try(expr_tops_rounds(derivation->graph, roots, n_roots, run->arena, round_of, &n_rounds));
    for (int32_t round = 0; round < n_rounds; round++)
        lode_try(fill_round(run, derivation, round_of, round));
    return LODE_OK;
}

/* The sample of every number that is to be cut, in task order. */
struct number_samples {
    int64_t n;
    struct lode_bytes *values; /* [n] doubles */
};

static lode_status merge_values(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct number_samples *samples = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    (void)task; /* they will be sorted */
    for (int64_t r = 0; r < samples->n; r++) {
        uint32_t n;
        lode_try(lode_unpack_array(&in, &n));
        lode_try(lode_bytes_reserve(&samples->values[r], n * sizeof(double)));
        for (uint32_t i = 0; i < n; i++) {
            double value;
            lode_try(lode_unpack_f64(&in, &value));
            if (isnan(value)) return lode_fail(LODE_E_MESSAGE, "a value that is missing");
            lode_try(lode_bytes_append(&samples->values[r], &value, sizeof value));
        }
    }
    return lode_unpack_end(&in);
}

/* As many as hold enough sessions. */
int64_t derivation_sampled_partitions(const struct lode_store *store)
{
    int64_t n = 0, sessions = 0;
    while (n < store->n_partitions && sessions < SAMPLE_SESSIONS)
        sessions += store->partitions[n++].n_sessions;
    return n;
}

static lode_status cut_attribute(const struct lode_run *run, struct derivation *derivation,
                                 int64_t derived, struct lode_bytes *sample)
{
    struct derived_attribute *attribute = &derivation->attributes[derived];
    struct lode_dictionary *words =
        &derivation->store.attributes[derivation->n_stored_attributes + derived].dictionary;
    lode_try(cuts_make((double *)(void *)sample->data, (int64_t)(sample->size / sizeof(double)),
                       derivation->bins, run->arena, &attribute->cuts));
    lode_try(cuts_names(&attribute->cuts, attribute->unit, run->arena, &words->words));
    words->count = attribute->cuts.n + 1;
    return LODE_OK;
}

static lode_status cut_numbers(const struct lode_run *run, const bool *wanted,
                               struct derivation *derivation)
{
    lode_status status = LODE_OK;
    const int64_t n = derivation->store.n_attributes - derivation->n_stored_attributes;
    struct number_samples samples = {0};
    int64_t *cut = NULL; /* [samples.n] which derived attribute */
    int32_t *nodes = NULL;
    lode_try(lode_take(run->arena, n, &cut));
    lode_try(lode_take(run->arena, n, &nodes));
    lode_try(lode_take_zero(run->arena, n, &samples.values));
    for (int64_t i = 0; i < n; i++) {
        if (derivation->attributes[i].type != EXPR_NUMBER) continue;
        if (!wanted[derivation->n_stored_attributes + i]) continue;
        nodes[samples.n] = derivation->attributes[i].node;
        cut[samples.n++] = i;
    }
    if (samples.n == 0) return LODE_OK;
    struct lode_stage stage = {.leaf = "opportunities.values",
                               .title = "sampling derived attributes",
                               .n_tasks = derivation_sampled_partitions(&derivation->store)};
    lode_try_done(map_first(run, derivation, &stage, nodes, samples.n, merge_values, &samples));
    for (int64_t i = 0; i < samples.n; i++)
        lode_try_done(cut_attribute(run, derivation, cut[i], &samples.values[i]));
done:
    for (int64_t i = 0; i < n; i++) lode_bytes_clear(&samples.values[i]);
    return status;
}

/* The series of other stores that the graph names. */
static lode_status read_samples(const struct lode_run *run, struct derivation *derivation)
{
    struct lode_bytes packed = {0}, *kept = &derivation->samples;
    lode_status status =
        samples_pack(&derivation->sources, derivation->graph, derivation->schema.attributes,
                     SAMPLES_HELD_BYTES, run->arena, &packed);
    if (!status) status = lode_take(run->arena, (int64_t)packed.size, &kept->data);
    if (!status) memcpy(kept->data, packed.data, packed.size);
    if (!status) kept->size = packed.size;
    lode_bytes_clear(&packed);
    return status;
}

lode_status derivation_prepare(const struct lode_run *run, const bool *wanted,
                               struct derivation *derivation)
{
    if (!derivation->graph) return LODE_OK;
    if (derivation->graph->n_series > 0) lode_try(read_samples(run, derivation));
    if (derivation->graph->n_tops > 0) lode_try(fill_tops(run, derivation));
    return cut_numbers(run, wanted, derivation);
}
