/* Hostile bytes as a file of labels: what is accepted is in order, about known components, and each
 * issue ends behind its start. */
#include <stdlib.h>

#include "common/input/input.h"
#include "jobs/hierarchy/evaluation/labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"api", "db", "shop/web", NULL};

static void check(int fact)
{
    if (!fact) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_input *input = NULL;
    struct lode_rows *rows = NULL;
    struct lode_arena *arena = NULL;
    struct labels labels = {0};
    if (lode_input_open_memory("labels", data, size, 16, &input)) return 0;
    if (lode_rows_open_input(input, &rows)) return 0;
    check(lode_arena_create(0, &arena) == LODE_OK);
    if (labels_read_rows(rows, "labels", names, 3, arena, &labels) == LODE_OK)
        for (int64_t i = 0; i < labels.n; i++) {
            const struct label *label = &labels.list[i];
            check(label->component >= 0 && label->component < 3);
            check(label->end_ms > label->start_ms);
            check(label->counters && label->line > 0);
            check(i == 0 || label[-1].component <= label->component);
        }
    lode_rows_close(rows);
    lode_arena_destroy(arena);
    return 0;
}
