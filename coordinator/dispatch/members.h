/* Members: the workers that have ever said hello in this run, by number, identity and place. */
#ifndef LODE_COORDINATOR_MEMBERS_H
#define LODE_COORDINATOR_MEMBERS_H

#include "common/wire/batch.h"
#include "common/wire/message.h"
#include "common/wire/zmq.h"

#include <stdbool.h>

enum { MEMBER_PLACE_SIZE = 96, MEMBER_HOST_SIZE = 64, MEMBERS_MAX = 100000 };

struct member {
    char identity[LODE_IDENTITY_SIZE];
    char host[MEMBER_HOST_SIZE];
    int host_number;               /* from 0; the same for all of one host */
    char place[MEMBER_PLACE_SIZE]; /* a worker started anew keeps its place */
    uint64_t incarnation, pid;
    uint64_t stage_sent; /* the last stage announced to it; 0: none */
    uint64_t sequence;   /* of its latest beat */
    int64_t heard_us, joined_us;
    bool here, came;    /* the scheduler counts on it; it did at some time */
    bool leaving, left; /* said that it will, said goodbye */
    bool banned;        /* it sent what no worker sends */
    bool unfit;         /* it left, being of no use to the run */
    /* what it ran when it was lost: charged if its process turns out to have died. attempt 0: none
     */
    struct lode_attempt suspect;
    struct lode_bytes batch;        /* tasks on their way to it, until the batch is sent */
    int64_t n_ok, n_failed, n_lost; /* attempts so far */
};

struct members;
LODE_CHECKED lode_status members_create(struct members **members);
void members_destroy(struct members *members); /* takes NULL */
int members_count(const struct members *members);
/* Different places among them: a worker started anew is a member more, but no place more. */
int64_t members_places(const struct members *members);
/* The worker who has the place of this one: the one of the latest incarnation so far, which from
 * here on is this one if it is later still. */
int members_settle(struct members *members, int worker);
/* Borrowed until the next members_join. */
struct member *members_at(struct members *members, int worker);
const struct member *members_look(const struct members *members, int worker);
/* The worker of that identity, or -1. */
int members_find(const struct members *members, const char *identity);
/* Adds (or finds again) the worker that said hello. LODE_E_MESSAGE when the place is not printable,
 * LODE_E_CLUSTER when there are too many. */
LODE_CHECKED lode_status members_join(struct members *members, const char *identity,
                                      const struct lode_message *hello, int *worker);

#endif
