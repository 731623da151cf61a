/* Tally: what a leaf counts of one cohort under one KPI, and the list of tallies in its result.
 *
 *     lode_try(tally_users_make(part.n_users, offsets, arena, &users));
 *     lode_try(tally_kpi_make(&users, kpis, i, arena, &kpis[i]));              for each KPI
 *     lode_try(tally_cohorts_of_codes(&users, codes, n, arena, &cohorts));     for each attribute
 *     tallies_count(&users, &kpis[i], &cohorts, tallies);                      ... and KPI
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

/* Sets of sessions are bits: session s is bit s % 64 of word s / 64; bits behind the last are 0. */
static inline int64_t session_words(int64_t n_sessions)
{
    return (n_sessions + 63) / 64;
}

/* The sessions of a partition; tally_users_make finds where users end. */
struct tally_users {
    int64_t n_users, n_sessions;
    const int64_t *offsets;    /* [n_users + 1] into sessions */
    const uint64_t *last_ones; /* set of the last sessions of users */
};
LODE_CHECKED lode_status tally_users_make(int64_t n_users, const int64_t *offsets,
                                          struct lode_arena *arena, struct tally_users *users);

/* A KPI of these sessions; tally_kpi_make fills in the sets. */
struct tally_kpi {
    const uint8_t *marks;   /* [sessions] binary KPI: 0, 1, 2 = no value; NULL: a numeric one */
    const double *values;   /* [sessions] numeric KPI: NaN = no value */
    const uint64_t *known;  /* set of the sessions that have a value */
    const uint64_t *faulty; /* set, of a binary KPI */
};
/* `others` [n_others] are made: where one knows the same sessions, so do both with one set. */
LODE_CHECKED lode_status tally_kpi_make(const struct tally_users *users,
                                        const struct tally_kpi *others, int64_t n_others,
                                        struct lode_arena *arena, struct tally_kpi *kpi);

enum { TALLY_MOST_SETS = 16 }; /* values of an attribute that is counted by sets, at most */

/* Cohorts that do not overlap, by codes or by sets. */
struct tally_cohorts {
    int64_t n;
    const uint32_t *codes; /* [sessions] cohort; n and above: none; NULL: sets are given */
    const uint64_t **sets; /* [n]; NULL: too many */
    /* Of the KPI that was counted last, for those that know the same sessions: */
    const uint64_t *counted;
    int64_t users[TALLY_MOST_SETS], sessions[TALLY_MOST_SETS];
};
/* Cohorts by the codes of an attribute; by sets where they are few. The codes are borrowed. */
LODE_CHECKED lode_status tally_cohorts_of_codes(const struct tally_users *users,
                                                const uint32_t *codes, int64_t n,
                                                struct lode_arena *arena,
                                                struct tally_cohorts *cohorts);
/* Cohorts `false` and `true` by the set of sessions that are true and of those that have a value.
 * The sets are borrowed. */
LODE_CHECKED lode_status tally_cohorts_of_bool(const struct tally_users *users,
                                               const uint64_t *is_true, const uint64_t *has_value,
                                               struct lode_arena *arena,
                                               struct tally_cohorts *cohorts);

/* Zeroes and fills tallies [cohorts->n + 1]; the last one is scratch. By sets, a cohort and a
 * binary KPI cost a few operations for each 64 sessions. The same counts and sums, to the bit,
 * either way. */
void tallies_count(const struct tally_users *users, const struct tally_kpi *kpi,
                   struct tally_cohorts *cohorts, struct tally *tallies);
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
