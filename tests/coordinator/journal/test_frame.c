/* Frame: the head says where the frame belongs, how long it is and what it holds. */
#include "tests/unit.h"

#include "coordinator/journal/frame.h"

#include <string.h>

static void make(struct lode_bytes *frame, const char *payload, uint64_t offset)
{
    assert_ok(frame_begin(frame));
    assert_ok(lode_bytes_append(frame, payload, strlen(payload)));
    assert_ok(frame_seal(frame, offset));
}

static void a_sealed_frame_reads_back(void **state)
{
    (void)state;
    struct lode_bytes frame = {0};
    struct frame_head head;
    make(&frame, "five!", 1000);
    assert_int_equal(frame.size, FRAME_HEAD + 5);
    assert_true(frame_head_read(frame.data, 1000, &head));
    assert_int_equal(head.size, 5);
    assert_true(frame_payload_is(&head, frame.data + FRAME_HEAD));
    lode_bytes_clear(&frame);
}

/* What an old segment left on the disk may lie anywhere. */
static void a_frame_is_one_only_at_its_own_offset(void **state)
{
    (void)state;
    struct lode_bytes frame = {0};
    struct frame_head head;
    make(&frame, "five!", 1000);
    assert_false(frame_head_read(frame.data, 1001, &head));
    lode_bytes_clear(&frame);
}

static void any_flipped_bit_of_a_frame_is_seen(void **state)
{
    (void)state;
    struct lode_bytes frame = {0};
    struct frame_head head;
    make(&frame, "five!", 1000);
    for (size_t i = 0; i < frame.size * 8; i++) {
        frame.data[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_false(frame_head_read(frame.data, 1000, &head) &&
                     frame_payload_is(&head, frame.data + FRAME_HEAD));
        frame.data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    lode_bytes_clear(&frame);
}

static void a_new_frame_forgets_the_one_before(void **state)
{
    (void)state;
    struct lode_bytes frame = {0};
    make(&frame, "five!", 0);
    make(&frame, "", FRAME_HEAD + 5);
    assert_int_equal(frame.size, FRAME_HEAD);
    lode_bytes_clear(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_frame_reads_back),
        cmocka_unit_test(a_frame_is_one_only_at_its_own_offset),
        cmocka_unit_test(any_flipped_bit_of_a_frame_is_seen),
        cmocka_unit_test(a_new_frame_forgets_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
