/* lode verify: proves "the same bytes for any number of workers" on the user's own data.
 *
 * Runs the job once for each number of workers, then, with --kill, once more while workers are
 * killed, and compares what the runs answer with what the first one did. Each run is a process of
 * its own, started as a user would start it.
 */
#include "common/file.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/job_flags.h"
#include "coordinator/signals.h"
#include "coordinator/trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNTS = 1, KILL, SEED, SET, SPEC, MPI, KEEP, JSON };
enum {
    COUNTS_MAX = 16,
    KILLS_MAX = 100,
    WORKERS_MAX = 10000,
    DIRECTORY_SIZE = 3800,
    PATH_SIZE = 4096,
    BLOCK = 1 << 16
};

static const struct option own_options[] = {
    {COUNTS, "-n", "N,N,...", "numbers of workers to compare (1,2,5)"},
    {KILL, "--kill", "K", "run each once more and kill K of its workers on the way"},
    {SEED, "--seed", "S", "equal seeds kill at equal times (1)"},
    {SET, "--set", "NAME=VALUE", "a parameter of the job; may be given many times"},
    {SPEC, "--spec", "FILE.yaml", "parameters from a file; --set after it wins"},
    {MPI, "--mpi", NULL, "start workers with mpirun (lode run -n) instead of --local"},
    {KEEP, "--keep", "DIR", "make this folder and leave the runs in it"},
    {JSON, "--json", NULL, "the answer as JSON"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

/* What every run answers; times and hosts are in its other files. */
static const char *const compared_files[] = {"results.h5", "findings.jsonl"};
enum { COMPARED = sizeof compared_files / sizeof *compared_files };

struct row {
    int workers, asked, killed; /* asked: kills */
    int64_t repeated;           /* attempts that were lost, failed or hung */
    struct trial_outcome outcome;
    int64_t differs[COMPARED]; /* first byte that is not the first run's; -1: none */
};

struct request {
    int counts[COUNTS_MAX], n_counts;
    int kills;
    uint64_t seed;
    bool under_mpirun, json;
    const char *keep;
    const char **words;     /* JOB and STORE */
    const char **passed_on; /* --set, --spec and flags of jobs with their values, in order */
    struct job_flags flags;
    int n_passed_on;
    char directory[DIRECTORY_SIZE];
    struct row rows[2 * COUNTS_MAX];
    int n_rows;
};

static lode_status take_number(const char *option, const char *text, size_t size, int64_t least,
                               int64_t most, int64_t *number)
{
    if (lode_text_to_i64(text, size, number) && *number >= least && *number <= most) return LODE_OK;
    return lode_fail(LODE_E_USAGE, "%s %.*s: must be a number in %lld..%lld", option, (int)size,
                     text, (long long)least, (long long)most);
}

static lode_status take_counts(struct request *request, const char *text)
{
    request->n_counts = 0;
    for (const char *at = text;; at++) {
        const size_t size = strcspn(at, ",");
        int64_t number = 0;
        if (request->n_counts == COUNTS_MAX)
            return lode_fail(LODE_E_USAGE, "-n %s: at most %d numbers", text, COUNTS_MAX);
        if (size == 0) return lode_fail(LODE_E_USAGE, "-n '%s': a number is missing", text);
        lode_try(take_number("-n", at, size, 1, WORKERS_MAX, &number));
        request->counts[request->n_counts++] = (int)number;
        at += size;
        if (*at == '\0') return LODE_OK;
    }
}

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    const struct option *flag = job_flags_find(&request->flags, id);
    int64_t number = 0;
    if (flag) {
        request->passed_on[request->n_passed_on++] = flag->name;
        if (value) request->passed_on[request->n_passed_on++] = value;
        return LODE_OK;
    }
    switch (id) {
    case COUNTS:
        return take_counts(request, value);
    case KILL:
        lode_try(take_number("--kill", value, strlen(value), 0, KILLS_MAX, &number));
        request->kills = (int)number;
        return LODE_OK;
    case SEED:
        lode_try(take_number("--seed", value, strlen(value), 0, INT64_MAX, &number));
        request->seed = (uint64_t)number;
        return LODE_OK;
    case SET:
    case SPEC:
        request->passed_on[request->n_passed_on++] = id == SET ? "--set" : "--spec";
        request->passed_on[request->n_passed_on++] = value;
        return LODE_OK;
    case MPI:
        request->under_mpirun = true;
        return LODE_OK;
    case KEEP:
        request->keep = value;
        return LODE_OK;
    default:
        request->json = true;
        return LODE_OK;
    }
}

static lode_status read_block(FILE *file, const char *path, char *block, size_t *size)
{
    *size = fread(block, 1, BLOCK, file);
    if (ferror(file)) return lode_fail(LODE_E_INPUT, "%s cannot be read", path);
    return LODE_OK;
}

static int64_t first_difference(const char *a, size_t a_size, const char *b, size_t b_size)
{
    const size_t size = a_size < b_size ? a_size : b_size;
    for (size_t i = 0; i < size; i++)
        if (a[i] != b[i]) return (int64_t)i;
    return a_size == b_size ? -1 : (int64_t)size;
}

/* *differs: the first byte (from 0) that the two files do not share; -1: they are equal, or neither
 * is there (an analysis without findings). */
static lode_status compare_files(const char *a_path, const char *b_path, int64_t *differs)
{
    char a_block[BLOCK], b_block[BLOCK];
    size_t a_size = 0, b_size = 0;
    int64_t before = 0;
    lode_status status = LODE_OK;
    *differs = -1;
    if (access(a_path, F_OK) && access(b_path, F_OK)) return LODE_OK;
    FILE *a = fopen(a_path, "re"), *b = fopen(b_path, "re");
    if (!a || !b) {
        status = lode_fail(LODE_E_INPUT, "%s: %s", a ? b_path : a_path, strerror(errno));
        goto done;
    }
    do {
        lode_try_done(read_block(a, a_path, a_block, &a_size));
        lode_try_done(read_block(b, b_path, b_block, &b_size));
        const int64_t at = first_difference(a_block, a_size, b_block, b_size);
        *differs = at < 0 ? -1 : before + at;
        before += (int64_t)a_size;
    } while (*differs < 0 && a_size > 0);
done:
    if (a) fclose(a);
    if (b) fclose(b);
    return status;
}

/* "DIR/3-n5" or "DIR/6-n5-killed", and a file in or beside it. */
static void run_path(const struct request *request, const struct row *row, const char *rest,
                     char *path)
{
    snprintf(path, PATH_SIZE, "%s/%d-n%d%s%s", request->directory, (int)(row - request->rows) + 1,
             row->workers, row->asked ? "-killed" : "", rest);
}

static bool is_same(const struct row *row)
{
    for (int i = 0; i < COMPARED; i++)
        if (row->differs[i] >= 0) return false;
    return true;
}

static lode_status compare(const struct request *request, struct row *row)
{
    char path[PATH_SIZE], first[PATH_SIZE], rest[64];
    for (int i = 0; i < COMPARED; i++) {
        snprintf(rest, sizeof rest, "/%s", compared_files[i]);
        run_path(request, row, rest, path);
        run_path(request, &request->rows[0], rest, first);
        lode_try(compare_files(first, path, &row->differs[i]));
    }
    run_path(request, row, "/log/tasks.csv", path);
    return trial_count_repeated(path, &row->repeated);
}

/* What the run said, then which one it was. */
static void tell_failure(const struct row *row, const char *errors)
{
    char block[BLOCK];
    FILE *file = fopen(errors, "re");
    for (size_t size = 1; file && size > 0;) {
        size = fread(block, 1, sizeof block, file);
        fwrite(block, 1, size, stderr);
    }
    if (file) fclose(file);
    fprintf(stderr, "lode: the run with %d worker%s, %d of them killed, ended with status %d\n",
            row->workers, row->workers == 1 ? "" : "s", row->killed, row->outcome.exit_status);
}

/* One run. A failure of its own is told, and is the exit status of the invocation. */
static lode_status try_once(struct invocation *invocation, const struct request *request,
                            int64_t span_us, struct row *row)
{
    char output[PATH_SIZE], errors[PATH_SIZE];
    int64_t kill_us[KILLS_MAX];
    run_path(request, row, "", output);
    run_path(request, row, ".errors", errors);
    trial_kill_times(request->seed, (uint64_t)row->workers, row->asked, span_us, kill_us);
    const struct trial trial = {.job = request->words[0],
                                .store = request->words[1],
                                .output = output,
                                .errors = errors,
                                .workers = row->workers,
                                .under_mpirun = request->under_mpirun,
                                .options = request->passed_on,
                                .n_options = request->n_passed_on,
                                .kill_us = kill_us,
                                .n_kills = row->asked};
    lode_try(trial_run(&trial, &row->outcome));
    row->killed = row->outcome.killed;
    if (row->outcome.exit_status) {
        tell_failure(row, errors);
        invocation->exit_status = row->outcome.exit_status;
        return LODE_OK;
    }
    lode_try(compare(request, row));
    /* the first is still needed, the others only fill the disk */
    return request->keep || row == request->rows ? LODE_OK : lode_directory_remove(output);
}

static void print_row(const struct row *row, bool is_first)
{
    char killed[32];
    if (row->killed == row->asked)
        snprintf(killed, sizeof killed, "%d", row->killed);
    else
        snprintf(killed, sizeof killed, "%d of %d", row->killed, row->asked);
    if (is_first)
        printf("%7s %9s %8s %8s  %s\n", "workers", "killed", "repeated", "seconds", "bytes");
    printf("%7d %9s %8lld %8.2f  ", row->workers, killed, (long long)row->repeated,
           (double)row->outcome.wall_us / 1e6);
    if (is_same(row)) printf("same");
    for (int i = 0, n = 0; i < COMPARED; i++)
        if (row->differs[i] >= 0)
            printf("%s %s from byte %lld", n++ ? "," : "DIFFERENT:", compared_files[i],
                   (long long)row->differs[i]);
    printf("\n");
    fflush(stdout); /* a long proof is read while it goes on */
}

static void print_json(const struct request *request, bool all_same)
{
    printf("{\"same\": %s, \"runs\": [", all_same ? "true" : "false");
    for (const struct row *row = request->rows; row < request->rows + request->n_rows; row++) {
        printf("%s\n  {\"workers\": %d, \"kills\": %d, \"killed\": %d, \"repeated\": %lld, "
               "\"seconds\": %.3f, \"same\": %s, \"different\": [",
               row == request->rows ? "" : ",", row->workers, row->asked, row->killed,
               (long long)row->repeated, (double)row->outcome.wall_us / 1e6,
               is_same(row) ? "true" : "false");
        for (int i = 0, n = 0; i < COMPARED; i++)
            if (row->differs[i] >= 0)
                printf("%s{\"file\": \"%s\", \"byte\": %lld}", n++ ? ", " : "", compared_files[i],
                       (long long)row->differs[i]);
        printf("]}");
    }
    printf("\n]}\n");
}

static lode_status try_all(struct invocation *invocation, struct request *request)
{
    const int rounds = request->kills > 0 ? 2 : 1;
    bool all_same = true;
    for (int i = 0; i < rounds * request->n_counts; i++) {
        struct row *row = &request->rows[i];
        *row = (struct row){.workers = request->counts[i % request->n_counts],
                            .asked = i < request->n_counts ? 0 : request->kills};
        const int64_t span_us =
            row->asked ? request->rows[i - request->n_counts].outcome.working_us : 0;
        lode_try(try_once(invocation, request, span_us, row));
        if (invocation->exit_status) return LODE_OK;
        request->n_rows++;
        all_same = all_same && is_same(row);
        if (!request->json) print_row(row, i == 0);
    }
    if (request->json) print_json(request, all_same);
    if (all_same) return LODE_OK;
    return lode_fail(LODE_E_RUN, "not all runs gave the same bytes%s%s",
                     request->keep ? "; compare the folders in " : "; --keep DIR leaves the runs",
                     request->keep ? request->keep : "");
}

static lode_status make_directory(struct request *request)
{
    const char *parent = getenv("TMPDIR");
    if (!parent || !parent[0]) parent = "."; /* with --mpi all nodes have to see it */
    const int size =
        request->keep
            ? snprintf(request->directory, DIRECTORY_SIZE, "%s", request->keep)
            : snprintf(request->directory, DIRECTORY_SIZE, "%s/%s", parent, "lode-verify-XXXXXX");
    if (size >= DIRECTORY_SIZE)
        return lode_fail(LODE_E_USAGE, "a folder's name of %d bytes: at most %d", size,
                         DIRECTORY_SIZE - 1);
    if (request->keep) return lode_directory_make(request->directory);
    if (!mkdtemp(request->directory))
        return lode_fail(LODE_E_DISK, "no folder can be made in %s: %s", parent, strerror(errno));
    return LODE_OK;
}

static lode_status verify(struct invocation *invocation, struct request *request)
{
    bool help = false;
    int n_words = 0;
    job_flags_init(&request->flags);
    const struct option *const tables[] = {own_options, request->flags.options, NULL};
    lode_try(options_read(invocation->argument_count, invocation->arguments, tables, take, request,
                          request->words, &n_words, &help));
    if (help) {
        command_help(&verify_command);
        return LODE_OK;
    }
    if (n_words != 2)
        return lode_fail(LODE_E_USAGE, "lode verify takes a job and a store: lode verify %s",
                         verify_command.usage);
    if (request->n_counts == 0) lode_try(take_counts(request, "1,2,5"));
    signals_catch();
    lode_try(make_directory(request));
    const lode_status status = try_all(invocation, request);
    if (status == LODE_E_STOPPED) invocation->exit_status = 128 + signals_seen().last_stop;
    if (!request->keep && lode_directory_remove(request->directory))
        fprintf(stderr, "lode: %s could not be removed\n", request->directory);
    return status;
}

static lode_status run(struct invocation *invocation)
{
    const size_t count = (size_t)invocation->argument_count + 1;
    struct request *request = calloc(1, sizeof *request);
    const char **words = calloc(count, sizeof *words);
    const char **passed_on = calloc(2 * count, sizeof *passed_on); /* "--set=x" becomes two */
    lode_status status = LODE_E_MEMORY;
    if (request && words && passed_on) {
        request->words = words;
        request->passed_on = passed_on;
        request->seed = 1;
        status = verify(invocation, request);
    } else {
        status = lode_fail(LODE_E_MEMORY, "no memory for the command line");
    }
    free(passed_on);
    free(words);
    free(request);
    return status;
}

const struct command verify_command = {
    .name = "verify",
    .usage = "JOB STORE [-n 1,2,5] [--kill K] [--seed S] [--set NAME=VALUE]...",
    .summary = "prove that a job gives the same bytes for any number of workers",
    .example = "lode verify opportunities web.lode -n 1,2,5 --kill 3",
    .options = option_tables,
    .run = run,
};
