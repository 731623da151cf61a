/* Sorter: a batch; each time it is full it becomes an extent of the scratch file. At the end either
 * the batch alone is sorted, or its memory serves to merge the extents.
 */
#include "jobs/shuffle/sorter.h"

#include "jobs/shuffle/merge.h"

#include <string.h>
#include <unistd.h>

static const char scratch_name[] = "a scratch file of a sort";

struct sorter {
    struct shuffle_site site;
    uint8_t *memory; /* [size] batch, then the writer's */
    size_t size;
    struct batch batch;
    int fd;
    uint64_t file_bytes;
    struct merge_input *inputs;
    int64_t n_inputs, inputs_room;
    int64_t n;
    bool is_sorted;
    int64_t next; /* of the batch */
    struct merge *merge;
};

lode_status sorter_open(const struct shuffle_site *site, size_t memory_bytes,
                        struct sorter **sorter)
{
    struct sorter *s = NULL;
    if (memory_bytes < SORTER_LEAST_BYTES)
        return lode_fail(LODE_E_MEMORY, "a sort in %zu bytes: needs at least %d", memory_bytes,
                         SORTER_LEAST_BYTES);
    lode_try(lode_take_zero(site->arena, 1, &s));
    s->site = *site;
    s->size = memory_bytes;
    s->fd = -1;
    lode_try(lode_take(site->arena, memory_bytes, &s->memory));
    lode_try(batch_init(&s->batch, s->memory, memory_bytes - EXTENT_OUT_BYTES, 1, site->arena));
    *sorter = s;
    return LODE_OK;
}

static lode_status keep_extent(struct sorter *s, const struct extent *extent)
{
    if (s->n_inputs == s->inputs_room) {
        const int64_t room = 2 * s->inputs_room + 16;
        struct merge_input *inputs = NULL;
        lode_try(lode_take(s->site.arena, room, &inputs));
        if (s->n_inputs > 0) memcpy(inputs, s->inputs, (size_t)s->n_inputs * sizeof *inputs);
        s->inputs = inputs;
        s->inputs_room = room;
    }
    s->inputs[s->n_inputs++] = (struct merge_input){.fd = s->fd, .extent = *extent, .source = -1};
    return LODE_OK;
}

static lode_status spill(struct sorter *s)
{
    struct extent_writer out;
    struct extent extent;
    if (s->fd < 0) lode_try(scratch_open(s->site.directory, &s->fd));
    extent_writer_init(&out, s->fd, scratch_name, s->file_bytes,
                       s->memory + s->size - EXTENT_OUT_BYTES, EXTENT_OUT_BYTES, s->site.arena);
    batch_sort(&s->batch);
    extent_begin(&out);
    for (int64_t i = 0; i < s->batch.n; i++) {
        struct shuffle_record record;
        batch_get(&s->batch, i, &record);
        lode_try(extent_put(&out, &record));
    }
    extent_end(&out, &extent);
    lode_try(extent_flush(&out));
    s->file_bytes = out.written;
    batch_clear(&s->batch);
    lode_try(keep_extent(s, &extent));
    return s->site.task ? lode_task_advance(s->site.task, (int64_t)extent.n_records) : LODE_OK;
}

lode_status sorter_put(struct sorter *s, const struct shuffle_record *record)
{
    s->n++;
    if (batch_put(&s->batch, 0, record)) return LODE_OK;
    if (s->batch.n > 0) lode_try(spill(s));
    if (batch_put(&s->batch, 0, record)) return LODE_OK;
    return lode_fail(LODE_E_MEMORY, "a record of %zu bytes in a sort with memory for %zu",
                     shuffle_record_size(record), s->batch.size);
}

lode_status sorter_begin(struct sorter *s)
{
    s->next = 0;
    merge_close(s->merge);
    s->merge = NULL;
    if (s->n_inputs == 0) {
        if (!s->is_sorted) batch_sort(&s->batch);
        s->is_sorted = true;
        return LODE_OK;
    }
    if (s->batch.n > 0) lode_try(spill(s));
    return merge_open(&s->site, s->inputs, s->n_inputs, s->memory, s->size, &s->merge);
}

lode_status sorter_next(struct sorter *s, struct shuffle_record *record, bool *more)
{
    if (s->merge) return merge_next(s->merge, record, more);
    *more = s->next < s->batch.n;
    if (*more) batch_get(&s->batch, s->next++, record);
    return LODE_OK;
}

int64_t sorter_count(const struct sorter *s)
{
    return s->n;
}

void sorter_clear(struct sorter *s)
{
    merge_close(s->merge);
    s->merge = NULL;
    batch_clear(&s->batch);
    s->n_inputs = 0;
    s->n = 0;
    s->is_sorted = false;
    s->next = 0;
    if (s->file_bytes > 0 && ftruncate(s->fd, 0) != 0) { /* its bytes are written over */
    }
    s->file_bytes = 0;
}

void sorter_close(struct sorter *s)
{
    if (!s) return;
    merge_close(s->merge);
    if (s->fd >= 0) close(s->fd);
    s->merge = NULL;
    s->fd = -1;
}
