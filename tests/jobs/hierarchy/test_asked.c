/* Asked: what users set that cannot be meant. */
#include "tests/unit.h"

#include <string.h>

#include "jobs/hierarchy/asked.h"

struct fixture {
    struct lode_params *params;
    struct lode_arena *arena;
    struct hierarchy_options options;
    struct model model;
    struct lode_store store; /* empty */
};

static int set_up(void **state)
{
    static struct fixture f;
    static struct model_component components[] = {{.name = "web"}, {.name = "db"}};
    static struct model_detector detectors[] = {{.role = MODEL_LEAF, .counter = "cpu"},
                                                {.role = MODEL_END, .name = "end"}};
    static const char *const names[] = {"preset", "window", "edge", "rules"};
    static const char *const values[] = {"votes", "1h", "3m", "s.yaml:1:1 hot: cpu > 1\n"};
    memset(&f, 0, sizeof f);
    f.model.parameters = (struct model_parameters){4, names, values};
    f.model.components = components;
    f.model.n_components = 2;
    f.model.detectors = detectors;
    f.model.n_detectors = 2;
    *state = &f;
    return lode_params_create(hierarchy_params, &f.params) || lode_arena_create(0, &f.arena);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lode_params_destroy(f->params);
    lode_arena_destroy(f->arena);
    return 0;
}

static void set(struct fixture *f, const char *assignment)
{
    assert_ok(lode_params_set(f->params, assignment));
    assert_ok(hierarchy_options_read(f->params, f->arena, &f->options));
}

static lode_status learn(struct fixture *f)
{
    return asked_of_training(f->params, &f->options, &f->store, f->arena);
}

static lode_status detect(const struct fixture *f)
{
    return asked_of_detection(f->params, &f->options, &f->model, f->arena);
}

/* Fails with words that the message has. */
static void refused(lode_status status, const char *words)
{
    assert_status(LODE_E_USAGE, status);
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' lacks '%s'", lode_error_text(), words);
}

static void what_is_of_learning_is_refused_where_slots_are_scored(void **state)
{
    struct fixture *f = *state;
    set(f, "window=5h");
    refused(detect(f), "parameter window is of learning: the model has its own, window=1h");
    set(f, "window=");
    assert_ok(detect(f));
    set(f, "preset=robust");
    refused(detect(f), "preset=votes");
}

static void of_many_lines_the_name_alone_is_told(void **state)
{
    struct fixture *f = *state;
    set(f, "rules=hot: cpu > 2");
    refused(detect(f), "parameter rules is of learning: the model has its own; leave it out");
    assert_null(strstr(lode_error_text(), "s.yaml"));
}

static void one_spec_may_serve_learning_and_scoring(void **state)
{
    struct fixture *f = *state;
    set(f, "window=1h");
    set(f, "edge=3m");
    set(f, "thresholds=high: 3");
    set(f, "scores=none");
    set(f, "alerts=off");
    assert_ok(learn(f));
    assert_ok(detect(f));
}

/* A store may have lost them, or not have them yet: the model decides. */
static void severities_are_of_what_the_model_has(void **state)
{
    struct fixture *f = *state;
    set(f, "severities=cpu: 3;;web: 2;;x*: 4");
    assert_ok(detect(f));
    set(f, "severities=cpuu: 3");
    refused(detect(f), "parameter severities: nothing is called 'cpuu'; did you mean 'cpu'?");
    set(f, "severities=wed: 3");
    refused(detect(f), "did you mean 'web'?");
    set(f, "severities=end: 3");
    refused(detect(f), "nothing is called 'end'");
}

static void manual_groups_need_something_that_shows_them(void **state)
{
    struct fixture *f = *state;
    set(f, "manual_groups=groups.csv");
    refused(detect(f), "manual groups are judged by --labels");
    set(f, "labels=issues.csv");
    assert_ok(detect(f));
    set(f, "labels=");
    set(f, "scores=low,manual");
    assert_ok(detect(f));
    set(f, "scores=");
    set(f, "thresholds=manual: 3");
    assert_ok(detect(f));
}

/* The default is detectors=shift, combiner=votes. */
static void parameters_that_nothing_reads_are_refused(void **state)
{
    static const char *const sets[][3] = {
        {"family=gaussian", "family=", "parameter family counts with detectors=hellinger alone"},
        {"splits=max", "splits=", "parameter splits counts with detectors=hellinger alone"},
        {"weights=*: 2",
         "weights=", "parameter weights counts with combiner=weighted or labels alone"},
        {"timezone=+02:00", "timezone=UTC", "parameter timezone counts with rules alone"},
        {"pattern_match=0.8", "pattern_match=0.9", "pattern_match counts with patterns alone"},
        {"label_ridge=1", "label_ridge=3", "label_ridge counts with labels or harmless marks"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        set(f, sets[i][0]);
        refused(learn(f), sets[i][2]);
        set(f, sets[i][1]);
        assert_ok(learn(f));
    }
    set(f, "preset=robust");
    set(f, "noise=3h");
    refused(learn(f), "noise counts with detectors=shift alone (here detectors=hellinger, ");
    set(f, "detectors=hellinger,shift");
    set(f, "family=gaussian");
    assert_ok(learn(f));
    set(f, "vote=3");
    refused(learn(f), "vote counts with combiner=votes or oneclass alone");
    set(f, "combiner=oneclass");
    assert_ok(learn(f));
}

static void labels_read_what_nothing_else_does(void **state)
{
    struct fixture *f = *state;
    set(f, "weights=*: 2");
    set(f, "label_ridge=1");
    set(f, "harmless=marks.csv");
    assert_ok(learn(f));
}

static void a_length_of_nothing_is_refused(void **state)
{
    struct fixture *f = *state;
    set(f, "window=0");
    refused(learn(f), "parameter window=0: no time at all");
    set(f, "window=");
    set(f, "edge=0s");
    refused(learn(f), "parameter edge=0s: no time at all");
}

static void a_part_must_be_shorter_than_the_whole(void **state)
{
    struct fixture *f = *state;
    set(f, "edge=2h");
    refused(learn(f), "parameter edge=2h must be shorter than window=1h");
    set(f, "edge=");
    set(f, "noise=1s");
    refused(learn(f), "parameter edge=3m must be shorter than noise=1s");
    set(f, "noise=");
    set(f, "preset=paper"); /* all splits: the edge of 5 min is not looked at */
    set(f, "window=4m");
    assert_ok(learn(f));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_of_learning_is_refused_where_slots_are_scored),
        TEST(of_many_lines_the_name_alone_is_told),
        TEST(one_spec_may_serve_learning_and_scoring),
        TEST(severities_are_of_what_the_model_has),
        TEST(manual_groups_need_something_that_shows_them),
        TEST(labels_read_what_nothing_else_does),
        TEST(parameters_that_nothing_reads_are_refused),
        TEST(a_length_of_nothing_is_refused),
        TEST(a_part_must_be_shorter_than_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
