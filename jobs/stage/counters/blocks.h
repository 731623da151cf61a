/* Blocks: the [time x counter] blocks of a partition: rows in, component by component and in order
 * of time; columns out, each counter's series in one piece, in bounded memory.
 *
 * Rows gather in a panel; a full one is turned and goes to a scratch file, column after column. The
 * partition's file is then written by reading each column off its panels. Nothing but what is known
 * of a component (its name, times, counters) grows with the rows.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_BLOCKS_H
#define LODE_JOBS_STAGE_COUNTERS_BLOCKS_H

#include "common/store/counters.h"
#include "jobs/shuffle/scratch.h"

struct blocks;

/* `memory_bytes` of the site's arena for rows: the more, the longer the pieces in which they are
 * written and read. Ends with blocks_close. */
LODE_CHECKED lode_status blocks_create(const struct shuffle_site *site, size_t memory_bytes,
                                       bool has_slots, struct blocks **blocks);
/* Takes NULL. */
void blocks_close(struct blocks *blocks);

/* The next component, in order of names: counters [n] likewise in order. LODE_E_MEMORY when not
 * even one row of it fits. */
LODE_CHECKED lode_status blocks_begin(struct blocks *blocks, const char *name,
                                      const char *const *counters, int64_t n);
/* Its next row, times ascending: values [n of counters]. */
LODE_CHECKED lode_status blocks_row(struct blocks *blocks, int64_t time, const double *values);

/* What is said of a component at its end. */
struct blocks_end {
    int64_t first_ms, last_ms;         /* of its samples */
    int64_t slot_ms;                   /* 0: the step is the native one */
    bool continues;                    /* its first row replaces the last one that is staged */
    const struct lode_open_slot *open; /* [n of counters] with slots */
};
LODE_CHECKED lode_status blocks_finish(struct blocks *blocks, const struct blocks_end *end);

int64_t blocks_count(const struct blocks *blocks);
/* All data sets of the partition. Once. LODE_E_DISK. */
LODE_CHECKED lode_status blocks_write(struct blocks *blocks, struct lode_hdf *file);
/* Components, times, values; then of each component what schema.h reads; then the counters. */
LODE_CHECKED lode_status blocks_pack(struct blocks *blocks, struct lode_bytes *out);

#endif
