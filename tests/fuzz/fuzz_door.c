/* Hostile bytes as a door: refused with its line, or a door whose text reads back as the same. */
#include <stdlib.h>
#include <string.h>

#include "worker/door.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[DOOR_TEXT_SIZE], same[DOOR_TEXT_SIZE];
    struct door door, again;
    /* a copy of exactly this size: one byte too far is seen by the address sanitizer */
    char *bytes = malloc(size ? size : 1);
    if (!bytes) return 0;
    if (size) memcpy(bytes, data, size);
    const lode_status status = door_parse(bytes, size, &door);
    check(status == LODE_OK || status == LODE_E_INPUT);
    if (status == LODE_OK) {
        check(door.n_addresses >= 1 && door.n_addresses <= DOOR_ADDRESSES_MAX);
        check(door.port >= 1 && door.port <= 65535);
        check(strlen(door.keys.secret_key) == LODE_KEY_SIZE - 1);
        check(door_format(&door, text, sizeof text) == LODE_OK);
        check(door_parse(text, strlen(text), &again) == LODE_OK);
        check(door_format(&again, same, sizeof same) == LODE_OK);
        check(strcmp(text, same) == 0);
    }
    free(bytes);
    return 0;
}
