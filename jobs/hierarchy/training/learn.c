/* Learn, on the coordinator: tasks of partitions, and their results checked and put in order. */
#include "jobs/hierarchy/training/learn.h"

#include <math.h>
#include <string.h>

#include "common/log.h"
#include "jobs/hierarchy/slots.h"
#include "jobs/hierarchy/training/partitions.h"
#include "jobs/hierarchy/training/scan.h"

struct merging {
    const struct lode_run *run;
    const struct partitions *partitions;
    const struct hierarchy_options *options;
    struct learned *learned;
    /* patterns that components do not have for their slots: how many, the first of them */
    int64_t n_out_of_length;
    const char *out_pattern;
    const struct lode_component *out_of;
};

/* n doubles, each finite and not negative. */
static lode_status unpack_numbers(struct lode_unpack *in, const char *what, int64_t n,
                                  struct lode_arena *arena, double **numbers)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    lode_try(lode_unpack_bin(in, &data, &size));
    if (size != (size_t)n * sizeof **numbers)
        return lode_fail(LODE_E_MESSAGE, "%zu bytes of %s, not %lld numbers", size, what,
                         (long long)n);
    lode_try(lode_take(arena, n, numbers));
    if (n > 0) memcpy(*numbers, data, size);
    for (int64_t i = 0; i < n; i++)
        if (!isfinite((*numbers)[i]) || (*numbers)[i] < 0)
            return lode_fail(LODE_E_MESSAGE, "%s %lld is %g", what, (long long)i, (*numbers)[i]);
    return LODE_OK;
}

static lode_status find_given(struct merging *merging, struct learned_component *one)
{
    const struct given *given = &merging->learned->given;
    const struct lode_component *about = lode_store_component(merging->run->store, one->component);
    const struct given_component of = {.name = about->name,
                                       .step_ms = about->step_ms,
                                       .counters = one->counters,
                                       .n_counters = one->n_counters};
    for (int64_t i = 0; i < given_count(given); i++)
        if (given_is_out_of_length(given, i, &of) && merging->n_out_of_length++ == 0) {
            merging->out_pattern = given->patterns.list[given_pattern(given, i)].name;
            merging->out_of = about;
        }
    return given_find(given, &of, merging->run->arena, &one->given, &one->n_given);
}

static lode_status unpack_counters(struct lode_unpack *in, struct merging *merging,
                                   struct learned_component *one)
{
    const int64_t n_known = lode_store_counters(merging->run->store);
    uint32_t n = 0;
    lode_try(lode_unpack_array(in, &n));
    lode_try(lode_take(merging->run->arena, n, &one->counters));
    for (uint32_t i = 0; i < n; i++) {
        lode_try(lode_unpack_i64(in, &one->counters[i]));
        if (one->counters[i] < 0 || one->counters[i] >= n_known)
            return lode_fail(LODE_E_MESSAGE, "counter %lld of %lld", (long long)one->counters[i],
                             (long long)n_known);
    }
    one->n_counters = n;
    lode_try(find_given(merging, one));
    one->n_detectors = one->n_counters * merging->options->n_kinds + one->n_given;
    return LODE_OK;
}

static lode_status unpack_families(struct lode_unpack *in, struct lode_arena *arena,
                                   struct learned_component *one)
{
    lode_try(lode_take(arena, one->n_detectors, &one->family));
    for (int64_t i = 0; i < one->n_detectors; i++) {
        int64_t family = 0;
        lode_try(lode_unpack_i64(in, &family));
        if (family < 0 || family >= DETECTOR_AUTO)
            return lode_fail(LODE_E_MESSAGE, "family %lld", (long long)family);
        one->family[i] = (enum detector_family)family;
    }
    return LODE_OK;
}

static lode_status unpack_gram(struct lode_unpack *in, struct lode_arena *arena,
                               struct learned_component *one)
{
    const int64_t n = one->n_alive;
    const uint8_t *data = NULL;
    size_t size = 0;
    double value = 0.0;
    lode_try(lode_unpack_bin(in, &data, &size));
    if (size != (size_t)n * ((size_t)n + 1) / 2 * sizeof value)
        return lode_fail(LODE_E_MESSAGE, "%zu bytes of covariances of %lld detectors", size,
                         (long long)n);
    lode_try(lode_take(arena, n * n, &one->gram));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i; j < n; j++, data += sizeof value) {
            memcpy(&value, data, sizeof value);
            if (!isfinite(value))
                return lode_fail(LODE_E_MESSAGE, "covariance of detectors %lld and %lld is %g",
                                 (long long)i, (long long)j, value);
            one->gram[i * n + j] = one->gram[j * n + i] = value;
        }
    return LODE_OK;
}

/* As many as there are edges, which only who joins them knows: the tree looks. */
static lode_status unpack_shares(struct lode_unpack *in, struct lode_arena *arena,
                                 struct learned_component *one)
{
    struct lode_unpack ahead = *in;
    const uint8_t *data = NULL;
    size_t size = 0;
    lode_try(lode_unpack_bin(&ahead, &data, &size));
    one->n_shares = (int64_t)(size / sizeof *one->shares);
    return unpack_numbers(in, "share", one->n_shares, arena, &one->shares);
}

static lode_status unpack_component(struct lode_unpack *in, struct merging *merging,
                                    struct learned_component *one)
{
    struct lode_arena *arena = merging->run->arena;
    int64_t component = 0;
    uint64_t is_fit = 0;
    lode_try(lode_unpack_i64(in, &component));
    if (component != one->component)
        return lode_fail(LODE_E_MESSAGE, "component %lld, asked was %lld", (long long)component,
                         (long long)one->component);
    lode_try(lode_unpack_u64(in, &is_fit));
    one->is_fit = is_fit == 1;
    lode_try(lode_unpack_i64(in, &one->n_slots));
    lode_try(unpack_counters(in, merging, one));
    lode_try(unpack_numbers(in, "sigma", one->n_detectors, arena, &one->sigma));
    lode_try(unpack_numbers(in, "saturation", one->n_detectors, arena, &one->saturation));
    lode_try(unpack_numbers(in, "usual variance", one->n_detectors, arena, &one->usual_variance));
    lode_try(unpack_numbers(in, "largest value", one->n_detectors, arena, &one->largest_value));
    lode_try(unpack_families(in, arena, one));
    lode_try(lode_take(arena, one->n_detectors, &one->alive));
    for (int64_t i = 0; i < one->n_detectors; i++)
        if (learned_varies(i >= one->n_detectors - one->n_given, one->sigma[i], one->saturation[i]))
            one->alive[one->n_alive++] = i;
    lode_try(unpack_gram(in, arena, one));
    lode_try(unpack_shares(in, arena, one));
    if (merging->options->replicates == 0) one->shares = NULL;
    return LODE_OK;
}

static lode_status merge(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct merging *merging = context;
    const struct partition_components *partition = &merging->partitions->list[task];
    struct lode_unpack in = lode_unpack_begin(result, size);
    uint32_t n = 0;
    lode_try(lode_unpack_array(&in, &n));
    if ((int64_t)n != partition->n)
        return lode_fail(LODE_E_MESSAGE, "%u components of %lld", n, (long long)partition->n);
    for (int64_t i = 0; i < partition->n; i++) {
        struct learned_component *one = &merging->learned->list[merging->learned->n++];
        *one = (struct learned_component){.component = partition->components[i]};
        lode_try(unpack_component(&in, merging, one));
    }
    return lode_unpack_end(&in);
}

/* Components that are left out are told: nothing else in the results speaks of them. */
static void warn_left_out(const struct lode_store *store, const struct hierarchy_options *options)
{
    const struct lode_component *hollow = NULL, *fine = NULL;
    int64_t n_hollow = 0, n_fine = 0;
    for (int64_t i = 0; i < lode_store_components(store); i++) {
        const struct lode_component *one = lode_store_component(store, i);
        if (one->partition < 0 || one->n_times == 0) continue;
        if (slots_are_hollow(one)) {
            if (n_hollow++ == 0) hollow = one;
        } else if (partitions_is_too_fine(one, options)) {
            if (n_fine++ == 0) fine = one;
        }
    }
    if (hollow)
        lode_log_warn(
            "components whose times are nearly all empty are left out: was a clock wrong? "
            "(lode info tells gaps) count=%lld first=\"%s\"",
            (long long)n_hollow, hollow->name);
    if (fine)
        lode_log_warn("components whose slots are too short for window and noise (at most %d of "
                      "them) are left out: stage longer ones (--slot) count=%lld first=\"%s\" "
                      "slot_ms=%lld",
                      DETECTOR_LONGEST_WINDOW, (long long)n_fine, fine->name,
                      (long long)fine->step_ms);
}

/* Slots with which a component has its first full window. */
static int64_t slots_needed(const struct hierarchy_options *options, int64_t step_ms)
{
    int64_t longest = 0;
    for (int k = 0; k < options->n_kinds; k++) {
        const int kind = options->kinds[k];
        const struct detector_settings settings = hierarchy_settings(options, kind, step_ms);
        const int64_t reach = detector_kinds[kind]->reach(&settings);
        if (reach > longest) longest = reach;
    }
    return longest + 1;
}

/* A model that can find nothing, or nothing in some components, must not come about in silence. */
static void warn_lifeless(const struct lode_store *store, const struct hierarchy_options *options,
                          const struct learned *learned)
{
    const struct learned_component *first = NULL;
    int64_t n_unfit = 0, n_leaves = 0, n_live = 0;
    for (int64_t i = 0; i < learned->n; i++) {
        const struct learned_component *one = &learned->list[i];
        if (!one->is_fit && n_unfit++ == 0) first = one;
        n_leaves += one->n_detectors;
        for (int64_t d = 0; d < one->n_detectors; d++) n_live += one->sigma[d] > 0;
    }
    if (first) {
        const struct lode_component *about = lode_store_component(store, first->component);
        lode_log_warn("components with fewer slots than a full window are not judged: learn from "
                      "more, or shorten window or noise count=%lld of=%lld first=\"%s\" "
                      "slots=%lld needed=%lld slot_ms=%lld",
                      (long long)n_unfit, (long long)learned->n, about->name,
                      (long long)first->n_slots, (long long)slots_needed(options, about->step_ms),
                      (long long)about->step_ms);
    }
    if (n_live == 0)
        lode_log_warn("no detector of this model lives: it will never find anything (table "
                      "dropped says why) detectors=%lld",
                      (long long)n_leaves);
}

static void warn_out_of_length(const struct merging *merging)
{
    if (merging->n_out_of_length > 0)
        lode_log_warn("patterns are not looked for in components in which they would be fewer than "
                      "%d slots or more than %d count=%lld pattern=\"%s\" component=\"%s\" "
                      "slot_ms=%lld",
                      PATTERN_LEAST, PATTERN_MOST, (long long)merging->n_out_of_length,
                      merging->out_pattern, merging->out_of->name,
                      (long long)merging->out_of->step_ms);
}

static bool has_counter(const struct learned_component *one, int64_t counter)
{
    int64_t at = 0;
    while (at < one->n_counters && one->counters[at] != counter) at++;
    return at < one->n_counters;
}

/* A component that has most of a rule's counters. */
static const struct learned_component *nearest_of(const struct learned *learned,
                                                  const struct rule *rule)
{
    const struct learned_component *nearest = NULL;
    int64_t most = -1;
    for (int64_t i = 0; i < learned->n; i++) {
        int64_t n = 0;
        for (int64_t k = 0; k < rule->n_counters; k++)
            n += has_counter(&learned->list[i], rule->counters[k]);
        if (n > most) nearest = &learned->list[i];
        if (n > most) most = n;
    }
    return nearest;
}

/* A rule whose counters exist, but nowhere together, is told: it never fires. */
static lode_status warn_rules(const struct lode_store *store, const struct learned *learned)
{
    struct lode_bytes lacking = {0};
    lode_status status = LODE_OK;
    for (int64_t r = 0; r < learned->given.rules.n && learned->n > 0 && !status; r++) {
        const struct rule *rule = &learned->given.rules.list[r];
        const struct learned_component *nearest = nearest_of(learned, rule);
        lacking.size = 0;
        for (int64_t k = 0; k < rule->n_counters && !status; k++)
            if (!has_counter(nearest, rule->counters[k]))
                status = lode_bytes_printf(&lacking, "%s'%s'", lacking.size > 0 ? ", " : "",
                                           lode_store_counter(store, rule->counters[k])->name);
        if (!status && lacking.size > 0)
            lode_log_warn("rule '%s' applies to no component: none has all of its counters; '%s' "
                          "lacks %.*s",
                          rule->name, lode_store_component(store, nearest->component)->name,
                          (int)lacking.size, (const char *)lacking.data);
    }
    lode_bytes_clear(&lacking);
    return status;
}

lode_status learn(struct lode_run *run, const struct hierarchy_options *options,
                  struct learned *learned)
{
    struct partitions partitions = {0};
    struct lode_stage stage = {.leaf = "hierarchy.learn", .title = "learning detectors"};
    struct lode_bytes *inputs = NULL;
    struct merging merging = {
        .run = run, .partitions = &partitions, .options = options, .learned = learned};
    lode_status status = LODE_OK;
    warn_left_out(run->store, options);
    lode_try(partitions_make(run->store, options, run->arena, &partitions));
    *learned = (struct learned){0};
    lode_try(given_make(options, NULL, run->store, run->arena, &learned->given));
    lode_try(lode_take(run->arena, partitions.n_components, &learned->list));
    lode_try(lode_take_zero(run->arena, partitions.n, &inputs));
    for (int64_t p = 0; p < partitions.n; p++) {
        const struct partition_components *one = &partitions.list[p];
        lode_try_done(lode_pack_array(&inputs[p], (uint32_t)one->n));
        for (int64_t i = 0; i < one->n; i++)
            lode_try_done(scan_pack_component(one->components[i],
                                              lode_store_component(run->store, one->components[i]),
                                              &inputs[p]));
    }
    lode_try_done(scan_pack_params(run->store, run->params, &learned->given, &stage.params));
    partitions_describe(&partitions, run->store, &stage);
    stage.inputs = inputs;
    lode_try_done(lode_map(run, &stage, merge, &merging));
    warn_lifeless(run->store, options, learned);
    warn_out_of_length(&merging);
    lode_try_done(warn_rules(run->store, learned));
done:
    for (int64_t p = 0; p < partitions.n; p++) lode_bytes_clear(&inputs[p]);
    lode_bytes_clear(&stage.params);
    return status;
}
