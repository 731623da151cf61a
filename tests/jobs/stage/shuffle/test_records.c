#include "tests/unit.h"

#include "jobs/stage/shuffle/records.h"

#include <stdlib.h>
#include <string.h>

enum { KPIS = 2, CELLS = 4 };

static struct record_id id(const char *text)
{
    return (struct record_id){text, strlen(text)};
}

static size_t encode_event(uint8_t *key, struct record_cell *cells, struct record *record,
                           uint8_t *out)
{
    *record = (struct record){.kind = RECORD_EVENT,
                              .key = key,
                              .key_size = record_key(id("ann"), id("s1"), key),
                              .file = 3,
                              .line = 1000000,
                              .has_time = true,
                              .time = -5,
                              .name = 300,
                              .n_cells = CELLS,
                              .cells = cells};
    return record_encode(record, KPIS, out);
}

static const struct record_cell some_cells[CELLS] = {{.column = 0, .value = 1.0},
                                                     {.column = 1, .value = 0.1},
                                                     {.column = 2, .code = 7},
                                                     {.column = 9, .code = UINT32_MAX - 1}};

static void a_record_comes_back_as_it_was(void **state)
{
    (void)state;
    uint8_t key[RECORD_KEY_LIMIT];
    uint8_t bytes[1024];
    struct record_cell cells[CELLS];
    struct record_cell back[CELLS];
    struct record record;
    struct record read = {.cells = back};
    memcpy(cells, some_cells, sizeof cells);
    const size_t size = encode_event(key, cells, &record, bytes);
    const uint8_t *at = bytes;
    assert_true(size <= record_room(CELLS));
    assert_true(record_decode(&at, bytes + size, KPIS, CELLS, &read));
    assert_ptr_equal(at, bytes + size);
    assert_int_equal(read.kind, RECORD_EVENT);
    assert_int_equal(read.file, 3);
    assert_int_equal(read.line, 1000000);
    assert_true(read.has_time && read.time == -5);
    assert_int_equal(read.name, 300);
    assert_int_equal(read.n_cells, CELLS);
    for (int c = 0; c < CELLS; c++) {
        assert_int_equal(back[c].column, some_cells[c].column);
        assert_int_equal(back[c].code, some_cells[c].code);
        assert_true(back[c].value == some_cells[c].value);
    }
    assert_int_equal(read.key_size, record.key_size);
    assert_memory_equal(read.key, key, record.key_size);
}

static void a_cut_record_is_refused_at_every_length(void **state)
{
    (void)state;
    uint8_t key[RECORD_KEY_LIMIT];
    uint8_t bytes[1024];
    struct record_cell cells[CELLS];
    struct record record;
    memcpy(cells, some_cells, sizeof cells);
    const size_t size = encode_event(key, cells, &record, bytes);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *copy = malloc(cut + 1); /* its own block, so that a read past it is seen */
        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        const uint8_t *at = copy;
        struct record read = {.cells = cells};
        assert_false(record_decode(&at, copy + cut, KPIS, CELLS, &read));
        free(copy);
    }
}

static void more_cells_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    uint8_t key[RECORD_KEY_LIMIT];
    uint8_t bytes[1024];
    struct record_cell cells[CELLS];
    struct record record;
    memcpy(cells, some_cells, sizeof cells);
    const size_t size = encode_event(key, cells, &record, bytes);
    const uint8_t *at = bytes;
    assert_false(record_decode(&at, bytes + size, KPIS, CELLS - 1, &record));
}

static void the_user_is_the_session_where_the_key_has_none(void **state)
{
    (void)state;
    uint8_t key[RECORD_KEY_LIMIT];
    struct record_id user;
    struct record_id session;
    record_key(id(""), id("s1"), key);
    record_ids(key, &user, &session);
    assert_int_equal(user.size, 2);
    assert_memory_equal(user.text, "s1", 2);
    record_key(id("ann"), id(""), key);
    record_ids(key, &user, &session);
    assert_memory_equal(user.text, "ann", 3);
    assert_int_equal(session.size, 0);
}

/* "a" + "bc" and "ab" + "c" are different keys. */
static void keys_of_different_pairs_differ(void **state)
{
    (void)state;
    uint8_t one[RECORD_KEY_LIMIT];
    uint8_t other[RECORD_KEY_LIMIT];
    const size_t size = record_key(id("a"), id("bc"), one);
    assert_int_equal(size, record_key(id("ab"), id("c"), other));
    assert_memory_not_equal(one, other, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_it_was),
        cmocka_unit_test(a_cut_record_is_refused_at_every_length),
        cmocka_unit_test(more_cells_than_there_is_room_for_are_refused),
        cmocka_unit_test(the_user_is_the_session_where_the_key_has_none),
        cmocka_unit_test(keys_of_different_pairs_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
