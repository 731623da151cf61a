/* Anonymous ids: session ids as keyed hashes (BLAKE2b), for results that leave the house. Who has
 * the key and a list of ids can tell which is which; who has not the key cannot. */
#ifndef LODE_JOBS_OPPORTUNITIES_FINDINGS_ANONYMOUS_H
#define LODE_JOBS_OPPORTUNITIES_FINDINGS_ANONYMOUS_H

#include "common/error.h"

#include <stddef.h>
#include <stdint.h>

enum { ANONYMOUS_KEY_BYTES = 32, ANONYMOUS_ID_CHARS = 32 };

/* The key that a text stands for: its BLAKE2b hash. */
void anonymous_key(const char *text, uint8_t key[ANONYMOUS_KEY_BYTES]);

/* 128 bits as lower-case hex digits, zero-terminated. */
void anonymous_id(const uint8_t key[ANONYMOUS_KEY_BYTES], const char *id, size_t size,
                  char text[ANONYMOUS_ID_CHARS + 1]);

#endif
