/* A fuzz input as a sequence of steps: one byte that says what happens, one its argument, two the
 * length of what follows. Read until nothing is left; a length beyond the end is cut to it. */
#ifndef LODE_TESTS_FUZZ_STEPS_H
#define LODE_TESTS_FUZZ_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct step {
    uint8_t kind, argument;
    uint8_t *bytes; /* a copy of exactly `size`: one byte too far is seen by the sanitizer */
    size_t size;
};

static inline bool step_next(const uint8_t **data, size_t *size, struct step *step)
{
    if (*size < 4) return false;
    step->kind = (*data)[0];
    step->argument = (*data)[1];
    step->size = (size_t)((*data)[2] | (*data)[3] << 8);
    *data += 4;
    *size -= 4;
    if (step->size > *size) step->size = *size;
    step->bytes = malloc(step->size + (step->size == 0));
    if (!step->bytes) return false;
    memcpy(step->bytes, *data, step->size);
    *data += step->size;
    *size -= step->size;
    return true;
}

#endif
