/* Store: what a job may know of it without knowing struct lode_store, whose fields come and go. */
#include "common/store/store.h"

#include <string.h>

#include "common/wire/pack.h"

struct lode_row_counts lode_store_rows(const struct lode_store *store)
{
    return (struct lode_row_counts){
        .n_users = store->n_users, .n_sessions = store->n_sessions, .n_events = store->n_events};
}

int64_t lode_store_partitions(const struct lode_store *store)
{
    return store->n_partitions;
}

struct lode_row_counts lode_store_partition_rows(const struct lode_store *store, int64_t partition)
{
    if (partition < 0 || partition >= store->n_partitions) return (struct lode_row_counts){0};
    const struct lode_partition *part = &store->partitions[partition];
    return (struct lode_row_counts){
        .n_users = part->n_users, .n_sessions = part->n_sessions, .n_events = part->n_events};
}

const struct lode_dictionary *lode_store_event_names(const struct lode_store *store)
{
    return &store->event_names;
}

const struct lode_kpi *lode_store_kpi(const struct lode_store *store, int64_t index)
{
    return index >= 0 && index < store->n_kpis ? &store->kpis[index] : NULL;
}

const struct lode_attribute *lode_store_attribute(const struct lode_store *store, int64_t index)
{
    return index >= 0 && index < store->n_attributes ? &store->attributes[index] : NULL;
}

const struct lode_attribute *lode_store_event_attribute(const struct lode_store *store,
                                                        int64_t index)
{
    return index >= 0 && index < store->n_event_attributes ? &store->event_attributes[index] : NULL;
}

const char *lode_store_event_value(const struct lode_store *store, int64_t index)
{
    return index >= 0 && index < store->n_event_values ? store->event_values[index] : NULL;
}

lode_status lode_store_refer(const struct lode_store *store, struct lode_bytes *out)
{
    lode_try(lode_pack_text(out, store->path, strlen(store->path)));
    return lode_pack_i64(out, store->n_generations);
}
