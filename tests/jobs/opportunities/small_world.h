/* A small world for tests of tables and findings: a store in memory (no file) and counts that a
 * person can check by head.
 *
 * KPIs: kpi_fail (0/1) and kpi_seconds (a number). Attribute os with the words ios and web.
 * Tokens: error, login, pay. 50 sessions, 10 of them faulty; 20 of ios, 30 of web.
 */
#ifndef LODE_TESTS_JOBS_OPPORTUNITIES_SMALL_WORLD_H
#define LODE_TESTS_JOBS_OPPORTUNITIES_SMALL_WORLD_H

#include "jobs/opportunities/cohorts.h"
#include "jobs/opportunities/opportunity_options.h"
#include "jobs/opportunities/scenarios.h"

enum { ERROR, LOGIN, PAY, N_TOKENS }; /* tokens in the order of their bytes */
enum { FAIL, SECONDS, N_KPIS };
enum { MOST_PATTERNS = 32 };

struct small_world {
    struct lode_arena *arena;
    struct lode_kpi kpis[N_KPIS];
    struct lode_attribute os;
    struct lode_store store;
    struct lode_params *params;
    struct opportunity_options options;
    struct pattern_tokens tokens;

    struct cohort_cell all[N_KPIS];
    struct cohort_cell os_cells[2 * N_KPIS];        /* ios, web */
    struct cohort_cell lifecycle_cells[3 * N_KPIS]; /* all, session_index=1, session_index=2 */
    struct cohort_set sets[3];
    struct cohort_cell pair_cells[2 * N_KPIS];
    int64_t pair_values[2][2];
    bool pair_is_kept[2 * N_KPIS];
    bool are_large[3]; /* values of either set in the pairs */
    struct cohort_counts cohorts;

    struct scenarios scenarios;
    uint64_t keys[8][MOST_PATTERNS];
    uint32_t counts[8][2 * MOST_PATTERNS];
    int n_used; /* of keys and counts */
};

/* Options come from `settings` ("k=1..2"), which end with NULL. Counts of patterns are empty. */
void small_world_init(struct small_world *world, const char *const *settings);
/* Adds the pairs first sessions on ios (6 sessions of 6 users, 5 faulty) and on web (19, none), of
 * kpi_fail alone. */
void small_world_add_pairs(struct small_world *world);
void small_world_clear(struct small_world *world);

/* One pattern of a plan and its sessions. */
struct small_pattern {
    uint32_t cohort;
    uint32_t tokens[PATTERN_MAX_K]; /* the first k of them */
    uint32_t faulty, normal;
};

/* The patterns of length k of plan `plan`, in ascending order, end with faulty = normal = 0. */
void small_world_count(struct small_world *world, int plan, int k,
                       const struct small_pattern *patterns);

#endif
