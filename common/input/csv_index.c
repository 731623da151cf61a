/* CSV index: 64 bytes become one word of bits, a bit a byte, and each set bit a place (Langdale and
 * Lemire, "Parsing gigabytes of JSON per second", VLDB Journal 28, 2019, section 3.1). SSE2 is part
 * of every x86-64; other machines find the same places eight bytes at a time.
 */
#include "common/input/csv_index.h"

#include <endian.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { BLOCK = 64 };

#ifdef __SSE2__
/* Bits of the 64 bytes that are ',', '"' or LF; *odd gets a bit for each that is not plain. */
static inline uint64_t special_bits(const char *text, uint64_t *odd)
{
    const __m128i comma = _mm_set1_epi8(',');
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i line = _mm_set1_epi8('\n');
    uint64_t bits = 0;
    *odd = 0;
    for (unsigned i = 0; i < BLOCK; i += 16) {
        __m128i bytes;
        memcpy(&bytes, text + i, sizeof bytes);
        const __m128i special =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, comma), _mm_cmpeq_epi8(bytes, quote)),
                         _mm_cmpeq_epi8(bytes, line));
        /* signed: 0x80 to 0xff and 0 are not above 0 */
        const __m128i plain = _mm_cmpgt_epi8(bytes, _mm_setzero_si128());
        bits |= (uint64_t)(unsigned)_mm_movemask_epi8(special) << i;
        *odd |= (uint64_t)(~(unsigned)_mm_movemask_epi8(plain) & 0xffff) << i;
    }
    return bits;
}
#else
/* Top bit set in each byte of `word` that equals `byte`; exact. */
static inline uint64_t equal_bytes(uint64_t word, uint64_t byte)
{
    const uint64_t low = UINT64_MAX / 255 * 0x7f;
    const uint64_t x = word ^ (UINT64_MAX / 255 * byte);
    return ~(((x & low) + low) | x | low);
}

/* The top bits of the bytes as the lowest eight bits, the first byte's lowest. */
static inline uint64_t gather_tops(uint64_t tops)
{
    return (tops >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static inline uint64_t special_bits(const char *text, uint64_t *odd)
{
    const uint64_t tops = UINT64_MAX / 255 << 7;
    uint64_t bits = 0;
    *odd = 0;
    for (unsigned i = 0; i < BLOCK; i += 8) {
        uint64_t word;
        memcpy(&word, text + i, sizeof word);
        word = le64toh(word);
        bits |=
            gather_tops(equal_bytes(word, ',') | equal_bytes(word, '"') | equal_bytes(word, '\n'))
            << i;
        *odd |= gather_tops((word | equal_bytes(word, 0)) & tops) << i;
    }
    return bits;
}
#endif

/* A call of a library function where the processor is not known to have an instruction. */
static inline uint32_t count_bits(uint64_t bits)
{
    const uint64_t ones = UINT64_MAX / 255;
    bits -= (bits >> 1) & (ones * 0x55);
    bits = (bits & (ones * 0x33)) + ((bits >> 2) & (ones * 0x33));
    bits = (bits + (bits >> 4)) & (ones * 0x0f);
    return (uint32_t)(bits * ones >> 56);
}

/* Appends a place for each bit. Eight at a time without asking how many there are: what is too much
 * is written over, and places has room for it. */
static inline uint32_t put_places(uint32_t *places, uint32_t count, uint32_t base, uint64_t bits)
{
    const uint32_t end = count + count_bits(bits);
    while (count < end) {
        for (int i = 0; i < LODE_CSV_INDEX_SLACK; i++) {
            /* the bit beyond all others: ctz of 0 has no meaning */
            places[count + (uint32_t)i] =
                base + (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
            bits &= bits - 1;
        }
        count += LODE_CSV_INDEX_SLACK;
    }
    return end;
}

void lode_csv_index_fill(struct lode_csv_index *index, uint64_t begin, const char *text,
                         size_t size)
{
    const uint32_t most =
        size < LODE_CSV_INDEX_BYTES ? (uint32_t)size : (uint32_t)LODE_CSV_INDEX_BYTES;
    uint64_t all_odd = 0;
    uint32_t count = 0;
    for (uint32_t at = 0; at < most; at += BLOCK) {
        char tail[BLOCK];
        const char *block = text + at;
        if (most - at < BLOCK) { /* what follows is not part of the stretch */
            memset(tail, ' ', sizeof tail);
            memcpy(tail, block, most - at);
            block = tail;
        }
        uint64_t odd;
        const uint64_t bits = special_bits(block, &odd);
        all_odd |= odd;
        count = put_places(index->places, count, at, bits);
    }
    index->begin = begin;
    index->size = most;
    index->next = 0;
    index->count = count;
    index->is_plain = all_odd == 0;
}
