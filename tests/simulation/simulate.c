/* Simulate: runs whole jobs on the simulated cluster, one a seed, and holds them against what must
 * be true of every run, whatever happens to it:
 *
 *   - every task's result is merged exactly once, and it is the result that one process computes;
 *   - the run ends within a bound after the faults have ended (no hang), and so do its workers;
 *   - no worker is idle while a task waits that it may have;
 *   - a stage fails for one reason only: a task that takes every worker down;
 *   - what was merged before the coordinator died is known to the next one, and not computed again.
 *
 * use: simulate [--seeds N] [--from S]
 *      simulate --seed S     tells the story on standard error
 *      simulate --scale N    10, 100, ... N workers, 100 tasks for each: what a task costs
 */
#include "common/log.h"
#include "tests/simulation/keeper.h"
#include "tests/simulation/machines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND_US = 1000000, LEAVE_US = 20 * SECOND_US, EVENTS_LIMIT = 200000000 };

struct run {
    struct world world;
    struct scenario scenario;
    struct machines machines;
    int stage;                          /* under way, from 0 */
    struct lode_bytes *inputs, message; /* the lists: of as many tasks as a stage has at most */
    uint64_t *values;
    int64_t *costs;
    struct lode_stage definition;
    int *merged;
    bool *given_up;
    bool over, stage_ended, failed_as_it_must;
    int64_t next_begin_us; /* when the next stage begins; -1: one is under way */
    /* with a journal */
    struct keeper keeper;
    bool is_committing, all_reported;
    bool counted[STAGES_MAX][TASKS_MAX]; /* merged or given up by any coordinator so far */
    bool known[TASKS_MAX];               /* of the stage: from the journal */
    int64_t n_attempts, n_lost;
    int64_t n_local, n_again; /* tasks of stages that read files again, and those given where they
                               * were read before */
    char wrong[256];          /* what was, or "" */
};

static void note_wrong(struct run *run, const char *what, int64_t task)
{
    if (run->wrong[0]) return;
    snprintf(run->wrong, sizeof run->wrong, "%s (stage %d, task %lld, at %.3f s)", what,
             run->stage + 1, (long long)task, (double)run->world.now_us / 1e6);
    world_tell(&run->world, "!! %s", run->wrong);
}

static bool is_poisoned(const struct run *run, int64_t task)
{
    return run->scenario.poisoned_stage == run->stage && run->scenario.poisoned_task == task;
}

static void merge(struct run *run, const struct report *report)
{
    uint64_t value = 0;
    const int64_t task = report->task;
    if (report->bytes.size == sizeof value) memcpy(&value, report->bytes.data, sizeof value);
    if (run->merged[task]++) note_wrong(run, "a result was merged twice", task);
    if (run->given_up[task]) note_wrong(run, "a task was given up and merged", task);
    if (value != scenario_result(&run->scenario, (uint64_t)run->stage + 1, (uint64_t)task))
        note_wrong(run, "a result is not the one that one process computes", task);
}

/* How many of the tasks that read files again got to where they had been read. */
static void count_local(struct run *run)
{
    const struct scenario *s = &run->scenario;
    if (run->stage == 0 || s->n_tasks[run->stage] != s->n_partitions) return;
    run->n_again += s->n_tasks[run->stage];
    run->n_local += scheduler_counts(protocol_scheduler(run->machines.coordinator)).local;
}

static void end_stage(struct run *run)
{
    for (int64_t i = 0; i < run->scenario.n_tasks[run->stage]; i++)
        if (!run->merged[i] && !run->given_up[i])
            note_wrong(run, "a stage ended without a result of a task", i);
    run->stage_ended = true;
}

static void note_given_up(struct run *run, int64_t task)
{
    if (run->given_up[task]) note_wrong(run, "a task was given up twice", task);
    if (!is_poisoned(run, task)) note_wrong(run, "an innocent task was given up", task);
    run->given_up[task] = true;
}

/* What the journal has of the task counts as if it had just come. */
static void count_known(struct run *run, const struct history_task *known, int64_t task)
{
    struct report report = {.kind = REPORT_RESULT, .task = task};
    uint64_t value = 0;
    run->known[task] = true;
    if (known->given_up) {
        note_given_up(run, task);
        return;
    }
    if (!keeper_value(&run->keeper, known, &value))
        note_wrong(run, "the journal has lost the bytes of a result", task);
    report.bytes = (struct lode_bytes){.data = (uint8_t *)&value, .size = sizeof value};
    merge(run, &report);
}

static void count_written(struct run *run, const struct report *report)
{
    if (report->kind == REPORT_GIVEN_UP)
        note_given_up(run, report->task);
    else
        merge(run, report);
    run->counted[run->stage][report->task] = true;
}

/* A result counts at once, or with a journal when its commit is through. */
static void take_result(struct run *run, struct report *report)
{
    if (!run->scenario.has_journal) {
        if (report->kind == REPORT_GIVEN_UP)
            note_given_up(run, report->task);
        else
            merge(run, report);
        report_free(report);
        return;
    }
    if (run->known[report->task]) note_wrong(run, "what was known was computed", report->task);
    keeper_put(&run->keeper, (uint64_t)run->stage + 1, report);
    if (run->is_committing) return;
    run->is_committing = true;
    machines_plan_disk(&run->machines, 0, world_between(&run->world, 0, 2000));
}

static void merge_written(struct run *run)
{
    struct keeper *keeper = &run->keeper;
    for (int i = 0; i < keeper->n_written; i++) count_written(run, keeper->written[i]);
    keeper_merged(keeper);
    run->is_committing = keeper->n_waiting > 0;
    if (run->is_committing)
        machines_plan_disk(&run->machines, 0, 0);
    else if (run->all_reported)
        end_stage(run);
}

/* Write, sync, merge; the coordinator may die before each, and after the last. */
static void go_on_with_disk(void *context, int step)
{
    struct run *run = context;
    if (world_chance(&run->world, run->scenario.p_death)) {
        machines_kill_coordinator(&run->machines);
        if (!run->machines.coordinator) return;
    }
    switch (step) {
    case 0:
        keeper_write(&run->keeper);
        machines_plan_disk(&run->machines, 1, world_between(&run->world, 0, 20000));
        break;
    case 1:
        keeper_sync(&run->keeper);
        machines_plan_disk(&run->machines, 2, world_between(&run->world, 0, 1000));
        break;
    default:
        merge_written(run);
        if (world_chance(&run->world, run->scenario.p_death))
            machines_kill_coordinator(&run->machines);
    }
}

static void lose_coordinator(void *context)
{
    struct run *run = context;
    keeper_die(&run->keeper);
    run->next_begin_us = -1;
}

/* The job begins anew. */
static void begin_job(void *context)
{
    struct run *run = context;
    if (run->scenario.has_journal && keeper_begin(&run->keeper))
        note_wrong(run, lode_error_text(), -1);
    run->is_committing = run->all_reported = run->stage_ended = false;
    run->stage = 0;
    run->next_begin_us = run->world.now_us;
}

static void judge(void *context, struct report *report)
{
    struct run *run = context;
    const int64_t task = report->task;
    switch (report->kind) {
    case REPORT_RESULT:
        run->n_attempts++;
        take_result(run, report);
        return;
    case REPORT_GIVEN_UP:
        take_result(run, report);
        return;
    case REPORT_ATTEMPT:
        run->n_attempts++;
        world_tell(&run->world, "attempt s%d t%lld a%lld %s", run->stage + 1, (long long)task,
                   (long long)report->attempt, report->outcome);
        break;
    case REPORT_WORKER_LOST:
        run->n_lost++;
        world_tell(&run->world, "worker %s lost: %s", report->place, report->text);
        break;
    case REPORT_STAGE_DONE:
        count_local(run);
        run->all_reported = true;
        if (!run->is_committing) end_stage(run);
        break;
    case REPORT_STAGE_FAILED:
        if (!is_poisoned(run, task)) note_wrong(run, "an innocent task failed its stage", task);
        run->failed_as_it_must = true;
        break;
    default:
        note_wrong(run, "a run was given up", task);
    }
    report_free(report);
}

/* Takes over what the journal knows of the stage; true: all of it. */
static bool take_known(struct run *run, uint64_t id, int64_t n)
{
    int64_t index[TASKS_MAX], count = 0;
    memset(run->known, 0, sizeof run->known);
    if (!run->scenario.has_journal) return false;
    const struct history_stage *stage = history_find(&run->keeper.history, id);
    if (!stage) {
        for (int64_t i = 0; i < n; i++)
            if (run->counted[run->stage][i]) note_wrong(run, "a merged result was forgotten", i);
        keeper_put_stage(&run->keeper, id, n);
        return false;
    }
    if (stage->n_tasks != (uint64_t)n || history_index(stage, index)) {
        note_wrong(run, "the journal has another stage", -1);
        return false;
    }
    for (int64_t i = 0; i < n; i++) {
        if (index[i] >= 0) count_known(run, &stage->tasks[index[i]], i);
        if (run->counted[run->stage][i] && !run->known[i])
            note_wrong(run, "a merged result was forgotten", i);
        run->counted[run->stage][i] = run->known[i];
        count += run->known[i];
    }
    world_tell(&run->world, "%lld tasks of stage %d are known", (long long)count, run->stage + 1);
    return count == n;
}

static void begin_stage(struct run *run)
{
    const struct scenario *s = &run->scenario;
    const uint64_t id = (uint64_t)run->stage + 1;
    const int64_t n = s->n_tasks[run->stage];
    for (int64_t i = 0; i < n; i++) {
        run->values[i] = scenario_result(s, id, (uint64_t)i);
        run->inputs[i] =
            (struct lode_bytes){.data = (uint8_t *)&run->values[i], .size = sizeof run->values[i]};
        run->costs[i] = scenario_duration_us(s, id, (uint64_t)i);
        run->merged[i] = 0;
        run->given_up[i] = false;
    }
    run->definition = (struct lode_stage){.leaf = "simulated",
                                          .title = "a stage",
                                          .n_tasks = n,
                                          .inputs = run->inputs,
                                          .costs = s->has_costs ? run->costs : NULL};
    const struct lode_message message = {
        .type = LODE_STAGE, .stage = id, .leaf = lode_span_text("simulated")};
    run->message.size = 0;
    if (lode_message_encode(&message, &run->message)) abort();
    const struct protocol_stage stage = {.id = id,
                                         .stage = &run->definition,
                                         .done = s->has_journal ? run->known : NULL,
                                         .message = &run->message};
    world_tell(&run->world, "stage %d begins: %lld tasks", run->stage + 1, (long long)n);
    run->all_reported = take_known(run, id, n);
    if (run->all_reported) {
        end_stage(run);
        return;
    }
    if (protocol_begin(run->machines.coordinator, &stage, run->world.now_us))
        note_wrong(run, "a stage could not begin", 0);
    machines_act(&run->machines);
}

/* Long enough for one worker, the slowest, to do everything alone, and each bad attempt to be
 * noticed. */
static int64_t bound_us(const struct scenario *s)
{
    double slowest = 1.0, work_us = 0.0;
    int64_t bad = 0;
    for (int w = 0; w < s->n_workers + s->n_late; w++)
        if (scenario_slowness(s, w) > slowest) slowest = scenario_slowness(s, w);
    for (int stage = 0; stage < s->n_stages; stage++)
        for (int64_t i = 0; i < s->n_tasks[stage]; i++) {
            work_us += (double)scenario_duration_us(s, (uint64_t)stage + 1, (uint64_t)i) * slowest;
            bad += scenario_behaviour(s, (uint64_t)stage + 1, (uint64_t)i, 1) != WELL;
        }
    /* another coordinator sees every first attempt go wrong again that had not come to an end, and
     * computes anew what was under way: at most everything */
    return s->faults_end_us +
           (1 + s->n_deaths) *
               ((int64_t)work_us + bad * (s->lease_us + 65 * SECOND_US) + 60 * INT64_C(1000000));
}

/* The coordinator stopped or died: stages begin when it is back. */
static void begin_next(struct run *run)
{
    if (!run->machines.coordinator) return;
    if (run->stage_ended) {
        run->stage_ended = false;
        if (++run->stage == run->scenario.n_stages) {
            run->over = true;
            return;
        }
        run->next_begin_us = run->world.now_us + world_between(&run->world, 0, 2 * SECOND_US);
    }
    if (run->next_begin_us < 0 || run->world.now_us < run->next_begin_us || run->machines.paused)
        return;
    run->next_begin_us = -1;
    begin_stage(run);
}

static bool has_idle_worker(const struct protocol *p)
{
    struct scheduler_entry entry;
    for (int w = 0; w < members_count(protocol_members(p)); w++) {
        const struct member *member = members_look(protocol_members(p), w);
        if (member->here && !member->leaving &&
            !scheduler_held(protocol_scheduler(p), w, 0, &entry))
            return true;
    }
    return false;
}

/* Once the coordinator has said all that it has to say. */
static void check_nobody_idles(struct run *run)
{
    const struct protocol *p = run->machines.coordinator;
    struct scheduler_task task;
    int64_t begin_us = 0;
    if (!p || run->machines.paused || run->machines.timed || !protocol_stage(p, &begin_us)) return;
    if (scheduler_counts(protocol_scheduler(p)).waiting == 0 || !has_idle_worker(p)) return;
    for (int64_t i = 0; scheduler_task(protocol_scheduler(p), i, &task); i++)
        if (task.state == SCHEDULER_WAITING && task.failures == 0 && task.kills == 0)
            note_wrong(run, "a worker is idle while a task waits", i);
}

static void run_stages(struct run *run)
{
    const int64_t bound = bound_us(&run->scenario);
    struct event event;
    begin_job(run);
    while (!run->over && !run->failed_as_it_must && !run->wrong[0] && !run->machines.broken) {
        begin_next(run);
        if (run->over) break;
        if (!world_next(&run->world, &event)) {
            note_wrong(run, "nothing will ever happen again", -1);
            return;
        }
        machines_handle(&run->machines, &event);
        free(event.data);
        check_nobody_idles(run);
        if (run->world.now_us > bound) note_wrong(run, "the run hangs", -1);
        if (run->world.handled > EVENTS_LIMIT) note_wrong(run, "the run spins", -1);
    }
}

static void dismiss(struct run *run)
{
    const int64_t bound = run->world.now_us + run->scenario.faults_end_us + LEAVE_US;
    struct event event;
    run->machines.paused = false;
    run->machines.is_immortal = true;
    if (protocol_dismiss(run->machines.coordinator)) note_wrong(run, "no goodbye", -1);
    machines_act(&run->machines);
    while (machines_processes(&run->machines) > 0 && !run->wrong[0] && !run->machines.broken) {
        if (!world_next(&run->world, &event)) break;
        /* a process that is killed now, or comes late, starts into an ending run */
        machines_handle(&run->machines, &event);
        free(event.data);
        if (run->world.now_us > bound) note_wrong(run, "a worker does not leave", -1);
    }
}

static void open_run(struct run *run)
{
    size_t most = 0;
    for (int i = 0; i < run->scenario.n_stages; i++)
        if ((size_t)run->scenario.n_tasks[i] > most) most = (size_t)run->scenario.n_tasks[i];
    run->inputs = calloc(most, sizeof *run->inputs);
    run->values = calloc(most, sizeof *run->values);
    run->costs = calloc(most, sizeof *run->costs);
    run->merged = calloc(most, sizeof *run->merged);
    run->given_up = calloc(most, sizeof *run->given_up);
    if (!run->inputs || !run->values || !run->costs || !run->merged || !run->given_up) abort();
    machines_init(&run->machines, &run->world, &run->scenario);
    keeper_init(&run->keeper, &run->world);
    run->machines.judge = judge;
    run->machines.born = begin_job;
    run->machines.dies = lose_coordinator;
    run->machines.disk = go_on_with_disk;
    run->machines.context = run;
}

static bool finish_run(struct run *run)
{
    if (!run->wrong[0] && !run->machines.broken) dismiss(run);
    if (run->machines.broken) note_wrong(run, run->machines.broken, -1);
    return run->wrong[0] == '\0';
}

static void close_run(struct run *run)
{
    machines_clear(&run->machines);
    keeper_clear(&run->keeper);
    world_clear(&run->world);
    lode_bytes_clear(&run->message);
    free(run->inputs);
    free(run->values);
    free(run->costs);
    free(run->merged);
    free(run->given_up);
}

struct sums {
    int64_t events, attempts, lost, deaths, local, again;
};

/* Runs one seed; false when something was wrong. */
static bool simulate(uint64_t seed, bool traced, struct sums *sums)
{
    struct run run = {0};
    world_init(&run.world, seed, traced);
    scenario_draw(&run.world, seed, &run.scenario);
    open_run(&run);
    run_stages(&run);
    const bool well = finish_run(&run);
    if (!well && !traced) fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, run.wrong);
    sums->events += run.world.handled;
    sums->attempts += run.n_attempts;
    sums->lost += run.n_lost;
    sums->local += run.n_local;
    sums->again += run.n_again;
    sums->deaths += run.machines.n_deaths;
    close_run(&run);
    return well;
}

/* Peak resident memory since exec; getrusage would count what the parent held when it forked. */
static long peak_mb(void)
{
    char line[128];
    long kb = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (!status) return 0;
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0) kb = strtol(line + 6, NULL, 10);
    fclose(status);
    return kb / 1024;
}

/* What a task costs the coordinator, and what it all takes, on ever larger clusters. */
static bool scale(int workers)
{
    struct run run = {0};
    world_init(&run.world, 1, false);
    scenario_scale(workers, &run.scenario);
    open_run(&run);
    run.machines.timed = true;
    run_stages(&run);
    const bool well = finish_run(&run);
    const int64_t n_tasks = run.scenario.n_tasks[0] + run.scenario.n_tasks[1];
    printf("%7d workers %9lld tasks  %6.2f us of the coordinator a task  %6.1f s simulated  "
           "%5ld MB at most  %3.0f %% local  %s\n",
           workers, (long long)n_tasks, (double)run.machines.coordinator_us / (double)n_tasks,
           (double)run.world.now_us / 1e6, peak_mb(),
           100.0 * (double)run.n_local / (double)run.n_again, well ? "well" : run.wrong);
    fflush(stdout);
    close_run(&run);
    return well;
}

static int replay(uint64_t seed)
{
    struct sums sums = {0};
    const bool well = simulate(seed, true, &sums);
    printf("seed %llu: %s\n", (unsigned long long)seed, well ? "well" : "WRONG");
    return !well;
}

static int simulate_all(uint64_t first, uint64_t count)
{
    struct sums sums = {0};
    int failed = 0;
    for (uint64_t seed = first; seed < first + count && failed < 5; seed++) {
        if (simulate(seed, false, &sums)) continue;
        if (failed++ == 0) {
            fprintf(stderr, "the story of seed %llu (--seed %llu tells it again):\n",
                    (unsigned long long)seed, (unsigned long long)seed);
            simulate(seed, true, &sums);
        }
    }
    printf("simulated seeds %llu..%llu: %lld events, %lld attempts, %lld workers lost, %lld "
           "coordinators killed, %.0f %% of %lld tasks local that could be, %d seeds went wrong\n",
           (unsigned long long)first, (unsigned long long)(first + count - 1),
           (long long)sums.events, (long long)sums.attempts, (long long)sums.lost,
           (long long)sums.deaths,
           sums.again ? 100.0 * (double)sums.local / (double)sums.again : 0.0,
           (long long)sums.again, failed);
    return failed != 0;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, count = 3000;
    lode_log_set_level(LODE_LOG_ERROR);
    for (int i = 1; i + 1 < argc; i += 2) {
        const uint64_t number = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0) return replay(number);
        if (strcmp(argv[i], "--seeds") == 0) count = number;
        if (strcmp(argv[i], "--from") == 0) first = number;
        if (strcmp(argv[i], "--scale") != 0) continue;
        bool well = true;
        for (uint64_t workers = 10; workers <= number && well; workers *= 10)
            well = scale((int)workers);
        return !well;
    }
    return simulate_all(first, count);
}
