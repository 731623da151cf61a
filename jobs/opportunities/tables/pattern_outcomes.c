/* Outcomes: pairs of counts are looked up in an open-addressing table that stays in the cache,
 * since nearly all patterns are rare and have one of a few pairs. It is never walked, so its order
 * reaches nothing. A slot says from which slice it is: those of earlier ones count as free, and
 * nothing is cleared between slices.
 */
#include "jobs/opportunities/tables/pattern_outcomes.h"

#include <string.h>

#include "common/stats/stats.h"

enum { FIRST_SLOT_BITS = 10 };

struct outcome_slot {
    uint64_t pair;
    uint64_t past; /* outcome + 1; up to numbering->first: free */
};

/* Does a pattern make a row? Without a branch: it is asked of millions. */
static inline bool makes_row(const struct pattern_slice *slice, int64_t least, uint32_t faulty,
                             uint32_t normal)
{
    const uint64_t sessions = (uint64_t)faulty + normal;
    return (faulty >= least) & (sessions > 0) & (sessions >= slice->least_sessions);
}

int64_t pattern_slice_kept(const struct pattern_slice *slice, int64_t least)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < slice->n; i++) {
        uint32_t faulty, normal;
        pattern_slice_at(slice, i, &faulty, &normal);
        kept += makes_row(slice, least, faulty, normal);
    }
    return kept;
}

/* The slot of a pair, or the free one where it belongs. */
static inline struct outcome_slot *slot_of(const struct outcome_numbering *numbering, uint64_t pair)
{
    const uint64_t mask = ((uint64_t)1 << numbering->slot_bits) - 1;
    uint64_t at = pair * 0x9e3779b97f4a7c15u >> (64 - numbering->slot_bits);
    while (numbering->slots[at].past > (uint64_t)numbering->first &&
           numbering->slots[at].pair != pair)
        at = (at + 1) & mask;
    return &numbering->slots[at];
}

/* Twice the slots; at most half of them are in use. */
static lode_status grow_slots(struct outcome_numbering *numbering)
{
    numbering->slot_bits = numbering->slot_bits > 0 ? numbering->slot_bits + 1 : FIRST_SLOT_BITS;
    lode_try(
        lode_take_zero(numbering->arena, (uint64_t)1 << numbering->slot_bits, &numbering->slots));
    for (int64_t i = numbering->first; i < numbering->n; i++)
        *slot_of(numbering, numbering->pairs[i]) =
            (struct outcome_slot){.pair = numbering->pairs[i], .past = (uint64_t)i + 1};
    return LODE_OK;
}

static lode_status grow_list(struct outcome_numbering *numbering)
{
    const int64_t room = numbering->room > 0 ? 2 * numbering->room : 1 << FIRST_SLOT_BITS;
    uint64_t *pairs;
    int64_t *n_rows;
    lode_try(lode_take(numbering->arena, room, &pairs));
    lode_try(lode_take(numbering->arena, room, &n_rows));
    if (numbering->n > 0) {
        memcpy(pairs, numbering->pairs, (size_t)numbering->n * sizeof *pairs);
        memcpy(n_rows, numbering->n_rows, (size_t)numbering->n * sizeof *n_rows);
    }
    numbering->pairs = pairs;
    numbering->n_rows = n_rows;
    numbering->room = room;
    return LODE_OK;
}

static lode_status add(struct outcome_numbering *numbering, uint64_t pair)
{
    if (numbering->n == (int64_t)UINT32_MAX)
        return lode_fail(LODE_E_MEMORY, "patterns have more than %u distinct outcomes", UINT32_MAX);
    if (numbering->n == numbering->room) lode_try(grow_list(numbering));
    if (2 * (numbering->n - numbering->first + 1) > (int64_t)1 << numbering->slot_bits)
        lode_try(grow_slots(numbering));
    numbering->pairs[numbering->n] = pair;
    numbering->n_rows[numbering->n] = 0;
    *slot_of(numbering, pair) =
        (struct outcome_slot){.pair = pair, .past = (uint64_t)++numbering->n};
    return LODE_OK;
}

lode_status outcomes_number(struct outcome_numbering *numbering, const struct pattern_slice *slice,
                            int64_t least, uint32_t *codes, uint64_t *keys)
{
    int64_t at = 0;
    if (numbering->slot_bits == 0) lode_try(grow_slots(numbering));
    numbering->first = numbering->n;
    for (int64_t i = 0; i < slice->n; i++) {
        uint32_t faulty, normal;
        pattern_slice_at(slice, i, &faulty, &normal);
        if (!makes_row(slice, least, faulty, normal)) continue;
        const uint64_t pair = (uint64_t)faulty << 32 | normal;
        const struct outcome_slot *slot = slot_of(numbering, pair);
        if (slot->past <= (uint64_t)numbering->first) {
            lode_try(add(numbering, pair));
            slot = slot_of(numbering, pair);
        }
        numbering->n_rows[slot->past - 1]++;
        if (keys) keys[at] = slice->keys[i];
        codes[at++] = (uint32_t)(slot->past - 1);
    }
    return LODE_OK;
}

lode_status pattern_outcomes_make(const struct outcome_numbering *numbering,
                                  struct lode_arena *arena, struct pattern_outcomes *outcomes)
{
    const int64_t n = numbering->n;
    struct pattern_outcomes made = {.n = n};
    uint32_t **const counts[] = {&made.kpi,         &made.cohort,       &made.faulty_with,
                                 &made.normal_with, &made.faulty_total, &made.normal_total};
    double **const numbers[] = {&made.faulty_rate, &made.normal_rate, &made.ratio, &made.p,
                                &made.q};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        lode_try(lode_take(arena, n, counts[i]));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        lode_try(lode_take(arena, n, numbers[i]));
    lode_try(lode_take(arena, n, &made.k));
    lode_try(lode_take(arena, n, &made.expert));
    lode_try(lode_take(arena, n, &made.n_rows));
    for (int64_t i = 0; i < n; i++) {
        made.faulty_with[i] = (uint32_t)(numbering->pairs[i] >> 32);
        made.normal_with[i] = (uint32_t)numbering->pairs[i];
        made.n_rows[i] = numbering->n_rows[i];
    }
    *outcomes = made;
    return LODE_OK;
}

/* Rates divide once; the ratio is (faulty_with x normal_total) / (normal_with x faulty_total), both
 * products exact below 2^53, so it is rounded once too, and is inf where normal_with is 0. */
static void fill_rates(struct pattern_outcomes *outcomes, const struct scenario *scenario,
                       int64_t first, int64_t end)
{
    const double faulty = (double)scenario->faulty_total, normal = (double)scenario->normal_total;
    for (int64_t i = first; i < end; i++) {
        const double a = outcomes->faulty_with[i], b = outcomes->normal_with[i];
        outcomes->kpi[i] = (uint32_t)scenario->kpi;
        outcomes->cohort[i] = scenario->label;
        outcomes->faulty_total[i] = (uint32_t)scenario->faulty_total;
        outcomes->normal_total[i] = (uint32_t)scenario->normal_total;
        outcomes->faulty_rate[i] = a / faulty;
        outcomes->normal_rate[i] = b / normal;
        outcomes->ratio[i] = a * normal / (b * faulty);
    }
}

lode_status pattern_outcomes_fill(struct pattern_outcomes *outcomes,
                                  const struct scenario *scenario,
                                  const struct opportunity_options *options, int64_t first,
                                  int64_t end)
{
    const int64_t least = decimal_share_of(options->min_share, scenario->faulty_total);
    struct lode_fisher *fisher = NULL;
    lode_status status = LODE_OK;
    fill_rates(outcomes, scenario, first, end);
    lode_try_done(lode_fisher_create(scenario->faulty_total, scenario->normal_total, &fisher));
    for (int64_t i = first; i < end; i++) {
        const struct two_by_two table = {.faulty_with = outcomes->faulty_with[i],
                                         .normal_with = outcomes->normal_with[i],
                                         .faulty_total = scenario->faulty_total,
                                         .normal_total = scenario->normal_total};
        outcomes->expert[i] =
            table.faulty_with >= least && decimal_ratio_reached(&table, options->min_ratio);
        lode_try_done(lode_fisher_p(fisher, table.faulty_with, table.normal_with, &outcomes->p[i]));
    }
done:
    lode_fisher_destroy(fisher);
    return status;
}
