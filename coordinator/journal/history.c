/* History: see the header. */
#include "coordinator/journal/history.h"

#include <stdlib.h>
#include <string.h>

void history_clear(struct history *history)
{
    for (int64_t i = 0; i < history->n_stages; i++) {
        free(history->stages[i].leaf);
        free(history->stages[i].tasks);
    }
    free(history->stages);
    *history = (struct history){0};
}

/* Room for one more at the end of a list. */
static lode_status grow(void **list, int64_t *capacity, int64_t count, size_t width)
{
    size_t bytes = 0;
    if (count < *capacity) return LODE_OK;
    const int64_t wanted = 2 * *capacity + 16;
    lode_try(lode_mul_size((uint64_t)wanted, width, &bytes));
    void *grown = realloc(*list, bytes);
    if (!grown) return lode_fail(LODE_E_MEMORY, "no memory for what the journal knows");
    *list = grown;
    *capacity = wanted;
    return LODE_OK;
}

static lode_status take_stage(struct history *history, const struct entry *entry)
{
    if (entry->stage != (uint64_t)history->n_stages + 1 || entry->n_tasks == 0 ||
        entry->n_tasks > INT64_MAX)
        return lode_fail(LODE_E_MESSAGE, "stage %llu of %llu tasks after stage %lld",
                         (unsigned long long)entry->stage, (unsigned long long)entry->n_tasks,
                         (long long)history->n_stages);
    lode_try(grow((void **)&history->stages, &history->capacity, history->n_stages,
                  sizeof *history->stages));
    char *leaf = strndup((const char *)entry->text.data, entry->text.size);
    if (!leaf) return lode_fail(LODE_E_MEMORY, "no memory for what the journal knows");
    history->stages[history->n_stages++] =
        (struct history_stage){.leaf = leaf, .n_tasks = entry->n_tasks, .hash = entry->hash};
    return LODE_OK;
}

lode_status history_take(struct history *history, uint64_t epoch, const struct entry *entry,
                         uint64_t offset)
{
    const bool given_up = entry->kind == ENTRY_GIVEN_UP;
    if (entry->kind == ENTRY_HEADER)
        return lode_fail(LODE_E_MESSAGE, "a header in the middle of a segment");
    if (entry->kind == ENTRY_STAGE) return take_stage(history, entry);
    struct history_stage *stage = entry->stage >= 1 && entry->stage <= (uint64_t)history->n_stages
                                      ? &history->stages[entry->stage - 1]
                                      : NULL;
    if (!stage || entry->task >= stage->n_tasks)
        return lode_fail(LODE_E_MESSAGE, "task %llu of stage %llu: there is no such task",
                         (unsigned long long)entry->task, (unsigned long long)entry->stage);
    lode_try(grow((void **)&stage->tasks, &stage->capacity, stage->count, sizeof *stage->tasks));
    stage->tasks[stage->count++] =
        (struct history_task){.task = entry->task,
                              .attempt = entry->attempt,
                              .epoch = epoch,
                              .offset = offset,
                              .size = given_up ? entry->text.size : entry->bytes.size,
                              .file_size = entry->file_size,
                              .file_hash = entry->file_hash,
                              .given_up = given_up};
    return LODE_OK;
}

const struct history_stage *history_find(const struct history *history, uint64_t stage)
{
    return stage >= 1 && stage <= (uint64_t)history->n_stages ? &history->stages[stage - 1] : NULL;
}

lode_status history_index(const struct history_stage *stage, int64_t *index)
{
    for (uint64_t i = 0; i < stage->n_tasks; i++) index[i] = -1;
    for (int64_t i = 0; i < stage->count; i++) {
        const uint64_t task = stage->tasks[i].task;
        if (index[task] >= 0 && stage->tasks[index[task]].epoch == stage->tasks[i].epoch)
            return lode_fail(LODE_E_INPUT, "the journal has task %llu of '%s' twice",
                             (unsigned long long)task, stage->leaf);
        index[task] = i;
    }
    return LODE_OK;
}
