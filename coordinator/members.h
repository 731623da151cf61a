/* Members: the workers that have ever said hello in this run, by number and by identity. */
#ifndef LODE_COORDINATOR_MEMBERS_H
#define LODE_COORDINATOR_MEMBERS_H

#include "common/wire/message.h"
#include "common/wire/zmq.h"

#include <stdbool.h>

enum { MEMBER_HELD_MAX = 8 };

struct member {
    char identity[LODE_IDENTITY_SIZE];
    char host[64];
    uint64_t slot, incarnation, pid;
    uint64_t stage_sent; /* the last stage announced to it; 0: none */
    int64_t heard_us;
    bool here; /* the scheduler counts on it */
    /* its latest assignments, for the log */
    struct {
        int64_t task, attempt, start_us;
    } held[MEMBER_HELD_MAX];
    int next_held;
};

struct members;
LODE_CHECKED lode_status members_create(struct members **members);
void members_destroy(struct members *members); /* takes NULL */
int members_count(const struct members *members);
/* Different slots among them: a restarted worker is a member more, but no slot more. */
int64_t members_slots(const struct members *members);
/* Borrowed until the next members_join. */
struct member *members_at(struct members *members, int worker);
/* The worker of that identity, or -1. */
int members_find(const struct members *members, const char *identity);
/* Adds (or finds again) the worker that said hello; it is here. */
LODE_CHECKED lode_status members_join(struct members *members, const char *identity,
                                      const struct lode_message *hello, int *worker);
/* Notes that an attempt was given to the member; and finds the attempt of a task again: returns
 * its number and start time (0 and now unknown: 0). */
void members_assigned(struct member *member, int64_t task, int64_t attempt, int64_t start_us);
int64_t members_attempt(const struct member *member, int64_t task, int64_t *start_us);

#endif
