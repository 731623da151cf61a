/* Mutes: what the file must look like, and that changes of it lose nothing. */
#include "tests/unit.h"

#include "common/file.h"
#include "coordinator/mutes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct world {
    struct lode_arena *arena;
    char folder[64];
    char store[96];
    char file[128];
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    *state = world;
    if (!world || lode_arena_create(0, &world->arena)) return -1;
    snprintf(world->folder, sizeof world->folder, "/tmp/lode-test-mutes-XXXXXX");
    if (!mkdtemp(world->folder)) return -1;
    snprintf(world->store, sizeof world->store, "%s/web.lode", world->folder);
    snprintf(world->file, sizeof world->file, "%s.mutes.jsonl", world->store);
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    lode_arena_destroy(world->arena);
    const lode_status status = lode_directory_remove(world->folder);
    free(world);
    return status != LODE_OK;
}

static struct mute mute_of(const char *key, const char *reason)
{
    return (struct mute){.job = "opportunities",
                         .key = key,
                         .reason = reason,
                         .who = "me@here",
                         .when = "2026-11-21T10:00:00.000Z"};
}

static lode_status add(struct world *world, const char *key, const char *reason)
{
    const struct mute mute = mute_of(key, reason);
    return mutes_change(world->store, &mute, NULL, world->arena);
}

static struct mutes load(struct world *world)
{
    struct mutes mutes;
    assert_ok(mutes_load(world->store, world->arena, &mutes));
    return mutes;
}

static void a_mute_is_found_again_by_job_and_key(void **state)
{
    struct world *world = *state;
    assert_ok(add(world, "{\"kpi\":\"a\"}", "known \"since\" May \\ é"));

    const struct mutes mutes = load(world);

    assert_int_equal(mutes.n, 1);
    const struct mute *found = mutes_find(&mutes, "opportunities", "{\"kpi\":\"a\"}");
    assert_non_null(found);
    assert_string_equal(found->reason, "known \"since\" May \\ é");
    assert_string_equal(found->who, "me@here");
    assert_null(mutes_find(&mutes, "drift", "{\"kpi\":\"a\"}"));
    assert_null(mutes_find(&mutes, "opportunities", "{\"kpi\":\"b\"}"));
}

static void keys_with_any_bytes_are_the_same_after_reading(void **state)
{
    struct world *world = *state;
    const char *key = "{\"kpi\":\"a/b\\n\\u0001\\\"\\\\\",\"pattern\":\"x\\\\|y|z\"}";
    assert_ok(add(world, key, "r"));
    const struct mutes mutes = load(world);
    assert_non_null(mutes_find(&mutes, "opportunities", key));
}

static void muting_again_replaces_the_reason(void **state)
{
    struct world *world = *state;
    assert_ok(add(world, "{\"kpi\":\"a\"}", "first"));
    assert_ok(add(world, "{\"kpi\":\"b\"}", "other"));
    assert_ok(add(world, "{\"kpi\":\"a\"}", "second"));

    const struct mutes mutes = load(world);

    assert_int_equal(mutes.n, 2);
    assert_string_equal(mutes_find(&mutes, "opportunities", "{\"kpi\":\"a\"}")->reason, "second");
}

static void a_removed_mute_is_gone_and_the_others_stay(void **state)
{
    struct world *world = *state;
    char id[MUTE_ID_SIZE];
    assert_ok(add(world, "{\"kpi\":\"a\"}", "r"));
    assert_ok(add(world, "{\"kpi\":\"b\"}", "r"));
    mute_make_id("opportunities", "{\"kpi\":\"a\"}", id);

    assert_ok(mutes_change(world->store, NULL, id, world->arena));

    const struct mutes mutes = load(world);
    assert_int_equal(mutes.n, 1);
    assert_string_equal(mutes.list[0].key, "{\"kpi\":\"b\"}");
    assert_status(LODE_E_USAGE, mutes_change(world->store, NULL, id, world->arena));
}

static void the_file_lies_beside_the_store_whatever_slash_ends_its_path(void **state)
{
    struct world *world = *state;
    char with_slash[100];
    char *path = NULL;
    snprintf(with_slash, sizeof with_slash, "%s//", world->store);
    assert_ok(mutes_path(with_slash, world->arena, &path));
    assert_string_equal(path, world->file);
}

static void reasons_of_more_than_a_line_or_none_are_refused(void **state)
{
    struct world *world = *state;
    char longest[MUTE_REASON_LIMIT + 2];
    memset(longest, 'x', sizeof longest);
    longest[MUTE_REASON_LIMIT + 1] = '\0';
    assert_status(LODE_E_USAGE, add(world, "{\"kpi\":\"a\"}", ""));
    assert_status(LODE_E_USAGE, add(world, "{\"kpi\":\"a\"}", "two\nlines"));
    assert_status(LODE_E_USAGE, add(world, "{\"kpi\":\"a\"}", "\033[31m"));
    assert_status(LODE_E_USAGE, add(world, "{\"kpi\":\"a\"}", "\xff"));
    assert_status(LODE_E_USAGE, add(world, "{\"kpi\":\"a\"}", longest));
    assert_int_equal(access(world->file, F_OK), -1);
}

/* A good line, then the given one: the message must name line 2 and hold the words. */
static void expect_refused(struct world *world, const char *line, size_t size, const char *words)
{
    struct lode_bytes text = {0};
    struct mutes mutes;
    struct mute good = mute_of("{\"kpi\":\"a\"}", "r");
    mute_make_id(good.job, good.key, good.id);
    assert_ok(mute_append(&text, &good));
    assert_ok(lode_bytes_append(&text, line, size));
    assert_status(LODE_E_INPUT,
                  mutes_parse("m.jsonl", (const char *)text.data, text.size, world->arena, &mutes));
    if (!strstr(lode_error_text(), "m.jsonl:2: ") || !strstr(lode_error_text(), words))
        fail_msg("'%s' does not name line 2 and say '%s'", lode_error_text(), words);
    lode_bytes_clear(&text);
}

static void every_fault_of_a_line_is_refused_with_its_number(void **state)
{
    struct world *world = *state;
    const struct {
        const char *line, *words;
    } faults[] = {
        {"{", "not JSON"},
        {"{} trailing", "not JSON"},
        {"[]", "not a JSON object"},
        {"{}", "no text \"id\""},
        {"{\"id\":7}", "no text \"id\""},
        {"{\"id\":\"000000000000\",\"job\":\"j\",\"reason\":\"r\",\"who\":\"w\",\"when\":\"t\"}",
         "no object \"identity\""},
        {"{\"id\":\"000000000000\",\"job\":\"j\",\"identity\":{},\"reason\":\"r\",\"who\":\"w\","
         "\"when\":\"t\"}",
         "no object \"identity\""},
        {"{\"id\":\"000000000000\",\"job\":\"j\",\"identity\":{\"a\":1},\"reason\":\"r\","
         "\"who\":\"w\",\"when\":\"t\"}",
         "\"a\" is no text"},
        {"{\"id\":\"000000000000\",\"job\":\"j\",\"identity\":{\"a\":\"b\"},\"reason\":\"r\","
         "\"who\":\"w\",\"when\":\"t\"}",
         "is not that of its job and identity"},
        {"{\"id\":\"x\",\"job\":\"j\",\"reason\":\"a\\u001b[31m\",\"who\":\"w\",\"when\":\"t\"}",
         "\"reason\" holds a control byte"},
        {"{\"id\":\"x\\u0000\"}", "NUL"},
        {"{\"id\":\t\"x\"}", "a control byte"},
        {"{\"id\":\"\xff\"}", "not UTF-8"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        expect_refused(world, faults[i].line, strlen(faults[i].line), faults[i].words);
    expect_refused(world, "{\"id\":\"\0\"}", 10, "not UTF-8, or a NUL byte");
}

static void feedback_lies_in_a_file_of_its_own_with_its_verdict(void **state)
{
    struct world *world = *state;
    struct mutes all;
    struct mute said = mute_of("{\"kpi\":\"a\"}", "");
    said.verdict = "noise";
    said.template = "retries";
    said.class = "stateful";
    assert_ok(remarks_change(REMARK_FEEDBACK, world->store, &said, NULL, world->arena));
    assert_int_equal(0, load(world).n); /* no mute */
    assert_ok(remarks_load(REMARK_FEEDBACK, world->store, world->arena, &all));
    assert_int_equal(1, all.n);
    assert_string_equal("noise", all.list[0].verdict);
    assert_string_equal("retries", all.list[0].template);
    assert_string_equal("", all.list[0].reason);
    said.verdict = "useful"; /* who changes his mind has one verdict */
    assert_ok(remarks_change(REMARK_FEEDBACK, world->store, &said, NULL, world->arena));
    assert_ok(remarks_load(REMARK_FEEDBACK, world->store, world->arena, &all));
    assert_int_equal(1, all.n);
    assert_string_equal("useful", all.list[0].verdict);
    assert_ok(remarks_change(REMARK_FEEDBACK, world->store, NULL, all.list[0].id, world->arena));
    assert_status(LODE_E_USAGE, remarks_change(REMARK_FEEDBACK, world->store, NULL, all.list[0].id,
                                               world->arena));
    assert_non_null(strstr(lode_error_text(), "`lode feedback --list STORE` shows them"));
}

static void another_verdict_in_the_file_is_refused(void **state)
{
    struct world *world = *state;
    struct lode_bytes text = {0};
    struct mutes all;
    struct mute said = mute_of("{\"kpi\":\"a\"}", "r");
    said.verdict = "maybe";
    said.template = said.class = "";
    mute_make_id(said.job, said.key, said.id);
    assert_ok(mute_append(&text, &said));
    assert_status(LODE_E_INPUT, remarks_parse(REMARK_FEEDBACK, "f.jsonl", (const char *)text.data,
                                              text.size, world->arena, &all));
    assert_non_null(strstr(lode_error_text(), "f.jsonl:1: verdict 'maybe': useful or noise"));
    lode_bytes_clear(&text);
}

static void a_finding_muted_twice_in_the_file_is_refused(void **state)
{
    struct world *world = *state;
    struct lode_bytes text = {0};
    struct mutes mutes;
    struct mute good = mute_of("{\"kpi\":\"a\"}", "r");
    mute_make_id(good.job, good.key, good.id);
    for (int i = 0; i < 2; i++) assert_ok(mute_append(&text, &good));
    assert_status(LODE_E_INPUT,
                  mutes_parse("m.jsonl", (const char *)text.data, text.size, world->arena, &mutes));
    assert_non_null(strstr(lode_error_text(), "m.jsonl:2: this finding is muted above already"));
    lode_bytes_clear(&text);
}

static void a_bad_file_is_not_overwritten(void **state)
{
    struct world *world = *state;
    struct lode_bytes text = {0};
    assert_ok(lode_file_write(world->file, "junk\n", 5, false));
    assert_status(LODE_E_INPUT, add(world, "{\"kpi\":\"a\"}", "r"));
    assert_ok(lode_file_read(world->file, 100, &text));
    assert_int_equal(text.size, 5);
    lode_bytes_clear(&text);
    assert_ok(lode_file_write(world->file, "", 0, false)); /* the lock was given back */
    assert_ok(add(world, "{\"kpi\":\"a\"}", "r"));
}

static void two_processes_that_mute_at_once_lose_nothing(void **state)
{
    enum { EACH = 20 };
    struct world *world = *state;
    const pid_t child = fork();
    for (int i = 0; i < EACH; i++) {
        char key[64];
        snprintf(key, sizeof key, "{\"kpi\":\"%s %d\"}", child ? "parent" : "child", i);
        if (add(world, key, "r")) {
            if (child == 0) _exit(1);
            fail_msg("%s", lode_error_text());
        }
    }
    if (child == 0) _exit(0);
    int ended = -1;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    assert_int_equal(load(world).n, 2 * EACH);
}

int main(void)
{
#define MUTES_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        MUTES_TEST(a_mute_is_found_again_by_job_and_key),
        MUTES_TEST(keys_with_any_bytes_are_the_same_after_reading),
        MUTES_TEST(muting_again_replaces_the_reason),
        MUTES_TEST(a_removed_mute_is_gone_and_the_others_stay),
        MUTES_TEST(the_file_lies_beside_the_store_whatever_slash_ends_its_path),
        MUTES_TEST(reasons_of_more_than_a_line_or_none_are_refused),
        MUTES_TEST(every_fault_of_a_line_is_refused_with_its_number),
        MUTES_TEST(feedback_lies_in_a_file_of_its_own_with_its_verdict),
        MUTES_TEST(another_verdict_in_the_file_is_refused),
        MUTES_TEST(a_finding_muted_twice_in_the_file_is_refused),
        MUTES_TEST(a_bad_file_is_not_overwritten),
        MUTES_TEST(two_processes_that_mute_at_once_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
