/* Counting words over a shuffle, the engine replaced by a loop. */
#include "tests/jobs/shuffle/shuffle_world.h"

#include "common/file.h"
#include "common/hash.h"
#include "jobs/shuffle/shuffle.h"
#include "tests/jobs/local_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lode_status add_up(void *context, const struct shuffle_value *values, int64_t n,
                          struct lode_bytes *out)
{
    uint64_t sum = 0;
    (void)context;
    for (int64_t i = 0; i < n; i++) {
        uint64_t count;
        memcpy(&count, values[i].data, sizeof count);
        sum += count;
    }
    return lode_bytes_append(out, &sum, sizeof sum);
}

/* Task t puts "w0", "w1", ... "w(t + 2)"; its own result is how many. */
static lode_status count_words(struct shuffle_out *out)
{
    const uint64_t one = 1;
    for (int64_t i = 0; i < out->task->index + 3; i++) {
        char word[32];
        snprintf(word, sizeof word, "%.*s%lld", (int)out->params_size, (const char *)out->params,
                 (long long)i);
        const struct shuffle_record record = {(const uint8_t *)word, strlen(word),
                                              (const uint8_t *)&one, sizeof one, -1};
        const uint64_t hash = lode_hash(word, strlen(word));
        lode_try(shuffle_put(out, (int64_t)(hash % (uint64_t)out->n_buckets), &record));
        lode_try(shuffle_put(out, (int64_t)(hash % (uint64_t)out->n_buckets), &record));
    }
    lode_try(lode_bytes_printf(out->task->output, "%lld", (long long)out->task->index + 3));
    return shuffle_out_commit(out);
}

static lode_status count_leaf(struct lode_task *task)
{
    struct shuffle_out out;
    lode_try(shuffle_out_open(task, &(struct shuffle_out_options){.combine = add_up}, &out));
    const lode_status status = count_words(&out);
    shuffle_out_discard(&out);
    return status;
}

/* "word=count " for each, in order of words; and how many runs said so. */
static lode_status sum_words(struct lode_task *task, struct shuffle_in *in)
{
    struct shuffle_record record;
    bool more = false;
    char word[32] = "";
    uint64_t sum = 0;
    for (;;) {
        lode_try(shuffle_next(in, &record, &more));
        const bool same = more && strlen(word) == record.key_size &&
                          memcmp(word, record.key, record.key_size) == 0;
        if (!same && word[0])
            lode_try(lode_bytes_printf(task->output, "%s=%llu ", word, (unsigned long long)sum));
        if (!more) return LODE_OK;
        uint64_t count;
        memcpy(&count, record.value, sizeof count);
        sum = same ? sum + count : count;
        snprintf(word, sizeof word, "%.*s", (int)record.key_size, (const char *)record.key);
    }
}

static lode_status sum_leaf(struct lode_task *task)
{
    struct shuffle_in in;
    lode_try(shuffle_in_open(task, 0, &in));
    if (in.params_size != 6 || memcmp(in.params, "reduce", 6) != 0)
        return lode_fail(LODE_E_BUG, "other parameters than were given");
    const lode_status status = sum_words(task, &in);
    shuffle_in_close(&in);
    return status;
}

static const struct lode_leaf leaves[] = {
    {"test.count", count_leaf}, {"test.sum", sum_leaf}, {NULL, NULL}};

struct counting {
    int64_t n_mapped, next_reduced;
    char text[1024];
};

static lode_status merge_count(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct counting *counting = context;
    assert_int_equal(size, 1);
    assert_int_equal(result[0] - '0', task + 3);
    counting->n_mapped++;
    return LODE_OK;
}

static lode_status merge_sum(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct counting *counting = context;
    assert_int_equal(task, counting->next_reduced++);
    const size_t used = strlen(counting->text);
    assert_true(size < sizeof counting->text - used);
    memcpy(counting->text + used, result, size);
    return LODE_OK;
}

static lode_status give_params(void *context, struct lode_stage *reduce)
{
    static uint8_t params[] = "reduce";
    struct counting *counting = context;
    assert_int_equal(counting->n_mapped, 4);
    reduce->params = (struct lode_bytes){.data = params, .size = 6};
    return LODE_OK;
}

static void words_are_counted_over_all_tasks(void **state)
{
    static uint8_t params[] = "w";
    struct world *w = *state;
    struct counting counting = {0};
    struct lode_cluster cluster = {
        .leaves = leaves, .work_directory = w->directory, .backwards = true};
    struct lode_run run = {
        .work_directory = w->directory, .arena = w->arena, .cluster = &cluster, .map = local_map};
    const struct lode_shuffle shuffle = {
        .map = {.leaf = "test.count", .n_tasks = 4, .params = {.data = params, .size = 1}},
        .reduce = {.leaf = "test.sum", .n_tasks = 3},
        .merge_map = merge_count,
        .merge_reduce = merge_sum,
        .prepare = give_params,
        .context = &counting};
    assert_ok(lode_shuffle(&run, &shuffle));
    assert_int_equal(counting.next_reduced, 3);
    static const char *const expected[] = {"w0=8 ", "w1=8 ", "w2=8 ", "w3=6 ", "w4=4 ", "w5=2 "};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_non_null(strstr(counting.text, expected[i]));
    assert_int_equal(strlen(counting.text), 6 * 5);
    assert_ok(lode_directory_remove(w->directory)); /* the runs: stages/ goes at the run's end */
    assert_ok(lode_directory_make(w->directory));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_are_counted_over_all_tasks, world_setup,
                                        world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
