/* Grams by table: one counter per key and class, and the last session that counted.
 *
 * A cell is u32 stamp (session + 1) and u32 counts[n_classes]; a session counts in a cell only if
 * the stamp is not its own yet, without a branch. That is fast as long as the table stays in the
 * second-level cache. For larger key spaces the grams are first scattered to buckets, ranges of
 * 2^bucket_bits keys, as items (session << bucket_bits | key in the bucket) of four bytes; then one
 * small table serves bucket after bucket. A bit per cell says which were touched: they alone are
 * read, in order, and cleared.
 */
#include "jobs/opportunities/grams/grams_private.h"

enum {
    TABLE_BYTES = 1 << 20,     /* leaves room in a second-level cache for what streams by */
    MOST_BUCKETS = 4096,       /* more streams, and a scatter misses on every store */
    LEAST_GRAMS_A_BUCKET = 64, /* fewer, and looking through the table costs more than a sort */
    ITEM_BITS = 32
};

static size_t cell_words(const struct gram_job *job)
{
    return 1 + (size_t)job->space->n_classes;
}

static int bits_for(uint64_t count) /* bits that number 0..count-1 */
{
    return count < 2 ? 0 : 64 - __builtin_clzll(count - 1);
}

/* As many keys as a table holds and a session number leaves bits for; -1: too many sessions. */
static int bucket_bits(const struct gram_job *job)
{
    const size_t cells = TABLE_BYTES / (sizeof(uint32_t) * cell_words(job));
    const int table_bits = 63 - __builtin_clzll(cells);
    const int free_bits = ITEM_BITS - bits_for((uint64_t)job->sessions->n_sessions);
    const int bits = table_bits < free_bits ? table_bits : free_bits;
    return bits < 0 ? -1 : bits;
}

bool grams_fit_table(const struct gram_job *job)
{
    return job->n_keys <= TABLE_BYTES / (sizeof(uint32_t) * cell_words(job));
}

bool grams_fit_buckets(const struct gram_job *job)
{
    const int bits = bucket_bits(job);
    if (bits < 0) return false;
    const uint64_t n_buckets = ((job->n_keys - 1) >> bits) + 1;
    return n_buckets <= MOST_BUCKETS && (uint64_t)job->n_grams >= n_buckets * LEAST_GRAMS_A_BUCKET;
}

GRAM_INLINE void count_in(uint32_t *table, size_t words, uint64_t cell, uint32_t stamp, int class)
{
    uint32_t *at = table + cell * words;
    at[1 + class] += at[0] != stamp;
    at[0] = stamp;
}

GRAM_INLINE void fill_table(const struct gram_job *job, uint32_t *table, size_t words, int k)
{
    const uint64_t n_tokens = (uint64_t)job->space->n_tokens;
    for (int64_t s = 0; s < job->sessions->n_sessions; s++) {
        const struct gram_run run = gram_run_of(job, s);
        const int class = job->sessions->classes[s];
        for (int64_t i = 0; i < run.n; i++)
            count_in(table, words, run.base + gram_key(run.tokens + i, n_tokens, k),
                     (uint32_t)s + 1, class);
    }
}

lode_status grams_by_table(const struct gram_job *job, struct lode_arena *arena,
                           struct gram_writer *writer)
{
    const size_t words = cell_words(job);
    uint32_t *table;
    if (job->n_keys > (uint64_t)1 << 28)
        return lode_fail(LODE_E_USAGE, "a table of %llu keys is too large",
                         (unsigned long long)job->n_keys);
    lode_try(lode_take_zero(arena, job->n_keys * words, &table));
    switch (job->space->k) {
    case 1:
        fill_table(job, table, words, 1);
        break;
    case 2:
        fill_table(job, table, words, 2);
        break;
    case 3:
        fill_table(job, table, words, 3);
        break;
    default:
        fill_table(job, table, words, job->space->k);
        break;
    }
    for (uint64_t from = 0; from < job->n_keys; from += GRAM_BLOCK) {
        const uint64_t end = job->n_keys - from < GRAM_BLOCK ? job->n_keys : from + GRAM_BLOCK;
        lode_try(gram_writer_room(writer, GRAM_BLOCK));
        for (uint64_t key = from; key < end; key++)
            if (table[key * words])
                gram_writer_put(writer, key, table + key * words + 1, job->space->n_classes);
    }
    return LODE_OK;
}

/* What the scatter leaves behind. */
struct buckets {
    int bits; /* of a key inside its bucket */
    int64_t count;
    uint32_t *items;
    int64_t *ends; /* [count] of each bucket's items; a bucket begins where the one before ends */
};

GRAM_INLINE void count_buckets(const struct gram_job *job, const struct buckets *buckets,
                               int64_t *counts, int k)
{
    const uint64_t n_tokens = (uint64_t)job->space->n_tokens;
    for (int64_t s = 0; s < job->sessions->n_sessions; s++) {
        const struct gram_run run = gram_run_of(job, s);
        for (int64_t i = 0; i < run.n; i++)
            counts[(run.base + gram_key(run.tokens + i, n_tokens, k)) >> buckets->bits]++;
    }
}

GRAM_INLINE void scatter(const struct gram_job *job, const struct buckets *buckets, int k)
{
    const uint64_t n_tokens = (uint64_t)job->space->n_tokens;
    const uint32_t mask = (uint32_t)(((uint64_t)1 << buckets->bits) - 1);
    for (int64_t s = 0; s < job->sessions->n_sessions; s++) {
        const struct gram_run run = gram_run_of(job, s);
        const uint32_t session = (uint32_t)((uint64_t)s << buckets->bits);
        for (int64_t i = 0; i < run.n; i++) {
            const uint64_t key = run.base + gram_key(run.tokens + i, n_tokens, k);
            buckets->items[buckets->ends[key >> buckets->bits]++] =
                session | ((uint32_t)key & mask);
        }
    }
}

GRAM_INLINE void fill_buckets(const struct gram_job *job, const struct buckets *buckets, int k)
{
    count_buckets(job, buckets, buckets->ends, k);
    int64_t sum = 0;
    for (int64_t b = 0; b < buckets->count; b++) {
        const int64_t here = buckets->ends[b];
        buckets->ends[b] = sum; /* moved to the end by the scatter */
        sum += here;
    }
    scatter(job, buckets, k);
}

/* Counts one bucket's items; sets the bit of each cell that counted. */
static void count_items(const uint32_t *items, int64_t n, int bits, const uint8_t *classes,
                        uint32_t *table, size_t words, uint64_t *touched)
{
    const uint32_t mask = (uint32_t)(((uint64_t)1 << bits) - 1);
    for (int64_t i = 0; i < n; i++) {
        const uint32_t cell = items[i] & mask;
        const uint32_t session = (uint32_t)((uint64_t)items[i] >> bits);
        count_in(table, words, cell, session + 1, classes[session]);
        touched[cell / 64] |= (uint64_t)1 << (cell % 64);
    }
}

/* Puts the touched cells in order and leaves table and bits zero. */
static lode_status put_touched(uint64_t base, uint32_t *table, size_t words, uint64_t *touched,
                               int64_t n_touched_words, struct gram_writer *writer)
{
    for (int64_t w = 0; w < n_touched_words; w++) {
        if (touched[w] == 0) continue;
        lode_try(gram_writer_room(writer, 64));
        for (uint64_t bits = touched[w]; bits; bits &= bits - 1) {
            const uint64_t cell = (uint64_t)w * 64 + (uint64_t)__builtin_ctzll(bits);
            uint32_t *at = table + cell * words;
            gram_writer_put(writer, base + cell, at + 1, (int)words - 1);
            for (size_t i = 0; i < words; i++) at[i] = 0;
        }
        touched[w] = 0;
    }
    return LODE_OK;
}

lode_status grams_by_buckets(const struct gram_job *job, struct lode_arena *arena,
                             struct gram_writer *writer)
{
    struct buckets buckets = {.bits = bucket_bits(job)};
    if (buckets.bits < 0 || (job->n_keys - 1) >> buckets.bits >= MOST_BUCKETS)
        return lode_fail(LODE_E_USAGE, "%llu keys are too many for buckets",
                         (unsigned long long)job->n_keys);
    buckets.count = (int64_t)((job->n_keys - 1) >> buckets.bits) + 1;
    lode_try(lode_take_zero(arena, buckets.count, &buckets.ends));
    lode_try(lode_take(arena, job->n_grams, &buckets.items));
    switch (job->space->k) {
    case 1:
        fill_buckets(job, &buckets, 1);
        break;
    case 2:
        fill_buckets(job, &buckets, 2);
        break;
    case 3:
        fill_buckets(job, &buckets, 3);
        break;
    default:
        fill_buckets(job, &buckets, job->space->k);
        break;
    }

    const size_t words = cell_words(job);
    const int64_t n_cells = (int64_t)1 << buckets.bits, n_touched = (n_cells + 63) / 64;
    uint32_t *table;
    uint64_t *touched;
    lode_try(lode_take_zero(arena, (size_t)n_cells * words, &table));
    lode_try(lode_take_zero(arena, n_touched, &touched));
    int64_t from = 0;
    for (int64_t b = 0; b < buckets.count; b++) {
        if (buckets.ends[b] == from) continue;
        count_items(buckets.items + from, buckets.ends[b] - from, buckets.bits,
                    job->sessions->classes, table, words, touched);
        lode_try(
            put_touched((uint64_t)b << buckets.bits, table, words, touched, n_touched, writer));
        from = buckets.ends[b];
    }
    return LODE_OK;
}
