#include "tests/jobs/shuffle/shuffle_world.h"

#include "common/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int world_setup(void **state)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    snprintf(w.directory, sizeof w.directory, "/tmp/lode-shuffle-XXXXXX");
    if (!mkdtemp(w.directory)) return -1;
    if (lode_arena_create(0, &w.arena) != LODE_OK) return -1;
    w.site = (struct shuffle_site){.arena = w.arena, .directory = w.directory};
    *state = &w;
    return 0;
}

int world_teardown(void **state)
{
    struct world *w = *state;
    char path[96];
    lode_arena_destroy(w->arena);
    snprintf(path, sizeof path, "%s/x.run", w->directory);
    unlink(path);
    snprintf(path, sizeof path, "%s/scratch", w->directory);
    rmdir(path);
    if (rmdir(w->directory) == 0) return 0; /* only an empty folder goes */
    print_error("files are left in %s\n", w->directory);
    return lode_directory_remove(w->directory) == LODE_OK ? -1 : -2;
}

void world_seed(struct world *w)
{
    const char *given = getenv("LODE_SEED");
    const uint64_t seed =
        given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 1000 + (uint64_t)getpid();
    w->random = lode_random_begin(seed, 0);
    print_message("LODE_SEED=%llu\n", (unsigned long long)seed);
}

uint64_t world_random(struct world *w)
{
    return lode_random_next(&w->random);
}

static struct shuffle_record make_record(struct world *w, int64_t number, bool common)
{
    enum { COMMON = 6 };
    const size_t head = common ? COMMON : 0;
    const size_t key_size = head + world_random(w) % 15;
    const bool is_long = world_random(w) % 50 == 0;
    const size_t value_size = sizeof number + (is_long ? world_random(w) % 5000 : 0);
    uint8_t *bytes = malloc(key_size + value_size);
    assert_non_null(bytes);
    memset(bytes, 'k', head);
    for (size_t i = head; i < key_size; i++) bytes[i] = (uint8_t)(world_random(w) % 3 * 127);
    memset(bytes + key_size, 0x5a, value_size);
    memcpy(bytes + key_size, &number, sizeof number);
    return (struct shuffle_record){bytes, key_size, bytes + key_size, value_size, -1};
}

struct shuffle_record *world_records(struct world *w, int64_t n)
{
    const bool common = world_random(w) % 2;
    struct shuffle_record *records = calloc((size_t)n + 1, sizeof *records);
    assert_non_null(records);
    for (int64_t i = 0; i < n; i++) records[i] = make_record(w, i, common);
    return records;
}

void world_free(struct shuffle_record *records, int64_t n)
{
    for (int64_t i = 0; i < n; i++) free((void *)(uintptr_t)records[i].key);
    free(records);
}

static int compare(const void *left, const void *right)
{
    const struct shuffle_record *a = left;
    const struct shuffle_record *b = right;
    const int order = shuffle_compare(a->key, a->key_size, b->key, b->key_size);
    int64_t p;
    int64_t q;
    if (order != 0) return order;
    memcpy(&p, a->value, sizeof p);
    memcpy(&q, b->value, sizeof q);
    return (p > q) - (p < q);
}

void world_sort(struct shuffle_record *records, int64_t n)
{
    qsort(records, (size_t)n, sizeof *records, compare);
}

void assert_same_record(const struct shuffle_record *expected, const struct shuffle_record *actual)
{
    assert_int_equal(expected->key_size, actual->key_size);
    assert_int_equal(expected->value_size, actual->value_size);
    if (expected->key_size > 0) assert_memory_equal(expected->key, actual->key, expected->key_size);
    assert_memory_equal(expected->value, actual->value, expected->value_size);
}

struct shuffle_record world_record(const char *key, const char *value)
{
    return (struct shuffle_record){(const uint8_t *)key, strlen(key), (const uint8_t *)value,
                                   strlen(value), -1};
}
