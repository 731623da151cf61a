/* Comparison: which findings of one run are new, gone, changed or the same in another. Pure. */
#ifndef LODE_COORDINATOR_COMPARISON_H
#define LODE_COORDINATOR_COMPARISON_H

#include "common/memory.h"
#include "common/store/table.h"

enum difference_kind { FINDING_NEW, FINDING_GONE, FINDING_CHANGED, FINDING_SAME };

struct difference {
    enum difference_kind kind;
    int64_t before, after; /* rows; -1: not there */
};

/* The findings of one run: rows in order of rank, and their keys (run_findings.h). Borrowed. */
struct compared {
    const struct lode_table *table;
    char *const *keys; /* [table->n_rows] */
};

struct comparison {
    struct difference *list; /* new by rank; gone by rank before; changed, then the same, by rank */
    int64_t n;
    int64_t counts[FINDING_SAME + 1];
};

/* Findings with equal keys are the same one (should a key come several times in a run: the first
 * with the first, and so on). It has changed when one of the figures did:
 *
 *   |after - before| > threshold * max(|before|, |after|), or only one run has a number there
 *
 * The rank alone says nothing: one new finding at the top moves all others. `figures` ends with
 * NULL; one that either table lacks is not compared. Cost O(n log n). */
LODE_CHECKED lode_status findings_compare(const struct compared *before,
                                          const struct compared *after, const char *const *figures,
                                          double threshold, struct lode_arena *arena,
                                          struct comparison *comparison);

#endif
