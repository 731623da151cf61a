/* Memory: what is told once, what is suppressed, and that nothing is lost. */
#include "tests/unit.h"

#include <string.h>

#include "common/memory.h"
#include "jobs/hierarchy/alerts/desk/memory.h"

enum { COOLDOWN = 100 };

static struct lode_arena *arena;

static int begin(void **state)
{
    (void)state;
    return lode_arena_create(0, &arena) != LODE_OK;
}

static int end(void **state)
{
    (void)state;
    lode_arena_destroy(arena);
    return 0;
}

static struct alert_firing firing(const char *detector, int64_t start_ms, int64_t end_ms,
                                  int64_t incident)
{
    return (struct alert_firing){.level = "high",
                                 .component = "shop/db",
                                 .detector = detector,
                                 .text = "",
                                 .start_ms = start_ms,
                                 .end_ms = end_ms,
                                 .peak = 8.0,
                                 .threshold = 4.0,
                                 .severity = 1.0,
                                 .incident = incident};
}

static struct alerts decide_run(struct memory *memory, const struct alert_run *run)
{
    struct alerts alerts;
    struct memory after;
    assert_ok(memory_decide(memory, run, COOLDOWN, arena, &after, &alerts));
    *memory = after;
    return alerts;
}

/* A run that has scored shop/db from 0 to 1000. */
static struct alerts decide(struct memory *memory, const struct alert_firing *firings, int64_t n)
{
    static const struct alert_scored scored = {"shop/db", 0, 1000};
    return decide_run(memory, &(struct alert_run){"m", n, firings, 1, &scored});
}

static void what_was_told_is_not_told_by_the_next_run(void **state)
{
    (void)state;
    struct memory memory = {0};
    const struct alert_firing firings[] = {firing("end", 10, 20, 1)};
    assert_int_equal(decide(&memory, firings, 1).n, 1);
    assert_int_equal(decide(&memory, firings, 1).n, 0);
}

static void a_repeat_within_the_cooldown_is_counted_by_the_next_alert(void **state)
{
    (void)state;
    struct memory memory = {0};
    const struct alert_firing firings[] = {firing("end", 10, 20, 1), firing("end", 50, 60, 2),
                                           firing("end", 110, 120, 3)};
    const struct alerts alerts = decide(&memory, firings, 3);
    assert_int_equal(alerts.n, 2);
    assert_int_equal(alerts.verdicts[1], ALERT_SUPPRESSED);
    assert_int_equal(alerts.list[1].first->start_ms, 110);
    assert_int_equal(alerts.list[1].suppressed, 1);
    assert_int_equal(alerts.n_suppressed, 1);
}

static void an_incident_is_one_alert_about_its_strongest_firing(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct alert_firing firings[] = {firing("b", 12, 20, 1), firing("a", 10, INT64_MIN, 1)};
    firings[0].peak = 40.0;
    firings[0].severity = 3.0;
    const struct alerts alerts = decide(&memory, firings, 2);
    assert_int_equal(alerts.n, 1);
    assert_string_equal(alerts.list[0].first->detector, "a");
    assert_string_equal(alerts.list[0].strongest->detector, "b");
    assert_int_equal(alerts.list[0].n_told, 2);
    assert_true(alerts.list[0].severity == 3.0);
    assert_true(alerts.list[0].end_ms == INT64_MIN);
}

static void the_end_of_what_was_told_as_lasting_is_told_once(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct alert_firing firings[] = {firing("end", 10, INT64_MIN, 1)};
    const uint64_t fingerprint = decide(&memory, firings, 1).list[0].fingerprint;
    assert_int_equal(decide(&memory, firings, 1).n, 0);
    firings[0].end_ms = 30;
    const struct alerts alerts = decide(&memory, firings, 1);
    assert_int_equal(alerts.n, 1);
    assert_true(alerts.list[0].fingerprint == fingerprint);
    assert_int_equal(alerts.list[0].n_told, 0);
    assert_int_equal(alerts.list[0].end_ms, 30);
    assert_int_equal(decide(&memory, firings, 1).n, 0);
}

static void what_was_told_and_lasts_is_named_by_every_run_until_it_ends(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct alert_firing firings[] = {firing("end", 10, INT64_MIN, 1), firing("b", 15, 20, 1)};
    struct alerts alerts = decide(&memory, firings, 1);
    const uint64_t fingerprint = alerts.list[0].fingerprint;
    assert_int_equal(alerts.n_lasting, 0); /* just told */
    for (int run = 0; run < 2; run++) {
        alerts = decide(&memory, firings, 1);
        assert_int_equal(alerts.n, 0);
        assert_int_equal(alerts.n_lasting, 1);
        assert_true(alerts.lasting[0].fingerprint == fingerprint);
        assert_true(alerts.lasting[0].end_ms == INT64_MIN);
    }
    alerts = decide(&memory, firings, 2);
    assert_int_equal(alerts.n, 1); /* the same incident, with news */
    assert_int_equal(alerts.n_lasting, 0);
    firings[0].end_ms = 30;
    assert_int_equal(decide(&memory, firings, 2).n_lasting, 0);
}

static void what_was_suppressed_is_not_named_as_lasting(void **state)
{
    (void)state;
    struct memory memory = {0};
    const struct alert_firing firings[] = {firing("end", 10, 20, 1),
                                           firing("end", 50, INT64_MIN, 2)};
    assert_int_equal(decide(&memory, firings, 2).n_suppressed, 1);
    assert_int_equal(decide(&memory, firings, 2).n_lasting, 0);
}

/* Two incidents were told as lasting; a third firing joins them. */
static void both_alerts_of_incidents_that_became_one_are_ended(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct alert_firing firings[] = {firing("a", 10, INT64_MIN, 1), firing("b", 11, INT64_MIN, 2),
                                     firing("c", 12, INT64_MIN, 1)};
    assert_int_equal(decide(&memory, firings, 2).n, 2);
    firings[1].incident = 1;
    for (int i = 0; i < 3; i++) firings[i].end_ms = 40;
    const struct alerts alerts = decide(&memory, firings, 3);
    assert_int_equal(alerts.n, 2); /* of a with c as news, and the end of b */
    assert_int_equal(alerts.list[0].n_told, 1);
    assert_string_equal(alerts.list[1].first->detector, "b");
    assert_int_equal(decide(&memory, firings, 3).n, 0);
}

static void a_memory_that_is_printed_and_parsed_decides_the_same(void **state)
{
    (void)state;
    struct memory memory = {.next = 7}, read;
    struct lode_bytes text = {0}, again = {0};
    const struct alert_firing firings[] = {firing("a \"b\"\n", 10, INT64_MIN, 1),
                                           firing("c", -11, 20, 2)};
    decide(&memory, firings, 2);
    assert_ok(memory_print(&memory, &text));
    assert_ok(memory_parse((const char *)text.data, text.size, arena, &read));
    assert_ok(memory_print(&read, &again));
    assert_int_equal(text.size, again.size);
    assert_memory_equal(text.data, again.data, text.size);
    assert_int_equal(read.next, 7);
    assert_int_equal(decide(&read, firings, 2).n, 0);
    lode_bytes_clear(&text);
    lode_bytes_clear(&again);
}

static void a_broken_state_is_refused_with_its_line(void **state)
{
    (void)state;
#define TOP "{\"format\":2,\"model\":\"m\",\"until\":5,\"next\":0}"
    static const char head[] = TOP "\n", cut[] = TOP, more[] = TOP " x\n";
    static const char *const broken[] = {"{\"format\":1,\"model\":\"m\",\"until\":5,\"next\":0}\n",
                                         "{\"format\":2,\"model\":\"m\",\"until\":5,\"next\":-1}\n",
                                         "{\"format\":2,\"until\":5,\"next\":0}\n",
                                         "{\"format\":2,\"model\":\"m\",\"next\":0}\n",
                                         "{\"format\":2,\"model\":\"m\",\"until\":5}\n",
                                         cut,
                                         "[]\n",
                                         more};
    struct memory memory;
    struct lode_bytes text = {0};
    assert_ok(memory_parse(head, strlen(head), arena, &memory));
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_status(LODE_E_INPUT, memory_parse(broken[i], strlen(broken[i]), arena, &memory));
        assert_non_null(strstr(lode_error_text(), "line 1"));
    }
#define DETECTOR                                                                                   \
    "{\"level\":\"high\",\"component\":\"c\",\"detector\":\"d\",\"last\":1,\"until\":null,"        \
    "\"told\":null,\"suppressed\":0,\"head\":null,\"open\":"
    const char *line = DETECTOR "false}\n", *headless = DETECTOR "true}\n";
    assert_ok(lode_bytes_printf(&text, "%s%s", head, headless));
    assert_status(LODE_E_INPUT, memory_parse((const char *)text.data, text.size, arena, &memory));
    assert_non_null(strstr(lode_error_text(), "line 2: \"open\" is neither"));
    text.size = 0;
    assert_ok(lode_bytes_printf(&text, "%s%s%s", head, line, line));
    assert_status(LODE_E_INPUT, memory_parse((const char *)text.data, text.size, arena, &memory));
    assert_non_null(strstr(lode_error_text(), "line 3: a detector twice"));
    lode_bytes_clear(&text);
}

/* --- what is not found again --- */

/* A slot that was filled in part fired; now that it is full it does not. */
static void what_was_told_as_lasting_and_fires_no_longer_is_told_as_ended_once(void **state)
{
    (void)state;
    struct memory memory = {0};
    const struct alert_firing firings[] = {firing("end", 10, INT64_MIN, 1)};
    const uint64_t fingerprint = decide(&memory, firings, 1).list[0].fingerprint;
    struct alerts alerts = decide(&memory, NULL, 0);
    assert_int_equal(alerts.n, 1);
    assert_true(alerts.list[0].fingerprint == fingerprint);
    assert_int_equal(alerts.list[0].start_ms, 10);
    assert_int_equal(alerts.list[0].end_ms, 10);
    assert_int_equal(alerts.list[0].n_told, 0);
    assert_string_equal(alerts.list[0].first->text,
                        "shop/db: what was told of level high fires no longer");
    alerts = decide(&memory, NULL, 0);
    assert_int_equal(alerts.n + alerts.n_lasting, 0);
    assert_int_equal(decide(&memory, firings, 1).n, 0); /* it is known, should it come again */
}

static void what_nobody_has_looked_for_lasts(void **state)
{
    (void)state;
    struct memory memory = {0};
    const struct alert_firing firings[] = {firing("end", 10, INT64_MIN, 1)};
    const struct alert_run nothing = {.model = "m"};
    const uint64_t fingerprint = decide(&memory, firings, 1).list[0].fingerprint;
    for (int i = 0; i < 2; i++) {
        const struct alerts alerts = decide_run(&memory, &nothing);
        assert_int_equal(alerts.n, 0);
        assert_int_equal(alerts.n_lasting, 1);
        assert_true(alerts.lasting[0].fingerprint == fingerprint);
    }
    assert_int_equal(decide(&memory, NULL, 0).n, 1);
}

/* a began the incident and ended; b still lasts when a is no longer scored. */
static void an_incident_is_known_when_its_first_firing_is_no_longer_scored(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct alert_firing firings[] = {firing("a", 10, 20, 1), firing("b", 15, INT64_MIN, 1),
                                     firing("c", 60, 70, 1)};
    const uint64_t fingerprint = decide(&memory, firings, 2).list[0].fingerprint;
    firings[1].start_ms = 50;
    firings[1].is_cut = true;
    struct alerts alerts = decide(&memory, &firings[1], 1);
    assert_int_equal(alerts.n, 0);
    assert_int_equal(alerts.n_lasting, 1);
    assert_true(alerts.lasting[0].fingerprint == fingerprint);
    alerts = decide(&memory, &firings[1], 2); /* with news: of c */
    assert_int_equal(alerts.n, 1);
    assert_true(alerts.list[0].fingerprint == fingerprint);
    assert_int_equal(alerts.list[0].start_ms, 10);
    firings[1].end_ms = 90;
    alerts = decide(&memory, &firings[1], 2);
    assert_int_equal(alerts.n, 1);
    assert_true(alerts.list[0].fingerprint == fingerprint);
    assert_int_equal(alerts.list[0].end_ms, 90);
    assert_int_equal(decide(&memory, &firings[1], 2).n, 0);
}

static void a_cut_firing_is_new_where_the_last_one_had_ended(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct alert_firing firings[] = {firing("a", 10, 20, 1), firing("a", 500, INT64_MIN, 1)};
    decide(&memory, firings, 1);
    firings[1].is_cut = true;
    assert_int_equal(decide(&memory, &firings[1], 1).n, 1);
}

static void a_cut_firing_is_new_where_the_last_one_has_vanished(void **state)
{
    (void)state;
    struct memory memory = {0};
    struct alert_firing firings[] = {firing("a", 10, INT64_MIN, 1), firing("a", 500, INT64_MIN, 1)};
    decide(&memory, firings, 1);
    assert_int_equal(decide(&memory, NULL, 0).n, 1); /* its end */
    firings[1].is_cut = true;
    const struct alerts alerts = decide(&memory, &firings[1], 1);
    assert_int_equal(alerts.n, 1);
    assert_int_equal(alerts.list[0].start_ms, 500);
}

/* The same path, learned anew. */
static void the_memory_of_another_model_ends_what_it_told_and_begins_anew(void **state)
{
    (void)state;
    struct memory memory = {0};
    static const struct alert_scored scored = {"shop/db", 1000, 2000};
    const struct alert_firing old[] = {firing("a", 10, 20, 1), firing("b", 990, INT64_MIN, 2)};
    struct alert_firing all[] = {firing("end", 30, 40, 1), firing("b", 980, INT64_MIN, 2),
                                 firing("a", 1500, 1600, 3)};
    const uint64_t fingerprint = decide(&memory, old, 2).list[1].fingerprint;
    const struct alert_run anew = {"other", 3, all, 1, &scored};
    struct alerts alerts = decide_run(&memory, &anew);
    assert_int_equal(alerts.n, 3);
    assert_true(alerts.list[0].fingerprint == fingerprint);
    assert_int_equal(alerts.list[0].end_ms, 1000);
    assert_int_equal(alerts.verdicts[0], ALERT_KNOWN); /* its time was told of */
    assert_int_equal(alerts.list[1].start_ms, 980);
    assert_int_equal(alerts.list[2].start_ms, 1500);
    assert_string_equal(memory.model, "other");
    alerts = decide_run(&memory, &anew);
    assert_int_equal(alerts.n, 0);
    assert_int_equal(alerts.n_lasting, 1);
}

/* --- however slots fall into runs --- */

enum { FIRINGS = 40, DETECTORS = 4 };

static uint64_t next_random(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random >> 33;
}

/* Firings of a few detectors in order of start; those of one detector do not overlap. */
static void make_firings(uint64_t *random, struct alert_firing *firings)
{
    static const char *const names[DETECTORS] = {"a", "b", "c", "d"};
    int64_t time[DETECTORS] = {0};
    for (int64_t i = 0; i < FIRINGS; i++) {
        const uint64_t which = next_random(random) % DETECTORS;
        const int64_t start_ms = time[which] + 1 + (int64_t)(next_random(random) % 120);
        time[which] = start_ms + 1 + (int64_t)(next_random(random) % 30);
        firings[i] = firing(names[which], start_ms, time[which], i + 1);
    }
}

/* Those a run at `now` sees: begun by then; those that end later last. */
static int64_t see(const struct alert_firing *all, int64_t now, struct alert_firing *seen,
                   int64_t *places)
{
    int64_t n = 0;
    for (int64_t i = 0; i < FIRINGS; i++) {
        if (all[i].start_ms > now) continue;
        places[n] = i;
        seen[n] = all[i];
        if (seen[n].end_ms > now) seen[n].end_ms = INT64_MIN;
        seen[n].incident = n + 1;
        n++;
    }
    return n;
}

static void no_firing_is_lost_and_none_told_twice_within_the_cooldown(void **state)
{
    (void)state;
    uint64_t random = 20261122;
    print_message("seed %llu\n", (unsigned long long)random);
    for (int round = 0; round < 300; round++) {
        struct alert_firing all[FIRINGS], seen[FIRINGS];
        enum alert_verdict verdicts[FIRINGS] = {ALERT_KNOWN};
        int64_t places[FIRINGS], n_told = 0, n_ends = 0, n_lasting = 0;
        struct memory memory = {0};
        lode_arena_reset(arena);
        make_firings(&random, all);
        for (int64_t now = 0; now < FIRINGS * 200;
             now += 1 + (int64_t)(next_random(&random) % 400)) {
            const int64_t n = see(all, now, seen, places);
            const struct alerts alerts = decide(&memory, seen, n);
            for (int64_t i = 0; i < n; i++) {
                if (alerts.verdicts[i] == ALERT_KNOWN) continue;
                assert_int_equal(verdicts[places[i]], ALERT_KNOWN); /* once */
                verdicts[places[i]] = alerts.verdicts[i];
            }
            for (int64_t i = 0; i < alerts.n; i++) {
                n_told += alerts.list[i].n_told;
                n_lasting += alerts.list[i].n_told > 0 && alerts.list[i].end_ms == INT64_MIN;
                n_ends += alerts.list[i].n_told == 0;
            }
        }
        assert_int_equal(n_ends, n_lasting);
        for (int64_t i = 0; i < FIRINGS; i++) {
            bool is_near_one_told = false;
            assert_int_not_equal(verdicts[i], ALERT_KNOWN); /* none lost */
            n_told -= verdicts[i] == ALERT_TOLD;
            for (int64_t k = 0; k < FIRINGS; k++)
                is_near_one_told |= strcmp(all[k].detector, all[i].detector) == 0 &&
                                    verdicts[k] == ALERT_TOLD &&
                                    all[k].start_ms < all[i].start_ms &&
                                    all[i].start_ms - all[k].start_ms < COOLDOWN;
            assert_int_equal(is_near_one_told, verdicts[i] == ALERT_SUPPRESSED);
        }
        assert_int_equal(n_told, 0); /* what is told is in an alert */
    }
}

/* Firings with at most GAP between them are one incident. */
static void join(struct alert_firing *firings, int64_t n)
{
    enum { GAP = 4 };
    int64_t until_ms = INT64_MIN, incident = 0;
    bool is_done[FIRINGS] = {false};
    for (int64_t k = 0; k < n; k++) {
        int64_t next = -1;
        for (int64_t i = 0; i < n; i++)
            if (!is_done[i] && (next < 0 || firings[i].start_ms < firings[next].start_ms)) next = i;
        const int64_t end_ms =
            firings[next].end_ms == INT64_MIN ? INT64_MAX - GAP : firings[next].end_ms;
        if (incident == 0 || firings[next].start_ms > until_ms + GAP) incident++;
        if (incident == 1 || end_ms > until_ms) until_ms = end_ms > until_ms ? end_ms : until_ms;
        firings[next].incident = incident;
        is_done[next] = true;
    }
}

/* Of what is seen, the last `length` before now. */
static int64_t cut(const struct alert_firing *seen, int64_t n, int64_t from_ms,
                   struct alert_firing *some)
{
    int64_t n_some = 0;
    for (int64_t i = 0; i < n; i++) {
        if (seen[i].end_ms != INT64_MIN && seen[i].end_ms <= from_ms) continue;
        some[n_some] = seen[i];
        some[n_some].is_cut = seen[i].start_ms <= from_ms;
        if (some[n_some].is_cut) some[n_some].start_ms = from_ms;
        n_some++;
    }
    return n_some;
}

/* Runs that score the last 300, at most 250 apart, and runs that score all. */
static void runs_that_score_the_newest_slots_alone_tell_the_same(void **state)
{
    enum { LENGTH = 300 };
    (void)state;
    uint64_t random = 20261123;
    int64_t n_alerts = 0, n_lasting = 0;
    print_message("seed %llu\n", (unsigned long long)random);
    for (int round = 0; round < 300; round++) {
        struct alert_firing all[FIRINGS], seen[FIRINGS], some[FIRINGS];
        int64_t places[FIRINGS];
        struct memory whole = {0}, newest = {0};
        lode_arena_reset(arena);
        make_firings(&random, all);
        for (int64_t now = 0; now < FIRINGS * 100;
             now += 1 + (int64_t)(next_random(&random) % 250)) {
            const int64_t n = see(all, now, seen, places);
            const int64_t n_some = cut(seen, n, now - LENGTH, some);
            join(seen, n);
            join(some, n_some);
            const struct alerts a = decide(&whole, seen, n), b = decide(&newest, some, n_some);
            assert_int_equal(a.n, b.n);
            assert_int_equal(a.n_lasting, b.n_lasting);
            for (int64_t i = 0; i < a.n; i++) {
                assert_true(a.list[i].fingerprint == b.list[i].fingerprint);
                assert_int_equal(a.list[i].start_ms, b.list[i].start_ms);
                assert_int_equal(a.list[i].end_ms, b.list[i].end_ms);
                assert_int_equal(a.list[i].n_told, b.list[i].n_told);
                assert_int_equal(a.list[i].suppressed, b.list[i].suppressed);
            }
            for (int64_t i = 0; i < a.n_lasting; i++)
                assert_true(a.lasting[i].fingerprint == b.lasting[i].fingerprint);
            n_alerts += a.n;
            n_lasting += a.n_lasting;
        }
    }
    assert_true(n_alerts > 1000 && n_lasting > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_told_is_not_told_by_the_next_run),
        cmocka_unit_test(a_repeat_within_the_cooldown_is_counted_by_the_next_alert),
        cmocka_unit_test(an_incident_is_one_alert_about_its_strongest_firing),
        cmocka_unit_test(the_end_of_what_was_told_as_lasting_is_told_once),
        cmocka_unit_test(what_was_told_and_lasts_is_named_by_every_run_until_it_ends),
        cmocka_unit_test(what_was_suppressed_is_not_named_as_lasting),
        cmocka_unit_test(both_alerts_of_incidents_that_became_one_are_ended),
        cmocka_unit_test(a_memory_that_is_printed_and_parsed_decides_the_same),
        cmocka_unit_test(a_broken_state_is_refused_with_its_line),
        cmocka_unit_test(what_was_told_as_lasting_and_fires_no_longer_is_told_as_ended_once),
        cmocka_unit_test(what_nobody_has_looked_for_lasts),
        cmocka_unit_test(an_incident_is_known_when_its_first_firing_is_no_longer_scored),
        cmocka_unit_test(a_cut_firing_is_new_where_the_last_one_had_ended),
        cmocka_unit_test(a_cut_firing_is_new_where_the_last_one_has_vanished),
        cmocka_unit_test(the_memory_of_another_model_ends_what_it_told_and_begins_anew),
        cmocka_unit_test(no_firing_is_lost_and_none_told_twice_within_the_cooldown),
        cmocka_unit_test(runs_that_score_the_newest_slots_alone_tell_the_same),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
