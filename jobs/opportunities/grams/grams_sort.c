/* Grams by sort: for key spaces in which most keys never occur.
 *
 * An item is a key and below it, where that fits 64 bits, the session: equal items then lie side
 * by side after the sort and count once. Where it does not fit, the grams of each session go
 * through a small hash set first and an item holds the class instead. One scatter by the top bits
 * cuts the items into bins; neighbouring bins are sorted together, up to SORT_ITEMS, which stay in
 * the second-level cache. The bin of a very common first token can be larger; it is sorted the
 * same way, a little slower.
 */
#include "jobs/opportunities/grams/gram_sort.h"
#include "jobs/opportunities/grams/grams_private.h"

enum {
    BIN_BITS = 9,
    SORT_ITEMS = 1 << 14,
    CLASS_BITS = 3,    /* for GRAM_MAX_CLASSES; with GRAM_KEY_BITS they make up a word */
    RUN_ENTRIES = 1024 /* entries made before they are encoded */
};

struct sorting {
    const struct gram_job *job;
    int low_bits;     /* of an item, below the key */
    bool has_session; /* are they the session, or the class? */
    struct slot *slots;
    uint64_t *items; /* [n_grams + 1] */
    uint64_t *spare; /* [n_grams] */
    int64_t n;
};

/* The grams of a session seen so far. Slots of another session count as empty, so the set is never
 * cleared, and a short session uses the first slots alone. */
struct slot {
    uint64_t key;
    uint64_t stamp; /* session + 1 */
};

/* Is the key new to this session? 2^bits slots, at most half of them in use. */
GRAM_INLINE bool add_seen(struct slot *slots, int bits, uint64_t key, uint64_t stamp)
{
    const uint64_t mask = ((uint64_t)1 << bits) - 1;
    uint64_t at = key * UINT64_C(0x9E3779B97F4A7C15) >> (64 - bits);
    while (slots[at].stamp == stamp) {
        if (slots[at].key == key) return false;
        at = (at + 1) & mask;
    }
    slots[at] = (struct slot){.key = key, .stamp = stamp};
    return true;
}

static int bits_of(uint64_t value)
{
    return value ? 64 - __builtin_clzll(value) : 0;
}

static int slot_bits(int64_t n)
{
    return bits_of((uint64_t)n | 1) + 1;
}

/* The items of all sessions, in order of sessions. */
GRAM_INLINE void take_items(struct sorting *sort, bool has_session, int k)
{
    const struct gram_job *job = sort->job;
    const uint64_t n_tokens = (uint64_t)job->space->n_tokens;
    uint64_t *items = sort->items;
    for (int64_t s = 0; s < job->sessions->n_sessions; s++) {
        const struct gram_run run = gram_run_of(job, s);
        const int bits = slot_bits(run.n);
        const uint64_t low = has_session ? (uint64_t)s : job->sessions->classes[s];
        for (int64_t i = 0; i < run.n; i++) {
            const uint64_t key = run.base + gram_key(run.tokens + i, n_tokens, k);
            *items = key << sort->low_bits | low;
            items += has_session || add_seen(sort->slots, bits, key, (uint64_t)s + 1);
        }
    }
    sort->n = items - sort->items;
}

GRAM_INLINE void take_items_of_k(struct sorting *sort, bool has_session)
{
    switch (sort->job->space->k) {
    case 1:
        take_items(sort, has_session, 1);
        break;
    case 2:
        take_items(sort, has_session, 2);
        break;
    case 3:
        take_items(sort, has_session, 3);
        break;
    default:
        take_items(sort, has_session, sort->job->space->k);
        break;
    }
}

/* Scatters the items to bins by their bits from `shift` on: they are then in `spare`, the bin b up
 * to ends[b]. */
static void scatter(struct sorting *sort, int shift, int64_t *ends, int64_t n_bins)
{
    const uint64_t *items = sort->items;
    for (int64_t i = 0; i < sort->n; i++) ends[items[i] >> shift]++;
    int64_t sum = 0;
    for (int64_t b = 0; b < n_bins; b++) {
        const int64_t here = ends[b];
        ends[b] = sum;
        sum += here;
    }
    for (int64_t i = 0; i < sort->n; i++) sort->spare[ends[items[i] >> shift]++] = items[i];
}

/* Entries of sorted items, found without a branch on the key: about every second one is new. */
GRAM_INLINE lode_status put_runs(const struct sorting *sort, const uint64_t *items, int64_t n,
                                 bool has_session, int n_classes, struct gram_writer *writer)
{
    const uint8_t *classes = sort->job->sessions->classes;
    const int low_bits = sort->low_bits;
    const uint64_t low_mask = ((uint64_t)1 << low_bits) - 1;
    uint64_t keys[RUN_ENTRIES + 1];
    uint32_t counts[(RUN_ENTRIES + 1) * GRAM_MAX_CLASSES] = {0};
    const size_t words = (size_t)n_classes;
    size_t at = 0; /* the entry in the making */
    keys[0] = items[0] >> low_bits;
    uint64_t before = ~items[0], before_key = keys[0];
    for (int64_t i = 0; i < n;) {
        const int64_t end = n - i < RUN_ENTRIES ? n : i + RUN_ENTRIES;
        for (; i < end; i++) {
            const uint64_t item = items[i], low = item & low_mask, key = item >> low_bits;
            at += key != before_key;
            keys[at] = key;
            counts[at * words + (has_session ? classes[low] : low)] +=
                has_session ? item != before : 1;
            before = item;
            before_key = key;
        }
        lode_try(gram_writer_room(writer, RUN_ENTRIES + 1));
        for (size_t e = 0; e < at; e++)
            gram_writer_put(writer, keys[e], counts + e * words, n_classes);
        keys[0] = keys[at];
        for (size_t c = 0; c < words; c++) counts[c] = counts[at * words + c];
        memset(counts + words, 0, at * words * sizeof *counts);
        at = 0;
    }
    gram_writer_put(writer, keys[0], counts, n_classes);
    return LODE_OK;
}

static lode_status put_sorted(const struct sorting *sort, const uint64_t *items, int64_t n,
                              struct gram_writer *writer)
{
    if (n == 0) return LODE_OK;
    const int n_classes = sort->job->space->n_classes;
    if (!sort->has_session) return put_runs(sort, items, n, false, n_classes, writer);
    if (n_classes == 2) return put_runs(sort, items, n, true, 2, writer);
    return put_runs(sort, items, n, true, n_classes, writer);
}

lode_status grams_by_sort(const struct gram_job *job, struct lode_arena *arena,
                          struct gram_writer *writer)
{
    const int key_bits = bits_of(job->n_keys - 1);
    const int session_bits = bits_of((uint64_t)job->sessions->n_sessions);
    struct sorting sort = {.job = job, .has_session = key_bits + session_bits <= 64};
    sort.low_bits = sort.has_session ? session_bits : CLASS_BITS;
    if (!sort.has_session)
        lode_try(lode_take_zero(arena, (int64_t)1 << slot_bits(job->longest), &sort.slots));
    lode_try(lode_take(arena, job->n_grams + 1, &sort.items));
    lode_try(lode_take(arena, job->n_grams, &sort.spare));
    if (sort.has_session)
        take_items_of_k(&sort, true);
    else
        take_items_of_k(&sort, false);

    const int bin_bits = key_bits < BIN_BITS ? key_bits : BIN_BITS;
    const int64_t n_bins = (int64_t)1 << bin_bits;
    int64_t *ends;
    lode_try(lode_take_zero(arena, n_bins, &ends));
    scatter(&sort, sort.low_bits + key_bits - bin_bits, ends, n_bins);
    int64_t from = 0;
    for (int64_t b = 0; b < n_bins; b++) {
        if (b + 1 < n_bins && ends[b + 1] - from <= SORT_ITEMS) continue; /* the next bin joins */
        const uint64_t *sorted =
            gram_sort_words(sort.spare + from, sort.items + from, ends[b] - from, sort.low_bits);
        lode_try(put_sorted(&sort, sorted, ends[b] - from, writer));
        from = ends[b];
    }
    return LODE_OK;
}
