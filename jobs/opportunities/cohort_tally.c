/* Lists of tallies: packed by leaves, added up by the coordinator (tallies_count.c counts). Counts
 * are checked against the partition table before they count: a message is not trusted to fit. */
#include "jobs/opportunities/cohort_tally.h"

static lode_status pack_sum(const struct exact_sum *s, struct lode_bytes *out)
{
    lode_try(lode_pack_f64(out, s->sum));
    return lode_pack_f64(out, s->rest);
}

lode_status tallies_pack(const struct tally *tallies, int64_t n_values, bool is_binary,
                         struct lode_bytes *out)
{
    uint64_t n_present = 0;
    for (int64_t i = 0; i < n_values; i++) n_present += tallies[i].sessions > 0;
    lode_try(lode_pack_u64(out, n_present));
    for (int64_t i = 0; i < n_values; i++) {
        const struct tally *t = &tallies[i];
        if (t->sessions == 0) continue;
        lode_try(lode_pack_u64(out, (uint64_t)i));
        lode_try(lode_pack_u64(out, (uint64_t)t->users));
        lode_try(lode_pack_u64(out, (uint64_t)t->sessions));
        if (is_binary) {
            lode_try(lode_pack_u64(out, (uint64_t)t->faulty));
        } else {
            lode_try(pack_sum(&t->sum, out));
            lode_try(pack_sum(&t->squares, out));
        }
    }
    return LODE_OK;
}

static lode_status unpack_sum(struct lode_unpack *in, struct exact_sum *s)
{
    lode_try(lode_unpack_f64(in, &s->sum));
    return lode_unpack_f64(in, &s->rest);
}

static lode_status add_cell(struct lode_unpack *in, const struct lode_partition *partition,
                            bool is_binary, struct cohort_cell *cell, struct tally_sums *sums)
{
    int64_t users, sessions, faulty = 0;
    struct exact_sum sum = {0}, squares = {0};
    lode_try(lode_unpack_count(in, "users", (uint64_t)partition->n_users, &users));
    lode_try(lode_unpack_count(in, "sessions", (uint64_t)partition->n_sessions, &sessions));
    if (is_binary) {
        lode_try(lode_unpack_count(in, "faulty", (uint64_t)sessions, &faulty));
        sum.sum = squares.sum = (double)faulty;
    } else {
        lode_try(unpack_sum(in, &sum));
        lode_try(unpack_sum(in, &squares));
    }
    cell->users += users;
    cell->sessions += sessions;
    cell->faulty += faulty;
    exact_sum_merge(&sums->sum, &sum);
    exact_sum_merge(&sums->squares, &squares);
    return LODE_OK;
}

lode_status tally_cells_add(struct lode_unpack *in, const struct lode_partition *partition,
                            const struct tally_cells *to)
{
    int64_t n_present, previous = -1;
    lode_try(lode_unpack_count(in, "values", (uint64_t)to->n_values, &n_present));
    for (int64_t i = 0; i < n_present; i++) {
        int64_t value;
        lode_try(lode_unpack_count(in, "value", (uint64_t)to->n_values - 1, &value));
        if (value <= previous)
            return lode_fail(LODE_E_MESSAGE, "value %lld comes after value %lld", (long long)value,
                             (long long)previous);
        previous = value;
        lode_try(add_cell(in, partition, to->is_binary, &to->cells[value * to->stride],
                          &to->sums[value * to->stride]));
    }
    return LODE_OK;
}

void tally_sums_store(const struct tally_sums *sums, int64_t n, struct cohort_cell *cells)
{
    for (int64_t i = 0; i < n; i++) {
        cells[i].sum = exact_sum_value(&sums[i].sum);
        cells[i].sum_squares = exact_sum_value(&sums[i].squares);
    }
}
