/* A folder, an arena, and records made from a seed: what the tests of the shuffle share. */
#ifndef LODE_TESTS_JOBS_SHUFFLE_SHUFFLE_WORLD_H
#define LODE_TESTS_JOBS_SHUFFLE_SHUFFLE_WORLD_H

#include "tests/unit.h"

#include "common/stats/random.h"
#include "jobs/shuffle/merge.h"
#include "jobs/shuffle/runs.h"
#include "jobs/shuffle/sorter.h"

struct world {
    char directory[64];
    struct lode_arena *arena;
    struct shuffle_site site;
    struct lode_random random;
};

int world_setup(void **state);
int world_teardown(void **state); /* fails when something is left in the folder */

uint64_t world_random(struct world *w); /* the next number of the seed */
void world_seed(struct world *w);       /* of this run: LODE_SEED, else one of its own; printed */

/* n records: keys of 0 to 20 bytes of few kinds, some with a long common beginning, values of 8
 * bytes (the record's number) and now and then many more. Malloc'd, with world_free. */
struct shuffle_record *world_records(struct world *w, int64_t n);
void world_free(struct shuffle_record *records, int64_t n);
/* The same sorted by key, equal ones in their order. */
void world_sort(struct shuffle_record *records, int64_t n);
void assert_same_record(const struct shuffle_record *expected, const struct shuffle_record *actual);

struct shuffle_record world_record(const char *key, const char *value);

#endif
