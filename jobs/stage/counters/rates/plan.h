/* Plan: what is counted, made by the coordinator from definitions and a store of events, as bytes
 * for the leaves that count. */
#ifndef LODE_JOBS_STAGE_COUNTERS_RATES_PLAN_H
#define LODE_JOBS_STAGE_COUNTERS_RATES_PLAN_H

#include "common/expr/graph.h"
#include "common/store/store.h"
#include "jobs/job.h"
#include "jobs/stage/counters/rates/definitions.h"

struct rates_plan {
    const char *events;         /* path of the store of events */
    int64_t n_parts;            /* of it */
    int64_t n_generations;      /* of it that count now */
    int64_t n_counted;          /* that were counted before and are taken off again; 0: none */
    const char *component_name; /* naming.h */
    int64_t slot_ms;
    int32_t n;                      /* rates */
    const int32_t *nodes;           /* [n] of the graph: counts of events or of matches */
    const struct expr_graph *graph; /* without tops */
};

/* Graph and nodes of rates over a store, from the arena. LODE_E_USAGE with file, line and column of
 * what is no events, no pattern, no name of the store; `top` is refused: which are the most
 * frequent is only known when all events are. */
LODE_CHECKED lode_status rates_compile(const struct counters_rates *rates,
                                       const struct lode_store *events, struct lode_arena *arena,
                                       struct rates_plan *plan);

LODE_CHECKED lode_status rates_plan_pack(const struct rates_plan *plan, struct lode_bytes *out);
/* LODE_E_MESSAGE. From the arena. */
LODE_CHECKED lode_status rates_plan_unpack(const void *data, size_t size, struct lode_arena *arena,
                                           struct rates_plan *plan);

/* The leaf that counts, "stage.counters_rates": a task a part of the store of events; behind those,
 * where some was counted before, once more as many, which take that off again. */
lode_status rates_count_leaf(struct lode_task *task);

#endif
