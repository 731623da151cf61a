/* Query range: the answer of Prometheus' HTTP API to query_range (and of what speaks like it), read
 * as a stream: series by series, sample by sample, in memory that depends on the labels of one
 * series alone. Such a file is one JSON object, often on one line of hundreds of MB.
 *
 *   {"status":"success","data":{"resultType":"matrix","result":[
 *     {"metric":{"__name__":"up","instance":"a:9100"},"values":[[1700000000,"1"],...]},...]}}
 *
 * Keys may stand in any order and further keys are skipped, but a series says its `metric` before
 * its `values`. Whatever is not of this form ends the reading with LODE_E_INPUT: path, byte (of the
 * unpacked text), number of the series, reason.
 */
#ifndef LODE_COMMON_QUERY_RANGE_H
#define LODE_COMMON_QUERY_RANGE_H

#include "common/error.h"
#include "common/input/input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LODE_QUERY_LABELS_LIMIT = 256,    /* labels of a series */
    LODE_QUERY_LABEL_BYTES = 1 << 16, /* of all of them, names and values */
    LODE_QUERY_NUMBER_LIMIT = 63,     /* bytes of a time or value */
    LODE_QUERY_DEPTH_LIMIT = 64,      /* nesting, also of what is skipped */
    LODE_QUERY_TOKEN_LIMIT = 1 << 20  /* bytes without a value: no text is longer */
};

struct lode_label {
    const char *name, *value; /* UTF-8 without NUL */
};

/* Borrowed while the series is read. */
struct lode_query_series {
    int64_t number; /* from 1, in the order of the file */
    int n_labels;
    const struct lode_label *labels; /* [n_labels] in order of the names, each name once */
};

/* Borrowed during the call. */
struct lode_query_sample {
    const char *time, *value; /* as written, zero-terminated */
    bool is_histogram;        /* a native histogram, which is no number: value is "" */
};

/* Called in the order of the file; what they return ends the reading, told with path and byte. */
struct lode_query_taker {
    lode_status (*series)(void *context, const struct lode_query_series *series);
    lode_status (*sample)(void *context, const struct lode_query_sample *sample);
    void *context;
};

/* Is the file, whatever its name and packing, such an answer? Decided by the first object of its
 * first 64 KiB: `data` holds `resultType` or `result` (JSON Lines have no columns inside of an
 * object), or it is an error and nothing else. Files that cannot be read are none.
 * *is_packed: it is gzip or zstd. */
bool lode_query_range_is(const char *path, bool *is_packed);

/* Reads to the end of the file. LODE_E_INPUT also for an answer that is an error (with its words)
 * and for other result types (vector, scalar, string), by name. */
LODE_CHECKED lode_status lode_query_range_read(const char *path,
                                               const struct lode_query_taker *taker);
/* The same over an input, which stays the caller's; its block is what is parsed at once. */
LODE_CHECKED lode_status lode_query_range_read_input(struct lode_input *input,
                                                     const struct lode_query_taker *taker);

#endif
