/* Bearer: see the header. */
#include "coordinator/commands/bearer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 4096 };

lode_status bearer_take(const char *variable, struct lode_arena *arena, char **header)
{
    static const char before[] = "Authorization: Bearer ";
    const char *key = getenv(variable);
    *header = NULL;
    if (!key || !key[0]) return LODE_OK;
    for (const char *at = key; *at; at++)
        if (!isgraph((unsigned char)*at) || at - key >= KEY_MAX)
            return lode_fail(LODE_E_USAGE,
                             "%s: a key is at most %d letters, digits and signs without blanks",
                             variable, KEY_MAX);
    lode_try(lode_take(arena, sizeof before + strlen(key), header));
    snprintf(*header, sizeof before + strlen(key), "%s%s", before, key);
    unsetenv(variable);
    return LODE_OK;
}
