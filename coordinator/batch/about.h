/* About: what run.json says of the batch job that a run is part of. */
#ifndef LODE_COORDINATOR_BATCH_ABOUT_H
#define LODE_COORDINATOR_BATCH_ABOUT_H

#include <cjson/cJSON.h>

/* Adds "batch" with system, job, restarts and (where it is known) ends to the record; nothing
 * outside a batch job. */
void batch_describe(cJSON *record);

#endif
