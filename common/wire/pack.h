/* Pack: MessagePack values, written with msgpack-c and read with a flat pull decoder: the public
 * lode/pack.h, and a text that is to stay.
 *
 * All wire messages are such values too. (msgpack-c's own unpacker reserves gigabytes for a five
 * byte header; ENGINE-FACTS 4.)
 */
#ifndef LODE_COMMON_PACK_H
#define LODE_COMMON_PACK_H

#include "common/error.h"
#include "common/memory.h"
#include "lode/pack.h"

/* A text, copied into the arena and ended by a zero. LODE_E_MESSAGE, LODE_E_MEMORY. */
LODE_CHECKED lode_status lode_unpack_copy(struct lode_unpack *in, struct lode_arena *arena,
                                          const char **text);

#endif
