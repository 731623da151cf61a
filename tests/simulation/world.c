/* World: see the header. The queue is a binary heap by (time, order of planning). */
#include "tests/simulation/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void world_init(struct world *world, uint64_t seed, bool traced)
{
    /* the clock of a machine that has just started; 0 is "never" to the protocols */
    *world =
        (struct world){.random = lode_random_begin(seed, 0), .now_us = 1000000, .traced = traced};
}

void world_clear(struct world *world)
{
    for (int64_t i = 0; i < world->n_queue; i++) free(world->queue[i].data);
    free(world->queue);
    *world = (struct world){0};
}

static bool goes_before(const struct event *a, const struct event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(struct event *a, struct event *b)
{
    const struct event kept = *a;
    *a = *b;
    *b = kept;
}

void world_plan(struct world *world, int64_t after_us, struct event event)
{
    if (world->n_queue == world->capacity) {
        world->capacity = 2 * world->capacity + 64;
        world->queue = realloc(world->queue, (size_t)world->capacity * sizeof *world->queue);
        if (!world->queue) abort(); /* a test program: nothing to save */
    }
    event.at_us = world->now_us + (after_us > 0 ? after_us : 0);
    event.order = world->planned++;
    int64_t at = world->n_queue++;
    world->queue[at] = event;
    while (at > 0 && goes_before(&world->queue[at], &world->queue[(at - 1) / 2])) {
        swap(&world->queue[at], &world->queue[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

bool world_next(struct world *world, struct event *event)
{
    if (world->n_queue == 0) return false;
    *event = world->queue[0];
    world->queue[0] = world->queue[--world->n_queue];
    for (int64_t at = 0;;) {
        int64_t best = at;
        for (int64_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < world->n_queue && goes_before(&world->queue[child], &world->queue[best]))
                best = child;
        if (best == at) break;
        swap(&world->queue[at], &world->queue[best]);
        at = best;
    }
    world->now_us = event->at_us;
    world->handled++;
    return true;
}

int64_t world_between(struct world *world, int64_t low, int64_t high)
{
    if (high <= low) return low;
    return low + (int64_t)lode_random_below(&world->random, (uint64_t)(high - low + 1));
}

bool world_chance(struct world *world, double p)
{
    return lode_random_chance(&world->random, p);
}

void world_tell(const struct world *world, const char *format, ...)
{
    if (!world->traced) return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%10.3f s  ", (double)world->now_us / 1e6);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}
