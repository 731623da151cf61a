/* Pairs, on the coordinator: which values are combined, parameters for the leaf, its lists added up
 * in task order, and the pairs that have sessions made into sets.
 *
 * (cohort_pairs_leaf.c has the leaf, and the layout of parameters and results.) One bound, a number
 * of users, says which values are combined: it is a figure that a reader can check, and it cuts the
 * smallest first.
 */
#include "jobs/opportunities/cohort_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "jobs/opportunities/cohort_tally.h"
#include "jobs/opportunities/derive/session_columns.h"
#include "jobs/opportunities/lifecycle.h"

/* The values of a set of level 1 that are combined. */
struct large {
    int64_t n;
    int64_t *values;    /* [n] ascending */
    uint32_t *place_of; /* [n_values] place among them, or LODE_NO_CODE */
    bool *is_large;     /* [n_values] */
};

/* What a leaf counts in one pass; its cells begin at `cells` of its set. */
struct unit {
    int64_t first, classes, second;
    int64_t set, n_codes, cells;
};

/* A set of pairs while it is counted: a cell for every combination of its large values. */
struct grid {
    int64_t parents[2];
    int64_t n_cells; /* combinations */
    struct cohort_cell *cells;
    struct tally_sums *sums;
};

struct counting {
    struct lode_run *run;
    const struct opportunity_options *options;
    struct cohort_counts *counts;
    struct lifecycle_cohorts lifecycle;
    struct lode_arena *scratch;
    struct large *large; /* [n_sets] */
    int64_t n_grids, n_units;
    struct grid *grids;
    struct unit *units;
};

static int64_t lifecycle_set(const struct cohort_counts *counts)
{
    return counts->n_sets - 1;
}

/* Users of a value: under the KPI where they are most. 0: never combined. */
static int64_t users_of(const struct counting *counting, int64_t set, int64_t value)
{
    const struct cohort_counts *counts = counting->counts;
    const struct opportunity_options *options = counting->options;
    const bool is_lifecycle = set == lifecycle_set(counts);
    int64_t users = 0;
    if (is_lifecycle ? value == 0 : !options->attribute_on[set]) return 0; /* 0: "all" */
    if (!is_lifecycle && options->is_deep && !options->is_deep[set]) return 0;
    for (int64_t k = 0; k < counts->n_kpis; k++) {
        const int64_t here = counts->sets[set].cells[value * counts->n_kpis + k].users;
        if (here > users) users = here;
    }
    return users;
}

static bool is_derived(const struct counting *counting, int64_t set)
{
    const struct derivation *derivation = counting->options->derivation;
    return derivation && set >= derivation->n_stored_attributes &&
           set < lifecycle_set(counting->counts);
}

/* Combinations when values with at least `least` users are combined. */
static int64_t combinations(const struct counting *counting, int64_t least)
{
    const struct cohort_counts *counts = counting->counts;
    int64_t stored = 0, attributes = 0, pairs = 0, n = 0;
    for (int64_t set = 0; set < counts->n_sets; set++) {
        n = 0;
        for (int64_t v = 0; v < counts->sets[set].n_values; v++)
            n += users_of(counting, set, v) >= least;
        /* with the sets before it; the life cycle comes last */
        pairs += (is_derived(counting, set) ? stored : attributes) * n;
        attributes += n;
        if (!is_derived(counting, set)) stored += n;
    }
    return pairs;
}

/* The fewest users from which on values are combined. */
static int64_t bound_of(const struct counting *counting)
{
    const int64_t wanted = counting->options->pair_min_users;
    const int64_t most = PAIR_MOST_CELLS / counting->counts->n_kpis;
    const int64_t asked = combinations(counting, wanted);
    int64_t low = wanted, high = INT64_MAX; /* too many at low (or it is the answer), not at high */
    char buffers[4][32];
    if (asked <= most) return wanted;
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (combinations(counting, middle) > most)
            low = middle;
        else
            high = middle;
    }
    lode_log_warn("%s combinations of two values with at least %s users are more than the %s that "
                  "are counted: only values with at least %s users are combined",
                  lode_text_grouped(asked, buffers[0]), lode_text_grouped(wanted, buffers[1]),
                  lode_text_grouped(most, buffers[2]), lode_text_grouped(high, buffers[3]));
    return high;
}

static lode_status find_large(struct counting *counting)
{
    const struct cohort_counts *counts = counting->counts;
    const int64_t least = bound_of(counting);
    lode_try(lode_take_zero(counting->scratch, counts->n_sets, &counting->large));
    for (int64_t set = 0; set < counts->n_sets; set++) {
        struct large *large = &counting->large[set];
        const int64_t n_values = counts->sets[set].n_values;
        lode_try(lode_take(counting->scratch, n_values, &large->values));
        lode_try(lode_take(counting->scratch, n_values, &large->place_of));
        lode_try(lode_take(counting->run->arena, n_values, &large->is_large));
        for (int64_t v = 0; v < n_values; v++) {
            large->is_large[v] = users_of(counting, set, v) >= least;
            large->place_of[v] = large->is_large[v] ? (uint32_t)large->n : LODE_NO_CODE;
            if (large->is_large[v]) large->values[large->n++] = v;
        }
    }
    return LODE_OK;
}

static lode_status add_grid(struct counting *counting, int64_t first, int64_t second)
{
    const struct large *a = &counting->large[first], *b = &counting->large[second];
    const bool is_lifecycle = first == lifecycle_set(counting->counts);
    const int64_t n_kpis = counting->counts->n_kpis, index = counting->n_grids;
    if (a->n == 0 || b->n == 0) return LODE_OK;
    struct grid *grid = &counting->grids[counting->n_grids++];
    *grid = (struct grid){.parents = {first, second}, .n_cells = a->n * b->n};
    lode_try(lode_take_zero(counting->scratch, grid->n_cells * n_kpis, &grid->cells));
    lode_try(lode_take_zero(counting->scratch, grid->n_cells * n_kpis, &grid->sums));
    if (!is_lifecycle)
        counting->units[counting->n_units++] =
            (struct unit){first, 0, second, index, grid->n_cells, 0};
    for (int64_t i = 0; is_lifecycle && i < a->n; i++)
        counting->units[counting->n_units++] = (struct unit){
            -1, counting->lifecycle.classes[a->values[i]], second, index, b->n, i * b->n};
    return LODE_OK;
}

static lode_status make_grids(struct counting *counting)
{
    const int64_t lifecycle = lifecycle_set(counting->counts), n = lifecycle;
    lode_try(lode_take(counting->scratch, n * (n + 1) / 2 + 1, &counting->grids));
    lode_try(lode_take(counting->scratch, n * (n + 1) / 2 + n * LIFECYCLE_MOST_COHORTS + 1,
                       &counting->units));
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = a + 1; b < n; b++)
            if (!is_derived(counting, a)) lode_try(add_grid(counting, a, b));
    for (int64_t b = 0; b < n; b++) lode_try(add_grid(counting, lifecycle, b));
    return LODE_OK;
}

/* Places of words, by the codes of the store. */
static lode_status pack_places(const struct counting *counting, int64_t attribute,
                               struct lode_bytes *out)
{
    const struct cohort_set *set = &counting->counts->sets[attribute];
    const struct large *large = &counting->large[attribute];
    uint32_t *places;
    lode_try(lode_pack_u64(out, (uint64_t)large->n));
    lode_try(lode_take(counting->scratch, set->n_values, &places));
    for (int64_t v = 0; v < set->n_values; v++) places[cohort_code(set, v)] = large->place_of[v];
    return lode_pack_bin(out, places, (size_t)set->n_values * sizeof *places);
}

/* The derived columns that are counted. */
static lode_status pack_columns(const struct counting *counting, struct lode_bytes *out)
{
    const struct lode_store *store = counting->run->store;
    const struct opportunity_options *options = counting->options;
    bool *kpis, *attributes;
    lode_try(lode_take_zero(counting->scratch, store->n_kpis, &kpis));
    lode_try(lode_take_zero(counting->scratch, store->n_attributes, &attributes));
    for (int64_t i = 0; i < options->n_kpis; i++) kpis[options->kpis[i]] = true;
    for (int64_t i = 0; i < store->n_attributes; i++) attributes[i] = counting->large[i].n > 0;
    const struct session_wanted wanted = {.kpis = kpis, .attributes = attributes};
    return session_columns_pack(store, options->derivation, &wanted, out);
}

static lode_status pack_params(const struct counting *counting, struct lode_bytes *out)
{
    const struct opportunity_options *options = counting->options;
    lode_try(lode_store_refer(counting->run->store, out));
    lode_try(pack_columns(counting, out));
    lode_try(lode_pack_i64(out, options->sparse_after_ms));
    lode_try(lode_pack_u64(out, (uint64_t)options->first_sessions));
    lode_try(lode_pack_u64(out, options->sample.below));
    lode_try(lode_pack_array(out, (uint32_t)options->n_kpis));
    for (int64_t i = 0; i < options->n_kpis; i++)
        lode_try(lode_pack_u64(out, (uint64_t)options->kpis[i]));
    for (int64_t i = 0; i < lifecycle_set(counting->counts); i++)
        lode_try(pack_places(counting, i, out));
    lode_try(lode_pack_array(out, (uint32_t)counting->n_units));
    for (int64_t i = 0; i < counting->n_units; i++) {
        lode_try(lode_pack_i64(out, counting->units[i].first));
        lode_try(lode_pack_u64(out, (uint64_t)counting->units[i].classes));
        lode_try(lode_pack_u64(out, (uint64_t)counting->units[i].second));
    }
    return LODE_OK;
}

static lode_status merge_task(void *context, int64_t task, const uint8_t *result, size_t size)
{
    const struct counting *counting = context;
    const struct lode_store *store = counting->run->store;
    const int64_t n_kpis = counting->counts->n_kpis;
    struct lode_unpack in = lode_unpack_begin(result, size);
    for (int64_t u = 0; u < counting->n_units; u++) {
        const struct unit *unit = &counting->units[u];
        const struct grid *grid = &counting->grids[unit->set];
        for (int64_t k = 0; k < n_kpis; k++) {
            const struct tally_cells to = {.n_values = unit->n_codes,
                                           .stride = n_kpis,
                                           .is_binary =
                                               store->kpis[counting->options->kpis[k]].is_binary,
                                           .cells = grid->cells + unit->cells * n_kpis + k,
                                           .sums = grid->sums + unit->cells * n_kpis + k};
            const lode_status status = tally_cells_add(&in, &store->partitions[task], &to);
            if (status)
                return lode_note(status, "pairs %lld of partition %lld", (long long)u,
                                 (long long)task);
        }
    }
    return lode_unpack_end(&in);
}

static lode_status map_leaf(struct counting *counting)
{
    lode_status status = LODE_OK;
    const struct lode_store *store = counting->run->store;
    struct lode_stage stage = {.leaf = "opportunities.pairs",
                               .title = "counting pairs of cohorts",
                               .n_tasks = store->n_partitions,
                               .cost_units = "sessions",
                               .describe = lode_store_name_partition,
                               .describe_context = store};
    int64_t *costs;
    lode_try(lode_take(counting->scratch, store->n_partitions, &costs));
    for (int64_t i = 0; i < store->n_partitions; i++) costs[i] = store->partitions[i].n_sessions;
    stage.costs = costs;
    lode_try_done(pack_params(counting, &stage.params));
    lode_try_done(lode_map(counting->run, &stage, merge_task, counting));
done:
    lode_bytes_clear(&stage.params);
    return status;
}

/* "android&DE"; an & or a backslash of a name or a word is escaped by a backslash. */
static lode_status pair_text(struct lode_arena *arena, const char *first, const char *second,
                             char **text)
{
    const char *const parts[] = {first, second};
    char *at = NULL;
    lode_try(lode_take(arena, 2 * (strlen(first) + strlen(second)) + 2, &at));
    *text = at;
    for (int i = 0; i < 2; i++) {
        for (const char *c = parts[i]; *c; c++) {
            if (*c == '&' || *c == '\\') *at++ = '\\';
            *at++ = *c;
        }
        *at++ = i == 0 ? '&' : '\0';
    }
    return LODE_OK;
}

static bool has_sessions(const struct cohort_cell *cells, int64_t n_kpis)
{
    for (int64_t k = 0; k < n_kpis; k++)
        if (cells[k].sessions > 0) return true;
    return false;
}

/* The pairs of a grid that have sessions. */
static lode_status make_set(const struct counting *counting, const struct grid *grid,
                            struct cohort_set *set)
{
    struct lode_arena *arena = counting->run->arena;
    const int64_t n_kpis = counting->counts->n_kpis;
    const struct large *large[2] = {&counting->large[grid->parents[0]],
                                    &counting->large[grid->parents[1]]};
    const struct cohort_set *parents[2] = {&counting->counts->sets[grid->parents[0]],
                                           &counting->counts->sets[grid->parents[1]]};
    char *attribute, **values;
    int64_t n = 0;
    for (int64_t i = 0; i < grid->n_cells; i++) n += has_sessions(grid->cells + i * n_kpis, n_kpis);
    lode_try(pair_text(arena, parents[0]->attribute, parents[1]->attribute, &attribute));
    *set = (struct cohort_set){.attribute = attribute,
                               .parents = {grid->parents[0], grid->parents[1]},
                               .is_large = {large[0]->is_large, large[1]->is_large}};
    lode_try(lode_take(arena, n, &values));
    lode_try(lode_take(arena, n, &set->values_of));
    lode_try(lode_take(arena, n * n_kpis, &set->cells));
    lode_try(lode_take_zero(arena, n * n_kpis, &set->is_kept));
    for (int64_t i = 0; i < grid->n_cells; i++) {
        if (!has_sessions(grid->cells + i * n_kpis, n_kpis)) continue;
        int64_t *of = set->values_of[set->n_values];
        of[0] = large[0]->values[i / large[1]->n];
        of[1] = large[1]->values[i % large[1]->n];
        lode_try(pair_text(arena, parents[0]->values[of[0]], parents[1]->values[of[1]],
                           &values[set->n_values]));
        memcpy(set->cells + set->n_values * n_kpis, grid->cells + i * n_kpis,
               (size_t)n_kpis * sizeof *set->cells);
        set->n_values++;
    }
    set->values = values;
    return LODE_OK;
}

static lode_status make_sets(const struct counting *counting)
{
    struct cohort_counts *counts = counting->counts;
    struct cohort_set *sets;
    lode_try(lode_take(counting->run->arena, counts->n_sets + counting->n_grids, &sets));
    memcpy(sets, counts->sets, (size_t)counts->n_sets * sizeof *sets);
    for (int64_t i = 0; i < counting->n_grids; i++) {
        const struct grid *grid = &counting->grids[i];
        tally_sums_store(grid->sums, grid->n_cells * counts->n_kpis, grid->cells);
        lode_try(make_set(counting, grid, &sets[counts->n_sets + i]));
    }
    counts->sets = sets;
    counts->n_pair_sets = counting->n_grids;
    return LODE_OK;
}

lode_status cohort_pairs_count(struct lode_run *run, const struct opportunity_options *options,
                               struct cohort_counts *counts)
{
    lode_status status = LODE_OK;
    struct counting counting = {.run = run, .options = options, .counts = counts};
    if (!options->pairs) return LODE_OK;
    lode_try(lode_arena_create(0, &counting.scratch));
    lode_try_done(
        lifecycle_cohorts_init(options->first_sessions, counting.scratch, &counting.lifecycle));
    lode_try_done(find_large(&counting));
    lode_try_done(make_grids(&counting));
    if (counting.n_units > 0) {
        lode_try_done(map_leaf(&counting));
        lode_try_done(make_sets(&counting));
    }
done:
    lode_arena_destroy(counting.scratch);
    return status;
}

static int compare_values(const int64_t *a, const int64_t *b)
{
    if (a[0] != b[0]) return a[0] < b[0] ? -1 : 1;
    return (a[1] > b[1]) - (a[1] < b[1]);
}

static int64_t find_value(const struct cohort_set *set, const int64_t *wanted)
{
    int64_t low = 0, high = set->n_values;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (compare_values(set->values_of[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->n_values && compare_values(set->values_of[low], wanted) == 0 ? low : -1;
}

const struct cohort_cell *cohort_pair_find(const struct cohort_counts *counts,
                                           const int64_t sets[2], const int64_t values[2],
                                           bool *is_counted)
{
    *is_counted = false;
    for (int64_t i = counts->n_sets; i < counts->n_sets + counts->n_pair_sets; i++) {
        const struct cohort_set *set = &counts->sets[i];
        const bool is_turned = set->parents[0] == sets[1] && set->parents[1] == sets[0];
        if (!is_turned && (set->parents[0] != sets[0] || set->parents[1] != sets[1])) continue;
        const int64_t wanted[2] = {values[is_turned], values[!is_turned]};
        *is_counted = set->is_large[0][wanted[0]] && set->is_large[1][wanted[1]];
        const int64_t found = *is_counted ? find_value(set, wanted) : -1;
        return found < 0 ? NULL : set->cells + found * counts->n_kpis;
    }
    return NULL;
}
