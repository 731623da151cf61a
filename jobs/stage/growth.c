/* Growth: see the header. */
#include "jobs/stage/growth.h"

#include "common/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

lode_status growth_begin(const struct lode_store *before, struct lode_store *store,
                         struct lode_arena *arena)
{
    memcpy(store->partitions, before->partitions,
           (size_t)before->n_partitions * sizeof *store->partitions);
    store->n_users = before->n_users;
    store->n_sessions = before->n_sessions;
    store->n_events = before->n_events;
    store->rules = before->rules;
    return lode_take(arena, before->n_later + before->n_partitions, &store->later);
}

lode_status growth_put_file(struct lode_store *store, int64_t generation, int64_t partition,
                            const struct growth_file *file, struct lode_arena *arena)
{
    struct lode_partition *part = &store->partitions[partition];
    char name[64];
    char *copy = NULL;
    const bool is_first = part->n_later == 0;
    for (int64_t i = 0; i < part->n_later; i++) store->later[store->n_later++] = part->later[i];
    part->later = store->later + store->n_later - part->n_later;
    if (file->size_bytes == 0) return LODE_OK;
    if (is_first)
        part->first = (struct lode_row_counts){part->n_users, part->n_sessions, part->n_events};
    const int64_t users = file->rows.n_users - file->replaced.n_users;
    const int64_t sessions = file->rows.n_sessions - file->replaced.n_sessions;
    const int64_t events = file->rows.n_events - file->replaced.n_events;
    lode_store_later_name(partition, generation, name);
    lode_try(lode_arena_text(arena, name, strlen(name), &copy));
    part->n_users += users;
    part->n_sessions += sessions;
    part->n_events += events;
    store->n_users += users;
    store->n_sessions += sessions;
    store->n_events += events;
    store->later[store->n_later++] = (struct lode_later_file){.file = copy,
                                                              .partition = partition,
                                                              .generation = generation,
                                                              .n_users = file->rows.n_users,
                                                              .n_sessions = file->rows.n_sessions,
                                                              .n_events = file->rows.n_events,
                                                              .all_users = part->n_users,
                                                              .all_sessions = part->n_sessions,
                                                              .all_events = part->n_events,
                                                              .size_bytes = file->size_bytes,
                                                              .checksum = file->checksum};
    part->n_later++;
    return LODE_OK;
}

lode_status growth_list(const struct lode_store *before, struct lode_store *store,
                        struct lode_arena *arena)
{
    const int64_t n = before->n_generations;
    struct lode_bytes text = {0};
    char *copy = NULL;
    lode_try(lode_take(arena, n + 1, &store->generations));
    memcpy(store->generations, before->generations, (size_t)n * sizeof *store->generations);
    store->generations[n] = (struct lode_generation){store->source, store->history,
                                                     store->n_rows_read, store->n_rows_rejected};
    store->n_generations = n + 1;
    store->n_rows_read += before->n_rows_read;
    store->n_rows_rejected += before->n_rows_rejected;
    lode_status status = lode_bytes_printf(&text, "%s, %s", before->source, store->source);
    if (!status) status = lode_arena_text(arena, (const char *)text.data, text.size, &copy);
    store->source = copy;
    text.size = 0;
    if (!status) status = lode_bytes_printf(&text, "%s; %s", before->history, store->history);
    if (!status) status = lode_arena_text(arena, (const char *)text.data, text.size, &copy);
    store->history = copy;
    lode_bytes_clear(&text);
    return status;
}

/* The N of "NAME.gN.END"; 0: it is not called so. */
static int64_t generation_of(const char *name)
{
    const char *mark = strstr(name, ".g");
    char *end = NULL;
    const bool is_ours = strncmp(name, "part-", 5) == 0 || strncmp(name, "rejects.g", 9) == 0;
    if (!is_ours || !mark || mark[2] < '0' || mark[2] > '9') return 0;
    const long long number = strtoll(mark + 2, &end, 10);
    return *end == '.' ? number : 0;
}

void growth_remove_leavings(const char *directory, int64_t n_generations)
{
    DIR *entries = opendir(directory);
    if (!entries) {
        lode_log_warn("cannot look for leavings path=%s: %s", directory, strerror(errno));
        return;
    }
    for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        const bool is_aside =
            strstr(entry->d_name, ".tmp-") && strncmp(entry->d_name, "part-", 5) == 0;
        if (is_aside || generation_of(entry->d_name) > n_generations)
            unlinkat(dirfd(entries), entry->d_name, 0);
    }
    closedir(entries);
}

/* What stands in the index now, which may have been written although something failed behind. */
static int64_t count_generations(const char *path)
{
    struct lode_store *store = NULL;
    if (lode_store_open(path, &store) != LODE_OK) return INT64_MAX; /* touch nothing */
    const int64_t n = store->n_generations;
    lode_store_close(store);
    return n;
}

void growth_end(const char *directory)
{
    growth_remove_leavings(directory, count_generations(directory));
}
