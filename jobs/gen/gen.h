/* Generator of event telemetry with planted, known opportunities: what `lode gen events` hands to
 * the job `gen.events`.
 *
 * Users of a web shop: attributes that stay (device, os and its version, country), sessions over 60
 * days, each with events from a Markov chain over 40 names and four KPIs. What is planted is in
 * jobs/gen/plant.h and, for a set that was made, in its truth.json. Without planting KPIs are
 * independent of all else: session length, events, attributes, life cycle.
 *
 * About 8 events a session.
 */
#ifndef LODE_JOBS_GEN_GEN_H
#define LODE_JOBS_GEN_GEN_H

#include "jobs/job.h"

#include <stdbool.h>
#include <stdint.h>

/* Users of one task: about 1.2 MB of rows. */
enum { GEN_BLOCK_USERS = 200 };

struct gen_events_options {
    int64_t users; /* 1..1e9 */
    uint64_t seed;
    uint32_t planted;         /* plant_read (jobs/gen/plant.h); 0: nothing */
    double faulty_rate;       /* of all 0/1 KPIs before anything is planted; in (0, 0.25] */
    double sessions_per_user; /* mean, in [1, 100] */
};

/* 2000 users, 11 sessions each, seed 1, the usual planted, 5 % faulty. */
void gen_events_defaults(struct gen_events_options *options);

/* Name "gen.events", options a struct gen_events_options. Writes sessions.csv, events.csv and
 * truth.json into run->directory; each is whole or absent. Equal options give equal bytes for any
 * number of workers. Fails with LODE_E_USAGE (a number out of range) and LODE_E_DISK. */
extern const struct lode_job gen_events_job;

#endif
