/* Memory heads: see the header. There are few that are open at a time, so lists are searched. */
#include "jobs/hierarchy/alerts/desk/memory_heads.h"

#include <stdlib.h>
#include <string.h>

bool memory_heads_equal(const struct memory_head *a, const struct memory_head *b)
{
    return a->start_ms == b->start_ms && strcmp(a->level, b->level) == 0 &&
           strcmp(a->component, b->component) == 0 && strcmp(a->detector, b->detector) == 0;
}

bool memory_heads_have(const struct memory_heads *heads, const struct memory_head *head)
{
    for (int64_t i = 0; i < heads->n; i++)
        if (memory_heads_equal(&heads->list[i], head)) return true;
    return false;
}

void memory_heads_add(struct memory_heads *heads, const struct memory_head *head)
{
    if (!memory_heads_have(heads, head)) heads->list[heads->n++] = *head;
}

static int compare_scored(const void *key, const void *item)
{
    return strcmp(key, ((const struct alert_scored *)item)->component);
}

const struct alert_scored *memory_heads_scored(const struct alert_run *run, const char *component)
{
    if (run->n_scored == 0) return NULL;
    return bsearch(component, run->scored, (size_t)run->n_scored, sizeof *run->scored,
                   compare_scored);
}

lode_status memory_heads_lost(const struct memory *before, const struct alert_run *run,
                              const struct memory_heads *found, struct lode_arena *arena,
                              struct memory_heads *vanished, struct memory_heads *unseen)
{
    int64_t n_open = 0;
    for (int64_t i = 0; i < before->n; i++) n_open += before->list[i].is_open;
    *vanished = *unseen = (struct memory_heads){0};
    lode_try(lode_take(arena, n_open, &vanished->list));
    lode_try(lode_take(arena, n_open, &unseen->list));
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < before->n; i++) {
            const struct memory_detector *of = &before->list[i];
            if (!of->is_open || memory_heads_have(found, &of->head)) continue;
            const bool is_seen = memory_heads_scored(run, of->component) != NULL;
            if (pass == 0 && !is_seen) memory_heads_add(unseen, &of->head);
            if (pass == 1 && !memory_heads_have(unseen, &of->head))
                memory_heads_add(vanished, &of->head);
        }
    return LODE_OK;
}

lode_status memory_heads_alert(const struct memory_head *head, int64_t end_ms, const char *why,
                               struct lode_arena *arena, struct alert *alert)
{
    struct alert_firing *firing;
    struct lode_bytes text = {0};
    char *copy = NULL;
    lode_try(lode_take(arena, 1, &firing));
    lode_try(lode_take(arena, 1, &alert->firings));
    lode_status status = lode_bytes_printf(&text, "%s: what was told of level %s %s",
                                           head->component, head->level, why);
    if (!status) status = lode_arena_text(arena, (const char *)text.data, text.size, &copy);
    lode_bytes_clear(&text);
    if (status) return status;
    *firing = (struct alert_firing){.level = head->level,
                                    .component = head->component,
                                    .detector = head->detector,
                                    .text = copy,
                                    .start_ms = head->start_ms,
                                    .end_ms = end_ms,
                                    .peak_ms = head->start_ms,
                                    .change_ms = head->start_ms,
                                    .severity = 1.0};
    alert->firings[0] = firing;
    alert->first = alert->strongest = firing;
    alert->start_ms = head->start_ms;
    alert->end_ms = end_ms;
    alert->severity = 1.0;
    alert->n = 1;
    return LODE_OK;
}
