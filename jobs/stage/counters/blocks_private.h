/* What the sources of blocks share; nobody else includes this. */
#ifndef LODE_JOBS_STAGE_COUNTERS_BLOCKS_PRIVATE_H
#define LODE_JOBS_STAGE_COUNTERS_BLOCKS_PRIVATE_H

#include "jobs/stage/counters/blocks.h"
#include "lode/table.h"

#define BLOCKS_SCRATCH_NAME "a scratch file of blocks"

struct panel {
    uint64_t offset; /* of its times */
    int64_t n_rows;
};

struct block {
    const char *name;
    int64_t n_times, n_counters;
    int64_t first_panel, n_panels;
    int64_t first_code; /* of codes */
    int64_t first_ms, last_ms, step_ms;
    bool continues;
};

struct blocks {
    struct shuffle_site site;
    bool has_slots;
    int fd;
    uint64_t file_bytes;

    struct lode_words *names; /* of counters, in order of first use */
    struct block *list;
    int64_t n, list_room;
    struct panel *panels;
    int64_t n_panels, panels_room;
    uint32_t *codes; /* of the counters of each block */
    int64_t n_codes, codes_room;
    struct lode_open_slot *open; /* of each code, with slots */
    int64_t open_room;

    /* the panel that is filled; enum in blocks.c */
    uint8_t *memory;
    size_t memory_bytes;
    int64_t *times;  /* [most_rows] */
    double *rows;    /* [most_rows x n_counters] */
    double *columns; /* [TURN x most_rows] */
    int64_t n_rows, most_rows;
    int64_t *differences; /* [STEP_TIMES] between times */
    int64_t n_differences, last_time;
};

#endif
