/* Examples, on the coordinator: what to look for, batch by batch, and what was found.
 *
 * (examples_leaf.c has the leaf, and the layout of parameters and results.) A batch asks only for
 * findings that still want sessions. How large the batches are does not depend on the workers, so
 * neither do the examples.
 */
#include "jobs/opportunities/findings/examples.h"

#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/findings/anonymous.h"
#include "jobs/opportunities/findings/finding_members.h"

/* What is still to be found for a finding. */
struct search_state {
    int64_t wanted;             /* faulty sessions */
    enum example_nearness best; /* closest normal session that there may be */
    double limit;               /* numeric KPI: faulty sessions lie above it, ... */
    bool is_above;              /* ... or below */
};

struct search {
    struct lode_run *run;
    const struct opportunity_options *options;
    const struct finding_sources *sources;
    const struct pattern_tokens *tokens;
    const struct findings *findings;
    struct search_state *states; /* [findings] */
    struct example *examples;
};

static bool is_open(const struct search *search, int64_t index)
{
    return search->states[index].wanted > 0 ||
           search->examples[index].nearness < search->states[index].best;
}

static lode_status pack_finding(const struct search *search, int64_t index, struct lode_bytes *out)
{
    const struct finding *finding = &search->findings->list[index];
    const struct search_state *state = &search->states[index];
    lode_try(lode_pack_u64(out, (uint64_t)index));
    lode_try(lode_pack_u64(out, (uint64_t)state->wanted));
    lode_try(lode_pack_u64(out, search->examples[index].nearness));
    lode_try(lode_pack_u64(out, state->best));
    lode_try(lode_pack_u64(out, (uint64_t)finding->kpi));
    lode_try(lode_pack_f64(out, state->limit));
    lode_try(lode_pack_u64(out, state->is_above));
    struct member_rule rule;
    lode_try(finding_members(search->sources, finding, search->run->arena, &rule));
    return member_rule_pack(&rule, out);
}

/* The derived columns that findings are about. */
static lode_status pack_columns(const struct search *search, struct lode_bytes *out)
{
    const struct lode_store *store = search->run->store;
    struct lode_arena *arena = search->run->arena;
    bool *kpis = NULL, *attributes = NULL;
    lode_try(lode_take_zero(arena, store->n_kpis, &kpis));
    lode_try(lode_take_zero(arena, store->n_attributes, &attributes));
    for (int64_t i = 0; i < search->findings->n; i++) {
        if (!is_open(search, i)) continue;
        struct member_rule rule;
        lode_try(finding_members(search->sources, &search->findings->list[i], arena, &rule));
        member_rule_want(&rule, attributes);
        kpis[search->findings->list[i].kpi] = true;
    }
    const struct session_wanted wanted = {.kpis = kpis, .attributes = attributes};
    return member_columns_pack(store, search->options, search->tokens, &wanted, out);
}

/* *n_open: findings that still want sessions; 0: nothing is left to do. */
static lode_status pack_params(const struct search *search, struct lode_bytes *out, int64_t *n_open)
{
    uint8_t key[ANONYMOUS_KEY_BYTES];
    *n_open = 0;
    for (int64_t i = 0; i < search->findings->n; i++) *n_open += is_open(search, i);
    lode_try(pack_columns(search, out));
    anonymous_key(search->options->anonymous_key, key);
    lode_try(lode_pack_bin(out, key, search->options->anonymous ? sizeof key : 0));
    lode_try(lode_pack_array(out, (uint32_t)*n_open));
    for (int64_t i = 0; i < search->findings->n; i++)
        if (is_open(search, i)) lode_try(pack_finding(search, i, out));
    return LODE_OK;
}

/* timeline NULL: it is read and dropped. */
static lode_status merge_timeline(const struct search *search, struct lode_unpack *in,
                                  struct timeline *timeline)
{
    const int64_t n_names = search->run->store->event_names.count;
    uint32_t n = 0;
    lode_try(lode_unpack_array(in, &n));
    if (timeline) lode_try(lode_take(search->run->arena, n, &timeline->events));
    if (timeline) timeline->n = n;
    for (uint32_t i = 0; i < n; i++) {
        int64_t name, in_match;
        double seconds;
        lode_try(lode_unpack_count(in, "event", (uint64_t)(n_names - 1), &name));
        lode_try(lode_unpack_f64(in, &seconds));
        lode_try(lode_unpack_count(in, "in_match", 1, &in_match));
        if (timeline)
            timeline->events[i] = (struct example_event){
                .name = (uint32_t)name, .seconds = seconds, .in_match = in_match == 1};
    }
    return LODE_OK;
}

/* The timeline is that of the first session of all. */
static lode_status merge_faulty(struct search *search, struct lode_unpack *in, int64_t finding)
{
    struct example *example = &search->examples[finding];
    uint32_t n = 0;
    lode_try(merge_timeline(search, in, example->n_sessions == 0 ? &example->timeline : NULL));
    lode_try(lode_unpack_array(in, &n));
    for (uint32_t i = 0; i < n; i++) {
        const char *text;
        size_t size;
        lode_try(lode_unpack_text(in, &text, &size));
        if (search->states[finding].wanted == 0) continue; /* an earlier task had enough */
        lode_try(lode_arena_text(search->run->arena, text, size,
                                 &example->sessions[example->n_sessions++]));
        search->states[finding].wanted--;
    }
    return LODE_OK;
}

/* A session that comes no closer than that of an earlier task is read and dropped. */
static lode_status merge_normal(struct search *search, struct lode_unpack *in, int64_t finding)
{
    struct example *example = &search->examples[finding];
    int64_t nearness;
    const char *text;
    size_t size;
    lode_try(lode_unpack_count(in, "nearness", NORMAL_NEAR, &nearness));
    if (nearness == NORMAL_NONE) return LODE_OK;
    const bool is_closer = nearness > (int64_t)example->nearness;
    lode_try(merge_timeline(search, in, is_closer ? &example->normal_timeline : NULL));
    lode_try(lode_unpack_text(in, &text, &size));
    if (!is_closer) return LODE_OK;
    example->nearness = (enum example_nearness)nearness;
    return lode_arena_text(search->run->arena, text, size, &example->normal);
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
        lode_try(merge_faulty(search, &in, finding));
        lode_try(merge_normal(search, &in, finding));
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

/* Most faulty sessions that there may be. */
static int64_t most_faulty(const struct search *search, const struct finding *finding)
{
    if (finding->is_binary) return finding->table.faulty_with;
    if (finding_is_over_time(finding))
        return (int64_t)search->sources->trends->rows[finding->trend].sessions;
    return search->sources->cohorts->rows[finding->row].sessions;
}

/* How many normal sessions have the first event of the pattern without having the pattern; -1:
 * single events are not counted. */
static int64_t near_normal(const struct finding_sources *sources, const struct finding *finding)
{
    const struct scenario *scenario = &sources->scenarios->list[finding->scenario];
    if (finding->k == 1) return 0;
    if (sources->scenarios->plans[scenario->plan].first_k > 1) return -1;
    const struct pattern_slice slice = pattern_slice_of(
        sources->scenarios, scenario, sources->store, sources->patterns->n_tokens, 1);
    const int64_t at = pattern_slice_find(&slice, finding->tokens, sources->patterns->n_tokens);
    uint32_t faulty, normal = 0;
    if (at < 0) return 0;
    pattern_slice_at(&slice, at, &faulty, &normal);
    return normal - finding->table.normal_with;
}

/* Is there a group that is large enough to show a session of? */
static bool is_shown(const struct search *search, int64_t n)
{
    return n > 0 && n >= search->options->min_count;
}

static enum example_nearness best_normal(const struct search *search, const struct finding *finding)
{
    const struct two_by_two *table = &finding->table;
    if (!finding->is_binary)
        return is_shown(search, most_faulty(search, finding)) ? NORMAL_OTHER : NORMAL_NONE;
    if (finding->expert != EXPERT_PATTERN)
        return is_shown(search, table->normal_with) ? NORMAL_OTHER : NORMAL_NONE;
    if (!is_shown(search, table->normal_total - table->normal_with)) return NORMAL_NONE;
    const int64_t near = near_normal(search->sources, finding);
    const bool may_be_near = near < 0 ? search->options->min_count == 0 : is_shown(search, near);
    return may_be_near ? NORMAL_NEAR : NORMAL_OTHER;
}

static struct search_state begin_search(const struct search *search, const struct finding *finding)
{
    const int64_t most = most_faulty(search, finding);
    struct search_state state = {.best = best_normal(search, finding)};
    if (is_shown(search, most))
        state.wanted = most < search->options->examples ? most : search->options->examples;
    if (finding->is_binary) return state;
    const struct cohort_row *cohort = &search->sources->cohorts->rows[finding->row];
    state.limit = cohort->all_mean;
    state.is_above = cohort->difference > 0;
    if (finding_is_over_time(finding)) {
        const struct trend_row *trend = &search->sources->trends->rows[finding->trend];
        state.limit = trend->mean;
        state.is_above = trend_answer_of(trend)->to > trend_answer_of(trend)->from;
    }
    return state;
}

lode_status examples_find(struct lode_run *run, const struct opportunity_options *options,
                          const struct finding_sources *sources,
                          const struct pattern_tokens *tokens, const struct findings *findings,
                          struct example **examples)
{
    struct search search = {
        .run = run, .options = options, .sources = sources, .tokens = tokens, .findings = findings};
    lode_try(lode_take_zero(run->arena, findings->n, &search.examples));
    lode_try(lode_take(run->arena, findings->n, &search.states));
    for (int64_t i = 0; i < findings->n; i++) {
        search.states[i] = begin_search(&search, &findings->list[i]);
        lode_try(lode_take(run->arena, search.states[i].wanted, &search.examples[i].sessions));
    }
    lode_try(search_all(&search));
    *examples = search.examples;
    return LODE_OK;
}
