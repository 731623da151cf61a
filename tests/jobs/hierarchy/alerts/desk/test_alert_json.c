/* Alert JSON: what other programs read. */
#include "tests/unit.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "jobs/hierarchy/alerts/desk/alert_json.h"

static const struct alert_counter counters[] = {{"shop/db", "reads \"raw\"", 0.75}};
static const struct alert_firing one = {.level = "high",
                                        .component = "shop/db",
                                        .detector = "end",
                                        .text = "shop/db: reads changed",
                                        .start_ms = 1500,
                                        .end_ms = INT64_MIN,
                                        .peak_ms = 2000,
                                        .change_ms = -1,
                                        .peak = 8.5,
                                        .threshold = 4.0,
                                        .severity = 2.0,
                                        .incident = 1,
                                        .n_counters = 1,
                                        .counters = counters};
static const struct alert_firing *list[] = {&one};

static struct alert make_alert(void)
{
    return (struct alert){.first = &one,
                          .strongest = &one,
                          .fingerprint = 0xab,
                          .start_ms = 1500,
                          .end_ms = INT64_MIN,
                          .severity = 2.0,
                          .n_told = 1,
                          .suppressed = 3,
                          .n = 1,
                          .firings = list};
}

static void a_line_has_all_that_is_known(void **state)
{
    (void)state;
    const struct alert alert = make_alert();
    struct lode_bytes out = {0};
    static const char expected[] =
        "{\"fingerprint\":\"00000000000000ab\",\"state\":\"lasts\",\"component\":\"shop/db\","
        "\"level\":\"high\",\"detector\":\"end\",\"severity\":2,"
        "\"start\":\"1970-01-01T00:00:01.500Z\",\"end\":null,\"peak\":8.5,"
        "\"peak_time\":\"1970-01-01T00:00:02.000Z\",\"change\":\"1969-12-31T23:59:59.999Z\","
        "\"told\":1,\"suppressed\":3,\"firings\":1,\"detectors\":[{\"component\":\"shop/db\","
        "\"level\":\"high\",\"detector\":\"end\",\"start\":\"1970-01-01T00:00:01.500Z\","
        "\"end\":null,\"peak\":8.5,\"threshold\":4}],\"counters\":[{\"component\":\"shop/db\","
        "\"counter\":\"reads \\\"raw\\\"\",\"share\":0.75}],\"text\":\"shop/db: reads changed\"}\n";
    assert_ok(alert_line_append(&alert, &out));
    assert_int_equal(out.size, strlen(expected));
    assert_memory_equal(out.data, expected, out.size);
    lode_bytes_clear(&out);
}

static cJSON *make_body(const struct alert *alerts, int64_t n)
{
    struct lode_bytes out = {0};
    const struct alert_request request = {"file:///runs/r1", 60000, 5000};
    assert_ok(alert_body_append(alerts, n, &request, &out));
    cJSON *body = cJSON_ParseWithLength((const char *)out.data, out.size);
    assert_true(cJSON_IsArray(body));
    lode_bytes_clear(&out);
    return body;
}

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void labels_and_annotations_are_texts_as_alertmanager_asks(void **state)
{
    (void)state;
    struct alert alerts[] = {make_alert(), make_alert()};
    alerts[1].end_ms = 9000;
    cJSON *body = make_body(alerts, 2);
    assert_int_equal(cJSON_GetArraySize(body), 2);
    const cJSON *item, *label;
    cJSON_ArrayForEach(item, body)
    {
        cJSON_ArrayForEach(label, cJSON_GetObjectItem(item, "labels"))
            assert_true(cJSON_IsString(label));
        cJSON_ArrayForEach(label, cJSON_GetObjectItem(item, "annotations"))
            assert_true(cJSON_IsString(label));
        assert_string_equal(text_of(item, "startsAt"), "1970-01-01T00:00:01.500Z");
        assert_string_equal(text_of(item, "generatorURL"), "file:///runs/r1");
    }
    assert_string_equal(text_of(cJSON_GetArrayItem(body, 0), "endsAt"), "1970-01-01T00:01:05.000Z");
    assert_string_equal(text_of(cJSON_GetArrayItem(body, 1), "endsAt"), "1970-01-01T00:00:09.000Z");
    cJSON_Delete(body);
}

/* The clock of what was measured may be ahead of ours. */
static void what_lasts_ends_after_its_start_whatever_the_clock_says(void **state)
{
    (void)state;
    struct alert alert = make_alert();
    alert.start_ms = 70000;
    cJSON *body = make_body(&alert, 1);
    assert_string_equal(text_of(cJSON_GetArrayItem(body, 0), "endsAt"), "1970-01-01T00:01:15.000Z");
    cJSON_Delete(body);
}

/* What grows with an incident is in annotations: other labels would be another alert. */
static void labels_stay_the_same_while_an_incident_grows(void **state)
{
    (void)state;
    struct alert alerts[] = {make_alert(), make_alert()};
    alerts[1].severity = 9.0;
    alerts[1].n_told = 5;
    alerts[1].suppressed = 0;
    alerts[1].end_ms = 9000;
    cJSON *body = make_body(alerts, 2);
    assert_true(cJSON_Compare(cJSON_GetObjectItem(cJSON_GetArrayItem(body, 0), "labels"),
                              cJSON_GetObjectItem(cJSON_GetArrayItem(body, 1), "labels"), true));
    cJSON_Delete(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_all_that_is_known),
        cmocka_unit_test(labels_and_annotations_are_texts_as_alertmanager_asks),
        cmocka_unit_test(what_lasts_ends_after_its_start_whatever_the_clock_says),
        cmocka_unit_test(labels_stay_the_same_while_an_incident_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
