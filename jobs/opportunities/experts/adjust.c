/* Adjusting, on the coordinator: what to count, the counts added up in task order, and the
 * estimates. (adjust_leaf.c has the leaf, and the layout of parameters and results.)
 */
#include "jobs/opportunities/experts/adjust.h"

#include <math.h>
#include <string.h>

#include "common/wire/pack.h"
#include "jobs/opportunities/by_partition.h"
#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/exact_sum.h"
#include "jobs/opportunities/findings/finding_members.h"

/* Sums of a numeric KPI in one place. */
struct sums {
    struct exact_sum sum, squares;
};

struct target {
    struct finding *finding;
    struct member_rule scope, members;
    /* [combinations x folds x 2]; a store has less than 2^32 sessions (patterns.h) */
    uint32_t *sessions;
    uint32_t *faulty;  /* 0/1 KPI; else NULL */
    struct sums *sums; /* numeric KPI; else NULL */
};

struct adjusting {
    struct lode_run *run;
    struct lode_arena *scratch; /* for all but the answers */
    const struct finding_sources *sources;
    const struct pattern_tokens *tokens;
    struct covariate *covariates;
    int64_t n_covariates, n_combinations, n_places;
    int64_t n_targets;
    struct target *targets;
};

/* The first findings of patterns and cohorts. */
static lode_status choose(struct adjusting *of, struct findings *findings)
{
    const struct opportunity_options *options = of->sources->options;
    struct lode_arena *arena = of->scratch;
    lode_try(lode_take_zero(arena, options->causal_top, &of->targets));
    for (int64_t i = 0; i < findings->n && of->n_targets < options->causal_top; i++) {
        struct finding *finding = &findings->list[i];
        if (finding->expert != EXPERT_PATTERN && finding->expert != EXPERT_COHORT) continue;
        struct target *target = &of->targets[of->n_targets++];
        target->finding = finding;
        lode_try(finding_scope(of->sources, finding, arena, &target->scope));
        lode_try(finding_members(of->sources, finding, arena, &target->members));
        lode_try(lode_take_zero(arena, of->n_places, &target->sessions));
        lode_try(finding->is_binary ? lode_take_zero(arena, of->n_places, &target->faulty)
                                    : lode_take_zero(arena, of->n_places, &target->sums));
    }
    return LODE_OK;
}

static lode_status pack_covariate(const struct adjusting *of, const struct covariate *covariate,
                                  struct lode_bytes *out)
{
    const bool is_lifecycle = covariate->attribute == of->sources->store->n_attributes;
    const struct cohort_set *set = &of->sources->cohorts->counts->sets[covariate->attribute];
    const int64_t n = is_lifecycle ? 0 : covariate->kept;
    lode_try(lode_pack_u64(out, (uint64_t)covariate->attribute));
    lode_try(lode_pack_u64(out, covariate->has_other));
    lode_try(lode_pack_u64(out, covariate->has_none));
    lode_try(lode_pack_array(out, (uint32_t)n));
    for (int64_t v = 0; v < n; v++)
        lode_try(lode_pack_u64(out, cohort_code(set, covariate->values[v])));
    return LODE_OK;
}

/* Covariates are stored attributes: of derived ones only what findings are about is wanted. */
static lode_status pack_columns(const struct adjusting *of, struct lode_bytes *out)
{
    const struct lode_store *store = of->sources->store;
    bool *kpis, *attributes;
    lode_try(lode_take_zero(of->scratch, store->n_kpis, &kpis));
    lode_try(lode_take_zero(of->scratch, store->n_attributes, &attributes));
    for (int64_t i = 0; i < of->n_targets; i++) {
        kpis[of->targets[i].finding->kpi] = true;
        member_rule_want(&of->targets[i].scope, attributes);
        member_rule_want(&of->targets[i].members, attributes);
    }
    const struct session_wanted wanted = {.kpis = kpis, .attributes = attributes};
    return member_columns_pack(store, of->sources->options, of->tokens, &wanted, out);
}

static lode_status pack_params(const struct adjusting *of, struct lode_bytes *out)
{
    const struct opportunity_options *options = of->sources->options;
    lode_try(pack_columns(of, out));
    lode_try(lode_pack_u64(out, (uint64_t)options->causal_folds));
    lode_try(lode_pack_array(out, (uint32_t)of->n_covariates));
    for (int64_t i = 0; i < of->n_covariates; i++)
        lode_try(pack_covariate(of, &of->covariates[i], out));
    lode_try(lode_pack_array(out, (uint32_t)of->n_targets));
    for (int64_t i = 0; i < of->n_targets; i++) {
        lode_try(lode_pack_u64(out, (uint64_t)of->targets[i].finding->kpi));
        lode_try(member_rule_pack(&of->targets[i].scope, out));
        lode_try(member_rule_pack(&of->targets[i].members, out));
    }
    return LODE_OK;
}

static lode_status unpack_sum(struct lode_unpack *in, struct exact_sum *to)
{
    struct exact_sum sum;
    lode_try(lode_unpack_f64(in, &sum.sum));
    lode_try(lode_unpack_f64(in, &sum.rest));
    exact_sum_merge(to, &sum);
    return LODE_OK;
}

static lode_status merge_target(const struct adjusting *of, struct target *target, uint64_t most,
                                struct lode_unpack *in)
{
    int64_t n, at, previous = -1;
    lode_try(lode_unpack_count(in, "places", (uint64_t)of->n_places, &n));
    for (int64_t i = 0; i < n; i++) {
        int64_t sessions, faulty;
        lode_try(lode_unpack_count(in, "place", (uint64_t)of->n_places - 1, &at));
        if (at <= previous)
            return lode_fail(LODE_E_MESSAGE, "place %lld comes after place %lld", (long long)at,
                             (long long)previous);
        previous = at;
        lode_try(lode_unpack_count(in, "sessions", most, &sessions));
        target->sessions[at] += (uint32_t)sessions;
        if (target->faulty) {
            lode_try(lode_unpack_count(in, "faulty", (uint64_t)sessions, &faulty));
            target->faulty[at] += (uint32_t)faulty;
        } else {
            lode_try(unpack_sum(in, &target->sums[at].sum));
            lode_try(unpack_sum(in, &target->sums[at].squares));
        }
    }
    return LODE_OK;
}

static lode_status merge_task(void *context, int64_t task, const uint8_t *result, size_t size)
{
    const struct adjusting *of = context;
    const int64_t n_sessions = of->sources->store->partitions[task].n_sessions;
    const uint64_t most = n_sessions < UINT32_MAX ? (uint64_t)n_sessions : UINT32_MAX;
    struct lode_unpack in = lode_unpack_begin(result, size);
    for (int64_t i = 0; i < of->n_targets; i++)
        lode_try(merge_target(of, &of->targets[i], most, &in));
    return lode_unpack_end(&in);
}

static lode_status map_leaf(struct adjusting *of)
{
    lode_status status = LODE_OK;
    struct lode_stage stage;
    lode_try(stage_by_partition(of->sources->store, "opportunities.adjust",
                                "adjusting for attributes", of->scratch, &stage));
    lode_try_done(pack_params(of, &stage.params));
    lode_try_done(lode_map(of->run, &stage, merge_task, of));
done:
    lode_bytes_clear(&stage.params);
    return status;
}

/* Is the attribute, or the life cycle, part of what defines the target? */
static bool defines(const struct adjusting *of, const struct target *target, int64_t attribute)
{
    const struct member_rule *rules[] = {&target->scope, &target->members};
    for (int r = 0; r < 2; r++) {
        if (attribute == of->sources->store->n_attributes) {
            if (rules[r]->classes != MEMBER_ANY_CLASS) return true;
            continue;
        }
        for (int i = 0; i < rules[r]->n_values; i++)
            if (rules[r]->values[i].attribute == attribute) return true;
    }
    return false;
}

/* Codes of the combinations that have sessions, the same for a target's covariates. */
struct cells {
    int64_t n;
    int64_t *levels; /* [covariates] 1 where the covariate is left out */
    uint32_t *codes; /* [n x covariates] */
    double *counts, *sums, *squares;
};

static bool has_sessions(const uint32_t *sessions, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (sessions[i] > 0) return true;
    return false;
}

static int64_t level_of(const struct adjusting *of, int64_t combination, int64_t covariate)
{
    for (int64_t v = of->n_covariates - 1; v > covariate; v--)
        combination /= of->covariates[v].levels;
    return combination % of->covariates[covariate].levels;
}

/* Sessions with and without treatment in each level of a covariate: counts [levels x 2]. */
static void count_levels(const struct adjusting *of, const struct target *target, int64_t covariate,
                         uint64_t *counts)
{
    const int64_t width = of->n_places / of->n_combinations; /* folds x 2 */
    memset(counts, 0, (size_t)of->covariates[covariate].levels * 2 * sizeof *counts);
    for (int64_t c = 0; c < of->n_combinations; c++)
        for (int64_t i = 0; i < width; i++)
            counts[2 * level_of(of, c, covariate) + i % 2] += target->sessions[c * width + i];
}

/* Leaves out what cannot be compared: combinations with a level of a covariate in which nobody has
 * what the finding is about, or everybody. Where that follows from an attribute within another (a
 * version of one system), the sessions of the other systems say nothing of it. is_in
 * [combinations]. */
static lode_status find_comparable(const struct adjusting *of, const struct target *target,
                                   struct lode_arena *arena, bool *is_in)
{
    memset(is_in, true, (size_t)of->n_combinations * sizeof *is_in);
    for (int64_t v = 0; v < of->n_covariates; v++) {
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        uint64_t *counts;
        if (defines(of, target, of->covariates[v].attribute)) continue;
        lode_try(lode_take(arena, of->covariates[v].levels * 2, &counts));
        count_levels(of, target, v, counts);
        for (int64_t c = 0; c < of->n_combinations; c++) {
            const uint64_t *level = counts + 2 * level_of(of, c, v);
            is_in[c] = is_in[c] && level[0] > 0 && level[1] > 0;
        }
        lode_arena_rewind(arena, mark);
    }
    return LODE_OK;
}

static lode_status take_cells(const struct adjusting *of, struct lode_arena *arena,
                              struct cells *cells)
{
    lode_try(lode_take(arena, of->n_covariates, &cells->levels));
    lode_try(lode_take(arena, of->n_combinations * of->n_covariates, &cells->codes));
    lode_try(lode_take(arena, of->n_places, &cells->counts));
    lode_try(lode_take(arena, of->n_places, &cells->sums));
    return lode_take(arena, of->n_places, &cells->squares);
}

/* comparable [combinations]; NULL: all */
static void make_cells(const struct adjusting *of, const struct target *target,
                       const bool *comparable, struct cells *cells)
{
    const int64_t width = of->n_places / of->n_combinations; /* folds x 2 */
    const int64_t n_covariates = of->n_covariates;
    cells->n = 0;
    for (int64_t v = 0; v < n_covariates; v++)
        cells->levels[v] =
            defines(of, target, of->covariates[v].attribute) ? 1 : of->covariates[v].levels;
    for (int64_t c = 0; c < of->n_combinations; c++) {
        if (!has_sessions(target->sessions + c * width, width) || (comparable && !comparable[c]))
            continue;
        for (int64_t v = 0; v < n_covariates; v++)
            cells->codes[cells->n * n_covariates + v] =
                cells->levels[v] == 1 ? 0 : (uint32_t)level_of(of, c, v);
        for (int64_t i = 0; i < width; i++) {
            const int64_t at = cells->n * width + i, from = c * width + i;
            cells->counts[at] = (double)target->sessions[from];
            cells->sums[at] = target->faulty ? (double)target->faulty[from]
                                             : exact_sum_value(&target->sums[from].sum);
            cells->squares[at] =
                target->faulty ? cells->sums[at] : exact_sum_value(&target->sums[from].squares);
        }
        cells->n++;
    }
}

/* Mean with - mean without, over all cells; NaN where a side is empty. */
static double raw_difference(const struct adjusting *of, const struct cells *cells)
{
    const int64_t n = cells->n * (of->n_places / of->n_combinations);
    double counts[2] = {0, 0}, sums[2] = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        counts[i % 2] += cells->counts[i];
        sums[i % 2] += cells->sums[i];
    }
    if (counts[0] == 0 || counts[1] == 0) return (double)NAN;
    return sums[1] / counts[1] - sums[0] / counts[0];
}

static bool agrees(const struct lode_causal *causal)
{
    return causal->raw > 0 ? causal->low > 0 : causal->high < 0; /* NaN: no */
}

static lode_status estimate(const struct adjusting *of, struct target *target)
{
    struct lode_arena *arena = of->scratch;
    struct lode_causal *causal;
    struct cells cells;
    bool *comparable;
    lode_try(lode_take(of->run->arena, 1, &causal));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try(take_cells(of, arena, &cells));
    lode_try(lode_take(arena, of->n_combinations, &comparable));
    lode_try(find_comparable(of, target, arena, comparable));
    make_cells(of, target, NULL, &cells);
    const double raw = raw_difference(of, &cells);
    make_cells(of, target, comparable, &cells);
    const struct lode_causal_data data = {.n_covariates = of->n_covariates,
                                          .levels = cells.levels,
                                          .n_combinations = cells.n,
                                          .codes = cells.codes,
                                          .folds = (int)of->sources->options->causal_folds,
                                          .is_binary = target->finding->is_binary,
                                          .counts = cells.counts,
                                          .sums = cells.sums,
                                          .squares = cells.squares};
    lode_try(lode_causal_estimate(&data, arena, causal));
    causal->raw = raw; /* of all sessions, as the finding has it */
    causal->survives = raw == 0 ? (double)NAN : causal->adjusted / raw;
    lode_arena_rewind(arena, mark);
    target->finding->adjusted = causal;
    if (agrees(causal)) target->finding->agree |= 1u << EXPERT_CAUSAL;
    return LODE_OK;
}

lode_status adjust_findings(struct lode_run *run, const struct finding_sources *sources,
                            const struct pattern_tokens *tokens, struct findings *findings)
{
    lode_status status = LODE_OK;
    struct adjusting of = {.run = run, .sources = sources, .tokens = tokens, .n_combinations = 1};
    lode_try(lode_arena_create(0, &of.scratch));
    lode_try_done(covariates_make(sources->options->derivation->n_stored_attributes,
                                  sources->cohorts->counts, of.scratch, &of.covariates,
                                  &of.n_covariates));
    for (int64_t i = 0; i < of.n_covariates; i++) of.n_combinations *= of.covariates[i].levels;
    of.n_places = of.n_combinations * sources->options->causal_folds * 2;
    lode_try_done(choose(&of, findings));
    if (of.n_targets > 0) lode_try_done(map_leaf(&of));
    for (int64_t i = 0; i < of.n_targets; i++) lode_try_done(estimate(&of, &of.targets[i]));
done:
    lode_arena_destroy(of.scratch);
    return status;
}
