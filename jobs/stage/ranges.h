/* Ranges: the stretches of the input files, one to a parse task, and whether what was read of them
 * fits together. Pure.
 *
 * A plain file is cut every so many bytes, a packed one is one range. A record belongs to the range
 * that holds its first byte. Where the first record of a range begins is a guess (lode_rows_range):
 * right unless the border lies within quotes. So each reading tells where its first record began
 * and where its last one ended; the end of one must be the beginning of the next. Where it is not,
 * that range is read again from where the one before ended, round after round until all fit. Then
 * they are what one reading of the whole file would have been, for any bytes.
 */
#ifndef LODE_JOBS_STAGE_RANGES_H
#define LODE_JOBS_STAGE_RANGES_H

#include "common/memory.h"
#include "common/wire/pack.h"
#include "jobs/stage/plan.h"

enum {
    RANGE_BYTES = 16 << 20,
    RANGES_LIMIT = 1 << 16 /* beyond it ranges get larger, so that the coordinator can hold them */
};

struct stage_range {
    int64_t file;
    uint64_t begin, end; /* bytes of the file; a packed file: 0, UINT64_MAX */

    /* How it is to be read next. */
    bool is_exact;  /* a record begins at `start`; else to be guessed from `begin` */
    uint64_t start; /* begin <= start < end */

    /* What was read last. */
    int n_readings;
    uint64_t first; /* byte at which its first record began */
    uint64_t next;  /* byte behind its last record */
    int64_t n_lines;
    const char
        *fault; /* why reading had to stop, on line fault_line counted from `first`; or NULL */
    int64_t fault_line;

    /* Where it is in the chain; final once ranges_settle finds nothing to be done. */
    bool is_empty; /* lies within a record of an earlier range: what was read of it counts not */
    int64_t lines_before; /* lines of the file before `first` */
};

/* Cuts plan->files, in order; the array is the arena's. `range_bytes` >= 1. */
LODE_CHECKED lode_status ranges_cut(const struct stage_plan *plan, uint64_t range_bytes,
                                    struct lode_arena *arena, struct stage_range **ranges,
                                    int64_t *n);

/* Follows the chain through all files, every range having been read at least once. Those to be
 * read again get their start and are listed in again[0..*n_again); *fault is the first range whose
 * fault is one of the file, or NULL. Each round settles at least one range more. O(n). */
void ranges_settle(struct stage_range *ranges, int64_t n, int64_t *again, int64_t *n_again,
                   const struct stage_range **fault);

/* What a parse task gets. */
LODE_CHECKED lode_status range_pack(const struct stage_range *range, int64_t number,
                                    struct lode_bytes *out);
/* file, begin, end, is_exact, start. LODE_E_MESSAGE. */
LODE_CHECKED lode_status range_unpack(const void *data, size_t size, struct stage_range *range,
                                      int64_t *number);

/* What a parse task says first. */
LODE_CHECKED lode_status range_pack_reading(const struct stage_range *range,
                                            struct lode_bytes *out);
/* first, next, n_lines, fault (from the arena), fault_line. LODE_E_MESSAGE. */
LODE_CHECKED lode_status range_unpack_reading(struct lode_unpack *in, struct lode_arena *arena,
                                              struct stage_range *range);

#endif
