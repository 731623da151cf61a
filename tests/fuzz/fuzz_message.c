/* Any bytes as a message: decoded or refused, and what is decoded encodes to a message that decodes
 * to the same. */
#include "common/wire/message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_message message, again;
    struct lode_bytes out = {0}, same = {0};
    if (lode_message_decode(data, size, &message)) return 0;
    if (lode_message_encode(&message, &out) || lode_message_decode(out.data, out.size, &again))
        abort();
    if (message.type != again.type || message.task != again.task ||
        message.sequence != again.sequence || message.bytes.size != again.bytes.size ||
        message.text.size != again.text.size)
        abort();
    /* whatever fields the type has: written again, the same bytes */
    if (lode_message_encode(&again, &same)) abort();
    if (out.size != same.size || memcmp(out.data, same.data, out.size) != 0) abort();
    lode_bytes_clear(&same);
    lode_bytes_clear(&out);
    return 0;
}
