/* What the sources of an open partition of counters share; nobody else includes this.
 *
 * The files of later generations follow on each other in time; where a store has slots, the first
 * slot of a later file may be the last of the one before, continued: then the later one counts.
 */
#ifndef LODE_COMMON_COUNTERS_PRIVATE_H
#define LODE_COMMON_COUNTERS_PRIVATE_H

#include "common/store/counters.h"

/* One file, as it lies. */
struct counters_part_file {
    struct lode_hdf *hdf;
    int64_t n;                 /* components */
    int64_t *time_offsets;     /* [n + 1] */
    int64_t *value_offsets;    /* [n + 1] */
    int64_t *counter_offsets;  /* [n + 1] */
    const int64_t *components; /* [n] indices in the store */
    const int64_t *counters;   /* [counter_offsets[n]] likewise */
};

/* A component in one file. */
struct counters_part_span {
    const char *name;
    int64_t component;
    int64_t file, row;
    int64_t n_times; /* that count */
};

struct lode_counters {
    struct lode_arena *arena; /* holds all this */
    int64_t n_files;
    struct counters_part_file *files;
    char *const *counter_names; /* [n_counters] of the store */
    int64_t n_counters;
    char *const *component_names;
    int64_t n_components;
    int64_t n_blocks;
    struct lode_counters_block *blocks;
    int64_t *block_of;   /* [n_components] -1: the partition has none */
    int64_t *first_span; /* [n_blocks + 1] */
    struct counters_part_span *spans;
};

#endif
