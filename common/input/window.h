/* Window: the part of an input that is in memory, sliding forward record by record.
 *
 * data[begin..end) are the bytes not yet used. They are always followed by a line end that is not
 * part of the text and by bytes that may be read, so that a scanner needs no bounds check: it stops
 * at data[end] at the latest.
 */
#ifndef LODE_COMMON_WINDOW_H
#define LODE_COMMON_WINDOW_H

#include "common/error.h"
#include "common/input/input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LODE_WINDOW_SLACK = 16 };

struct lode_window {
    struct lode_input *input; /* borrowed */
    char *data;
    size_t capacity; /* bytes of text it can hold, slack not counted */
    size_t limit;    /* the capacity never exceeds this */
    uint64_t offset; /* of data[0] in the text */
    size_t begin;
    size_t end;
    size_t plain_end; /* data[begin..plain_end) is known to be plain */
    size_t mixed_end; /* somewhere in data[plain_end..mixed_end) is a byte that is not plain */
    bool last;        /* nothing follows data[end] */
};

/* An empty window of `capacity` bytes that grows up to `limit`. */
LODE_CHECKED lode_status lode_window_init(struct lode_window *window, struct lode_input *input,
                                          size_t capacity, size_t limit);
void lode_window_clear(struct lode_window *window);

/* Moves what is left to the front, makes the window larger if that fills it, and reads until it is
 * full or the input ends (then `last`). At least one byte more, or `last`. Pointers into the window
 * are void afterwards. Fails as lode_input_read does, with LODE_E_MEMORY, and with LODE_E_BUG when
 * the window is full at its limit (the caller refuses a record of that size first). */
LODE_CHECKED lode_status lode_window_fill(struct lode_window *window);

/* Are all bytes of data[begin..until) ASCII other than NUL, and does an LF follow every CR? False
 * may also mean that the neighbours are not so: then the record is to be looked at itself. Every
 * byte is looked at once, in pieces. `until` is not between a CR and its LF. */
bool lode_window_is_plain(struct lode_window *window, size_t until);

#endif
