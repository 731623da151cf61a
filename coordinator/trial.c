/* Trial: fork, exec, look for workers in /proc, kill.
 *
 * Workers are known by their command line and by having the child among their ancestors: a forked
 * one is its child, one under mpirun its great-grandchild.
 */
#include "coordinator/trial.h"

#include "common/clock.h"
#include "common/input/rows.h"
#include "common/stats/random.h"
#include "common/text.h"
#include "coordinator/signals.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    POLL_US = 2000,
    REMIND_US =
        1000000, /* a child that is to stop is told again: under mpirun the first is a wish */
    PATIENCE_US = 30000000,
    OWN_WORDS = 12,
    ANCESTORS_MAX = 16,
    COLUMNS_MAX = 32
};

static ssize_t read_proc(pid_t pid, const char *name, char *text, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    const ssize_t size = read(file, text, room - 1);
    close(file);
    if (size >= 0) text[size] = '\0';
    return size;
}

/* Parent and start (in ticks since boot) of a process; false when it is gone or a zombie. */
static bool read_process(pid_t pid, pid_t *parent, uint64_t *start)
{
    char text[1024], state = 'Z';
    int parent_id = 0;
    unsigned long long ticks = 0;
    if (read_proc(pid, "stat", text, sizeof text) <= 0) return false;
    const char *rest = strrchr(text, ')'); /* the name before it may hold anything */
    if (!rest) return false;
    if (sscanf(rest + 1,
               " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
               &state, &parent_id, &ticks) != 3)
        return false;
    *parent = parent_id;
    *start = ticks;
    return state != 'Z';
}

static bool is_worker(pid_t pid)
{
    static const char words[] = "worker\0--door-fd"; /* after argv[0] */
    char line[512];
    const ssize_t size = read_proc(pid, "cmdline", line, sizeof line);
    if (size <= 0) return false;
    const size_t first = strlen(line) + 1;
    return first + sizeof words <= (size_t)size && memcmp(line + first, words, sizeof words) == 0;
}

static bool is_below(pid_t pid, pid_t ancestor)
{
    uint64_t start = 0;
    for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
        if (!read_process(pid, &pid, &start)) return false;
        if (pid == ancestor) return true;
    }
    return false;
}

/* The worker below `ancestor` that has run longest, the lower pid of two; 0: none. */
static pid_t oldest_worker(pid_t ancestor)
{
    pid_t oldest = 0, parent = 0;
    uint64_t oldest_start = UINT64_MAX, start = 0;
    DIR *processes = opendir("/proc");
    if (!processes) return 0;
    for (const struct dirent *entry = readdir(processes); entry; entry = readdir(processes)) {
        int64_t number = 0;
        if (!lode_text_to_i64(entry->d_name, strlen(entry->d_name), &number)) continue;
        const pid_t pid = (pid_t)number;
        if (!is_worker(pid) || !read_process(pid, &parent, &start) || !is_below(pid, ancestor))
            continue;
        if (start > oldest_start || (start == oldest_start && pid > oldest)) continue;
        oldest = pid;
        oldest_start = start;
    }
    closedir(processes);
    return oldest;
}

/* In the child. */
static void become_run(const struct trial *trial, char **arguments, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1); /* the parent died before the line above */
    setpgid(0, 0);                     /* Ctrl-C is the parent's to handle */
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int errors = open(trial->errors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (nothing < 0 || errors < 0) _exit(126);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    execv("/proc/self/exe", arguments);
    _exit(127);
}

static lode_status start(const struct trial *trial, pid_t *pid)
{
    char number[16];
    const char *const own[] = {"lode",        "run",     "-o",
                               trial->output, "--quiet", trial->under_mpirun ? "-n" : "--local",
                               number};
    const size_t n_own = sizeof own / sizeof *own, n_options = (size_t)trial->n_options;
    snprintf(number, sizeof number, "%d", trial->workers);
    const char **words = calloc(OWN_WORDS + n_options, sizeof *words);
    if (!words) return lode_fail(LODE_E_MEMORY, "no memory for a command line");
    memcpy(words, own, sizeof own);
    for (size_t i = 0; i < n_options; i++) words[n_own + i] = trial->options[i];
    words[n_own + n_options] = "--"; /* what follows is no option, whatever it begins with */
    words[n_own + n_options + 1] = trial->job;
    words[n_own + n_options + 2] = trial->store;

    const pid_t parent = getpid();
    *pid = fork();
    if (*pid == 0) become_run(trial, (char **)words, parent);
    free(words);
    if (*pid < 0) return lode_fail(LODE_E_CLUSTER, "starting a run: %s", strerror(errno));
    return LODE_OK;
}

/* The state of a trial under way. */
struct progress_of_trial {
    pid_t pid, last_victim;
    int64_t first_worker_us, told_us, stopped_us; /* 0: not yet */
    int killed;
};

static void kill_when_due(const struct trial *trial, struct progress_of_trial *progress)
{
    if (progress->first_worker_us && progress->killed == trial->n_kills) return;
    const int64_t now_us = lode_clock_us();
    if (progress->first_worker_us &&
        now_us - progress->first_worker_us < trial->kill_us[progress->killed])
        return;
    const pid_t victim = oldest_worker(progress->pid);
    if (victim == 0 || victim == progress->last_victim) return;
    if (progress->first_worker_us == 0) {
        progress->first_worker_us = now_us;
        return;
    }
    if (kill(victim, SIGKILL)) return;
    progress->last_victim = victim;
    progress->killed++;
}

static void pass_stop_on(struct progress_of_trial *progress)
{
    const int64_t now_us = lode_clock_us();
    if (progress->stopped_us == 0) progress->stopped_us = now_us;
    if (progress->told_us && now_us - progress->told_us < REMIND_US) return;
    kill(progress->pid, now_us - progress->stopped_us > PATIENCE_US ? SIGKILL : SIGTERM);
    progress->told_us = now_us;
}

lode_status trial_run(const struct trial *trial, struct trial_outcome *outcome)
{
    struct progress_of_trial progress = {0};
    int how = 0;
    const int64_t start_us = lode_clock_us();
    lode_try(start(trial, &progress.pid));
    while (waitpid(progress.pid, &how, WNOHANG) != progress.pid) {
        if (signals_seen().stops > 0)
            pass_stop_on(&progress);
        else
            kill_when_due(trial, &progress);
        usleep(POLL_US);
    }
    const int64_t end_us = lode_clock_us();
    *outcome = (struct trial_outcome){
        .exit_status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how),
        .killed = progress.killed,
        .wall_us = end_us - start_us,
        .working_us = progress.first_worker_us ? end_us - progress.first_worker_us : 0};
    if (signals_seen().stops == 0) return LODE_OK;
    return lode_fail(LODE_E_STOPPED, "stopped by signal %d", signals_seen().last_stop);
}

void trial_kill_times(uint64_t seed, uint64_t item, int count, int64_t span_us, int64_t *kill_us)
{
    struct lode_random random = lode_random_begin(seed, item);
    for (int i = 0; i < count; i++)
        kill_us[i] = (int64_t)((i + lode_random_uniform(&random)) * (double)span_us / count);
}

static bool field_is(const struct lode_field *field, const char *word)
{
    return field->size == strlen(word) && memcmp(field->text, word, field->size) == 0;
}

/* The column of that name; -1: there is none. */
static int find_column(const struct lode_rows *rows, const char *name)
{
    int count = 0;
    const char *const *names = lode_rows_columns(rows, &count);
    for (int i = 0; i < count && i < COLUMNS_MAX; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

lode_status trial_count_repeated(const char *path, int64_t *repeated)
{
    struct lode_rows *rows = NULL;
    struct lode_field fields[COLUMNS_MAX];
    const char *fault = NULL;
    int64_t found = 0;
    int count = 0;
    bool more = true;
    lode_status status = LODE_OK;

    lode_try_done(lode_rows_open(path, &rows));
    const int outcome = find_column(rows, "outcome");
    lode_rows_columns(rows, &count);
    if (outcome < 0 || count > COLUMNS_MAX) {
        status = lode_fail(LODE_E_INPUT, "%s: not a log of tasks: %d columns, outcome is %s", path,
                           count, outcome < 0 ? "missing" : "there");
        goto done;
    }
    for (;;) {
        lode_try_done(lode_rows_next(rows, fields, &fault, &more));
        if (!more) break;
        /* the words of an error may hold any byte; attempts without one went well */
        found += fault || field_is(&fields[outcome], "lost") ||
                 field_is(&fields[outcome], "failed") || field_is(&fields[outcome], "hung");
    }
    *repeated = found;
done:
    lode_rows_close(rows);
    return status;
}
