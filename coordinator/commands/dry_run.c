/* Dry run: see the header. Memory is that of this machine: which others an mpirun would use, nobody
 * knows yet.
 */
#include "coordinator/commands/dry_run.h"

#include "common/wire/mpi.h"
#include "coordinator/commands/screen.h"
#include "worker/executor.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

enum { SIZE_TEXT = 32, PATH_SIZE = 4096 };

/* "12.3 MiB" into buffer (>= SIZE_TEXT bytes); returns buffer. */
static const char *size_text(uint64_t bytes, char *buffer)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes;
    int unit = 0;
    for (; value >= 1000.0 && unit < 5; unit++) value /= 1024.0;
    snprintf(buffer, SIZE_TEXT, unit > 0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return buffer;
}

static lode_status print_stages(const struct lode_forecast *forecast)
{
    static const char *const names[] = {"stage", "tasks", "reads at most", "memory of a task"};
    struct screen screen = {0};
    char text[SIZE_TEXT];
    lode_status status = LODE_OK;
    for (int c = 0; c < 4; c++) screen_add_column(&screen, names[c], c == 0);
    for (int i = 0; i < forecast->n_stages && !status; i++) {
        const struct lode_forecast_stage *stage = &forecast->stages[i];
        status = screen_add_cell(&screen, stage->title);
        if (!status) status = screen_add_count(&screen, (double)stage->n_tasks);
        if (!status) status = screen_add_cell(&screen, size_text(stage->read_bytes, text));
        if (!status) status = screen_add_cell(&screen, size_text(stage->task_bytes, text));
    }
    if (!status) screen_print(&screen);
    screen_clear(&screen);
    return status;
}

/* As a real run would count them. */
static int count_workers(const struct cluster_settings *settings)
{
    int rank = 0, ranks = 1;
    if (lode_mpi_rank(&rank, &ranks) && ranks > 1)
        return (ranks - 1) * (int)settings->options.workers_per_rank;
    if (settings->mpirun_workers > 0)
        return settings->mpirun_workers * (int)settings->options.workers_per_rank;
    return cluster_local_workers(&settings->options);
}

static void print_memory(const struct lode_forecast *forecast,
                         const struct cluster_settings *settings)
{
    char budget[SIZE_TEXT], for_task[SIZE_TEXT], needed[SIZE_TEXT];
    uint64_t largest = 0;
    const int workers = count_workers(settings);
    const struct budget own = cluster_local_budget(&settings->options, workers);
    const uint64_t bytes = own.least_bytes;
    const uint64_t left = bytes > EXECUTOR_PROCESS_BYTES ? bytes - EXECUTOR_PROCESS_BYTES : 0;
    for (int i = 0; i < forecast->n_stages; i++)
        if (forecast->stages[i].task_bytes > largest) largest = forecast->stages[i].task_bytes;
    printf("\nmemory: %d worker%s, each with a budget of %s (%s), %s of it for its task; the "
           "largest takes about %s\n",
           workers, workers == 1 ? "" : "s", size_text(bytes, budget), own.source,
           size_text(left, for_task), size_text(largest, needed));
    if (largest > left)
        printf("MEMORY MAY NOT DO: take fewer workers, more --memory, or smaller partitions\n");
}

static lode_status print_disk(const struct lode_forecast *forecast, uint64_t available,
                              const char *folder)
{
    char work[SIZE_TEXT], kept[SIZE_TEXT], free_text[SIZE_TEXT];
    lode_try(screen_say("disk: about %s on the way, removed at the end, and %s that stay; %s are "
                        "free in %s",
                        size_text(forecast->work_bytes, work),
                        size_text(forecast->output_bytes, kept), size_text(available, free_text),
                        folder));
    if (forecast->work_bytes + forecast->output_bytes > available)
        printf("DISK MAY NOT DO: take another folder\n");
    return LODE_OK;
}

lode_status dry_run(const struct lode_job *job, const struct lode_run *run,
                    const struct cluster_settings *settings, const char *output)
{
    struct lode_forecast forecast = {0};
    struct statvfs disk;
    char folder[PATH_SIZE], copy[PATH_SIZE];
    if (!job->forecast)
        return lode_fail(LODE_E_USAGE, "job %s cannot say what it would take", job->name);
    snprintf(copy, sizeof copy, "%s", output);
    snprintf(folder, sizeof folder, "%s", dirname(copy));
    if (statvfs(folder, &disk)) return lode_fail(LODE_E_DISK, "%s: %s", folder, strerror(errno));
    lode_try(job->forecast(run, &forecast));
    printf("dry run: nothing is done; all sizes are estimates\n\n");
    lode_try(print_stages(&forecast));
    print_memory(&forecast, settings);
    return print_disk(&forecast, (uint64_t)disk.f_bavail * disk.f_frsize, folder);
}
