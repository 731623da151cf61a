/* lode submit: hands a run, or workers for one, to the batch system. */
#include "common/file.h"
#include "common/text.h"
#include "coordinator/batch/child.h"
#include "coordinator/batch/limit.h"
#include "coordinator/batch/script.h"
#include "coordinator/command.h"
#include "coordinator/job_flags.h"
#include "coordinator/resume.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OUTPUT = 1,
    NODES,
    TASKS,
    TIME,
    PARTITION,
    SET,
    SPEC,
    ALLOW_PARTIAL,
    JOIN,
    RESUME,
    PRINT,
    RUN_OPTIONS_MAX = 64,
    CHECK_WORDS = 8
};

static const struct option own_options[] = {
    {OUTPUT, "-o", "RUN", "the run directory to make"},
    {NODES, "--nodes", "N", "nodes of the batch job (1)"},
    {TASKS, "--tasks-per-node", "N", "workers on each of them (1)"},
    {TIME, "--time", "LIMIT", "time limit as Slurm writes it: minutes, 02:30:00, 1-12:00:00"},
    {PARTITION, "--partition", "NAME", "partition of the batch system"},
    {JOIN, "--join", "RUN", "bring workers to a run that another batch job executes"},
    {RESUME, "--resume", "RUN", "go on with a run that was stopped or killed"},
    {PRINT, "--print", NULL, "show the batch script; submit nothing"},
    {SET, "--set", "NAME=VALUE", "a parameter of the job; may be given many times"},
    {SPEC, "--spec", "FILE.yaml", "parameters from a file; --set after it wins"},
    {ALLOW_PARTIAL, "--allow-partial", NULL,
     "go on without tasks that fail again and again, and say what is missing"},
    {0, NULL, NULL, NULL},
};
static const struct option *const own_tables[] = {own_options, NULL};

/* Those options of a run that are passed on: not the ones by which the allocation decides. */
static void list_run_options(struct option *list)
{
    static const char *const others[] = {"-n", "--local", "--workers-per-rank"};
    int count = 0;
    for (const struct option *at = cluster_option_table; at->id; at++) {
        bool is_passed = count < RUN_OPTIONS_MAX - 1;
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            is_passed = is_passed && strcmp(at->name, others[i]) != 0;
        if (is_passed) list[count++] = *at;
    }
    list[count] = (struct option){0};
}

struct request {
    struct script script;
    const char *output, *join, *resume; /* as the person wrote them; or NULL */
    bool print;
    struct option run_options[RUN_OPTIONS_MAX];
    struct job_flags flags;
    const char *scratch; /* the last --scratch, which need not be there on this machine */
};

static void pass_on(struct request *request, const char *name, const char *value)
{
    request->script.settings[request->script.n_settings++] = name;
    if (value) request->script.settings[request->script.n_settings++] = value;
}

static lode_status take_count(const char *name, const char *value, int *count)
{
    int64_t number = 0;
    if (!lode_text_to_i64(value, strlen(value), &number) || number < 1 || number > 100000)
        return lode_fail(LODE_E_USAGE, "%s %s: must be a number in 1..100000", name, value);
    *count = (int)number;
    return LODE_OK;
}

static lode_status take_time(struct request *request, const char *value)
{
    int64_t limit_s = 0;
    if (!limit_parse(value, &limit_s))
        return lode_fail(LODE_E_USAGE,
                         "--time %s: must be a time as Slurm writes it: minutes, 02:30:00, "
                         "1-12:00:00 or UNLIMITED",
                         value);
    request->script.time_limit = value;
    return LODE_OK;
}

/* An option of a run: checked as a run would, and passed on. */
static lode_status take_run_option(struct request *request, int id, const char *value)
{
    struct cluster_settings unused;
    bool taken = false;
    const struct option *option = request->run_options;
    while (option->id != id) option++;
    pass_on(request, option->name, value);
    if (strcmp(option->name, "--scratch") == 0) return LODE_OK; /* a folder of the nodes */
    cluster_settings_init(&unused);
    lode_try(cluster_settings_take(&unused, id, value, &taken));
    if (unused.options.memory_bytes) request->script.memory_bytes = unused.options.memory_bytes;
    return LODE_OK;
}

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    switch (id) {
    case OUTPUT:
        request->output = value;
        return LODE_OK;
    case NODES:
        return take_count("--nodes", value, &request->script.nodes);
    case TASKS:
        return take_count("--tasks-per-node", value, &request->script.tasks_per_node);
    case TIME:
        return take_time(request, value);
    case PARTITION:
        request->script.partition = value;
        return LODE_OK;
    case JOIN:
        request->join = value;
        return LODE_OK;
    case RESUME:
        request->resume = value;
        return LODE_OK;
    case PRINT:
        request->print = true;
        return LODE_OK;
    case SET:
        pass_on(request, "--set", value);
        return LODE_OK;
    case SPEC:
        pass_on(request, "--spec", value);
        return LODE_OK;
    case ALLOW_PARTIAL:
        pass_on(request, "--allow-partial", NULL);
        return LODE_OK;
    default:
        if (!job_flags_find(&request->flags, id)) return take_run_option(request, id, value);
        pass_on(request, job_flags_find(&request->flags, id)->name, value);
        return LODE_OK;
    }
}

static lode_status find_program(struct lode_arena *arena, char **program)
{
    char path[PATH_MAX];
    const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
    if (size < 0 || size == (ssize_t)sizeof path)
        return lode_fail(LODE_E_CLUSTER, "finding this program: %s", strerror(errno));
    return lode_arena_text(arena, path, (size_t)size, program);
}

static lode_status find_folder(struct lode_arena *arena, char **folder)
{
    char path[PATH_MAX];
    if (!getcwd(path, sizeof path))
        return lode_fail(LODE_E_DISK, "the current folder: %s", strerror(errno));
    return lode_arena_text(arena, path, strlen(path), folder);
}

/* What a run would refuse at once is refused now, not when the batch job starts: `lode run --check`
 * looks at job, store and parameters. */
static lode_status check_run(const struct request *request, struct lode_arena *arena,
                             struct invocation *invocation)
{
    const struct script *script = &request->script;
    const char **words = NULL;
    int count = 0;
    struct lode_bytes nothing = {0}, ignored = {0};
    lode_try(lode_take(arena, script->n_settings + CHECK_WORDS, &words));
    words[count++] = script->program;
    words[count++] = "run";
    words[count++] = script->job;
    words[count++] = script->store;
    words[count++] = "-o";
    words[count++] = script->run;
    words[count++] = "--check";
    for (int i = 0; i < script->n_settings; i++) {
        if (strcmp(script->settings[i], "--scratch") == 0)
            i++;
        else
            words[count++] = script->settings[i];
    }
    words[count] = NULL;
    const lode_status status = child_run(words, &nothing, &ignored, &invocation->exit_status);
    lode_bytes_clear(&ignored);
    return status;
}

static lode_status check_resume(const struct script *script)
{
    bool done = false;
    struct journal *journal = NULL;
    lode_try(resume_is_done(script->run, &done));
    if (done) return lode_fail(LODE_E_USAGE, "%s is done already: lode show shows it", script->run);
    lode_try(resume_find(script->run, &journal));
    journal_close(journal);
    return LODE_OK;
}

/* How much memory to ask for is the only thing that workers who join bring of their own. */
static lode_status check_join_settings(const struct script *script)
{
    for (int i = 0; i < script->n_settings; i += 2)
        if (strcmp(script->settings[i], "--memory") != 0)
            return lode_fail(LODE_E_USAGE, "--join: '%s' is decided by the run",
                             script->settings[i]);
    return LODE_OK;
}

/* Which of the three it is, with its words and paths. */
static lode_status complete(struct request *request, const char **words, int n_words,
                            struct lode_arena *arena)
{
    struct script *script = &request->script;
    const char *run = request->join     ? request->join
                      : request->resume ? request->resume
                                        : request->output;
    char *program = NULL, *folder = NULL, *directory = NULL, *store = NULL;
    script->kind = request->join ? SCRIPT_JOIN : request->resume ? SCRIPT_RESUME : SCRIPT_RUN;
    if (request->join && request->resume)
        return lode_fail(LODE_E_USAGE, "--join and --resume are two different batch jobs");
    if (script->kind != SCRIPT_RUN && (request->output || n_words > 0))
        return lode_fail(LODE_E_USAGE, "%s takes job, store and directory from the run: no '%s'",
                         request->join ? "--join" : "--resume", request->output ? "-o" : words[0]);
    if (script->kind == SCRIPT_RUN && n_words != 2)
        return lode_fail(LODE_E_USAGE,
                         "lode submit takes a job and a store; see lode submit --help");
    if (!run) return lode_fail(LODE_E_USAGE, "lode submit needs -o RUN, the run directory to make");
    if (request->join) lode_try(check_join_settings(script));
    lode_try(find_program(arena, &program));
    lode_try(find_folder(arena, &folder));
    lode_try(lode_path_absolute(run, arena, &directory));
    if (n_words == 2) lode_try(lode_path_absolute(words[1], arena, &store));
    script->program = program;
    script->folder = folder;
    script->run = directory;
    script->job = n_words == 2 ? words[0] : NULL;
    script->store = store;
    return LODE_OK;
}

/* "123", or "123;CLUSTER". */
static bool is_job_number(const struct lode_bytes *said, size_t *size)
{
    *size = 0;
    while (*size < said->size && said->data[*size] >= '0' && said->data[*size] <= '9') ++*size;
    return *size > 0;
}

static lode_status submit(const struct script *script, const struct lode_bytes *text)
{
    static const char *const sbatch[] = {"sbatch", "--parsable", NULL};
    struct lode_bytes said = {0}, log = {0};
    size_t size = 0;
    int exit_status = 0;
    lode_status status = LODE_OK;
    lode_try_done(child_run(sbatch, text, &said, &exit_status));
    if (exit_status == CHILD_NOT_FOUND)
        status = lode_fail(LODE_E_DISK,
                           "there is no sbatch on the PATH: submit from a machine where Slurm is, "
                           "or take --print for the script; for other batch systems see "
                           "docs/batch.md");
    else if (exit_status != 0 || !is_job_number(&said, &size))
        status = lode_fail(LODE_E_USAGE, "sbatch took no job (exit status %d)", exit_status);
    if (status) goto done;
    lode_try_done(script_log_path(script, &log));
    printf("%.*s %s\n", (int)size, (const char *)said.data, script->run);
    fprintf(stderr, "lode: batch job %.*s was submitted; what it says goes to %.*s\n", (int)size,
            (const char *)said.data, (int)log.size, (const char *)log.data);
done:
    lode_bytes_clear(&said);
    lode_bytes_clear(&log);
    return status;
}

/* A batch job whose log cannot be made fails without a word. */
static lode_status check_folder(const char *run)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", run);
    const char *folder = dirname(path);
    if (access(folder, W_OK | X_OK) == 0) return LODE_OK;
    return lode_fail(LODE_E_DISK, "%s cannot be made, nor its log beside it: %s: %s", run, folder,
                     strerror(errno));
}

static lode_status check(const struct request *request, struct lode_arena *arena,
                         struct invocation *invocation)
{
    char path[PATH_MAX];
    const struct script *script = &request->script;
    lode_try(check_folder(script->run));
    if (script->kind == SCRIPT_RUN) return check_run(request, arena, invocation);
    if (script->kind == SCRIPT_RESUME) return check_resume(script);
    snprintf(path, sizeof path, "%s/endpoint", script->run);
    if (access(path, F_OK))
        fprintf(stderr,
                "lode: %s is not under way at the moment; its new workers will wait a "
                "minute for it\n",
                script->run);
    return LODE_OK;
}

static void print_help(const struct request *request)
{
    const struct option *const tables[] = {own_options, request->run_options, NULL};
    printf("usage: lode submit %s\n\n%s\n\n", submit_command.usage, submit_command.summary);
    options_print(tables);
    printf("\nWhat comes after -- are further options of sbatch, one word each.\n"
           "\nexample:\n  %s\n",
           submit_command.example);
}

/* n_arguments: those before "--". */
static lode_status submit_parsed(struct invocation *invocation, struct request *request,
                                 int n_arguments, const char **words, struct lode_arena *arena)
{
    const struct option *const tables[] = {own_options, request->run_options,
                                           request->flags.options, NULL};
    struct lode_bytes text = {0};
    int n_words = 0;
    bool help = false;
    lode_try(options_read(n_arguments, invocation->arguments, tables, take, request, words,
                          &n_words, &help));
    if (help) {
        print_help(request);
        return LODE_OK;
    }
    lode_try(complete(request, words, n_words, arena));
    lode_status status = script_write(&request->script, &text);
    if (!status) status = check(request, arena, invocation);
    if (!status && invocation->exit_status == 0) {
        if (request->print)
            printf("%.*s", (int)text.size, (const char *)text.data);
        else
            status = submit(&request->script, &text);
    }
    lode_bytes_clear(&text);
    return status;
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {.script = {.nodes = 1, .tasks_per_node = 1}};
    struct lode_arena *arena = NULL;
    const int count = invocation->argument_count;
    const char **words = NULL;
    int n_arguments = 0;
    lode_try(lode_arena_create(0, &arena));
    list_run_options(request.run_options);
    job_flags_init(&request.flags);
    while (n_arguments < count && strcmp(invocation->arguments[n_arguments], "--") != 0)
        n_arguments++;
    lode_status status = lode_take(arena, count + 1, &words);
    if (!status) status = lode_take(arena, 2 * count + 1, &request.script.settings);
    if (!status) status = lode_take(arena, count + 1, &request.script.extra);
    for (int i = n_arguments + 1; !status && i < count; i++)
        request.script.extra[request.script.n_extra++] = invocation->arguments[i];
    if (!status) status = submit_parsed(invocation, &request, n_arguments, words, arena);
    lode_arena_destroy(arena);
    return status;
}

const struct command submit_command = {
    .name = "submit",
    .usage = "JOB STORE -o RUN [--nodes N] [--tasks-per-node M] [--time LIMIT] [--set "
             "NAME=VALUE]...\n"
             "                   [-- SBATCH-OPTION...]\n"
             "       lode submit --resume RUN | --join RUN [--nodes N] [--tasks-per-node M]",
    .summary = "writes a batch script for Slurm and submits it: a run, or more workers for one",
    .example = "lode submit opportunities web.lode -o run1 --nodes 4 --tasks-per-node 16 --time "
               "02:00:00",
    .options = own_tables,
    .run = run,
};
