/* Header: what run a journal belongs to. Everything that decides the bytes of its results stands in
 * it: job, version, parameters, the input's files, options; and which earlier segments count, up to
 * where. Pure.
 */
#ifndef LODE_COORDINATOR_JOURNAL_HEADER_H
#define LODE_COORDINATOR_JOURNAL_HEADER_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>

/* Format 1 has no library. */
enum { HEADER_FORMAT = 2 };

/* One file of the store, as it was. */
struct input_file {
    const char *name; /* in the store's folder */
    uint64_t size;
    int64_t modified_ns; /* since 1970 */
    uint64_t sample;     /* XXH3 of some blocks of it (inputs.h) */
    uint64_t whole;      /* XXH3 of all of it */
};

struct header_param {
    const char *name, *value;
};

/* An earlier segment: its first size_bytes count, the rest was cut. */
struct header_segment {
    uint64_t epoch, size_bytes;
};

struct header {
    const char *version, *job, *store; /* store: its absolute path */
    const char *library;               /* absolute path of the one that the job is in; "": none */
    uint64_t library_hash;             /* XXH3 of that file */
    uint64_t epoch;                    /* of the segment that begins with this */
    bool allow_partial;
    struct header_param *params;
    int64_t n_params;
    struct input_file *inputs;
    int64_t n_inputs;
    struct header_segment *earlier; /* in order */
    int64_t n_earlier;
};

LODE_CHECKED lode_status header_encode(const struct header *header, struct lode_bytes *out);
/* Lists and texts come from the arena. LODE_E_MESSAGE: no header of ours; LODE_E_INPUT: a newer
 * format, of which no more is read than its number and version. */
LODE_CHECKED lode_status header_decode(const void *data, size_t size, struct lode_arena *arena,
                                       struct header *header);

/* Whether the run of `header` can go on with this version, with this value of a parameter.
 * LODE_E_USAGE names the difference. */
LODE_CHECKED lode_status header_check_version(const struct header *header, const char *version);
LODE_CHECKED lode_status header_check_param(const struct header *header, const char *name,
                                            const char *value);

#endif
