/* lode run: executes a job on a store. */
#include "common/file.h"
#include "coordinator/batch/quote.h"
#include "coordinator/command.h"
#include "coordinator/commands/alerting.h"
#include "coordinator/commands/dry_run.h"
#include "coordinator/commands/generation.h"
#include "coordinator/commands/named_job.h"
#include "coordinator/engine.h"
#include "coordinator/job_flags.h"
#include "coordinator/mpirun.h"
#include "coordinator/resume.h"
#include "coordinator/store_params.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT = 1, SET, SPEC, ALLOW_PARTIAL, RESUME, OR_RESUME, NO_JOURNAL, DRY_RUN, CHECK };

static const struct option own_options[] = {
    {OUTPUT, "-o", "RUN", "the run directory to make"},
    {SET, "--set", "NAME=VALUE", "a parameter of the job; may be given many times"},
    {ALLOW_PARTIAL, "--allow-partial", NULL,
     "go on without tasks that fail again and again, and say what is missing"},
    {DRY_RUN, "--dry-run", NULL, "say what it would take (tasks, bytes, memory, disk); do nothing"},
    {SPEC, "--spec", "FILE.yaml", "parameters from a file; --set after it wins"},
    {RESUME, "--resume", "RUN",
     "go on with a run that was stopped or killed: job, store and parameters are its own"},
    {OR_RESUME, "--or-resume", NULL,
     "with -o RUN: go on with RUN if it was begun already, for jobs that are started again"},
    {CHECK, "--check", NULL, NULL}, /* for lode submit: job, store and parameters, nothing more */
    {NO_JOURNAL, "--no-journal", NULL, NULL}, /* to measure what the journal costs */
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, cluster_option_table, NULL};

struct request {
    struct cluster_settings settings;
    const char *output;
    const char *resume; /* or NULL */
    bool no_journal;
    bool dry_run;
    bool or_resume;
    bool check;
    struct job_flags flags;
    int n_changes;
    struct {
        enum { CHANGE_SET, CHANGE_SPEC, CHANGE_FLAG } kind;
        const char *flag; /* "--labels" */
        const char *text;
    } * changes; /* --set, --spec and flags of jobs, in order */
};

/* A flag of the job, not of `lode run`. */
static bool take_flag(struct request *request, int id, const char *value)
{
    const struct option *flag = job_flags_find(&request->flags, id);
    if (!flag) return false;
    request->changes[request->n_changes].kind = CHANGE_FLAG;
    request->changes[request->n_changes].flag = flag->name;
    request->changes[request->n_changes++].text = value;
    return true;
}

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    bool taken = false;
    switch (id) {
    case OUTPUT:
        request->output = value;
        return LODE_OK;
    case RESUME:
        request->resume = value;
        return LODE_OK;
    case OR_RESUME:
        request->or_resume = true;
        return LODE_OK;
    case CHECK:
        request->check = true;
        return LODE_OK;
    case NO_JOURNAL:
        request->no_journal = true;
        return LODE_OK;
    case ALLOW_PARTIAL:
        request->settings.options.allow_partial = true;
        return LODE_OK;
    case DRY_RUN:
        request->dry_run = true;
        return LODE_OK;
    case SET:
    case SPEC:
        request->changes[request->n_changes].kind = id == SPEC ? CHANGE_SPEC : CHANGE_SET;
        request->changes[request->n_changes++].text = value;
        return LODE_OK;
    default:
        if (take_flag(request, id, value)) return LODE_OK;
        return cluster_settings_take(&request->settings, id, value, &taken);
    }
}

static void print_flags(const struct lode_param *params)
{
    bool is_first = true;
    for (; params->name; params++) {
        char name[JOB_FLAG_NAME], left[JOB_FLAG_NAME + 8];
        if (!job_flags_has(params)) continue;
        const char *value = job_flags_value(params);
        job_flags_name(params, name);
        snprintf(left, sizeof left, "%s%s%s", name, value ? " " : "", value ? value : "");
        printf("%s  %-26s %s\n", is_first ? "\nflags of this job:\n" : "", left, params->help);
        is_first = false;
    }
}

/* name: what the person calls the job. */
static void print_help(const struct lode_job *job, const char *name)
{
    if (!job) {
        command_help(&run_command);
        printf("\njobs (`lode run JOB --help` lists the parameters of one):\n");
        for (int i = 0; lode_jobs[i]; i++)
            if (lode_jobs[i]->store_kind)
                printf("  %-16s %s\n", lode_jobs[i]->name, lode_jobs[i]->summary);
        printf("  %-16s %s\n", "./NAME.so",
               "an analysis of your own, in a shared library "
               "(docs/own-analyses.md)");
        return;
    }
    printf("usage: lode run %s STORE -o RUN [options]\n\n%s\n\nparameters (--set name=value, or a "
           "line of --spec FILE.yaml):\n",
           name, job->summary);
    for (const struct lode_param *param = job->params; param->name; param++)
        if (!job_flags_has(param))
            printf("  %-20s %s%s%s%s\n  %-20s default: %s\n", param->name, param->help,
                   param->unit[0] ? " [" : "", param->unit, param->unit[0] ? "]" : "", "",
                   param->initial[0] ? param->initial : "(empty)");
    if (!job->params[0].name) printf("  (none)\n");
    print_flags(job->params);
    printf("\noptions:\n");
    options_print(option_tables);
    printf("\nexample:\n  lode run %s %s -o run1\n", name,
           strcmp(job->store_kind, "counters") == 0 ? "metrics.lode" : "web.lode");
}

static lode_status set_params(const struct request *request, const struct lode_job *job,
                              struct lode_params *params)
{
    for (int i = 0; i < request->n_changes; i++) {
        const char *text = request->changes[i].text;
        switch (request->changes[i].kind) {
        case CHANGE_SET:
            lode_try(lode_params_set(params, text));
            break;
        case CHANGE_SPEC:
            lode_try(lode_params_load(params, text));
            break;
        case CHANGE_FLAG:
            lode_try(job_flags_set(job->params, job->name, request->changes[i].flag, text, params));
            break;
        }
    }
    return LODE_OK;
}

/* One execution on its way from the command line to the engine. */
struct start {
    struct invocation *invocation;
    const struct request *request;
    struct lode_arena *arena;
    const char *name; /* of the run, as the person wrote it */
    char *directory;
    struct run_identity identity;
    struct plugin plugin; /* that the job is in, if any */
    struct journal *journal;
};

/* A job's name, or the path of the library that it is in. hash: see plugin_open. */
static lode_status find_job(struct start *start, const char *word, const uint64_t *hash)
{
    lode_try(named_job_find(word, hash, &start->plugin, &start->identity.job));
    if (plugin_is_path(word)) start->identity.plugin = &start->plugin;
    return LODE_OK;
}

static bool is_lost(const struct start *start)
{
    return start->journal && journal_is_lost(start->journal);
}

/* Whether what was done so far is worth going on with: not for bad arguments; for bad input when
 * something was computed before (a disk that is mounted again, a part that is put back). */
static bool may_go_on(const struct start *start, lode_status status)
{
    if (!start->journal || !status || status == LODE_E_USAGE) return false;
    return status != LODE_E_INPUT || journal_has_results(start->journal);
}

/* A failed run leaves its log behind only where that says something: not for bad arguments, bad
 * input or, without a journal, a full disk, which the message names. */
static bool worth_keeping(const struct start *start, lode_status status)
{
    return may_go_on(start, status) || is_lost(start) || status == LODE_OK ||
           status == LODE_E_RUN || status == LODE_E_CLUSTER || status == LODE_E_BUG ||
           status == LODE_E_NUMERIC || status == LODE_E_STOPPED;
}

static void tell_how_to_go_on(const struct start *start)
{
    struct lode_bytes name = {0};
    if (!quote_shell(start->name, &name))
        fprintf(stderr, "lode: to go on: lode run --resume %.*s\n", (int)name.size,
                (const char *)name.data);
    lode_bytes_clear(&name);
}

static lode_status execute(struct start *start)
{
    struct alerting alerting;
    lode_try(alerting_prepare(start->identity.params, start->arena, &alerting));
    lode_try(generation_prepare(start->identity.params, start->identity.store, start->directory));
    const struct execution execution = {.job = start->identity.job,
                                        .plugin = start->identity.plugin,
                                        .params = start->identity.params,
                                        .store = start->identity.store,
                                        .directory = start->directory,
                                        .arena = start->arena,
                                        .journal = start->journal,
                                        .output = start->directory,
                                        .name = start->directory,
                                        .describe = generation_describe,
                                        .has_results = true,
                                        .has_record = true};
    struct cluster_settings settings = start->request->settings;
    settings.options.allow_partial = start->identity.allow_partial;
    lode_try(engine_execute(start->invocation, &settings, &execution));
    start->invocation->exit_status =
        alerting_conclude(&alerting, start->directory, settings.options.quiet);
    return LODE_OK;
}

/* Lets go of the run, and tells how it went on. */
static lode_status finish(struct start *start, lode_status status)
{
    const bool is_ours = start->journal && !is_lost(start);
    if (may_go_on(start, status) && is_ours) tell_how_to_go_on(start);
    journal_close(start->journal);
    if (!status && is_ours) status = journal_remove(start->directory);
    if (!status && !start->request->settings.options.quiet)
        fprintf(stderr, "done: lode show %s\n", start->name);
    return status;
}

static lode_status open_store(struct start *start, const char *path)
{
    const struct lode_job *job = start->identity.job;
    lode_try(lode_store_open(path, &start->identity.store));
    if (strcmp(start->identity.store->kind, job->store_kind) != 0)
        return lode_fail(LODE_E_INPUT, "%s: a store of kind '%s', job %s reads '%s'", path,
                         start->identity.store->kind, job->name, job->store_kind);
    return job->check ? job->check(start->identity.params, start->identity.store) : LODE_OK;
}

static lode_status begin(struct start *start, const char *store_path)
{
    lode_try(open_store(start, store_path));
    if (start->request->check) return LODE_OK;
    if (start->request->dry_run) {
        const struct lode_run asked = {.params = start->identity.params,
                                       .store = start->identity.store,
                                       .arena = start->arena};
        return dry_run(start->identity.job, &asked, &start->request->settings, start->directory);
    }
    lode_try(metrics_check(&start->request->settings.metrics));
    lode_try(engine_make_directory(start->directory));
    lode_status status = LODE_OK;
    if (!start->request->no_journal)
        status = resume_begin(start->directory, &start->identity, start->arena, &start->journal);
    if (!status) status = execute(start);
    const bool is_kept = worth_keeping(start, status);
    status = finish(start, status);
    if (!is_kept && lode_directory_remove(start->directory))
        fprintf(stderr, "lode: %s could not be removed\n", start->directory);
    return status;
}

static lode_status begin_with_params(struct start *start, const char *store_path)
{
    struct lode_params *params = NULL;
    lode_try(lode_params_create(start->identity.job->params, &params));
    start->identity.params = params;
    lode_status status = set_params(start->request, start->identity.job, params);
    if (!status) status = store_params_set(start->identity.job->params, params);
    if (!status) status = generation_set(params);
    if (!status) status = begin(start, store_path);
    lode_store_close(start->identity.store);
    lode_params_destroy(params);
    return status;
}

/* What the person gives again must be what the run was begun with. */
static lode_status go_on(struct start *start, struct lode_params *params)
{
    const struct header *header = journal_header(start->journal);
    lode_try(resume_params(start->journal, params));
    lode_try(set_params(start->request, start->identity.job, params));
    lode_try(store_params_set(start->identity.job->params, params));
    lode_try(generation_set(params));
    lode_try(open_store(start, header->store));
    start->identity.allow_partial =
        header->allow_partial || start->request->settings.options.allow_partial;
    lode_try(metrics_check(&start->request->settings.metrics));
    lode_try(resume_go_on(start->directory, &start->identity, start->arena, start->journal));
    if (!start->request->settings.options.quiet)
        fprintf(stderr, "going on with %s (epoch %lld)\n", start->name,
                (long long)journal_epoch(start->journal));
    return execute(start);
}

/* The job that the run was begun as. */
static lode_status find_job_again(struct start *start)
{
    const struct header *header = journal_header(start->journal);
    if (header->library[0] == '\0') return find_job(start, header->job, NULL);
    const lode_status status = find_job(start, header->library, &header->library_hash);
    return status ? lode_note(status, "the run goes on with its own library, or is run anew")
                  : LODE_OK;
}

/* words: job and store, as far as they were given. */
static lode_status resume(struct start *start, const char *job, const char *store_path)
{
    struct lode_params *params = NULL;
    lode_try(resume_find(start->directory, &start->journal));
    const struct header *header = journal_header(start->journal);
    const struct resume_words was = {header->job, header->library, header->store};
    lode_status status = resume_check_words(&was, job, store_path);
    if (!status) status = find_job_again(start);
    if (!status) status = lode_params_create(start->identity.job->params, &params);
    start->identity.params = params;
    if (!status) status = go_on(start, params);
    status = finish(start, status);
    lode_store_close(start->identity.store);
    lode_params_destroy(params);
    return status;
}

static lode_status launch(struct start *start)
{
    char verdict[4096];
    snprintf(verdict, sizeof verdict, "%s.verdict-%d", start->directory, (int)getpid());
    const int workers = start->request->settings.mpirun_workers;
    const lode_status status = mpirun_run(start->invocation, workers, verdict);
    /* the coordinator died before it could say so itself */
    if (status && journal_exists(start->directory)) tell_how_to_go_on(start);
    return status;
}

/* A run that was begun: done, and says so, or gone on with. `job_word`, `store_path` may be NULL.
 */
static lode_status go_on_or_done(struct start *start, const char *job_word, const char *store_path)
{
    bool done = false;
    lode_try(resume_is_done(start->directory, &done));
    if (done) {
        lode_try(resume_check_done(start->directory, job_word, store_path));
        fprintf(stderr, "%s is done already: lode show %s\n", start->name, start->name);
        return LODE_OK;
    }
    if (start->request->settings.mpirun_workers > 0 && !start->invocation->is_rank)
        return launch(start);
    return resume(start, job_word, store_path);
}

static lode_status resume_parsed(struct start *start, const char **words, int n_words)
{
    start->name = start->request->resume;
    if (start->request->output)
        return lode_fail(LODE_E_USAGE, "--resume goes on in its own directory: no -o");
    if (start->request->dry_run)
        return lode_fail(LODE_E_USAGE,
                         "--dry-run is for runs that were not begun; `lode status %s`",
                         start->name);
    if (n_words > 2) return lode_fail(LODE_E_USAGE, "a word too many: '%s'", words[2]);
    lode_try(lode_path_absolute(start->name, start->arena, &start->directory));
    return go_on_or_done(start, n_words > 0 ? words[0] : NULL, n_words > 1 ? words[1] : NULL);
}

/* Asked for before the job is looked for: a run that goes on has its own. */
static lode_status find_begun(struct start *start, int n_words, bool *begun)
{
    const struct request *request = start->request;
    if (!request->or_resume || !request->output || n_words != 2) return LODE_OK;
    if (request->dry_run)
        return lode_fail(LODE_E_USAGE, "--dry-run says what a new run takes: no --or-resume");
    start->name = request->output;
    lode_try(lode_path_absolute(start->name, start->arena, &start->directory));
    return resume_is_begun(start->directory, begun);
}

static lode_status run_parsed(struct start *start, const char **words, int n_words, bool help)
{
    const struct request *request = start->request;
    bool begun = false;
    if (request->resume && !help) return resume_parsed(start, words, n_words);
    if (!help) lode_try(find_begun(start, n_words, &begun));
    if (begun) return go_on_or_done(start, words[0], words[1]);
    if (n_words > 0) lode_try(find_job(start, words[0], NULL));
    if (help) {
        print_help(start->identity.job, n_words > 0 ? words[0] : NULL);
        return LODE_OK;
    }
    if (n_words != 2)
        return lode_fail(LODE_E_USAGE, "lode run takes a job and a store; see lode run --help");
    if (!request->output)
        return lode_fail(LODE_E_USAGE, "lode run needs -o RUN, the run directory to make");
    start->name = request->output;
    if (!request->or_resume && access(request->output, F_OK) == 0)
        return lode_fail(LODE_E_USAGE, "%s: exists already; take another name or remove it%s",
                         request->output,
                         journal_exists(request->output) ? ", or go on with it (--resume)" : "");
    lode_try(lode_path_absolute(request->output, start->arena, &start->directory));
    if (request->settings.mpirun_workers > 0 && !start->invocation->is_rank && !request->dry_run &&
        !request->check)
        return launch(start);
    start->identity.allow_partial = request->settings.options.allow_partial;
    return begin_with_params(start, words[1]);
}

static lode_status run_words(struct invocation *invocation, struct request *request,
                             const char **words, struct lode_arena *arena)
{
    int n_words = 0;
    bool help = false;
    struct start start = {.invocation = invocation, .request = request, .arena = arena};
    job_flags_init(&request->flags);
    const struct option *const tables[] = {own_options, cluster_option_table,
                                           request->flags.options, NULL};
    lode_try(options_read(invocation->argument_count, invocation->arguments, tables, take, request,
                          words, &n_words, &help));
    const lode_status status = run_parsed(&start, words, n_words, help);
    plugin_close(&start.plugin);
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
    if (!status) status = run_words(invocation, &request, words, arena);
    lode_arena_destroy(arena);
    free(request.changes);
    free(words);
    return status;
}

const struct command run_command = {
    .name = "run",
    .usage =
        "JOB STORE -o RUN [-n N | --local N] [--set NAME=VALUE]...\n       lode run --resume RUN "
        "[-n N | --local N]",
    .summary = "run an analysis on a store; makes a run directory with tables and findings",
    .example = "lode run opportunities web.lode -o run1 --set k=1..4",
    .options = option_tables,
    .on_cluster = true,
    .run = run,
};
