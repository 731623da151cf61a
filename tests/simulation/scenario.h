/* Scenario: what a seed means: how many workers and tasks, what the network does to messages, which
 * faults come when, and how tasks behave.
 */
#ifndef LODE_TESTS_SIMULATION_SCENARIO_H
#define LODE_TESTS_SIMULATION_SCENARIO_H

#include "tests/simulation/world.h"

enum { STAGES_MAX = 4, TASKS_MAX = 80, DEATHS_MAX = 5 };

/* How a task behaves on one attempt. */
enum behaviour {
    WELL,
    FAILS,    /* ends with an error */
    REFUSES,  /* says that its input is bad */
    CRASHES,  /* takes its process down in the middle */
    HANGS,    /* no progress, obeys a cancel */
    STUBBORN, /* no progress, obeys nothing */
    CRAWLS    /* progress, but a hundred times slower than it should be */
};

struct scenario {
    uint64_t seed;
    int n_workers; /* from the start */
    int n_late;    /* join at some time */
    double p_slow; /* of a worker to be slow, see scenario_slowness */
    int n_stages;
    int64_t n_tasks[STAGES_MAX];
    int64_t shortest_us, longest_us; /* of a task */
    bool has_costs;
    int64_t
        n_partitions; /* stages of so many tasks read the same files, task by task; 0: none do */

    bool ordered;  /* messages of a link keep their order, as TCP does */
    double p_lost; /* per message, while there are faults */
    double p_twice;
    double p_late; /* ... by up to late_us */
    int64_t late_us;

    double p_bad_first; /* a task's first attempt does not go WELL */
    int poisoned_stage; /* -1: none; else one task of it crashes every worker it meets ... */
    int64_t poisoned_task;
    bool is_rotten; /* ... or refuses its input everywhere */
    bool allow_partial, speculation;
    bool has_journal;
    double p_death;        /* of the coordinator, at each step of a commit; with a journal only */
    int n_deaths;          /* it dies no more often than that */
    int64_t faults_end_us; /* from then on the network and the machines are well */
    int64_t lease_us, heartbeat_us;
};

/* Draws the scenario and plans its faults. */
void scenario_draw(struct world *world, uint64_t seed, struct scenario *scenario);

/* A large cluster on which nothing goes wrong: two stages over the same files, each with 100 tasks
 * of about a second for each worker. */
void scenario_scale(int n_workers, struct scenario *scenario);

/* How much longer a worker takes than it should. */
double scenario_slowness(const struct scenario *scenario, int worker);
/* Keyed by (seed, stage, task, attempt): the same whenever and wherever it is asked. */
enum behaviour scenario_behaviour(const struct scenario *scenario, uint64_t stage, uint64_t task,
                                  uint64_t attempt);
int64_t scenario_duration_us(const struct scenario *scenario, uint64_t stage, uint64_t task);
/* The result that every worker must compute. */
uint64_t scenario_result(const struct scenario *scenario, uint64_t stage, uint64_t task);

#endif
