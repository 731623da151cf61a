/* Log summary: see the header. */
#include "coordinator/look/log_summary.h"

#include "coordinator/look/task_log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void count_stage(struct log_summary *summary, const struct task_line *line)
{
    struct stage_summary *stage = &summary->stages[line->stage];
    const double end_ms = line->start_ms + line->duration_ms;
    if (line->stage > summary->n_stages) summary->n_stages = (int)line->stage;
    if (stage->attempts == 0) {
        snprintf(stage->leaf, sizeof stage->leaf, "%s", line->leaf);
        stage->begin_ms = (double)NAN;
        stage->end_ms = (double)NAN;
        stage->longest_task = -1;
    }
    stage->attempts++;
    if (line->task > stage->highest_task) stage->highest_task = line->task;
    if (strcmp(line->outcome, "ok") == 0) {
        stage->ok++;
        if (stage->longest_task < 0 || line->duration_ms * 1e3 > (double)stage->pace.longest_us)
            stage->longest_task = line->task;
        pace_add(&stage->pace, (int64_t)(line->duration_ms * 1e3));
    }
    stage->read_bytes += (double)line->read_bytes;
    stage->written_bytes += (double)line->written_bytes;
    stage->shuffled_bytes += (double)line->shuffled_bytes;
    stage->begin_ms = fmin(stage->begin_ms, line->start_ms); /* of a NaN and a number: the number */
    stage->end_ms = fmax(stage->end_ms, end_ms);
    summary->end_ms = fmax(summary->end_ms, end_ms);
}

static lode_status worker_at(struct log_summary *summary, int64_t number,
                             struct worker_summary **worker)
{
    if (number >= summary->capacity) {
        const int64_t wanted = 2 * number + 16;
        struct worker_summary *grown =
            realloc(summary->workers, (size_t)wanted * sizeof *summary->workers);
        if (!grown)
            return lode_fail(LODE_E_MEMORY, "no memory for %lld workers", (long long)wanted);
        memset(grown + summary->capacity, 0, (size_t)(wanted - summary->capacity) * sizeof *grown);
        summary->workers = grown;
        summary->capacity = wanted;
    }
    if (number >= summary->n_workers) summary->n_workers = number + 1;
    *worker = &summary->workers[number];
    return LODE_OK;
}

static lode_status count_worker(struct log_summary *summary, const struct task_line *line)
{
    struct worker_summary *worker = NULL;
    lode_try(worker_at(summary, line->worker, &worker));
    snprintf(worker->place, sizeof worker->place, "%s", line->place);
    snprintf(worker->host, sizeof worker->host, "%s", line->host);
    worker->pid = line->pid;
    worker->ok += strcmp(line->outcome, "ok") == 0 || strcmp(line->outcome, "late") == 0;
    worker->failed += strcmp(line->outcome, "failed") == 0;
    if (strcmp(line->outcome, "lost") != 0 && strcmp(line->outcome, "hung") != 0) return LODE_OK;
    worker->lost++;
    snprintf(worker->why, sizeof worker->why, "%s", line->error);
    return LODE_OK;
}

static lode_status count_line(void *context, const struct task_line *line)
{
    struct log_summary *summary = context;
    count_stage(summary, line);
    return line->worker < 0 ? LODE_OK : count_worker(summary, line);
}

lode_status log_summary_read(const char *run, struct log_summary **summary)
{
    struct log_summary *made = calloc(1, sizeof *made);
    if (!made) return lode_fail(LODE_E_MEMORY, "no memory for what the log says");
    const lode_status status = task_log_read(run, count_line, made);
    if (status)
        log_summary_free(made);
    else
        *summary = made;
    return status;
}

void log_summary_free(struct log_summary *summary)
{
    if (!summary) return;
    free(summary->workers);
    free(summary);
}
