/* Tally: what a leaf counts of one cohort under one KPI, and the list of tallies in its result.
 *
 * A list is the number of values that have sessions, then for each of them its index, users,
 * sessions (u64) and faulty (u64, binary KPI) or the exact sums of values and of squares (numeric
 * KPI; each f64 sum, f64 rest).
 */
#ifndef LODE_JOBS_OPPORTUNITIES_COHORT_TALLY_H
#define LODE_JOBS_OPPORTUNITIES_COHORT_TALLY_H

#include "common/wire/pack.h"
#include "jobs/opportunities/cohorts.h"
#include "jobs/opportunities/exact_sum.h"

#include <math.h>
#include <stdbool.h>

/* A cohort while it is counted: one cache line. Sessions are grouped by user, so distinct users
 * need no set: a tally remembers the user that it counted last. */
struct tally {
    int64_t users, sessions, faulty;
    int64_t last_user; /* index + 1 of the user that was counted last; 0: none */
    struct exact_sum sum, squares;
};

/* What one session adds to a cohort. `user` counts from 1. */
static inline void tally_mark(struct tally *t, uint8_t mark, int64_t user)
{
    const bool has_value = mark < 2;
    t->sessions += has_value;
    t->faulty += mark == 1;
    t->users += has_value & (t->last_user != user);
    t->last_user = has_value ? user : t->last_user;
}

static inline void tally_value(struct tally *t, double value, int64_t user)
{
    const bool has_value = !isnan(value);
    const double x = has_value ? value : 0.0;
    t->sessions += has_value;
    t->users += has_value & (t->last_user != user);
    t->last_user = has_value ? user : t->last_user;
    exact_sum_add(&t->sum, x);
    exact_sum_add(&t->squares, x * x);
}

/* The sessions of a partition under one KPI, and the cohort of each. */
struct tally_sessions {
    int64_t n_users;
    const int64_t *offsets; /* [n_users + 1] into sessions */
    const uint8_t *marks;   /* [sessions] binary KPI: 0, 1, 2 = no value; NULL: a numeric one */
    const double *values;   /* [sessions] numeric KPI: NaN = no value */
    const uint32_t *codes;  /* [sessions] cohort; n_codes and above: none */
    int64_t n_codes;
};

/* Zeroes and fills tallies [n_codes + 1]; the last one takes the sessions of no cohort. */
void tallies_count(const struct tally_sessions *in, struct tally *tallies);
/* Appends the list of the first n_values tallies. */
LODE_CHECKED lode_status tallies_pack(const struct tally *tallies, int64_t n_values, bool is_binary,
                                      struct lode_bytes *out);

/* The other side: lists added up in task order. Zero-initialise. */
struct tally_sums {
    struct exact_sum sum, squares;
};

/* The cells of n_values cohorts under one KPI, `stride` apart, and their sums beside them. */
struct tally_cells {
    int64_t n_values, stride;
    bool is_binary;
    struct cohort_cell *cells; /* users, sessions and faulty are added up here ... */
    struct tally_sums *sums;   /* ... and these go to the cells by tally_sums_store */
};

/* Adds one list, checked against the partition that it is of: LODE_E_MESSAGE when it can't be. */
LODE_CHECKED lode_status tally_cells_add(struct lode_unpack *in,
                                         const struct lode_partition *partition,
                                         const struct tally_cells *to);
/* sum and sum_squares of `n` cells. */
void tally_sums_store(const struct tally_sums *sums, int64_t n, struct cohort_cell *cells);

#endif
