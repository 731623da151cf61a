/* Blocks, columns out: each is read off the panels of the scratch file, in the order in which the
 * partition's file has it. */
#include "jobs/stage/counters/blocks_private.h"

#include "common/wire/pack.h"

#include <stdlib.h>
#include <string.h>

/* Where a column of all blocks is read from next. */
struct cursor {
    struct blocks *blocks;
    bool is_values; /* else times */
    int64_t block, column, panel;
    uint64_t at; /* items of the run that begins at this block, column and panel */
};

/* The run of bytes at the cursor: offset, and how many items of 8 bytes. One panel holds all
 * columns of its block one after the other. */
static uint64_t run_at(const struct cursor *c, uint64_t *offset)
{
    const struct block *block = &c->blocks->list[c->block];
    const struct panel *panel = &c->blocks->panels[block->first_panel + c->panel];
    const uint64_t rows = (uint64_t)panel->n_rows;
    *offset = panel->offset;
    if (!c->is_values) return rows;
    *offset += (1 + (uint64_t)c->column) * rows * sizeof(double);
    return block->n_panels == 1 ? rows * (uint64_t)block->n_counters : rows;
}

/* Past a run that is used up. */
static void next_run(struct cursor *c)
{
    const struct block *block = &c->blocks->list[c->block];
    const int64_t n_columns = c->is_values && block->n_panels > 1 ? block->n_counters : 1;
    c->at = 0;
    if (++c->panel < block->n_panels) return;
    c->panel = 0;
    if (++c->column < n_columns) return;
    c->column = 0;
    c->block++;
}

static lode_status fill_samples(const struct lode_hdf_column *column, size_t first, size_t rows,
                                void *out)
{
    struct cursor *c = (struct cursor *)column->data; /* ours, and not const */
    uint8_t *to = out;
    (void)first; /* rows ascend, each is asked for once */
    while (rows > 0) {
        uint64_t offset = 0;
        const uint64_t left = run_at(c, &offset) - c->at;
        const size_t now = rows < left ? rows : (size_t)left;
        lode_try(scratch_read(c->blocks->fd, BLOCKS_SCRATCH_NAME, offset + c->at * sizeof(double),
                              to, now * sizeof(double)));
        to += now * sizeof(double);
        rows -= now;
        c->at += now;
        if (now == left) next_run(c);
    }
    return LODE_OK;
}

struct totals {
    int64_t n_times, n_values;
};

static struct totals add_up(const struct blocks *b)
{
    struct totals totals = {0, 0};
    for (int64_t i = 0; i < b->n; i++) {
        totals.n_times += b->list[i].n_times;
        totals.n_values += b->list[i].n_times * b->list[i].n_counters;
    }
    return totals;
}

static lode_status write_samples(struct blocks *b, struct lode_hdf *file)
{
    const struct totals totals = add_up(b);
    struct cursor times = {.blocks = b}, values = {.blocks = b, .is_values = true};
    lode_try(lode_hdf_put_filled(file,
                                 &(struct lode_hdf_column){.name = LODE_SAMPLE_TIME,
                                                           .type = LODE_HDF_I64,
                                                           .rows = totals.n_times,
                                                           .data = &times,
                                                           .units = LODE_TIME_UNITS,
                                                           .title = "times of each component"},
                                 fill_samples));
    return lode_hdf_put_filled(
        file,
        &(struct lode_hdf_column){
            .name = LODE_SAMPLE_VALUE,
            .type = LODE_HDF_F64,
            .rows = totals.n_values,
            .data = &values,
            .title = "of each component, of each counter, of each time; NaN: no sample"},
        fill_samples);
}

/* Names in order, and the place of each code in it. */
struct ordered {
    char *name;
    uint32_t code;
};

static int compare_ordered(const void *left, const void *right)
{
    return strcmp(((const struct ordered *)left)->name, ((const struct ordered *)right)->name);
}

static lode_status order_names(struct blocks *b, char ***names, int64_t *n, uint32_t **place)
{
    struct lode_arena *arena = b->site.arena;
    struct ordered *ordered = NULL;
    char *const *list = lode_words_list(b->names, n);
    lode_try(lode_take(arena, *n, &ordered));
    lode_try(lode_take(arena, *n, names));
    lode_try(lode_take(arena, *n, place));
    for (int64_t i = 0; i < *n; i++) ordered[i] = (struct ordered){list[i], (uint32_t)i};
    qsort(ordered, (size_t)*n, sizeof *ordered, compare_ordered);
    for (int64_t i = 0; i < *n; i++) {
        (*names)[i] = ordered[i].name;
        (*place)[ordered[i].code] = (uint32_t)i;
    }
    return LODE_OK;
}

static lode_status put_offsets(struct lode_hdf *file, const char *name, const int64_t *offsets,
                               int64_t n, const char *title)
{
    return lode_hdf_put(
        file,
        &(struct lode_hdf_column){
            .name = name, .type = LODE_HDF_I64, .rows = n + 1, .data = offsets, .title = title});
}

static lode_status write_components(struct blocks *b, struct lode_hdf *file)
{
    struct lode_arena *arena = b->site.arena;
    char **names = NULL;
    int64_t *times = NULL, *counters = NULL, *values = NULL;
    lode_try(lode_take(arena, b->n, &names));
    lode_try(lode_take_zero(arena, b->n + 1, &times));
    lode_try(lode_take_zero(arena, b->n + 1, &counters));
    lode_try(lode_take_zero(arena, b->n + 1, &values));
    for (int64_t i = 0; i < b->n; i++) {
        const struct block *block = &b->list[i];
        names[i] = (char *)block->name; /* only read */
        times[i + 1] = times[i] + block->n_times;
        counters[i + 1] = counters[i] + block->n_counters;
        values[i + 1] = values[i] + block->n_times * block->n_counters;
    }
    lode_try(lode_hdf_put_words(file, LODE_BLOCK_NAME, names, b->n, "components of the partition"));
    lode_try(put_offsets(file, LODE_BLOCK_TIME_OFFSET, times, b->n,
                         "first time of each component, and the end"));
    lode_try(put_offsets(file, LODE_BLOCK_COUNTER_OFFSET, counters, b->n,
                         "first row of blocks/ of each component, and the end"));
    return put_offsets(file, LODE_BLOCK_VALUE_OFFSET, values, b->n,
                       "first value of each component, and the end");
}

/* What the last slots add up to, two columns. */
static lode_status write_open(struct blocks *b, struct lode_hdf *file)
{
    double *sums = NULL;
    int64_t *counts = NULL;
    lode_try(lode_take(b->site.arena, b->n_codes, &sums));
    lode_try(lode_take(b->site.arena, b->n_codes, &counts));
    for (int64_t i = 0; i < b->n_codes; i++) {
        sums[i] = b->open[i].sum;
        counts[i] = b->open[i].count;
    }
    lode_try(lode_hdf_put(file, &(struct lode_hdf_column){.name = LODE_BLOCK_SUM,
                                                          .type = LODE_HDF_F64,
                                                          .rows = b->n_codes,
                                                          .data = sums,
                                                          .title = "sum over the last slot"}));
    return lode_hdf_put(file, &(struct lode_hdf_column){.name = LODE_BLOCK_COUNT,
                                                        .type = LODE_HDF_I64,
                                                        .rows = b->n_codes,
                                                        .data = counts,
                                                        .units = "samples",
                                                        .title = "in the last slot"});
}

lode_status blocks_write(struct blocks *b, struct lode_hdf *file)
{
    char **names = NULL;
    uint32_t *place = NULL, *codes = NULL;
    int64_t n_names = 0;
    lode_try(order_names(b, &names, &n_names, &place));
    lode_try(lode_take(b->site.arena, b->n_codes, &codes));
    for (int64_t i = 0; i < b->n_codes; i++) codes[i] = place[b->codes[i]];
    lode_try(write_components(b, file));
    lode_try(lode_hdf_put_words(file, LODE_BLOCK_COUNTER_NAME, names, n_names,
                                "counters of the partition; a code is a row"));
    lode_try(lode_hdf_put_codes(
        file, &(struct lode_hdf_column){.name = LODE_BLOCK_COUNTER,
                                        .type = lode_hdf_code_type(n_names),
                                        .rows = b->n_codes,
                                        .data = codes,
                                        .title = "code of each counter of each component"}));
    if (b->has_slots) lode_try(write_open(b, file));
    return write_samples(b, file);
}

lode_status blocks_pack(struct blocks *b, struct lode_bytes *out)
{
    const struct totals totals = add_up(b);
    int64_t n_names = 0;
    char *const *names = lode_words_list(b->names, &n_names);
    lode_try(lode_pack_i64(out, b->n));
    lode_try(lode_pack_i64(out, totals.n_times));
    lode_try(lode_pack_i64(out, totals.n_values));
    for (int64_t i = 0; i < b->n; i++) {
        const struct block *block = &b->list[i];
        lode_try(lode_pack_text(out, block->name, strlen(block->name)));
        lode_try(lode_pack_i64(out, block->n_times - block->continues));
        lode_try(lode_pack_i64(out, block->first_ms));
        lode_try(lode_pack_i64(out, block->last_ms));
        lode_try(lode_pack_i64(out, block->step_ms));
    }
    lode_try(lode_pack_i64(out, n_names));
    for (int64_t i = 0; i < n_names; i++) lode_try(lode_pack_text(out, names[i], strlen(names[i])));
    return LODE_OK;
}
