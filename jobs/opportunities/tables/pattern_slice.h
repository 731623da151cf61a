/* Slice: the counts of one scenario and one k, cut out of what patterns_count returned. */
#ifndef LODE_JOBS_OPPORTUNITIES_PATTERN_SLICE_H
#define LODE_JOBS_OPPORTUNITIES_PATTERN_SLICE_H

#include "jobs/opportunities/scenarios.h"

struct pattern_slice {
    int k, n_classes;
    int64_t n;
    const uint64_t *keys;   /* [n] ascending */
    const uint32_t *counts; /* [n x n_classes] */
    uint64_t first_key;     /* of the cohort: key - first_key holds the tokens, base V */
    uint32_t faulty_mask[PATTERN_MAX_CLASSES]; /* all bits set where the class is faulty, else 0 */
    uint32_t normal_mask[PATTERN_MAX_CLASSES];
    /* both of sessions with a value; meaningful for a plan over all sessions */
    int64_t occurrences;
    struct patterns_left_out left_out; /* not among the keys */
    uint64_t least_sessions;           /* patterns of fewer make no row; the caller's, 0 is 1 */
};

/* k must lie within the scenario's plan. */
struct pattern_slice pattern_slice_of(const struct scenarios *scenarios,
                                      const struct scenario *scenario,
                                      const struct lode_store *store, int64_t n_tokens, int k);

/* Place of the pattern with these tokens [slice->k]; -1: it is not there. */
int64_t pattern_slice_find(const struct pattern_slice *slice, const uint32_t *tokens,
                           int64_t n_tokens);

/* Sessions of each outcome that have pattern i. */
static inline void pattern_slice_at(const struct pattern_slice *slice, int64_t i,
                                    uint32_t *faulty_with, uint32_t *normal_with)
{
    const uint32_t *counts = slice->counts + i * slice->n_classes;
    uint32_t faulty = 0, normal = 0;
    for (int c = 0; c < slice->n_classes; c++) {
        faulty += counts[c] & slice->faulty_mask[c];
        normal += counts[c] & slice->normal_mask[c];
    }
    *faulty_with = faulty;
    *normal_with = normal;
}

#endif
