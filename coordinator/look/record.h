/* Record: what run.json says of a run, and whether its coordinator can still be there. */
#ifndef LODE_COORDINATOR_RECORD_H
#define LODE_COORDINATOR_RECORD_H

#include "common/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

enum record_state {
    RECORD_STARTING, /* the coordinator has not opened its door yet */
    RECORD_RUNNING,  /* ask it */
    RECORD_KILLED,   /* it says "running", but the coordinator is gone without a verdict */
    RECORD_ENDED     /* done, failed or stopped, as run.json says */
};

struct record {
    cJSON *json; /* run.json */
    enum record_state state;
    const char *state_name; /* "starting", "running", "killed", "done", "failed", "stopped" */
    const char *host;       /* the coordinator's; "" when not known */
    int64_t pid;
};

/* Reads RUN/run.json. LODE_E_USAGE: there is no such folder; LODE_E_INPUT: it is no run. */
LODE_CHECKED lode_status record_load(const char *run, struct record *record);
void record_clear(struct record *record); /* of a zeroed one too */

/* Name of the run's job. Borrowed. */
const char *record_job(const struct record *record);
/* Path of the store that the run read; "" when there is none. Borrowed. */
const char *record_store(const struct record *record);

/* Seconds from the start of the run to now, by the clocks of the two hosts; NaN when unknown. */
double record_age(const struct record *record);

#endif
