/* Going on: the command by which a run that was stopped, killed or failed is gone on with. Pure. */
#ifndef LODE_COORDINATOR_GOING_ON_H
#define LODE_COORDINATOR_GOING_ON_H

#include "common/memory.h"

#include <cjson/cJSON.h>

/* Appends `lode run --resume RUN`, with the options by which workers were started (`-n 8`,
 * `--memory 2G`, ...) as `command`, the words of run.json, has them; what the run itself knows
 * (job, store, parameters) is not repeated. Quoted for a shell where need be; no final zero. */
LODE_CHECKED lode_status going_on_command(const char *run, const cJSON *command,
                                          struct lode_bytes *text);

#endif
