/* Short text: up to 16 bytes as two numbers, which are compared sooner than bytes are and hashed
 * sooner than a text is. For tables that remember what came last. */
#ifndef LODE_COMMON_SHORT_TEXT_H
#define LODE_COMMON_SHORT_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LODE_SHORT_TEXT_BYTES = 16 };

struct lode_short_text {
    uint64_t front, back;
};

/* 1 <= size <= LODE_SHORT_TEXT_BYTES. All bytes are in it: equal numbers of equal sizes are of
 * equal texts. Numbers are those of the machine. */
static inline struct lode_short_text lode_short_text(const void *bytes, size_t size)
{
    const uint8_t *text = bytes;
    struct lode_short_text made;
    if (size >= 8) {
        memcpy(&made.front, text, 8);
        memcpy(&made.back, text + size - 8, 8);
    } else if (size >= 4) {
        uint32_t front, back;
        memcpy(&front, text, 4);
        memcpy(&back, text + size - 4, 4);
        made = (struct lode_short_text){front, back};
    } else { /* first, middle and last: of up to three bytes each is one of them */
        made.front = (uint64_t)text[0] | (uint64_t)text[size / 2] << 8;
        made.back = text[size - 1];
    }
    return made;
}

/* The upper bits are mixed well enough to choose a slot. */
static inline uint64_t lode_short_text_mix(struct lode_short_text text, size_t size)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    const uint64_t mixed = (text.front + size) * odd ^ text.back;
    return (mixed ^ mixed >> 32) * odd;
}

#endif
