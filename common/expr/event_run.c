/* Event run: one small loop for each kind of entry, and a walk of those loops for each event.
 *
 * Nothing is reset between sessions: what is remembered carries the position at which it was
 * written. Positions only grow, so older than the session's first means forgotten.
 *
 * A step of a pattern remembers, of the partial matches that reach it, the latest first event.
 * Events come in order of time, so a later start is within whatever an earlier one is within: one
 * number decides exactly what all combinations of events would. It is that of the last event that
 * reached the step: by induction over the steps, who comes later never brings an earlier start.
 */
#include "common/expr/event_run.h"

#include <math.h>

#define NO_START INT64_MIN

struct memory {
    int64_t since;  /* position; of a gap: its session began it; of a state: it holds */
    int64_t time;   /* of the event that began it */
    int64_t listed; /* position of the session that has it in the list of states */
    int32_t column;
};

struct step_state {
    int64_t at;      /* the last event that reached it */
    int64_t start;   /* time of the latest first event of such a match */
    int64_t waiting; /* `at`, if nothing that is not to come before the next step has come since */
};

struct pattern_state {
    int64_t floor; /* what is older belongs to an occurrence that is counted */
    int64_t done;  /* the session in which there is nothing more to find */
};

struct event_run {
    const struct event_program *program;
    const struct expr_columns *columns;
    int64_t position; /* of the event; grows by one an event, two between sessions */
    int64_t visible;  /* the same of events that patterns see */
    int64_t session;  /* position of the session's first event */
    int64_t visible_session;
    int64_t *hits;    /* [selectors + 1] position of the last event that was selected */
    int64_t *windows; /* [windows] the session in which it is not as at the start */
    struct memory *memories;
    struct step_state *steps;
    struct pattern_state *patterns;
    int32_t *states; /* memories of states that began in this session */
    int32_t n_states;
    const struct event_output *output;
    int64_t row; /* of the session, in the output's columns */
    int64_t event, time, first_time;
};

lode_status event_run_make(const struct event_program *program, const struct expr_columns *columns,
                           struct lode_arena *arena, struct event_run **run)
{
    struct event_run *made;
    lode_try(lode_take_zero(arena, 1, &made));
    made->program = program;
    made->columns = columns;
    made->position = made->visible = 2; /* all memories are at 0: before any session */
    lode_try(lode_take_zero(arena, program->always + 1, &made->hits));
    lode_try(lode_take_zero(arena, program->n_windows, &made->windows));
    lode_try(lode_take_zero(arena, program->n_memories, &made->memories));
    lode_try(lode_take_zero(arena, program->n_steps, &made->steps));
    lode_try(lode_take_zero(arena, program->n_patterns, &made->patterns));
    lode_try(lode_take(arena, program->n_memories, &made->states));
    *run = made;
    return LODE_OK;
}

/* later - earlier; wraps where damaged times are further apart than a number can say */
static double span(int64_t earlier, int64_t later)
{
    return (double)(int64_t)((uint64_t)later - (uint64_t)earlier);
}

static double *column_at(const struct event_run *run, int32_t number)
{
    return &run->output->values[number * run->output->stride + run->row];
}

static double *column(const struct event_run *run, const struct event_entry *entry)
{
    return column_at(run, entry->first);
}

/* One more in a column of counts. */
static void add_one(const struct event_run *run, int32_t number)
{
    *column_at(run, number) += 1.0;
    if (run->output->occurred) run->output->occurred(run->output->context, number, run->event);
}

static bool holds(const struct event_run *run, const struct event_entry *entry)
{
    return run->hits[entry->guard] == run->position;
}

/* --- selectors --- */

static bool condition_holds(const struct event_run *run, const struct expr_condition *condition)
{
    const struct expr_event_column *values = &run->columns->event_attributes[condition->attribute];
    if (!condition->words) {
        const double number = values->numbers[run->event];
        return number >= condition->low && number <= condition->high;
    }
    const uint32_t code = values->codes[run->event];
    if (code == LODE_NO_CODE) return condition->words[condition->n_words] != 0;
    return code < condition->n_words && condition->words[code] != 0;
}

static bool window_holds(const struct event_run *run, int32_t window)
{
    const bool has_changed = run->windows[window] == run->session;
    return has_changed != run->program->is_open[window];
}

static void run_selectors(struct event_run *run, const struct event_entry *entry,
                          const struct event_entry *end)
{
    for (; entry < end; entry++) {
        if (entry->second == 1) { /* closing: EXPR_BEFORE changes, EXPR_BETWEEN is as at first */
            if (holds(run, entry))
                run->windows[entry->first] = run->program->is_open[entry->first] ? run->session : 0;
            continue;
        }
        const struct event_test *test = &run->program->tests[entry->first];
        bool selected = test->window < 0 || window_holds(run, test->window);
        for (int32_t c = 0; selected && c < test->n_conditions; c++)
            selected = condition_holds(run, &test->conditions[c]);
        if (selected) run->hits[entry->first] = run->position;
    }
}

static void open_windows(struct event_run *run, const struct event_entry *entry,
                         const struct event_entry *end)
{
    for (; entry < end; entry++)
        if (holds(run, entry)) run->windows[entry->first] = run->session;
}

/* --- counts, times and numbers --- */

static void run_tallies(struct event_run *run, const struct event_entry *entry,
                        const struct event_entry *end)
{
    for (; entry < end; entry++) {
        if (!holds(run, entry)) continue;
        const uint32_t code = entry->second < 0
                                  ? run->columns->event_names[run->event]
                                  : run->columns->event_attributes[entry->second].codes[run->event];
        if (code < run->output->n_tallies[entry->first]) run->output->tallies[entry->first][code]++;
    }
}

static void run_counts(struct event_run *run, const struct event_entry *entry,
                       const struct event_entry *end)
{
    for (; entry < end; entry++)
        if (holds(run, entry)) add_one(run, entry->first);
}

static void run_firsts(struct event_run *run, const struct event_entry *entry,
                       const struct event_entry *end)
{
    for (; entry < end; entry++) {
        double *value = column(run, entry);
        if (holds(run, entry) && isnan(*value)) *value = span(run->first_time, run->time);
    }
}

static void run_lasts(struct event_run *run, const struct event_entry *entry,
                      const struct event_entry *end)
{
    for (; entry < end; entry++)
        if (holds(run, entry)) *column(run, entry) = span(run->first_time, run->time);
}

static void run_folds(struct event_run *run, enum event_kind kind, const struct event_entry *entry,
                      const struct event_entry *end)
{
    for (; entry < end; entry++) {
        if (!holds(run, entry)) continue;
        const double number = run->columns->event_attributes[entry->second].numbers[run->event];
        if (isnan(number)) continue;
        double *value = column(run, entry);
        if (kind == EVENT_LEAST) {
            if (!(*value <= number)) *value = number; /* also where it is NaN: none yet */
        } else if (kind == EVENT_MOST) {
            if (!(*value >= number)) *value = number;
        } else {
            *value += number;
            if (kind == EVENT_MEAN) value[run->output->stride] += 1.0;
        }
    }
}

static void end_gaps(struct event_run *run, const struct event_entry *entry,
                     const struct event_entry *end)
{
    for (; entry < end; entry++) {
        const struct memory *memory = &run->memories[entry->second];
        if (memory->since < run->session || !holds(run, entry)) continue;
        double *value = column(run, entry);
        if (isnan(*value)) *value = span(memory->time, run->time);
    }
}

static void begin_gaps(struct event_run *run, const struct event_entry *entry,
                       const struct event_entry *end)
{
    for (; entry < end; entry++) {
        struct memory *memory = &run->memories[entry->second];
        if (memory->since >= run->session || !holds(run, entry)) continue;
        memory->since = run->position;
        memory->time = run->time;
    }
}

static void end_states(struct event_run *run, const struct event_entry *entry,
                       const struct event_entry *end)
{
    for (; entry < end; entry++) {
        struct memory *memory = &run->memories[entry->second];
        if (memory->since < run->session || !holds(run, entry)) continue;
        *column(run, entry) += span(memory->time, run->time);
        memory->since = 0;
    }
}

static void begin_states(struct event_run *run, const struct event_entry *entry,
                         const struct event_entry *end)
{
    for (; entry < end; entry++) {
        struct memory *memory = &run->memories[entry->second];
        if (memory->since >= run->session || !holds(run, entry)) continue;
        memory->since = run->position;
        memory->time = run->time;
        memory->column = entry->first;
        if (memory->listed == run->session) continue;
        memory->listed = run->session;
        run->states[run->n_states++] = entry->second;
    }
}

/* States that hold at the end last until the last event. */
static void close_states(struct event_run *run)
{
    for (int32_t i = 0; i < run->n_states; i++) {
        const struct memory *memory = &run->memories[run->states[i]];
        if (memory->since >= run->session)
            *column_at(run, memory->column) += span(memory->time, run->time);
    }
    run->n_states = 0;
}

/* --- patterns --- */

static void found(struct event_run *run, int32_t number)
{
    const struct event_pattern *pattern = &run->program->patterns[number];
    run->patterns[number].floor = run->visible + 1;
    if (pattern->is_counted) {
        add_one(run, pattern->column);
    } else {
        *column_at(run, pattern->column) = 1.0;
        run->patterns[number].done = run->visible_session;
    }
}

/* Latest start of a partial match whose step is this event; NO_START: none. */
static int64_t advance(const struct event_run *run, const struct event_step *step,
                       const struct step_state *state, int64_t floor)
{
    if (step->is_first) return run->time;
    const struct step_state *before = state - 1;
    int64_t start = NO_START;
    if (step->is_next) {
        if (before->at == run->visible - 1 && before->at >= floor) start = before->start;
    } else if (before->waiting >= floor) {
        start = before->start;
    }
    if (start == NO_START && step->repeats && state->at == run->visible - 1 && state->at >= floor)
        start = state->start;
    return start;
}

static void run_steps(struct event_run *run, const struct event_entry *entry,
                      const struct event_entry *end)
{
    for (; entry < end; entry++) {
        if (!holds(run, entry)) continue;
        struct step_state *state = &run->steps[entry->first];
        if (entry->second == 1) {
            state[-1].waiting = 0;
            continue;
        }
        const struct event_step *step = &run->program->steps[entry->first];
        const struct pattern_state *pattern = &run->patterns[step->pattern];
        /* found() sets a floor past this event: its other steps have no part in it any more */
        if (pattern->done == run->visible_session || pattern->floor > run->visible) continue;
        const int64_t floor =
            pattern->floor > run->visible_session ? pattern->floor : run->visible_session;
        const int64_t start = advance(run, step, state, floor);
        if (start == NO_START) continue;
        if (step->is_last) {
            const int64_t within = run->program->patterns[step->pattern].within_ms;
            if (within == INT64_MAX || (uint64_t)run->time - (uint64_t)start <= (uint64_t)within)
                found(run, step->pattern);
            continue;
        }
        state->waiting = state->at = run->visible;
        state->start = start;
    }
}

/* The keys that end with this event. */
static void run_keys(struct event_run *run, int32_t state)
{
    const struct automaton *automaton = &run->program->automaton;
    for (state = automaton->report[state]; state != 0;
         state = automaton->report[automaton->fail[state]]) {
        for (int32_t e = automaton->endings[state]; e < automaton->endings[state + 1]; e++) {
            const int32_t number = run->program->key_patterns[automaton->keys[e]];
            const struct pattern_state *pattern = &run->patterns[number];
            const int64_t first = run->visible - run->program->patterns[number].n_steps + 1;
            if (pattern->done != run->visible_session && first >= pattern->floor)
                found(run, number);
        }
    }
}

/* --- the pass --- */

static void run_group(struct event_run *run, const struct event_group *group)
{
    const struct event_entry *from = run->program->entries + group->from;
    const struct event_entry *end = run->program->entries + group->end;
    switch (group->kind) {
    case EVENT_SELECT:
        run_selectors(run, from, end);
        break;
    case EVENT_TALLY:
        run_tallies(run, from, end);
        break;
    case EVENT_COUNT:
        run_counts(run, from, end);
        break;
    case EVENT_FIRST:
        run_firsts(run, from, end);
        break;
    case EVENT_LAST:
        run_lasts(run, from, end);
        break;
    case EVENT_SUM:
    case EVENT_MEAN:
    case EVENT_LEAST:
    case EVENT_MOST:
        run_folds(run, group->kind, from, end);
        break;
    case EVENT_GAP_END:
        end_gaps(run, from, end);
        break;
    case EVENT_GAP_BEGIN:
        begin_gaps(run, from, end);
        break;
    case EVENT_STATE_END:
        end_states(run, from, end);
        break;
    case EVENT_STATE_BEGIN:
        begin_states(run, from, end);
        break;
    case EVENT_STEP:
        run_steps(run, from, end);
        break;
    case EVENT_OPEN:
        open_windows(run, from, end);
        break;
    case EVENT_KINDS:
        break;
    }
}

/* One event; `state` is that of the automaton. */
static void run_event(struct event_run *run, const struct event_class *class, int32_t *state)
{
    const struct event_program *program = run->program;
    run->hits[program->always] = run->position;
    for (int32_t g = class->groups_from; g < class->groups_end; g++)
        run_group(run, &program->groups[g]);
    run->position++;
    if (class->is_invisible) return;
    if (program->has_automaton) {
        *state = automaton_next(&program->automaton, *state, class->symbol);
        run_keys(run, *state);
    }
    run->visible++;
}

static void run_session(struct event_run *run, int64_t from, int64_t end)
{
    const struct event_program *program = run->program;
    const uint32_t *names = run->columns->event_names, *class_of = program->class_of;
    const int64_t *times = program->reads_times ? run->columns->event_times : NULL;
    int32_t state = 0;
    run->session = run->position;
    run->visible_session = run->visible;
    run->time = run->first_time = times ? times[from] : 0;
    for (run->event = from; run->event < end; run->event++) {
        if (times) run->time = times[run->event];
        run_event(run, &program->classes[class_of ? class_of[names[run->event]] : 0], &state);
    }
    run->position++; /* no event is next to one of another session */
    run->visible++;
    close_states(run);
}

void event_run_pass(struct event_run *run, int64_t first, int64_t n,
                    const struct event_output *output)
{
    const int64_t *offsets = run->columns->event_offsets;
    run->output = output;
    if (run->program->is_empty) return;
    for (int64_t s = 0; s < n; s++) {
        const int64_t from = offsets[first + s], end = offsets[first + s + 1];
        run->row = s;
        if (from < end) run_session(run, from, end);
    }
}
