/* Window: see the header. One buffer, filled to its end by few large reads; what is left of a cut
 * record is moved to the front, which costs at most one record a fill. It grows only when a single
 * record fills it, by doubling, so that splitting the record anew each time stays linear.
 */
#include "common/input/window.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Small enough to be in the first-level cache when the splitter comes by a moment later. */
enum { PIECE = 1 << 13 };

lode_status lode_window_init(struct lode_window *window, struct lode_input *input, size_t capacity,
                             size_t limit)
{
    *window = (struct lode_window){.input = input, .capacity = capacity, .limit = limit};
    window->data = calloc(1, capacity + LODE_WINDOW_SLACK);
    if (window->data == NULL)
        return lode_fail(LODE_E_MEMORY, "no memory for a window of %zu bytes", capacity);
    window->data[0] = '\n';
    return LODE_OK;
}

void lode_window_clear(struct lode_window *window)
{
    free(window->data);
    *window = (struct lode_window){0};
}

static lode_status grow(struct lode_window *window)
{
    if (window->capacity >= window->limit)
        return lode_fail(LODE_E_BUG, "window full at its limit of %zu bytes", window->limit);
    const size_t doubled = window->capacity * 2;
    const size_t capacity = doubled < window->limit ? doubled : window->limit;
    char *data = realloc(window->data, capacity + LODE_WINDOW_SLACK);
    if (data == NULL)
        return lode_fail(LODE_E_MEMORY, "no memory for a window of %zu bytes", capacity);
    memset(data + window->end, 0, capacity + LODE_WINDOW_SLACK - window->end);
    window->data = data;
    window->capacity = capacity;
    return LODE_OK;
}

/* Offsets of bytes before `begin` are of no interest any more. */
static size_t shifted(size_t at, size_t by)
{
    return at > by ? at - by : 0;
}

lode_status lode_window_fill(struct lode_window *window)
{
    const size_t used = window->begin;
    memmove(window->data, window->data + used, window->end - used);
    window->begin = 0;
    window->offset += used;
    window->end -= used;
    window->plain_end = shifted(window->plain_end, used);
    window->mixed_end = shifted(window->mixed_end, used);

    if (window->end == window->capacity) lode_try(grow(window));
    while (window->end < window->capacity && !window->last) {
        size_t got = 0;
        lode_try(lode_input_read(window->input, window->data + window->end,
                                 window->capacity - window->end, &got));
        window->end += got;
        window->last = got == 0;
    }
    window->data[window->end] = '\n';
    return LODE_OK;
}

/* Top bit set in each byte of `word` that differs from the byte repeated in `pattern`. */
static inline uint64_t other_bytes(uint64_t word, uint64_t pattern)
{
    const uint64_t low = UINT64_MAX / 255 * 0x7f;
    const uint64_t x = word ^ pattern;
    return ((x & low) + low) | x;
}

/* Eight bytes at a time, beside the eight that follow each of them. A byte of 0 borrows from its
 * upper neighbour, so the test for NUL may name the wrong byte but is never wrong about there being
 * one. text[size] may be read. */
static bool is_plain(const char *text, size_t size)
{
    const uint64_t ones = UINT64_MAX / 255;
    const uint64_t tops = ones << 7;
    uint64_t odd = 0;
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word, next;
        memcpy(&word, text + i, 8);
        memcpy(&next, text + i + 1, 8);
        odd |= word | (word - ones); /* top bit of a byte: 80..ff, or 00 */
        odd |= ~other_bytes(word, ones * '\r') & other_bytes(next, ones * '\n');
    }
    for (; i < size; i++) {
        const bool is_lone_cr = text[i] == '\r' && text[i + 1] != '\n';
        odd |= (uint64_t)(text[i] == 0 || (text[i] & 0x80) != 0 || is_lone_cr) << 7;
    }
    return (odd & tops) == 0;
}

bool lode_window_is_plain(struct lode_window *window, size_t until)
{
    if (until <= window->plain_end) return true;
    if (window->begin < window->mixed_end) return false;
    if (window->plain_end < window->begin) window->plain_end = window->begin;
    /* what follows a CR that is the last byte so far is not known yet */
    const bool is_cut = !window->last && window->end > 0 && window->data[window->end - 1] == '\r';
    while (window->plain_end < until) {
        const size_t left = window->end - window->plain_end - is_cut;
        const size_t size = left < PIECE ? left : PIECE;
        if (!is_plain(window->data + window->plain_end, size)) {
            window->mixed_end = window->plain_end + size;
            return false;
        }
        window->plain_end += size;
    }
    return true;
}
