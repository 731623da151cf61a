/* Blocks, rows in: the scratch file holds, panel after panel, [times of its rows][column 0][column
 * 1] ... */
#include "jobs/stage/counters/blocks_private.h"

#include "jobs/stage/counters/grow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TURN = 8,            /* columns that are turned at once: 64 bytes of each row */
    STEP_TIMES = 1 << 16 /* the native step comes from the first differences */
};

lode_status blocks_create(const struct shuffle_site *site, size_t memory_bytes, bool has_slots,
                          struct blocks **blocks)
{
    struct blocks *b = NULL;
    lode_try(lode_take_zero(site->arena, 1, &b));
    b->site = *site;
    b->has_slots = has_slots;
    b->fd = -1;
    *blocks = b;
    lode_try(lode_words_create(site->arena, &b->names));
    lode_try(lode_take(site->arena, STEP_TIMES, &b->differences));
    lode_try(lode_take(site->arena, memory_bytes, &b->memory));
    b->memory_bytes = memory_bytes;
    return scratch_open(site->directory, &b->fd);
}

void blocks_close(struct blocks *blocks)
{
    if (!blocks || blocks->fd < 0) return;
    close(blocks->fd);
    blocks->fd = -1;
}

lode_status blocks_begin(struct blocks *b, const char *name, const char *const *counters, int64_t n)
{
    struct lode_arena *arena = b->site.arena;
    const size_t row_bytes = sizeof(int64_t) + ((size_t)n + TURN) * sizeof(double);
    const size_t most = b->memory_bytes / row_bytes;
    char *copy = NULL;
    if (most < 1)
        return lode_fail(LODE_E_MEMORY,
                         "component '%s' has %" PRId64 " counters: a row of them takes %zu bytes, "
                         "there are %zu; give more --memory",
                         name, n, row_bytes, b->memory_bytes);
    lode_try(lode_arena_text(arena, name, strlen(name), &copy));
    lode_try(counters_grow(arena, &b->list, &b->list_room, b->n));
    lode_try(counters_grow_by(arena, &b->codes, &b->codes_room, b->n_codes, n));
    if (b->has_slots) lode_try(counters_grow_by(arena, &b->open, &b->open_room, b->n_codes, n));
    b->list[b->n] = (struct block){
        .name = copy, .n_counters = n, .first_panel = b->n_panels, .first_code = b->n_codes};
    for (int64_t c = 0; c < n; c++)
        lode_try(
            lode_words_add(b->names, counters[c], strlen(counters[c]), &b->codes[b->n_codes + c]));
    b->most_rows = (int64_t)most;
    b->times = (int64_t *)(void *)b->memory;
    b->rows = (double *)(void *)(b->times + most);
    b->columns = b->rows + most * (size_t)n;
    b->n_rows = 0;
    b->n_differences = 0;
    return LODE_OK;
}

/* Columns [first, first + count) of the rows into `columns`, one after the other. */
static void turn(const struct blocks *b, int64_t n_counters, int64_t first, int64_t count)
{
    for (int64_t r = 0; r < b->n_rows; r++) {
        const double *row = b->rows + r * n_counters + first;
        for (int64_t c = 0; c < count; c++) b->columns[c * b->n_rows + r] = row[c];
    }
}

static lode_status append_bytes(struct blocks *b, const void *data, size_t size)
{
    lode_try(scratch_write(b->fd, BLOCKS_SCRATCH_NAME, b->file_bytes, data, size));
    b->file_bytes += size;
    return LODE_OK;
}

static lode_status flush(struct blocks *b)
{
    struct block *block = &b->list[b->n];
    const int64_t n = block->n_counters;
    if (b->n_rows == 0) return LODE_OK;
    lode_try(counters_grow(b->site.arena, &b->panels, &b->panels_room, b->n_panels));
    b->panels[b->n_panels++] = (struct panel){b->file_bytes, b->n_rows};
    block->n_panels++;
    lode_try(append_bytes(b, b->times, (size_t)b->n_rows * sizeof *b->times));
    for (int64_t c = 0; c < n; c += TURN) {
        const int64_t count = n - c < TURN ? n - c : TURN;
        turn(b, n, c, count);
        lode_try(append_bytes(b, b->columns, (size_t)(count * b->n_rows) * sizeof *b->columns));
    }
    b->n_rows = 0;
    return LODE_OK;
}

lode_status blocks_row(struct blocks *b, int64_t time, const double *values)
{
    struct block *block = &b->list[b->n];
    if (b->n_rows == b->most_rows) lode_try(flush(b));
    if (block->n_times > 0 && b->n_differences < STEP_TIMES)
        b->differences[b->n_differences++] = time - b->last_time;
    b->last_time = time;
    b->times[b->n_rows] = time;
    memcpy(b->rows + b->n_rows * block->n_counters, values,
           (size_t)block->n_counters * sizeof *values);
    b->n_rows++;
    block->n_times++;
    return LODE_OK;
}

static int compare_i64(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* The lower median of the differences: a gap or two, and clocks that jitter, do not move it. */
static int64_t native_step(struct blocks *b)
{
    if (b->n_differences == 0) return 0;
    qsort(b->differences, (size_t)b->n_differences, sizeof *b->differences, compare_i64);
    return b->differences[(b->n_differences - 1) / 2];
}

lode_status blocks_finish(struct blocks *b, const struct blocks_end *end)
{
    struct block *block = &b->list[b->n];
    lode_try(flush(b));
    block->first_ms = end->first_ms;
    block->last_ms = end->last_ms;
    block->continues = end->continues;
    block->step_ms = end->slot_ms > 0 ? end->slot_ms : native_step(b);
    if (b->has_slots)
        memcpy(b->open + b->n_codes, end->open, (size_t)block->n_counters * sizeof *end->open);
    b->n_codes += block->n_counters;
    b->n++;
    return LODE_OK;
}

int64_t blocks_count(const struct blocks *blocks)
{
    return blocks->n;
}
