/* lode stage: turns input files into a store. */
#include "jobs/stage/stage.h"
#include "common/file.h"
#include "common/text.h"
#include "common/version.h"
#include "coordinator/command.h"
#include "coordinator/commands/dry_run.h"
#include "coordinator/commands/stage_settings.h"
#include "coordinator/engine.h"
#include "coordinator/mpirun.h"
#include "jobs/stage/append_lock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From SETTING on: names of settings (stage_settings.h). */
enum { OUTPUT = 1, APPEND, MAPPING, DRY_RUN, SETTING };

static const struct option own_options[] = {
    {OUTPUT, "-o", "STORE", "the store to make"},
    {APPEND, "--append", "STORE",
     "add to this store instead, mapped as it was staged; only new files are written"},
    {DRY_RUN, "--dry-run", NULL, "say what it would take (tasks, bytes, memory, disk); do nothing"},
    {MAPPING, "--mapping", "FILE.yaml",
     "the options below, and `files:` for single inputs; flags win"},
    {SETTING, "--partition-bytes", "BYTES", "input bytes to a partition (32M)"},
    {SETTING + 1, "--session", "COLUMN", "session id (session_id, session)"},
    {SETTING + 2, "--user", "COLUMN",
     "user id (user_id, user); without one a session is its own user"},
    {SETTING + 3, "--time", "COLUMN", "time of an event (timestamp_ms, timestamp, time, ts)"},
    {SETTING + 4, "--event", "COLUMN", "name of an event (event, event_name, name)"},
    {SETTING + 5, "--start", "COLUMN", "start of a session (start_ms, start, start_time)"},
    {SETTING + 6, "--kpi", "A,B", "KPI columns (those whose names begin with kpi_)"},
    {SETTING + 7, "--attributes", "A,B", "session attributes (all other columns of sessions)"},
    {SETTING + 8, "--user-attributes", "A,B", "attributes with one value a user (none)"},
    {SETTING + 15, "--event-attribute", "A,B", "words kept with each event (none)"},
    {SETTING + 16, "--event-value", "A,B", "numbers kept with each event (none)"},
    {SETTING + 9, "--time-unit", "UNIT", "auto, ms, s or iso (auto)"},
    {SETTING + 10, "--timezone", "ZONE",
     "of ISO times without an offset: Europe/Berlin, +02:00 (UTC)"},
    {SETTING + 11, "--session-gap", "TIME", "events only: a longer gap ends a session (30m)"},
    {SETTING + 12, "--session-max", "TIME", "events only: the longest session (24h)"},
    {SETTING + 13, "--max-rejects", "SHARE", "rows that may be rejected, such as 0.5% (1%)"},
    {SETTING + 14, "--range-bytes", "BYTES", NULL}, /* for tests: changes no byte */
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, cluster_option_table, NULL};

struct request {
    struct cluster_settings settings;
    struct stage_events_options events;
    struct stage_events_summary summary;
    struct lode_arena *arena;
    struct lode_bytes history; /* what decided the store's content, as a command line */
    const char *output, *append, *mapping;
    const char *mapped; /* an option that an append takes from its store; NULL: none */
    bool dry_run;
};

/* First pass: the mapping file alone, so that flags win wherever they stand. */
static lode_status take_mapping(void *context, int id, const char *value)
{
    struct request *request = context;
    if (id == MAPPING) request->mapping = value;
    return LODE_OK;
}

/* Does the store decide it when files are appended? */
static bool is_of_mapping(const char *name)
{
    return strcmp(name, "--max-rejects") != 0 && strcmp(name, "--range-bytes") != 0;
}

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    bool taken = false;
    if (id == MAPPING) return LODE_OK; /* read already */
    if (id == DRY_RUN) {
        request->dry_run = true;
        return LODE_OK;
    }
    if (id == APPEND) {
        request->append = value;
        return LODE_OK;
    }
    if (id == OUTPUT) {
        request->output = value;
        return LODE_OK;
    }
    for (const struct option *option = own_options; option->id; option++)
        if (option->id == id) {
            if (is_of_mapping(option->name)) request->mapped = option->name;
            return stage_settings_set(&request->events, request->arena, option->name + strlen("--"),
                                      value);
        }
    return cluster_settings_take(&request->settings, id, value, &taken);
}

static lode_status read_command_line(const struct invocation *invocation, struct request *request,
                                     const char **words, int *n_words, bool *help)
{
    lode_try(options_read(invocation->argument_count, invocation->arguments, option_tables,
                          take_mapping, request, words, n_words, help));
    if (request->mapping && !*help)
        lode_try(stage_settings_load(&request->events, request->arena, request->mapping));
    return options_read(invocation->argument_count, invocation->arguments, option_tables, take,
                        request, words, n_words, help);
}

/* The names are those in the input: anybody's bytes. */
static void print_unstaged(const struct stage_events_summary *summary)
{
    char name[256];
    fprintf(stderr, "columns not staged:");
    for (int64_t i = 0; i < summary->n_unstaged; i++) {
        const char *text = summary->unstaged[i];
        const size_t size = lode_text_visible(text, strlen(text), name, sizeof name);
        fprintf(stderr, " %.*s", (int)size, name);
    }
    fputc('\n', stderr);
}

static void print_rejects_file(const struct request *request)
{
    fprintf(stderr, "warning: file, line and reason of each are in %s/rejects", request->output);
    if (request->append) fprintf(stderr, ".g%lld", (long long)request->summary.n_generations);
    fprintf(stderr, ".jsonl\n");
}

static void print_summary(const struct request *request)
{
    char a[32], b[32], c[32];
    const struct stage_events_summary *summary = &request->summary;
    fprintf(stderr, "%s rows read = %s used + %s rejected\n",
            lode_text_grouped(summary->n_rows_read, a), lode_text_grouped(summary->n_rows_used, b),
            lode_text_grouped(summary->n_rows_rejected, c));
    for (int64_t i = 0; i < summary->n_reasons; i++)
        fprintf(stderr, "warning: %s rows rejected: %s\n",
                lode_text_grouped(summary->reasons[i].count, a), summary->reasons[i].reason);
    if (summary->n_rows_rejected > 0) print_rejects_file(request);
    fprintf(stderr, "%s: %s users, %s sessions, %s events", request->output,
            lode_text_grouped(summary->n_users, a), lode_text_grouped(summary->n_sessions, b),
            lode_text_grouped(summary->n_events, c));
    fprintf(stderr, " in %s partitions", lode_text_grouped(summary->n_partitions, a));
    if (request->append)
        fprintf(stderr, ", %s generations", lode_text_grouped(summary->n_generations, a));
    fputc('\n', stderr);
    if (summary->n_unstaged > 0) print_unstaged(summary);
}

/* The cluster's log and exchange files lie beside the store while it is made. */
static lode_status find_work(const struct request *request, const char *output, char **work)
{
    struct lode_bytes path = {0};
    size_t size = strlen(output);
    while (size > 1 && output[size - 1] == '/') size--;
    lode_status status = lode_bytes_printf(&path, "%.*s%s.work", (int)size, output,
                                           request->append ? ".append" : "");
    if (!status) status = lode_arena_text(request->arena, (const char *)path.data, path.size, work);
    lode_bytes_clear(&path);
    return status;
}

static lode_status stage(struct invocation *invocation, struct request *request)
{
    char *output = NULL, *work = NULL;
    lode_try(lode_path_absolute(request->output, request->arena, &output));
    lode_try(find_work(request, output, &work));
    lode_try(lode_bytes_append(&request->history, "", 1)); /* zero-terminated */
    if (request->append) {
        request->events.append = output;
        lode_try(lode_directory_remove(work)); /* of an append that was killed: the lock is ours */
    } else {
        request->events.output = output;
    }
    request->events.history = (const char *)request->history.data;
    request->events.summary = &request->summary;
    lode_try(metrics_check(&request->settings.metrics));
    lode_try(engine_make_directory(work));
    const struct execution execution = {.job = &stage_events_job,
                                        .directory = work,
                                        .output = work,
                                        .name = output,
                                        .arena = request->arena,
                                        .options = &request->events,
                                        .grows = request->append ? output : NULL,
                                        .inputs = request->events.inputs,
                                        .n_inputs = (int)request->events.n_inputs};
    const lode_status status = engine_execute(invocation, &request->settings, &execution);
    if (lode_directory_remove(work)) fprintf(stderr, "lode: %s is left over\n", work);
    return status;
}

/* The lock spans all that the append does. */
static lode_status append(struct invocation *invocation, struct request *request)
{
    char lock[PATH_MAX];
    lode_try(append_lock_take(request->append, lock, sizeof lock));
    const lode_status status = stage(invocation, request);
    append_lock_release(lock);
    return status;
}

/* Where to: a store that is not there yet, or one that is. */
static lode_status check_target(struct request *request)
{
    char index[PATH_MAX];
    if (!request->append) {
        if (!request->output)
            return lode_fail(LODE_E_USAGE, "lode stage needs -o STORE (or --append STORE)");
        if (access(request->output, F_OK) != 0) return LODE_OK;
        return lode_fail(LODE_E_USAGE,
                         "%s: exists already; take another name, remove it, or add to it with "
                         "--append",
                         request->output);
    }
    if (request->output)
        return lode_fail(LODE_E_USAGE, "-o makes a store, --append adds to one: not both");
    if (request->mapping || request->mapped)
        return lode_fail(LODE_E_USAGE,
                         "%s: appending maps columns as the store was staged; leave it out",
                         request->mapping ? "--mapping" : request->mapped);
    snprintf(index, sizeof index, "%s/%s", request->append, LODE_STORE_INDEX);
    if (access(index, F_OK) != 0)
        return lode_fail(LODE_E_INPUT, "%s: no store to append to (%s is missing)", request->append,
                         index);
    request->output = request->append;
    return LODE_OK;
}

static lode_status run_parsed(struct invocation *invocation, struct request *request,
                              const char **words)
{
    int n_words = 0;
    bool help = false;
    lode_try(read_command_line(invocation, request, words, &n_words, &help));
    if (help) {
        command_help(&stage_command);
        return LODE_OK;
    }
    if (n_words < 1 || strcmp(words[0], "events") != 0)
        return lode_fail(LODE_E_USAGE, "lode stage makes stores of kind: events (lode stage %s)",
                         stage_command.usage);
    if (n_words < 2) return lode_fail(LODE_E_USAGE, "lode stage events: no input files");
    lode_try(check_target(request));
    request->events.append = request->append;
    request->events.inputs = words + 1;
    request->events.n_inputs = n_words - 1;
    if (request->dry_run) {
        const struct lode_run asked = {.options = &request->events, .arena = request->arena};
        return dry_run(&stage_events_job, &asked, &request->settings, request->output);
    }
    if (request->settings.mpirun_workers > 0 && !invocation->is_rank) {
        char verdict[4096];
        snprintf(verdict, sizeof verdict, "%s.verdict-%d", request->output, (int)getpid());
        return mpirun_run(invocation, request->settings.mpirun_workers, verdict);
    }
    lode_try(request->append ? append(invocation, request) : stage(invocation, request));
    if (!request->settings.options.quiet) print_summary(request);
    return LODE_OK;
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {0};
    const char **words = calloc((size_t)invocation->argument_count + 1, sizeof *words);
    if (!words) return lode_fail(LODE_E_MEMORY, "no memory for the command line");
    cluster_settings_init(&request.settings);
    stage_events_defaults(&request.events);
    lode_status status = lode_arena_create(0, &request.arena);
    if (!status)
        status = lode_bytes_printf(&request.history, "lode %s stage events", lode_version());
    if (!status) status = run_parsed(invocation, &request, words);
    lode_bytes_clear(&request.history);
    lode_arena_destroy(request.arena);
    free(words);
    return status;
}

const struct command stage_command = {
    .name = "stage",
    .usage = "events FILE... -o STORE|--append STORE [options]",
    .summary = "turn CSV or JSON Lines files (plain, gzip, zstd) into a store",
    .example = "lode stage events sessions.csv.gz events.csv.gz -o web.lode",
    .options = option_tables,
    .on_cluster = true,
    .run = run,
};
