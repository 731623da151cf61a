/* Counters, reading: times and series of a component from the files of its partition. */
#include "common/store/counters.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/store/counters_private.h"

int64_t lode_counters_blocks(const struct lode_counters *counters)
{
    return counters->n_blocks;
}

const struct lode_counters_block *lode_counters_block(const struct lode_counters *counters,
                                                      int64_t block)
{
    return block >= 0 && block < counters->n_blocks ? &counters->blocks[block] : NULL;
}

int64_t lode_counters_find(const struct lode_counters *counters, int64_t component)
{
    return component >= 0 && component < counters->n_components ? counters->block_of[component]
                                                                : -1;
}

/* [first, end) of the spans of a block. */
static lode_status find_spans(const struct lode_counters *c, int64_t block, int64_t *first,
                              int64_t *end)
{
    if (block < 0 || block >= c->n_blocks)
        return lode_fail(LODE_E_INPUT, "block %" PRId64 " of %" PRId64, block, c->n_blocks);
    *first = c->first_span[block];
    *end = c->first_span[block + 1];
    return LODE_OK;
}

lode_status lode_counters_times(struct lode_counters *c, int64_t block, struct lode_arena *arena,
                                int64_t **times)
{
    int64_t first = 0, end = 0, n = 0;
    int64_t *all;
    lode_try(find_spans(c, block, &first, &end));
    lode_try(lode_take(arena, c->blocks[block].n_times, &all));
    for (int64_t s = first; s < end; s++) {
        const struct counters_part_span *span = &c->spans[s];
        const struct counters_part_file *file = &c->files[span->file];
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        void *some;
        lode_try(lode_hdf_get(file->hdf, LODE_SAMPLE_TIME, LODE_HDF_I64,
                              file->time_offsets[span->row], span->n_times, arena, &some));
        if (span->n_times > 0) memcpy(all + n, some, (size_t)span->n_times * sizeof *all);
        n += span->n_times;
        lode_arena_rewind(arena, mark);
    }
    bool rises = true;
    for (int64_t i = 1; i < n; i++) rises &= all[i - 1] < all[i];
    if (!rises)
        return lode_fail(LODE_E_INPUT, "times of component '%s' do not rise",
                         c->blocks[block].name);
    *times = all;
    return LODE_OK;
}

/* The counter's place among those of a component in a file; -1: it is not there. */
static int64_t place_of(const struct counters_part_file *file, int64_t row, int64_t counter)
{
    for (int64_t i = file->counter_offsets[row]; i < file->counter_offsets[row + 1]; i++)
        if (file->counters[i] == counter) return i - file->counter_offsets[row];
    return -1;
}

/* [*from, *to) of a file's times that lie in [first, end) of the component's, when those of the
 * span begin at `at` there. False: none does. */
static bool cut_span(const struct counters_part_span *span, int64_t at, int64_t first, int64_t end,
                     int64_t *from, int64_t *to)
{
    *from = first > at ? first - at : 0;
    *to = end < at + span->n_times ? end - at : span->n_times;
    return *from < *to;
}

static lode_status check_range(const struct lode_counters *c, int64_t block, int64_t first,
                               int64_t count)
{
    const int64_t n = c->blocks[block].n_times;
    if (first >= 0 && count >= 0 && count <= n && first <= n - count) return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "component '%s' has %" PRId64 " times, not %" PRId64 " from %" PRId64,
                     c->blocks[block].name, n, count, first);
}

/* Times [from, to) of the series of one file into `values`, NaN where the file does not have it. */
static lode_status get_span(const struct lode_counters *c, const struct counters_part_span *span,
                            int64_t from, int64_t to, int64_t counter, struct lode_arena *arena,
                            double *values)
{
    const struct counters_part_file *file = &c->files[span->file];
    const int64_t place = place_of(file, span->row, counter);
    const int64_t stride = file->time_offsets[span->row + 1] - file->time_offsets[span->row];
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    void *some;
    bool is_infinite = false;
    for (int64_t i = 0; place < 0 && i < to - from; i++) values[i] = (double)NAN;
    if (place < 0) return LODE_OK;
    lode_try(lode_hdf_get(file->hdf, LODE_SAMPLE_VALUE, LODE_HDF_F64,
                          file->value_offsets[span->row] + place * stride + from, to - from, arena,
                          &some));
    memcpy(values, some, (size_t)(to - from) * sizeof *values);
    lode_arena_rewind(arena, mark);
    for (int64_t i = 0; i < to - from; i++) is_infinite |= isinf(values[i]) != 0;
    if (!is_infinite) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "component '%s', counter '%s': an infinite value", span->name,
                     c->counter_names[counter]);
}

lode_status lode_counters_some_values(struct lode_counters *c, int64_t block, int64_t counter,
                                      int64_t first, int64_t count, struct lode_arena *arena,
                                      double **values)
{
    int64_t first_span = 0, end_span = 0, at = 0;
    bool is_there = false;
    double *all, *next;
    lode_try(find_spans(c, block, &first_span, &end_span));
    lode_try(check_range(c, block, first, count));
    const struct lode_counters_block *of = &c->blocks[block];
    for (int64_t i = 0; i < of->n_counters; i++) is_there |= of->counters[i] == counter;
    if (!is_there)
        return lode_fail(LODE_E_INPUT, "component '%s' has no counter '%s'", of->name,
                         counter >= 0 && counter < c->n_counters ? c->counter_names[counter] : "");
    lode_try(lode_take(arena, count, &all));
    next = all;
    for (int64_t s = first_span; s < end_span; at += c->spans[s++].n_times) {
        int64_t from = 0, to = 0;
        if (!cut_span(&c->spans[s], at, first, first + count, &from, &to)) continue;
        lode_try(get_span(c, &c->spans[s], from, to, counter, arena, next));
        next += to - from;
    }
    *values = all;
    return LODE_OK;
}

lode_status lode_counters_values(struct lode_counters *c, int64_t block, int64_t counter,
                                 struct lode_arena *arena, double **values)
{
    int64_t first = 0, end = 0;
    lode_try(find_spans(c, block, &first, &end));
    return lode_counters_some_values(c, block, counter, 0, c->blocks[block].n_times, arena, values);
}

lode_status lode_counters_series(struct lode_counters *c, int64_t block, int64_t counter,
                                 struct lode_arena *arena, struct lode_series *series)
{
    int64_t *times;
    double *values;
    int64_t n = 0;
    lode_try(lode_counters_times(c, block, arena, &times));
    lode_try(lode_counters_values(c, block, counter, arena, &values));
    for (int64_t i = 0; i < c->blocks[block].n_times; i++) {
        if (isnan(values[i])) continue;
        times[n] = times[i];
        values[n++] = values[i];
    }
    *series = (struct lode_series){n, times, values};
    return LODE_OK;
}

lode_status lode_counters_open_slots(struct lode_counters *c, int64_t block,
                                     struct lode_arena *arena, struct lode_open_slot **slots)
{
    int64_t first = 0, end = 0;
    void *sums, *counts;
    lode_try(find_spans(c, block, &first, &end));
    const struct lode_counters_block *of = &c->blocks[block];
    const struct counters_part_span *span = &c->spans[end - 1];
    const struct counters_part_file *file = &c->files[span->file];
    const int64_t begin = file->counter_offsets[span->row];
    const int64_t n = file->counter_offsets[span->row + 1] - begin;
    lode_try(lode_hdf_get(file->hdf, LODE_BLOCK_SUM, LODE_HDF_F64, begin, n, arena, &sums));
    lode_try(lode_hdf_get(file->hdf, LODE_BLOCK_COUNT, LODE_HDF_I64, begin, n, arena, &counts));
    lode_try(lode_take_zero(arena, of->n_counters, slots));
    for (int64_t i = 0; i < of->n_counters; i++) {
        const int64_t place = place_of(file, span->row, of->counters[i]);
        if (place < 0) continue;
        const struct lode_open_slot slot = {((const double *)sums)[place],
                                            ((const int64_t *)counts)[place]};
        if (slot.count < 0 || !isfinite(slot.sum))
            return lode_fail(LODE_E_INPUT,
                             "the last slot of component '%s' adds up to %g over %" PRId64
                             " samples",
                             of->name, slot.sum, slot.count);
        (*slots)[i] = slot;
    }
    return LODE_OK;
}
