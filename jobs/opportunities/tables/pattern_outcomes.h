/* Outcomes of patterns: in how many faulty and normal sessions a pattern occurs, and all that
 * follows from it.
 *
 * Millions of patterns of one scenario and one length share a few thousand pairs of counts. So a
 * row of table `patterns` is a pattern and the number of its outcome; rates, tests and verdicts are
 * made and kept once per outcome.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_PATTERN_OUTCOMES_H
#define LODE_JOBS_OPPORTUNITIES_PATTERN_OUTCOMES_H

#include "jobs/opportunities/scenarios.h"
#include "jobs/opportunities/tables/pattern_slice.h"

/* Each array is [n]. */
struct pattern_outcomes {
    int64_t n;
    int64_t *n_rows; /* patterns that have it, >= 1 */
    uint32_t *kpi;   /* index into store->kpis */
    uint32_t *cohort;
    uint8_t *k;
    uint32_t *faulty_with, *normal_with, *faulty_total, *normal_total;
    double *faulty_rate, *normal_rate; /* with / total; NaN where the total is 0 */
    double *ratio;                     /* faulty_rate / normal_rate; inf where that is 0 */
    double *p, *q;
    uint8_t *expert; /* expert pattern passes */
};

/* Numbers pairs of counts in order of first use, slice after slice; no slice shares any with
 * another. Zero-initialised but for the arena, which is scratch: it lives until
 * pattern_outcomes_make. */
struct outcome_numbering {
    struct lode_arena *arena;
    int64_t n;     /* outcomes so far */
    int64_t first; /* of the slice that is being numbered */
    int64_t room;
    uint64_t
        *pairs; /* [n] faulty_with << 32 | normal_with; never 0: some session has the pattern */
    int64_t *n_rows;            /* [n] */
    struct outcome_slot *slots; /* [1 << slot_bits] */
    int slot_bits;
};

/* Patterns of the slice that make rows: faulty_with >= least, and any session (or least_sessions of
 * the slice) has it. */
int64_t pattern_slice_kept(const struct pattern_slice *slice, int64_t least);

/* Numbers the rows of a slice. codes, keys: [pattern_slice_kept]; keys NULL: not wanted. Fails with
 * LODE_E_MEMORY. */
LODE_CHECKED lode_status outcomes_number(struct outcome_numbering *numbering,
                                         const struct pattern_slice *slice, int64_t least,
                                         uint32_t *codes, uint64_t *keys);

/* Arrays for all outcomes numbered, with their counts; the rest is filled scenario by scenario. */
LODE_CHECKED lode_status pattern_outcomes_make(const struct outcome_numbering *numbering,
                                               struct lode_arena *arena,
                                               struct pattern_outcomes *outcomes);
/* Everything but k and q of outcomes [first, end), which are the scenario's. LODE_E_MEMORY. */
LODE_CHECKED lode_status pattern_outcomes_fill(struct pattern_outcomes *outcomes,
                                               const struct scenario *scenario,
                                               const struct opportunity_options *options,
                                               int64_t first, int64_t end);

#endif
