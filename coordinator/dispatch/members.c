/* Members: an array by number and an open hash table by identity, for every message looks one up.
 */
#include "coordinator/dispatch/members.h"

#include "common/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct members {
    struct member *all;
    int count, capacity;
    int *slots;       /* hash of identity -> number + 1, linear probing; 0: free */
    int *place_slots; /* the same by place: its latest worker */
    int n_slots, n_places;
    int *hosts; /* the first member of each host */
    int n_hosts, hosts_capacity;
};

lode_status members_create(struct members **members)
{
    *members = calloc(1, sizeof **members);
    return *members ? LODE_OK : lode_fail(LODE_E_MEMORY, "no memory for the list of workers");
}

void members_destroy(struct members *members)
{
    if (!members) return;
    for (int i = 0; i < members->count; i++) lode_bytes_clear(&members->all[i].batch);
    free(members->all);
    free(members->slots);
    free(members->place_slots);
    free(members->hosts);
    free(members);
}

int members_count(const struct members *members)
{
    return members->count;
}

int64_t members_places(const struct members *members)
{
    return members->n_places;
}

struct member *members_at(struct members *members, int worker)
{
    return &members->all[worker];
}

const struct member *members_look(const struct members *members, int worker)
{
    return &members->all[worker];
}

static int first_slot(const struct members *members, const char *identity)
{
    return (int)(lode_hash(identity, strlen(identity)) % (uint64_t)members->n_slots);
}

int members_find(const struct members *members, const char *identity)
{
    if (members->n_slots == 0) return -1;
    for (int at = first_slot(members, identity);; at = (at + 1) % members->n_slots) {
        const int number = members->slots[at] - 1;
        if (number < 0 || strcmp(members->all[number].identity, identity) == 0) return number;
    }
}

static void put_slot(struct members *members, int number)
{
    int at = first_slot(members, members->all[number].identity);
    while (members->slots[at]) at = (at + 1) % members->n_slots;
    members->slots[at] = number + 1;
}

/* Where the place of this worker is, or would be, in the table of places. */
static int *place_slot(const struct members *members, int worker)
{
    const char *place = members->all[worker].place;
    int at = (int)(lode_hash(place, strlen(place)) % (uint64_t)members->n_slots);
    while (members->place_slots[at] &&
           strcmp(members->all[members->place_slots[at] - 1].place, place) != 0)
        at = (at + 1) % members->n_slots;
    return &members->place_slots[at];
}

int members_settle(struct members *members, int worker)
{
    int *slot = place_slot(members, worker);
    const int latest = *slot ? *slot - 1 : worker;
    if (!*slot) members->n_places++;
    if (!*slot || members->all[worker].incarnation > members->all[latest].incarnation)
        *slot = worker + 1;
    return latest;
}

/* Room for one more; the tables are at most half full. */
static lode_status grow(struct members *members)
{
    if (members->count < members->capacity) return LODE_OK;
    const int wanted = members->capacity * 2 + 16;
    struct member *grown = realloc(members->all, (size_t)wanted * sizeof *grown);
    if (!grown) return lode_fail(LODE_E_MEMORY, "no memory for %d workers", wanted);
    members->all = grown;
    int *slots = calloc((size_t)wanted * 2, sizeof *slots);
    int *place_slots = calloc((size_t)wanted * 2, sizeof *place_slots);
    if (!slots || !place_slots) {
        free(slots);
        free(place_slots);
        return lode_fail(LODE_E_MEMORY, "no memory for %d workers", wanted);
    }
    free(members->slots);
    free(members->place_slots);
    members->slots = slots;
    members->place_slots = place_slots;
    members->n_slots = wanted * 2;
    members->capacity = wanted;
    members->n_places = 0;
    for (int i = 0; i < members->count; i++) {
        put_slot(members, i);
        members_settle(members, i);
    }
    return LODE_OK;
}

/* Names end up in logs, tables and file names: printable, without blanks, slashes and commas. */
static lode_status copy_name(struct lode_span span, const char *what, char *name, size_t size)
{
    if (span.size == 0 || span.size >= size)
        return lode_fail(LODE_E_MESSAGE, "a %s of %zu bytes", what, span.size);
    for (size_t i = 0; i < span.size; i++)
        if (span.data[i] <= ' ' || span.data[i] > '~' || span.data[i] == '/' ||
            span.data[i] == ',' || span.data[i] == '"')
            return lode_fail(LODE_E_MESSAGE, "a %s with byte 0x%02x", what, span.data[i]);
    memcpy(name, span.data, span.size);
    name[span.size] = '\0';
    return LODE_OK;
}

/* Hosts are few beside members, and this is asked once for each member. */
static lode_status number_host(struct members *members, int worker)
{
    for (int i = 0; i < members->n_hosts; i++) {
        if (strcmp(members->all[members->hosts[i]].host, members->all[worker].host) != 0) continue;
        members->all[worker].host_number = i;
        return LODE_OK;
    }
    if (members->n_hosts == members->hosts_capacity) {
        const int wanted = members->hosts_capacity * 2 + 16;
        int *grown = realloc(members->hosts, (size_t)wanted * sizeof *grown);
        if (!grown) return lode_fail(LODE_E_MEMORY, "no memory for %d hosts", wanted);
        members->hosts = grown;
        members->hosts_capacity = wanted;
    }
    members->all[worker].host_number = members->n_hosts;
    members->hosts[members->n_hosts++] = worker;
    return LODE_OK;
}

lode_status members_join(struct members *members, const char *identity,
                         const struct lode_message *hello, int *worker)
{
    char host[MEMBER_HOST_SIZE], place[MEMBER_PLACE_SIZE];
    lode_try(copy_name(hello->host, "host name", host, sizeof host));
    lode_try(copy_name(hello->place, "place", place, sizeof place));
    int found = members_find(members, identity);
    const bool is_new = found < 0;
    if (is_new) {
        if (members->count == MEMBERS_MAX)
            return lode_fail(LODE_E_CLUSTER, "more than %d workers", MEMBERS_MAX);
        lode_try(grow(members));
        found = members->count++;
        members->all[found] = (struct member){0};
        snprintf(members->all[found].identity, LODE_IDENTITY_SIZE, "%s", identity);
        put_slot(members, found);
    }
    struct member *member = &members->all[found];
    member->incarnation = hello->incarnation;
    member->pid = hello->pid;
    memcpy(member->host, host, sizeof host);
    memcpy(member->place, place, sizeof place);
    *worker = found;
    return is_new ? number_host(members, found) : LODE_OK;
}
