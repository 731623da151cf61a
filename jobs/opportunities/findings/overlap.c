/* Overlap, on the coordinator: which leads are compared, their counts added up, and what folds.
 * (overlap_leaf.c has the leaf, and the layout of parameters and results.)
 */
#include "jobs/opportunities/findings/overlap.h"

#include "common/wire/pack.h"
#include "jobs/opportunities/by_partition.h"
#include "jobs/opportunities/findings/explained.h"
#include "jobs/opportunities/findings/finding_members.h"

/* The leads of one KPI. */
struct kpi_leads {
    int64_t kpi;
    int64_t *places; /* [overlap.n] in the list of findings, ascending */
    struct member_rule *rules;
    struct overlap overlap;
};

struct comparing {
    struct lode_run *run;
    struct lode_arena *scratch;
    const struct finding_sources *sources;
    const struct pattern_tokens *tokens;
    int64_t n;
    struct kpi_leads *kpis;
};

/* --- the rule --- */

static struct overlap_count both_of(const struct overlap *overlap, int64_t x, int64_t y)
{
    return overlap->pairs[x < y ? x * overlap->n + y : y * overlap->n + x];
}

static struct overlap_count minus(struct overlap_count from, struct overlap_count what)
{
    return (struct overlap_count){from.sessions - what.sessions, from.faulty - what.faulty};
}

static bool is_no_worse(struct overlap_count group, struct overlap_count other, double least)
{
    if (group.sessions == 0 || other.sessions == 0) return true;
    return !rate_is_worse(group.faulty, group.sessions, other.faulty, other.sessions, least);
}

bool overlap_is_redundant(const struct overlap *overlap, int64_t x, int64_t y,
                          double least_relative)
{
    const struct overlap_count both = both_of(overlap, x, y);
    const struct overlap_count only_x = minus(both_of(overlap, x, x), both);
    const struct overlap_count only_y = minus(both_of(overlap, y, y), both);
    const struct overlap_count neither = minus(minus(minus(overlap->all, both), only_x), only_y);
    const int64_t any = both.sessions + only_x.sessions + only_y.sessions;
    if (both.sessions == 0) return false;
    if (both.sessions >= any - any / 10) return true; /* the rest is too small to judge by */
    if (!overlap->is_binary) return false;
    return is_no_worse(only_x, neither, least_relative) &&
           is_no_worse(both, only_y, least_relative);
}

static bool may_fold(const enum overlap_kind *kinds, int64_t x, int64_t y)
{
    return kinds[x] == OVERLAP_GENERATED ||
           (kinds[x] == OVERLAP_PATTERN && kinds[y] == OVERLAP_PATTERN);
}

/* Of two that are redundant beside each other: is x to be told rather than y? */
static bool is_simpler(const enum overlap_kind *kinds, int64_t x, int64_t y)
{
    const bool x_generated = kinds[x] == OVERLAP_GENERATED,
               y_generated = kinds[y] == OVERLAP_GENERATED;
    return x_generated != y_generated ? y_generated : x < y;
}

static bool folds_under(const struct overlap *overlap, int64_t x, int64_t y, double least)
{
    return may_fold(overlap->kinds, x, y) && overlap_is_redundant(overlap, x, y, least);
}

void overlap_find_leads(const struct overlap *overlap, double least_relative, int64_t *under)
{
    const int64_t n = overlap->n;
    for (int64_t i = 0; i < n; i++) under[i] = i;
    for (int generated = 0; generated < 2; generated++)
        for (int64_t y = 0; y < n; y++) {
            if (under[y] != y || (overlap->kinds[y] == OVERLAP_GENERATED) != generated) continue;
            for (int64_t x = 0; x < n; x++) {
                if (x == y || under[x] != x || !folds_under(overlap, x, y, least_relative))
                    continue;
                if (is_simpler(overlap->kinds, x, y) && folds_under(overlap, y, x, least_relative))
                    continue;
                under[x] = y;
            }
        }
    for (int64_t i = 0; i < n; i++)
        while (under[under[i]] != under[i]) under[i] = under[under[i]];
}

/* --- the stage --- */

static enum overlap_kind kind_of(const struct comparing *of, const struct member_rule *rule)
{
    const int64_t first_generated =
        of->sources->store->n_attributes - of->sources->options->n_generated;
    for (int i = 0; i < rule->n_values; i++)
        if (rule->values[i].attribute >= first_generated) return OVERLAP_GENERATED;
    return rule->k > 0 ? OVERLAP_PATTERN : OVERLAP_COHORT;
}

static lode_status add_lead(struct comparing *of, struct kpi_leads *kpi, int64_t place,
                            const struct finding *finding)
{
    const int64_t i = kpi->overlap.n++;
    kpi->places[i] = place;
    lode_try(finding_members(of->sources, finding, of->scratch, &kpi->rules[i]));
    kpi->overlap.kinds[i] = kind_of(of, &kpi->rules[i]);
    return LODE_OK;
}

/* KPIs with two leads or more. */
static lode_status choose(struct comparing *of, const struct findings *findings)
{
    const struct opportunity_options *options = of->sources->options;
    lode_try(lode_take_zero(of->scratch, options->n_kpis, &of->kpis));
    for (int64_t k = 0; k < options->n_kpis; k++) {
        struct kpi_leads *kpi = &of->kpis[of->n];
        *kpi = (struct kpi_leads){.kpi = options->kpis[k]};
        kpi->overlap.is_binary = of->sources->store->kpis[kpi->kpi].is_binary;
        lode_try(lode_take(of->scratch, options->fold_top, &kpi->places));
        lode_try(lode_take(of->scratch, options->fold_top, &kpi->rules));
        lode_try(lode_take(of->scratch, options->fold_top, &kpi->overlap.kinds));
        for (int64_t i = 0; i < findings->n && kpi->overlap.n < options->fold_top; i++)
            if (findings->list[i].kpi == kpi->kpi && !finding_is_over_time(&findings->list[i]))
                lode_try(add_lead(of, kpi, i, &findings->list[i]));
        if (kpi->overlap.n < 2) continue;
        lode_try(lode_take_zero(of->scratch, kpi->overlap.n * kpi->overlap.n, &kpi->overlap.pairs));
        of->n++;
    }
    return LODE_OK;
}

static lode_status pack_params(const struct comparing *of, struct lode_bytes *out)
{
    const struct lode_store *store = of->sources->store;
    bool *kpis, *attributes;
    lode_try(lode_take_zero(of->scratch, store->n_kpis, &kpis));
    lode_try(lode_take_zero(of->scratch, store->n_attributes, &attributes));
    for (int64_t k = 0; k < of->n; k++) {
        kpis[of->kpis[k].kpi] = true;
        for (int64_t i = 0; i < of->kpis[k].overlap.n; i++)
            member_rule_want(&of->kpis[k].rules[i], attributes);
    }
    const struct session_wanted wanted = {.kpis = kpis, .attributes = attributes};
    lode_try(member_columns_pack(store, of->sources->options, of->tokens, &wanted, out));
    lode_try(lode_pack_array(out, (uint32_t)of->n));
    for (int64_t k = 0; k < of->n; k++) {
        lode_try(lode_pack_u64(out, (uint64_t)of->kpis[k].kpi));
        lode_try(lode_pack_array(out, (uint32_t)of->kpis[k].overlap.n));
        for (int64_t i = 0; i < of->kpis[k].overlap.n; i++)
            lode_try(member_rule_pack(&of->kpis[k].rules[i], out));
    }
    return LODE_OK;
}

static lode_status merge_count(struct lode_unpack *in, uint64_t most, struct overlap_count *count)
{
    int64_t sessions, faulty;
    lode_try(lode_unpack_count(in, "sessions", most, &sessions));
    lode_try(lode_unpack_count(in, "faulty", (uint64_t)sessions, &faulty));
    count->sessions += sessions;
    count->faulty += faulty;
    return LODE_OK;
}

static lode_status merge_task(void *context, int64_t task, const uint8_t *result, size_t size)
{
    const struct comparing *of = context;
    const uint64_t most = (uint64_t)of->sources->store->partitions[task].n_sessions;
    struct lode_unpack in = lode_unpack_begin(result, size);
    for (int64_t k = 0; k < of->n; k++) {
        struct overlap *overlap = &of->kpis[k].overlap;
        lode_try(merge_count(&in, most, &overlap->all));
        for (int64_t i = 0; i < overlap->n; i++)
            for (int64_t j = i; j < overlap->n; j++)
                lode_try(merge_count(&in, most, &overlap->pairs[i * overlap->n + j]));
    }
    return lode_unpack_end(&in);
}

static lode_status map_leaf(struct comparing *of)
{
    lode_status status = LODE_OK;
    struct lode_stage stage;
    lode_try(stage_by_partition(of->sources->store, "opportunities.overlap", "comparing findings",
                                of->scratch, &stage));
    lode_try_done(pack_params(of, &stage.params));
    lode_try_done(lode_map(of->run, &stage, merge_task, of));
done:
    lode_bytes_clear(&stage.params);
    return status;
}

/* Marks in `lead` who is folded; a lead has its own place there. */
static lode_status fold_kpi(const struct comparing *of, const struct kpi_leads *kpi,
                            struct findings *findings)
{
    int64_t *under;
    lode_try(lode_take(of->scratch, kpi->overlap.n, &under));
    overlap_find_leads(&kpi->overlap, of->sources->options->fold_relative, under);
    for (int64_t i = 0; i < kpi->overlap.n; i++) {
        struct finding *finding = &findings->list[kpi->places[i]];
        struct finding *lead = &findings->list[kpi->places[under[i]]];
        if (lead == finding) continue;
        finding->lead = kpi->places[under[i]];
        lead->folded += 1 + finding->folded;
        lead->agree |= finding->agree;
    }
    return LODE_OK;
}

lode_status overlap_fold(struct lode_run *run, const struct finding_sources *sources,
                         const struct pattern_tokens *tokens, struct findings *findings)
{
    lode_status status = LODE_OK;
    struct comparing of = {.run = run, .sources = sources, .tokens = tokens};
    int64_t n = 0;
    lode_try(lode_arena_create(0, &of.scratch));
    lode_try_done(choose(&of, findings));
    if (of.n == 0) goto done;
    lode_try_done(map_leaf(&of));
    for (int64_t i = 0; i < findings->n; i++) findings->list[i].lead = i;
    for (int64_t k = 0; k < of.n; k++) lode_try_done(fold_kpi(&of, &of.kpis[k], findings));
    for (int64_t i = 0; i < findings->n; i++)
        if (findings->list[i].lead == i) findings->list[n++] = findings->list[i];
    findings->n_folded += findings->n - n;
    findings->n = n;
done:
    lode_arena_destroy(of.scratch);
    return status;
}
