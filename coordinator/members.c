/* Members: a plain array; a run has thousands of workers at most and messages are few. */
#include "coordinator/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct members {
    struct member *all;
    int count, capacity;
};

lode_status members_create(struct members **members)
{
    *members = calloc(1, sizeof **members);
    return *members ? LODE_OK : lode_fail(LODE_E_MEMORY, "no memory for the list of workers");
}

void members_destroy(struct members *members)
{
    if (!members) return;
    free(members->all);
    free(members);
}

int members_count(const struct members *members)
{
    return members->count;
}

int64_t members_slots(const struct members *members)
{
    int64_t slots = 0;
    for (int i = 0; i < members->count; i++) {
        bool first = true;
        for (int j = 0; j < i && first; j++) first = members->all[j].slot != members->all[i].slot;
        slots += first;
    }
    return slots;
}

struct member *members_at(struct members *members, int worker)
{
    return &members->all[worker];
}

int members_find(const struct members *members, const char *identity)
{
    for (int i = 0; i < members->count; i++)
        if (strcmp(members->all[i].identity, identity) == 0) return i;
    return -1;
}

lode_status members_join(struct members *members, const char *identity,
                         const struct lode_message *hello, int *worker)
{
    int found = members_find(members, identity);
    if (found < 0) {
        if (members->count == members->capacity) {
            const int wanted = members->capacity * 2 + 16;
            struct member *grown = realloc(members->all, (size_t)wanted * sizeof *grown);
            if (!grown) return lode_fail(LODE_E_MEMORY, "no memory for %d workers", wanted);
            members->all = grown;
            members->capacity = wanted;
        }
        found = members->count++;
        members->all[found] = (struct member){0};
        snprintf(members->all[found].identity, LODE_IDENTITY_SIZE, "%s", identity);
    }
    struct member *member = &members->all[found];
    member->slot = hello->slot;
    member->incarnation = hello->incarnation;
    member->pid = hello->pid;
    member->here = true;
    snprintf(member->host, sizeof member->host, "%.*s", (int)hello->host.size,
             (const char *)hello->host.data);
    *worker = found;
    return LODE_OK;
}

void members_assigned(struct member *member, int64_t task, int64_t attempt, int64_t start_us)
{
    const int at = member->next_held;
    member->held[at].task = task;
    member->held[at].attempt = attempt;
    member->held[at].start_us = start_us;
    member->next_held = (at + 1) % MEMBER_HELD_MAX;
}

int64_t members_attempt(const struct member *member, int64_t task, int64_t *start_us)
{
    *start_us = 0;
    for (int i = 1; i <= MEMBER_HELD_MAX; i++) { /* the latest first */
        const int at = (member->next_held - i + MEMBER_HELD_MAX) % MEMBER_HELD_MAX;
        if (member->held[at].task != task || member->held[at].attempt == 0) continue;
        *start_us = member->held[at].start_us;
        return member->held[at].attempt;
    }
    return 0;
}
