/* mpirun: fork, exec, wait for a file.
 *
 * mpirun's exit status is lost under --enable-recovery and it may never return (ENGINE-FACTS.md
 * section 2): the verdict file decides, and mpirun is ended when it lingers after that. INT and
 * TERM are passed on as TERM, a second one as KILL.
 */
#include "coordinator/mpirun.h"

#include "common/clock.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POLL_US = 5000, LINGER_US = 5000000, EXTRA_ARGUMENTS = 24 };

static volatile sig_atomic_t caught; /* signals so far: process-wide, as in cluster.c */
static volatile sig_atomic_t caught_number;

static void note(int number)
{
    caught = caught + 1;
    caught_number = number;
}

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

static bool read_verdict(const char *path, int *exit_status)
{
    struct lode_bytes bytes = {0};
    const bool there =
        access(path, R_OK) == 0 && lode_file_read(path, 64, &bytes) == LODE_OK && bytes.size > 0;
    if (there) {
        bytes.data[bytes.size] = '\0'; /* lode_file_read leaves room for it */
        *exit_status = (int)strtol((const char *)bytes.data, NULL, 10);
    }
    lode_bytes_clear(&bytes);
    return there;
}

/* TERM, some seconds, KILL; to the whole process group. */
static void end_mpirun(pid_t pid)
{
    const int64_t end = lode_clock_us() + LINGER_US;
    kill(-pid, SIGTERM);
    while (lode_clock_us() < end) {
        if (waitpid(pid, NULL, WNOHANG) == pid) return;
        usleep(POLL_US);
    }
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

lode_status mpirun_run(struct invocation *invocation, int workers, const char *verdict_path)
{
    pid_t pid = 0;
    int how = 0, passed_on = 0;
    bool gone = false, decided = false;
    int64_t decided_us = 0;
    struct sigaction action = {.sa_handler = note};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    unlink(verdict_path);
    lode_try(start(invocation, workers, verdict_path, &pid));
    while (!gone) {
        gone = waitpid(pid, &how, WNOHANG) == pid;
        if (!decided) {
            decided = read_verdict(verdict_path, &invocation->exit_status);
            decided_us = lode_clock_us();
        }
        if (caught > passed_on) {
            kill(-pid, passed_on == 0 ? SIGTERM : SIGKILL);
            passed_on = caught;
        }
        if (decided && !gone && lode_clock_us() - decided_us > LINGER_US) {
            end_mpirun(pid);
            gone = true;
        }
        if (!gone) usleep(POLL_US);
    }
    unlink(verdict_path);
    /* mpirun turned the signal into TERM for its ranks: to the user it is the one that was sent. A
     * run that had ended well before it took effect keeps its verdict. */
    if (decided && !(caught && invocation->exit_status > 128)) return LODE_OK;
    if (caught) {
        invocation->exit_status = 128 + caught_number;
        return lode_fail(LODE_E_STOPPED, "stopped by signal %d", (int)caught_number);
    }
    return lode_fail(LODE_E_CLUSTER, "mpirun ended (status %d) without a verdict of the run",
                     WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how));
}
