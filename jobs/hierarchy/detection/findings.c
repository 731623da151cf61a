/* Findings: see the header. */
#include "jobs/hierarchy/detection/findings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIME_TEXT = 40, NAMED_IN_HEAD = 2, NAMED_IN_LIST = 5 };

const char *detection_time(int64_t time_ms, char *text)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm utc;
    text[0] = '\0';
    if (time_ms == INT64_MIN) return text;
    if (time_ms % 1000 < 0) seconds--;
    if (!gmtime_r(&seconds, &utc) ||
        (utc.tm_sec == 0 ? strftime(text, TIME_TEXT, "%Y-%m-%d %H:%M UTC", &utc)
                         : strftime(text, TIME_TEXT, "%Y-%m-%d %H:%M:%S UTC", &utc)) == 0)
        snprintf(text, TIME_TEXT, "%lld ms", (long long)time_ms); /* beyond the calendar */
    return text;
}

/* "a", "a and b", "a, b and 7 more": the first of n names. */
static lode_status say_names(struct lode_bytes *out, const char *const *names, int64_t n_named,
                             int64_t n)
{
    for (int64_t i = 0; i < n_named; i++) {
        const char *before = i == 0 ? "" : i == n - 1 ? " and " : ", ";
        lode_try(lode_bytes_printf(out, "%s%s", before, names[i]));
    }
    if (n <= n_named) return LODE_OK;
    return lode_bytes_printf(out, " and %lld more", (long long)(n - n_named));
}

/* Names of the first contributors [n]: with their component where they are of several. */
static lode_status name_contributors(const struct fired *fired, int64_t n, struct lode_arena *arena,
                                     const char **names)
{
    struct lode_bytes name = {0};
    lode_status status = LODE_OK;
    for (int64_t i = 0; i < n; i++) {
        char *copy;
        names[i] = fired->top[i].name;
        if (!fired->is_crossing) continue;
        name.size = 0;
        lode_try_done(lode_bytes_printf(&name, "%s %s", fired->top[i].component, names[i]));
        lode_try_done(lode_arena_text(arena, (const char *)name.data, name.size, &copy));
        names[i] = copy;
    }
done:
    lode_bytes_clear(&name);
    return status;
}

static lode_status say_firing(const struct fired *fired, struct lode_arena *arena,
                              struct lode_bytes *out)
{
    const char *names[NAMED_IN_LIST] = {0};
    const char *things = fired->is_crossing ? "detectors" : "counters";
    char time[TIME_TEXT];
    double sum = fired->peak;
    const int64_t n_named = fired->n_main < NAMED_IN_LIST ? fired->n_main : NAMED_IN_LIST;
    lode_try(name_contributors(fired, n_named, arena, names));
    lode_try(lode_bytes_printf(out, "%s: ", fired->component));
    lode_try(
        say_names(out, names, n_named < NAMED_IN_HEAD ? n_named : NAMED_IN_HEAD, fired->n_main));
    lode_try(lode_bytes_printf(
        out, " changed %sat %s; %lld of %lld %s; first:", fired->n_main > 1 ? "together " : "",
        detection_time(fired->change_ms, time), (long long)fired->n_main,
        (long long)fired->n_leaves, things));
    for (int64_t i = 0; i < n_named; i++)
        lode_try(lode_bytes_printf(out, "%s %s (%.0f %%)", i ? "," : "", names[i],
                                   sum > 0.0 ? 100.0 * fired->top[i].e / sum : 0.0));
    return LODE_OK;
}

/* "web: rule hot holds from 10:42 to 10:50: cpu > 90%". */
static lode_status say_rule(const struct hierarchy_options *options, const struct fired *fired,
                            struct lode_bytes *out)
{
    char time[TIME_TEXT];
    lode_try(lode_bytes_printf(out, "%s: rule %s holds from %s", fired->component, fired->detector,
                               detection_time(fired->start_ms, time)));
    if (fired->end_ms != INT64_MIN)
        lode_try(lode_bytes_printf(out, " to %s", detection_time(fired->end_ms, time)));
    for (int64_t r = 0; r < options->n_rules; r++)
        if (strcmp(options->rules[r].name, fired->detector) == 0)
            lode_try(lode_bytes_printf(out, ": %s", options->rules[r].text));
    return LODE_OK;
}

/* "web: pattern sawtooth of cpu matched at 10:42 with r = 0.97: as cpu@web-1 ..". */
static lode_status say_pattern(const struct model *model, const struct fired *fired,
                               struct lode_bytes *out)
{
    char time[TIME_TEXT];
    for (int64_t p = 0; p < model->patterns.n; p++)
        if (strcmp(model->patterns.list[p].name, fired->detector) == 0)
            lode_try(lode_bytes_printf(
                out, "%s: pattern %s of %s matched at %s with r = %.2f: as %s", fired->component,
                fired->detector, model->patterns.list[p].counter,
                detection_time(fired->peak_ms, time),
                pattern_likeness(&model->patterns, fired->peak), model->options.patterns[p].text));
    return LODE_OK;
}

static lode_status keep_text(struct lode_arena *arena, struct lode_bytes *text, const char **kept)
{
    char *copy;
    lode_try(lode_arena_text(arena, text->size ? (const char *)text->data : "", text->size, &copy));
    *kept = copy;
    return LODE_OK;
}

static lode_status make_firing(const struct outcome *outcome, const struct fired *fired,
                               struct lode_arena *arena, struct detection_finding *finding)
{
    const struct levels *levels = outcome->planning->levels;
    struct lode_bytes text = {0};
    *finding = (struct detection_finding){.component = fired->component,
                                          .level = levels->names[fired->level],
                                          .detector = fired->detector,
                                          .start_ms = fired->start_ms,
                                          .end_ms = fired->end_ms,
                                          .change_ms = fired->change_ms,
                                          .peak = fired->peak,
                                          .above = fired->peak / levels->alerts[fired->level],
                                          .counters = fired->n_main,
                                          .fired = fired - outcome->fired};
    const struct model *model = outcome->planning->model;
    const char *level = levels->names[fired->level];
    lode_status status = strcmp(level, LEVEL_RULE) == 0 ? say_rule(&model->options, fired, &text)
                         : strcmp(level, LEVEL_PATTERN) == 0 ? say_pattern(model, fired, &text)
                                                             : say_firing(fired, arena, &text);
    if (!status) status = keep_text(arena, &text, &finding->text);
    lode_bytes_clear(&text);
    return status;
}

/* Those of one component, woken [n], in the order of the counters. */
static lode_status make_woken(const struct woken *woken, int64_t n, struct lode_arena *arena,
                              struct detection_finding *finding)
{
    const char *names[NAMED_IN_LIST] = {0};
    const int64_t n_named = n < NAMED_IN_LIST ? n : NAMED_IN_LIST;
    struct lode_bytes text = {0};
    lode_status status = LODE_OK;
    char time[TIME_TEXT];
    *finding = (struct detection_finding){.component = woken->component,
                                          .level = "woke",
                                          .detector = "",
                                          .start_ms = woken->waking.time_ms,
                                          .end_ms = INT64_MIN,
                                          .peak = (double)NAN,
                                          .counters = n,
                                          .fired = -1};
    for (int64_t i = 1; i < n; i++)
        if (woken[i].waking.time_ms < finding->start_ms)
            finding->start_ms = woken[i].waking.time_ms;
    finding->change_ms = finding->start_ms;
    for (int64_t i = 0; i < n_named; i++) names[i] = woken[i].counter;
    lode_try_done(lode_bytes_printf(&text, "%s: ", woken->component));
    lode_try_done(say_names(&text, names, n_named, n));
    lode_try_done(lode_bytes_printf(&text, " %s that never did in training, since %s",
                                    n == 1 ? "moves" : "move",
                                    detection_time(finding->start_ms, time)));
    lode_try_done(keep_text(arena, &text, &finding->text));
done:
    lode_bytes_clear(&text);
    return status;
}

/* "web-1 sent nothing since 10:42, others did until 11:30". */
static lode_status say_silent_component(const struct unscored *silent, int64_t newest_ms,
                                        struct lode_bytes *out)
{
    char time[TIME_TEXT];
    lode_try(lode_bytes_printf(out, "%s: sent nothing since %s", silent->component,
                               detection_time(silent->since_ms, time)));
    return lode_bytes_printf(out, ", others did until %s", detection_time(newest_ms, time));
}

/* Of one component, the silent ones of unscored [n]: "web-1: 29 counters sent nothing since 10:42:
 * cpu, .. and 24 more"; since then all of them. */
static lode_status say_silent_counters(const struct unscored *unscored, int64_t n,
                                       struct detection_finding *finding, struct lode_bytes *out)
{
    const char *names[NAMED_IN_LIST] = {0};
    char time[TIME_TEXT];
    for (int64_t i = 0; i < n; i++) {
        if (unscored[i].reason != UNSCORED_SILENT) continue;
        if (finding->counters < NAMED_IN_LIST) names[finding->counters] = unscored[i].counter;
        if (unscored[i].since_ms > finding->start_ms) finding->start_ms = unscored[i].since_ms;
        finding->counters++;
    }
    lode_try(lode_bytes_printf(out, "%s: %lld %s sent nothing since %s: ", finding->component,
                               (long long)finding->counters,
                               finding->counters == 1 ? "counter" : "counters",
                               detection_time(finding->start_ms, time)));
    return say_names(out, names,
                     finding->counters < NAMED_IN_LIST ? finding->counters : NAMED_IN_LIST,
                     finding->counters);
}

/* Of one component: unscored [n] are its counters, or one that is the component itself. */
static lode_status make_silent(const struct unscored *unscored, int64_t n, int64_t newest_ms,
                               struct lode_arena *arena, struct detection_findings *findings)
{
    struct detection_finding made = {.component = unscored->component,
                                     .level = "silent",
                                     .detector = "",
                                     .start_ms = unscored->since_ms,
                                     .end_ms = INT64_MIN,
                                     .peak = (double)NAN,
                                     .fired = -1};
    struct lode_bytes text = {0};
    bool is_news = false;
    for (int64_t i = 0; i < n; i++) is_news = is_news || unscored[i].is_news;
    if (!is_news) return LODE_OK;
    lode_status status = unscored->counter[0] == '\0'
                             ? say_silent_component(unscored, newest_ms, &text)
                             : say_silent_counters(unscored, n, &made, &text);
    made.change_ms = made.start_ms;
    if (!status) status = keep_text(arena, &text, &made.text);
    lode_bytes_clear(&text);
    if (!status) findings->list[findings->n++] = made;
    return status;
}

/* What is silent: components, and counters of others. */
static lode_status add_silent(const struct outcome *outcome, const struct unscored *unscored,
                              int64_t n, struct lode_arena *arena,
                              struct detection_findings *findings)
{
    for (int64_t first = 0, end = 0; first < n; first = end) {
        for (end = first + 1; end < n; end++)
            if (unscored[end].component != unscored[first].component) break;
        lode_try(make_silent(unscored + first, end - first, outcome->planned->newest_ms, arena,
                             findings));
    }
    return LODE_OK;
}

static int compare_findings(const void *left, const void *right)
{
    const struct detection_finding *a = left, *b = right;
    if (a->above > b->above) return -1;
    if (a->above < b->above) return 1;
    int order = strcmp(a->component, b->component);
    if (order == 0) order = strcmp(a->level, b->level);
    if (order == 0) order = strcmp(a->detector, b->detector);
    if (order != 0) return order;
    return (a->start_ms > b->start_ms) - (a->start_ms < b->start_ms);
}

/* What woke up or is silent, and is a firing too (news.h), is ranked as that. */
static void rank_news(const struct outcome *outcome, struct detection_findings *findings)
{
    for (int64_t f = 0; f < outcome->n_fired; f++) {
        const struct fired *fired = &outcome->fired[f];
        const char *level = outcome->planning->levels->names[fired->level];
        for (int64_t i = 0; fired->level >= outcome->planning->levels->n && i < findings->n; i++) {
            struct detection_finding *of = &findings->list[i];
            if (of->fired >= 0 || strcmp(of->level, level) != 0 ||
                strcmp(of->component, fired->component) != 0)
                continue;
            of->fired = f;
            of->detector = fired->detector;
            of->start_ms = fired->start_ms;
            of->peak = fired->peak;
            of->above = fired->peak / outcome->planning->levels->alerts[fired->level];
            break;
        }
    }
}

lode_status detection_findings_make(const struct outcome *outcome, struct lode_arena *arena,
                                    struct detection_findings *findings)
{
    const struct planned *planned = outcome->planned;
    const int64_t most =
        outcome->n_fired + outcome->n_woken + outcome->n_unscored + planned->n_unscored;
    struct detection_findings made = {0};
    lode_try(lode_take(arena, most, &made.list));
    for (int64_t i = 0; i < outcome->n_fired; i++)
        if (outcome->fired[i].level < outcome->planning->levels->n)
            lode_try(make_firing(outcome, &outcome->fired[i], arena, &made.list[made.n++]));
    for (int64_t first = 0, end = 0; first < outcome->n_woken; first = end) {
        for (end = first + 1; end < outcome->n_woken; end++)
            if (outcome->woken[end].component != outcome->woken[first].component) break;
        lode_try(make_woken(outcome->woken + first, end - first, arena, &made.list[made.n++]));
    }
    lode_try(add_silent(outcome, outcome->unscored, outcome->n_unscored, arena, &made));
    lode_try(add_silent(outcome, planned->unscored, planned->n_unscored, arena, &made));
    rank_news(outcome, &made);
    if (made.n > 1) qsort(made.list, (size_t)made.n, sizeof *made.list, compare_findings);
    *findings = made;
    return LODE_OK;
}
