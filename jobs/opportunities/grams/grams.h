/* Grams: counts, for every k-gram of tokens, the sessions of each class that hold it.
 *
 * Pure: arrays in, one encoded list (gram_list.h) out. Three ways to count, chosen by the size of
 * the key space and the number of events; all give the same bytes.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GRAMS_H
#define LODE_JOBS_OPPORTUNITIES_GRAMS_H

#include "jobs/opportunities/grams/gram_list.h"

#define GRAM_NO_COHORT UINT32_MAX

/* The sessions of one partition. */
struct gram_sessions {
    int64_t n_sessions;
    const int64_t *starts;   /* [n_sessions + 1] offsets into tokens, ascending */
    const uint32_t *tokens;  /* [starts[n_sessions]], each < n_tokens of the space */
    const uint32_t *cohorts; /* [n_sessions] < n_cohorts, GRAM_NO_COHORT: left out; NULL: all 0 */
    const uint8_t *classes;  /* [n_sessions] < n_classes */
};

enum gram_way {
    GRAM_WAY_BEST,
    GRAM_WAY_TABLE,   /* one table of all keys */
    GRAM_WAY_BUCKETS, /* items scattered to ranges of keys, one table after the other */
    GRAM_WAY_SORT     /* items sorted */
};

/* Appends the list of the space's k to `out`. Consecutive tokens of a session make a gram; a
 * session counts once for each of its grams, however often it holds it; the occurrences of the
 * list count every time, per class.
 *
 *   way    GRAM_WAY_BEST; tests force the others. LODE_E_USAGE where a way cannot: a table of more
 *          than 2^31 bytes, more than 4096 buckets
 *   arena  scratch, given back on return: 4 bytes an event (buckets), 16 (sort)
 *
 * On failure `out` is as before. Fails with LODE_E_USAGE (key space), LODE_E_MEMORY. Cost linear in
 * events. Integer work only: same bytes on every machine.
 */
LODE_CHECKED lode_status grams_count(const struct gram_sessions *sessions,
                                     const struct gram_space *space, enum gram_way way,
                                     struct lode_arena *arena, struct lode_bytes *out);

#endif
