/* Places: a radix sort of the prefixes, byte by byte from the lowest, leaving out bytes that all
 * places share, and two bytes at a time where they differ in few bits, as the digits of decimal ids
 * do; then runs of equal cut prefixes are merge sorted by
 * their whole keys. Both are stable.
 */
#include "jobs/shuffle/places.h"

#include <string.h>

enum { FEW = 48, DIGIT_BITS = 12, INSERTION_RUN = 12 };

struct comparison {
    places_compare_fn compare;
    const void *context;
};

/* Must `b` stand before `a`, which came first? */
static inline bool is_after(const struct comparison *by, const struct place *a,
                            const struct place *b)
{
    if (a->prefix != b->prefix) return a->prefix > b->prefix;
    return place_is_cut(a->prefix) && by->compare(by->context, a->at, b->at) > 0;
}

static void insertion_sort(struct place *places, int64_t n, const struct comparison *by)
{
    for (int64_t i = 1; i < n; i++) {
        const struct place place = places[i];
        int64_t at = i;
        for (; at > 0 && is_after(by, &places[at - 1], &place); at--) places[at] = places[at - 1];
        places[at] = place;
    }
}

static bool is_sorted(const struct place *places, int64_t n, const struct comparison *by)
{
    for (int64_t i = 1; i < n; i++)
        if (is_after(by, &places[i - 1], &places[i])) return false;
    return true;
}

static void merge_runs(const struct place *from, int64_t middle, int64_t n, struct place *to,
                       const struct comparison *by)
{
    int64_t left = 0;
    int64_t right = middle;
    for (int64_t i = 0; i < n; i++) {
        const bool take_right =
            left == middle || (right < n && is_after(by, &from[left], &from[right]));
        to[i] = take_right ? from[right++] : from[left++];
    }
}

/* From the bottom up: short runs by insertion, then pairs of them into the other array. */
static void merge_sort(struct place *places, struct place *scratch, int64_t n,
                       const struct comparison *by)
{
    struct place *from = places;
    struct place *to = scratch;
    if (is_sorted(places, n, by)) return;
    for (int64_t i = 0; i < n; i += INSERTION_RUN)
        insertion_sort(places + i, n - i < INSERTION_RUN ? n - i : INSERTION_RUN, by);
    for (int64_t width = INSERTION_RUN; width < n; width *= 2) {
        for (int64_t i = 0; i < n; i += 2 * width) {
            const int64_t end = n - i < 2 * width ? n - i : 2 * width;
            merge_runs(from + i, end < width ? end : width, end, to + i, by);
        }
        struct place *const other = from;
        from = to;
        to = other;
    }
    if (from != places) memcpy(places, from, (size_t)n * sizeof *places);
}

/* What one pass sorts by: the low bits of one byte of the prefix, or of two. */
struct digit {
    int shift[2], bits[2];
};

static inline uint32_t digit_of(const struct digit *digit, uint64_t prefix)
{
    const uint64_t low = prefix >> digit->shift[0] & ((UINT64_C(1) << digit->bits[0]) - 1);
    const uint64_t high = prefix >> digit->shift[1] & ((UINT64_C(1) << digit->bits[1]) - 1);
    return (uint32_t)(high << digit->bits[0] | low);
}

static void scatter(const struct place *from, struct place *to, int64_t n,
                    const struct digit *digit_read)
{
    const struct digit digit = *digit_read; /* in registers */
    const uint32_t n_digits = UINT32_C(1) << (digit.bits[0] + digit.bits[1]);
    int64_t next[1 << DIGIT_BITS];
    int64_t sum = 0;
    memset(next, 0, n_digits * sizeof *next);
    for (int64_t i = 0; i < n; i++) next[digit_of(&digit, from[i].prefix)]++;
    for (uint32_t d = 0; d < n_digits; d++) {
        const int64_t count = next[d];
        next[d] = sum;
        sum += count;
    }
    for (int64_t i = 0; i < n; i++) to[next[digit_of(&digit, from[i].prefix)]++] = from[i];
}

/* Bits of the byte at `shift` up to the highest in which places differ; 0: they share it. */
static int differing_bits(uint64_t differ, int shift)
{
    const unsigned byte = (unsigned)(differ >> shift & 0xff);
    return byte == 0 ? 0 : 32 - __builtin_clz(byte);
}

/* The next digit from *shift on, which moves behind it; false: there is none. */
static bool next_digit(uint64_t differ, int *shift, struct digit *digit)
{
    *digit = (struct digit){0};
    for (int part = 0; *shift < 64; *shift += 8) {
        const int bits = differing_bits(differ, *shift);
        if (bits == 0) continue;
        if (part == 2 || digit->bits[0] + bits > DIGIT_BITS) break;
        digit->shift[part] = *shift;
        digit->bits[part++] = bits;
    }
    return digit->bits[0] > 0;
}

static void radix_sort(struct place *places, struct place *scratch, int64_t n)
{
    struct place *from = places;
    struct place *to = scratch;
    struct digit digit;
    uint64_t differ = 0;
    int shift = 0;
    bool sorted = true;
    for (int64_t i = 1; i < n; i++) {
        differ |= places[i].prefix ^ places[0].prefix;
        sorted = sorted && places[i - 1].prefix <= places[i].prefix;
    }
    while (!sorted && next_digit(differ, &shift, &digit)) {
        scatter(from, to, n, &digit);
        struct place *const other = from;
        from = to;
        to = other;
    }
    if (from != places) memcpy(places, from, (size_t)n * sizeof *places);
}

void places_sort(struct place *places, struct place *scratch, int64_t n, places_compare_fn compare,
                 const void *context)
{
    const struct comparison by = {compare, context};
    if (n <= FEW) {
        insertion_sort(places, n, &by);
        return;
    }
    radix_sort(places, scratch, n);
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        if (place_is_cut(places[i].prefix)) {
            while (end < n && places[end].prefix == places[i].prefix) end++;
            if (end - i > 1) merge_sort(places + i, scratch, end - i, &by);
        }
        i = end;
    }
}
