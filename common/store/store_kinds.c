/* Store, kinds: what the index calls the counts of a partition and of a later file, for every kind
 * of store that this lode knows. */
#include <stddef.h>
#include <string.h>

#include "common/store/store_private.h"

int store_kind(const char *name)
{
    static const char *const names[STORE_KINDS] = {LODE_STORE_EVENTS, LODE_STORE_COUNTERS};
    for (int kind = 0; kind < STORE_KINDS; kind++)
        if (strcmp(names[kind], name) == 0) return kind;
    return -1;
}

#define COUNT_AT(field) offsetof(struct lode_partition, field)
const struct store_count store_counts[STORE_KINDS][STORE_COUNTS] = {
    {{"partitions/users", "users", "rows of users/", COUNT_AT(n_users)},
     {"partitions/sessions", "sessions", "rows of sessions/", COUNT_AT(n_sessions)},
     {"partitions/events", "events", "rows of events/", COUNT_AT(n_events)},
     {"partitions/size_bytes", "bytes", "size of the file", COUNT_AT(size_bytes)}},
    {{"partitions/components", "components", "rows of components/", COUNT_AT(n_users)},
     {"partitions/times", "times", "rows of samples/time", COUNT_AT(n_sessions)},
     {"partitions/values", "values", "rows of samples/value", COUNT_AT(n_events)},
     {"partitions/size_bytes", "bytes", "size of the file", COUNT_AT(size_bytes)}},
};

int64_t *store_count_of(struct lode_partition *partition, const struct store_count *count)
{
    return (int64_t *)(void *)((char *)partition + count->offset);
}

#define LATER_AT(field) offsetof(struct lode_later_file, field)
const struct store_count store_later_counts[STORE_KINDS][STORE_LATER_COUNTS] = {
    {{"later/partition", "", "row of partitions/", LATER_AT(partition)},
     {"later/generation", "", "2 is the first that was appended", LATER_AT(generation)},
     {"later/users", "users", "rows of users/", LATER_AT(n_users)},
     {"later/sessions", "sessions", "rows of sessions/", LATER_AT(n_sessions)},
     {"later/events", "events", "rows of events/", LATER_AT(n_events)},
     {"later/all_users", "users", "of the partition so far", LATER_AT(all_users)},
     {"later/all_sessions", "sessions", "of the partition so far", LATER_AT(all_sessions)},
     {"later/all_events", "events", "of the partition so far", LATER_AT(all_events)},
     {"later/size_bytes", "bytes", "size of the file", LATER_AT(size_bytes)}},
    {{"later/partition", "", "row of partitions/", LATER_AT(partition)},
     {"later/generation", "", "2 is the first that was appended", LATER_AT(generation)},
     {"later/components", "components", "rows of components/", LATER_AT(n_users)},
     {"later/times", "times", "rows of samples/time", LATER_AT(n_sessions)},
     {"later/values", "values", "rows of samples/value", LATER_AT(n_events)},
     {"later/all_components", "components", "of the partition so far", LATER_AT(all_users)},
     {"later/all_times", "times", "of the partition so far", LATER_AT(all_sessions)},
     {"later/all_values", "values", "of the partition so far", LATER_AT(all_events)},
     {"later/size_bytes", "bytes", "size of the file", LATER_AT(size_bytes)}},
};

int64_t *store_later_count_of(struct lode_later_file *later, const struct store_count *count)
{
    return (int64_t *)(void *)((char *)later + count->offset);
}
