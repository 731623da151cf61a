/* Merge: many sorted extents become one sorted stream, in bounded memory.
 *
 * Order: by key, then by the order of the inputs, then as they lie in their extent. Each extent
 * that is read needs memory for one of its frames; where there are more than the memory holds,
 * groups of neighbours are merged into a scratch file first, as often as needed.
 */
#ifndef LODE_JOBS_SHUFFLE_MERGE_H
#define LODE_JOBS_SHUFFLE_MERGE_H

#include "jobs/shuffle/extents.h"
#include "jobs/shuffle/scratch.h"

struct merge_input {
    const char *path; /* opened while it is read; or NULL: `fd`, the caller's */
    int fd;
    struct extent extent;
    int64_t source; /* of its records */
};

enum {
    MERGE_WIDTH = 256,                       /* most extents that are read at once */
    MERGE_LEAST_BYTES = 4 * EXTENT_OUT_BYTES /* least memory: two frames of usual size, and out */
};

struct merge;

/* Borrows `memory` (64-aligned, at least MERGE_LEAST_BYTES, and some 100 bytes an input) until the
 * end, which is merge_close; inputs [n] are copied. Nothing is taken from the arena but for records
 * larger than a frame. LODE_E_MEMORY when two extents with large records do not fit, LODE_E_DISK,
 * LODE_E_INPUT (damaged). */
LODE_CHECKED lode_status merge_open(const struct shuffle_site *site,
                                    const struct merge_input *inputs, int64_t n, void *memory,
                                    size_t size, struct merge **merge);
/* *more is false behind the last; the record is borrowed until the next call. */
LODE_CHECKED lode_status merge_next(struct merge *merge, struct shuffle_record *record, bool *more);
void merge_close(struct merge *merge); /* takes NULL */

#endif
