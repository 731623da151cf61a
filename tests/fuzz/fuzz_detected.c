/* Hostile bytes as what coordinator and workers tell each other when they detect: the first byte
 * says which. A plan that is accepted can be computed with; records stay inside the buffer. */
#include <stdlib.h>
#include <string.h>

#include "jobs/hierarchy/detection/detected.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEVELS = 4, MOST_NODES = 1000 };

static void check(int fact)
{
    if (!fact) abort();
}

static void compute(const struct plan_component *plan, struct lode_arena *arena)
{
    double **e, *values, *contribution, *scratch;
    check(lode_take(arena, plan->n_nodes, &e) == LODE_OK);
    check(lode_take_zero(arena, plan->n_nodes, &values) == LODE_OK);
    check(lode_take(arena, plan->n_nodes, &contribution) == LODE_OK);
    check(lode_take(arena, 2 * plan->n_members, &scratch) == LODE_OK);
    for (int64_t i = 0; i < plan->n_nodes; i++) {
        const enum plan_kind kind = plan->nodes[i].kind;
        check(plan->nodes[i].level >= 0 && plan->nodes[i].level < LEVELS);
        e[i] = &values[i];
        values[i] = 1.0;
        if (kind == PLAN_MEAN || kind == PLAN_LARGEST || kind == PLAN_ONE_CLASS)
            plan_combine(plan, i, 1, e, scratch);
        plan_contributions(plan, i, values, scratch, contribution);
    }
}

static void read_plan(const uint8_t *bytes, size_t size)
{
    struct lode_unpack in = lode_unpack_begin(bytes, size);
    struct lode_arena *arena = NULL;
    struct plan_component plan = {0};
    check(lode_arena_create(0, &arena) == LODE_OK);
    if (plan_unpack(&in, LEVELS, arena, &plan) == LODE_OK && plan.n_nodes <= MOST_NODES)
        compute(&plan, arena);
    lode_arena_destroy(arena);
}

static void read_records(const uint8_t *bytes, size_t size)
{
    const struct detected_limits limits = {5, 3, LEVELS, 7};
    struct lode_unpack in = lode_unpack_begin(bytes, size);
    struct detected record;
    uint64_t sum = 0;
    while (in.at < in.end && detected_next(&in, &limits, &record) == LODE_OK) {
        check(record.node < 5 && record.level < LEVELS && record.issue < 3);
        for (int64_t i = 0; i < record.firing.n_top; i++) {
            struct contributor one;
            check(detected_contributor(&record.contributors, &one) == LODE_OK);
            check(one.node >= 0 && one.node < 5);
        }
        for (int64_t i = 0; record.numbers && i < 8 * record.n; i++) sum += record.numbers[i];
        for (int i = 0; record.inside && i < 8 * 8; i++) sum += record.inside[i];
        for (int i = 0; record.is_found && i < 7; i++) sum += record.is_found[i];
    }
    check(sum < UINT64_MAX); /* all bytes were looked at */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    /* a copy of exactly this size: one byte too far is seen by the address sanitizer */
    uint8_t *bytes = malloc(size - 1 ? size - 1 : 1);
    if (!bytes) return 0;
    memcpy(bytes, data + 1, size - 1);
    if (data[0] % 2 == 0)
        read_plan(bytes, size - 1);
    else
        read_records(bytes, size - 1);
    free(bytes);
    return 0;
}
