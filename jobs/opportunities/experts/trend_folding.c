/* Folding goes up first, from parts to wholes, then down, from wholes to those parts that still
 * lead: so chains end, at the latest in a part of a part.
 */
#include "jobs/opportunities/experts/trend_folding.h"

#include <math.h>
#include <string.h>

#include "jobs/opportunities/experts/trend_test.h"

/* What folding asks of a row. */
struct place {
    int64_t kpi, attribute, value;
    enum series_part part;
    bool is_binary, is_lifecycle, is_all;
    const char *name; /* of the value */
};

static struct place place_of(const struct trend_rows *trends, const struct lode_store *store,
                             int64_t index)
{
    const struct series *series = &trends->series->list[trends->rows[index].series];
    const struct cohort_row *row = &trends->cohorts->rows[series->row];
    return (struct place){.kpi = row->kpi,
                          .attribute = row->attribute,
                          .value = row->value,
                          .part = series->part,
                          .is_binary = row->is_binary,
                          .is_lifecycle = row->attribute == store->n_attributes,
                          .is_all = row->is_all,
                          .name = trends->cohorts->counts->sets[row->attribute].values[row->value]};
}

/* Do all sessions of `part` belong to `whole`? Of life cycle and values only what their names say.
 */
static bool holds(const struct place *whole, const struct place *part)
{
    if (whole->kpi != part->kpi || part->is_all) return false;
    if (whole->is_all) return true;
    if (whole->is_lifecycle)
        return part->part != SERIES_ANY && strcmp(whole->name, series_part_name(part->part)) == 0;
    return whole->attribute == part->attribute && whole->value == part->value &&
           whole->part == SERIES_ANY && part->part != SERIES_ANY;
}

static bool same_series(const struct series_list *list, const struct series *a,
                        const struct series *b)
{
    const size_t size = (size_t)list->n_slots * sizeof(double);
    return memcmp(a->counts, b->counts, size) == 0 && memcmp(a->sums, b->sums, size) == 0;
}

/* Does the part rise by more than the whole? As its own expert sees both; as the other does where
 * that one has not found the whole. */
static bool rises_more(const struct trend_row *part, const struct trend_row *whole)
{
    const bool by_change = part->expert == TREND_CHANGE && whole->change.passes;
    const struct trend_answer *of = by_change ? &part->change : &part->trend;
    const struct trend_answer *than = by_change ? &whole->change : &whole->trend;
    if (isnan(of->rise) || isnan(than->rise)) return true; /* nothing to compare */
    return than->rise > 0 ? of->low > than->rise : of->high < than->rise;
}

static void fold_up(struct trend_rows *trends, const struct place *places, int64_t index)
{
    struct trend_row *row = &trends->rows[index];
    const struct series *series = trends->series->list;
    for (int64_t i = 0; i < trends->n && row->lead == index; i++) {
        const struct trend_row *other = &trends->rows[i];
        if (i == index || other->expert == TREND_NONE || places[i].kpi != places[index].kpi)
            continue;
        /* of equals the first leads, whatever holds what: else two could lead each other */
        const bool is_same =
            same_series(trends->series, &series[other->series], &series[row->series]);
        if (is_same ? i < index : holds(&places[i], &places[index]) && !rises_more(row, other))
            row->lead = i;
    }
}

/* whole - part; whole's slots are as large. */
static lode_status rest_of(const struct trend_rows *trends, int64_t whole, int64_t part,
                           struct lode_arena *arena, struct series *rest)
{
    const struct series *a = &trends->series->list[trends->rows[whole].series];
    const struct series *b = &trends->series->list[trends->rows[part].series];
    const int64_t n = trends->series->n_slots;
    *rest = *a;
    lode_try(lode_take(arena, n, &rest->counts));
    lode_try(lode_take(arena, n, &rest->sums));
    if (a->squares) lode_try(lode_take(arena, n, &rest->squares));
    for (int64_t i = 0; i < n; i++) {
        rest->counts[i] = a->counts[i] - b->counts[i];
        rest->sums[i] = a->sums[i] - b->sums[i];
        if (a->squares) rest->squares[i] = a->squares[i] - b->squares[i];
    }
    return LODE_OK;
}

static lode_status fold_down(struct trend_rows *trends, const struct place *places, int64_t index,
                             const struct trend_options *options, struct lode_arena *arena)
{
    struct trend_row *row = &trends->rows[index];
    int64_t best = -1;
    for (int64_t i = 0; i < trends->n; i++) {
        if (trends->rows[i].expert == TREND_NONE || trends->rows[i].lead != i) continue;
        if (!holds(&places[index], &places[i])) continue;
        if (best < 0 ||
            trend_answer_of(&trends->rows[i])->p < trend_answer_of(&trends->rows[best])->p)
            best = i;
    }
    if (best < 0) return LODE_OK;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct series rest;
    struct trend_row tested;
    lode_try(rest_of(trends, index, best, arena, &rest));
    lode_try(trend_test(&rest, trends->series, options, arena, &tested));
    const bool is_binary = places[index].is_binary;
    if (!trend_passes(&tested.trend, tested.trend.p, is_binary, options) &&
        !trend_passes(&tested.change, tested.change.p, is_binary, options))
        row->lead = best;
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

lode_status trend_folding(struct trend_rows *trends, const struct lode_store *store,
                          const struct trend_options *options, struct lode_arena *arena)
{
    struct place *places;
    lode_try(lode_take(arena, trends->n, &places));
    for (int64_t i = 0; i < trends->n; i++) {
        places[i] = place_of(trends, store, i);
        trends->rows[i].lead = i;
        trends->rows[i].folded = 0;
    }
    for (int64_t i = 0; i < trends->n; i++)
        if (trends->rows[i].expert != TREND_NONE) fold_up(trends, places, i);
    for (int all = 0; all < 2; all++) /* values and life cycle first, then all sessions */
        for (int64_t i = 0; i < trends->n; i++)
            if (trends->rows[i].expert != TREND_NONE && trends->rows[i].lead == i &&
                places[i].is_all == (all == 1))
                lode_try(fold_down(trends, places, i, options, arena));
    for (int64_t i = 0; i < trends->n; i++) {
        int64_t lead = i;
        while (trends->rows[lead].lead != lead) lead = trends->rows[lead].lead;
        if (lead != i) trends->rows[lead].folded++;
    }
    for (int64_t i = 0; i < trends->n; i++) {
        int64_t lead = i;
        while (trends->rows[lead].lead != lead) lead = trends->rows[lead].lead;
        trends->rows[i].lead = lead;
    }
    return LODE_OK;
}
