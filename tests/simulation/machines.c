/* Machines: see the header. */
#include "tests/simulation/machines.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MS_US = 1000,
    TICK_US = 50 * MS_US,         /* of the coordinator, as in dispatch.c */
    WORKER_TICK_US = 125 * MS_US, /* a quarter of a heartbeat, as in worker.c */
    SILENCE_US = 60000 * MS_US,
    CRAWL_MOST_US = 60000 * MS_US,
    TO = 0, /* directions of a cable */
    FROM = 1
};

static void break_law(struct machines *m, const char *what)
{
    if (!m->broken) m->broken = what;
    world_tell(m->world, "!! %s", what);
}

/* --- cables --- */

static const char *const type_names[] = {"?",     "hello",  "welcome", "refused", "stage",
                                         "tasks", "cancel", "results", "taken",   "beat",
                                         "end",   "bye",    "ask",     "answer"};

static void tell_message(const struct machines *m, int from, int to, const uint8_t *data,
                         size_t size, const char *fate)
{
    struct lode_message message;
    char ends[2][16];
    if (!m->world->traced || lode_message_decode(data, size, &message)) return;
    snprintf(ends[0], sizeof ends[0], from < 0 ? "coord" : "w%d", from);
    snprintf(ends[1], sizeof ends[1], to < 0 ? "coord" : "w%d", to);
    if (message.type == LODE_BEAT && fate[0] == '\0') return;
    world_tell(m->world, "%s -> %s %s s%llu t%llu a%llu%s", ends[0], ends[1],
               type_names[message.type], (unsigned long long)message.stage,
               (unsigned long long)message.task, (unsigned long long)message.attempt, fate);
}

static void put_on_cable(struct machines *m, int place, int direction, const uint8_t *data,
                         size_t size)
{
    struct world *world = m->world;
    const struct scenario *s = m->scenario;
    struct place *p = &m->places[place];
    int64_t delay = world_between(world, 50, 500);
    if (world->now_us < s->faults_end_us && world_chance(world, s->p_late))
        delay += world_between(world, 0, s->late_us);
    if (s->ordered) {
        if (world->now_us + delay < p->arrival_us[direction])
            delay = p->arrival_us[direction] - world->now_us;
        p->arrival_us[direction] = world->now_us + delay;
    }
    struct event event = {.kind = EVENT_MESSAGE,
                          .node = direction == TO ? COORDINATOR : place,
                          .from = direction == TO ? place : COORDINATOR,
                          .incarnation = p->incarnation,
                          .data = malloc(size ? size : 1),
                          .size = size};
    if (!event.data) abort();
    memcpy(event.data, data, size);
    world_plan(world, delay, event);
}

static void send_on_cable(struct machines *m, int place, int direction, const uint8_t *data,
                          size_t size)
{
    const int from = direction == TO ? place : COORDINATOR;
    const int to = direction == TO ? COORDINATOR : place;
    const bool faulty = m->world->now_us < m->scenario->faults_end_us;
    if (m->places[place].cut[direction]) {
        tell_message(m, from, to, data, size, " (cable cut)");
        return;
    }
    if (faulty && world_chance(m->world, m->scenario->p_lost)) {
        tell_message(m, from, to, data, size, " (lost)");
        return;
    }
    tell_message(m, from, to, data, size, "");
    put_on_cable(m, place, direction, data, size);
    if (faulty && world_chance(m->world, m->scenario->p_twice))
        put_on_cable(m, place, direction, data, size);
}

static void plan_for_coordinator(struct machines *m, enum event_kind kind, int step,
                                 int64_t after_us)
{
    world_plan(
        m->world, after_us,
        (struct event){.kind = kind, .node = COORDINATOR, .from = step, .incarnation = m->epoch});
}

static void clear_deferred(struct deferred *deferred)
{
    for (int64_t i = 0; i < deferred->count; i++) free(deferred->events[i].data);
    free(deferred->events);
}

/* --- worker processes --- */

static void plan_for(struct machines *m, int place, enum event_kind kind, int64_t after_us)
{
    world_plan(
        m->world, after_us,
        (struct event){.kind = kind, .node = place, .incarnation = m->places[place].incarnation});
}

static void end_process(struct machines *m, int place, bool again)
{
    struct place *p = &m->places[place];
    worker_protocol_destroy(p->protocol);
    lode_bytes_clear(&p->results);
    p->protocol = NULL;
    p->task = NULL;
    p->n_ended = 0;
    if (again)
        plan_for(m, place, EVENT_START, world_between(m->world, 2 * MS_US, 50 * MS_US));
    else
        p->has_left = true;
}

/* Begins p->task. */
static void compute(struct machines *m, int place)
{
    struct place *p = &m->places[place];
    const struct scenario *s = m->scenario;
    const struct lode_attempt *attempt = &p->task->attempt;
    uint64_t input = 0;
    if (p->task->input.size == sizeof input) memcpy(&input, p->task->input.data, sizeof input);
    if (input != scenario_result(s, attempt->stage, attempt->task))
        break_law(m, "a worker got the input of another task");
    p->stops = false;
    p->behaviour = scenario_behaviour(s, attempt->stage, attempt->task, attempt->attempt);
    p->started_us = m->world->now_us;
    p->duration_us = (int64_t)((double)scenario_duration_us(s, attempt->stage, attempt->task) *
                               scenario_slowness(s, place));
    p->job = ++m->n_jobs;
    if (p->behaviour == CRAWLS) {
        p->duration_us *= 100;
        if (p->duration_us > CRAWL_MOST_US) p->duration_us = CRAWL_MOST_US;
    }
    world_tell(m->world, "w%d runs s%llu t%llu a%llu (%d) for %lld us", place,
               (unsigned long long)attempt->stage, (unsigned long long)attempt->task,
               (unsigned long long)attempt->attempt, p->behaviour, (long long)p->duration_us);
    if (p->behaviour == HANGS || p->behaviour == STUBBORN) return;
    const struct event end = {.kind = p->behaviour == CRASHES ? EVENT_KILL : EVENT_ENDED,
                              .node = place,
                              .incarnation = p->incarnation,
                              .size = (size_t)p->job};
    const bool early = p->behaviour == FAILS || p->behaviour == REFUSES || p->behaviour == CRASHES;
    world_plan(m->world, early ? p->duration_us / 2 : p->duration_us, end);
}

/* The leaf looks whether its result is still wanted. */
static void notice_stop(struct machines *m, int place)
{
    struct place *p = &m->places[place];
    if (!p->task || p->stops || !atomic_load(&p->task->stop)) return;
    if (p->behaviour == STUBBORN || p->behaviour == CRASHES) return;
    p->stops = true;
    p->job = ++m->n_jobs;
    world_plan(m->world, world_between(m->world, 10, 5 * MS_US),
               (struct event){.kind = EVENT_ENDED,
                              .node = place,
                              .incarnation = p->incarnation,
                              .size = (size_t)p->job});
}

static void act_of(struct machines *m, int place)
{
    struct place *p = &m->places[place];
    while (p->protocol) {
        struct worker_action action;
        if (worker_protocol_next(p->protocol, m->world->now_us, &action))
            break_law(m, "a worker's protocol failed");
        switch (action.kind) {
        case WORKER_NOTHING:
            notice_stop(m, place);
            return;
        case WORKER_PREPARE:
            break;
        case WORKER_SEND:
            send_on_cable(m, place, TO, action.bytes.data, action.bytes.size);
            lode_bytes_clear(&action.bytes);
            break;
        case WORKER_RUN:
            if (p->task) break_law(m, "a worker was given tasks while others ran");
            p->task = action.task;
            compute(m, place);
            break;
        case WORKER_AGAIN:
            world_tell(m->world, "w%d ends under its task, to start anew", place);
            end_process(m, place, true);
            return;
        case WORKER_LEAVE:
            world_tell(m->world, "w%d leaves: %s", place, action.status ? action.why : "told to");
            if (action.status == LODE_E_USAGE) break_law(m, "a worker was refused");
            end_process(m, place, false);
            return;
        }
    }
}

static void start_process(struct machines *m, int place)
{
    struct place *p = &m->places[place];
    if (p->protocol || p->has_left || !m->coordinator) return;
    p->incarnation++;
    snprintf(p->host, sizeof p->host, "n%d", place / 2);
    snprintf(p->name, sizeof p->name, "%d", place);
    const struct worker_options options = {.version = lode_version(),
                                           .host = p->host,
                                           .place = p->name,
                                           .pid = (uint64_t)(1000 * place + p->incarnation),
                                           .incarnation = (uint64_t)p->incarnation,
                                           .heartbeat_us = m->scenario->heartbeat_us,
                                           .silence_us = SILENCE_US};
    world_tell(m->world, "w%d starts, incarnation %lld", place, (long long)p->incarnation);
    if (worker_protocol_create(&options, m->world->now_us, &p->protocol)) abort();
    p->paused = false;
    act_of(m, place);
    plan_for(m, place, EVENT_TICK, WORKER_TICK_US);
}

static void kill_process(struct machines *m, int place)
{
    if (!m->places[place].protocol) return;
    world_tell(m->world, "w%d is killed", place);
    end_process(m, place, true);
}

static void append_result(struct machines *m, struct place *p)
{
    const struct lode_attempt *attempt = &p->task->attempt;
    const uint64_t value = scenario_result(m->scenario, attempt->stage, attempt->task);
    struct lode_result result = {.attempt = *attempt,
                                 .text = lode_span_text(""),
                                 .bytes = {(const uint8_t *)&value, sizeof value},
                                 .wall_us = (uint64_t)(m->world->now_us - p->started_us)};
    if (p->stops || p->behaviour == FAILS || p->behaviour == REFUSES) {
        result.status = p->stops                  ? LODE_E_STOPPED
                        : p->behaviour == REFUSES ? LODE_E_INPUT
                                                  : LODE_E_NUMERIC;
        result.text = lode_span_text(p->stops ? "" : "row 7 is rotten");
        result.bytes.size = 0;
    }
    if (lode_result_append(&p->results, &result)) abort();
}

static void hand_over(struct machines *m, struct place *p)
{
    if (p->n_ended && worker_protocol_ended(p->protocol, p->n_ended, &p->results))
        break_law(m, "a worker's protocol failed");
    p->n_ended = 0;
}

/* The task is done; the next of those that were handed out begins. Results go back now or with
 * later ones. */
static void end_task(struct machines *m, int place, int64_t job)
{
    struct place *p = &m->places[place];
    if (!p->protocol || !p->task || p->job != job) return;
    const struct worker_task *next = p->task->next;
    append_result(m, p);
    p->progress += 1000;
    p->n_ended++;
    p->task = next;
    if (!next || world_chance(m->world, 0.3)) hand_over(m, p);
    if (next) compute(m, place);
    act_of(m, place);
}

static void tick_worker(struct machines *m, int place)
{
    struct place *p = &m->places[place];
    hand_over(m, p);
    const bool moves = p->task && p->behaviour != HANGS && p->behaviour != STUBBORN;
    if (moves) p->progress++;
    if (worker_protocol_tick(p->protocol, p->progress, m->world->now_us))
        break_law(m, "a worker's protocol failed");
    act_of(m, place);
    if (p->protocol) plan_for(m, place, EVENT_TICK, WORKER_TICK_US);
}

/* --- the coordinator --- */

/* The place and incarnation of an identity "nHOST/PLACE/INCARNATION". */
static bool parse_identity(const char *identity, int *place, int64_t *incarnation)
{
    long long found = 0;
    if (sscanf(identity, "n%*d/%d/%lld", place, &found) != 2) return false;
    *incarnation = found;
    return true;
}

static void format_identity(const struct place *p, int place, int64_t incarnation, char *identity,
                            size_t size)
{
    snprintf(identity, size, "%s/%d/%lld", p->host, place, (long long)incarnation);
}

void machines_act(struct machines *m)
{
    while (m->coordinator) {
        struct protocol_output output;
        bool more = false;
        int place = 0;
        int64_t incarnation = 0;
        if (protocol_next(m->coordinator, m->world->now_us, &output, &more))
            break_law(m, "the coordinator's protocol failed");
        if (!more) return;
        if (output.kind == PROTOCOL_REPORT) {
            m->judge(m->context, output.report);
            continue;
        }
        if (parse_identity(output.identity, &place, &incarnation)) {
            const struct place *p = &m->places[place];
            if (p->protocol && p->incarnation == incarnation)
                send_on_cable(m, place, FROM, output.bytes.data, output.bytes.size);
            else
                world_plan(m->world, world_between(m->world, 100, 500 * MS_US),
                           (struct event){.kind = EVENT_GONE,
                                          .node = COORDINATOR,
                                          .from = place,
                                          .incarnation = incarnation});
        }
        lode_bytes_clear(&output.bytes);
    }
}

static void tell_coordinator(struct machines *m, const struct event *event)
{
    char identity[LODE_IDENTITY_SIZE];
    format_identity(&m->places[event->from], event->from, event->incarnation, identity,
                    sizeof identity);
    const lode_status status =
        event->kind == EVENT_GONE ? protocol_unreachable(m->coordinator, identity, m->world->now_us)
                                  : protocol_message(m->coordinator, identity, event->data,
                                                     event->size, m->world->now_us);
    if (status) break_law(m, "the coordinator's protocol failed");
    machines_act(m);
}

static void tick_coordinator(struct machines *m)
{
    if (protocol_tick(m->coordinator, m->world->now_us))
        break_law(m, "the coordinator's protocol failed");
    machines_act(m);
    plan_for_coordinator(m, EVENT_TICK, 0, TICK_US);
}

/* --- its death --- */

static void start_everybody(struct machines *m)
{
    for (int i = 0; i < m->n_places; i++) {
        struct place *p = &m->places[i];
        if (i >= m->scenario->n_workers && p->incarnation == 0)
            continue; /* comes in its own time */
        p->has_left = false;
        plan_for(m, i, EVENT_START, world_between(m->world, 0, 50 * MS_US));
    }
}

static void create_coordinator(struct machines *m)
{
    const struct scenario *s = m->scenario;
    const struct protocol_options options = {
        .scheduling = {.max_attempts = 4,
                       .max_refusals = 2,
                       /* kills at random hit innocent tasks: only a poisoned one is given up */
                       .max_kills = s->poisoned_stage >= 0 ? 3 : 1000,
                       .lease_us = s->lease_us,
                       .transit_us = 4 * s->heartbeat_us,
                       .slow_us = 2000 * MS_US,
                       .speculation = s->speculation,
                       .allow_partial = s->allow_partial},
        .heartbeat_us = s->heartbeat_us,
        .start_timeout_us = 60000 * MS_US,
        .epoch = (uint64_t)++m->epoch,
        .n_partitions = s->n_partitions,
        .work_directory = "/run/stages"};
    if (protocol_create(&options, m->world->now_us, &m->coordinator)) abort();
    plan_for_coordinator(m, EVENT_TICK, 0, TICK_US);
}

void machines_kill_coordinator(struct machines *m)
{
    if (!m->coordinator || m->is_immortal || m->n_deaths == m->scenario->n_deaths) return;
    m->n_deaths++;
    world_tell(m->world, "the coordinator is killed, and all workers with it");
    protocol_destroy(m->coordinator);
    m->coordinator = NULL;
    m->paused = false;
    clear_deferred(&m->deferred);
    m->deferred = (struct deferred){0};
    for (int i = 0; i < m->n_places; i++) {
        struct place *p = &m->places[i];
        if (p->protocol) end_process(m, i, false);
        p->first = p->incarnation + 1;
    }
    m->dies(m->context);
    plan_for_coordinator(m, EVENT_START, 0, world_between(m->world, 100 * MS_US, 3000 * MS_US));
}

static void start_coordinator(struct machines *m)
{
    world_tell(m->world, "another coordinator begins");
    create_coordinator(m);
    start_everybody(m);
    m->born(m->context);
}

void machines_plan_disk(struct machines *m, int step, int64_t after_us)
{
    plan_for_coordinator(m, EVENT_DISK, step, after_us);
}

/* --- events --- */

static void defer(struct deferred *deferred, struct event *event)
{
    if (deferred->count == deferred->capacity) {
        deferred->capacity = 2 * deferred->capacity + 16;
        deferred->events =
            realloc(deferred->events, (size_t)deferred->capacity * sizeof *deferred->events);
        if (!deferred->events) abort();
    }
    deferred->events[deferred->count++] = *event;
    event->data = NULL;
}

static void resume(struct machines *m, struct deferred *deferred)
{
    for (int64_t i = 0; i < deferred->count; i++) world_plan(m->world, 0, deferred->events[i]);
    deferred->count = 0;
}

/* Meant for a coordinator that is dead, or from a worker that has the keys of a dead one. */
static bool is_of_the_past(const struct machines *m, const struct event *event)
{
    const bool is_from_worker = event->kind == EVENT_MESSAGE || event->kind == EVENT_GONE;
    if (is_from_worker && event->incarnation < m->places[event->from].first) return true;
    if (!is_from_worker && event->incarnation && event->incarnation != m->epoch) return true;
    return !m->coordinator && event->kind != EVENT_START;
}

static void handle_coordinator(struct machines *m, struct event *event)
{
    const int64_t begin_us = m->timed ? lode_clock_us() : 0;
    if (is_of_the_past(m, event)) return;
    if (event->kind == EVENT_KILL) {
        machines_kill_coordinator(m);
    } else if (event->kind == EVENT_START) {
        start_coordinator(m);
    } else if (event->kind == EVENT_PAUSE || event->kind == EVENT_RESUME) {
        world_tell(m->world, "the coordinator is %s",
                   event->kind == EVENT_PAUSE ? "stopped" : "continued");
        m->paused = event->kind == EVENT_PAUSE;
        if (!m->paused) resume(m, &m->deferred);
    } else if (m->paused) {
        defer(&m->deferred, event);
    } else if (event->kind == EVENT_TICK) {
        tick_coordinator(m);
    } else if (event->kind == EVENT_DISK) {
        m->disk(m->context, event->from);
    } else {
        tell_coordinator(m, event);
    }
    if (m->timed) m->coordinator_us += lode_clock_us() - begin_us;
}

static void handle_process(struct machines *m, struct event *event)
{
    struct place *p = &m->places[event->node];
    const bool stale = event->incarnation && event->incarnation != p->incarnation;
    if (stale || !p->protocol) return;
    if (p->paused && event->kind != EVENT_KILL) {
        defer(&p->deferred, event);
        return;
    }
    switch (event->kind) {
    case EVENT_TICK:
        tick_worker(m, event->node);
        break;
    case EVENT_MESSAGE:
        if (worker_protocol_message(p->protocol, event->data, event->size, m->world->now_us))
            break_law(m, "a worker did not understand the coordinator");
        act_of(m, event->node);
        break;
    case EVENT_ENDED:
        end_task(m, event->node, (int64_t)event->size);
        break;
    case EVENT_KILL:
        if (event->size == 0 || (p->task && p->job == (int64_t)event->size))
            kill_process(m, event->node);
        break;
    default:
        break;
    }
}

void machines_handle(struct machines *m, struct event *event)
{
    if (event->node == COORDINATOR) {
        handle_coordinator(m, event);
        return;
    }
    struct place *p = &m->places[event->node];
    switch (event->kind) {
    case EVENT_START:
        if (m->coordinator || p->incarnation > 0)
            start_process(m, event->node);
        else /* a late one that finds nobody: it tries again */
            plan_for(m, event->node, EVENT_START, 1000 * MS_US);
        break;
    case EVENT_PAUSE:
    case EVENT_RESUME:
        if (p->protocol)
            world_tell(m->world, "w%d is %s", event->node,
                       event->kind == EVENT_PAUSE ? "stopped" : "continued");
        p->paused = event->kind == EVENT_PAUSE;
        if (!p->paused) resume(m, &p->deferred);
        break;
    case EVENT_CUT:
    case EVENT_HEAL:
        world_tell(m->world, "the cable %s w%d is %s", event->from == COORDINATOR ? "to" : "from",
                   event->node, event->kind == EVENT_CUT ? "cut" : "healed");
        p->cut[event->from == COORDINATOR ? FROM : TO] = event->kind == EVENT_CUT;
        break;
    default:
        handle_process(m, event);
    }
}

int machines_processes(const struct machines *m)
{
    int count = 0;
    for (int i = 0; i < m->n_places; i++) count += m->places[i].protocol != NULL;
    return count;
}

void machines_init(struct machines *m, struct world *world, const struct scenario *s)
{
    *m = (struct machines){.world = world, .scenario = s, .n_places = s->n_workers + s->n_late};
    m->places = calloc((size_t)m->n_places, sizeof *m->places);
    if (!m->places) abort();
    create_coordinator(m);
    for (int i = 0; i < m->n_places; i++) {
        const bool late = i >= s->n_workers;
        snprintf(m->places[i].host, sizeof m->places[i].host, "n%d", i / 2);
        world_plan(world, late ? world_between(world, 0, s->faults_end_us) : 0,
                   (struct event){.kind = EVENT_START, .node = i});
    }
}

void machines_clear(struct machines *m)
{
    for (int i = 0; i < m->n_places; i++) {
        worker_protocol_destroy(m->places[i].protocol);
        lode_bytes_clear(&m->places[i].results);
        clear_deferred(&m->places[i].deferred);
    }
    clear_deferred(&m->deferred);
    free(m->places);
    protocol_destroy(m->coordinator);
}
