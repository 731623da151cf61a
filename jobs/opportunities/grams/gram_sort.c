/* Gram sort: least significant digit first, over those bits alone in which the items differ.
 *
 * Keys that lie close together, as those of one bin do, share their high bits: a first pass finds
 * out which and spares the passes over them; a second one counts all digits at once.
 */
#include "jobs/opportunities/grams/gram_sort.h"

#include <string.h>

enum {
    DIGIT = 12, /* 4096 open lines miss the first-level cache; a pass less gains more */
    BINS = 1 << DIGIT,
    MOST_DIGITS = (64 + DIGIT - 1) / DIGIT,
    FEW = 48
};

/* Bits to sort by, in digits of equal width. */
struct digits {
    int low, width, count;
};

static struct digits plan_digits(uint64_t differ, int low_bit)
{
    differ >>= low_bit;
    if (differ == 0) return (struct digits){.low = low_bit};
    const int zeros = __builtin_ctzll(differ);
    const int bits = 64 - __builtin_clzll(differ) - zeros;
    const int count = (bits + DIGIT - 1) / DIGIT;
    return (struct digits){
        .low = low_bit + zeros, .width = (bits + count - 1) / count, .count = count};
}

static void start_offsets(uint32_t *bins, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t here = bins[i];
        bins[i] = sum;
        sum += here;
    }
}

static uint64_t *insert_few(uint64_t *items, int64_t n, int low_bit)
{
    for (int64_t i = 1; i < n; i++) {
        const uint64_t item = items[i];
        int64_t at = i;
        for (; at > 0 && items[at - 1] >> low_bit > item >> low_bit; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
    return items;
}

uint64_t *gram_sort_words(uint64_t *items, uint64_t *spare, int64_t n, int low_bit)
{
    if (n <= FEW) return insert_few(items, n, low_bit);
    uint64_t differ = 0;
    for (int64_t i = 1; i < n; i++) differ |= items[i] ^ items[0];
    const struct digits digits = plan_digits(differ, low_bit);
    const size_t n_bins = (size_t)1 << digits.width;
    const uint64_t mask = n_bins - 1;
    uint32_t bins[MOST_DIGITS][BINS];
    for (int d = 0; d < digits.count; d++) memset(bins[d], 0, n_bins * sizeof bins[d][0]);
    for (int64_t i = 0; i < n; i++) {
        uint64_t rest = items[i] >> digits.low;
        for (int d = 0; d < digits.count; d++, rest >>= digits.width) bins[d][rest & mask]++;
    }
    for (int d = 0; d < digits.count; d++) {
        const int shift = digits.low + d * digits.width;
        uint32_t *places = bins[d];
        start_offsets(places, n_bins);
        for (int64_t i = 0; i < n; i++) spare[places[items[i] >> shift & mask]++] = items[i];
        uint64_t *sorted = spare;
        spare = items;
        items = sorted;
    }
    return items;
}
