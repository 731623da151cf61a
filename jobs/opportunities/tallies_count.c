/* Counting of tallies: session after session where there are many cohorts, by sets of sessions
 * where there are few, as most derived attributes have: then 64 sessions are counted at a time.
 */
#include <string.h>

#include "jobs/opportunities/cohort_tally.h"

lode_status tally_users_make(int64_t n_users, const int64_t *offsets, struct lode_arena *arena,
                             struct tally_users *users)
{
    const int64_t n_sessions = offsets[n_users];
    uint64_t *last_ones = NULL;
    lode_try(lode_take_zero(arena, session_words(n_sessions), &last_ones));
    for (int64_t user = 0; user < n_users; user++) {
        const int64_t end = offsets[user + 1];
        if (end > offsets[user]) last_ones[(end - 1) / 64] |= UINT64_C(1) << (end - 1) % 64;
    }
    *users = (struct tally_users){
        .n_users = n_users, .n_sessions = n_sessions, .offsets = offsets, .last_ones = last_ones};
    return LODE_OK;
}

lode_status tally_kpi_make(const struct tally_users *users, const struct tally_kpi *others,
                           int64_t n_others, struct lode_arena *arena, struct tally_kpi *kpi)
{
    const int64_t n_words = session_words(users->n_sessions);
    uint64_t *known = NULL, *faulty = NULL;
    lode_try(lode_take_zero(arena, n_words, &known));
    if (kpi->marks) lode_try(lode_take_zero(arena, n_words, &faulty));
    for (int64_t s = 0; s < users->n_sessions; s++) {
        const bool has_value = kpi->marks ? kpi->marks[s] < 2 : !isnan(kpi->values[s]);
        known[s / 64] |= (uint64_t)has_value << s % 64;
        if (faulty) faulty[s / 64] |= (uint64_t)(kpi->marks[s] == 1) << s % 64;
    }
    kpi->known = known;
    kpi->faulty = faulty;
    for (int64_t i = 0; i < n_others; i++)
        if (memcmp(others[i].known, known, (size_t)n_words * sizeof *known) == 0)
            kpi->known = others[i].known;
    return LODE_OK;
}

static lode_status take_sets(const struct tally_users *users, int64_t n, struct lode_arena *arena,
                             struct tally_cohorts *cohorts, uint64_t **sets)
{
    const int64_t n_words = session_words(users->n_sessions);
    lode_try(lode_take(arena, n, &cohorts->sets));
    lode_try(lode_take_zero(arena, n * n_words, sets));
    for (int64_t i = 0; i < n; i++) cohorts->sets[i] = *sets + i * n_words;
    return LODE_OK;
}

lode_status tally_cohorts_of_codes(const struct tally_users *users, const uint32_t *codes,
                                   int64_t n, struct lode_arena *arena,
                                   struct tally_cohorts *cohorts)
{
    const int64_t n_words = session_words(users->n_sessions);
    uint64_t *sets = NULL;
    *cohorts = (struct tally_cohorts){.n = n, .codes = codes};
    if (n > TALLY_MOST_SETS) return LODE_OK;
    lode_try(take_sets(users, n, arena, cohorts, &sets));
    for (int64_t w = 0; w < n_words; w++) {
        const int64_t first = w * 64, left = users->n_sessions - first;
        uint64_t words[TALLY_MOST_SETS + 1] = {0}; /* the last: no cohort */
        for (int64_t i = 0; i < (left < 64 ? left : 64); i++)
            words[codes[first + i] < n ? codes[first + i] : n] |= UINT64_C(1) << i;
        for (int64_t v = 0; v < n; v++) sets[v * n_words + w] = words[v];
    }
    return LODE_OK;
}

lode_status tally_cohorts_of_bool(const struct tally_users *users, const uint64_t *is_true,
                                  const uint64_t *has_value, struct lode_arena *arena,
                                  struct tally_cohorts *cohorts)
{
    const int64_t n_words = session_words(users->n_sessions);
    uint64_t *sets = NULL;
    *cohorts = (struct tally_cohorts){.n = 2};
    lode_try(take_sets(users, 1, arena, cohorts, &sets));
    lode_try(lode_take(arena, 2, &cohorts->sets));
    for (int64_t w = 0; w < n_words; w++) sets[w] = has_value[w] & ~is_true[w];
    cohorts->sets[0] = sets;
    cohorts->sets[1] = is_true;
    return LODE_OK;
}

/* --- counting --- */

static void count_each(const struct tally_users *users, const struct tally_kpi *kpi,
                       const struct tally_cohorts *cohorts, struct tally *tallies)
{
    const uint32_t *codes = cohorts->codes;
    for (int64_t user = 0; user < users->n_users; user++) {
        for (int64_t s = users->offsets[user]; s < users->offsets[user + 1]; s++) {
            struct tally *t = &tallies[codes[s] < cohorts->n ? codes[s] : cohorts->n];
            if (kpi->marks)
                tally_mark(t, kpi->marks[s], user + 1);
            else
                tally_value(t, kpi->values[s], user + 1);
        }
    }
}

/* Bits that are 1: in pairs, fours, bytes, then all bytes by one product. Not the builtin, which is
 * a call on processors of which nothing is known. */
static inline int64_t count_ones(uint64_t x)
{
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (int64_t)(x * UINT64_C(0x0101010101010101) >> 56);
}

/* Sessions in both sets, and users that have one.
 *
 * The last session of a user is the highest bit of a field. Below it, ones are added to what is set
 * of the field: that carries into its highest bit where anything is set, and never further; a user
 * that goes on in the next word takes its carry along.
 */
static void count_sessions(const struct tally_users *users, const uint64_t *set,
                           const uint64_t *known, int64_t *n_users, int64_t *n_sessions)
{
    const int64_t n_words = session_words(users->n_sessions);
    int64_t counted_users = 0, counted = 0;
    uint64_t carry = 0;
    for (int64_t w = 0; w < n_words; w++) {
        const uint64_t is_in = set[w] & known[w], last = users->last_ones[w], below = ~last;
        const uint64_t low = is_in & below, sum = low + below, carried = sum + carry;
        carry = (sum < low) | (carried < sum);
        counted_users += count_ones((carried | is_in) & last);
        counted += count_ones(is_in);
    }
    *n_users = counted_users;
    *n_sessions = counted;
}

static int64_t count_both(const uint64_t *a, const uint64_t *b, int64_t n_words)
{
    int64_t n = 0;
    for (int64_t w = 0; w < n_words; w++) n += count_ones(a[w] & b[w]);
    return n;
}

/* Two exact sums side by side (exact_sum_add, step for step): a vector of GNU C. */
typedef double two_doubles __attribute__((vector_size(16)));

/* Sums of values and of squares, in the order of sessions, as exact sums want it. */
static void add_values(const uint64_t *set, const struct tally_kpi *kpi, int64_t n_words,
                       struct tally *tally)
{
    two_doubles sums = {0}, rests = {0};
    for (int64_t w = 0; w < n_words; w++) {
        const double *values = kpi->values + w * 64;
        for (uint64_t left = set[w] & kpi->known[w]; left; left &= left - 1) {
            const double value = values[__builtin_ctzll(left)];
            const two_doubles x = {value, value * value};
            const two_doubles next = sums + x, grown = next - sums;
            rests += (sums - (next - grown)) + (x - grown);
            sums = next;
        }
    }
    tally->sum = (struct exact_sum){sums[0], rests[0]};
    tally->squares = (struct exact_sum){sums[1], rests[1]};
}

static void count_sets(const struct tally_users *users, const struct tally_kpi *kpi,
                       struct tally_cohorts *cohorts, struct tally *tallies)
{
    const int64_t n_words = session_words(users->n_sessions);
    for (int64_t v = 0; v < cohorts->n; v++) {
        const uint64_t *set = cohorts->sets[v];
        struct tally *tally = &tallies[v];
        if (cohorts->counted != kpi->known)
            count_sessions(users, set, kpi->known, &cohorts->users[v], &cohorts->sessions[v]);
        tally->users = cohorts->users[v];
        tally->sessions = cohorts->sessions[v];
        if (kpi->marks)
            tally->faulty = count_both(set, kpi->faulty, n_words);
        else
            add_values(set, kpi, n_words, tally);
    }
    cohorts->counted = kpi->known;
}

void tallies_count(const struct tally_users *users, const struct tally_kpi *kpi,
                   struct tally_cohorts *cohorts, struct tally *tallies)
{
    memset(tallies, 0, (size_t)(cohorts->n + 1) * sizeof *tallies);
    if (cohorts->sets)
        count_sets(users, kpi, cohorts, tallies);
    else
        count_each(users, kpi, cohorts, tallies);
}
