#include "tests/unit.h"

#include "jobs/stage/shuffle/records.h"

#include <stdlib.h>
#include <string.h>

enum { KPIS = 2, CELLS = 4, ROOM = 2048 };

static struct record_id id(const char *text)
{
    return (struct record_id){text, strlen(text)};
}

static struct record_cell some_cells[CELLS] = {{.column = 0, .value = 1.0},
                                               {.column = 1, .value = 0.1},
                                               {.column = 2, .code = 7},
                                               {.column = 9, .code = UINT32_MAX - 1}};

static struct record event(int64_t line, int64_t time, uint32_t name, bool has_cells)
{
    return (struct record){.kind = RECORD_EVENT,
                           .has_line = true,
                           .has_time = true,
                           .file = 3,
                           .line = line,
                           .time = time,
                           .name = name,
                           .n_cells = has_cells ? CELLS : 0,
                           .cells = some_cells};
}

static void assert_same(const struct record *expected, const struct record *read)
{
    assert_int_equal(read->kind, expected->kind);
    assert_int_equal(read->file, expected->file);
    if (expected->has_line) assert_int_equal(read->line, expected->line);
    assert_int_equal(read->has_time, expected->has_time);
    if (expected->has_time) assert_int_equal(read->time, expected->time);
    assert_int_equal(read->name, expected->name);
    assert_int_equal(read->n_cells, expected->n_cells);
    for (int64_t c = 0; c < expected->n_cells; c++) {
        assert_int_equal(read->cells[c].column, some_cells[c].column);
        assert_int_equal(read->cells[c].code, some_cells[c].code);
        assert_true(read->cells[c].value == some_cells[c].value);
    }
}

/* The value holds these records [n] and no more. */
static void assert_value(const uint8_t *value, size_t size, const struct record *records, int n)
{
    struct record_cell cells[CELLS];
    struct record read = {.cells = cells};
    struct record_reader reader = record_reader_begin(value, size, KPIS, CELLS);
    for (int i = 0; i < n; i++) {
        assert_true(record_is_left(&reader));
        assert_true(record_read(&reader, &read));
        assert_same(&records[i], &read);
    }
    assert_false(record_is_left(&reader));
}

/* Values of records that are combined, in order. */
static struct lode_bytes combine(const struct record *records, int n)
{
    static uint8_t bytes[COMBINE_MOST][ROOM];
    struct shuffle_value values[COMBINE_MOST];
    struct lode_bytes out = {0};
    for (int i = 0; i < n; i++) {
        values[i] = (struct shuffle_value){bytes[i], record_encode(&records[i], KPIS, bytes[i])};
        assert_true(values[i].size <= record_room(CELLS));
    }
    assert_ok(record_combine(NULL, values, n, &out));
    return out;
}

static void a_record_comes_back_as_it_was(void **state)
{
    (void)state;
    const struct record records[] = {
        event(1000000, -5, 300, true),
        event(1, INT64_C(1) << 53, 0, false),
        {.kind = RECORD_SESSION, .has_line = true, .has_time = true, .line = 9, .time = 1},
        {.kind = RECORD_SESSION, .n_cells = CELLS, .cells = some_cells},
    };
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct lode_bytes out = combine(&records[i], 1);
        assert_value(out.data, out.size, &records[i], 1);
        lode_bytes_clear(&out);
    }
}

static void combined_events_come_back_in_order(void **state)
{
    (void)state;
    struct record records[COMBINE_MOST];
    for (int i = 0; i < COMBINE_MOST; i++) /* later, earlier, in lines up and down */
        records[i] = event(100 + i * 7 % 13, 1000 + i * i % 17 - i, (uint32_t)i, i >= 200);
    struct lode_bytes out = combine(records, COMBINE_MOST);
    assert_value(out.data, out.size, records, COMBINE_MOST);
    lode_bytes_clear(&out);
}

static void combined_events_take_few_bytes(void **state)
{
    (void)state;
    struct record records[100];
    for (int i = 0; i < 100; i++) {
        records[i] = event(0, INT64_C(1700000000000) + INT64_C(50) * i, 7, false);
        records[i].has_line = false;
    }
    struct lode_bytes out = combine(records, 100);
    assert_true(out.size <= 100 * 3 + 10);
    lode_bytes_clear(&out);
}

static void what_does_not_go_together_stays_apart(void **state)
{
    (void)state;
    struct record records[] = {
        {.kind = RECORD_SESSION, .has_line = true, .line = 1},
        {.kind = RECORD_SESSION, .has_line = true, .line = 2},
        event(3, 10, 1, false),
        event(4, 11, 2, false),
        event(5, 12, 3, true),
        event(6, 13, 4, false),
        event(7, 14, 5, false),
    };
    enum { N = sizeof records / sizeof *records };
    records[N - 1].file = 4;
    struct lode_bytes out = combine(records, N);
    assert_value(out.data, out.size, records, N);
    lode_bytes_clear(&out);
}

/* Events of a block without lines and cells, of all sizes that a number can have. */
static void plain_events_are_read_many_at_once(void **state)
{
    (void)state;
    enum { N = 130 };
    struct record records[N];
    for (int i = 0; i < N; i++) {
        const int64_t jump = i < 64 ? INT64_C(1) << i % 62 : i;
        records[i] =
            event(0, i % 2 ? jump : -jump, i % 33 == 32 ? 0 : UINT32_C(1) << i % 33, false);
        records[i].has_line = false;
    }
    struct lode_bytes out = combine(records, N);
    for (int64_t most = 1; most <= N; most += 43) {
        struct record read = {0};
        int64_t times[N];
        uint32_t names[N];
        struct record_reader reader = record_reader_begin(out.data, out.size, KPIS, CELLS);
        assert_int_equal(record_read_events(&reader, &read, most, times, names), 0);
        assert_true(record_read(&reader, &read));
        for (int at = 1; at < N;) {
            const int64_t n = record_read_events(&reader, &read, most, times, names);
            assert_int_equal(n, most < N - at ? most : N - at);
            for (int64_t i = 0; i < n; i++, at++) {
                assert_int_equal(times[i], records[at].time);
                assert_int_equal(names[i], records[at].name);
            }
        }
        assert_false(record_is_left(&reader));
    }
    lode_bytes_clear(&out);
}

/* Lines of all sizes, times that go back, the widest names; an event has no cells, or some. */
static void columns_of_every_width_come_back(void **state)
{
    (void)state;
    for (int bits = 0; bits < 62; bits++) {
        const int64_t jump = INT64_C(1) << bits;
        const uint32_t name = (uint32_t)(UINT64_C(1) << bits % 32);
        for (int has_cells = 0; has_cells < 2; has_cells++) {
            const struct record records[] = {event(1, -jump, name, has_cells),
                                             event(jump, jump - 1, name - 1, has_cells),
                                             event(jump / 2, -jump, 0, has_cells)};
            struct lode_bytes out = combine(records, 3);
            assert_value(out.data, out.size, records, 3);
            lode_bytes_clear(&out);
        }
    }
}

/* Whatever stands in a byte, nothing is read beyond the value, which is a block of its own. */
static void a_damaged_block_is_refused_or_read_within_its_bytes(void **state)
{
    (void)state;
    const struct record records[] = {event(1, 2, 3, true), event(2, 300, 4, true)};
    struct lode_bytes out = combine(records, 2);
    bool was_refused = false;
    for (size_t at = 0; at < out.size; at++)
        for (int byte = 0; byte < 256; byte++) {
            struct record_cell cells[CELLS];
            struct record read = {.cells = cells};
            int64_t times[3];
            uint32_t names[3];
            uint8_t *copy = malloc(out.size);
            assert_non_null(copy);
            memcpy(copy, out.data, out.size);
            copy[at] = (uint8_t)byte;
            struct record_reader reader = record_reader_begin(copy, out.size, KPIS, CELLS);
            bool is_well = true;
            while (is_well && record_is_left(&reader)) {
                is_well = record_read(&reader, &read);
                if (is_well)
                    assert_in_range(record_read_events(&reader, &read, 3, times, names), 0, 3);
            }
            was_refused |= !is_well;
            free(copy);
        }
    assert_true(was_refused);
    lode_bytes_clear(&out);
}

static void cut_events_are_left_to_be_refused(void **state)
{
    (void)state;
    struct record records[3] = {event(0, 1, 2, false), event(0, 300, 4, false),
                                event(0, 5000, 600, false)};
    for (int i = 0; i < 3; i++) records[i].has_line = false;
    struct lode_bytes out = combine(records, 3);
    for (size_t cut = 0; cut < out.size; cut++) {
        struct record read = {0};
        int64_t times[3];
        uint32_t names[3];
        uint8_t *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, out.data, cut);
        struct record_reader reader = record_reader_begin(copy, cut, KPIS, CELLS);
        if (record_read(&reader, &read)) {
            assert_in_range(record_read_events(&reader, &read, 3, times, names), 0, 1);
            assert_false(record_read(&reader, &read));
        }
        free(copy);
    }
    lode_bytes_clear(&out);
}

static void a_cut_value_is_refused_at_every_length(void **state)
{
    (void)state;
    struct record records[] = {event(1, 2, 300, true), event(2, 3, 4, true)};
    struct lode_bytes out = combine(records, 2);
    for (size_t cut = 0; cut < out.size; cut++) {
        struct record_cell cells[CELLS];
        struct record read = {.cells = cells};
        uint8_t *copy = malloc(cut + 1); /* its own block, so that a read past it is seen */
        assert_non_null(copy);
        memcpy(copy, out.data, cut);
        struct record_reader reader = record_reader_begin(copy, cut, KPIS, CELLS);
        assert_false(record_read(&reader, &read) && record_read(&reader, &read));
        free(copy);
    }
    lode_bytes_clear(&out);
}

static void more_cells_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    struct record_cell cells[CELLS];
    struct record read = {.cells = cells};
    const struct record record = event(1, 2, 3, true);
    struct lode_bytes out = combine(&record, 1);
    struct record_reader reader = record_reader_begin(out.data, out.size, KPIS, CELLS - 1);
    assert_false(record_read(&reader, &read));
    lode_bytes_clear(&out);
}

static void assert_ids(const uint8_t *key, size_t size, const char *user, const char *session)
{
    struct record_id found_user;
    struct record_id found_session;
    record_ids(key, size, &found_user, &found_session);
    assert_int_equal(found_user.size, strlen(user));
    assert_memory_equal(found_user.text, user, found_user.size);
    assert_int_equal(found_session.size, strlen(session));
    assert_memory_equal(found_session.text, session, found_session.size);
}

static void a_key_says_user_and_session(void **state)
{
    (void)state;
    static const char *const ids[][4] = {{"ann", "s1", "ann", "s1"},
                                         {"", "s1", "s1", "s1"},
                                         {"ann", "", "ann", "ann"},
                                         {"s1", "s1", "s1", "s1"}};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        for (int after = 0; after < 2; after++) {
            uint8_t room[RECORD_KEY_LIMIT];
            size_t size = 0;
            const uint8_t *key = record_key(id(ids[i][0]), id(ids[i][1]), after, room, &size);
            assert_ids(key, size, ids[i][2], ids[i][3]);
        }
}

/* By user, then session, and a session before its events, whatever begins with what. */
static void keys_are_ordered_by_user_and_session(void **state)
{
    (void)state;
    static const char *const ids[][2] = {{"a", ""},   {"a", "b"},  {"a", "bb"}, {"a", "c"},
                                         {"aa", "a"}, {"ab", "a"}, {"b", ""}};
    uint8_t before[RECORD_KEY_LIMIT];
    size_t before_size = 0;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        for (int after = 0; after < 2; after++) {
            uint8_t room[RECORD_KEY_LIMIT];
            size_t size = 0;
            const uint8_t *key = record_key(id(ids[i][0]), id(ids[i][1]), after, room, &size);
            assert_true(shuffle_compare(before, before_size, key, size) < 0);
            memcpy(before, key, size);
            before_size = size;
        }
}

static void a_user_comes_back_also_when_several_were_combined(void **state)
{
    (void)state;
    uint8_t one[ROOM];
    uint8_t other[ROOM];
    struct record_id user;
    struct lode_bytes out = {0};
    /* bytes that could be taken for a block of events */
    const struct shuffle_value values[] = {{one, record_encode_user(id("\x32\x12"), one)},
                                           {other, record_encode_user(id("bob"), other)}};
    assert_ok(record_combine(NULL, values, 2, &out));
    assert_true(record_decode_user(out.data, out.size, &user));
    assert_int_equal(user.size, 2);
    assert_memory_equal(user.text, "\x32\x12", 2);
    assert_false(record_decode_user(out.data, 3, &user));
    lode_bytes_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_it_was),
        cmocka_unit_test(combined_events_come_back_in_order),
        cmocka_unit_test(combined_events_take_few_bytes),
        cmocka_unit_test(what_does_not_go_together_stays_apart),
        cmocka_unit_test(plain_events_are_read_many_at_once),
        cmocka_unit_test(columns_of_every_width_come_back),
        cmocka_unit_test(a_damaged_block_is_refused_or_read_within_its_bytes),
        cmocka_unit_test(cut_events_are_left_to_be_refused),
        cmocka_unit_test(a_cut_value_is_refused_at_every_length),
        cmocka_unit_test(more_cells_than_there_is_room_for_are_refused),
        cmocka_unit_test(a_key_says_user_and_session),
        cmocka_unit_test(keys_are_ordered_by_user_and_session),
        cmocka_unit_test(a_user_comes_back_also_when_several_were_combined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
