/* Sample: ids are read in pieces, since those of a large partition are larger than all else. */
#include "jobs/opportunities/sample.h"

#include <math.h>
#include <string.h>

#include "common/hash.h"

/* Not that of partitions: where sessions are the users, a partition would be in or out whole. */
static const uint64_t seed = UINT64_C(0x73616d706c65);

enum { IDS_AT_ONCE = 1 << 16 }; /* up to 16 MiB of them */

struct sample sample_of(struct decimal share)
{
    if (share.numerator >= share.denominator) return (struct sample){0};
    const unsigned __int128 all = (unsigned __int128)1 << 64;
    return (struct sample){(uint64_t)(all * share.numerator / share.denominator)};
}

bool sample_holds(struct sample sample, const void *id, size_t size)
{
    return sample.below == 0 || lode_hash_seeded(id, size, seed) < sample.below;
}

lode_status sample_read(struct sample sample, struct lode_part *part, struct lode_arena *arena,
                        bool **is_in)
{
    bool *made = NULL;
    *is_in = NULL;
    if (sample.below == 0) return LODE_OK;
    lode_try(lode_take(arena, part->n_sessions, &made));
    for (int64_t first = 0; first < part->n_sessions; first += IDS_AT_ONCE) {
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        const int64_t left = part->n_sessions - first;
        const int64_t n = left < IDS_AT_ONCE ? left : IDS_AT_ONCE;
        char *ids;
        int64_t width;
        lode_try(lode_part_session_ids(part, first, n, arena, &ids, &width));
        for (int64_t i = 0; i < n; i++) {
            const char *id = ids + i * width;
            made[first + i] = sample_holds(sample, id, strnlen(id, (size_t)width));
        }
        lode_arena_rewind(arena, mark);
    }
    *is_in = made;
    return LODE_OK;
}

void sample_marks(const bool *is_in, int64_t n_sessions, uint8_t *marks)
{
    for (int64_t s = 0; is_in && s < n_sessions; s++)
        if (!is_in[s]) marks[s] = LODE_KPI_NO_VALUE;
}

void sample_numbers(const bool *is_in, int64_t n_sessions, double *numbers)
{
    for (int64_t s = 0; is_in && s < n_sessions; s++)
        if (!is_in[s]) numbers[s] = (double)NAN;
}
