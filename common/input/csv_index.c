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

/* A bit for each of 64 bytes. */
struct bits {
    uint64_t special; /* ',', '"' or LF */
    uint64_t quote;   /* '"' */
    uint64_t line;    /* LF */
    uint64_t cr;      /* CR */
    uint64_t odd;     /* NUL, or not ASCII */
};

#ifdef __SSE2__
static inline uint64_t equal_bits(__m128i bytes, char byte, unsigned shift)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte)))
           << shift;
}

static inline struct bits find_bits(const char *text)
{
    struct bits bits = {0};
    for (unsigned i = 0; i < BLOCK; i += 16) {
        __m128i bytes;
        memcpy(&bytes, text + i, sizeof bytes);
        /* signed: 0x80 to 0xff and 0 are not above 0 */
        const __m128i plain = _mm_cmpgt_epi8(bytes, _mm_setzero_si128());
        bits.line |= equal_bits(bytes, '\n', i);
        bits.cr |= equal_bits(bytes, '\r', i);
        bits.quote |= equal_bits(bytes, '"', i);
        bits.special |= equal_bits(bytes, ',', i);
        bits.odd |= (uint64_t)(~(unsigned)_mm_movemask_epi8(plain) & 0xffff) << i;
    }
    bits.special |= bits.quote | bits.line;
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

static inline struct bits find_bits(const char *text)
{
    const uint64_t tops = UINT64_MAX / 255 << 7;
    struct bits bits = {0};
    for (unsigned i = 0; i < BLOCK; i += 8) {
        uint64_t word;
        memcpy(&word, text + i, sizeof word);
        word = le64toh(word);
        bits.line |= gather_tops(equal_bytes(word, '\n')) << i;
        bits.cr |= gather_tops(equal_bytes(word, '\r')) << i;
        bits.quote |= gather_tops(equal_bytes(word, '"')) << i;
        bits.special |= gather_tops(equal_bytes(word, ',')) << i;
        bits.odd |= gather_tops((word | equal_bytes(word, 0)) & tops) << i;
    }
    bits.special |= bits.quote | bits.line;
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
    uint64_t all_quotes = 0;
    uint64_t cr_before = 0; /* the block before ended with a CR: 1 */
    uint32_t count = 0;
    for (uint32_t at = 0; at < most; at += BLOCK) {
        char tail[BLOCK];
        const char *block = text + at;
        if (most - at < BLOCK) { /* what follows is not part of the stretch */
            memset(tail, ' ', sizeof tail);
            memcpy(tail, block, most - at);
            block = tail;
        }
        const struct bits bits = find_bits(block);
        /* a CR, as a bit of the byte behind it, that is no LF */
        all_quotes |= bits.quote;
        all_odd |= bits.odd | ((bits.cr << 1 | cr_before) & ~bits.line);
        cr_before = bits.cr >> (BLOCK - 1);
        count = put_places(index->places, count, at, bits.special);
    }
    index->begin = begin;
    index->size = most;
    index->next = 0;
    index->count = count;
    index->has_quotes = all_quotes != 0;
    index->is_plain = (all_odd | cr_before) == 0; /* what follows a last CR is not known */
}

/* The quoted field that opens at text[from], its places from *place on. Returns the place of the
 * separator behind it, or `end_places` when that is not in the stretch; *close 0: unusual. */
static inline const uint32_t *take_quoted(const char *text, uint32_t shift, const uint32_t *place,
                                          const uint32_t *end_places, int64_t *n_lines,
                                          uint32_t *close)
{
    do {
        if (place == end_places) return end_places;
        *close = *place++ - shift;
        *n_lines += text[*close] == '\n';
    } while (text[*close] != '"');
    if (place == end_places) return end_places;
    const uint32_t end = *place - shift;
    const bool at_crlf = text[*close + 1] == '\r' && end == *close + 2 && text[end] == '\n';
    if (end != *close + 1 && !at_crlf) *close = 0; /* no quote closes there: one opened before */
    return place;
}

/* The first place that is not before `shift`. */
static inline const uint32_t *next_place(struct lode_csv_index *index, uint32_t shift)
{
    const uint32_t *const end = index->places + index->count;
    const uint32_t *place = index->places + index->next;
    while (place < end && *place < shift) place++; /* of records that were unusual */
    index->next = (uint32_t)(place - index->places);
    return place;
}

enum lode_csv_taken lode_csv_index_take(struct lode_csv_index *index, uint64_t position,
                                        const char *text, struct lode_field *fields, int count,
                                        struct lode_csv_record *record)
{
    const uint32_t shift = (uint32_t)(position - index->begin);
    const uint32_t *const end_places = index->places + index->count;
    const uint32_t *place = next_place(index, shift);
    uint32_t from = 0; /* offsets in the record */
    int64_t n_lines = 1;
    for (int c = 0; c < count; c++, place++) {
        if (place == end_places) return LODE_CSV_CUT;
        uint32_t end = *place - shift;
        struct lode_field field = {.text = text + from, .size = end - from};
        if (text[end] == '"') {
            uint32_t close = 0;
            if (end != from) return LODE_CSV_UNUSUAL;
            place = take_quoted(text, shift, place + 1, end_places, &n_lines, &close);
            if (place == end_places) return LODE_CSV_CUT;
            if (close == 0) return LODE_CSV_UNUSUAL;
            field = (struct lode_field){.text = text + from + 1, .size = close - from - 1};
            end = *place - shift;
        } else if (text[end] == '\n' && end > from && text[end - 1] == '\r') {
            field.size--;
        }
        if (text[end] != (c + 1 < count ? ',' : '\n')) return LODE_CSV_UNUSUAL;
        fields[c] = field;
        from = end + 1;
    }
    if (count == 1 && fields[0].size == 0) return LODE_CSV_UNUSUAL; /* it may be a blank line */
    index->next = (uint32_t)(place - index->places);
    *record = (struct lode_csv_record){.size = from, .n_fields = count, .n_lines = n_lines};
    return LODE_CSV_TAKEN;
}

/* The record whose places begin at `place`; false when it is not of commas and an LF alone. */
static inline bool take_simple(const uint32_t *place, uint32_t shift, const char *text,
                               uint32_t from, struct lode_field *fields, int count)
{
    bool is_simple = true;
    for (int c = 0; c < count; c++) {
        const uint32_t end = place[c] - shift;
        fields[c] = (struct lode_field){.text = text + from, .size = end - from};
        is_simple &= text[end] == (c + 1 < count ? ',' : '\n');
        from = end + 1;
    }
    struct lode_field *last = &fields[count - 1];
    if (last->size > 0 && last->text[last->size - 1] == '\r') last->size--;
    return is_simple && (count > 1 || last->size > 0); /* else it may be a blank line */
}

int64_t lode_csv_index_take_many(struct lode_csv_index *index, uint64_t position, const char *text,
                                 uint64_t limit, struct lode_field *fields, int count, int64_t most,
                                 size_t *size)
{
    const uint32_t shift = (uint32_t)(position - index->begin);
    const uint32_t *place = next_place(index, shift);
    int64_t left = (index->places + index->count - place) / count;
    uint32_t from = 0;
    int64_t n = 0;
    if (index->has_quotes || !index->is_plain) left = 0;
    if (left > most) left = most;
    for (; n < left && from < limit; n++) {
        if (!take_simple(place, shift, text, from, fields, count)) break;
        place += count;
        fields += count;
        from = place[-1] - shift + 1;
    }
    index->next = (uint32_t)(place - index->places);
    *size = from;
    return n;
}
