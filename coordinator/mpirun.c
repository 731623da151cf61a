/* mpirun: fork, exec, wait for a file.
 *
 * mpirun's exit status is lost under --enable-recovery and it may never return: the verdict file
 * decides (verdict.h), and what is done about it and about signals is decided in watch.c. Here are
 * the hands. mpirun gives every rank a process group of its own and passes USR1 on to that whole
 * group, so workers get it as well as their agents.
 */
#include "coordinator/mpirun.h"

#include "common/clock.h"
#include "coordinator/signals.h"
#include "coordinator/verdict.h"
#include "coordinator/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POLL_US = 5000, EXTRA_ARGUMENTS = 24 };

/* The command line of the ranks: this one without -n N. */
static int add_own_arguments(const struct invocation *invocation, char **out)
{
    int count = 0;
    for (int i = 1; i < invocation->all_count; i++) {
        if (strcmp(invocation->all_arguments[i], "-n") == 0) {
            i++;
            continue;
        }
        out[count++] = invocation->all_arguments[i];
    }
    return count;
}

static void set_environment(const char *verdict_path)
{
    setenv("LODE_VERDICT", verdict_path, 1);
    if (geteuid() == 0) { /* in a container everybody is root */
        setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0);
        setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0);
    }
    setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);
}

static lode_status start(struct invocation *invocation, int workers, const char *verdict_path,
                         pid_t *pid)
{
    char ranks[16], self[PATH_MAX];
    const ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0) return lode_fail(LODE_E_CLUSTER, "finding this program: %s", strerror(errno));
    self[size] = '\0';
    snprintf(ranks, sizeof ranks, "%d", workers + 1);
    char **arguments = calloc((size_t)invocation->all_count + EXTRA_ARGUMENTS, sizeof *arguments);
    if (!arguments) return lode_fail(LODE_E_MEMORY, "no memory for mpirun's arguments");
    char *const head[] = {"mpirun", "--enable-recovery", "-x", "LODE_VERDICT", "-n", ranks, self};
    int count = (int)(sizeof head / sizeof *head);
    memcpy(arguments, head, sizeof head);
    count += add_own_arguments(invocation, arguments + count);
    arguments[count] = NULL;

    *pid = fork();
    if (*pid == 0) {
        setpgid(0, 0);
        set_environment(verdict_path);
        const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (nothing >= 0) dup2(nothing, STDIN_FILENO);
        execvp("mpirun", arguments);
        fprintf(stderr, "lode: mpirun cannot be started: %s\n", strerror(errno));
        _exit(127);
    }
    free(arguments);
    if (*pid < 0) return lode_fail(LODE_E_CLUSTER, "starting mpirun: %s", strerror(errno));
    return LODE_OK;
}

static void act(enum watch_action action, pid_t pid, const struct verdict *verdict)
{
    switch (action) {
    case WATCH_WAIT:
        break;
    case WATCH_DRAIN:
        kill(pid, SIGUSR1);
        break;
    case WATCH_TERM:
        kill(-pid, SIGTERM);
        break;
    case WATCH_KILL:
        kill(-pid, SIGKILL);
        /* ranks that are past MPI_Finalize outlive mpirun; agents then follow the coordinator */
        if (verdict_is_here(verdict)) kill((pid_t)verdict->pid, SIGKILL);
        break;
    }
}

/* Until mpirun is gone. *how: its wait status. */
static void wait_for_mpirun(pid_t pid, const char *verdict_path, struct verdict *verdict,
                            struct watch *watch, int *how)
{
    bool is_told = false;
    for (;;) {
        const bool gone = waitpid(pid, how, WNOHANG) == pid;
        const struct signals_seen seen = signals_seen();
        if (verdict->state != VERDICT_ENDED) verdict_read(verdict_path, verdict);
        const bool is_orphaned = verdict_is_orphaned(verdict);
        if (is_orphaned) verdict_read(verdict_path, verdict);
        const struct watch_news news = {.now_us = lode_clock_us(),
                                        .stops = seen.stops,
                                        .warnings = seen.warnings,
                                        .state = verdict->state,
                                        .is_orphaned = is_orphaned};
        const enum watch_action action = watch_step(watch, &news);
        if (gone) return;
        act(action, pid, verdict);
        if (seen.stops > 0 && !is_told) {
            fprintf(stderr, "lode: draining: running tasks are finished first; once more to end "
                            "now\n");
            is_told = true;
        }
        usleep(POLL_US);
    }
}

lode_status mpirun_run(struct invocation *invocation, int workers, const char *verdict_path)
{
    pid_t pid = 0;
    int how = 0;
    struct verdict verdict = {0};
    struct watch watch = {0};
    signals_catch();
    unlink(verdict_path);
    lode_try(start(invocation, workers, verdict_path, &pid));
    wait_for_mpirun(pid, verdict_path, &verdict, &watch, &how);
    /* still running: somebody killed mpirun, and nobody would wait for this run any more */
    if (verdict_is_here(&verdict)) kill((pid_t)verdict.pid, SIGTERM);
    unlink(verdict_path);

    const struct signals_seen seen = signals_seen();
    const bool has_ended = verdict.state == VERDICT_ENDED;
    /* mpirun turned "now" into TERM for its ranks: to the user it is the signal that was sent. A
     * run that had ended well before it took effect keeps its verdict. */
    if (has_ended && !(seen.stops >= 2 && verdict.exit_status > 128)) {
        invocation->exit_status = verdict.exit_status;
        return LODE_OK;
    }
    if (seen.stops >= 2) {
        invocation->exit_status = 128 + seen.last_stop;
        return lode_fail(LODE_E_STOPPED, "stopped by signal %d", seen.last_stop);
    }
    if (watch.is_leaderless)
        return lode_fail(LODE_E_CLUSTER, "the coordinator (pid %lld) died without a verdict",
                         (long long)verdict.pid);
    return lode_fail(LODE_E_CLUSTER, "mpirun ended (status %d) without a verdict of the run",
                     WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how));
}
