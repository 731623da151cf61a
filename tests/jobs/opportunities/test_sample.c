/* Which sessions a sample holds. */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "jobs/opportunities/sample.h"

static struct sample share(const char *text)
{
    struct decimal value;
    assert_true(decimal_parse(text, &value));
    return sample_of(value);
}

static bool holds(struct sample sample, int number)
{
    char id[32];
    snprintf(id, sizeof id, "session-%d", number);
    return sample_holds(sample, id, strlen(id));
}

static void a_share_is_a_part_of_all_hashes(void **state)
{
    (void)state;
    assert_true(share("1").below == 0);
    assert_true(share("0.5").below == UINT64_C(1) << 63);
    assert_true(share("0.25").below == UINT64_C(1) << 62);
    assert_true(share("0.000000001").below == UINT64_C(18446744073)); /* 2^64 / 10^9, cut */
}

/* 10,000 sessions: four standard deviations are 200 at one half, 120 at one tenth. */
static void about_as_many_sessions_are_in_it_and_smaller_ones_lie_within_larger(void **state)
{
    (void)state;
    int in_half = 0, in_tenth = 0;
    for (int i = 0; i < 10000; i++) {
        const bool half = holds(share("0.5"), i), tenth = holds(share("0.1"), i);
        assert_true(holds(share("1"), i));
        assert_true(half || !tenth);
        in_half += half;
        in_tenth += tenth;
    }
    assert_in_range(in_half, 4800, 5200);
    assert_in_range(in_tenth, 880, 1120);
}

/* Written down so that a change of seed or hash is seen: samples would not be comparable any more.
 */
static void the_same_sessions_are_in_it_for_ever(void **state)
{
    (void)state;
    char seen[17] = "";
    for (int i = 0; i < 16; i++) seen[i] = holds(share("0.5"), i) ? '1' : '0';
    assert_string_equal(seen, "1110010010110000");
    assert_true(lode_hash_seeded("a", 1, 0) == lode_hash("a", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_is_a_part_of_all_hashes),
        cmocka_unit_test(about_as_many_sessions_are_in_it_and_smaller_ones_lie_within_larger),
        cmocka_unit_test(the_same_sessions_are_in_it_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
