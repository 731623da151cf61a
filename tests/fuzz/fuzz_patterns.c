/* Any bytes as patterns of a stage, or behind a `t` as the text of a mark: they are refused, by a
 * place inside the text; or their packed form is read as the same patterns, and each gives 0 to 2
 * at every slot. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "jobs/hierarchy/marks.h"

enum { SLOTS = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

static void parse(const uint8_t *data, size_t size, struct lode_arena *arena)
{
    char *text = NULL;
    struct mark mark = {0};
    check(lode_arena_text(arena, (const char *)data, size, &text) == LODE_OK);
    const struct lode_definition definition = {
        .name = "it", .text = text, .file = "f", .line = 1, .column = 1};
    const lode_status status = mark_parse(&definition, arena, &mark);
    check(status == LODE_OK || status == LODE_E_USAGE);
    if (status == LODE_OK) {
        check(mark.counter[0] && mark.component[0] && mark.where[0] && mark.from_ms < mark.to_ms);
        check(mark.where_column >= 0 && (size_t)mark.where_column <= strlen(text));
    } else {
        const char *column = strstr(lode_error_text(), "f:1:");
        check(column != NULL);
        check(strtoul(column + 4, NULL, 10) <= strlen(text) + 1);
    }
    lode_error_clear();
}

static void scan(const struct patterns *patterns, struct lode_arena *arena)
{
    static const double values[SLOTS] = {1, 2, (double)NAN, -1e300, 90, 0,  0,  0,  1e-300, 1e300,
                                         3, 4, 5,           6,      7,  -1, -2, -3, 8,      0};
    double distance[SLOTS];
    for (int64_t i = 0; i < patterns->n; i++) {
        const int64_t step_ms = patterns->list[i].step_ms;
        if (pattern_slots(&patterns->list[i], step_ms) == 0) continue;
        check(pattern_scan(patterns, i, step_ms, values, SLOTS, arena, distance) == LODE_OK);
        for (int s = 0; s < SLOTS; s++) check(distance[s] >= 0.0 && distance[s] <= 2.0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_arena *arena = NULL;
    struct lode_bytes packed = {0}, again = {0};
    struct lode_unpack in = lode_unpack_begin(data, size);
    struct patterns patterns, read;
    check(lode_arena_create(64 << 20, &arena) == LODE_OK);
    if (size > 0 && data[0] == 't') {
        parse(data + 1, size - 1, arena);
    } else if (patterns_unpack(&in, arena, &patterns) == LODE_OK) {
        check(patterns_pack(&patterns, &packed) == LODE_OK);
        in = lode_unpack_begin(packed.data, packed.size);
        check(patterns_unpack(&in, arena, &read) == LODE_OK);
        check(patterns_pack(&read, &again) == LODE_OK);
        check(packed.size == again.size && memcmp(packed.data, again.data, packed.size) == 0);
        scan(&patterns, arena);
    }
    lode_bytes_clear(&packed);
    lode_bytes_clear(&again);
    lode_arena_destroy(arena);
    return 0;
}
