/* Metrics: see the header. */
#include "coordinator/metrics/metrics.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/version.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { END_SECONDS = 5 /* for a thread that writes the file */ };

struct metrics {
    char *file, *name, *job;
    int64_t interval_us;
    struct listener *listener;
    int wake_fd;
    pthread_t thread;
    bool has_thread, is_stuck;
    bool is_failing; /* the file could not be written the last time: told once */
    pthread_mutex_t mutex;
    /* below: under the mutex */
    struct metrics_snapshot now;
    bool ends;
};

/* --- text --- */

static uint64_t resident_bytes(void)
{
    unsigned long long total = 0, resident = 0;
    FILE *in = fopen("/proc/self/statm", "re");
    if (!in) return 0;
    if (fscanf(in, "%llu %llu", &total, &resident) != 2) resident = 0;
    fclose(in);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* On the heap: it is large for a thread's stack. */
static lode_status append_text(void *context, struct lode_bytes *out)
{
    struct metrics *metrics = context;
    struct metrics_snapshot *copy = malloc(sizeof *copy);
    if (!copy) return lode_fail(LODE_E_MEMORY, "no memory for the metrics");
    pthread_mutex_lock(&metrics->mutex);
    *copy = metrics->now;
    pthread_mutex_unlock(&metrics->mutex);
    if (strcmp(copy->state, "running") == 0) copy->now_us = lode_clock_us();
    copy->cpu_us = lode_clock_process_us();
    copy->resident_bytes = resident_bytes();
    const lode_status status = snapshot_text(copy, out);
    free(copy);
    return status;
}

/* --- the file --- */

/* A disk that is full for a while must not end a run: it is said, and tried again. */
static void write_file(struct metrics *metrics)
{
    struct lode_bytes text = {0};
    if (!metrics->file) return;
    lode_status status = append_text(metrics, &text);
    if (!status) status = lode_file_write(metrics->file, text.data, text.size, false);
    if (status && !metrics->is_failing)
        lode_log_warn("metrics are not written: %s", lode_error_text());
    metrics->is_failing = status != LODE_OK;
    lode_bytes_clear(&text);
    lode_error_clear();
}

static lode_status check_file(const char *file)
{
    char copy[PATH_MAX];
    struct stat about;
    if (snprintf(copy, sizeof copy, "%s", file) >= (int)sizeof copy)
        return lode_fail(LODE_E_USAGE, "--metrics: path too long: %.64s...", file);
    if (stat(file, &about) == 0 && !S_ISREG(about.st_mode))
        return lode_fail(LODE_E_USAGE, "--metrics %s: is no file", file);
    const char *folder = dirname(copy);
    if (access(folder, W_OK | X_OK) == 0) return LODE_OK;
    return lode_fail(LODE_E_DISK, "--metrics %s: cannot be written: %s: %s", file, folder,
                     strerror(errno));
}

static lode_status no_page(void *context, struct lode_bytes *page)
{
    (void)context;
    (void)page;
    return LODE_OK;
}

lode_status metrics_check(const struct metrics_options *options)
{
    struct listener *listener = NULL;
    if (options->file) lode_try(check_file(options->file));
    if (options->listens) lode_try(listener_open(&options->address, no_page, NULL, &listener));
    listener_close(listener);
    return LODE_OK;
}

/* --- the thread --- */

static bool is_to_end(struct metrics *metrics)
{
    pthread_mutex_lock(&metrics->mutex);
    const bool ends = metrics->ends;
    pthread_mutex_unlock(&metrics->mutex);
    return ends;
}

static void serve(struct metrics *metrics, int64_t write_us)
{
    const int64_t left_ms = (write_us - lode_clock_us()) / 1000 + 1;
    int timeout_ms = !metrics->file      ? -1
                     : left_ms < 0       ? 0
                     : left_ms > INT_MAX ? INT_MAX
                                         : (int)left_ms;
    struct pollfd ready[2] = {{.fd = metrics->wake_fd, .events = POLLIN}, {.fd = -1}};
    if (metrics->listener) {
        const int serve_ms = listener_timeout_ms(metrics->listener);
        ready[1] = (struct pollfd){.fd = listener_fd(metrics->listener), .events = POLLIN};
        if (timeout_ms < 0 || serve_ms < timeout_ms) timeout_ms = serve_ms;
    }
    poll(ready, 2, timeout_ms);
    if (!metrics->listener || !listener_serve(metrics->listener, lode_clock_us())) return;
    lode_log_warn("%s", lode_error_text());
    listener_close(metrics->listener);
    metrics->listener = NULL;
}

static void *run_thread(void *argument)
{
    struct metrics *metrics = argument;
    sigset_t all;
    sigfillset(&all); /* signals go to the main thread */
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    int64_t write_us = 0;
    while (!is_to_end(metrics)) {
        if (lode_clock_us() >= write_us) {
            write_file(metrics);
            write_us = lode_clock_us() + metrics->interval_us;
        }
        serve(metrics, write_us);
    }
    write_file(metrics); /* how it ended */
    return NULL;
}

static lode_status start_thread(struct metrics *metrics)
{
    metrics->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (metrics->wake_fd < 0 || pthread_create(&metrics->thread, NULL, run_thread, metrics))
        return lode_fail(LODE_E_MEMORY, "no thread for the metrics could be started");
    metrics->has_thread = true;
    return LODE_OK;
}

/* --- opening and closing --- */

static void begin_snapshot(struct metrics *metrics, const struct metrics_run *run)
{
    metrics->now.run = metrics->name;
    metrics->now.job = metrics->job;
    metrics->now.version = lode_version();
    metrics->now.epoch = run->epoch;
    metrics->now.state = "running";
    metrics->now.started = (double)lode_clock_wall_ms() / 1e3;
    metrics->now.start_us = metrics->now.now_us = lode_clock_us();
}

lode_status metrics_open(const struct metrics_options *options, const struct metrics_run *run,
                         bool tells, struct metrics **metrics)
{
    lode_status status = LODE_OK;
    *metrics = NULL;
    if (!options->file && !options->listens) return LODE_OK;
    struct metrics *m = calloc(1, sizeof *m);
    if (!m) return lode_fail(LODE_E_MEMORY, "no memory for the metrics");
    pthread_mutex_init(&m->mutex, NULL);
    m->wake_fd = -1;
    m->interval_us = options->interval_ms * 1000;
    m->name = strdup(run->name);
    m->job = strdup(run->job);
    m->file = options->file ? strdup(options->file) : NULL;
    if (!m->name || !m->job || (options->file && !m->file))
        lode_try_done(lode_fail(LODE_E_MEMORY, "no memory for the metrics"));
    begin_snapshot(m, run);
    if (options->file) lode_try_done(check_file(options->file));
    if (options->listens)
        lode_try_done(listener_open(&options->address, append_text, m, &m->listener));
    if (m->listener && (tells || options->address.port == 0))
        fprintf(stderr, "metrics: %s\n", listener_url(m->listener));
    lode_try_done(start_thread(m));
    *metrics = m;
    m = NULL;
done:
    metrics_close(m);
    return status;
}

void metrics_take_ledger(struct metrics *metrics, const struct ledger *ledger,
                         uint64_t journal_bytes)
{
    if (!metrics) return;
    pthread_mutex_lock(&metrics->mutex);
    const int first = metrics->now.n_stages > 0 ? metrics->now.n_stages - 1 : 0;
    for (int i = first; i < ledger->n_stages; i++) metrics->now.stages[i] = ledger->stages[i];
    metrics->now.n_stages = ledger->n_stages;
    metrics->now.n_lost = ledger->n_lost;
    metrics->now.journal_bytes = journal_bytes;
    pthread_mutex_unlock(&metrics->mutex);
}

void metrics_take_cluster(struct metrics *metrics, const struct metrics_cluster *cluster)
{
    if (!metrics) return;
    pthread_mutex_lock(&metrics->mutex);
    if (!metrics->ends) metrics->now.cluster = *cluster; /* the last word is metrics_end's */
    pthread_mutex_unlock(&metrics->mutex);
}

static void end_thread(struct metrics *metrics)
{
    const uint64_t one = 1;
    const struct timespec until = {.tv_sec = lode_clock_wall_ms() / 1000 + END_SECONDS};
    if (!metrics->has_thread) return;
    if (write(metrics->wake_fd, &one, sizeof one) != sizeof one)
        lode_log_warn("the thread of the metrics is not told: %s", strerror(errno));
    metrics->is_stuck = pthread_timedjoin_np(metrics->thread, NULL, &until) != 0;
    metrics->has_thread = false;
    if (!metrics->is_stuck) return;
    lode_log_warn("metrics: %s does not answer; it does not say how the run ended", metrics->file);
    pthread_detach(metrics->thread);
}

void metrics_end(struct metrics *metrics, const char *state, int exit_status)
{
    if (!metrics) return;
    pthread_mutex_lock(&metrics->mutex);
    const bool is_first = !metrics->ends;
    if (is_first) {
        metrics->now.state = state;
        metrics->now.exit_status = exit_status;
        metrics->now.now_us = lode_clock_us();
        metrics->now.cluster.workers = 0; /* they are sent away */
        metrics->ends = true;
    }
    pthread_mutex_unlock(&metrics->mutex);
    if (is_first) end_thread(metrics);
}

void metrics_close(struct metrics *metrics)
{
    if (!metrics || metrics->is_stuck) return; /* its thread still looks at it */
    listener_close(metrics->listener);
    if (metrics->wake_fd >= 0) close(metrics->wake_fd);
    pthread_mutex_destroy(&metrics->mutex);
    free(metrics->file);
    free(metrics->name);
    free(metrics->job);
    free(metrics);
}
