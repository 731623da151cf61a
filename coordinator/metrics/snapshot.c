/* Snapshot: a table of families for stages, one of single numbers, and the few with labels of their
 * own.
 */
#include "coordinator/metrics/snapshot.h"

#include "coordinator/metrics/exposition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_SIZE = 24 };

static double seconds(int64_t us)
{
    return (double)us / 1e6;
}

/* --- of the run --- */

static const char *const state_names[] = {"running", "done", "failed", "stopped"};

static bool has_ended(const struct metrics_snapshot *s)
{
    return strcmp(s->state, "running") != 0;
}

static double elapsed(const struct metrics_snapshot *s)
{
    return seconds(s->now_us - s->start_us);
}

static double exit_status(const struct metrics_snapshot *s)
{
    return has_ended(s) ? s->exit_status : (double)NAN;
}

static double root_step(const struct metrics_snapshot *s)
{
    return !has_ended(s) && (s->n_stages == 0 || s->stages[s->n_stages - 1].wall_us > 0);
}

#define FIELD(function, expression)                                                                \
    static double function(const struct metrics_snapshot *s)                                       \
    {                                                                                              \
        return (double)(expression);                                                               \
    }
FIELD(started, s->started)
FIELD(workers, s->cluster.workers)
FIELD(joined, s->cluster.joined)
FIELD(lost, s->n_lost)
FIELD(rejected_messages, s->cluster.rejected_messages)
FIELD(refused_workers, s->cluster.refused_workers)
FIELD(refused_connections, s->cluster.refused_connections)
FIELD(journal_bytes, s->journal_bytes)
FIELD(cpu_seconds, seconds(s->cpu_us))
FIELD(resident_bytes, s->resident_bytes)
#undef FIELD

/* NaN: not told. */
static const struct {
    const char *name;
    enum exposition_type type;
    const char *help;
    double (*value)(const struct metrics_snapshot *s);
} run_families[] = {
    {"lode_run_start_time_seconds", EXPOSITION_GAUGE,
     "When this run was begun or gone on with, since 1970.", started},
    {"lode_run_elapsed_seconds", EXPOSITION_GAUGE, "Time since then, until the end.", elapsed},
    {"lode_run_exit_status", EXPOSITION_GAUGE, "Exit status of the run, once it is over.",
     exit_status},
    {"lode_root_step", EXPOSITION_GAUGE,
     "1 while no stage is under way and the coordinator itself computes.", root_step},
    {"lode_workers", EXPOSITION_GAUGE, "Workers that are here.", workers},
    {"lode_workers_joined_total", EXPOSITION_COUNTER,
     "Workers that ever joined; one started anew counts again.", joined},
    {"lode_workers_lost_total", EXPOSITION_COUNTER, "Workers that were lost.", lost},
    {"lode_rejected_messages_total", EXPOSITION_COUNTER, "Messages that no worker sends.",
     rejected_messages},
    {"lode_refused_workers_total", EXPOSITION_COUNTER,
     "Workers left out: of another version, or of a host that does not see the run's disk.",
     refused_workers},
    {"lode_refused_connections_total", EXPOSITION_COUNTER, "Connections with a wrong key.",
     refused_connections},
    {"lode_journal_bytes", EXPOSITION_GAUGE, "Journal of this epoch on disk.", journal_bytes},
    {"lode_coordinator_cpu_seconds_total", EXPOSITION_COUNTER, "Processor time of the coordinator.",
     cpu_seconds},
    {"lode_coordinator_resident_memory_bytes", EXPOSITION_GAUGE,
     "Memory of the coordinator that is in RAM.", resident_bytes},
};

static lode_status write_info(const struct metrics_snapshot *s,
                              const struct exposition_labels *labels, struct lode_bytes *out)
{
    char epoch[NUMBER_SIZE];
    snprintf(epoch, sizeof epoch, "%llu", (unsigned long long)s->epoch);
    struct exposition_labels info = exposition_with(*labels, "lode_job", s->job);
    info = exposition_with(info, "version", s->version);
    info = exposition_with(info, "epoch", epoch);
    lode_try(exposition_family(out, "lode_run_info", EXPOSITION_GAUGE,
                               "Which run this is; epoch: how often it was begun."));
    return exposition_sample(out, "lode_run_info", &info, 1);
}

static lode_status write_run(const struct metrics_snapshot *s,
                             const struct exposition_labels *labels, struct lode_bytes *out)
{
    lode_try(write_info(s, labels, out));
    lode_try(exposition_family(out, "lode_run_state", EXPOSITION_GAUGE,
                               "1 for the state that the run is in."));
    for (size_t i = 0; i < sizeof state_names / sizeof *state_names; i++) {
        const struct exposition_labels state = exposition_with(*labels, "state", state_names[i]);
        lode_try(exposition_sample(out, "lode_run_state", &state,
                                   strcmp(s->state, state_names[i]) == 0));
    }
    for (size_t i = 0; i < sizeof run_families / sizeof *run_families; i++) {
        const double value = run_families[i].value(s);
        if (isnan(value)) continue;
        lode_try(exposition_family(out, run_families[i].name, run_families[i].type,
                                   run_families[i].help));
        lode_try(exposition_sample(out, run_families[i].name, labels, value));
    }
    return LODE_OK;
}

/* --- of its stages --- */

#define FIELD(function, expression)                                                                \
    static double function(const struct stage_statistics *stage)                                   \
    {                                                                                              \
        return (double)(expression);                                                               \
    }
FIELD(known, stage->known)
FIELD(cpu, seconds(stage->cpu_us))
FIELD(chain, seconds(stage->chain_us))
FIELD(peak_bytes, stage->peak_bytes)
FIELD(read_bytes, stage->traffic.read_bytes)
FIELD(written_bytes, stage->traffic.written_bytes)
FIELD(shuffled_bytes, stage->traffic.shuffled_bytes)
FIELD(result_bytes, stage->result_bytes)
FIELD(most_workers, stage->workers)
#undef FIELD

static const struct {
    const char *name;
    enum exposition_type type;
    const char *help;
    double (*value)(const struct stage_statistics *stage);
} stage_families[] = {
    {"lode_stage_replayed_tasks", EXPOSITION_GAUGE,
     "Tasks whose result an earlier epoch had left in the journal.", known},
    {"lode_stage_workers", EXPOSITION_GAUGE, "Most workers that were there at once.", most_workers},
    {"lode_stage_longest_chain_seconds", EXPOSITION_GAUGE,
     "Longest task, with its attempts that went wrong before it.", chain},
    {"lode_task_cpu_seconds_total", EXPOSITION_COUNTER, "Processor time of merged tasks.", cpu},
    {"lode_task_peak_memory_bytes", EXPOSITION_GAUGE, "Most memory that a task held.", peak_bytes},
    {"lode_bytes_read_total", EXPOSITION_COUNTER, "Bytes that tasks read from files.", read_bytes},
    {"lode_bytes_written_total", EXPOSITION_COUNTER,
     "Bytes that tasks wrote to files, those shuffled apart.", written_bytes},
    {"lode_bytes_shuffled_total", EXPOSITION_COUNTER,
     "Bytes that tasks left in run files for later tasks.", shuffled_bytes},
    {"lode_result_bytes_total", EXPOSITION_COUNTER, "Bytes of merged results.", result_bytes},
};

static struct exposition_labels of_stage(const struct exposition_labels *labels, int i,
                                         char number[NUMBER_SIZE])
{
    snprintf(number, NUMBER_SIZE, "%d", i + 1);
    return exposition_with(*labels, "stage", number);
}

/* The dispatcher's word on the stage under way, the ledger's on those that have ended. */
static struct metrics_cluster count_tasks(const struct metrics_snapshot *s, int i)
{
    const struct stage_statistics *stage = &s->stages[i];
    if (s->cluster.stage == (uint64_t)i + 1 && stage->wall_us == 0) return s->cluster;
    struct metrics_cluster counts = {.done = stage->outcomes[LEDGER_OK] + stage->known,
                                     .given_up = stage->missing};
    counts.waiting = stage->tasks - counts.done - counts.given_up;
    return counts;
}

static lode_status write_tasks(const struct metrics_snapshot *s,
                               const struct exposition_labels *labels, struct lode_bytes *out)
{
    static const char *const names[] = {"waiting", "running", "done", "given_up"};
    lode_try(exposition_family(out, "lode_stage_tasks", EXPOSITION_GAUGE,
                               "Tasks of a stage by their state."));
    for (int i = 0; i < s->n_stages; i++) {
        char number[NUMBER_SIZE];
        const struct metrics_cluster counts = count_tasks(s, i);
        const int64_t values[] = {counts.waiting, counts.running, counts.done, counts.given_up};
        const struct exposition_labels stage = of_stage(labels, i, number);
        for (int n = 0; n < 4; n++) {
            const struct exposition_labels state = exposition_with(stage, "state", names[n]);
            lode_try(exposition_sample(out, "lode_stage_tasks", &state, (double)values[n]));
        }
    }
    lode_try(exposition_family(out, "lode_tasks_total", EXPOSITION_COUNTER,
                               "Attempts at tasks by how they ended."));
    for (int i = 0; i < s->n_stages; i++) {
        char number[NUMBER_SIZE];
        const struct exposition_labels stage = of_stage(labels, i, number);
        for (int n = 0; n < LEDGER_OUTCOMES; n++) {
            const struct exposition_labels result =
                exposition_with(stage, "result", ledger_outcomes[n]);
            lode_try(exposition_sample(out, "lode_tasks_total", &result,
                                       (double)s->stages[i].outcomes[n]));
        }
    }
    return LODE_OK;
}

static lode_status write_times(const struct metrics_snapshot *s,
                               const struct exposition_labels *labels, struct lode_bytes *out)
{
    char number[NUMBER_SIZE];
    lode_try(exposition_family(out, "lode_stage_elapsed_seconds", EXPOSITION_GAUGE,
                               "Time since the stage began, until its end."));
    for (int i = 0; i < s->n_stages; i++) {
        const struct stage_statistics *stage = &s->stages[i];
        const int64_t so_far_us = s->now_us - stage->begin_us;
        const struct exposition_labels own = of_stage(labels, i, number);
        lode_try(exposition_sample(out, "lode_stage_elapsed_seconds", &own,
                                   seconds(stage->wall_us ? stage->wall_us : so_far_us)));
    }
    lode_try(exposition_family(out, "lode_task_duration_seconds", EXPOSITION_HISTOGRAM,
                               "Time that merged tasks took at their workers."));
    for (int i = 0; i < s->n_stages; i++) {
        const struct exposition_histogram histogram = {.bounds = ledger_bounds,
                                                       .counts = s->stages[i].durations,
                                                       .n_bounds = LEDGER_BOUNDS,
                                                       .sum = seconds(s->stages[i].pace.total_us)};
        const struct exposition_labels own = of_stage(labels, i, number);
        lode_try(exposition_histogram(out, "lode_task_duration_seconds", &own, &histogram));
    }
    return LODE_OK;
}

static lode_status write_stages(const struct metrics_snapshot *s,
                                const struct exposition_labels *labels, struct lode_bytes *out)
{
    char number[NUMBER_SIZE];
    lode_try(exposition_family(out, "lode_stage_info", EXPOSITION_GAUGE,
                               "What the numbers of stages stand for."));
    for (int i = 0; i < s->n_stages; i++) {
        struct exposition_labels info = of_stage(labels, i, number);
        info = exposition_with(info, "leaf", s->stages[i].leaf);
        info = exposition_with(info, "title", s->stages[i].title);
        lode_try(exposition_sample(out, "lode_stage_info", &info, 1));
    }
    lode_try(write_tasks(s, labels, out));
    lode_try(write_times(s, labels, out));
    for (size_t f = 0; f < sizeof stage_families / sizeof *stage_families; f++) {
        const char *name = stage_families[f].name;
        lode_try(exposition_family(out, name, stage_families[f].type, stage_families[f].help));
        for (int i = 0; i < s->n_stages; i++) {
            const struct exposition_labels own = of_stage(labels, i, number);
            lode_try(exposition_sample(out, name, &own, stage_families[f].value(&s->stages[i])));
        }
    }
    return LODE_OK;
}

lode_status snapshot_text(const struct metrics_snapshot *snapshot, struct lode_bytes *out)
{
    const struct exposition_labels labels =
        exposition_with((struct exposition_labels){0}, "run", snapshot->run);
    lode_try(write_run(snapshot, &labels, out));
    return snapshot->n_stages > 0 ? write_stages(snapshot, &labels, out) : LODE_OK;
}
