/* Dictionary: the words of event names and attributes, first per range, then of the whole store.
 *
 * A parse task numbers the words of its range in order of first use and puts them into its run; the
 * coordinator merges those lists (vocabulary.h), sorted by bytes, and writes for every range a map
 * from its numbers to the codes of the store. Column 0 is the event names, column 1 + a attribute
 * a.
 */
#ifndef LODE_JOBS_STAGE_SHUFFLE_DICTIONARY_H
#define LODE_JOBS_STAGE_SHUFFLE_DICTIONARY_H

#include "common/store/store.h"
#include "jobs/shuffle/runs.h"
#include "jobs/stage/plan.h"
#include "jobs/stage/shuffle/records.h"

/* The words of one column as pieces of a bucket, in order. */
LODE_CHECKED lode_status dictionary_put_words(struct run_writer *run, int64_t bucket,
                                              uint32_t column, char *const *words, int64_t count);
/* The lists of a bucket: lists[n_columns]; words from the arena. LODE_E_INPUT. */
LODE_CHECKED lode_status dictionary_get_words(const uint8_t *data, size_t size, int64_t n_columns,
                                              struct lode_arena *arena,
                                              struct lode_dictionary *lists);

/* The maps of one range as pieces of a bucket: [n_columns] counts, then the maps. */
LODE_CHECKED lode_status dictionary_put_maps(struct run_writer *run, int64_t bucket,
                                             int64_t n_columns, const struct lode_dictionary *lists,
                                             uint32_t *const *maps);

/* Codes of the store for the records of one run. */
struct code_map {
    int64_t n_columns;      /* 0: records hold codes of the store already */
    const uint32_t *counts; /* [n_columns] */
    const uint32_t **maps;  /* [n_columns] */
};
/* Reads the maps of the range that `run`'s codes are of. */
LODE_CHECKED lode_status code_map_read(const struct stage_plan *plan, const char *directory,
                                       const struct stage_run *run, struct lode_arena *arena,
                                       struct code_map *map);
/* Replaces event names [n]. LODE_E_INPUT when one is outside. */
LODE_CHECKED lode_status code_map_names(const struct code_map *map, uint32_t *names, int64_t n);
/* Replaces event name and attribute codes; cells of dropped attributes go. LODE_E_INPUT when a code
 * is outside. */
LODE_CHECKED lode_status code_map_apply(const struct code_map *map, const struct stage_plan *plan,
                                        struct record *record);

#endif
