/* Engine: see the header. Times, hosts and versions go to run.json alone, so that everything else
 * is the same bytes whenever and wherever the job ran.
 */
#include "coordinator/engine.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/hash.h"
#include "common/version.h"
#include "coordinator/batch/about.h"
#include "coordinator/sight.h"
#include "coordinator/store_params.h"
#include "coordinator/summary.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static void join(char *path, const char *directory, const char *name)
{
    snprintf(path, PATH_SIZE, "%s/%s", directory, name);
}

lode_status engine_make_directory(const char *directory)
{
    char path[PATH_SIZE];
    lode_try(lode_directory_make(directory));
    if (chmod(directory, 0700)) return lode_fail(LODE_E_DISK, "%s: %s", directory, strerror(errno));
    join(path, directory, "log");
    lode_try(lode_directory_make(path));
    join(path, directory, "stages");
    return lode_directory_make(path);
}

static void add_seconds(cJSON *object, const char *name, int64_t us)
{
    cJSON_AddNumberToObject(object, name, (double)us / 1e6);
}

/* Where the time of the stage went. */
static void describe_course(const struct stage_statistics *stage, cJSON *object)
{
    const double efficiency = summary_efficiency(stage);
    cJSON_AddNumberToObject(object, "workers", stage->workers);
    add_seconds(object, "task_seconds", stage->pace.total_us);
    if (isnan(efficiency))
        cJSON_AddNullToObject(object, "efficiency");
    else
        cJSON_AddNumberToObject(object, "efficiency", round(efficiency * 1e4) / 1e4);
    add_seconds(object, "chain_seconds", stage->chain_us);
    add_seconds(object, "wait_seconds", summary_wait_us(stage));
    add_seconds(object, "alone_seconds", summary_alone_us(stage));
}

static void describe_traffic(const struct ledger_traffic *traffic, cJSON *object)
{
    cJSON_AddNumberToObject(object, "read_bytes", (double)traffic->read_bytes);
    cJSON_AddNumberToObject(object, "written_bytes", (double)traffic->written_bytes);
    cJSON_AddNumberToObject(object, "shuffled_bytes", (double)traffic->shuffled_bytes);
}

static cJSON *describe_stages(const struct lode_cluster *cluster)
{
    cJSON *list = cJSON_CreateArray();
    const struct ledger *ledger = cluster_ledger(cluster);
    const struct stage_statistics *all = ledger->stages;
    for (int i = 0; i < ledger->n_stages; i++) {
        cJSON *stage = cJSON_CreateObject();
        cJSON_AddStringToObject(stage, "leaf", all[i].leaf);
        cJSON_AddStringToObject(stage, "title", all[i].title);
        cJSON_AddNumberToObject(stage, "tasks", (double)all[i].tasks);
        cJSON_AddNumberToObject(stage, "attempts", (double)all[i].attempts);
        cJSON_AddNumberToObject(stage, "repeated", (double)all[i].repeated);
        cJSON_AddNumberToObject(stage, "known", (double)all[i].known);
        cJSON_AddNumberToObject(stage, "median_seconds",
                                (double)pace_median_us(&all[i].pace) / 1e6);
        cJSON_AddNumberToObject(stage, "longest_seconds", (double)all[i].slowest_us / 1e6);
        cJSON_AddNumberToObject(stage, "longest_task", (double)all[i].slowest_task);
        cJSON_AddNumberToObject(stage, "cpu_seconds", (double)all[i].cpu_us / 1e6);
        cJSON_AddNumberToObject(stage, "wall_seconds", (double)all[i].wall_us / 1e6);
        cJSON_AddNumberToObject(stage, "result_bytes", (double)all[i].result_bytes);
        cJSON_AddNumberToObject(stage, "peak_bytes", (double)all[i].peak_bytes);
        describe_course(&all[i], stage);
        describe_traffic(&all[i].traffic, stage);
        cJSON_AddItemToArray(list, stage);
    }
    return list;
}

static cJSON *describe_lost(const struct ledger *ledger)
{
    cJSON *list = cJSON_CreateArray();
    for (int64_t i = 0; i < ledger->n_lost; i++) {
        cJSON *lost = cJSON_CreateObject();
        cJSON_AddStringToObject(lost, "place", ledger->lost[i].place);
        cJSON_AddStringToObject(lost, "host", ledger->lost[i].host);
        cJSON_AddNumberToObject(lost, "pid", (double)ledger->lost[i].pid);
        cJSON_AddStringToObject(lost, "why", ledger->lost[i].why ? ledger->lost[i].why : "");
        cJSON_AddItemToArray(list, lost);
    }
    return list;
}

static cJSON *describe_missing(const struct ledger *ledger)
{
    cJSON *list = cJSON_CreateArray();
    for (int64_t i = 0; i < ledger->n_missing; i++) {
        const struct missing_task *task = &ledger->missing[i];
        cJSON *missing = cJSON_CreateObject();
        cJSON_AddStringToObject(missing, "stage", ledger->stages[task->stage].title);
        cJSON_AddNumberToObject(missing, "task", (double)task->task);
        cJSON_AddStringToObject(missing, "what", task->what);
        cJSON_AddStringToObject(missing, "why", task->why ? task->why : "");
        cJSON_AddItemToArray(list, missing);
    }
    return list;
}

static cJSON *describe_params(const struct lode_params *params)
{
    const char *name = NULL, *value = NULL;
    cJSON *object = cJSON_CreateObject();
    for (int i = 0; params && lode_params_at(params, i, &name, &value); i++)
        cJSON_AddStringToObject(object, name, value);
    return object;
}

static cJSON *describe_store(const struct lode_store *store)
{
    char path[PATH_SIZE], text[32] = "";
    uint64_t hash = 0, size = 0;
    cJSON *object = cJSON_CreateObject();
    join(path, store->path, "index.h5");
    if (lode_hash_file(path, &hash, &size) == LODE_OK)
        snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    cJSON_AddStringToObject(object, "path", store->path);
    cJSON_AddStringToObject(object, "index_xxh3", text);
    cJSON_AddNumberToObject(object, "partitions", (double)store->n_partitions);
    const bool has_events = strcmp(store->kind, LODE_STORE_EVENTS) == 0;
    cJSON_AddNumberToObject(object, has_events ? "sessions" : "times", (double)store->n_sessions);
    cJSON_AddNumberToObject(object, has_events ? "events" : "values", (double)store->n_events);
    return object;
}

/* Files beside the store that the run reads, as its parameters name them. */
static cJSON *describe_files(const struct execution *execution)
{
    char **paths = NULL, text[32];
    int64_t n = 0;
    uint64_t hash = 0, size = 0;
    cJSON *list = cJSON_CreateArray();
    if (!execution->job->params || !execution->params ||
        store_params_indices(execution->job->params, execution->params, execution->arena, &paths,
                             &n))
        return list;
    for (int64_t i = 0; i < n; i++) {
        cJSON *file = cJSON_CreateObject();
        if (lode_hash_file(paths[i], &hash, &size) != LODE_OK) hash = 0;
        snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
        cJSON_AddStringToObject(file, "path", paths[i]);
        cJSON_AddStringToObject(file, "xxh3", text);
        cJSON_AddItemToArray(list, file);
    }
    return list;
}

static void add_names(cJSON *object, const char *key, const char *const *names)
{
    cJSON *list = cJSON_AddArrayToObject(object, key);
    for (int i = 0; names[i]; i++) cJSON_AddItemToArray(list, cJSON_CreateString(names[i]));
}

/* Which bytes the job was, and what `lode show` must know of its findings: to look at a run nobody
 * loads the library. */
static void describe_library(const struct plugin *plugin, cJSON *record)
{
    char text[32];
    const struct lode_job *job = &plugin->job;
    cJSON *library = cJSON_AddObjectToObject(record, "library");
    snprintf(text, sizeof text, "%016llx", (unsigned long long)plugin->hash);
    cJSON_AddStringToObject(library, "path", plugin->path);
    cJSON_AddStringToObject(library, "xxh3", text);
    cJSON_AddNumberToObject(library, "interface", LODE_JOB_ABI);
    if (!job->findings_table) return;
    cJSON *findings = cJSON_AddObjectToObject(record, "findings");
    cJSON_AddStringToObject(findings, "table", job->findings_table);
    add_names(findings, "show", job->show_columns);
    add_names(findings, "identity", job->identity_columns);
    add_names(findings, "figures", job->figure_columns);
}

/* One execution under way. */
struct running {
    const struct execution *execution;
    struct lode_cluster *cluster;
    struct metrics *metrics;
    struct lode_results *results;
    char started[32];
    int64_t start_us;
};

/* Who the coordinator is: a record that says "running" and has no such process any more is of a
 * run that was killed. */
static void describe_coordinator(cJSON *record)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    cJSON *coordinator = cJSON_AddObjectToObject(record, "coordinator");
    cJSON_AddStringToObject(coordinator, "host", host);
    cJSON_AddNumberToObject(coordinator, "pid", (double)getpid());
}

static void describe_budget(const struct budget *budget, cJSON *record)
{
    cJSON *memory = cJSON_AddObjectToObject(record, "memory");
    cJSON_AddNumberToObject(memory, "worker_bytes", (double)budget->least_bytes);
    cJSON_AddStringToObject(memory, "source", budget->source);
    cJSON_AddStringToObject(memory, "host", budget->host);
    if (budget->limit_bytes)
        cJSON_AddNumberToObject(memory, "limit_bytes", (double)budget->limit_bytes);
    if (budget->coordinator_bytes)
        cJSON_AddNumberToObject(memory, "coordinator_bytes", (double)budget->coordinator_bytes);
}

static const char *state_of(lode_status verdict)
{
    return verdict == LODE_OK ? "done" : verdict == LODE_E_STOPPED ? "stopped" : "failed";
}

static void describe_end(const struct running *running, lode_status verdict, int exit_status,
                         cJSON *record)
{
    char ended[32];
    cJSON_AddNumberToObject(record, "exit_status", exit_status);
    cJSON_AddStringToObject(record, "error", verdict ? lode_error_text() : "");
    cJSON_AddStringToObject(record, "ended", lode_clock_iso(ended));
    const int64_t wall_us = lode_clock_us() - running->start_us;
    add_seconds(record, "wall_seconds", wall_us);
    add_seconds(record, "coordinator_cpu_seconds", lode_clock_process_us());
    if (!running->cluster) return;
    const struct ledger *ledger = cluster_ledger(running->cluster);
    add_seconds(record, "critical_path_seconds", summary_critical_us(ledger, wall_us));
    add_seconds(record, "outside_stages_seconds", summary_coordinator_us(ledger, wall_us));
    cJSON_AddNumberToObject(record, "workers", cluster_workers(running->cluster));
    describe_budget(cluster_budget(running->cluster), record);
    cJSON_AddItemToObject(record, "stages", describe_stages(running->cluster));
    cJSON_AddItemToObject(record, "lost_workers", describe_lost(ledger));
    cJSON_AddItemToObject(record, "missing", describe_missing(ledger));
}

/* Written at the start ("running") and again at the end. */
static lode_status write_record(const struct invocation *invocation, const struct running *running,
                                const char *state, lode_status verdict, int exit_status)
{
    char path[PATH_SIZE];
    const struct execution *execution = running->execution;
    cJSON *record = cJSON_CreateObject();
    cJSON *command = cJSON_CreateArray();
    for (int i = 1; i < invocation->all_count; i++)
        cJSON_AddItemToArray(command, cJSON_CreateString(invocation->all_arguments[i]));
    cJSON_AddStringToObject(record, "job", execution->job->name);
    cJSON_AddStringToObject(record, "lode_version", lode_version());
    cJSON_AddItemToObject(record, "command", command);
    if (execution->plugin) describe_library(execution->plugin, record);
    cJSON_AddStringToObject(record, "state", state);
    describe_coordinator(record);
    batch_describe(record);
    if (execution->journal)
        cJSON_AddNumberToObject(record, "epoch", (double)journal_epoch(execution->journal));
    cJSON_AddItemToObject(record, "parameters", describe_params(execution->params));
    if (execution->store) cJSON_AddItemToObject(record, "store", describe_store(execution->store));
    cJSON_AddItemToObject(record, "files", describe_files(execution));
    cJSON_AddStringToObject(record, "started", running->started);
    if (execution->describe) execution->describe(execution->directory, record);
    if (strcmp(state, "running") != 0) describe_end(running, verdict, exit_status, record);
    char *text = cJSON_Print(record);
    cJSON_Delete(record);
    if (!text) return lode_fail(LODE_E_MEMORY, "no memory for run.json");
    join(path, execution->directory, "run.json");
    const lode_status status = lode_file_write(path, text, strlen(text), true);
    free(text);
    return status;
}

/* The step's words say what was wanted; these say what to do. */
static lode_status advise(const struct running *running, lode_status status)
{
    const uint64_t bytes = cluster_budget(running->cluster)->coordinator_bytes;
    if (status != LODE_E_MEMORY || cluster_task_failed(running->cluster) || !bytes) return status;
    return lode_note(status,
                     "the coordinator needs more than the %" PRIu64
                     " MB that are left to it; take fewer workers, less --memory for each, or a "
                     "higher limit",
                     bytes >> 20);
}

static lode_status run_job(struct running *running)
{
    char path[PATH_SIZE], work[PATH_SIZE];
    const struct execution *execution = running->execution;
    if (execution->has_results) {
        join(path, execution->directory, "results.h5");
        lode_try(lode_results_create(path, &running->results));
    }
    join(work, execution->directory, "stages");
    struct lode_run run = {
        .params = execution->params,
        .store = execution->store,
        .store_path = execution->store ? execution->store->path : NULL,
        .directory = execution->output,
        .work_directory = work,
        .results = running->results,
        .arena = execution->arena,
        .cluster = running->cluster,
        .map = cluster_map,
        .options = execution->options,
    };
    lode_try(advise(running, execution->job->run(&run)));
    if (execution->journal) lode_try(journal_check(execution->journal));
    if (running->results) {
        struct lode_results *results = running->results;
        running->results = NULL; /* commit ends it, always */
        lode_try(lode_results_commit(results));
    }
    return LODE_OK;
}

/* The keys of the run are gone with its end: from here on its folder is like any other. */
static void open_to_others(const char *directory)
{
    const mode_t mask = umask(0);
    umask(mask);
    if (chmod(directory, 0777 & ~mask))
        fprintf(stderr, "lode: %s: %s\n", directory, strerror(errno));
}

static void remove_stages(const char *directory)
{
    char path[PATH_SIZE];
    join(path, directory, "stages");
    if (lode_directory_remove(path)) fprintf(stderr, "lode: %s\n", lode_error_text());
}

static lode_status end(struct invocation *invocation, struct running *running, bool quiet,
                       lode_status status)
{
    const struct execution *execution = running->execution;
    const bool is_lost = execution->journal && journal_is_lost(execution->journal);
    const int exit_status = status == LODE_E_STOPPED && invocation->exit_status
                                ? invocation->exit_status
                                : lode_exit_status(status);
    lode_results_discard(running->results);
    if (execution->has_record && !is_lost) {
        const lode_status recorded =
            write_record(invocation, running, state_of(status), status, exit_status);
        if (!status) status = recorded;
    }
    if (running->cluster && !quiet)
        summary_write(cluster_ledger(running->cluster), lode_clock_us() - running->start_us,
                      stderr);
    metrics_end(running->metrics, state_of(status), exit_status);
    cluster_close(running->cluster);
    metrics_close(running->metrics);
    if (is_lost) return status;
    if (!status || !execution->journal) remove_stages(execution->directory);
    open_to_others(execution->directory);
    return status;
}

lode_status engine_execute(struct invocation *invocation, const struct cluster_settings *settings,
                           const struct execution *execution)
{
    lode_status status = LODE_OK;
    struct running running = {.execution = execution, .start_us = lode_clock_us()};
    lode_clock_iso(running.started);

    struct cluster_options options = settings->options;
    options.verdict_path = invocation->verdict_path;
    options.journal = execution->journal;
    options.plugin = execution->plugin;
    options.n_partitions = execution->store ? execution->store->n_partitions : 0;
    const struct metrics_run run = {.name = execution->name,
                                    .job = execution->job->name,
                                    .epoch =
                                        execution->journal ? journal_epoch(execution->journal) : 1};
    lode_try(metrics_open(&settings->metrics, &run, !options.quiet, &running.metrics));
    options.metrics = running.metrics;
    if (execution->has_record)
        lode_try_done(write_record(invocation, &running, "running", LODE_OK, 0));
    lode_try_done(sight_describe(execution, &options.landmarks));
    lode_try_done(
        cluster_open(&options, execution->directory, &invocation->mpi_started, &running.cluster));
    status = run_job(&running);
    if (status == LODE_E_STOPPED && cluster_signal(running.cluster))
        invocation->exit_status = 128 + cluster_signal(running.cluster);
done:
    status =
        end(invocation, &running, options.quiet, status); /* closes the cluster, which borrows */
    lode_bytes_clear(&options.landmarks);
    return status;
}
