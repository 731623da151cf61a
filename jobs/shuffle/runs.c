/* Runs: [extents ...][table: extents by bucket][first extent of each bucket, and the end][footer].
 * All numbers are those of the machine: a run lives within one run of one cluster. */
#include "jobs/shuffle/runs.h"

#include "common/patience.h"
#include "jobs/shuffle/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_MAGIC UINT64_C(0x32304e5552444f4c) /* "LODRUN02", first byte lowest */

struct footer {
    uint64_t magic, n_extents, n_buckets;
};

struct run_writer {
    struct shuffle_site site;
    struct run_options options;
    char *path;
    char *aside;
    int fd;
    uint8_t *memory;
    struct batch batch;
    struct extent_writer out;
    struct lode_bytes combined;
    struct extent *extents;
    uint32_t *extent_buckets;
    int64_t n_extents, extents_room;
};

static lode_status join_path(const char *directory, const char *name, const char *ending,
                             struct lode_arena *arena, char **path)
{
    const size_t size = strlen(directory) + strlen(name) + strlen(ending) + 2;
    lode_try(lode_take(arena, size, path));
    snprintf(*path, size, "%s/%s%s", directory, name, ending);
    return LODE_OK;
}

lode_status run_writer_open(const struct shuffle_site *site, const char *name,
                            const struct run_options *options, struct run_writer **writer)
{
    struct run_writer *w = NULL;
    const size_t bytes = options->memory_bytes;
    if (bytes < RUN_LEAST_BYTES)
        return lode_fail(LODE_E_MEMORY, "a run file in %zu bytes: needs at least %d", bytes,
                         RUN_LEAST_BYTES);
    lode_try(lode_take_zero(site->arena, 1, &w));
    w->site = *site;
    w->options = *options;
    lode_try(join_path(site->directory, name, "", site->arena, &w->path));
    lode_try(join_path(site->directory, name, ".tmp", site->arena, &w->aside));
    lode_try(lode_take(site->arena, bytes, &w->memory));
    lode_try(batch_init(&w->batch, w->memory, bytes - EXTENT_OUT_BYTES, options->n_buckets,
                        site->arena));
    w->fd = open(w->aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (w->fd < 0) return lode_fail(LODE_E_DISK, "%s: %s", w->aside, strerror(errno));
    extent_writer_init(&w->out, w->fd, w->aside, 0, w->memory + bytes - EXTENT_OUT_BYTES,
                       EXTENT_OUT_BYTES, site->arena);
    *writer = w;
    return LODE_OK;
}

static lode_status reserve_extents(struct run_writer *w, int64_t more)
{
    if (w->n_extents + more <= w->extents_room) return LODE_OK;
    const int64_t room = 2 * (w->n_extents + more);
    struct extent *extents = NULL;
    uint32_t *buckets = NULL;
    lode_try(lode_take(w->site.arena, room, &extents));
    lode_try(lode_take(w->site.arena, room, &buckets));
    if (w->n_extents > 0) {
        memcpy(extents, w->extents, (size_t)w->n_extents * sizeof *extents);
        memcpy(buckets, w->extent_buckets, (size_t)w->n_extents * sizeof *buckets);
    }
    w->extents = extents;
    w->extent_buckets = buckets;
    w->extents_room = room;
    return LODE_OK;
}

/* Records [i, *end) have the key of record i: written as one. */
static lode_status put_records(struct run_writer *w, bool is_combined, int64_t i,
                               int64_t bucket_end, int64_t *end)
{
    struct shuffle_value values[COMBINE_MOST];
    struct shuffle_record record;
    struct shuffle_record other;
    int64_t n = 1;
    batch_get(&w->batch, i, &record);
    if (is_combined)
        while (i + n < bucket_end && n < COMBINE_MOST && batch_is_equal(&w->batch, i + n)) {
            batch_get(&w->batch, i + n, &other);
            values[n++] = (struct shuffle_value){other.value, other.value_size};
        }
    *end = i + n;
    if (is_combined) {
        values[0] = (struct shuffle_value){record.value, record.value_size};
        w->combined.size = 0;
        lode_try(w->options.combine(w->options.context, values, n, &w->combined));
        record.value = w->combined.data;
        record.value_size = w->combined.size;
    }
    return extent_put(&w->out, &record);
}

static lode_status flush(struct run_writer *w)
{
    int64_t i = 0;
    int64_t filled = 0;
    batch_sort(&w->batch);
    for (int64_t b = 0; b < w->options.n_buckets; b++)
        filled += w->batch.ends[b] > (b > 0 ? w->batch.ends[b - 1] : 0);
    lode_try(reserve_extents(w, filled));
    for (int64_t b = 0; b < w->options.n_buckets; b++) {
        const int64_t end = w->batch.ends[b];
        if (i == end) continue;
        const bool is_combined =
            w->options.combine && b < w->options.n_buckets - w->options.n_plain;
        extent_begin(&w->out);
        while (i < end) lode_try(put_records(w, is_combined, i, end, &i));
        extent_end(&w->out, &w->extents[w->n_extents]);
        w->extent_buckets[w->n_extents++] = (uint32_t)b;
        if (w->site.task) lode_try(lode_task_advance(w->site.task, 1));
    }
    batch_clear(&w->batch);
    return LODE_OK;
}

lode_status run_writer_put(struct run_writer *w, int64_t bucket,
                           const struct shuffle_record *record)
{
    if (batch_put(&w->batch, bucket, record)) return LODE_OK;
    if (w->batch.n > 0) lode_try(flush(w));
    if (batch_put(&w->batch, bucket, record)) return LODE_OK;
    return lode_fail(LODE_E_MEMORY, "a record of %zu bytes in a run file with memory for %zu",
                     shuffle_record_size(record), w->batch.size);
}

bool run_writer_put_again(struct run_writer *w, const struct shuffle_record *record)
{
    return batch_put_again(&w->batch, record);
}

/* Extents by bucket (in the order they were written within one), by counting. */
static lode_status write_table(struct run_writer *w)
{
    const size_t n_extents = (size_t)w->n_extents;
    const size_t n_firsts = (size_t)w->options.n_buckets + 1;
    struct extent *table = NULL;
    uint64_t *firsts = NULL;
    uint64_t *next = NULL;
    lode_try(lode_take(w->site.arena, n_extents, &table));
    lode_try(lode_take_zero(w->site.arena, n_firsts, &firsts));
    lode_try(lode_take(w->site.arena, n_firsts, &next));
    for (size_t e = 0; e < n_extents; e++) firsts[w->extent_buckets[e] + 1]++;
    for (size_t b = 1; b < n_firsts; b++) firsts[b] += firsts[b - 1];
    memcpy(next, firsts, n_firsts * sizeof *firsts);
    for (size_t e = 0; e < n_extents; e++) table[next[w->extent_buckets[e]]++] = w->extents[e];
    const struct footer footer = {
        .magic = RUN_MAGIC, .n_extents = n_extents, .n_buckets = n_firsts - 1};
    lode_try(extent_put_bytes(&w->out, table, n_extents * sizeof *table));
    lode_try(extent_put_bytes(&w->out, firsts, n_firsts * sizeof *firsts));
    lode_try(extent_put_bytes(&w->out, &footer, sizeof footer));
    return extent_flush(&w->out);
}

lode_status run_writer_commit(struct run_writer *w, uint64_t *size_bytes)
{
    lode_status status = LODE_OK;
    if (w->batch.n > 0) lode_try_done(flush(w));
    lode_try_done(write_table(w));
    const int closed = close(w->fd); /* a full disk may show only here */
    w->fd = -1;
    if (closed != 0 || rename(w->aside, w->path) != 0) {
        status = lode_fail(LODE_E_DISK, "%s: %s", w->path, strerror(errno));
        goto done;
    }
    *size_bytes = w->out.written;
    if (w->site.task) w->site.task->engine->shuffled_bytes += w->out.written;
    lode_bytes_clear(&w->combined);
    return LODE_OK;
done:
    run_writer_discard(w);
    return status;
}

void run_writer_discard(struct run_writer *w)
{
    if (!w) return;
    if (w->fd >= 0) close(w->fd);
    w->fd = -1;
    lode_bytes_clear(&w->combined);
    unlink(w->aside);
}

/* A run file while its table is read. */
struct opened {
    int fd;
    const char *path;
    uint64_t file_bytes;
    struct footer footer;
    uint64_t range[2]; /* extents of the bucket */
    uint64_t table_at;
};

static lode_status read_footer(struct opened *file, int64_t n_buckets)
{
    struct stat status;
    struct footer *footer = &file->footer;
    if (fstat(file->fd, &status) != 0)
        return lode_fail(LODE_E_INPUT, "%s: %s", file->path, strerror(errno));
    if ((uint64_t)status.st_size != file->file_bytes || file->file_bytes < sizeof *footer)
        return lode_fail(LODE_E_INPUT, "%s has %lld bytes, not %llu", file->path,
                         (long long)status.st_size, (unsigned long long)file->file_bytes);
    lode_try(scratch_read(file->fd, file->path, file->file_bytes - sizeof *footer, footer,
                          sizeof *footer));
    if (footer->magic != RUN_MAGIC || footer->n_buckets != (uint64_t)n_buckets ||
        footer->n_extents > file->file_bytes / sizeof(struct extent) ||
        (footer->n_buckets + 1) * sizeof(uint64_t) + footer->n_extents * sizeof(struct extent) >
            file->file_bytes - sizeof *footer)
        return lode_fail(LODE_E_INPUT, "%s is no run file of %lld buckets", file->path,
                         (long long)n_buckets);
    return LODE_OK;
}

static lode_status read_range(struct opened *file, int64_t bucket)
{
    const uint64_t firsts_at =
        file->file_bytes - sizeof file->footer - (file->footer.n_buckets + 1) * sizeof(uint64_t);
    file->table_at = firsts_at - file->footer.n_extents * sizeof(struct extent);
    lode_try(scratch_read(file->fd, file->path, firsts_at + (uint64_t)bucket * sizeof *file->range,
                          file->range, sizeof file->range));
    if (file->range[0] > file->range[1] || file->range[1] > file->footer.n_extents)
        return lode_fail(LODE_E_INPUT, "%s: bucket %lld has no place", file->path,
                         (long long)bucket);
    return LODE_OK;
}

static lode_status check_extent(const struct opened *file, const struct extent *extent)
{
    if (extent->size > file->table_at || extent->offset > file->table_at - extent->size ||
        extent->largest > extent->size || extent->n_records > extent->size)
        return lode_fail(LODE_E_INPUT, "%s: an extent is outside of the file", file->path);
    return LODE_OK;
}

/* The extents of one bucket of all runs, in order of runs; the array grows by doubling. */
struct found {
    struct merge_input *inputs;
    int64_t n, room;
};

static lode_status add_inputs(struct found *found, const struct opened *file, int64_t source,
                              struct lode_arena *arena)
{
    const int64_t count = (int64_t)(file->range[1] - file->range[0]);
    if (found->n + count > found->room) {
        const int64_t room = 2 * found->room + count;
        struct merge_input *inputs = NULL;
        lode_try(lode_take(arena, room, &inputs));
        if (found->n > 0) memcpy(inputs, found->inputs, (size_t)found->n * sizeof *inputs);
        found->inputs = inputs;
        found->room = room;
    }
    for (int64_t e = 0; e < count; e++) {
        struct merge_input *input = &found->inputs[found->n++];
        *input = (struct merge_input){.path = file->path, .fd = -1, .source = source};
        lode_try(
            scratch_read(file->fd, file->path,
                         file->table_at + (file->range[0] + (uint64_t)e) * sizeof input->extent,
                         &input->extent, sizeof input->extent));
        lode_try(check_extent(file, &input->extent));
    }
    return LODE_OK;
}

/* The file as its writer told it; closed again when it is not. */
static lode_status open_told(struct opened *file, int64_t n_buckets, int64_t bucket)
{
    file->fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0) return lode_fail(LODE_E_INPUT, "%s: %s", file->path, strerror(errno));
    lode_status status = read_footer(file, n_buckets);
    if (!status) status = read_range(file, bucket);
    if (status) close(file->fd);
    return status;
}

static lode_status find_bucket(const struct shuffle_site *site, const struct run_file *run,
                               int64_t n_buckets, int64_t bucket, int64_t source,
                               struct found *found)
{
    char *path = NULL;
    struct lode_patience patience = lode_patience_begin();
    lode_try(join_path(site->directory, run->name, "", site->arena, &path));
    struct opened file = {.fd = -1, .path = path, .file_bytes = run->size_bytes};
    lode_status status = open_told(&file, n_buckets, bucket);
    while (status == LODE_E_INPUT && lode_patience_again(&patience, path))
        status = open_told(&file, n_buckets, bucket);
    lode_try(status);
    status = add_inputs(found, &file, source, site->arena);
    close(file.fd);
    return status;
}

lode_status runs_open_bucket(const struct shuffle_site *site, const struct run_file *runs,
                             int64_t n, int64_t n_buckets, int64_t bucket, size_t memory_bytes,
                             struct merge **merge)
{
    struct found found = {0};
    uint8_t *memory = NULL;
    lode_try(lode_take(site->arena, memory_bytes, &memory));
    for (int64_t r = 0; r < n; r++)
        lode_try(find_bucket(site, &runs[r], n_buckets, bucket, r, &found));
    return merge_open(site, found.inputs, found.n, memory, memory_bytes, merge);
}

lode_status run_read_values(const struct shuffle_site *site, const struct run_file *run,
                            int64_t n_buckets, int64_t bucket, uint8_t **data, size_t *size)
{
    struct found found = {0};
    size_t bytes = 0;
    size_t used = 0;
    uint64_t largest = 1;
    uint8_t *frame = NULL;
    lode_try(find_bucket(site, run, n_buckets, bucket, 0, &found));
    for (int64_t e = 0; e < found.n; e++) {
        const struct extent *extent = &found.inputs[e].extent;
        bytes += extent->size;
        if (extent->largest > largest) largest = extent->largest;
    }
    lode_try(lode_take(site->arena, bytes, data));
    const struct lode_arena_mark mark = lode_arena_mark(site->arena);
    lode_try(lode_take(site->arena, largest, &frame));
    for (int64_t e = 0; e < found.n; e++) {
        lode_status status = LODE_OK;
        struct extent_reader reader;
        struct shuffle_record record;
        const char *path = found.inputs[e].path;
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return lode_fail(LODE_E_INPUT, "%s: %s", path, strerror(errno));
        extent_reader_init(&reader, fd, path, &found.inputs[e].extent, frame);
        for (bool more = true; more && !status;) {
            status = extent_next(&reader, &record, &more);
            if (status || !more) continue;
            memcpy(*data + used, record.value, record.value_size);
            used += record.value_size;
        }
        close(fd);
        lode_try(status);
    }
    lode_arena_rewind(site->arena, mark);
    *size = used;
    return LODE_OK;
}
