/* Status document: see the header. Three sources, in this order: the coordinator's answer (what is
 * under way), run.json (what has ended, with its verdict), log/tasks.csv (stages that have ended in
 * a run that has not, and whatever is known of one that was killed).
 */
#include "coordinator/look/status_document.h"

#include "coordinator/ask.h"
#include "coordinator/journal/journal.h"
#include "coordinator/look/fields.h"
#include "coordinator/look/going_on.h"
#include "coordinator/look/log_summary.h"

#include <stdio.h>
#include <string.h>

struct making {
    const struct record *record;
    const cJSON *answer; /* NULL: not under way */
    const struct log_summary *log;
    cJSON *document;
};

lode_status status_look(const char *run, const char *question, struct record *record,
                        cJSON **answer)
{
    lode_try(record_load(run, record));
    if (record->state != RECORD_RUNNING) return LODE_OK;
    const lode_status status = ask_coordinator(run, question, answer);
    if (!status) return LODE_OK;
    struct record again = {0};
    lode_try(record_load(run, &again));
    if (again.state == RECORD_RUNNING) {
        record_clear(&again);
        return lode_note(status == LODE_E_USAGE ? status : LODE_E_CLUSTER,
                         "the coordinator on %s (pid %lld) does not answer", record->host,
                         (long long)record->pid);
    }
    record_clear(record);
    *record = again;
    return LODE_OK;
}

static void add_head(struct making *m)
{
    const struct record *record = m->record;
    cJSON *d = m->document;
    copy_text(record->json, "job", d);
    cJSON_AddStringToObject(d, "state", record->state_name);
    cJSON *coordinator = cJSON_AddObjectToObject(d, "coordinator");
    cJSON_AddStringToObject(coordinator, "host", record->host);
    add_number(coordinator, "pid", (double)record->pid);
    if (cJSON_HasObjectItem(record->json, "batch"))
        cJSON_AddItemToObject(
            d, "batch",
            cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(record->json, "batch"), true));
    else
        cJSON_AddNullToObject(d, "batch");
    copy_text(record->json, "started", d);
    copy_text(record->json, "ended", d);
    const double elapsed = record->state == RECORD_ENDED
                               ? field_number(record->json, "wall_seconds")
                           : record->state == RECORD_KILLED ? m->log->end_ms / 1e3
                                                            : record_age(record);
    add_seconds(d, "elapsed_seconds", elapsed);
    copy_number(record->json, "exit_status", d);
    char error[160];
    snprintf(error, sizeof error, "the coordinator (pid %lld on %s) is gone without a verdict",
             (long long)record->pid, record->host);
    cJSON_AddStringToObject(
        d, "error", record->state == RECORD_KILLED ? error : field_text(record->json, "error"));
    cJSON_AddBoolToObject(
        d, "root_step",
        m->answer && !cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(m->answer, "stage")));
    copy_number(m->answer, "bad_messages", d);
    copy_number(record->json, "critical_path_seconds", d);
    copy_number(record->json, "outside_stages_seconds", d);
}

/* How to go on with a run that nobody is at, and that has left something to go on with. */
static lode_status add_going_on(struct making *m, const char *run)
{
    struct lode_bytes text = {0};
    const bool is_over =
        m->record->state == RECORD_KILLED ||
        (m->record->state == RECORD_ENDED && strcmp(m->record->state_name, "done") != 0);
    if (!is_over || !journal_exists(run)) {
        cJSON_AddNullToObject(m->document, "resume");
        return LODE_OK;
    }
    lode_status status =
        going_on_command(run, cJSON_GetObjectItemCaseSensitive(m->record->json, "command"), &text);
    if (!status) status = lode_bytes_append(&text, "", 1);
    if (!status) cJSON_AddStringToObject(m->document, "resume", (const char *)text.data);
    lode_bytes_clear(&text);
    return status;
}

static cJSON *new_stage(int number, const char *leaf, const char *title, const char *state)
{
    cJSON *stage = cJSON_CreateObject();
    add_number(stage, "stage", number);
    cJSON_AddStringToObject(stage, "leaf", leaf);
    cJSON_AddStringToObject(stage, "title", title);
    cJSON_AddStringToObject(stage, "state", state);
    return stage;
}

static void add_counts(cJSON *stage, double tasks, double done, double running, double given_up)
{
    add_number(stage, "tasks", tasks);
    add_number(stage, "done", done);
    add_number(stage, "running", running);
    add_number(stage, "waiting", tasks - done - running - given_up);
    add_number(stage, "given_up", given_up);
}

static void add_times(cJSON *stage, double attempts, double done, double median, double elapsed,
                      double left)
{
    add_number(stage, "attempts", attempts);
    add_number(stage, "median_seconds", median);
    add_seconds(stage, "elapsed_seconds", elapsed);
    add_seconds(stage, "tasks_per_second", elapsed > 0 ? done / elapsed : (double)NAN);
    add_seconds(stage, "left_seconds", left);
}

/* What its attempts so far cost, by the log. */
static void add_logged_costs(const struct stage_summary *s, cJSON *stage)
{
    add_seconds(stage, "task_seconds", (double)s->pace.total_us / 1e6);
    add_number(stage, "efficiency", (double)NAN);
    add_seconds(stage, "longest_seconds", (double)s->pace.longest_us / 1e6);
    add_number(stage, "longest_task", s->ok > 0 ? (double)s->longest_task : (double)NAN);
    add_number(stage, "read_bytes", s->read_bytes);
    add_number(stage, "written_bytes", s->written_bytes);
    add_number(stage, "shuffled_bytes", s->shuffled_bytes);
}

/* A stage that only the log knows. `is_whole`: another came after it, so all of it was done. */
static cJSON *logged_stage(const struct making *m, int number, bool is_whole)
{
    const struct stage_summary *s = &m->log->stages[number];
    cJSON *stage = new_stage(number, s->leaf, s->leaf, is_whole ? "done" : m->record->state_name);
    const double tasks = is_whole ? (double)s->highest_task + 1 : (double)NAN;
    /* of a run that went on, a task on its way when it died may be there twice */
    const double done = fmin((double)s->ok, tasks);
    add_counts(stage, tasks, done, 0, is_whole ? tasks - done : (double)NAN);
    add_times(stage, (double)s->attempts, done, (double)pace_median_us(&s->pace) / 1e6,
              (s->end_ms - s->begin_ms) / 1e3, (double)NAN);
    add_logged_costs(s, stage);
    return stage;
}

static cJSON *live_stage(const struct making *m, const cJSON *told, int number)
{
    cJSON *stage =
        new_stage(number, field_text(told, "leaf"), field_text(told, "title"), "running");
    const double done = field_number(told, "done");
    add_counts(stage, field_number(told, "tasks"), done, field_number(told, "running"),
               field_number(told, "given_up"));
    add_times(stage, (double)m->log->stages[number].attempts, done,
              field_number(told, "median_seconds"), field_number(told, "elapsed_seconds"),
              field_number(told, "left_seconds"));
    add_logged_costs(&m->log->stages[number], stage);
    return stage;
}

/* Tasks of the stage among those that run.json says are missing. */
static double count_missing(const struct record *record, const char *title)
{
    int count = 0;
    const cJSON *missing = NULL;
    cJSON_ArrayForEach(missing, field_list(record->json, "missing")) count +=
        strcmp(field_text(missing, "stage"), title) == 0;
    return count;
}

static cJSON *ended_stage(const struct making *m, const cJSON *told, int number, bool is_last)
{
    static const char *const costs[] = {"task_seconds",  "efficiency", "longest_seconds",
                                        "longest_task",  "read_bytes", "written_bytes",
                                        "shuffled_bytes"};
    const char *title = field_text(told, "title");
    const bool is_done = !is_last || strcmp(m->record->state_name, "done") == 0;
    const double tasks = field_number(told, "tasks");
    const double missing = count_missing(m->record, title);
    const double done = fmin((double)m->log->stages[number].ok, tasks - missing); /* see above */
    const double given_up = is_done ? tasks - done : missing;
    cJSON *stage = new_stage(number, field_text(told, "leaf"), title,
                             is_done ? "done" : m->record->state_name);
    add_counts(stage, tasks, done, 0, given_up);
    add_times(stage, field_number(told, "attempts"), done, field_number(told, "median_seconds"),
              field_number(told, "wall_seconds"), (double)NAN);
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) copy_number(told, costs[i], stage);
    return stage;
}

static void add_stages(struct making *m)
{
    cJSON *list = cJSON_AddArrayToObject(m->document, "stages");
    const cJSON *live = cJSON_GetObjectItemCaseSensitive(m->answer, "stage");
    const cJSON *ended = field_list(m->record->json, "stages");
    const double id = field_number(live, "id");
    const bool has_live = id >= 1 && id <= LEDGER_STAGES_MAX;
    if (ended) {
        const cJSON *told = NULL;
        int number = 0;
        cJSON_ArrayForEach(told, ended)
        {
            if (++number > LEDGER_STAGES_MAX) return;
            cJSON_AddItemToArray(list, ended_stage(m, told, number, told->next == NULL));
        }
        return;
    }
    /* the log may have gone on since the answer: what it says of later stages waits */
    const int n_logged = has_live ? (int)id - 1 : m->log->n_stages;
    for (int i = 1; i <= n_logged; i++)
        cJSON_AddItemToArray(list, logged_stage(m, i, m->answer || i < n_logged));
    if (has_live) cJSON_AddItemToArray(list, live_stage(m, live, (int)id));
}

static void add_lost(cJSON *list, const char *place, const char *host, double pid, const char *why)
{
    cJSON *lost = cJSON_CreateObject();
    cJSON_AddStringToObject(lost, "place", place);
    cJSON_AddStringToObject(lost, "host", host);
    add_number(lost, "pid", pid);
    cJSON_AddStringToObject(lost, "why", why);
    cJSON_AddItemToArray(list, lost);
}

static void add_live_worker(const struct making *m, const cJSON *told, cJSON *list, cJSON *lost)
{
    static const char *const numbers[] = {"stage",
                                          "task",
                                          "attempt",
                                          "running_seconds",
                                          "since_progress_seconds",
                                          "heard_seconds_ago",
                                          "ok",
                                          "failed",
                                          "lost"};
    cJSON *worker = cJSON_CreateObject();
    const double number = field_number(told, "worker");
    const char *why = "it is silent"; /* and held no task */
    copy_number(told, "worker", worker);
    copy_text(told, "place", worker);
    copy_text(told, "host", worker);
    copy_number(told, "pid", worker);
    copy_text(told, "state", worker);
    copy_text(told, "what", worker);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        copy_number(told, numbers[i], worker);
    cJSON_AddItemToArray(list, worker);
    if (strcmp(field_text(told, "state"), "lost") != 0) return;
    if (number >= 0 && number < (double)m->log->n_workers &&
        m->log->workers[(int64_t)number].why[0])
        why = m->log->workers[(int64_t)number].why;
    add_lost(lost, field_text(told, "place"), field_text(told, "host"), field_number(told, "pid"),
             why);
}

/* It is not there any more; what it did is in the log. */
static void add_past_worker(const struct making *m, int64_t number, cJSON *list, cJSON *lost)
{
    static const char *const unknown[] = {"stage",
                                          "task",
                                          "attempt",
                                          "running_seconds",
                                          "since_progress_seconds",
                                          "heard_seconds_ago"};
    const struct worker_summary *summary = &m->log->workers[number];
    cJSON *worker = cJSON_CreateObject();
    add_number(worker, "worker", (double)number);
    cJSON_AddStringToObject(worker, "place", summary->place);
    cJSON_AddStringToObject(worker, "host", summary->host);
    add_number(worker, "pid", (double)summary->pid);
    cJSON_AddStringToObject(worker, "state", "ended");
    cJSON_AddNullToObject(worker, "what");
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        cJSON_AddNullToObject(worker, unknown[i]);
    add_number(worker, "ok", (double)summary->ok);
    add_number(worker, "failed", (double)summary->failed);
    add_number(worker, "lost", (double)summary->lost);
    cJSON_AddItemToArray(list, worker);
    if (summary->lost && m->record->state == RECORD_KILLED)
        add_lost(lost, summary->place, summary->host, (double)summary->pid, summary->why);
}

static void add_workers(struct making *m)
{
    const cJSON *told = NULL;
    cJSON *list = cJSON_AddArrayToObject(m->document, "workers");
    cJSON *lost = cJSON_AddArrayToObject(m->document, "lost_workers");
    if (m->answer) {
        cJSON_ArrayForEach(told, field_list(m->answer, "workers"))
            add_live_worker(m, told, list, lost);
        return;
    }
    for (int64_t i = 0; i < m->log->n_workers; i++)
        if (m->log->workers[i].pid) add_past_worker(m, i, list, lost);
    cJSON_ArrayForEach(told, field_list(m->record->json, "lost_workers"))
        add_lost(lost, field_text(told, "place"), field_text(told, "host"),
                 field_number(told, "pid"), field_text(told, "why"));
}

static void add_missing(struct making *m)
{
    cJSON *list = cJSON_AddArrayToObject(m->document, "missing");
    const cJSON *stage = cJSON_GetObjectItemCaseSensitive(m->answer, "stage");
    const cJSON *told = NULL;
    cJSON_ArrayForEach(told, field_list(m->answer ? m->answer : m->record->json, "missing"))
    {
        cJSON *missing = cJSON_CreateObject();
        char why[96];
        snprintf(why, sizeof why, "%.0f failures, %.0f workers taken down",
                 field_number(told, "failures"), field_number(told, "workers_taken_down"));
        cJSON_AddStringToObject(missing, "title",
                                m->answer ? field_text(stage, "title") : field_text(told, "stage"));
        copy_number(told, "task", missing);
        copy_text(told, "what", missing);
        cJSON_AddStringToObject(missing, "why", m->answer ? why : field_text(told, "why"));
        cJSON_AddItemToArray(list, missing);
    }
}

lode_status status_document(const char *run, cJSON **document)
{
    lode_status status = LODE_OK;
    struct record record = {0};
    struct making making = {0};
    struct log_summary *log = NULL;
    cJSON *answer = NULL;
    lode_try_done(status_look(run, "status", &record, &answer));
    lode_try_done(log_summary_read(run, &log));
    making = (struct making){
        .record = &record, .answer = answer, .log = log, .document = cJSON_CreateObject()};
    if (!making.document) {
        status = lode_fail(LODE_E_MEMORY, "no memory for the status");
        goto done;
    }
    cJSON_AddStringToObject(making.document, "run", run);
    add_head(&making);
    lode_try_done(add_going_on(&making, run));
    add_stages(&making);
    add_workers(&making);
    add_missing(&making);
    *document = making.document;
    making.document = NULL;
done:
    cJSON_Delete(making.document);
    log_summary_free(log);
    cJSON_Delete(answer);
    record_clear(&record);
    return status;
}
