/* Job faults: tasks that do no work, take as long as they are told, and go wrong as they are told.
 *
 * A fault is a parameter whose value is the number of a task: `crash=5` makes task 5 take its
 * process down. "Once" means the first attempt that runs, which need not be attempt 1 (a task that
 * waits at a worker may be given to another): it leaves a mark in the run's folder for the others.
 *
 * A result depends on the number of its task alone; merged are numbers and values, in task order.
 * Tasks are pieces of the store's partitions in name only, so that messages have something to name.
 */
#include "common/file.h"
#include "common/wire/pack.h"
#include "jobs/job.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const struct lode_job faults_job; /* declared for the registry, in registry.c */

enum { STEP_MS = 5, TASKS_MAX = 1000000, SLEEP_MAX_MS = 3600000, RESULT_MAX = 64 << 20 };
enum { PIECE = 1 << 20, HOARD_MAX = 4096 }; /* up to 4 GiB */

/* What can go wrong, in the order of `fault_names`. */
enum fault {
    CRASH,
    CRASH_ONCE,
    HANG,
    HANG_ONCE,
    SLOW_ONCE,
    FAIL,
    FAIL_ONCE,
    REFUSE,
    REFUSE_ONCE,
    STUBBORN,
    HOG,
    HOARD,
    N_FAULTS
};
static const char *const fault_names[N_FAULTS] = {
    "crash",     "crash_once", "hang",        "hang_once", "slow_once", "fail",
    "fail_once", "refuse",     "refuse_once", "stubborn",  "hog",       "hoard"};

struct faults_options {
    int64_t tasks, sleep_ms, slow_ms, signal, result_bytes;
    const char *until;    /* borrowed; not terminated where a leaf has it: see until_size */
    size_t until_size;    /* 0: none */
    int64_t at[N_FAULTS]; /* the task where it happens; -1: none */
};

static lode_status read_options(const struct lode_params *params, struct faults_options *options)
{
    lode_try(lode_params_i64(params, "tasks", 0, TASKS_MAX, &options->tasks));
    lode_try(lode_params_i64(params, "sleep_ms", 0, SLEEP_MAX_MS, &options->sleep_ms));
    lode_try(lode_params_i64(params, "slow_ms", 0, SLEEP_MAX_MS, &options->slow_ms));
    lode_try(lode_params_i64(params, "signal", 1, 64, &options->signal));
    lode_try(lode_params_i64(params, "result_bytes", 0, RESULT_MAX, &options->result_bytes));
    options->until = lode_params_text(params, "until");
    options->until_size = strlen(options->until);
    for (int i = 0; i < N_FAULTS; i++)
        lode_try(lode_params_i64(params, fault_names[i], -1, TASKS_MAX, &options->at[i]));
    return LODE_OK;
}

static lode_status check(const struct lode_params *params, const struct lode_store *store)
{
    struct faults_options options;
    (void)store;
    return read_options(params, &options);
}

static lode_status pack_options(const struct faults_options *options, struct lode_bytes *out)
{
    lode_try(lode_pack_bin(out, options->until, options->until_size));
    lode_try(lode_pack_i64(out, options->tasks));
    lode_try(lode_pack_i64(out, options->sleep_ms));
    lode_try(lode_pack_i64(out, options->slow_ms));
    lode_try(lode_pack_i64(out, options->signal));
    lode_try(lode_pack_i64(out, options->result_bytes));
    for (int i = 0; i < N_FAULTS; i++) lode_try(lode_pack_i64(out, options->at[i]));
    return LODE_OK;
}

static lode_status unpack_options(const struct lode_task *task, struct faults_options *options)
{
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    const uint8_t *until = NULL;
    lode_try(lode_unpack_bin(&in, &until, &options->until_size));
    options->until = (const char *)until;
    lode_try(lode_unpack_i64(&in, &options->tasks));
    lode_try(lode_unpack_i64(&in, &options->sleep_ms));
    lode_try(lode_unpack_i64(&in, &options->slow_ms));
    lode_try(lode_unpack_i64(&in, &options->signal));
    lode_try(lode_unpack_i64(&in, &options->result_bytes));
    for (int i = 0; i < N_FAULTS; i++) lode_try(lode_unpack_i64(&in, &options->at[i]));
    return lode_unpack_end(&in);
}

/* Work: time and progress. A stubborn one does not heed the wish that it stop. */
static lode_status work(struct lode_task *task, int64_t duration_ms, bool stubborn)
{
    for (int64_t done_ms = 0; done_ms < duration_ms; done_ms += STEP_MS) {
        usleep(STEP_MS * 1000);
        const lode_status status = lode_task_advance(task, 1);
        if (status && !stubborn) return status;
    }
    return LODE_OK;
}

/* The last task of a run that is to last as long as its test wants. */
static lode_status wait_for_file(struct lode_task *task, const struct faults_options *options)
{
    char path[4096];
    snprintf(path, sizeof path, "%.*s", (int)options->until_size, options->until);
    while (access(path, F_OK)) lode_try(work(task, STEP_MS, false));
    return LODE_OK;
}

static void hang_for_ever(void)
{
    for (;;) pause();
}

/* Does the fault happen now? One that happens once: only to who makes the mark. */
static bool is_due(const struct lode_task *task, const struct faults_options *options,
                   enum fault fault)
{
    char path[4096];
    const bool once = fault != CRASH && fault != HANG && fault != FAIL && fault != REFUSE &&
                      fault != HOG && fault != HOARD;
    if (options->at[fault] != task->index) return false;
    snprintf(path, sizeof path, "%s/%s", task->work_directory, fault_names[fault]);
    const int mark = once ? open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600) : -1;
    if (mark >= 0) close(mark);
    return !once || mark >= 0;
}

/* Takes and touches memory of the arena until there is no more. */
static lode_status hog(struct lode_task *task)
{
    for (;;) {
        uint8_t *taken = NULL;
        lode_try(lode_take(task->arena, PIECE, &taken));
        memset(taken, 1, PIECE);
        lode_try(lode_task_advance(task, 1));
    }
}

/* The same of the heap, past the arena and without a result; gives it back. */
static lode_status hoard(struct lode_task *task)
{
    struct lode_bytes hoarded[HOARD_MAX] = {{0}};
    lode_status status = LODE_OK;
    for (int i = 0; i < HOARD_MAX && !status; i++) {
        status = lode_bytes_reserve(&hoarded[i], PIECE);
        if (!status) memset(hoarded[i].data, 1, PIECE);
        if (!status) status = lode_task_advance(task, 1);
    }
    for (int i = 0; i < HOARD_MAX; i++) lode_bytes_clear(&hoarded[i]);
    return status;
}

static lode_status go_wrong(struct lode_task *task, const struct faults_options *options)
{
    if (is_due(task, options, CRASH) || is_due(task, options, CRASH_ONCE))
        raise((int)options->signal);
    if (is_due(task, options, HANG) || is_due(task, options, HANG_ONCE)) hang_for_ever();
    if (is_due(task, options, HOG)) return hog(task);
    if (is_due(task, options, HOARD)) return hoard(task);
    if (is_due(task, options, FAIL) || is_due(task, options, FAIL_ONCE))
        return lode_fail(LODE_E_DISK, "part %" PRId64 " has no room", task->index);
    if (is_due(task, options, REFUSE) || is_due(task, options, REFUSE_ONCE))
        return lode_fail(LODE_E_INPUT, "row %" PRId64 " is not what it must be", task->index);
    if (is_due(task, options, SLOW_ONCE)) return work(task, options->slow_ms, false);
    if (is_due(task, options, STUBBORN)) return work(task, options->slow_ms, true);
    return LODE_OK;
}

/* Result: the task's value, a number below 2^32; and as many zeros as were asked for, which make it
 * heavy and mean nothing. */
static uint64_t value_of(int64_t task)
{
    return ((uint64_t)task * UINT64_C(2654435761) + 12345) & UINT32_MAX;
}

static lode_status faults_leaf(struct lode_task *task)
{
    struct faults_options options;
    lode_try(unpack_options(task, &options));
    lode_try(go_wrong(task, &options));
    if (options.until_size > 0 && task->index == options.tasks - 1)
        lode_try(wait_for_file(task, &options));
    lode_try(work(task, options.sleep_ms, false));
    uint8_t *zeros = NULL;
    lode_try(lode_take_zero(task->arena, options.result_bytes, &zeros));
    lode_try(lode_pack_u64(task->output, value_of(task->index)));
    return lode_pack_bin(task->output, zeros, (size_t)options.result_bytes);
}

/* Task t is piece t / P of partition t % P, of P partitions. */
struct pieces {
    const struct lode_store *store;
    int64_t tasks;
};

static void describe(const void *context, int64_t task, char *text, size_t size)
{
    const struct pieces *pieces = context;
    const int64_t partitions = pieces->store->n_partitions;
    const struct lode_partition *partition = &pieces->store->partitions[task % partitions];
    const int64_t count = (pieces->tasks - task % partitions + partitions - 1) / partitions;
    const int64_t first = partition->n_sessions * (task / partitions) / count;
    const int64_t end = partition->n_sessions * (task / partitions + 1) / count;
    snprintf(text, size, "%s, sessions %" PRId64 " to %" PRId64, partition->file, first, end - 1);
}

/* What was merged so far. */
struct values {
    int64_t *tasks, *values, count, sum;
};

static lode_status merge(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct values *values = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    const uint8_t *zeros = NULL;
    size_t n_zeros = 0;
    uint64_t value = 0;
    lode_try(lode_unpack_u64(&in, &value));
    lode_try(lode_unpack_bin(&in, &zeros, &n_zeros));
    lode_try(lode_unpack_end(&in));
    values->tasks[values->count] = task;
    values->values[values->count++] = (int64_t)value;
    values->sum += (int64_t)value;
    return LODE_OK;
}

static lode_status put_values(struct lode_run *run, const struct values *values)
{
    char path[4096], line[128];
    struct lode_column columns[] = {
        lode_column_numbers("task", LODE_COLUMN_I64, values->tasks, NULL, "number of the task"),
        lode_column_numbers("value", LODE_COLUMN_I64, values->values, NULL, "its result"),
    };
    const struct lode_table table = {.name = "faults",
                                     .title = "what every task gave",
                                     .n_rows = values->count,
                                     .n_columns = 2,
                                     .columns = columns};
    lode_try(lode_results_put(run->results, &table));
    snprintf(path, sizeof path, "%s/findings.jsonl", run->directory);
    const int size =
        snprintf(line, sizeof line, "{\"rank\":1,\"tasks\":%" PRId64 ",\"sum\":%" PRId64 "}\n",
                 values->count, values->sum);
    return lode_file_write(path, line, (size_t)size, true);
}

static lode_status run_faults(struct lode_run *run)
{
    struct faults_options options;
    struct values values = {0};
    lode_try(read_options(run->params, &options));
    const struct pieces pieces = {
        .store = run->store, .tasks = options.tasks ? options.tasks : run->store->n_partitions};
    struct lode_stage stage = {.leaf = "faults.work",
                               .title = "going wrong",
                               .n_tasks = pieces.tasks,
                               .describe = describe,
                               .describe_context = &pieces};
    lode_try(lode_take(run->arena, pieces.tasks, &values.tasks));
    lode_try(lode_take(run->arena, pieces.tasks, &values.values));
    lode_status status = pack_options(&options, &stage.params);
    if (!status) status = lode_map(run, &stage, merge, &values);
    lode_bytes_clear(&stage.params);
    lode_try(status);
    return put_values(run, &values);
}

static const struct lode_leaf leaves[] = {{"faults.work", faults_leaf}, {NULL, NULL}};

static const struct lode_param params[] = {
    {"tasks", "16", "tasks", "how many; 0: one per partition of the store"},
    {"sleep_ms", "20", "ms", "how long a task takes, counting progress"},
    {"slow_ms", "30000", "ms", "how long a slow attempt takes"},
    {"until", "", "", "a file (absolute path): the last task ends once it exists"},
    {"result_bytes", "0", "bytes", "how heavy a result is"},
    {"signal", "9", "", "the signal by which a crash takes its process down"},
    {"crash", "-1", "task", "takes its process down, every time"},
    {"crash_once", "-1", "task", "takes its process down the first time"},
    {"hang", "-1", "task", "shows no progress for ever, every time"},
    {"hang_once", "-1", "task", "shows no progress for ever the first time"},
    {"slow_once", "-1", "task", "counts progress for slow_ms the first time"},
    {"fail", "-1", "task", "fails with an error, every time"},
    {"fail_once", "-1", "task", "fails with an error the first time"},
    {"refuse", "-1", "task", "says that its input is bad, every time"},
    {"refuse_once", "-1", "task", "says that its input is bad the first time"},
    {"hog", "-1", "task", "takes all memory there is, of its arena"},
    {"hoard", "-1", "task", "takes all memory there is, of the heap"},
    {"stubborn", "-1", "task", "as slow_once, and does not stop when told to"},
    {.name = NULL},
};

static const char *const show_columns[] = {"task", "value", NULL};

const struct lode_job faults_job = {
    .name = "faults",
    .store_kind = "events",
    .summary = "tasks that go wrong on purpose (for tests)",
    .leaves = leaves,
    .params = params,
    .check = check,
    .run = run_faults,
    .findings_table = "faults",
    .show_columns = show_columns,
};
