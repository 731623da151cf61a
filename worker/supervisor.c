/* Supervisor: fork, exec, waitpid.
 *
 * A worker that was told to leave exits 0, one that lost the coordinator or was refused says so by
 * its status; neither is started again. Everything else is a crash: the slot starts anew under the
 * next incarnation, at most RESTARTS_MAX times, so a worker that cannot start at all ends the run
 * instead of spinning.
 */
#include "worker/supervisor.h"

#include "common/clock.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RESTARTS_MAX = 16, POLL_US = 2000 };

struct child {
    pid_t pid; /* 0: not running */
    int64_t incarnation;
    bool ended; /* will not run again */
};

struct supervisor {
    struct door door;
    int64_t first_slot;
    int n_children;
    struct child *children;
};

/* In the child, between fork and exec: async-signal-safe calls only (other threads may hold any
 * lock at the moment of the fork). */
static void become_worker(int door_fd, pid_t parent, char *number)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1); /* the parent died before the line above */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_IGN); /* Ctrl-C is the coordinator's to handle; it ends us */
    fcntl(door_fd, F_SETFD, 0);
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) dup2(nothing, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* standard output is for the answer only */
    char *const arguments[] = {"lode", "worker", "--door-fd", number, NULL};
    execv("/proc/self/exe", arguments);
    _exit(127);
}

static lode_status start_child(struct supervisor *supervisor, int index)
{
    struct child *child = &supervisor->children[index];
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC))
        return lode_fail(LODE_E_CLUSTER, "making a pipe for a worker: %s", strerror(errno));
    char number[16];
    snprintf(number, sizeof number, "%d", pipe_fds[0]);

    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) become_worker(pipe_fds[0], parent, number);
    close(pipe_fds[0]);
    if (pid < 0) {
        close(pipe_fds[1]);
        return lode_fail(LODE_E_CLUSTER, "starting a worker: %s", strerror(errno));
    }
    child->pid = pid;
    child->incarnation++;
    struct door door = supervisor->door;
    door.slot = supervisor->first_slot + index;
    door.incarnation = child->incarnation;
    const lode_status status = door_write(&door, pipe_fds[1]);
    close(pipe_fds[1]);
    lode_log_debug("worker started slot=%lld pid=%d incarnation=%lld", (long long)door.slot,
                   (int)pid, (long long)door.incarnation);
    return status;
}

lode_status supervisor_start(const struct door *door, int workers, int64_t first_slot,
                             struct supervisor **supervisor)
{
    lode_status status = LODE_OK;
    struct supervisor *started = calloc(1, sizeof *started);
    if (!started) return lode_fail(LODE_E_MEMORY, "no memory for a supervisor");
    started->children = calloc((size_t)workers, sizeof *started->children);
    started->door = *door;
    started->first_slot = first_slot;
    if (!started->children) {
        status = lode_fail(LODE_E_MEMORY, "no memory for %d workers", workers);
        goto done;
    }
    for (int i = 0; i < workers; i++) {
        started->n_children = i + 1;
        lode_try_done(start_child(started, i));
    }
    *supervisor = started;
    started = NULL;
done:
    supervisor_stop(started, 0);
    return status;
}

/* What a child's end means: gone for good, or a crash. */
static void note_end(struct supervisor *supervisor, int index, int how)
{
    struct child *child = &supervisor->children[index];
    const long long slot = supervisor->first_slot + index;
    child->pid = 0;
    if (WIFSIGNALED(how)) {
        lode_log_warn("worker died slot=%lld signal=%d", slot, WTERMSIG(how));
    } else {
        const int code = WEXITSTATUS(how);
        child->ended = code == 0 || code == lode_exit_status(LODE_E_CLUSTER) ||
                       code == lode_exit_status(LODE_E_USAGE);
        if (code) lode_log_warn("worker ended slot=%lld status=%d", slot, code);
    }
    if (child->incarnation > RESTARTS_MAX) {
        lode_log_error("worker crashed %d times, not started again slot=%lld", RESTARTS_MAX, slot);
        child->ended = true;
    }
}

static void reap(struct supervisor *supervisor)
{
    for (int i = 0; i < supervisor->n_children; i++) {
        struct child *child = &supervisor->children[i];
        int how = 0;
        if (child->pid > 0 && waitpid(child->pid, &how, WNOHANG) == child->pid)
            note_end(supervisor, i, how);
    }
}

lode_status supervisor_poll(struct supervisor *supervisor, int *alive)
{
    *alive = 0;
    reap(supervisor);
    for (int i = 0; i < supervisor->n_children; i++) {
        struct child *child = &supervisor->children[i];
        if (child->pid == 0 && !child->ended) lode_try(start_child(supervisor, i));
        if (child->pid > 0) ++*alive;
    }
    return LODE_OK;
}

int supervisor_running(struct supervisor *supervisor)
{
    int count = 0;
    reap(supervisor);
    for (int i = 0; i < supervisor->n_children; i++) count += supervisor->children[i].pid > 0;
    return count;
}

void supervisor_stop(struct supervisor *supervisor, int64_t grace_ms)
{
    if (!supervisor) return;
    const int64_t end = lode_clock_us() + grace_ms * 1000;
    while (supervisor_running(supervisor) && lode_clock_us() < end) usleep(POLL_US);
    for (int i = 0; i < supervisor->n_children; i++) {
        if (supervisor->children[i].pid <= 0) continue;
        kill(supervisor->children[i].pid, SIGKILL);
        waitpid(supervisor->children[i].pid, NULL, 0);
    }
    free(supervisor->children);
    free(supervisor);
}
