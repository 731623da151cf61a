/* Explain job: how a job would go about a store, before any work: its own tables, on the screen or
 * as JSON.
 */
#ifndef LODE_COORDINATOR_EXPLAIN_JOB_H
#define LODE_COORDINATOR_EXPLAIN_JOB_H

#include "common/error.h"

#include <stdbool.h>

/* --set and --spec, in their order. */
struct explain_change {
    bool is_file;
    const char *text;
};

struct explain_job {
    const char *job, *store; /* as the person wrote them */
    int n_changes;
    const struct explain_change *changes;
    bool json;
};

/* Parameters are checked as a run would. LODE_E_USAGE: there is no such job, it explains nothing, a
 * parameter is wrong; LODE_E_INPUT: the store. */
LODE_CHECKED lode_status explain_job(const struct explain_job *request);

#endif
