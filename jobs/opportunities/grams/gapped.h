/* Gapped grams: k tokens of a session in their order, whatever lies between them.
 *
 * "login, later timeout" is in a session if some login comes before some timeout. Only the first
 * place of the first token and the last place of the last one matter, so the work of a session is
 * bounded by its events times its distinct tokens, and those to the power of k, not by its length
 * to the power of k.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GRAMS_GAPPED_H
#define LODE_JOBS_OPPORTUNITIES_GRAMS_GAPPED_H

#include "jobs/job.h"
#include "jobs/opportunities/grams/grams.h"

enum { GAPPED_MAX_K = 3, GAPPED_MOST_DISTINCT = 1024 };

struct gapped_options {
    int64_t most_distinct;  /* 2..GAPPED_MOST_DISTINCT; of a session's distinct tokens the first so
                             * many take part, and the events of the others are left out */
    int64_t chunk;          /* grams that are sorted at once; 0: 2^20, 16 MiB. Tests lower it */
    struct lode_task *task; /* told of each chunk; NULL: nobody is */
};

/* Appends the list of the space's k, 2 or 3, to `out`, as grams_count does; but the occurrences of
 * the list are the sessions, per class, that have more than most_distinct tokens. Sessions without
 * a cohort are left out of both.
 *
 *   arena  scratch, given back on return: 16 bytes a gram of a chunk, and the sum of the lists of
 *          all chunks
 *
 * Exact but for the sessions with more tokens. On failure `out` is as before. LODE_E_USAGE (key
 * space), LODE_E_MEMORY, LODE_E_STOPPED (the task is not wanted any more). Integer work only: same
 * bytes on every machine. */
LODE_CHECKED lode_status gapped_count(const struct gram_sessions *sessions,
                                      const struct gram_space *space,
                                      const struct gapped_options *options,
                                      struct lode_arena *arena, struct lode_bytes *out);

/* Places of the tokens of a pattern in a session: the match that ends first, and of those the one
 * that begins last. False: there is none. places [k], ascending. */
bool gapped_match(const uint32_t *tokens, int64_t n, const uint32_t *pattern, int k,
                  int64_t *places);

#endif
