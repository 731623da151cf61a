/* Ids as keyed hashes, against those of another BLAKE2b: Python's
 * hashlib.blake2b(b"s0410", key=blake2b(b"lode", digest_size=32).digest(), digest_size=16). */
#include "tests/unit.h"

#include "jobs/opportunities/findings/anonymous.h"

static void an_id_is_its_keyed_blake2b_in_hex(void **state)
{
    (void)state;
    uint8_t key[ANONYMOUS_KEY_BYTES];
    char text[ANONYMOUS_ID_CHARS + 1];
    anonymous_key("lode", key);
    anonymous_id(key, "s0410", 5, text);
    assert_string_equal(text, "3ed9910dfe3dd877ec98d6d1ec763253");
    anonymous_key("my own", key);
    anonymous_id(key, "s0410", 5, text);
    assert_string_equal(text, "9921b2d6e8813a68cfa641638308db63");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_id_is_its_keyed_blake2b_in_hex)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
