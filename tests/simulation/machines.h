/* Machines: the simulated cluster: the real protocols of coordinator and workers, on simulated
 * processes, supervisors, cables and tasks. What comes out of it is judged by judge.c.
 */
#ifndef LODE_TESTS_SIMULATION_MACHINES_H
#define LODE_TESTS_SIMULATION_MACHINES_H

#include "coordinator/dispatch/protocol.h"
#include "tests/simulation/scenario.h"
#include "worker/protocol.h"

/* Events that came for a machine while it was stopped. */
struct deferred {
    struct event *events;
    int64_t count, capacity;
};

/* One worker's place: its supervisor, and its process if there is one. */
struct place {
    struct worker_protocol *protocol; /* NULL: no process */
    char host[16], name[16];          /* place's name; host */
    int64_t incarnation;
    int64_t
        first; /* incarnation that knows the keys of this epoch: of earlier ones nothing is heard */
    bool has_left, paused;
    const struct worker_task *task; /* what it computes, and what comes after it; NULL: nothing */
    bool stops;                     /* it was seen that its result is not wanted */
    enum behaviour behaviour;
    int64_t started_us, duration_us, job; /* job: number of the computation, to know a stale end */
    uint64_t progress;
    int n_ended; /* tasks whose results wait to be handed over together */
    struct lode_bytes results;
    bool cut[2];           /* the cable: to the coordinator, from it */
    int64_t arrival_us[2]; /* of the latest message, per direction */
    struct deferred deferred;
};

struct machines {
    struct world *world;
    const struct scenario *scenario;
    struct protocol *coordinator; /* NULL: it is dead */
    int64_t epoch;                /* how many coordinators there were */
    int n_deaths;                 /* of it */
    bool is_immortal;             /* from now on it does not die */
    bool paused;
    struct deferred deferred;
    struct place *places;
    int n_places;
    int64_t coordinator_us; /* real time that its protocol has taken, when timed */
    bool timed;
    int64_t n_jobs;
    const char *broken; /* what must never happen, happened; NULL: nothing did */
    /* reports go here as they come; taken over */
    void (*judge)(void *context, struct report *report);
    void (*born)(void *context);           /* another coordinator begins ... */
    void (*dies)(void *context);           /* ... and this one has died */
    void (*disk)(void *context, int step); /* its commit goes on */
    void *context;
};

void machines_init(struct machines *machines, struct world *world, const struct scenario *scenario);
void machines_clear(struct machines *machines);
/* One event happens. */
void machines_handle(struct machines *machines, struct event *event);
/* Sends and reports what the coordinator has to say; after every call to its protocol. */
void machines_act(struct machines *machines);
/* The coordinator does the next step of its commit in a while. */
void machines_plan_disk(struct machines *machines, int step, int64_t after_us);
/* It is killed, and all workers with it; another one begins a little later. */
void machines_kill_coordinator(struct machines *machines);
/* How many worker processes there are. */
int machines_processes(const struct machines *machines);

#endif
