/* Ledger: see the header. */
#include "coordinator/ledger.h"

#include "common/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BAD_MAX = 10000 }; /* attempts remembered of a stage: its failure is told long before */

const char *const ledger_outcomes[LEDGER_OUTCOMES] = {"ok",      "failed", "lost",    "hung",
                                                      "stopped", "late",   "returned"};

const double ledger_bounds[LEDGER_BOUNDS] = {0.001, 0.003, 0.01, 0.03, 0.1,   0.3,  1.0,
                                             3.0,   10.0,  30.0, 100,  300.0, 1000, 3000};

/* A file that ends in the middle of a line is cut after the one before. */
static lode_status cut_last_line(FILE *log, const char *path)
{
    long end = 0, at = 0;
    if (fseek(log, 0, SEEK_END) || (end = ftell(log)) < 0) goto failed;
    for (at = end; at > 0; at--) {
        if (fseek(log, at - 1, SEEK_SET)) goto failed;
        if (fgetc(log) == '\n') break;
    }
    if (at < end && ftruncate(fileno(log), at)) goto failed;
    if (fseek(log, 0, SEEK_END) == 0) return LODE_OK;
failed:
    return lode_fail(LODE_E_DISK, "%s cannot be continued: %s", path, strerror(errno));
}

lode_status ledger_open(struct ledger *ledger, const char *directory, uint64_t epoch,
                        int64_t start_us)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/log/tasks.csv", directory);
    ledger->start_us = start_us;
    ledger->epoch = epoch;
    ledger->tasks_log = fopen(path, "a+e");
    if (!ledger->tasks_log)
        return lode_fail(LODE_E_DISK, "%s cannot be written: %s", path, strerror(errno));
    lode_try(cut_last_line(ledger->tasks_log, path));
    if (ftell(ledger->tasks_log) > 0) return LODE_OK;
    fputs("stage,leaf,task,attempt,outcome,worker,place,host,pid,start_ms,duration_ms,cpu_ms,"
          "result_bytes,peak_bytes,epoch,read_bytes,written_bytes,shuffled_bytes,error\n",
          ledger->tasks_log);
    return LODE_OK;
}

static void forget_bad(struct ledger *ledger)
{
    for (int64_t i = 0; i < ledger->n_bad; i++) free(ledger->bad[i].text);
    ledger->n_bad = 0;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger->tasks_log) fclose(ledger->tasks_log);
    forget_bad(ledger);
    for (int64_t i = 0; i < ledger->n_lost; i++) free(ledger->lost[i].why);
    for (int64_t i = 0; i < ledger->n_missing; i++) free(ledger->missing[i].why);
    free(ledger->bad);
    free(ledger->lost);
    free(ledger->missing);
    *ledger = (struct ledger){0};
}

lode_status ledger_flush(struct ledger *ledger)
{
    if (fflush(ledger->tasks_log) == 0) return LODE_OK;
    return lode_fail(LODE_E_DISK, "writing log/tasks.csv of the run: %s", strerror(errno));
}

void ledger_abandon(struct ledger *ledger)
{
    if (ledger->tasks_log) __fpurge(ledger->tasks_log);
}

/* Room for one more at the end of a list. */
static lode_status grow(void **list, int64_t *capacity, int64_t count, size_t width)
{
    if (count < *capacity) return LODE_OK;
    const int64_t wanted = 2 * *capacity + 16;
    void *grown = realloc(*list, (size_t)wanted * width);
    if (!grown) return lode_fail(LODE_E_MEMORY, "no memory for the run's record");
    *list = grown;
    *capacity = wanted;
    return LODE_OK;
}

lode_status ledger_begin(struct ledger *ledger, const struct lode_stage *stage, int64_t now_us)
{
    if (ledger->n_stages == LEDGER_STAGES_MAX)
        return lode_fail(LODE_E_BUG, "more than %d stages in a run", LEDGER_STAGES_MAX);
    forget_bad(ledger);
    ledger->stages[ledger->n_stages++] = (struct stage_statistics){.leaf = stage->leaf,
                                                                   .title = stage->title,
                                                                   .tasks = stage->n_tasks,
                                                                   .begin_us = now_us,
                                                                   .tail = {.worker = -1},
                                                                   .slowest_task = -1};
    return LODE_OK;
}

void ledger_end(struct ledger *ledger, const struct lode_stage *stage, int64_t now_us)
{
    struct stage_statistics *statistics = &ledger->stages[ledger->n_stages - 1];
    struct ledger_tail *tail = &statistics->tail;
    statistics->wall_us = now_us - statistics->begin_us;
    if (tail->worker >= 0) ledger_name_task(stage, tail->task, tail->what, sizeof tail->what);
}

void ledger_name_task(const struct lode_stage *stage, int64_t task, char *text, size_t size)
{
    char said[LEDGER_WHAT_SIZE] = "", what[LEDGER_WHAT_SIZE];
    if (stage->describe) stage->describe(stage->describe_context, task, said, sizeof said);
    what[lode_text_visible(said, strlen(said), what, sizeof what - 1)] = '\0';
    snprintf(text, size, "task %" PRId64 " of %" PRId64 "%s%s%s", task, stage->n_tasks,
             what[0] ? " (" : "", what, what[0] ? ")" : "");
}

static void write_line(struct ledger *ledger, const struct lode_stage *stage,
                       const struct report *report)
{
    struct lode_bytes text = {0};
    const char *error = report->text ? report->text : "";
    const uint64_t size = report->file_size ? report->file_size : report->bytes.size;
    if (lode_text_append_csv(&text, error, strlen(error)) == LODE_OK)
        fprintf(ledger->tasks_log,
                "%d,%s,%" PRId64 ",%" PRId64 ",%s,%d,%s,%s,%" PRId64 ",%.3f,%.3f,%.3f,%" PRIu64
                ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.*s\n",
                ledger->n_stages, stage->leaf, report->task, report->attempt, report->outcome,
                report->worker, report->place, report->host, report->pid,
                (double)(report->start_us - ledger->start_us) / 1e3, (double)report->wall_us / 1e3,
                (double)report->cpu_us / 1e3, size, report->peak_bytes, ledger->epoch,
                report->read_bytes, report->written_bytes, report->shuffled_bytes, (int)text.size,
                (const char *)text.data);
    lode_bytes_clear(&text);
}

/* An attempt gone wrong is time that the task's next one had to wait for. */
static int64_t chain_of(const struct ledger *ledger, const struct report *report)
{
    int64_t chain_us = report->wall_us;
    for (int64_t i = 0; report->attempt > 1 && i < ledger->n_bad; i++)
        if (ledger->bad[i].task == report->task) chain_us += ledger->bad[i].wall_us;
    return chain_us;
}

static void count_duration(struct stage_statistics *statistics, int64_t wall_us)
{
    int bucket = 0;
    while (bucket < LEDGER_BOUNDS && (double)wall_us / 1e6 > ledger_bounds[bucket]) bucket++;
    statistics->durations[bucket]++;
    pace_add(&statistics->pace, wall_us);
}

static void note_end(struct ledger_tail *tail, const struct report *report)
{
    const int64_t end_us = report->start_us + report->wall_us;
    if (end_us < tail->end_us) {
        if (report->worker != tail->worker && end_us > tail->others_end_us)
            tail->others_end_us = end_us;
        return;
    }
    if (report->worker != tail->worker) tail->others_end_us = tail->end_us;
    tail->end_us = end_us;
    tail->worker = report->worker;
    tail->task = report->task;
    memcpy(tail->place, report->place, sizeof tail->place);
    memcpy(tail->host, report->host, sizeof tail->host);
}

static void count_result(struct stage_statistics *statistics, const struct lode_stage *stage,
                         const struct report *report)
{
    statistics->cpu_us += report->cpu_us;
    statistics->result_bytes += report->file_size ? report->file_size : report->bytes.size;
    if (report->peak_bytes > statistics->peak_bytes) statistics->peak_bytes = report->peak_bytes;
    count_duration(statistics, report->wall_us);
    note_end(&statistics->tail, report);
    if (report->wall_us <= statistics->slowest_us) return;
    statistics->slowest_us = report->wall_us;
    statistics->slowest_task = report->task;
    memcpy(statistics->slowest_place, report->place, sizeof statistics->slowest_place);
    memcpy(statistics->slowest_host, report->host, sizeof statistics->slowest_host);
    ledger_name_task(stage, report->task, statistics->slowest_what, LEDGER_WHAT_SIZE);
}

/* What holds for every attempt, however it ended. */
static void count_attempt(struct stage_statistics *statistics, const struct report *report)
{
    statistics->attempts++;
    int outcome = 0;
    while (outcome < LEDGER_OUTCOMES - 1 && strcmp(report->outcome, ledger_outcomes[outcome]) != 0)
        outcome++;
    statistics->outcomes[outcome]++;
    statistics->traffic.read_bytes += report->read_bytes;
    statistics->traffic.written_bytes += report->written_bytes;
    statistics->traffic.shuffled_bytes += report->shuffled_bytes;
    if (report->workers > statistics->workers) statistics->workers = report->workers;
    if (statistics->first_us == 0 || report->start_us < statistics->first_us)
        statistics->first_us = report->start_us;
}

lode_status ledger_attempt(struct ledger *ledger, const struct lode_stage *stage,
                           const struct report *report)
{
    struct stage_statistics *statistics = &ledger->stages[ledger->n_stages - 1];
    count_attempt(statistics, report);
    write_line(ledger, stage, report);
    if (report->kind == REPORT_RESULT) {
        const int64_t chain_us = chain_of(ledger, report);
        if (chain_us > statistics->chain_us) statistics->chain_us = chain_us;
        count_result(statistics, stage, report);
        return LODE_OK;
    }
    const bool is_bad = strcmp(report->outcome, "failed") == 0 ||
                        strcmp(report->outcome, "lost") == 0 ||
                        strcmp(report->outcome, "hung") == 0;
    statistics->repeated += is_bad;
    if (!is_bad || ledger->n_bad == BAD_MAX) return LODE_OK;
    lode_try(
        grow((void **)&ledger->bad, &ledger->bad_capacity, ledger->n_bad, sizeof *ledger->bad));
    struct bad_attempt *bad = &ledger->bad[ledger->n_bad++];
    *bad = (struct bad_attempt){.task = report->task,
                                .attempt = report->attempt,
                                .pid = report->pid,
                                .wall_us = report->wall_us,
                                .outcome = report->outcome,
                                .status = report->status,
                                .text = strdup(report->text ? report->text : "")};
    memcpy(bad->place, report->place, sizeof bad->place);
    memcpy(bad->host, report->host, sizeof bad->host);
    return LODE_OK;
}

lode_status ledger_lost(struct ledger *ledger, const struct report *report)
{
    lode_try(
        grow((void **)&ledger->lost, &ledger->lost_capacity, ledger->n_lost, sizeof *ledger->lost));
    struct lost_worker *lost = &ledger->lost[ledger->n_lost++];
    *lost = (struct lost_worker){.was_unfit = report->kind == REPORT_WORKER_UNFIT,
                                 .worker = report->worker,
                                 .pid = report->pid,
                                 .why = strdup(report->text ? report->text : "")};
    memcpy(lost->place, report->place, sizeof lost->place);
    memcpy(lost->host, report->host, sizeof lost->host);
    return LODE_OK;
}

/* All failures of the task have the same words: then they are said once. */
static bool all_alike(const struct ledger *ledger, int64_t task, int *count, const char **text)
{
    bool alike = true;
    *count = 0;
    *text = NULL;
    for (int64_t i = 0; i < ledger->n_bad; i++) {
        const struct bad_attempt *bad = &ledger->bad[i];
        if (bad->task != task || !bad->text) continue;
        if (*text) alike = alike && strcmp(*text, bad->text) == 0;
        *text = bad->text;
        ++*count;
    }
    return alike && *count > 1;
}

lode_status ledger_explain(const struct ledger *ledger, int64_t task, struct lode_bytes *text)
{
    const char *same = NULL;
    int count = 0, written = 0;
    const bool alike = all_alike(ledger, task, &count, &same);
    if (alike) lode_try(lode_bytes_printf(text, "%d attempts went the same way (", count));
    for (int64_t i = 0; i < ledger->n_bad; i++) {
        const struct bad_attempt *bad = &ledger->bad[i];
        if (bad->task != task || !bad->text) continue;
        if (written++) lode_try(lode_bytes_printf(text, alike ? ", " : "; "));
        lode_try(lode_bytes_printf(text, "attempt %" PRId64 " %s on worker %s of %s", bad->attempt,
                                   bad->outcome, bad->place, bad->host));
        if (!alike && bad->text[0]) lode_try(lode_bytes_printf(text, ": %s", bad->text));
    }
    if (alike) lode_try(lode_bytes_printf(text, "): %s", same));
    return LODE_OK;
}

lode_status ledger_status(const struct ledger *ledger, int64_t task)
{
    lode_status status = LODE_E_CLUSTER;
    for (int64_t i = 0; i < ledger->n_bad; i++)
        if (ledger->bad[i].task == task && strcmp(ledger->bad[i].outcome, "failed") == 0)
            status = ledger->bad[i].status;
    return status;
}

lode_status ledger_missing(struct ledger *ledger, const struct lode_stage *stage, int64_t task,
                           const struct lode_bytes *why)
{
    lode_try(grow((void **)&ledger->missing, &ledger->missing_capacity, ledger->n_missing,
                  sizeof *ledger->missing));
    struct missing_task *missing = &ledger->missing[ledger->n_missing++];
    *missing = (struct missing_task){.stage = ledger->n_stages - 1, .task = task};
    ledger->stages[ledger->n_stages - 1].missing++;
    missing->why = why->size ? strndup((const char *)why->data, why->size) : NULL;
    ledger_name_task(stage, task, missing->what, sizeof missing->what);
    return LODE_OK;
}
