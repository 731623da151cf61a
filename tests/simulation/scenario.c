/* Scenario: see the header. */
#include "tests/simulation/scenario.h"

#include "common/hash.h"

enum { SECOND_US = 1000000 };

static uint64_t key(const struct scenario *s, uint64_t what, uint64_t stage, uint64_t task,
                    uint64_t attempt)
{
    const uint64_t parts[] = {s->seed, what, stage, task, attempt};
    return lode_hash(parts, sizeof parts);
}

enum behaviour scenario_behaviour(const struct scenario *s, uint64_t stage, uint64_t task,
                                  uint64_t attempt)
{
    if (s->poisoned_stage >= 0 && stage == (uint64_t)s->poisoned_stage + 1 &&
        task == (uint64_t)s->poisoned_task)
        return s->is_rotten ? REFUSES : CRASHES;
    if (attempt > 1) return WELL;
    struct lode_random random = lode_random_begin(key(s, 1, stage, task, attempt), 1);
    if (!lode_random_chance(&random, s->p_bad_first)) return WELL;
    return (enum behaviour)(1 + lode_random_below(&random, CRAWLS));
}

int64_t scenario_duration_us(const struct scenario *s, uint64_t stage, uint64_t task)
{
    struct lode_random random = lode_random_begin(key(s, 2, stage, task, 0), 1);
    return s->shortest_us +
           (int64_t)lode_random_below(&random, (uint64_t)(s->longest_us - s->shortest_us + 1));
}

double scenario_slowness(const struct scenario *s, int worker)
{
    struct lode_random random = lode_random_begin(key(s, 4, (uint64_t)worker, 0, 0), 1);
    return lode_random_chance(&random, s->p_slow) ? 1.0 + 30.0 * lode_random_uniform(&random) : 1.0;
}

uint64_t scenario_result(const struct scenario *s, uint64_t stage, uint64_t task)
{
    return key(s, 3, stage, task, 0);
}

static void draw_deaths(struct world *world, struct scenario *s)
{
    static const double chances[] = {0.0, 0.02, 0.1, 0.5};
    s->has_journal = world_chance(world, 0.5);
    if (!s->has_journal) return;
    s->p_death = chances[world_between(world, 0, 3)];
    s->n_deaths = (int)world_between(world, 0, DEATHS_MAX);
}

/* Keyed by the seed alone: what else the seed means stays as it was. In half of them some stages
 * after the first read what it has read. */
static void draw_files(struct scenario *s)
{
    struct lode_random random = lode_random_begin(key(s, 5, 0, 0, 0), 1);
    if (!lode_random_chance(&random, 0.5)) return;
    s->n_partitions = s->n_tasks[0];
    for (int i = 1; i < s->n_stages; i++)
        if (lode_random_chance(&random, 0.7)) s->n_tasks[i] = s->n_partitions;
}

static void draw_work(struct world *world, struct scenario *s)
{
    static const int64_t longest[] = {500, 20000, 200000, 4 * SECOND_US};
    s->n_workers = (int)world_between(world, 1, world_chance(world, 0.1) ? 20 : 6);
    s->n_late = world_chance(world, 0.3) ? (int)world_between(world, 1, 3) : 0;
    s->p_slow = 0.15;
    s->n_stages = (int)world_between(world, 1, STAGES_MAX);
    for (int i = 0; i < s->n_stages; i++)
        s->n_tasks[i] = world_between(world, 1, world_chance(world, 0.3) ? TASKS_MAX : 12);
    s->longest_us = longest[world_between(world, 0, 3)];
    s->shortest_us = world_chance(world, 0.5) ? s->longest_us : s->longest_us / 10;
    s->has_costs = world_chance(world, 0.5);
    s->heartbeat_us = 500000;
    s->lease_us = 10 * SECOND_US;
    s->speculation = !world_chance(world, 0.2);
    s->p_bad_first = world_chance(world, 0.5) ? 0.1 : 0.0;
    s->poisoned_stage = -1;
    draw_deaths(world, s);
    draw_files(s);
    if (!world_chance(world, 0.1)) return;
    s->poisoned_stage = (int)world_between(world, 0, s->n_stages - 1);
    s->poisoned_task = world_between(world, 0, s->n_tasks[s->poisoned_stage] - 1);
    s->allow_partial = world_chance(world, 0.5);
    s->is_rotten = world_chance(world, 0.5);
}

static void draw_network(struct world *world, struct scenario *s)
{
    static const double chances[] = {0.0, 0.0, 0.01, 0.1, 0.3};
    s->ordered = world_chance(world, 0.5);
    s->p_lost = chances[world_between(world, 0, 4)];
    s->p_twice = s->ordered ? 0.0 : chances[world_between(world, 0, 4)];
    s->p_late = chances[world_between(world, 0, 4)];
    s->late_us = world_between(world, 1000, 3 * SECOND_US);
    s->faults_end_us = world_between(world, 1, 20) * SECOND_US;
}

/* SIGKILL of the coordinator, at any time. */
static void plan_deaths(struct world *world, const struct scenario *s)
{
    for (int i = 0; i < s->n_deaths; i++)
        if (world_chance(world, 0.5))
            world_plan(world, world_between(world, 0, s->faults_end_us),
                       (struct event){.kind = EVENT_KILL, .node = COORDINATOR});
}

/* Kills, stops and cut cables, at random times before the faults end; each comes to an end. */
static void plan_faults(struct world *world, const struct scenario *s)
{
    const int workers = s->n_workers + s->n_late;
    const int64_t faults = world_chance(world, 0.3) ? 0 : world_between(world, 0, 12);
    for (int64_t i = 0; i < faults; i++) {
        const int node = (int)world_between(world, 0, workers - 1);
        const int64_t at = world_between(world, 0, s->faults_end_us);
        const int64_t lasts =
            world_between(world, 1000, world_chance(world, 0.5) ? SECOND_US : 8 * SECOND_US);
        switch (world_between(world, 0, 3)) {
        case 0:
        case 1: /* three of them on one task would look like its own doing */
            if (s->poisoned_stage >= 0) break;
            world_plan(world, at, (struct event){.kind = EVENT_KILL, .node = node});
            break;
        case 2: {
            /* sometimes the coordinator itself */
            const int who = world_chance(world, 0.2) ? COORDINATOR : node;
            world_plan(world, at, (struct event){.kind = EVENT_PAUSE, .node = who});
            world_plan(world, at + lasts, (struct event){.kind = EVENT_RESUME, .node = who});
            break;
        }
        default:
            for (int direction = COORDINATOR; direction <= 0; direction++) {
                if (world_chance(world, 0.2)) continue; /* one way only */
                world_plan(world, at,
                           (struct event){.kind = EVENT_CUT, .node = node, .from = direction});
                world_plan(world, at + lasts,
                           (struct event){.kind = EVENT_HEAL, .node = node, .from = direction});
            }
        }
    }
}

void scenario_draw(struct world *world, uint64_t seed, struct scenario *s)
{
    *s = (struct scenario){.seed = seed};
    draw_work(world, s);
    draw_network(world, s);
    plan_faults(world, s);
    plan_deaths(world, s);
}

void scenario_scale(int n_workers, struct scenario *s)
{
    *s = (struct scenario){.seed = 1,
                           .n_workers = n_workers,
                           .n_stages = 2,
                           .n_tasks = {100 * (int64_t)n_workers, 100 * (int64_t)n_workers},
                           .n_partitions = 100 * (int64_t)n_workers,
                           .shortest_us = SECOND_US / 2,
                           .longest_us = 3 * SECOND_US / 2,
                           .ordered = true,
                           .speculation = true,
                           .poisoned_stage = -1,
                           .lease_us = 10 * SECOND_US,
                           .heartbeat_us = SECOND_US / 2};
}
