/* Reply: only what holds is taken of a model's answer; generated.json keeps it exactly. */
#include "tests/unit.h"

#include "tests/jobs/opportunities/generator/generator_world.h"

#include "common/text.h"
#include "jobs/opportunities/generator/reply.h"
#include "jobs/opportunities/generator/request.h"

#include <string.h>

static struct generator_world world;
static struct generated generated;

static int set_up(void **state)
{
    (void)state;
    generator_world_init(&world);
    generated = (struct generated){.asked = "llm", .used = "llm", .why = "", .model = "m"};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    generator_world_clear(&world);
    return 0;
}

/* The answer as the content of a chat completion. */
static lode_status parse(const char *content, int64_t budget)
{
    struct lode_bytes body = {0};
    assert_ok(lode_bytes_printf(&body, "{\"choices\":[{\"message\":{\"content\":"));
    assert_ok(lode_text_append_json(&body, content, strlen(content)));
    assert_ok(lode_bytes_printf(&body, "}}]}"));
    const lode_status status = reply_parse((const char *)body.data, body.size, &world.library,
                                           &world.schema, budget, &world.definitions, &generated);
    lode_bytes_clear(&body);
    return status;
}

static void entries_that_hold_become_definitions(void **state)
{
    (void)state;
    assert_ok(parse("{\"hypotheses\":[{\"template\":\"many_of\",\"parameters\":{\"event\":\"poll\","
                    "\"least\":7}},{\"template\":\"weekend\"},{\"template\":\"any_of\","
                    "\"parameters\":{\"events\":[\"home\",\"pay\"]}}]}",
                    10));
    assert_int_equal(3, world.definitions.n);
    assert_string_equal("count('poll') >= 7", world.definitions.list[0].expression);
    assert_string_equal("count(('home' | 'pay')) > 0", world.definitions.list[2].expression);
    assert_int_equal(0, generated.n_notes);
}

static void what_does_not_hold_is_left_out_with_a_reason(void **state)
{
    (void)state;
    static const char *const reasons[] = {
        "no template 'x'; `lode templates` lists them",
        "the store has no event 'pol', did you mean 'poll'?",
        "template many_of has no parameter 'evnt'",
        "parameter event: must be a text or a number",
        "\"parameters\" is no object",
        "no text \"template\"",
        "no text \"template\"",
        "sets parameters of the run",
    };
    assert_ok(
        parse("{\"hypotheses\":[{\"template\":\"x\"},"
              "{\"template\":\"many_of\",\"parameters\":{\"event\":\"pol\"}},"
              "{\"template\":\"many_of\",\"parameters\":{\"evnt\":\"poll\"}},"
              "{\"template\":\"many_of\",\"parameters\":{\"event\":{\"a\":1}}},"
              "{\"template\":\"many_of\",\"parameters\":[1]},null,{\"template\":5},"
              "{\"template\":\"event_patterns\",\"parameters\":{}},{\"template\":\"weekend\"}]}",
              10));
    assert_int_equal(1, world.definitions.n);
    assert_int_equal(8, generated.n_notes);
    for (int i = 0; i < 8; i++)
        if (!strstr(generated.notes[i].why, reasons[i]))
            fail_msg("'%s' does not say '%s'", generated.notes[i].why, reasons[i]);
}

static void more_than_the_budget_is_left_out(void **state)
{
    (void)state;
    assert_ok(parse("{\"hypotheses\":[{\"template\":\"weekend\"},{\"template\":\"night\"}]}", 1));
    assert_int_equal(1, world.definitions.n);
    assert_string_equal("more than max_hypotheses", generated.notes[0].why);
}

static void an_answer_of_which_nothing_holds_is_none(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "{}",
        "[1]",
        "{\"choices\":{}}",
        "{\"choices\":[{\"message\":{\"content\":5}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"{}\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"{\\\"hypotheses\\\":[]}\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"{\\\"hypotheses\\\":{}}\"}}]}",
        "\xff\xfe",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_status(LODE_E_INPUT, reply_parse(bodies[i], strlen(bodies[i]), &world.library,
                                                &world.schema, 9, &world.definitions, &generated));
    assert_int_equal(0, world.definitions.n);
}

static void what_was_generated_is_read_back_as_it_was_written(void **state)
{
    (void)state;
    struct lode_bytes first = {0}, second = {0};
    struct generated read;
    assert_ok(
        parse("{\"hypotheses\":[{\"template\":\"many_of\",\"parameters\":{\"event\":\"poll\"}},"
              "{\"template\":\"x\"}]}",
              9));
    assert_ok(generated_add(&generated, &world.definitions, 1, world.arena));
    struct generator_opinion opinion = {"retries", "stateful", true};
    generated.opinions = &opinion;
    generated.n_opinions = 1;
    generated.is_chosen = true;
    assert_ok(generated_append(&generated, &first));
    assert_ok(generated_parse("g.json", (const char *)first.data, first.size, world.arena, &read));
    assert_ok(generated_append(&read, &second));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    assert_string_equal("{\"event\":\"poll\"}", read.list[0].parameters);
    lode_bytes_clear(&first);
    lode_bytes_clear(&second);
}

static void a_broken_file_of_definitions_is_told_by_its_place(void **state)
{
    (void)state;
    struct generated read;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"[", "g.json: not JSON"},
        {"{\"format\":2}", "g.json: not a generated.json of format 1"},
        {"{\"format\":1,\"asked\":\"\",\"used\":\"\",\"why\":\"\",\"model\":\"\",\"definitions\":"
         "[{\"name\":\"a\"}],\"dropped\":[],\"opinions\":[]}",
         "g.json: definition 1: no text \"expression\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(LODE_E_INPUT, generated_parse("g.json", cases[i].text, strlen(cases[i].text),
                                                    world.arena, &read));
        assert_string_equal(cases[i].words, lode_error_text());
    }
}

static void a_request_tells_names_in_order_whatever_the_order_of_the_schema(void **state)
{
    (void)state;
    static const char *const turned[] = {"poll", "pay_error", "pay", "item", "home"};
    struct lode_bytes one = {0}, other = {0};
    struct model_request request = {.model = "m",
                                    .prompt = "p",
                                    .library = &world.library,
                                    .schema = &world.schema,
                                    .budget = 5,
                                    .json_object = true};
    assert_ok(request_append(&request, world.arena, &one));
    world.schema.events.names = turned;
    assert_ok(request_append(&request, world.arena, &other));
    assert_int_equal(one.size, other.size);
    assert_memory_equal(one.data, other.data, one.size);
    assert_non_null(memmem(one.data, one.size, "\\\"home\\\", \\\"item\\\", \\\"pay\\\"", 27));
    assert_null(memmem(one.data, one.size, "event_patterns (", 16)); /* not for a model */
    lode_bytes_clear(&one);
    lode_bytes_clear(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_that_hold_become_definitions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_hold_is_left_out_with_a_reason, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(more_than_the_budget_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_of_which_nothing_holds_is_none, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_generated_is_read_back_as_it_was_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_broken_file_of_definitions_is_told_by_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_request_tells_names_in_order_whatever_the_order_of_the_schema, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
