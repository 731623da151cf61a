/* Any bytes as the rules of a stage: they are refused, or their packed form is read as the same
 * rules, and each rule that a component has gives 0 or 1 at every slot. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "jobs/hierarchy/detectors/rule.h"

enum { SLOTS = 5, COUNTERS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

static void scan(const struct rules *rules, struct lode_arena *arena)
{
    static const double column[SLOTS] = {1.0, 2.0, (double)NAN, -1e300, 90.0};
    static const double *const values[COUNTERS] = {column, column, column};
    static const int64_t times[SLOTS] = {0, 300000, 600000, 900000, 1800000};
    const struct rule_series series = {.n = SLOTS, .times = times, .values = values};
    double distance[SLOTS];
    double **list;
    check(lode_take_zero(arena, rules->n, &list) == LODE_OK);
    for (int64_t i = 0; i < rules->n; i++) {
        check(rule_applies(&rules->list[i], values));
        list[i] = distance;
        if (rules_scan(rules, &series, arena, list) == LODE_OK)
            for (int s = 0; s < SLOTS; s++) check(distance[s] == 0.0 || distance[s] == 1.0);
        list[i] = NULL;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_arena *arena = NULL;
    struct lode_bytes packed = {0}, again = {0};
    struct lode_unpack in = lode_unpack_begin(data, size);
    struct rules rules, read;
    check(lode_arena_create(64 << 20, &arena) == LODE_OK);
    if (rules_unpack(&in, arena, &rules) == LODE_OK) {
        check(rules_pack(&rules, &packed) == LODE_OK);
        in = lode_unpack_begin(packed.data, packed.size);
        check(rules_unpack(&in, arena, &read) == LODE_OK);
        check(rules_pack(&read, &again) == LODE_OK);
        check(packed.size == again.size && memcmp(packed.data, again.data, packed.size) == 0);
        if (rules.n_counters <= COUNTERS) scan(&rules, arena);
    }
    lode_bytes_clear(&packed);
    lode_bytes_clear(&again);
    lode_arena_destroy(arena);
    return 0;
}
