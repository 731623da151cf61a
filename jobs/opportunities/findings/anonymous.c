/* Anonymous ids: libsodium's BLAKE2b, which takes a key as part of its definition (RFC 7693). */
#include "jobs/opportunities/findings/anonymous.h"

#include <sodium.h>
#include <string.h>

enum { HASH_BYTES = ANONYMOUS_ID_CHARS / 2 };
_Static_assert(HASH_BYTES >= crypto_generichash_BYTES_MIN, "bytes of a hash");
_Static_assert(ANONYMOUS_KEY_BYTES == crypto_generichash_KEYBYTES, "bytes of a key");

/* These calls fail for sizes out of range alone, and sizes are constants. */

void anonymous_key(const char *text, uint8_t key[ANONYMOUS_KEY_BYTES])
{
    crypto_generichash(key, ANONYMOUS_KEY_BYTES, (const unsigned char *)text, strlen(text), NULL,
                       0);
}

void anonymous_id(const uint8_t key[ANONYMOUS_KEY_BYTES], const char *id, size_t size,
                  char text[ANONYMOUS_ID_CHARS + 1])
{
    unsigned char hash[HASH_BYTES];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)id, size, key,
                       ANONYMOUS_KEY_BYTES);
    sodium_bin2hex(text, ANONYMOUS_ID_CHARS + 1, hash, sizeof hash);
}
