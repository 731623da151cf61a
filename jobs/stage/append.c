/* Append: the coordinator's part; what is done in each partition is staged_users.c and write.c. */
#include "jobs/stage/append.h"

#include "common/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static lode_status path_in_store(const struct staging *s, const char *name, const char **path)
{
    const size_t size = strlen(s->before->path) + strlen(name) + 2;
    char *text = NULL;
    lode_try(lode_take(s->arena, size, &text));
    snprintf(text, size, "%s/%s", s->before->path, name);
    *path = text;
    return LODE_OK;
}

/* Options about the input are the caller's, those about the mapping the store's. */
static lode_status take_rules(struct staging *s)
{
    struct stage_events_options *options = NULL;
    lode_try(lode_take(s->arena, 1, &options));
    *options = *s->options;
    options->session = options->user = options->time = options->event = options->start = NULL;
    options->timezone = NULL;
    lode_try(rules_read(s->before, s->arena, options, &s->known));
    s->options = options;
    return LODE_OK;
}

lode_status append_read(struct staging *s)
{
    struct lode_store *store = NULL;
    lode_try(lode_store_open(s->options->append, &store));
    s->before = store;
    if (strcmp(store->kind, "events") != 0)
        return lode_fail(LODE_E_INPUT, "%s: a store of kind %s, not of events", store->path,
                         store->kind);
    const lode_status status = take_rules(s);
    return status ? lode_note(status, "appending to %s", store->path) : LODE_OK;
}

lode_status append_begin(struct staging *s)
{
    lode_try(append_read(s));
    growth_remove_leavings(s->before->path, s->before->n_generations);
    s->publish.directory = s->before->path;
    return LODE_OK;
}

lode_status append_begin_parts(struct staging *s)
{
    return growth_begin(s->before, &s->store, s->arena);
}

lode_status append_put_file(struct staging *s, int64_t partition, const struct growth_file *file)
{
    return growth_put_file(&s->store, s->plan.generation, partition, file, s->arena);
}

lode_status append_commit(struct staging *s)
{
    char name[64];
    const char *path = NULL;
    lode_try(growth_list(s->before, &s->store, s->arena));
    snprintf(name, sizeof name, "rejects.g%" PRId64 ".jsonl", s->plan.generation);
    lode_try(path_in_store(s, name, &path));
    if (s->rejects.n > 0) lode_try(rejects_collect(&s->rejects, s->run->work_directory, path));
    lode_try(lode_directory_sync(s->before->path));
    return lode_store_write_index(&s->store, s->before->path);
}

void append_end(struct staging *s)
{
    if (s->publish.directory) growth_end(s->publish.directory);
    lode_store_close((struct lode_store *)s->before);
    s->before = NULL;
}
