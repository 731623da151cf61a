/* lode run: executes a job on a store. */
#include "common/file.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/engine.h"
#include "coordinator/mpirun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT = 1, SET, SPEC, ALLOW_PARTIAL };

static const struct option own_options[] = {
    {OUTPUT, "-o", "RUN", "the run directory to make"},
    {SET, "--set", "NAME=VALUE", "a parameter of the job; may be given many times"},
    {ALLOW_PARTIAL, "--allow-partial", NULL,
     "go on without tasks that fail again and again, and say what is missing"},
    {SPEC, "--spec", "FILE.yaml", "parameters from a file; --set after it wins"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, cluster_option_table, NULL};

struct request {
    struct cluster_settings settings;
    const char *output;
    int n_changes;
    struct {
        bool is_file;
        const char *text;
    } * changes; /* --set and --spec, in order */
};

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    bool taken = false;
    switch (id) {
    case OUTPUT:
        request->output = value;
        return LODE_OK;
    case ALLOW_PARTIAL:
        request->settings.options.allow_partial = true;
        return LODE_OK;
    case SET:
    case SPEC:
        request->changes[request->n_changes].is_file = id == SPEC;
        request->changes[request->n_changes++].text = value;
        return LODE_OK;
    default:
        return cluster_settings_take(&request->settings, id, value, &taken);
    }
}

static void print_help(const struct lode_job *job)
{
    if (!job) {
        command_help(&run_command);
        printf("\njobs (`lode run JOB --help` lists the parameters of one):\n");
        for (int i = 0; lode_jobs[i]; i++)
            if (lode_jobs[i]->store_kind)
                printf("  %-16s %s\n", lode_jobs[i]->name, lode_jobs[i]->summary);
        return;
    }
    printf("usage: lode run %s STORE -o RUN [options]\n\n%s\n\nparameters (--set name=value, or a "
           "line of --spec FILE.yaml):\n",
           job->name, job->summary);
    for (const struct lode_param *param = job->params; param->name; param++)
        printf("  %-20s %s%s%s%s\n  %-20s default: %s\n", param->name, param->help,
               param->unit[0] ? " [" : "", param->unit, param->unit[0] ? "]" : "", "",
               param->initial[0] ? param->initial : "(empty)");
    printf("\noptions:\n");
    options_print(option_tables);
    printf("\nexample:\n  %s\n", run_command.example);
}

static lode_status find_job(const char *name, const struct lode_job **job)
{
    const char *names[32];
    int count = 0;
    for (int i = 0; lode_jobs[i] && count < 31; i++) {
        if (!lode_jobs[i]->store_kind) continue;
        if (strcmp(lode_jobs[i]->name, name) == 0) *job = lode_jobs[i];
        names[count++] = lode_jobs[i]->name;
    }
    names[count] = NULL;
    if (*job) return LODE_OK;
    const char *nearest = lode_text_nearest(name, names);
    if (nearest)
        return lode_fail(LODE_E_USAGE, "unknown job '%s', did you mean '%s'?", name, nearest);
    return lode_fail(LODE_E_USAGE, "unknown job '%s'; `lode run --help` lists them", name);
}

static lode_status set_params(const struct request *request, struct lode_params *params)
{
    for (int i = 0; i < request->n_changes; i++)
        lode_try(request->changes[i].is_file ? lode_params_load(params, request->changes[i].text)
                                             : lode_params_set(params, request->changes[i].text));
    return LODE_OK;
}

/* A failed run leaves its log behind only where that says something: not for bad arguments, bad
 * input or a full disk, which the message names. */
static bool worth_keeping(lode_status status)
{
    return status == LODE_OK || status == LODE_E_RUN || status == LODE_E_CLUSTER ||
           status == LODE_E_BUG || status == LODE_E_NUMERIC || status == LODE_E_STOPPED;
}

static lode_status execute(struct invocation *invocation, const struct request *request,
                           const struct lode_job *job, struct lode_params *params,
                           const char *store_path, struct lode_arena *arena)
{
    char *directory = NULL;
    struct lode_store *store = NULL;
    lode_try(lode_path_absolute(request->output, arena, &directory));
    lode_status status = lode_store_open(store_path, &store);
    if (!status && strcmp(store->kind, job->store_kind) != 0)
        status = lode_fail(LODE_E_INPUT, "%s: a store of kind '%s', job %s reads '%s'", store_path,
                           store->kind, job->name, job->store_kind);
    if (!status) status = job->check(params, store);
    if (!status) status = engine_make_directory(directory);
    if (status) {
        lode_store_close(store);
        return status;
    }
    const struct execution execution = {.job = job,
                                        .params = params,
                                        .store = store,
                                        .directory = directory,
                                        .arena = arena,
                                        .output = directory,
                                        .has_results = true,
                                        .has_record = true};
    status = engine_execute(invocation, &request->settings, &execution);
    lode_store_close(store);
    if (!worth_keeping(status) && lode_directory_remove(directory))
        fprintf(stderr, "lode: %s could not be removed\n", directory);
    if (!status && !request->settings.options.quiet)
        fprintf(stderr, "done: lode show %s\n", request->output);
    return status;
}

static lode_status launch(struct invocation *invocation, const struct request *request)
{
    char verdict[4096];
    snprintf(verdict, sizeof verdict, "%s.verdict-%d", request->output, (int)getpid());
    return mpirun_run(invocation, request->settings.mpirun_workers, verdict);
}

static lode_status run_parsed(struct invocation *invocation, struct request *request,
                              const char **words, struct lode_arena *arena)
{
    int n_words = 0;
    bool help = false;
    const struct lode_job *job = NULL;
    struct lode_params *params = NULL;
    lode_try(options_read(invocation->argument_count, invocation->arguments, option_tables, take,
                          request, words, &n_words, &help));
    if (n_words > 0) lode_try(find_job(words[0], &job));
    if (help) {
        print_help(job);
        return LODE_OK;
    }
    if (n_words != 2)
        return lode_fail(LODE_E_USAGE, "lode run takes a job and a store: lode run %s",
                         run_command.usage);
    if (!request->output)
        return lode_fail(LODE_E_USAGE, "lode run needs -o RUN, the run directory to make");
    if (access(request->output, F_OK) == 0)
        return lode_fail(LODE_E_USAGE, "%s: exists already; take another name or remove it",
                         request->output);
    if (request->settings.mpirun_workers > 0 && !invocation->is_rank)
        return launch(invocation, request);
    lode_try(lode_params_create(job->params, &params));
    lode_status status = set_params(request, params);
    if (!status) status = execute(invocation, request, job, params, words[1], arena);
    lode_params_destroy(params);
    return status;
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {0};
    struct lode_arena *arena = NULL;
    const size_t count = (size_t)invocation->argument_count + 1;
    cluster_settings_init(&request.settings);
    const char **words = calloc(count, sizeof *words);
    request.changes = calloc(count, sizeof *request.changes);
    lode_status status = words && request.changes
                             ? lode_arena_create(0, &arena)
                             : lode_fail(LODE_E_MEMORY, "no memory for the command line");
    if (!status) status = run_parsed(invocation, &request, words, arena);
    lode_arena_destroy(arena);
    free(request.changes);
    free(words);
    return status;
}

const struct command run_command = {
    .name = "run",
    .usage = "JOB STORE -o RUN [-n N | --local N] [--set NAME=VALUE]...",
    .summary = "run an analysis on a store; makes a run directory with tables and findings",
    .example = "lode run opportunities web.lode -o run1 --set k=1..4",
    .options = option_tables,
    .on_cluster = true,
    .run = run,
};
