/* Supervisor: fork, exec, waitpid.
 *
 * A worker that was told to leave exits 0, one that lost the coordinator or was refused says so by
 * its status; none of them is started again. One that ended itself because of a hung task
 * (WORKER_EXIT_AGAIN) is, as often as it takes. Everything else is a crash: the place starts anew
 * under the next incarnation. A place whose worker crashes soon after its start, RESTARTS_MAX times
 * in a row, is given up, so that a worker that cannot start at all ends the run instead of
 * spinning; crashes spread over a long run are the scheduler's to judge.
 */
#include "worker/supervisor.h"

#include "common/cgroup.h"
#include "common/clock.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RESTARTS_MAX = 16, SOON_US = 5000000, POLL_US = 2000 };

struct child {
    pid_t pid; /* 0: not running */
    int64_t incarnation;
    int64_t started_us;
    int soon_crashes; /* in a row */
    bool ended;       /* will not run again */
};

struct supervisor {
    struct door door;
    int64_t first_place;
    int n_children;
    bool draining;
    int64_t oom_kills; /* that the kernel has told of and that are explained */
    struct supervisor_ends ends;
    struct child *children;
};

/* In the child, between fork and exec: async-signal-safe calls only (other threads may hold any
 * lock at the moment of the fork). All signals are blocked: one that came since the fork must not
 * be swallowed by a handler of the parent's; it is pending until its disposition is the child's. */
static void become_worker(int door_fd, pid_t parent, char *number)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1); /* the parent died before the line above */
    signal(SIGINT, SIG_IGN);           /* Ctrl-C is the parent's to handle; it drains or ends us */
    signal(SIGTERM, SIG_DFL);          /* ignored ones would stay so through exec */
    signal(SIGUSR1, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    struct rlimit data;
    if (getrlimit(RLIMIT_DATA, &data) == 0) { /* the coordinator's cap is not the worker's */
        data.rlim_cur = data.rlim_max;
        setrlimit(RLIMIT_DATA, &data);
    }
    fcntl(door_fd, F_SETFD, 0);
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) dup2(nothing, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* standard output is for the answer only */
    char *const arguments[] = {"lode", "worker", "--door-fd", number, NULL};
    execv("/proc/self/exe", arguments);
    _exit(127);
}

static void name_place(const struct supervisor *supervisor, int index, char place[DOOR_PLACE_SIZE])
{
    if (supervisor->door.place[0])
        snprintf(place, DOOR_PLACE_SIZE, "%.80s:%d", supervisor->door.place, index);
    else
        snprintf(place, DOOR_PLACE_SIZE, "%" PRId64, supervisor->first_place + index);
}

/* The read end of a pipe that holds a child's whole door already: nobody waits for anybody, and a
 * child that dies early cannot send us SIGPIPE. */
static lode_status fill_pipe(const struct supervisor *supervisor, int index, int *door_fd)
{
    int fds[2];
    struct door door = supervisor->door;
    name_place(supervisor, index, door.place);
    door.incarnation = supervisor->children[index].incarnation;
    lode_status status = LODE_OK;
    if (pipe2(fds, O_CLOEXEC)) {
        status = lode_fail(LODE_E_CLUSTER, "making a pipe for a worker: %s", strerror(errno));
    } else {
        status = door_write(&door, fds[1]);
        close(fds[1]);
        if (status)
            close(fds[0]);
        else
            *door_fd = fds[0];
    }
    explicit_bzero(&door, sizeof door);
    return status;
}

static lode_status start_child(struct supervisor *supervisor, int index)
{
    struct child *child = &supervisor->children[index];
    int door_fd = -1;
    char number[16], place[DOOR_PLACE_SIZE];
    sigset_t all, before;
    child->incarnation++;
    lode_try(fill_pipe(supervisor, index, &door_fd));
    snprintf(number, sizeof number, "%d", door_fd);

    const pid_t parent = getpid();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = fork();
    if (pid == 0) become_worker(door_fd, parent, number);
    const int reason = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(door_fd);
    if (pid < 0) return lode_fail(LODE_E_CLUSTER, "starting a worker: %s", strerror(reason));
    child->pid = pid;
    child->started_us = lode_clock_us();
    name_place(supervisor, index, place);
    lode_log_debug("worker started place=%s pid=%d incarnation=%" PRId64, place, (int)pid,
                   child->incarnation);
    return LODE_OK;
}

lode_status supervisor_start(const struct door *door, int workers, int64_t first_place,
                             struct supervisor **supervisor)
{
    lode_status status = LODE_OK;
    signal(SIGCHLD, SIG_DFL); /* ignored (inherited), nobody could be waited for */
    struct supervisor *started = calloc(1, sizeof *started);
    if (!started) return lode_fail(LODE_E_MEMORY, "no memory for a supervisor");
    started->children = calloc((size_t)workers, sizeof *started->children);
    if (!started->children) {
        free(started);
        return lode_fail(LODE_E_MEMORY, "no memory for %d workers", workers);
    }
    started->door = *door;
    started->first_place = first_place;
    started->oom_kills = lode_cgroup_oom_kills();
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

static void end_child(struct child *child, int *count)
{
    child->ended = true;
    ++*count;
}

static void note_crash(struct supervisor *supervisor, struct child *child, const char *place)
{
    const bool soon = lode_clock_us() - child->started_us < SOON_US;
    child->soon_crashes = soon ? child->soon_crashes + 1 : 0;
    if (child->soon_crashes <= RESTARTS_MAX) return;
    lode_log_error("worker crashed %d times in a row, not started again place=%s",
                   child->soon_crashes, place);
    end_child(child, &supervisor->ends.crashed);
}

/* A SIGKILL that is not ours: did the kernel run out of memory? Each end it tells of explains one.
 */
static const char *explain_kill(struct supervisor *supervisor)
{
    const int64_t now = lode_cgroup_oom_kills();
    if (now >= 0 && now <= supervisor->oom_kills) return "";
    if (now < 0) return " (perhaps for want of memory: see the kernel's log)";
    supervisor->oom_kills++;
    return ": the kernel ended it for want of memory; take less --memory, or fewer workers";
}

/* What a child's end means: gone for good, or to be started anew. */
static void note_end(struct supervisor *supervisor, int index, int how)
{
    struct child *child = &supervisor->children[index];
    char place[DOOR_PLACE_SIZE];
    const int code = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
    name_place(supervisor, index, place);
    child->pid = 0;
    if (code > 0) lode_log_warn("worker ended place=%s status=%d", place, code);
    if (code < 0 && !supervisor->draining)
        lode_log_warn("worker died place=%s signal=%d%s", place, WTERMSIG(how),
                      WTERMSIG(how) == SIGKILL ? explain_kill(supervisor) : "");
    if (code == 0)
        end_child(child, &supervisor->ends.left);
    else if (code == lode_exit_status(LODE_E_CLUSTER))
        end_child(child, &supervisor->ends.lost);
    else if (code == lode_exit_status(LODE_E_USAGE))
        end_child(child, &supervisor->ends.refused);
    else if (supervisor->draining) /* also: SIGTERM before the worker could handle it */
        end_child(child, &supervisor->ends.left);
    else if (code != WORKER_EXIT_AGAIN)
        note_crash(supervisor, child, place);
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

void supervisor_drain(struct supervisor *supervisor)
{
    supervisor->draining = true;
    for (int i = 0; i < supervisor->n_children; i++) {
        struct child *child = &supervisor->children[i];
        if (child->pid > 0)
            kill(child->pid, SIGTERM);
        else if (!child->ended)
            end_child(child, &supervisor->ends.left);
    }
}

int supervisor_running(struct supervisor *supervisor)
{
    int count = 0;
    reap(supervisor);
    for (int i = 0; i < supervisor->n_children; i++) count += supervisor->children[i].pid > 0;
    return count;
}

struct supervisor_ends supervisor_ends(const struct supervisor *supervisor)
{
    return supervisor->ends;
}

/* A handler of ours must not leave a zombie behind. */
static void wait_for(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
}

void supervisor_stop(struct supervisor *supervisor, int64_t grace_ms)
{
    if (!supervisor) return;
    const int64_t end = lode_clock_us() + grace_ms * 1000;
    while (supervisor_running(supervisor) && lode_clock_us() < end) usleep(POLL_US);
    for (int i = 0; i < supervisor->n_children; i++) {
        if (supervisor->children[i].pid <= 0) continue;
        kill(supervisor->children[i].pid, SIGKILL);
        wait_for(supervisor->children[i].pid);
    }
    explicit_bzero(&supervisor->door, sizeof supervisor->door);
    free(supervisor->children);
    free(supervisor);
}
