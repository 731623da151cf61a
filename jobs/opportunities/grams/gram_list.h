/* Gram list: counts of one plan and one k as bytes, from leaf to coordinator.
 *
 * A list is a header, blocks of up to GRAM_BLOCK entries, and GRAM_PAD zero bytes so that a reader
 * may load eight bytes at once. All numbers are little-endian.
 *
 *   header  u32 k | u32 n_classes | u64 n_entries | u64 bytes of all blocks | u64 occurrences[c]
 *   block   u64 first key | u32 n_entries | u32 bytes of its entries | entries
 *   entry   varint gap (key - previous key - 1; 0 for the first) | u8 code | varint counts[c]?
 *
 * A varint says its length in the trailing zeros of its first byte (n bytes hold 7 n bits; a zero
 * byte is followed by all eight), so that it is read without a loop or a branch. A code is the
 * counts of all classes as digits of base gram_radix, which fits most entries into that one byte;
 * no entry has only zeros, so code 0 says that the counts follow in full.
 *
 * Lists come over the wire: gram_list_open checks the frame, a cursor checks every entry, and
 * nothing outside the bytes given is read.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GRAM_LIST_H
#define LODE_JOBS_OPPORTUNITIES_GRAM_LIST_H

#include "common/error.h"
#include "common/memory.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    GRAM_MAX_CLASSES = 8,
    GRAM_KEY_BITS = 61, /* 64 less the three of a class: key and class share a word in a sort */
    GRAM_BLOCK = 1024,
    GRAM_BLOCK_HEAD = 16,
    GRAM_PAD = 8,
    GRAM_ENTRY_MOST = 9 + 1 + GRAM_MAX_CLASSES * 5
};

/* What is counted: keys are ((cohort * V + token_1) * V + token_2) ..., V = n_tokens. */
struct gram_space {
    int64_t n_cohorts;
    int64_t n_tokens;
    int k;
    int n_classes; /* 1..GRAM_MAX_CLASSES */
};

/* Number of keys, n_cohorts * n_tokens^k. LODE_E_USAGE when it needs more than GRAM_KEY_BITS. */
LODE_CHECKED lode_status gram_space_keys(const struct gram_space *space, uint64_t *n_keys);

/* The largest r with r^n_classes <= 256: counts below it travel in the code. */
static inline uint32_t gram_radix(int n_classes)
{
    static const uint16_t radix[GRAM_MAX_CLASSES + 1] = {0, 256, 16, 6, 4, 3, 2, 2, 2};
    return radix[n_classes];
}

/* Appends one list to `out`. Between begin and end nothing else may touch `out`. */
struct gram_writer {
    struct lode_bytes *out;
    size_t head, block; /* offsets of the list and of the open block; block 0: none open */
    uint64_t next;      /* the last key + 1 */
    uint64_t n_entries;
    uint32_t n_block; /* entries in the open block */
    uint32_t radix;
    int k, n_classes;
};

LODE_CHECKED lode_status gram_writer_begin(struct gram_writer *writer,
                                           const struct gram_space *space, struct lode_bytes *out);
/* Makes room for `n_entries` more puts. */
LODE_CHECKED lode_status gram_writer_room(struct gram_writer *writer, int64_t n_entries);
/* occurrences: [n_classes]. */
LODE_CHECKED lode_status gram_writer_end(struct gram_writer *writer, const uint64_t *occurrences);
/* For gram_writer_put: closes the open block, if any, and opens one that begins with `key`. */
void gram_writer_block(struct gram_writer *writer, uint64_t key);

/* Writes a varint; needs room for nine bytes. Returns the byte after it. */
static inline uint8_t *gram_put_varint(uint8_t *at, uint64_t value)
{
    const int bits = 64 - __builtin_clzll(value | 1);
    const int size = (bits + 6) / 7;
    if (size > 8) {
        const uint64_t whole = htole64(value);
        *at = 0;
        memcpy(at + 1, &whole, sizeof whole);
        return at + 9;
    }
    const uint64_t word = htole64(((value << 1) | 1) << (size - 1));
    memcpy(at, &word, sizeof word);
    return at + size;
}

/* One entry: keys ascend from put to put; counts [n_classes], not all zero. Room was made before.
 * n_classes is the writer's: a constant, where the caller knows it, makes it faster. */
static inline void gram_writer_put(struct gram_writer *writer, uint64_t key, const uint32_t *counts,
                                   int n_classes)
{
    if (writer->n_block == 0 || writer->n_block == GRAM_BLOCK) gram_writer_block(writer, key);
    uint8_t *at = writer->out->data + writer->out->size;
    at = gram_put_varint(at, key - writer->next);

    const uint32_t radix = writer->radix;
    uint32_t code = 0;
    bool fits = true;
    for (int c = 0; c < n_classes; c++) {
        code = code * radix + counts[c];
        fits &= counts[c] < radix;
    }
    *at++ = fits ? (uint8_t)code : 0;
    if (!fits)
        for (int c = 0; c < n_classes; c++) at = gram_put_varint(at, counts[c]);

    writer->out->size = (size_t)(at - writer->out->data);
    writer->next = key + 1;
    writer->n_block++;
}

/* A list whose frame is in order: sizes fit, block keys ascend below n_keys. Borrows the bytes. */
struct gram_list {
    const uint8_t *blocks, *blocks_end;
    int64_t n_entries;
    int64_t n_blocks;
    int64_t occurrences[GRAM_MAX_CLASSES];
};

/* Reads the frame of the list at `data`; *used is its length (other bytes may follow).
 * LODE_E_MESSAGE when it is no list of this space. */
LODE_CHECKED lode_status gram_list_open(const struct gram_space *space, const uint8_t *data,
                                        size_t size, struct gram_list *list, size_t *used);

/* The counts that each code stands for. */
struct gram_codes {
    uint8_t digits[256][GRAM_MAX_CLASSES];
};
void gram_codes_init(struct gram_codes *codes, int n_classes);

/* A place in a list. */
struct gram_cursor {
    const struct gram_codes *codes;
    const uint8_t *at, *block_end, *blocks_end;
    uint64_t next;  /* smallest key the next entry can have */
    uint64_t limit; /* keys of this block lie below */
    uint64_t n_keys;
    uint32_t left; /* entries of this block not yet read */
    bool is_bad;   /* an entry is not what it must be; then there are no more entries */
};

/* At the first entry of an opened list; n_keys of the space. Borrows `codes`. */
void gram_cursor_begin(struct gram_cursor *cursor, const struct gram_list *list, uint64_t n_keys,
                       const struct gram_codes *codes);
/* For gram_cursor_next: steps into the next block; false at the end of the list or on a fault. */
bool gram_cursor_block(struct gram_cursor *cursor);
/* LODE_E_MESSAGE if the cursor stopped at a fault. */
LODE_CHECKED lode_status gram_cursor_check(const struct gram_cursor *cursor);

static inline bool gram_cursor_fault(struct gram_cursor *cursor)
{
    cursor->is_bad = true;
    cursor->left = 0;
    return false;
}

/* Reads a varint; eight bytes after its first one must be readable. */
static inline const uint8_t *gram_get_varint(const uint8_t *at, uint64_t *value)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    word = le64toh(word);
    const int size = __builtin_ctz((uint32_t)*at | 0x100) + 1;
    if (size > 8) {
        memcpy(&word, at + 1, sizeof word);
        *value = le64toh(word);
        return at + 9;
    }
    *value = (word & (UINT64_MAX >> (64 - 8 * size))) >> size;
    return at + size;
}

/* The next entry with a key below `end`: counts [n_classes] are set, not all zero. False, and
 * nothing read, when there is none. */
static inline bool gram_cursor_next(struct gram_cursor *cursor, uint64_t end, uint64_t *key,
                                    uint32_t *counts, int n_classes)
{
    if (cursor->left == 0 && !gram_cursor_block(cursor)) return false;
    const uint8_t *at = cursor->at;
    if (cursor->block_end - at < 2) return gram_cursor_fault(cursor);
    uint64_t gap;
    at = gram_get_varint(at, &gap);
    if (gap >= cursor->limit - cursor->next) return gram_cursor_fault(cursor);
    const uint64_t here = cursor->next + gap;
    if (here >= end) return false;

    const uint8_t code = *at++;
    if (code) {
        for (int c = 0; c < n_classes; c++) counts[c] = cursor->codes->digits[code][c];
    } else {
        uint64_t all = 0;
        for (int c = 0; c < n_classes; c++) {
            uint64_t count;
            if (at >= cursor->block_end) return gram_cursor_fault(cursor);
            at = gram_get_varint(at, &count);
            if (count > UINT32_MAX) return gram_cursor_fault(cursor);
            counts[c] = (uint32_t)count;
            all |= count;
        }
        if (all == 0) return gram_cursor_fault(cursor);
    }
    cursor->left--;
    if (at > cursor->block_end || (cursor->left == 0 && at != cursor->block_end))
        return gram_cursor_fault(cursor);
    cursor->at = at;
    cursor->next = here + 1;
    *key = here;
    return true;
}

#endif
