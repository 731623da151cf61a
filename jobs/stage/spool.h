/* Spool: bytes in, the same bytes out once, of any number: in memory while they are few, else in a
 * scratch file. For the columns of a partition, whose number of rows is known only at the end.
 *
 * Spools of one set share its memory and its file.
 */
#ifndef LODE_JOBS_STAGE_SPOOL_H
#define LODE_JOBS_STAGE_SPOOL_H

#include "jobs/shuffle/scratch.h"

#include <string.h>

struct spool_set {
    struct shuffle_site site;
    size_t chunk_bytes;
    size_t memory_left; /* for chunks beside the one that each spool fills */
    int fd;             /* -1: nothing was spilled */
    uint64_t file_bytes;
};

/* `memory_bytes` of the site's arena are shared by `n_spools`, which must be right within a few; it
 * is taken chunk by chunk. Ends with spool_set_close. */
void spool_set_init(struct spool_set *set, const struct shuffle_site *site, size_t memory_bytes,
                    int64_t n_spools);
void spool_set_close(struct spool_set *set);

struct spool_chunk;

struct spool {
    struct spool_set *set;
    uint8_t *chunk; /* being filled */
    size_t used;
    struct spool_chunk *full; /* [n_full] */
    int64_t n_full, full_room;
    int64_t read_chunk; /* being read */
    size_t read_at;
};
/* Least memory of a spool. */
enum { SPOOL_CHUNK_LEAST = 4 << 10, SPOOL_CHUNK_MOST = 256 << 10 };

LODE_CHECKED lode_status spool_open(struct spool_set *set, struct spool *spool);
LODE_CHECKED lode_status spool_put_slowly(struct spool *spool, const void *data, size_t size);
LODE_CHECKED static inline lode_status spool_put(struct spool *spool, const void *data, size_t size)
{
    if (size > spool->set->chunk_bytes - spool->used) return spool_put_slowly(spool, data, size);
    if (size > 0) memcpy(spool->chunk + spool->used, data, size);
    spool->used += size;
    return LODE_OK;
}
/* The next `size` bytes of those that were put, which must be there. */
LODE_CHECKED lode_status spool_take(struct spool *spool, void *data, size_t size);

#endif
