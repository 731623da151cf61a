/* Spool: chunks of equal size. A full one stays in memory while the set has any left for the next,
 * else it goes to the file and its memory is filled anew. What lies in the file is read in the
 * order in which it was written, so its blocks come from the page cache or by read-ahead.
 */
#include "jobs/stage/spool.h"

#include <unistd.h>

static const char scratch_name[] = "a scratch file of columns";

struct spool_chunk {
    uint8_t *memory; /* NULL: in the file */
    uint64_t offset;
};

void spool_set_init(struct spool_set *set, const struct shuffle_site *site, size_t memory_bytes,
                    int64_t n_spools)
{
    size_t chunk = memory_bytes / 4 / (size_t)(n_spools < 1 ? 1 : n_spools) / 64 * 64;
    if (chunk > SPOOL_CHUNK_MOST) chunk = SPOOL_CHUNK_MOST;
    if (chunk < SPOOL_CHUNK_LEAST) chunk = SPOOL_CHUNK_LEAST;
    const size_t first = chunk * (size_t)n_spools;
    *set = (struct spool_set){.site = *site,
                              .chunk_bytes = chunk,
                              .memory_left = memory_bytes > first ? memory_bytes - first : 0,
                              .fd = -1};
}

void spool_set_close(struct spool_set *set)
{
    if (set->fd >= 0) close(set->fd);
    set->fd = -1;
}

lode_status spool_open(struct spool_set *set, struct spool *spool)
{
    *spool = (struct spool){.set = set};
    return lode_take(set->site.arena, set->chunk_bytes, &spool->chunk);
}

static lode_status reserve(struct spool *spool)
{
    if (spool->n_full < spool->full_room) return LODE_OK;
    const int64_t room = 2 * spool->full_room + 16;
    struct spool_chunk *full = NULL;
    lode_try(lode_take(spool->set->site.arena, room, &full));
    if (spool->n_full > 0) memcpy(full, spool->full, (size_t)spool->n_full * sizeof *full);
    spool->full = full;
    spool->full_room = room;
    return LODE_OK;
}

/* Makes room for a chunk. */
static lode_status next_chunk(struct spool *spool)
{
    struct spool_set *set = spool->set;
    lode_try(reserve(spool));
    if (set->memory_left >= set->chunk_bytes) {
        spool->full[spool->n_full++] = (struct spool_chunk){.memory = spool->chunk};
        set->memory_left -= set->chunk_bytes;
        spool->used = 0;
        return lode_take(set->site.arena, set->chunk_bytes, &spool->chunk);
    }
    if (set->fd < 0) lode_try(scratch_open(set->site.directory, &set->fd));
    lode_try(scratch_write(set->fd, scratch_name, set->file_bytes, spool->chunk, set->chunk_bytes));
    spool->full[spool->n_full++] = (struct spool_chunk){.offset = set->file_bytes};
    set->file_bytes += set->chunk_bytes;
    spool->used = 0;
    return LODE_OK;
}

lode_status spool_put_slowly(struct spool *spool, const void *data, size_t size)
{
    const uint8_t *at = data;
    while (size > 0) {
        const size_t room = spool->set->chunk_bytes - spool->used;
        const size_t now = size < room ? size : room;
        memcpy(spool->chunk + spool->used, at, now);
        spool->used += now;
        at += now;
        size -= now;
        if (spool->used == spool->set->chunk_bytes) lode_try(next_chunk(spool));
    }
    return LODE_OK;
}

/* Part of one chunk. */
static lode_status read_chunk(struct spool *spool, uint8_t *out, size_t size)
{
    const bool is_last = spool->read_chunk == spool->n_full;
    const uint8_t *memory = is_last ? spool->chunk : spool->full[spool->read_chunk].memory;
    if (memory) {
        memcpy(out, memory + spool->read_at, size);
        return LODE_OK;
    }
    return scratch_read(spool->set->fd, scratch_name,
                        spool->full[spool->read_chunk].offset + spool->read_at, out, size);
}

lode_status spool_take(struct spool *spool, void *data, size_t size)
{
    uint8_t *out = data;
    while (size > 0) {
        const bool is_last = spool->read_chunk == spool->n_full;
        const size_t left = (is_last ? spool->used : spool->set->chunk_bytes) - spool->read_at;
        const size_t now = size < left ? size : left;
        if (left == 0 && is_last)
            return lode_fail(LODE_E_BUG, "%zu bytes more than were put into a spool", size);
        lode_try(read_chunk(spool, out, now));
        spool->read_at += now;
        out += now;
        size -= now;
        if (spool->read_at == spool->set->chunk_bytes && !is_last) {
            spool->read_chunk++;
            spool->read_at = 0;
        }
    }
    return LODE_OK;
}
