/* Segment: what is whole is read, what is torn is cut, what is damaged is refused by offset. */
#include "tests/unit.h"

#include "coordinator/journal/frame.h"
#include "coordinator/journal/segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 4 };

/* Frames with 1, 2, 3, 4 results. */
struct fixture {
    struct lode_bytes bytes;
    uint64_t border[FRAMES + 1]; /* where each begins, and the end */
    uint64_t size;               /* that count */
    bool is_whole;
    /* what the scan gave */
    uint64_t n_entries, end;
};

static int set_up(void **state)
{
    static struct fixture f;
    struct lode_bytes frame = {0};
    uint64_t task = 0;
    f = (struct fixture){0};
    for (int i = 0; i < FRAMES; i++) {
        if (frame_begin(&frame)) return -1;
        for (int j = 0; j <= i; j++) {
            const struct entry entry = {.kind = ENTRY_RESULT,
                                        .stage = 1,
                                        .task = task++,
                                        .bytes = lode_span_text("the result of a task")};
            if (entry_append(&frame, &entry)) return -1;
        }
        f.border[i] = f.bytes.size;
        if (frame_seal(&frame, f.bytes.size) || lode_bytes_append(&f.bytes, frame.data, frame.size))
            return -1;
    }
    f.size = f.border[FRAMES] = f.bytes.size;
    lode_bytes_clear(&frame);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    lode_bytes_clear(&((struct fixture *)*state)->bytes);
    return 0;
}

static lode_status read_at(void *context, uint64_t offset, void *data, size_t size)
{
    const struct fixture *f = context;
    assert_true(offset + size <= f->size);
    memcpy(data, f->bytes.data + offset, size);
    return LODE_OK;
}

static lode_status take(void *context, const struct entry *entry, uint64_t offset)
{
    struct fixture *f = context;
    assert_int_equal(entry->task, f->n_entries++);
    assert_memory_equal(f->bytes.data + offset, "the result of a task", 20);
    return LODE_OK;
}

static lode_status scan(struct fixture *f)
{
    const struct segment_source source = {.name = "a segment",
                                          .size = f->size,
                                          .is_whole = f->is_whole,
                                          .read = read_at,
                                          .context = f};
    f->n_entries = 0;
    return segment_scan(&source, take, f, &f->end);
}

static void all_entries_come_in_order_with_the_place_of_their_bytes(void **state)
{
    struct fixture *f = *state;
    assert_ok(scan(f));
    assert_int_equal(f->n_entries, 1 + 2 + 3 + 4);
    assert_int_equal(f->end, f->size);
}

/* The coordinator died while it wrote: at every single byte. */
static void a_torn_tail_is_cut_after_the_last_whole_frame(void **state)
{
    struct fixture *f = *state;
    for (f->size = 0; f->size < f->border[FRAMES]; f->size++) {
        int whole = 0;
        while (f->border[whole + 1] <= f->size) whole++;
        assert_ok(scan(f));
        assert_int_equal(f->end, f->border[whole]);
        assert_int_equal(f->n_entries, (uint64_t)whole * ((uint64_t)whole + 1) / 2);
    }
}

/* Blocks of the last write that were not on disk read as zeros. */
static void zeros_in_the_last_frame_are_a_torn_tail(void **state)
{
    struct fixture *f = *state;
    for (uint64_t from = f->border[FRAMES - 1]; from + 8 <= f->size; from += 8) {
        uint8_t kept[8];
        memcpy(kept, f->bytes.data + from, sizeof kept);
        memset(f->bytes.data + from, 0, sizeof kept);
        assert_ok(scan(f));
        assert_int_equal(f->end, f->border[FRAMES - 1]);
        memcpy(f->bytes.data + from, kept, sizeof kept);
    }
}

static void a_flipped_byte_with_frames_behind_it_is_refused_by_offset(void **state)
{
    struct fixture *f = *state;
    char words[64];
    for (uint64_t at = 0; at < f->border[FRAMES - 1]; at++) {
        int frame = 0;
        while (f->border[frame + 1] <= at) frame++;
        f->bytes.data[at] ^= 0x40;
        assert_status(LODE_E_INPUT, scan(f));
        snprintf(words, sizeof words,
                 "a segment is damaged at offset %llu:", (unsigned long long)f->border[frame]);
        assert_non_null(strstr(lode_error_text(), words));
        f->bytes.data[at] ^= 0x40;
    }
}

/* A later segment says how long this one is: then all of it was on disk once. */
static void nothing_may_be_torn_in_a_segment_that_others_continue(void **state)
{
    struct fixture *f = *state;
    f->is_whole = true;
    assert_ok(scan(f));
    f->size--;
    assert_status(LODE_E_INPUT, scan(f));
}

static void a_frame_that_claims_more_than_there_is_takes_no_memory(void **state)
{
    struct fixture *f = *state;
    f->bytes.data[f->border[FRAMES - 1] + 6] = 0xff; /* its length; its hash is then wrong too */
    assert_ok(scan(f));
    assert_int_equal(f->end, f->border[FRAMES - 1]);
}

static lode_status take_nothing(void *context, const struct entry *entry, uint64_t offset)
{
    (void)context;
    (void)offset;
    return entry->task == 3 ? lode_fail(LODE_E_MESSAGE, "not this") : LODE_OK;
}

static void an_entry_that_cannot_be_is_refused_by_the_offset_of_its_frame(void **state)
{
    struct fixture *f = *state;
    char words[64];
    uint64_t end = 0;
    const struct segment_source source = {
        .name = "a segment", .size = f->size, .read = read_at, .context = f};
    assert_status(LODE_E_INPUT, segment_scan(&source, take_nothing, NULL, &end));
    snprintf(words, sizeof words, "a segment, frame at offset %llu: not this",
             (unsigned long long)f->border[2]);
    assert_string_equal(lode_error_text(), words);
}

int main(void)
{
#define with_segment(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_segment(all_entries_come_in_order_with_the_place_of_their_bytes),
        with_segment(a_torn_tail_is_cut_after_the_last_whole_frame),
        with_segment(zeros_in_the_last_frame_are_a_torn_tail),
        with_segment(a_flipped_byte_with_frames_behind_it_is_refused_by_offset),
        with_segment(nothing_may_be_torn_in_a_segment_that_others_continue),
        with_segment(a_frame_that_claims_more_than_there_is_takes_no_memory),
        with_segment(an_entry_that_cannot_be_is_refused_by_the_offset_of_its_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
