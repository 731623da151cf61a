/* Mapping: one lode_map under way, on the main thread.
 *
 * Results come in any order and are merged in task order: a result that comes early waits in
 * `early` until all before it are merged. That order, not the order of arrival, is what makes the
 * bytes of a run the same for any number of workers.
 *
 * A result is merged once it is on disk. Writing each alone would cost a wait for the disk each, so
 * everything that has come is taken together (`pending`), put into one commit, and then merged.
 */
#include "common/clock.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/patience.h"
#include "common/wire/mpi.h"
#include "coordinator/cluster_private.h"
#include "coordinator/signals.h"
#include "worker/executor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WAIT_MS = 200,
    RESULT_LIMIT = INT32_MAX,
    PENDING_MAX = 8192,     /* results of one commit */
    COMMIT_BYTES = 4 << 20, /* a commit is not waited for beyond that */
    WHY_LIMIT = 4096        /* bytes of why a task was given up that the journal keeps */
};

struct mapping {
    struct lode_cluster *cluster;
    struct journal *journal; /* or NULL */
    uint64_t number;         /* of the stage, from 1 */
    const struct lode_stage *stage;
    lode_merge_fn merge;
    void *context;
    struct report **early; /* [n_tasks] results that wait for their turn */
    struct report *pending[PENDING_MAX];
    int n_pending;
    const struct history_stage *known; /* what earlier epochs have left; NULL: nothing */
    int64_t *index;                    /* [n_tasks] see history_index; NULL likewise */
    bool *done;                        /* [n_tasks] index >= 0 */
    int64_t n_merged, n_done;
    bool ended, broken;
};

static const struct history_task *known_task(const struct mapping *map, int64_t task)
{
    return map->index && map->index[task] >= 0 ? &map->known->tasks[map->index[task]] : NULL;
}

/* --- merging --- */

/* A result that is a file of the run. */
struct result_file {
    struct executor_attempt attempt;
    uint64_t size, hash;
};

static void result_path(const struct mapping *map, const struct result_file *file, char *path,
                        size_t size)
{
    executor_result_path(path, size, map->cluster->work_directory, &file->attempt);
}

/* Read whole and checked. It stays as long as the run: one that goes on merges it again. */
static lode_status read_result(const struct mapping *map, const struct result_file *file,
                               struct lode_bytes *bytes)
{
    char path[4096];
    result_path(map, file, path, sizeof path);
    lode_status status = LODE_OK;
    if (file->size > RESULT_LIMIT)
        status = lode_fail(LODE_E_INPUT, "%" PRIu64 " bytes, at most %d are read", file->size,
                           RESULT_LIMIT);
    else
        status = lode_read_told(path, file->size, file->hash, bytes);
    if (status == LODE_E_INPUT)
        return lode_fail(LODE_E_RUN,
                         "%s: not the result that was announced (%s); without this file "
                         "its task is computed again",
                         path, lode_error_text());
    lode_try(status);
    if (!map->journal) unlink(path);
    return LODE_OK;
}

static struct result_file file_of_known(const struct mapping *map, const struct history_task *task)
{
    return (struct result_file){.attempt = {.epoch = (int64_t)task->epoch,
                                            .stage = (int64_t)map->number,
                                            .task = (int64_t)task->task,
                                            .attempt = (int64_t)task->attempt},
                                .size = task->file_size,
                                .hash = task->file_hash};
}

static lode_status merge_report(struct mapping *map, struct report *report)
{
    const int64_t epoch = map->journal ? (int64_t)journal_epoch(map->journal) : 1;
    const struct result_file file = {.attempt = {.epoch = epoch,
                                                 .stage = (int64_t)map->number,
                                                 .task = report->task,
                                                 .attempt = report->attempt},
                                     .size = report->file_size,
                                     .hash = report->file_hash};
    if (report->kind == REPORT_GIVEN_UP) return LODE_OK; /* the run goes on without it */
    if (report->file_size) lode_try(read_result(map, &file, &report->bytes));
    return map->merge(map->context, report->task, report->bytes.data, report->bytes.size);
}

static lode_status merge_known(struct mapping *map, const struct history_task *task)
{
    struct lode_bytes bytes = {0};
    lode_status status = LODE_OK;
    if (task->file_size) {
        const struct result_file file = file_of_known(map, task);
        status = read_result(map, &file, &bytes);
    } else {
        status = journal_read(map->journal, task, &bytes);
    }
    if (!status && task->given_up)
        status = ledger_missing(&map->cluster->ledger, map->stage, (int64_t)task->task, &bytes);
    else if (!status)
        status = map->merge(map->context, (int64_t)task->task, bytes.data, bytes.size);
    lode_bytes_clear(&bytes);
    return status;
}

/* Merges whatever has its turn. */
static lode_status merge_on(struct mapping *map)
{
    lode_status status = LODE_OK;
    while (!status && map->n_merged < map->stage->n_tasks) {
        struct report *report = map->early[map->n_merged];
        const struct history_task *known = known_task(map, map->n_merged);
        if (!report && !known) break;
        status = report ? merge_report(map, report) : merge_known(map, known);
        map->early[map->n_merged++] = NULL;
        report_free(report);
    }
    return status;
}

/* --- the journal --- */

/* Of parameters and inputs: the same stage has the same. */
static uint64_t hash_stage(const struct lode_stage *stage)
{
    uint64_t chain[2] = {lode_hash(stage->params.data, stage->params.size), 0};
    for (int64_t i = 0; stage->inputs && i < stage->n_tasks; i++) {
        chain[1] = lode_hash(stage->inputs[i].data, stage->inputs[i].size);
        chain[0] = lode_hash(chain, sizeof chain);
    }
    return chain[0];
}

/* A file that is not there any more, or was cut, is computed again. */
static bool is_there(const struct mapping *map, const struct history_task *task)
{
    char path[4096];
    struct stat about;
    const struct result_file file = file_of_known(map, task);
    if (!task->file_size) return true;
    result_path(map, &file, path, sizeof path);
    return stat(path, &about) == 0 && (uint64_t)about.st_size == task->file_size;
}

static lode_status take_known(struct mapping *map)
{
    const int64_t n = map->stage->n_tasks;
    map->index = calloc((size_t)n, sizeof *map->index);
    map->done = calloc((size_t)n, sizeof *map->done);
    if (!map->index || !map->done)
        return lode_fail(LODE_E_MEMORY, "no memory for %" PRId64 " tasks", n);
    lode_try(history_index(map->known, map->index));
    for (int64_t i = 0; i < n; i++) {
        const struct history_task *task = known_task(map, i);
        map->done[i] = task && is_there(map, task);
        if (!map->done[i]) map->index[i] = -1;
        map->n_done += map->done[i];
        if (map->done[i]) progress_task(&map->cluster->progress, i, true);
    }
    map->cluster->ledger.stages[map->number - 1].known = map->n_done;
    return LODE_OK;
}

/* Finds the stage in the journal, or puts it there: on disk with its first results. */
static lode_status begin_in_journal(struct mapping *map)
{
    const struct lode_stage *stage = map->stage;
    const struct entry entry = {.kind = ENTRY_STAGE,
                                .stage = map->number,
                                .text = lode_span_text(stage->leaf),
                                .n_tasks = (uint64_t)stage->n_tasks,
                                .hash = hash_stage(stage)};
    if (!map->journal) return LODE_OK;
    map->known = history_find(journal_history(map->journal), map->number);
    if (!map->known) return journal_put(map->journal, &entry);
    if (strcmp(map->known->leaf, stage->leaf) != 0 || map->known->n_tasks != entry.n_tasks ||
        map->known->hash != entry.hash)
        return lode_fail(LODE_E_BUG,
                         "stage %" PRIu64 " is '%s' with %" PRId64 " tasks; the journal has '%s' "
                         "with %" PRIu64 "%s: the run cannot go on, run it anew",
                         map->number, stage->leaf, stage->n_tasks, map->known->leaf,
                         map->known->n_tasks,
                         map->known->hash == entry.hash ? "" : ", of other parameters");
    return take_known(map);
}

static lode_status put_report(struct mapping *map, const struct report *report)
{
    const bool given_up = report->kind == REPORT_GIVEN_UP;
    struct entry entry = {.kind = given_up ? ENTRY_GIVEN_UP : ENTRY_RESULT,
                          .stage = map->number,
                          .task = (uint64_t)report->task,
                          .attempt = (uint64_t)report->attempt,
                          .file_size = report->file_size,
                          .file_hash = report->file_hash,
                          .bytes = {report->bytes.data, report->bytes.size}};
    if (!map->journal) return LODE_OK;
    if (given_up) {
        const struct ledger *ledger = &map->cluster->ledger;
        const char *why = ledger->missing[ledger->n_missing - 1].why;
        entry.text = lode_span_text(why ? why : "");
        if (entry.text.size > WHY_LIMIT) entry.text.size = WHY_LIMIT;
    }
    return journal_put(map->journal, &entry);
}

/* What has come is on disk, then merged. Before that it is in log/tasks.csv: every result that the
 * journal has has its line there. */
static lode_status settle(struct mapping *map)
{
    if (map->n_pending && map->journal) lode_try(journal_check(map->journal));
    lode_try(ledger_flush(&map->cluster->ledger));
    if (map->n_pending == 0) return LODE_OK;
    if (map->journal) lode_try(journal_commit(map->journal));
    for (int i = 0; i < map->n_pending; i++) {
        map->early[map->pending[i]->task] = map->pending[i];
        progress_task(&map->cluster->progress, map->pending[i]->task, false);
    }
    map->n_done += map->n_pending;
    map->n_pending = 0;
    return merge_on(map);
}

/* --- reports --- */

static lode_status fail_task(struct mapping *map, const struct report *report)
{
    char name[512];
    struct lode_bytes why = {0};
    const struct ledger *ledger = &map->cluster->ledger;
    /* a leaf's own verdict (bad input, no memory) is the run's; a task that kills workers is not */
    lode_status status = ledger_status(ledger, report->task);
    if (report->quarantined || status == LODE_E_CLUSTER) status = LODE_E_RUN;
    ledger_name_task(map->stage, report->task, name, sizeof name);
    lode_try(ledger_explain(ledger, report->task, &why));
    map->cluster->task_failed = true;
    const bool no_memory = report->quarantined && cluster_ran_out_of_memory(map->cluster);
    status = lode_fail(no_memory ? LODE_E_MEMORY : status, "%s: %s was given up%s%s: %.*s",
                       map->stage->title, name,
                       report->quarantined ? ", it took its worker down each time" : "",
                       no_memory ? " (probably for want of memory, the kernel ended processes for "
                                   "it: take less --memory, or fewer workers)"
                                 : "",
                       (int)why.size, (const char *)why.data);
    lode_bytes_clear(&why);
    return status;
}

static lode_status stop(struct mapping *map, const struct report *report)
{
    const struct signals_wish wish = signals_wish(lode_mpi_rank(&(int){0}, &(int){0}));
    if (report->kind == REPORT_STOPPED && !wish.stop)
        return lode_fail(LODE_E_STOPPED,
                         "stopped because the time of the batch job is up: %" PRId64 " of %" PRId64
                         " tasks of '%s' were done",
                         map->n_done, map->stage->n_tasks, map->stage->title);
    if (report->kind == REPORT_STOPPED) {
        map->cluster->stop_signal = wish.stop;
        return lode_fail(LODE_E_STOPPED,
                         "stopped by signal %d: %" PRId64 " of %" PRId64 " tasks of '%s' were done",
                         wish.stop, map->n_done, map->stage->n_tasks, map->stage->title);
    }
    return lode_fail(LODE_E_STOPPED,
                     "stopped in good order, as asked: %" PRId64 " of %" PRId64
                     " tasks of '%s' were done",
                     map->n_done, map->stage->n_tasks, map->stage->title);
}

static lode_status note_missing(struct mapping *map, const struct report *report)
{
    struct lode_bytes why = {0};
    struct ledger *ledger = &map->cluster->ledger;
    lode_status status = ledger_explain(ledger, report->task, &why);
    if (!status) status = ledger_missing(ledger, map->stage, report->task, &why);
    lode_bytes_clear(&why);
    return status;
}

/* A result, or the end of hope for one: on its way into the journal. Taken over. */
static lode_status take_result(struct mapping *map, struct report *report)
{
    map->pending[map->n_pending++] = report;
    if (report->kind == REPORT_GIVEN_UP)
        lode_try(note_missing(map, report));
    else
        lode_try(ledger_attempt(&map->cluster->ledger, map->stage, report));
    return put_report(map, report);
}

/* The stage ends before its time: what has come is on disk first. */
static lode_status end_early(struct mapping *map, const struct report *report)
{
    map->broken = report->kind == REPORT_BROKEN;
    lode_try(settle(map));
    switch (report->kind) {
    case REPORT_STAGE_FAILED:
        return fail_task(map, report);
    case REPORT_NO_WORKERS:
        if (report->text) return lode_fail(LODE_E_CLUSTER, "no worker is left: %s", report->text);
        return lode_fail(LODE_E_CLUSTER,
                         "no worker is left and none came back; see log/ in the run directory");
    case REPORT_BROKEN:
        return lode_fail(report->status, "%s", report->text);
    default:
        return stop(map, report);
    }
}

/* What a report that is no result means for the run. */
static lode_status take_news(struct mapping *map, const struct report *report)
{
    switch (report->kind) {
    case REPORT_ATTEMPT:
        return ledger_attempt(&map->cluster->ledger, map->stage, report);
    case REPORT_WORKER_LOST:
    case REPORT_WORKER_UNFIT:
        return ledger_lost(&map->cluster->ledger, report);
    case REPORT_STAGE_DONE:
        map->ended = true;
        return LODE_OK;
    case REPORT_FORGOTTEN:
        return LODE_OK;
    default:
        return end_early(map, report);
    }
}

/* Everything that has come; waits when nothing has. */
static lode_status take_reports(struct mapping *map)
{
    struct lode_cluster *cluster = map->cluster;
    int wait_ms = WAIT_MS;
    while (!map->ended && map->n_pending < PENDING_MAX) {
        struct report *report = NULL;
        lode_status status = dispatch_next(cluster->dispatch, wait_ms, &report);
        if (status || !report) return status;
        if (report->workers > cluster->most_workers) cluster->most_workers = report->workers;
        if (report->kind == REPORT_RESULT || report->kind == REPORT_GIVEN_UP) {
            lode_try(take_result(map, report));
        } else {
            status = take_news(map, report);
            report_free(report);
            lode_try(status);
        }
        if (map->journal && journal_waiting(map->journal) > COMMIT_BYTES) break;
        wait_ms = 0;
    }
    return LODE_OK;
}

/* --- the stage --- */

static void tell_metrics(const struct lode_cluster *cluster)
{
    const struct journal *journal = cluster->options.journal;
    metrics_take_ledger(cluster->options.metrics, &cluster->ledger,
                        journal ? journal_size(journal) : 0);
}

static lode_status run_stage(struct mapping *map)
{
    struct lode_cluster *cluster = map->cluster;
    lode_status status = LODE_OK;
    lode_try(begin_in_journal(map));
    const bool is_known = map->n_done == map->stage->n_tasks;
    if (!is_known) lode_try(dispatch_begin(cluster->dispatch, map->number, map->stage, map->done));
    map->ended = is_known;
    status = merge_on(map); /* of earlier epochs, while workers begin with the rest */
    while (!status && !map->ended) {
        status = take_reports(map);
        if (!status) status = settle(map);
        tell_metrics(cluster);
        progress_update(&cluster->progress, cluster->most_workers, lode_clock_us());
    }
    if (status && !is_known && !map->broken && dispatch_forget(cluster->dispatch))
        lode_log_warn("the dispatcher does not listen");
    return status;
}

static void clear(struct mapping *map)
{
    for (int64_t i = 0; i < map->stage->n_tasks; i++) report_free(map->early[i]);
    for (int i = 0; i < map->n_pending; i++) report_free(map->pending[i]);
    free(map->early);
    free(map->index);
    free(map->done);
    free(map);
}

/* What workers could not run, or not name, is better said before they try. */
static lode_status check_stage(const struct lode_cluster *cluster, const struct lode_stage *stage)
{
    if (!stage->leaf || !plugin_find_leaf(cluster->options.plugin, stage->leaf))
        return lode_fail(LODE_E_BUG, "the job asks for leaf '%s', which is not in its list",
                         stage->leaf ? stage->leaf : "");
    if (!stage->title || stage->n_tasks < 0)
        return lode_fail(LODE_E_BUG, "a stage of leaf '%s' with %" PRId64 " tasks and title '%s'",
                         stage->leaf, stage->n_tasks, stage->title ? stage->title : "");
    return LODE_OK;
}

lode_status cluster_map(struct lode_cluster *cluster, const struct lode_stage *stage,
                        lode_merge_fn merge, void *context)
{
    const int64_t start = lode_clock_us();
    lode_try(check_stage(cluster, stage));
    if (stage->n_tasks == 0) return LODE_OK;
    lode_try(ledger_begin(&cluster->ledger, stage, start));
    struct mapping *map = calloc(1, sizeof *map);
    if (!map) return lode_fail(LODE_E_MEMORY, "no memory for a stage");
    *map = (struct mapping){.cluster = cluster,
                            .journal = cluster->options.journal,
                            .number = (uint64_t)cluster->ledger.n_stages,
                            .stage = stage,
                            .merge = merge,
                            .context = context,
                            .early = calloc((size_t)stage->n_tasks, sizeof *map->early)};
    if (!map->early) {
        free(map);
        return lode_fail(LODE_E_MEMORY, "no memory for %" PRId64 " tasks", stage->n_tasks);
    }
    progress_begin(&cluster->progress, stage->title, stage->n_tasks, stage->costs,
                   stage->cost_units, start);
    tell_metrics(cluster);
    lode_status status = run_stage(map);
    progress_end(&cluster->progress, cluster->most_workers, lode_clock_us());
    ledger_end(&cluster->ledger, stage, lode_clock_us());
    tell_metrics(cluster);
    clear(map);
    return status;
}
