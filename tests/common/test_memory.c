/* Arenas and growable buffers. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/memory.h"

enum { KIB = 1024, MIB = 1024 * 1024, NO_CAP = 99 };

static struct lode_arena *new_arena(size_t budget)
{
    struct lode_arena *arena = NULL;
    assert_ok(lode_arena_create(budget, &arena));
    return arena;
}

/* Pages of this process's address space, from the kernel. */
static long mapped_pages(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    long pages = 0;
    assert_int_equal(fscanf(file, "%ld", &pages), 1);
    fclose(file);
    return pages;
}

static void what_is_taken_is_aligned_and_does_not_overlap(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(0);
    enum { COUNT = 300 };
    uint8_t *taken[COUNT];
    for (int i = 0; i < COUNT; i++) {
        assert_ok(lode_take(arena, (size_t)i * 97, &taken[i]));
        assert_int_equal((uintptr_t)taken[i] % 64, 0);
        memset(taken[i], i & 0xff, (size_t)i * 97);
    }
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < i * 97; j++) assert_int_equal(taken[i][j], i & 0xff);
    lode_arena_destroy(arena);
}

static void nothing_taken_is_still_a_pointer_of_its_own(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(0);
    double *a = NULL, *b = NULL;
    assert_ok(lode_take(arena, 0, &a));
    assert_ok(lode_take(arena, 0, &b));
    assert_non_null(a);
    assert_ptr_not_equal(a, b);
    lode_arena_destroy(arena);
}

static void a_reset_arena_reuses_its_blocks(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(0);
    long after_first = 0;
    for (int round = 0; round < 50; round++) {
        char *memory;
        for (int i = 0; i < 40; i++) assert_ok(lode_take(arena, 300 * KIB, &memory));
        lode_arena_reset(arena);
        if (round == 0) after_first = mapped_pages();
    }
    /* 50 rounds of 12 MB; what the test itself maps meanwhile is far below one round */
    assert_true(mapped_pages() - after_first < 4 * MIB / sysconf(_SC_PAGESIZE));
    lode_arena_destroy(arena);
}

static void a_destroyed_arena_gives_all_memory_back(void **state)
{
    (void)state;
    const long before = mapped_pages();
    for (int round = 0; round < 20; round++) {
        struct lode_arena *arena = new_arena(0);
        char *memory;
        assert_ok(lode_take(arena, 100, &memory));
        assert_ok(lode_take(arena, 33 * MIB + 1, &memory));
        memory[33 * MIB] = 1; /* its last byte is ours */
        lode_arena_destroy(arena);
    }
    assert_true(mapped_pages() - before < 4 * MIB / sysconf(_SC_PAGESIZE));
    lode_arena_destroy(NULL);
}

static void rewinding_gives_back_what_was_taken_since_the_mark(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(0);
    char *kept, *scratch, *again;
    assert_ok(lode_take(arena, 1000, &kept));
    memset(kept, 'k', 1000);
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    assert_ok(lode_take(arena, 100, &scratch));
    for (int i = 0; i < 10; i++) { /* over several blocks */
        char *more;
        assert_ok(lode_take(arena, 50 * KIB, &more));
        memset(more, 's', 50 * KIB);
    }
    lode_arena_rewind(arena, mark);
    assert_ok(lode_take(arena, 100, &again));
    assert_ptr_equal(scratch, again);
    for (int i = 0; i < 1000; i++) assert_int_equal(kept[i], 'k');
    lode_arena_destroy(arena);
}

static void zeroed_memory_is_zero_also_when_it_was_used_before(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(0);
    for (int round = 0; round < 3; round++) {
        uint64_t *words;
        char *dirt;
        assert_ok(lode_take(arena, 8 + round * 100, &dirt));
        assert_ok(lode_take_zero(arena, 5000, &words));
        for (int i = 0; i < 5000; i++) assert_true(words[i] == 0);
        memset(words, 0xff, 5000 * sizeof *words);
        assert_ok(lode_take(arena, 20 * KIB, &dirt));
        memset(dirt, 0xff, 20 * KIB);
        lode_arena_reset(arena);
    }
    lode_arena_destroy(arena);
}

static void a_take_over_the_budget_is_refused_in_words(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(10 * MIB);
    char *memory = NULL, *untouched = NULL;
    assert_ok(lode_take(arena, 4 * MIB, &memory));
    assert_status(LODE_E_MEMORY, lode_take(arena, 812 * MIB, &untouched));
    assert_null(untouched);
    assert_string_equal(lode_error_text(), "needs 812 MB more, holds 4.0 MB of a budget of 10 MB");
    assert_ok(lode_take(arena, 4 * MIB, &memory)); /* the arena is as good as before */
    lode_arena_destroy(arena);
}

static void the_whole_budget_can_be_taken(void **state)
{
    (void)state;
    static const size_t budgets[] = {1, 1000, 64 * KIB, MIB, 3 * MIB + 5, 5 * MIB};
    for (size_t i = 0; i < sizeof budgets / sizeof *budgets; i++) {
        struct lode_arena *arena = new_arena(budgets[i]);
        char *memory;
        assert_ok(lode_take(arena, budgets[i], &memory));
        memset(memory, 1, budgets[i]);
        assert_status(LODE_E_MEMORY, lode_take(arena, 64, &memory));
        lode_arena_reset(arena);
        assert_ok(lode_take(arena, budgets[i], &memory));
        lode_arena_destroy(arena);
    }
}

/* What an arena kept from one task must not make the next one fail. */
static void free_blocks_make_way_for_a_larger_one(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(8 * MIB);
    char *memory;
    for (int i = 0; i < 100; i++) assert_ok(lode_take(arena, 70 * KIB, &memory));
    lode_arena_reset(arena);
    assert_ok(lode_take(arena, 8 * MIB, &memory));
    memset(memory, 1, 8 * MIB);
    lode_arena_reset(arena);
    assert_ok(lode_take(arena, 10, &memory));
    assert_ok(lode_take(arena, 7 * MIB, &memory));
    lode_arena_destroy(arena);
}

static void what_was_taken_before_a_reset_takes_nothing_from_later(void **state)
{
    (void)state;
    struct lode_arena *arena = NULL;
    uint8_t *memory = NULL;
    assert_ok(lode_arena_create(32 << 20, &arena));
    assert_ok(lode_take(arena, 15 << 20, &memory));
    lode_arena_reset(arena);
    for (int i = 0; i < 3; i++) assert_ok(lode_take(arena, 10 << 20, &memory));
    lode_arena_destroy(arena);
}

/* A first block that was given up for one that the system then refused: still a usable arena. */
static void an_arena_survives_a_refusal_after_a_reset(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(MIB);
    char *memory;
    assert_ok(lode_take(arena, 100, &memory));
    lode_arena_reset(arena);
    assert_status(LODE_E_MEMORY, lode_take(arena, 2 * MIB, &memory));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    assert_ok(lode_take(arena, MIB, &memory));
    memset(memory, 1, MIB);
    lode_arena_rewind(arena, mark);
    assert_ok(lode_take(arena, 100, &memory));
    memset(memory, 1, 100);
    lode_arena_destroy(arena);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(0);
    double *memory = NULL;
    char *text = NULL;
    size_t bytes = 7;
    assert_status(LODE_E_MEMORY, lode_take(arena, SIZE_MAX / 4, &memory));
    assert_status(LODE_E_MEMORY, lode_arena_take(arena, SIZE_MAX, 1, (void **)&memory));
    assert_status(LODE_E_MEMORY, lode_arena_take(arena, SIZE_MAX / 2, 1, (void **)&memory));
    assert_status(LODE_E_MEMORY, lode_arena_text(arena, "", SIZE_MAX, &text));
    assert_status(LODE_E_MEMORY, lode_mul_size(UINT64_MAX, 2, &bytes));
    assert_ok(lode_mul_size(UINT32_MAX, 16, &bytes));
    assert_true(bytes == 16 * (size_t)UINT32_MAX);
    assert_ok(lode_take(arena, 3, &memory));
    lode_arena_destroy(arena);
}

static void the_peak_is_the_most_in_use_since_its_reset(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(0);
    char *memory;
    assert_int_equal(lode_arena_peak(arena), 0);
    assert_ok(lode_take(arena, MIB, &memory));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    assert_ok(lode_take(arena, 3 * MIB, &memory));
    lode_arena_rewind(arena, mark);
    assert_ok(lode_take(arena, 64, &memory));
    assert_int_equal(lode_arena_peak(arena), 4 * MIB);
    lode_arena_peak_reset(arena);
    assert_int_equal(lode_arena_peak(arena), MIB + 64);
    lode_arena_reset(arena);
    lode_arena_peak_reset(arena);
    assert_int_equal(lode_arena_peak(arena), 0);
    lode_arena_destroy(arena);
}

static void text_is_copied_with_a_final_zero(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(0);
    char *copy;
    assert_ok(lode_arena_text(arena, "partition", 4, &copy));
    assert_string_equal(copy, "part");
    assert_ok(lode_arena_text(arena, NULL, 0, &copy));
    assert_string_equal(copy, "");
    lode_arena_destroy(arena);
}

static void a_buffer_keeps_its_bytes_while_it_grows(void **state)
{
    (void)state;
    struct lode_bytes bytes = {0};
    for (int i = 0; i < 100000; i++) assert_ok(lode_bytes_append(&bytes, &(char){(char)i}, 1));
    assert_int_equal(bytes.size, 100000);
    assert_true(bytes.capacity < 300000); /* doubled, not more */
    for (int i = 0; i < 100000; i++) assert_true((char)bytes.data[i] == (char)i);
    assert_ok(lode_bytes_append(&bytes, NULL, 0));
    lode_bytes_clear(&bytes);
    assert_null(bytes.data);
    assert_int_equal(bytes.capacity, 0);
}

static void a_buffer_takes_formatted_text_of_any_length(void **state)
{
    (void)state;
    struct lode_bytes bytes = {0};
    assert_ok(lode_bytes_printf(&bytes, "%d|", 42));
    assert_ok(lode_bytes_printf(&bytes, "%1000d", 7));
    assert_int_equal(bytes.size, 1003);
    assert_memory_equal(bytes.data, "42|    ", 7);
    assert_int_equal(bytes.data[1002], '7');
    lode_bytes_clear(&bytes);
}

static void a_buffer_refuses_a_size_that_cannot_be(void **state)
{
    (void)state;
    struct lode_bytes bytes = {0};
    assert_ok(lode_bytes_append(&bytes, "abc", 3));
    assert_status(LODE_E_MEMORY, lode_bytes_reserve(&bytes, SIZE_MAX - 1));
    assert_memory_equal(bytes.data, "abc", 3);
    lode_bytes_clear(&bytes);
}

/* A leaf that takes what it is told is left gets it, whatever was taken before. */
static void what_is_left_can_be_taken_at_once(void **state)
{
    (void)state;
    enum { BUDGET = 8 << 20 };
    struct lode_arena *arena = NULL;
    void *memory = NULL;
    assert_ok(lode_arena_create(BUDGET, &arena));
    assert_int_equal(lode_arena_left(arena), BUDGET);
    for (size_t size = 1; size < 4 << 20; size *= 5) {
        assert_ok(lode_arena_take(arena, size, 1, &memory));
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        const size_t left = lode_arena_left(arena);
        assert_true(left > 0 && left < BUDGET);
        assert_ok(lode_arena_take(arena, left, 1, &memory));
        lode_arena_rewind(arena, mark);
    }
    lode_arena_reset(arena);
    assert_ok(lode_arena_take(arena, BUDGET, 1, &memory));
    assert_int_equal(lode_arena_left(arena), 0);
    lode_arena_destroy(arena);
}

static void small_takes_leave_nearly_all_of_a_budget(void **state)
{
    (void)state;
    enum { BUDGET = 40 << 20 };
    struct lode_arena *arena = NULL;
    void *memory = NULL;
    assert_ok(lode_arena_create(BUDGET, &arena));
    for (int i = 0; i < 3; i++) {
        assert_ok(lode_arena_take(arena, 1000, 1, &memory));
        assert_ok(lode_arena_take(arena, 5 << 20, 1, &memory));
    }
    assert_true(lode_arena_left(arena) > (size_t)(19 << 20));
    lode_arena_destroy(arena);
}

static void without_a_budget_there_is_no_end(void **state)
{
    (void)state;
    struct lode_arena *arena = NULL;
    assert_ok(lode_arena_create(0, &arena));
    assert_true(lode_arena_left(arena) == SIZE_MAX / 2);
    lode_arena_destroy(arena);
}

static void the_peak_of_the_process_is_known(void **state)
{
    (void)state;
    enum { LARGE = 64 << 20 };
    lode_memory_stay_small();
    char *large = malloc(LARGE);
    assert_non_null(large);
    memset(large, 1, LARGE);
    assert_true(lode_memory_peak() >= LARGE);
    assert_true(lode_memory_peak() < (size_t)LARGE << 10);
    free(large);
}

static void a_trimmed_arena_keeps_what_it_may_and_gives_the_rest_back(void **state)
{
    (void)state;
    struct lode_arena *arena = new_arena(0);
    uint8_t *taken = NULL;
    const long before = mapped_pages();
    for (int i = 0; i < 64; i++) assert_ok(lode_take(arena, MIB, &taken));
    lode_arena_trim(arena, (size_t)1 << 40);
    const long page = sysconf(_SC_PAGESIZE);
    assert_true(mapped_pages() - before >= 64 * MIB / page);
    lode_arena_trim(arena, 8 * MIB);
    assert_true(mapped_pages() - before <= 10 * MIB / page); /* and what alignment spares */
    lode_arena_trim(arena, 0);
    assert_true(mapped_pages() - before <= 2 * MIB / page);
    assert_ok(lode_take(arena, MIB, &taken)); /* of use as before */
    memset(taken, 1, MIB);
    lode_arena_destroy(arena);
}

/* In a child: a cap is for the rest of a process's life. */
static int take_with_a_cap(void)
{
    struct lode_bytes bytes = {0};
    struct lode_arena *arena = NULL;
    uint8_t *taken = NULL;
    lode_memory_stay_small();
    if (!lode_memory_cap((size_t)200 * MIB)) return NO_CAP;
    if (lode_arena_create(0, &arena) || lode_take(arena, 100 * MIB, &taken)) return 1;
    if (lode_bytes_reserve(&bytes, 128 * MIB) != LODE_E_MEMORY) return 2;
    if (lode_bytes_reserve(&bytes, 32 * MIB)) return 3;
    if (lode_take(arena, 100 * MIB, &taken) != LODE_E_MEMORY) return 4;
    lode_arena_destroy(arena); /* what is given back can be taken again */
    lode_bytes_clear(&bytes);
    return lode_bytes_reserve(&bytes, 128 * MIB) ? 5 : 0;
}

static void beyond_a_cap_neither_heap_nor_arenas_grow(void **state)
{
    (void)state;
    int how = 0;
    const pid_t child = fork();
    if (child == 0) _exit(take_with_a_cap());
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    if (WEXITSTATUS(how) == NO_CAP) skip(); /* under a sanitizer */
    assert_int_equal(WEXITSTATUS(how), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_aligned_and_does_not_overlap),
        cmocka_unit_test(nothing_taken_is_still_a_pointer_of_its_own),
        cmocka_unit_test(a_reset_arena_reuses_its_blocks),
        cmocka_unit_test(a_destroyed_arena_gives_all_memory_back),
        cmocka_unit_test(rewinding_gives_back_what_was_taken_since_the_mark),
        cmocka_unit_test(zeroed_memory_is_zero_also_when_it_was_used_before),
        cmocka_unit_test(a_take_over_the_budget_is_refused_in_words),
        cmocka_unit_test(the_whole_budget_can_be_taken),
        cmocka_unit_test(what_is_left_can_be_taken_at_once),
        cmocka_unit_test(small_takes_leave_nearly_all_of_a_budget),
        cmocka_unit_test(without_a_budget_there_is_no_end),
        cmocka_unit_test(free_blocks_make_way_for_a_larger_one),
        cmocka_unit_test(what_was_taken_before_a_reset_takes_nothing_from_later),
        cmocka_unit_test(an_arena_survives_a_refusal_after_a_reset),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(the_peak_is_the_most_in_use_since_its_reset),
        cmocka_unit_test(the_peak_of_the_process_is_known),
        cmocka_unit_test(text_is_copied_with_a_final_zero),
        cmocka_unit_test(a_buffer_keeps_its_bytes_while_it_grows),
        cmocka_unit_test(a_buffer_takes_formatted_text_of_any_length),
        cmocka_unit_test(a_buffer_refuses_a_size_that_cannot_be),
        cmocka_unit_test(a_trimmed_arena_keeps_what_it_may_and_gives_the_rest_back),
        cmocka_unit_test(beyond_a_cap_neither_heap_nor_arenas_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
