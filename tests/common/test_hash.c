/* XXH3 and its file form. Expected values: the published ones of XXH3_64bits, and for
 * "user-17" what the shared library (not the header that lode compiles in) says. */
#include "tests/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/hash.h"

/* The partition of every stored key depends on these: they must never change. */
static void hashes_are_those_of_the_reference_library(void **state)
{
    (void)state;
    assert_true(lode_hash("", 0) == UINT64_C(0x2d06800538d394c2));
    assert_true(lode_hash("a", 1) == UINT64_C(0xe6c632b61e964e1f));
    assert_true(lode_hash("user-17", 7) == UINT64_C(0x7d94013a73497c81));
}

/* Two and a half blocks of the reader: block edges must not show. */
static void a_file_hashes_as_its_bytes(void **state)
{
    (void)state;
    const size_t size = (5 << 19) + 3;
    uint8_t *data = malloc(size);
    assert_non_null(data);
    for (size_t i = 0; i < size; i++) data[i] = (uint8_t)(i * 2654435761u >> 13);
    char path[] = "/tmp/lode-test-hash-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, data, size), size);
    close(file);

    uint64_t hash = 0, size_bytes = 0;
    assert_ok(lode_hash_file(path, &hash, &size_bytes));
    unlink(path);
    assert_true(hash == lode_hash(data, size));
    assert_int_equal(size_bytes, size);
    free(data);
}

/* Of "headtail": the hash of "head", of all of it, and "tail" itself; a shorter file has none. */
static void a_tail_is_hashed_with_and_without(void **state)
{
    (void)state;
    char path[] = "/tmp/lode-test-hash-XXXXXX";
    const int descriptor = mkstemp(path);
    uint8_t tail[4] = {0};
    struct lode_tailed_file file;
    assert_int_equal(write(descriptor, "headtail", 8), 8);
    close(descriptor);
    assert_ok(lode_hash_tailed_file(path, tail, sizeof tail, &file));
    assert_memory_equal(tail, "tail", 4);
    assert_true(file.has_tail && file.size_bytes == 8);
    assert_true(file.head_hash == lode_hash("head", 4) && file.hash == lode_hash("headtail", 8));
    assert_int_equal(truncate(path, 3), 0);
    assert_ok(lode_hash_tailed_file(path, tail, sizeof tail, &file));
    assert_true(!file.has_tail && file.size_bytes == 3 && file.hash == lode_hash("hea", 3));
    unlink(path);
    assert_status(LODE_E_INPUT, lode_hash_tailed_file(path, tail, sizeof tail, &file));
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    uint64_t hash = 1, size_bytes = 2;
    assert_status(LODE_E_INPUT, lode_hash_file("no/such/file", &hash, &size_bytes));
    assert_non_null(strstr(lode_error_text(), "no/such/file"));
    assert_status(LODE_E_INPUT, lode_hash_file("/", &hash, &size_bytes));
    assert_non_null(strstr(lode_error_text(), "directory"));
    assert_true(hash == 1 && size_bytes == 2); /* outputs as before */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_the_reference_library),
        cmocka_unit_test(a_file_hashes_as_its_bytes),
        cmocka_unit_test(a_tail_is_hashed_with_and_without),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
