/* Examples, on the coordinator: what to look for, batch by batch, and what was found.
 *
 * (examples_leaf.c has the leaf, and the layout of parameters and results.) A batch asks only for
 * findings that still want sessions. How large the batches are does not depend on the workers, so
 * neither do the examples.
 */
#include "jobs/opportunities/findings/examples.h"

#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/findings/examples_private.h"
#include "jobs/opportunities/lifecycle.h"

struct search {
    struct lode_run *run;
    const struct opportunity_options *options;
    const struct finding_sources *sources;
    const struct pattern_tokens *tokens;
    const struct findings *findings;
    int64_t *wanted; /* [findings] sessions still to be found */
    struct example *examples;
};

/* The set of cohorts that a finding is about; -1: all sessions. */
static int64_t attribute_of(const struct search *search, const struct finding *finding)
{
    return finding->expert == EXPERT_COHORT
               ? search->sources->cohorts->rows[finding->row].attribute
               : search->sources->scenarios->list[finding->scenario].attribute;
}

/* Which sessions belong to the finding's cohort. */
static lode_status pack_members(const struct search *search, const struct finding *finding,
                                struct lode_bytes *out)
{
    const struct lode_store *store = search->run->store;
    const int64_t attribute = attribute_of(search, finding);
    const int64_t value = finding->expert == EXPERT_COHORT
                              ? search->sources->cohorts->rows[finding->row].value
                              : search->sources->scenarios->list[finding->scenario].value;
    if (attribute < 0) return lode_pack_u64(out, EXAMPLE_OF_ALL);
    if (attribute == store->n_attributes) { /* the last set of cohorts: the life cycle */
        struct lifecycle_cohorts cohorts;
        lode_try(
            lifecycle_cohorts_init(search->options->first_sessions, search->run->arena, &cohorts));
        lode_try(lode_pack_u64(out, EXAMPLE_OF_LIFECYCLE));
        return lode_pack_u64(out, cohorts.classes[value]);
    }
    lode_try(lode_pack_u64(out, EXAMPLE_OF_ATTRIBUTE));
    lode_try(lode_pack_u64(out, (uint64_t)attribute));
    const struct cohort_set *set = &search->sources->cohorts->counts->sets[attribute];
    return lode_pack_u64(out, cohort_code(set, value));
}

static lode_status pack_finding(const struct search *search, int64_t index, struct lode_bytes *out)
{
    const struct finding *finding = &search->findings->list[index];
    lode_try(lode_pack_u64(out, (uint64_t)index));
    lode_try(lode_pack_u64(out, (uint64_t)search->wanted[index]));
    lode_try(lode_pack_u64(out, (uint64_t)finding->kpi));
    lode_try(pack_members(search, finding, out));
    lode_try(lode_pack_array(out, (uint32_t)finding->k));
    for (int i = 0; i < finding->k; i++) lode_try(lode_pack_u64(out, finding->tokens[i]));
    return LODE_OK;
}

/* The derived columns that findings are about. */
static lode_status pack_columns(const struct search *search, struct lode_bytes *out)
{
    const struct lode_store *store = search->run->store;
    bool *kpis = NULL, *attributes = NULL;
    lode_try(lode_take_zero(search->run->arena, store->n_kpis, &kpis));
    lode_try(lode_take_zero(search->run->arena, store->n_attributes + 1, &attributes));
    for (int64_t i = 0; i < search->findings->n; i++) {
        if (search->wanted[i] == 0) continue;
        const int64_t attribute = attribute_of(search, &search->findings->list[i]);
        kpis[search->findings->list[i].kpi] = true;
        if (attribute >= 0) attributes[attribute] = true; /* the life cycle's place is one past */
    }
    const struct session_wanted wanted = {.kpis = kpis, .attributes = attributes};
    return session_columns_pack(store, search->options->derivation, &wanted, out);
}

/* *n_open: findings that still want sessions; 0: nothing is left to do. */
static lode_status pack_params(const struct search *search, struct lode_bytes *out, int64_t *n_open)
{
    const struct lode_store *store = search->run->store;
    const int64_t n_names = store->event_names.count;
    *n_open = 0;
    for (int64_t i = 0; i < search->findings->n; i++) *n_open += search->wanted[i] > 0;
    lode_try(lode_store_refer(store, out));
    lode_try(pack_columns(search, out));
    lode_try(lode_pack_u64(out, (uint64_t)n_names));
    lode_try(lode_pack_bin(out, search->tokens->token_of,
                           search->tokens->token_of ? (size_t)n_names * sizeof(uint32_t) : 0));
    lode_try(lode_pack_i64(out, search->options->sparse_after_ms));
    lode_try(lode_pack_u64(out, (uint64_t)search->options->first_sessions));
    lode_try(lode_pack_array(out, (uint32_t)*n_open));
    for (int64_t i = 0; i < search->findings->n; i++)
        if (search->wanted[i] > 0) lode_try(pack_finding(search, i, out));
    return LODE_OK;
}

/* The timeline is that of the finding's first session, so later ones are read and dropped. */
static lode_status merge_timeline(struct search *search, struct lode_unpack *in,
                                  struct example *example)
{
    const int64_t n_names = search->run->store->event_names.count;
    const bool keep = example->n_sessions == 0;
    uint32_t n = 0;
    lode_try(lode_unpack_array(in, &n));
    if (keep) lode_try(lode_take(search->run->arena, n, &example->events));
    if (keep) example->n_events = n;
    for (uint32_t i = 0; i < n; i++) {
        int64_t name, in_match;
        double seconds;
        lode_try(lode_unpack_count(in, "event", (uint64_t)(n_names - 1), &name));
        lode_try(lode_unpack_f64(in, &seconds));
        lode_try(lode_unpack_count(in, "in_match", 1, &in_match));
        if (keep)
            example->events[i] = (struct example_event){
                .name = (uint32_t)name, .seconds = seconds, .in_match = in_match == 1};
    }
    return LODE_OK;
}

static lode_status merge_sessions(struct search *search, struct lode_unpack *in, int64_t finding)
{
    struct example *example = &search->examples[finding];
    uint32_t n = 0;
    lode_try(lode_unpack_array(in, &n));
    for (uint32_t i = 0; i < n; i++) {
        const char *text;
        size_t size;
        lode_try(lode_unpack_text(in, &text, &size));
        if (search->wanted[finding] == 0) continue; /* an earlier task of the batch had enough */
        lode_try(lode_arena_text(search->run->arena, text, size,
                                 &example->sessions[example->n_sessions++]));
        search->wanted[finding]--;
    }
    return LODE_OK;
}

static lode_status merge_task(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct search *search = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    uint32_t n = 0;
    (void)task; /* merged in task order, which is the order of partitions */
    lode_try(lode_unpack_array(&in, &n));
    for (uint32_t i = 0; i < n; i++) {
        int64_t finding;
        lode_try(lode_unpack_count(&in, "finding", (uint64_t)(search->findings->n - 1), &finding));
        lode_try(merge_timeline(search, &in, &search->examples[finding]));
        lode_try(merge_sessions(search, &in, finding));
    }
    return lode_unpack_end(&in);
}

/* Task 0 of a batch is partition `first` of the store. */
struct batch {
    const struct lode_store *store;
    int64_t first;
};

static void describe_task(const void *context, int64_t task, char *text, size_t size)
{
    const struct batch *batch = context;
    lode_store_name_partition(batch->store, batch->first + task, text, size);
}

/* Partitions first .. first + n - 1. */
static lode_status map_batch(struct search *search, struct lode_bytes params, int64_t first,
                             int64_t n)
{
    lode_status status = LODE_OK;
    struct lode_bytes *inputs = NULL;
    int64_t *costs = NULL, *keys = NULL;
    lode_try(lode_take_zero(search->run->arena, n, &inputs));
    lode_try(lode_take(search->run->arena, n, &costs));
    lode_try(lode_take(search->run->arena, n, &keys));
    for (int64_t i = 0; i < n; i++) {
        keys[i] = first + i;
        costs[i] = search->run->store->partitions[first + i].n_events;
        lode_try_done(lode_pack_u64(&inputs[i], (uint64_t)(first + i)));
    }
    const struct batch batch = {.store = search->run->store, .first = first};
    const struct lode_stage stage = {.leaf = "opportunities.examples",
                                     .title = "finding example sessions",
                                     .n_tasks = n,
                                     .params = params,
                                     .inputs = inputs,
                                     .costs = costs,
                                     .keys = keys,
                                     .cost_units = "events",
                                     .describe = describe_task,
                                     .describe_context = &batch};
    lode_try_done(lode_map(search->run, &stage, merge_task, search));
done:
    for (int64_t i = 0; i < n; i++) lode_bytes_clear(&inputs[i]);
    return status;
}

static lode_status search_all(struct search *search)
{
    const int64_t n_partitions = search->run->store->n_partitions;
    for (int64_t first = 0, size = 1; first < n_partitions; first += size, size *= 2) {
        const int64_t left = n_partitions - first;
        struct lode_bytes params = {0};
        int64_t n_open = 0;
        lode_status status = pack_params(search, &params, &n_open);
        if (!status && n_open > 0)
            status = map_batch(search, params, first, size < left ? size : left);
        lode_bytes_clear(&params);
        if (status || n_open == 0) return status;
    }
    return LODE_OK;
}

/* How many sessions there are to choose from. */
static int64_t available(const struct search *search, const struct finding *finding)
{
    if (finding->is_binary) return finding->table.faulty_with;
    return search->sources->cohorts->rows[finding->row].sessions;
}

lode_status examples_find(struct lode_run *run, const struct opportunity_options *options,
                          const struct finding_sources *sources,
                          const struct pattern_tokens *tokens, const struct findings *findings,
                          struct example **examples)
{
    struct search search = {
        .run = run, .options = options, .sources = sources, .tokens = tokens, .findings = findings};
    lode_try(lode_take_zero(run->arena, findings->n, &search.examples));
    lode_try(lode_take(run->arena, findings->n, &search.wanted));
    for (int64_t i = 0; i < findings->n; i++) {
        const int64_t there = available(&search, &findings->list[i]);
        search.wanted[i] = there < options->examples ? there : options->examples;
        lode_try(lode_take(run->arena, search.wanted[i], &search.examples[i].sessions));
    }
    lode_try(search_all(&search));
    *examples = search.examples;
    return LODE_OK;
}
