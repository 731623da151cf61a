#include "tests/unit.h"

#include "common/stats/random.h"
#include "jobs/shuffle/places.h"

#include <stdio.h>
#include <string.h>

enum { N = 3000 };

/* The key at `at` is the text keys[at]. */
static int compare_texts(const void *context, uint64_t left, uint64_t right)
{
    const char *const *keys = context;
    return strcmp(keys[left], keys[right]);
}

static uint64_t prefix_of(const char *key)
{
    return place_prefix((const uint8_t *)key, strlen(key));
}

static void prefixes_are_ordered_as_keys_are(void **state)
{
    static const char *const keys[] = {"", "a", "aa", "aaaaaaa", "aaaaaaaa", "ab", "b"};
    (void)state;
    for (size_t i = 0; i + 1 < sizeof keys / sizeof *keys; i++)
        assert_true(prefix_of(keys[i]) < prefix_of(keys[i + 1]));
    /* a zero byte is no padding */
    assert_true(place_prefix((const uint8_t *)"a\0", 2) > prefix_of("a"));
}

static void a_prefix_says_whether_it_is_the_whole_key(void **state)
{
    (void)state;
    assert_false(place_is_cut(prefix_of("1234567")));
    assert_true(place_is_cut(prefix_of("12345678")));
    assert_true(prefix_of("12345678") == prefix_of("12345679"));
}

static void check_sort(const char *const *keys, int64_t n)
{
    struct place places[N];
    struct place scratch[N];
    for (int64_t i = 0; i < n; i++) places[i] = (struct place){prefix_of(keys[i]), (uint64_t)i};
    places_sort(places, scratch, n, compare_texts, keys);
    for (int64_t i = 1; i < n; i++) {
        const int order = strcmp(keys[places[i - 1].at], keys[places[i].at]);
        assert_true(order < 0 || (order == 0 && places[i - 1].at < places[i].at));
    }
}

/* Keys of 1 to 10 letters, of few kinds, so that there are equal ones and equal prefixes. */
static void many_keys_are_sorted_and_equal_ones_keep_their_order(void **state)
{
    static char texts[N][16];
    const char *keys[N];
    (void)state;
    struct lode_random random = lode_random_begin(7, 0);
    for (int i = 0; i < N; i++) {
        const int size = 1 + (int)lode_random_below(&random, 10);
        for (int c = 0; c < size; c++)
            texts[i][c] = (char)('a' + (c < 7 ? 0 : (int)lode_random_below(&random, 3)));
        texts[i][lode_random_below(&random, (uint64_t)size)] = 'c';
        texts[i][size] = '\0';
        keys[i] = texts[i];
    }
    for (int64_t n = 0; n <= N; n = n * 2 + 1) check_sort(keys, n);
}

/* Ids of one to seven digits: bytes with few bits, sorted two at a time; and bytes of all values.
 */
static void decimal_and_binary_keys_are_sorted(void **state)
{
    static char texts[2][N][16];
    const char *keys[2][N];
    struct lode_random random = lode_random_begin(8, 0);
    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(
            texts[0][i], sizeof texts[0][i], "%u",
            (unsigned)(lode_random_below(&random, 10000000) >> lode_random_below(&random, 23)));
        for (int c = 0; c < 4; c++) texts[1][i][c] = (char)(1 + lode_random_below(&random, 255));
        for (int k = 0; k < 2; k++) keys[k][i] = texts[k][i];
    }
    check_sort(keys[0], N);
    check_sort(keys[1], N);
}

static void keys_in_order_stay_as_they_are(void **state)
{
    static char texts[N][16];
    const char *keys[N];
    (void)state;
    for (int i = 0; i < N; i++) {
        memcpy(texts[i], "same-prefix0000", 16);
        for (int c = 14, rest = i; c > 10; c--, rest /= 10) texts[i][c] = (char)('0' + rest % 10);
        keys[i] = texts[i];
    }
    check_sort(keys, N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_are_ordered_as_keys_are),
        cmocka_unit_test(a_prefix_says_whether_it_is_the_whole_key),
        cmocka_unit_test(many_keys_are_sorted_and_equal_ones_keep_their_order),
        cmocka_unit_test(decimal_and_binary_keys_are_sorted),
        cmocka_unit_test(keys_in_order_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
