/* Input: the bytes of a file, plain, gzip or zstd, one block after the other.
 *
 * The packing is found out from the first bytes. Concatenated gzip members and zstd frames are one
 * stream, as gzip and zstd themselves read them. A stream that is cut short, damaged or followed by
 * other bytes is never taken for the end of the text.
 */
#ifndef LODE_COMMON_INPUT_H
#define LODE_COMMON_INPUT_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LODE_INPUT_BLOCK = 1 << 18 }; /* stays in the second-level cache until it is split */

struct lode_input;

/* `block_bytes` (>= 1) is the most that is asked of the file at once: LODE_INPUT_BLOCK, or a few
 * bytes in tests. Fails with LODE_E_INPUT naming the path: missing, not readable, empty, no regular
 * file (a FIFO cannot be read again by another attempt of a task). */
LODE_CHECKED lode_status lode_input_open(const char *path, size_t block_bytes,
                                         struct lode_input **input);
/* The same over `size` bytes in memory, borrowed until the close; `name` stands for the path. */
LODE_CHECKED lode_status lode_input_open_memory(const char *name, const void *data, size_t size,
                                                size_t block_bytes, struct lode_input **input);
void lode_input_close(struct lode_input *input); /* takes NULL */

/* 1 to `size` (>= 1) unpacked bytes into `buffer`; *got 0: the end. Fails with LODE_E_INPUT
 * ("PATH: gzip stream is cut short after N bytes", N counted in the file), LODE_E_MEMORY. */
LODE_CHECKED lode_status lode_input_read(struct lode_input *input, void *buffer, size_t size,
                                         size_t *got);

/* Goes to byte `offset` of a plain file (beyond its end: nothing follows). LODE_E_BUG when the file
 * is packed, whose text cannot be entered in the middle. */
LODE_CHECKED lode_status lode_input_seek(struct lode_input *input, uint64_t offset);

/* Is it gzip or zstd? */
bool lode_input_is_packed(const struct lode_input *input);
size_t lode_input_block(const struct lode_input *input);
/* The path or name it was opened with. */
const char *lode_input_path(const struct lode_input *input);

#endif
