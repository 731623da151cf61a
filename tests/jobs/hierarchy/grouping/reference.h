/* Reference: files of reference answers (data/counters/parity) as tables of text, and random series
 * for the tests of grouping. */
#ifndef LODE_TESTS_JOBS_HIERARCHY_GROUPING_REFERENCE_H
#define LODE_TESTS_JOBS_HIERARCHY_GROUPING_REFERENCE_H

#include "common/memory.h"

#include <stdint.h>

struct reference {
    int64_t n_columns, n_rows;
    char **names; /* [n_columns] */
    char **cells; /* [n_rows * n_columns] */
};

/* counters/parity/NAME of LODE_DATA (else ../shared/data beside the repository). Where it is not
 * there the test is skipped, or fails with CI=true. */
void reference_load(const char *name, struct lode_arena *arena, struct reference *table);
double reference_number(const struct reference *table, int64_t row, int64_t column);

/* Columns from the second on, as series, and their Gram matrix. */
struct reference_series {
    int64_t p, n;
    double **series; /* [p] of [n] */
    double *means, *gram;
};
void reference_load_series(const char *name, struct lode_arena *arena,
                           struct reference_series *out);

/* p series of n normal values; some of them, by the seed, are mixed from others: copies, mirrored
 * copies, sums of two, constants, others with little noise. */
void random_series(uint64_t seed, int64_t p, int64_t n, struct lode_arena *arena,
                   struct reference_series *out);

#endif
