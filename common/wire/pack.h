/* Pack: MessagePack values, written with msgpack-c and read with a flat pull decoder: the public
 * lode/pack.h, nothing more.
 *
 * All wire messages are such values too. (msgpack-c's own unpacker reserves gigabytes for a five
 * byte header; ENGINE-FACTS 4.)
 */
#ifndef LODE_COMMON_PACK_H
#define LODE_COMMON_PACK_H

#include "common/error.h"
#include "common/memory.h"
#include "lode/pack.h"

#endif
