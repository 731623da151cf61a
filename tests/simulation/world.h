/* World: the simulator's clock, its queue of things to come, its random numbers and its trace.
 *
 * Everything that happens is an event with a time; equal times go in the order in which they were
 * planned. All chance comes from one stream of the seed, so a seed decides everything.
 */
#ifndef LODE_TESTS_SIMULATION_WORLD_H
#define LODE_TESTS_SIMULATION_WORLD_H

#include "common/stats/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COORDINATOR = -1 };

enum event_kind {
    EVENT_TICK,    /* of `node` */
    EVENT_MESSAGE, /* `data` arrives at `node` from `from` */
    EVENT_ENDED,   /* what `node` computes is ready */
    EVENT_KILL,    /* SIGKILL of node's process */
    EVENT_START,   /* node's supervisor starts its process (anew) */
    EVENT_PAUSE,   /* SIGSTOP of node */
    EVENT_RESUME,  /* SIGCONT */
    EVENT_CUT,     /* the cable between node and coordinator, in the direction `from` */
    EVENT_HEAL,
    EVENT_GONE, /* the coordinator's network finds out that node's process is not there */
    EVENT_DISK  /* of the coordinator: the next step of its commit */
};

struct event {
    int64_t at_us, order;
    enum event_kind kind;
    int node, from;      /* worker number, or COORDINATOR */
    int64_t incarnation; /* of the process it concerns; 0: whichever is there */
    uint8_t *data;       /* EVENT_MESSAGE: owned */
    size_t size;
};

struct world {
    struct lode_random random;
    int64_t now_us, planned, handled;
    struct event *queue; /* a heap */
    int64_t n_queue, capacity;
    bool traced;
};

void world_init(struct world *world, uint64_t seed, bool traced);
void world_clear(struct world *world);
/* Plans the event `after_us` from now. The data is taken over. */
void world_plan(struct world *world, int64_t after_us, struct event event);
/* The next event, with the clock put forward to it; false: nothing will ever happen again. */
bool world_next(struct world *world, struct event *event);

/* Uniform in [low, high]. */
int64_t world_between(struct world *world, int64_t low, int64_t high);
bool world_chance(struct world *world, double p);

/* One line of the story, when it is told. */
void world_tell(const struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
