/* Marks: see the header. */
#include "jobs/hierarchy/marks.h"

#include <math.h>
#include <string.h>

#include "common/store/counters.h"
#include "common/text.h"
#include "jobs/hierarchy/detection/findings.h"
#include "jobs/hierarchy/slots.h"

/* --- text --- */

static const char form[] =
    "a pattern has the form `COUNTER@COMPONENT FROM .. TO`, and behind it `in "
    "COMPONENTS` or nothing, as cpu@web-1 2018-03-01T10:00:00Z .. "
    "2018-03-01T10:30:00Z in web-*";

/* A part of the definition's text. */
struct word {
    const char *at;
    size_t size;
};

static lode_status fault(const struct lode_definition *definition, const char *at, const char *what,
                         const char *detail)
{
    return lode_fail(LODE_E_USAGE, "%s:%lld:%lld: pattern '%s': %s%s", definition->file,
                     (long long)definition->line,
                     (long long)(definition->column + (at - definition->text)), definition->name,
                     what, detail);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The first word from `at` on; size 0: there is none. */
static struct word word_from(const char *at)
{
    while (is_blank(*at)) at++;
    return (struct word){at, strcspn(at, " \t")};
}

static bool word_is(struct word word, const char *text)
{
    return word.size == strlen(text) && memcmp(word.at, text, word.size) == 0;
}

static lode_status read_time(const struct lode_definition *definition, struct word word,
                             int64_t *time_ms)
{
    if (lode_text_iso_to_ms(word.at, word.size, time_ms)) return LODE_OK;
    return fault(definition, word.at, "no time as 2018-03-01T10:00:00Z: ", form);
}

/* Words up to "..": the last is a time, those before it a series, whose names may have blanks. */
static lode_status split(const struct lode_definition *definition, struct word *series,
                         struct word *from, const char **rest)
{
    struct word word = word_from(definition->text);
    *from = (struct word){0};
    while (word.size > 0 && !word_is(word, "..")) {
        *from = word;
        word = word_from(word.at + word.size);
    }
    *series = word_from(definition->text);
    if (word.size == 0 || !from->at || from->at == series->at)
        return fault(definition, definition->text, form, "");
    *rest = word.at + word.size;
    series->size = (size_t)(from->at - series->at);
    while (is_blank(series->at[series->size - 1])) series->size--;
    return LODE_OK;
}

static lode_status read_series(const struct lode_definition *definition, struct word series,
                               struct lode_arena *arena, struct mark *mark)
{
    char *text = NULL;
    lode_try(lode_arena_text(arena, series.at, series.size, &text));
    char *at = strrchr(text, '@');
    if (!at || at == text || at[1] == '\0')
        return fault(definition, series.at, "no series as COUNTER@COMPONENT: ", form);
    *at = '\0';
    mark->counter = text;
    mark->component = at + 1;
    return LODE_OK;
}

/* "in COMPONENTS", or nothing. */
static lode_status read_where(const struct lode_definition *definition, const char *rest,
                              struct lode_arena *arena, struct mark *mark)
{
    const struct word in = word_from(rest);
    char *text = NULL;
    mark->where = "*";
    mark->where_column = in.at - definition->text;
    if (in.size == 0) return LODE_OK;
    const struct word where = word_from(in.at + in.size);
    if (!word_is(in, "in") || where.size == 0) return fault(definition, in.at, form, "");
    lode_try(lode_arena_text(arena, where.at, strlen(where.at), &text));
    mark->where = text;
    mark->where_column = where.at - definition->text;
    return LODE_OK;
}

lode_status mark_parse(const struct lode_definition *definition, struct lode_arena *arena,
                       struct mark *mark)
{
    struct word series, from;
    const char *rest = NULL;
    struct mark made = {0};
    lode_try(split(definition, &series, &from, &rest));
    const struct word to = word_from(rest);
    lode_try(read_series(definition, series, arena, &made));
    lode_try(read_time(definition, from, &made.from_ms));
    lode_try(read_time(definition, to, &made.to_ms));
    if (made.to_ms <= made.from_ms) return fault(definition, to.at, "ends before it begins", "");
    lode_try(read_where(definition, to.at + to.size, arena, &made));
    *mark = made;
    return LODE_OK;
}

/* --- the store --- */

enum { SAID = 512 };

/* One definition on its way to a pattern. */
struct marking {
    const struct hierarchy_options *options;
    const struct lode_definition *definition;
    const struct lode_store *store;
    struct lode_arena *arena;
    struct mark mark;
    const struct lode_component *about; /* of the marked component */
    struct lode_counters *counters;     /* its partition */
    int64_t component, counter, block;  /* indices */
};

static lode_status refuse(const struct marking *m, const char *what, const char *detail)
{
    return fault(m->definition, m->definition->text, what, detail);
}

/* "no NAME of WHAT; did you mean ..?"; names [ended by NULL]. */
static lode_status refuse_name(const struct marking *m, const char *what, const char *name,
                               const char *const *names)
{
    char text[SAID];
    const char *nearest = lode_text_nearest(name, names);
    snprintf(text, sizeof text, "%s '%.120s'%s%.120s%s", what, name,
             nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return refuse(m, text, "");
}

/* It stands beside counters and rules, and is known by its name as they are. */
static lode_status check_name(const struct marking *m)
{
    const char *name = m->definition->name;
    if (lode_store_find_counter(m->store, name) >= 0)
        return refuse(m, "a counter of the store has that name: choose another", "");
    for (int64_t r = 0; r < m->options->n_rules; r++)
        if (strcmp(m->options->rules[r].name, name) == 0)
            return refuse(m, "a rule has that name: choose another", "");
    return LODE_OK;
}

static lode_status component_names(const struct marking *m, const char ***names)
{
    const int64_t n = lode_store_components(m->store);
    int64_t n_names = 0;
    lode_try(lode_take_zero(m->arena, n + 1, names));
    for (int64_t i = 0; i < n; i++) {
        const struct lode_component *one = lode_store_component(m->store, i);
        if (one->partition >= 0) (*names)[n_names++] = one->name;
    }
    return LODE_OK;
}

static lode_status find_component(struct marking *m)
{
    const char **names = NULL;
    lode_try(component_names(m, &names));
    m->component = lode_store_find_component(m->store, m->mark.component);
    m->about = lode_store_component(m->store, m->component);
    if (!m->about || m->about->partition < 0)
        return refuse_name(m, "there is no component with samples", m->mark.component, names);
    if (m->about->step_ms < 1 || slots_are_hollow(m->about))
        return refuse(m, "nothing is learned of component ", m->about->name);
    for (int64_t i = 0; names[i]; i++)
        if (lode_text_glob(m->mark.where, names[i])) return LODE_OK;
    return fault(m->definition, m->definition->text + m->mark.where_column,
                 "no component has a name like ", m->mark.where);
}

static lode_status find_counter(struct marking *m)
{
    const char **names = NULL;
    m->block = lode_counters_find(m->counters, m->component);
    const struct lode_counters_block *block = lode_counters_block(m->counters, m->block);
    if (!block) return lode_fail(LODE_E_INPUT, "%s is not in its partition", m->about->name);
    lode_try(lode_take_zero(m->arena, block->n_counters + 1, &names));
    m->counter = -1;
    for (int64_t i = 0; i < block->n_counters; i++) {
        names[i] = lode_store_counter(m->store, block->counters[i])->name;
        if (strcmp(names[i], m->mark.counter) == 0) m->counter = block->counters[i];
    }
    return m->counter >= 0 ? LODE_OK
                           : refuse_name(m, "its component has no counter", m->mark.counter, names);
}

/* The first slot that begins at or after a time >= that of slot 0. */
static int64_t slot_from(const struct lode_component *about, int64_t time_ms)
{
    return (time_ms - about->first_ms + about->step_ms - 1) / about->step_ms;
}

/* The marked slots: those that begin in the time marked. */
static lode_status find_slots(const struct marking *m, struct slots *slots)
{
    const struct lode_component *about = m->about;
    char first[40], last[40], text[SAID];
    if (m->mark.from_ms < about->first_ms || m->mark.to_ms > about->last_ms + about->step_ms) {
        snprintf(text, sizeof text, "outside of the series, which goes from %s to %s",
                 detection_time(about->first_ms, first), detection_time(about->last_ms, last));
        return refuse(m, text, "");
    }
    const int64_t from = slot_from(about, m->mark.from_ms);
    *slots = (struct slots){.first_ms = about->first_ms + from * about->step_ms,
                            .step_ms = about->step_ms,
                            .n = slot_from(about, m->mark.to_ms) - from};
    if (slots->n >= PATTERN_LEAST && slots->n <= PATTERN_MOST) return LODE_OK;
    snprintf(text, sizeof text, "%lld slots of %lld ms, a pattern has %d to %d",
             (long long)slots->n, (long long)slots->step_ms, PATTERN_LEAST, PATTERN_MOST);
    return refuse(m, text, "");
}

static lode_status load(const struct marking *m, const struct slots *slots, double **placed)
{
    int64_t *times = NULL, first = 0, end = 0;
    double *values = NULL;
    const int64_t n = m->about->n_times;
    lode_try(lode_take(m->arena, slots->n, placed));
    const struct lode_arena_mark mark = lode_arena_mark(m->arena);
    lode_try(lode_counters_times(m->counters, m->block, m->arena, &times));
    while (first < n && slots_of(slots, times[first]) < 0) first++;
    for (end = first; end < n && slots_of(slots, times[end]) < slots->n;) end++;
    lode_try(lode_counters_some_values(m->counters, m->block, m->counter, first, end - first,
                                       m->arena, &values));
    slots_place(slots, times + first, values, end - first, *placed);
    lode_arena_rewind(m->arena, mark);
    return LODE_OK;
}

static lode_status read_shape(struct marking *m, struct pattern *pattern)
{
    struct slots slots;
    double *values = NULL;
    char time[40];
    lode_try(find_counter(m));
    lode_try(find_slots(m, &slots));
    lode_try(load(m, &slots, &values));
    for (int64_t i = 0; i < slots.n; i++)
        if (isnan(values[i]))
            return refuse(m, "there is no sample at ",
                          detection_time(slots.first_ms + i * slots.step_ms, time));
    if (!pattern_is_shape(values, slots.n))
        return refuse(m, "one value throughout, or beyond 1e100: no shape to look for", "");
    *pattern = (struct pattern){.name = m->definition->name,
                                .counter = m->mark.counter,
                                .where = m->mark.where,
                                .index = m->counter,
                                .step_ms = slots.step_ms,
                                .n = slots.n,
                                .values = values};
    return LODE_OK;
}

static lode_status read_pattern(struct marking *m, struct pattern *pattern)
{
    lode_try(check_name(m));
    lode_try(mark_parse(m->definition, m->arena, &m->mark));
    lode_try(find_component(m));
    lode_try(lode_counters_open_as_of(m->store->path, m->store->n_generations, m->about->partition,
                                      &m->counters));
    const lode_status status = read_shape(m, pattern);
    lode_counters_close(m->counters);
    return status;
}

lode_status marks_read(const struct hierarchy_options *options, const struct lode_store *store,
                       struct lode_arena *arena, struct patterns *patterns)
{
    struct patterns made = {.match = options->pattern_match,
                            .amplitude = options->pattern_amplitude};
    lode_try(lode_take_zero(arena, options->n_patterns, &made.list));
    for (; made.n < options->n_patterns; made.n++) {
        struct marking m = {.options = options,
                            .definition = &options->patterns[made.n],
                            .store = store,
                            .arena = arena};
        lode_try(read_pattern(&m, &made.list[made.n]));
    }
    *patterns = made;
    return LODE_OK;
}
