/* Runs: [extents ...][table: extents sorted by bucket][first extent of each bucket, and the end]
 * [footer]. All numbers are those of the machine: a run lives within one run of one cluster. */
#include "jobs/stage/shuffle/runs.h"

#include "common/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)32 << 20)
#define RUN_MAGIC UINT64_C(0x31304e5552444f4c) /* "LODRUN01", first byte lowest */

struct piece { /* in front of each piece in the buffer */
    uint32_t bucket;
    uint32_t size;
};

struct extent {
    uint64_t offset, size, hash;
};

struct footer {
    uint64_t magic, n_extents, n_buckets;
};

struct run_writer {
    struct lode_arena *arena;
    char *path;
    char *aside;
    int fd;
    int64_t n_buckets;
    uint8_t *gathered; /* [BUFFER_BYTES] pieces in order of arrival */
    uint8_t *sorted;   /* [BUFFER_BYTES] the same by bucket */
    size_t used;
    uint64_t *sizes;  /* [n_buckets] bytes gathered */
    uint64_t *starts; /* [n_buckets] scratch of flush */
    uint64_t written; /* bytes of the file so far */
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

lode_status run_writer_open(const char *directory, const char *name, int64_t n_buckets,
                            struct lode_arena *arena, struct run_writer **writer)
{
    struct run_writer *w = NULL;
    lode_try(lode_take_zero(arena, 1, &w));
    w->arena = arena;
    w->n_buckets = n_buckets;
    lode_try(join_path(directory, name, "", arena, &w->path));
    lode_try(join_path(directory, name, ".tmp", arena, &w->aside));
    lode_try(lode_take(arena, BUFFER_BYTES, &w->gathered));
    lode_try(lode_take(arena, BUFFER_BYTES, &w->sorted));
    lode_try(lode_take_zero(arena, n_buckets, &w->sizes));
    lode_try(lode_take(arena, n_buckets, &w->starts));
    w->fd = open(w->aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (w->fd < 0) return lode_fail(LODE_E_DISK, "%s: %s", w->aside, strerror(errno));
    *writer = w;
    return LODE_OK;
}

static lode_status write_all(struct run_writer *writer, const void *data, size_t size)
{
    const uint8_t *at = data;
    while (size > 0) {
        const ssize_t wrote = write(writer->fd, at, size);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0)
            return lode_fail(LODE_E_DISK, "%s: %s (%zu bytes to write)", writer->aside,
                             strerror(errno), size);
        at += wrote;
        size -= (size_t)wrote;
        writer->written += (uint64_t)wrote;
    }
    return LODE_OK;
}

static lode_status extents_reserve(struct run_writer *writer, int64_t more)
{
    if (writer->n_extents + more <= writer->extents_room) return LODE_OK;
    const int64_t room = 2 * (writer->n_extents + more);
    struct extent *extents = NULL;
    uint32_t *buckets = NULL;
    lode_try(lode_take(writer->arena, room, &extents));
    lode_try(lode_take(writer->arena, room, &buckets));
    if (writer->n_extents > 0) {
        memcpy(extents, writer->extents, (size_t)writer->n_extents * sizeof *extents);
        memcpy(buckets, writer->extent_buckets, (size_t)writer->n_extents * sizeof *buckets);
    }
    writer->extents = extents;
    writer->extent_buckets = buckets;
    writer->extents_room = room;
    return LODE_OK;
}

/* One extent for each bucket that has pieces. */
static lode_status add_extents(struct run_writer *writer)
{
    int64_t filled = 0;
    for (int64_t b = 0; b < writer->n_buckets; b++) filled += writer->sizes[b] > 0;
    lode_try(extents_reserve(writer, filled));
    for (int64_t b = 0; b < writer->n_buckets; b++) {
        const uint64_t size = writer->sizes[b];
        if (size == 0) continue;
        const uint64_t start = writer->starts[b] - size; /* the scatter moved it to its end */
        const int64_t e = writer->n_extents++;
        writer->extents[e] = (struct extent){.offset = writer->written + start,
                                             .size = size,
                                             .hash = lode_hash(writer->sorted + start, size)};
        writer->extent_buckets[e] = (uint32_t)b;
    }
    return LODE_OK;
}

static lode_status flush(struct run_writer *writer)
{
    uint64_t total = 0;
    for (int64_t b = 0; b < writer->n_buckets; b++) {
        writer->starts[b] = total;
        total += writer->sizes[b];
    }
    for (size_t at = 0; at < writer->used;) {
        struct piece piece;
        memcpy(&piece, writer->gathered + at, sizeof piece);
        memcpy(writer->sorted + writer->starts[piece.bucket], writer->gathered + at + sizeof piece,
               piece.size);
        writer->starts[piece.bucket] += piece.size;
        at += sizeof piece + piece.size;
    }
    lode_try(add_extents(writer));
    lode_try(write_all(writer, writer->sorted, total));
    memset(writer->sizes, 0, (size_t)writer->n_buckets * sizeof *writer->sizes);
    writer->used = 0;
    return LODE_OK;
}

lode_status run_writer_room(struct run_writer *writer, size_t size, uint8_t **room)
{
    if (size > RUN_PIECE_LIMIT)
        return lode_fail(LODE_E_BUG, "a piece of %zu bytes for a run file, more than %d", size,
                         RUN_PIECE_LIMIT);
    if (writer->used + sizeof(struct piece) + size > BUFFER_BYTES) lode_try(flush(writer));
    *room = writer->gathered + writer->used + sizeof(struct piece);
    return LODE_OK;
}

void run_writer_put(struct run_writer *writer, int64_t bucket, size_t size)
{
    const struct piece piece = {.bucket = (uint32_t)bucket, .size = (uint32_t)size};
    memcpy(writer->gathered + writer->used, &piece, sizeof piece);
    writer->used += sizeof piece + size;
    writer->sizes[bucket] += size;
}

/* Extents by bucket (in the order they were written within one), by counting. */
static lode_status write_table(struct run_writer *writer)
{
    const size_t n_extents = (size_t)writer->n_extents;
    const size_t n_firsts = (size_t)writer->n_buckets + 1;
    struct extent *table = NULL;
    uint64_t *firsts = NULL;
    lode_try(lode_take(writer->arena, n_extents, &table));
    lode_try(lode_take_zero(writer->arena, n_firsts, &firsts));
    for (size_t e = 0; e < n_extents; e++) firsts[writer->extent_buckets[e] + 1]++;
    for (size_t b = 1; b < n_firsts; b++) firsts[b] += firsts[b - 1];
    memcpy(writer->starts, firsts, (size_t)writer->n_buckets * sizeof *firsts);
    for (size_t e = 0; e < n_extents; e++)
        table[writer->starts[writer->extent_buckets[e]]++] = writer->extents[e];
    const struct footer footer = {
        .magic = RUN_MAGIC, .n_extents = n_extents, .n_buckets = (uint64_t)writer->n_buckets};
    lode_try(write_all(writer, table, n_extents * sizeof *table));
    lode_try(write_all(writer, firsts, n_firsts * sizeof *firsts));
    return write_all(writer, &footer, sizeof footer);
}

lode_status run_writer_commit(struct run_writer *writer, uint64_t *size_bytes)
{
    lode_status status = LODE_OK;
    lode_try_done(flush(writer));
    lode_try_done(write_table(writer));
    const int closed = close(writer->fd); /* a full disk may show only here */
    writer->fd = -1;
    if (closed != 0 || rename(writer->aside, writer->path) != 0) {
        status = lode_fail(LODE_E_DISK, "%s: %s", writer->path, strerror(errno));
        goto done;
    }
    *size_bytes = writer->written;
    return LODE_OK;
done:
    run_writer_discard(writer);
    return status;
}

void run_writer_discard(struct run_writer *writer)
{
    if (!writer) return;
    if (writer->fd >= 0) close(writer->fd);
    writer->fd = -1;
    unlink(writer->aside);
}

static lode_status read_at(int fd, const char *path, uint64_t offset, void *data, size_t size)
{
    uint8_t *at = data;
    while (size > 0) {
        const ssize_t got = pread(fd, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return lode_fail(LODE_E_INPUT, "%s: %s at byte %llu", path,
                             got < 0 ? strerror(errno) : "the file ends",
                             (unsigned long long)offset);
        at += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return LODE_OK;
}

static lode_status check_footer(int fd, const char *path, uint64_t file_bytes, int64_t n_buckets,
                                struct footer *footer)
{
    struct stat status;
    if (fstat(fd, &status) != 0) return lode_fail(LODE_E_INPUT, "%s: %s", path, strerror(errno));
    if ((uint64_t)status.st_size != file_bytes || file_bytes < sizeof *footer)
        return lode_fail(LODE_E_INPUT, "%s has %lld bytes, not %llu", path,
                         (long long)status.st_size, (unsigned long long)file_bytes);
    lode_try(read_at(fd, path, file_bytes - sizeof *footer, footer, sizeof *footer));
    if (footer->magic != RUN_MAGIC || footer->n_buckets != (uint64_t)n_buckets ||
        footer->n_extents > file_bytes / sizeof(struct extent) ||
        (footer->n_buckets + 1) * sizeof(uint64_t) + footer->n_extents * sizeof(struct extent) >
            file_bytes - sizeof *footer)
        return lode_fail(LODE_E_INPUT, "%s is no run file of %lld buckets", path,
                         (long long)n_buckets);
    return LODE_OK;
}

/* The extents of a bucket: [count], from the arena, and the sum of their sizes. */
static lode_status read_extents(int fd, const char *path, uint64_t file_bytes,
                                const struct footer *footer, int64_t bucket,
                                struct lode_arena *arena, struct extent **extents, uint64_t *count,
                                size_t *total)
{
    uint64_t range[2];
    const uint64_t firsts_at =
        file_bytes - sizeof *footer - (footer->n_buckets + 1) * sizeof(uint64_t);
    const uint64_t table_at = firsts_at - footer->n_extents * sizeof **extents;
    lode_try(read_at(fd, path, firsts_at + (uint64_t)bucket * sizeof *range, range, sizeof range));
    if (range[0] > range[1] || range[1] > footer->n_extents)
        return lode_fail(LODE_E_INPUT, "%s: bucket %lld has no place", path, (long long)bucket);
    *count = range[1] - range[0];
    *total = 0;
    lode_try(lode_take(arena, *count, extents));
    lode_try(read_at(fd, path, table_at + range[0] * sizeof **extents, *extents,
                     *count * sizeof **extents));
    for (uint64_t e = 0; e < *count; e++) {
        const struct extent *extent = &(*extents)[e];
        if (extent->size > table_at || extent->offset > table_at - extent->size)
            return lode_fail(LODE_E_INPUT, "%s: an extent of bucket %lld is outside", path,
                             (long long)bucket);
        *total += extent->size;
    }
    return LODE_OK;
}

static lode_status read_bucket(int fd, const char *path, uint64_t file_bytes, int64_t n_buckets,
                               int64_t bucket, struct lode_arena *arena, uint8_t **data,
                               size_t *size)
{
    struct footer footer;
    struct extent *extents = NULL;
    uint64_t count = 0;
    size_t used = 0;
    lode_try(check_footer(fd, path, file_bytes, n_buckets, &footer));
    lode_try(read_extents(fd, path, file_bytes, &footer, bucket, arena, &extents, &count, size));
    lode_try(lode_take(arena, *size, data));
    for (uint64_t e = 0; e < count; e++) {
        lode_try(read_at(fd, path, extents[e].offset, *data + used, extents[e].size));
        if (lode_hash(*data + used, extents[e].size) != extents[e].hash)
            return lode_fail(LODE_E_INPUT, "%s: bytes %llu to %llu are damaged (checksum)", path,
                             (unsigned long long)extents[e].offset,
                             (unsigned long long)(extents[e].offset + extents[e].size));
        used += extents[e].size;
    }
    return LODE_OK;
}

lode_status run_read_bucket(const char *directory, const char *name, uint64_t file_bytes,
                            int64_t n_buckets, int64_t bucket, struct lode_arena *arena,
                            uint8_t **data, size_t *size)
{
    char *path = NULL;
    lode_try(join_path(directory, name, "", arena, &path));
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return lode_fail(LODE_E_INPUT, "%s: %s", path, strerror(errno));
    const lode_status status =
        read_bucket(fd, path, file_bytes, n_buckets, bucket, arena, data, size);
    close(fd);
    return status;
}
