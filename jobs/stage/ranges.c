/* Ranges: a break in the chain is mended from where the range before ended. That end is only known
 * for sure when all before it fits, yet mostly right anyway, since a reading that began within
 * quotes finds its feet at the next field that is quoted. So all breaks are mended at once, each
 * range on such a guess a few times at most: then work is bounded for texts made to mislead.
 */
#include "jobs/stage/ranges.h"

#include <string.h>

enum { GUESSES = 3 };

static int64_t count_ranges(const struct stage_file *file, uint64_t range_bytes)
{
    if (file->is_packed || file->size_bytes == 0) return 1;
    return (int64_t)((file->size_bytes - 1) / range_bytes + 1);
}

static int64_t count_all(const struct stage_plan *plan, uint64_t range_bytes)
{
    int64_t count = 0;
    for (int64_t f = 0; f < plan->n_files; f++) count += count_ranges(&plan->files[f], range_bytes);
    return count;
}

lode_status ranges_cut(const struct stage_plan *plan, uint64_t range_bytes,
                       struct lode_arena *arena, struct stage_range **ranges, int64_t *n)
{
    struct stage_range *cut = NULL;
    int64_t filled = 0;
    while (range_bytes < UINT64_MAX / 2 && count_all(plan, range_bytes) > RANGES_LIMIT &&
           plan->n_files < RANGES_LIMIT)
        range_bytes *= 2;
    *n = count_all(plan, range_bytes);
    lode_try(lode_take_zero(arena, *n, &cut));
    for (int64_t f = 0; f < plan->n_files; f++) {
        const struct stage_file *file = &plan->files[f];
        const int64_t count = count_ranges(file, range_bytes);
        for (int64_t i = 0; i < count; i++) {
            struct stage_range *range = &cut[filled++];
            range->file = f;
            range->begin = range->start = (uint64_t)i * range_bytes;
            range->end = i + 1 < count ? range->begin + range_bytes : file->size_bytes;
            if (file->is_packed) range->end = UINT64_MAX;
            range->is_exact = i == 0;
        }
    }
    *ranges = cut;
    return LODE_OK;
}

/* The chain through ranges[0..n) of one file; `number` is that of the first. */
static void settle_file(struct stage_range *ranges, int64_t n, int64_t number, int64_t *again,
                        int64_t *n_again, const struct stage_range **fault)
{
    bool is_proven = true; /* so far all is as in one reading of the whole file */
    bool is_known = true;  /* where the next record begins: at byte `at` */
    uint64_t at = 0;
    int64_t lines = 0;
    for (int64_t i = 0; i < n; i++) {
        struct stage_range *range = &ranges[i];
        range->lines_before = lines;
        range->is_empty = is_known && at >= range->end;
        if (range->is_empty) continue;
        if (is_known && range->first != at) {
            if (is_proven || range->n_readings <= GUESSES) {
                range->start = at;
                range->is_exact = true;
                again[(*n_again)++] = number + i;
            }
            is_proven = false;
        }
        if (range->fault != NULL && is_proven) {
            if (*fault == NULL) *fault = range;
            return;
        }
        is_known = range->fault == NULL;
        at = range->next;
        lines += range->n_lines;
    }
}

void ranges_settle(struct stage_range *ranges, int64_t n, int64_t *again, int64_t *n_again,
                   const struct stage_range **fault)
{
    *n_again = 0;
    *fault = NULL;
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        while (end < n && ranges[end].file == ranges[i].file) end++;
        settle_file(&ranges[i], end - i, i, again, n_again, fault);
        i = end;
    }
}

lode_status range_pack(const struct stage_range *range, int64_t number, struct lode_bytes *out)
{
    lode_try(lode_pack_i64(out, number));
    lode_try(lode_pack_i64(out, range->file));
    lode_try(lode_pack_u64(out, range->begin));
    lode_try(lode_pack_u64(out, range->end));
    lode_try(lode_pack_u64(out, range->is_exact));
    return lode_pack_u64(out, range->start);
}

lode_status range_unpack(const void *data, size_t size, struct stage_range *range, int64_t *number)
{
    struct lode_unpack in = lode_unpack_begin(data, size);
    int64_t is_exact = 0;
    memset(range, 0, sizeof *range);
    lode_try(lode_unpack_count(&in, "number of a range", INT32_MAX, number));
    lode_try(lode_unpack_count(&in, "file of a range", INT32_MAX, &range->file));
    lode_try(lode_unpack_u64(&in, &range->begin));
    lode_try(lode_unpack_u64(&in, &range->end));
    lode_try(lode_unpack_count(&in, "a flag of a range", 1, &is_exact));
    lode_try(lode_unpack_u64(&in, &range->start));
    range->is_exact = is_exact != 0;
    return lode_unpack_end(&in);
}

lode_status range_pack_reading(const struct stage_range *range, struct lode_bytes *out)
{
    const char *fault = range->fault != NULL ? range->fault : "";
    lode_try(lode_pack_u64(out, range->first));
    lode_try(lode_pack_u64(out, range->next));
    lode_try(lode_pack_i64(out, range->n_lines));
    lode_try(lode_pack_text(out, fault, strlen(fault)));
    return lode_pack_i64(out, range->fault_line);
}

lode_status range_unpack_reading(struct lode_unpack *in, struct lode_arena *arena,
                                 struct stage_range *range)
{
    const char *text = NULL;
    size_t size = 0;
    char *fault = NULL;
    lode_try(lode_unpack_u64(in, &range->first));
    lode_try(lode_unpack_u64(in, &range->next));
    lode_try(lode_unpack_count(in, "lines of a range", INT64_MAX, &range->n_lines));
    lode_try(lode_unpack_text(in, &text, &size));
    if (size > 0) lode_try(lode_arena_text(arena, text, size, &fault));
    range->fault = fault;
    return lode_unpack_count(in, "line of a fault", INT64_MAX, &range->fault_line);
}
