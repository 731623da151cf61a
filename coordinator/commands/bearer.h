/* Bearer: a key of the environment as a header of requests. */
#ifndef LODE_COORDINATOR_COMMANDS_BEARER_H
#define LODE_COORDINATOR_COMMANDS_BEARER_H

#include "common/memory.h"

/* "Authorization: Bearer KEY" from the environment variable, which is removed so that no worker
 * has it; NULL: there is none. LODE_E_USAGE: the key has characters that no header may have. */
LODE_CHECKED lode_status bearer_take(const char *variable, struct lode_arena *arena, char **header);

#endif
