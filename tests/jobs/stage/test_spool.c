#include "tests/unit.h"

#include "jobs/stage/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char directory[64];
    struct lode_arena *arena;
    struct shuffle_site site;
};

static int setup(void **state)
{
    static struct fixture f;
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-spool-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    *state = &f;
    if (lode_arena_create(0, &f.arena) != LODE_OK) return -1;
    f.site = (struct shuffle_site){.arena = f.arena, .directory = f.directory};
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return rmdir(f->directory); /* fails when a scratch file is left */
}

/* Byte number i of what goes through spool s. */
static uint8_t byte_of(int s, size_t i)
{
    return (uint8_t)(i * 31 + i / 251 + (size_t)s);
}

/* Two spools filled in turns with pieces of all sizes, read in other pieces. */
static void check(struct fixture *f, size_t memory_bytes, size_t size)
{
    static uint8_t piece[100000];
    struct spool_set set;
    struct spool spools[2];
    spool_set_init(&set, &f->site, memory_bytes, 2);
    for (int s = 0; s < 2; s++) assert_ok(spool_open(&set, &spools[s]));
    size_t put = 0;
    for (size_t n = 1; put < size; n = n * 3 % 70001 + 1) {
        if (n > size - put) n = size - put;
        for (int s = 0; s < 2; s++) {
            for (size_t i = 0; i < n; i++) piece[i] = byte_of(s, put + i);
            assert_ok(spool_put(&spools[s], piece, n));
        }
        put += n;
    }
    for (int s = 0; s < 2; s++) {
        size_t taken = 0;
        for (size_t n = 7; taken < size; n = n * 5 % 90001 + 1) {
            if (n > size - taken) n = size - taken;
            assert_ok(spool_take(&spools[s], piece, n));
            for (size_t i = 0; i < n; i++) assert_int_equal(piece[i], byte_of(s, taken + i));
            taken += n;
        }
        assert_status(LODE_E_BUG, spool_take(&spools[s], piece, 1));
    }
    spool_set_close(&set);
}

static void bytes_come_back_as_they_were_put(void **state)
{
    check(*state, (size_t)64 << 20, 3000000); /* in memory */
    check(*state, 0, 300000);                 /* in the file, but for a chunk each */
    check(*state, 1 << 20, 3000000);          /* both */
    check(*state, 1 << 20, 0);
}

static void a_set_takes_no_more_than_its_memory(void **state)
{
    enum { BUDGET = 2 << 20, PUT = 1 << 16 };
    struct fixture *f = *state;
    struct lode_arena *arena = NULL;
    struct spool_set set;
    struct spool spool;
    static const uint8_t zeros[PUT];
    assert_ok(lode_arena_create(BUDGET + BUDGET / 4, &arena));
    const struct shuffle_site site = {.arena = arena, .directory = f->directory};
    spool_set_init(&set, &site, BUDGET, 1);
    assert_ok(spool_open(&set, &spool));
    for (int i = 0; i < 500; i++) assert_ok(spool_put(&spool, zeros, PUT));
    assert_true(lode_arena_peak(arena) <= BUDGET + (64 << 10));
    spool_set_close(&set);
    lode_arena_destroy(arena);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(bytes_come_back_as_they_were_put),
        TEST(a_set_takes_no_more_than_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
