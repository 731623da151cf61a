/* Task document: see the header. Of a stage that is not under way the log alone knows. */
#include "coordinator/look/task_document.h"

#include "coordinator/look/fields.h"
#include "coordinator/look/log_summary.h"
#include "coordinator/look/status_document.h"
#include "coordinator/look/task_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct asking {
    int64_t stage, task;
    double n_tasks; /* of the stage; NaN: not known */
    const struct record *record;
    const cJSON *answer; /* about this very task; NULL: the log must do */
    const struct log_summary *log;
    cJSON *attempts;
    int n_attempts, n_ok;
    cJSON *document;
};

static lode_status add_attempt(void *context, const struct task_line *line)
{
    struct asking *a = context;
    if (line->stage != a->stage || line->task != a->task) return LODE_OK;
    cJSON *attempt = cJSON_CreateObject();
    add_number(attempt, "attempt", (double)line->attempt);
    cJSON_AddStringToObject(attempt, "outcome", line->outcome);
    add_number(attempt, "worker", line->worker < 0 ? (double)NAN : (double)line->worker);
    cJSON_AddStringToObject(attempt, "place", line->place);
    cJSON_AddStringToObject(attempt, "host", line->host);
    add_number(attempt, "pid", (double)line->pid);
    add_seconds(attempt, "start_seconds", line->start_ms / 1e3);
    add_seconds(attempt, "duration_seconds", line->duration_ms / 1e3);
    add_number(attempt, "read_bytes", (double)line->read_bytes);
    add_number(attempt, "written_bytes", (double)line->written_bytes);
    add_number(attempt, "shuffled_bytes", (double)line->shuffled_bytes);
    cJSON_AddStringToObject(attempt, "error", line->error);
    cJSON_AddItemToArray(a->attempts, attempt);
    a->n_attempts++;
    a->n_ok += strcmp(line->outcome, "ok") == 0;
    return LODE_OK;
}

/* The stage as run.json has it; NULL: it does not. */
static const cJSON *recorded_stage(const struct record *record, int64_t stage)
{
    return cJSON_GetArrayItem(field_list(record->json, "stages"), (int)stage - 1);
}

static int64_t last_stage(const struct record *record, const struct log_summary *log,
                          const cJSON *answer)
{
    const double under_way = field_number(answer, "stage");
    if (under_way >= 1 && under_way <= LEDGER_STAGES_MAX) return (int64_t)under_way;
    int recorded = cJSON_GetArraySize(field_list(record->json, "stages"));
    if (recorded > LEDGER_STAGES_MAX) recorded = LEDGER_STAGES_MAX;
    return recorded > log->n_stages ? recorded : log->n_stages;
}

/* How many tasks the stage has. A stage after which another came was done to its last task. */
static double count_tasks(const struct asking *a)
{
    if (a->answer) return field_number(a->answer, "tasks");
    const cJSON *stage = recorded_stage(a->record, a->stage);
    if (stage) return field_number(stage, "tasks");
    const bool is_whole = a->stage < a->log->n_stages || a->record->state == RECORD_RUNNING;
    return is_whole ? (double)a->log->stages[a->stage].highest_task + 1 : (double)NAN;
}

static lode_status check_numbers(struct asking *a, int64_t n_stages)
{
    if (n_stages == 0)
        return lode_fail(LODE_E_USAGE, "the run has no tasks yet: its first stage has not begun");
    if (a->stage < 1 || a->stage > n_stages)
        return lode_fail(LODE_E_USAGE, "no stage %" PRId64 ": the run has stages 1 to %" PRId64,
                         a->stage, n_stages);
    a->n_tasks = count_tasks(a);
    if ((double)a->task < a->n_tasks) return LODE_OK;
    if (!isnan(a->n_tasks))
        return lode_fail(LODE_E_USAGE,
                         "no task %" PRId64 ": stage %" PRId64 " has %.0f tasks, 0 to %.0f",
                         a->task, a->stage, a->n_tasks, a->n_tasks - 1);
    if (a->task <= a->log->stages[a->stage].highest_task) return LODE_OK;
    return lode_fail(LODE_E_USAGE,
                     "no task %" PRId64 " in the log of stage %" PRId64
                     ", which has tasks up to %" PRId64
                     "; how many there were, the coordinator took with it",
                     a->task, a->stage, a->log->stages[a->stage].highest_task);
}

static const cJSON *find_missing(const struct asking *a, const char *title)
{
    const cJSON *missing = NULL;
    cJSON_ArrayForEach(missing, field_list(a->record->json, "missing"))
    {
        if (strcmp(field_text(missing, "stage"), title) == 0 &&
            field_number(missing, "task") == (double)a->task) /* both are whole */
            return missing;
    }
    return NULL;
}

/* State and reason as far as log and record tell. */
static void conclude(const struct asking *a, const cJSON *missing)
{
    const bool over = a->record->state == RECORD_ENDED || a->record->state == RECORD_KILLED;
    const char *state = NULL, *why = NULL;
    char words[SUMMARY_WHY_SIZE + 64];
    snprintf(words, sizeof words, "the run ended (%s) before %s", a->record->state_name,
             a->n_attempts ? "an attempt went well" : "an attempt of it ended");
    if (a->n_ok) {
        state = "done";
        why = "its result has come";
    } else if (missing) {
        state = "given up";
        why = field_text(missing, "why");
    } else if (over) {
        state = "not done";
        why = words;
    } else { /* under way, but at a later stage */
        state = "given up";
        why = "the run went on without it";
    }
    cJSON_AddStringToObject(a->document, "task_state", state);
    cJSON_AddStringToObject(a->document, "why", why);
}

static void add_past(const struct asking *a)
{
    const cJSON *stage = recorded_stage(a->record, a->stage);
    const char *leaf = a->log->stages[a->stage].leaf;
    const char *title = stage ? field_text(stage, "title") : leaf;
    const cJSON *missing = find_missing(a, title);
    cJSON_AddStringToObject(a->document, "leaf", stage ? field_text(stage, "leaf") : leaf);
    cJSON_AddStringToObject(a->document, "title", title);
    copy_text(missing, "what", a->document);
    conclude(a, missing);
    add_number(a->document, "cost", (double)NAN);
    cJSON_AddArrayToObject(a->document, "holders");
}

static void add_live(const struct asking *a)
{
    static const char *const numbers[] = {"worker", "pid", "attempt", "seconds"};
    const cJSON *told = NULL;
    copy_text(a->answer, "leaf", a->document);
    copy_text(a->answer, "title", a->document);
    copy_text(a->answer, "what", a->document);
    cJSON_AddStringToObject(a->document, "task_state", field_text(a->answer, "state"));
    copy_text(a->answer, "why", a->document);
    copy_number(a->answer, "cost", a->document);
    cJSON *list = cJSON_AddArrayToObject(a->document, "holders");
    cJSON_ArrayForEach(told, field_list(a->answer, "holders"))
    {
        cJSON *holder = cJSON_CreateObject();
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            copy_number(told, numbers[i], holder);
        copy_text(told, "place", holder);
        copy_text(told, "host", holder);
        cJSON_AddBoolToObject(holder, "running",
                              cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(told, "running")));
        cJSON_AddBoolToObject(holder, "wanted",
                              cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(told, "wanted")));
        cJSON_AddItemToArray(list, holder);
    }
}

static lode_status explain(struct asking *a, const char *run)
{
    a->document = cJSON_CreateObject();
    a->attempts = cJSON_CreateArray();
    if (!a->document || !a->attempts) {
        cJSON_Delete(a->attempts);
        return lode_fail(LODE_E_MEMORY, "no memory for the answer");
    }
    cJSON_AddStringToObject(a->document, "run", run);
    copy_text(a->record->json, "job", a->document);
    cJSON_AddStringToObject(a->document, "state", a->record->state_name);
    add_number(a->document, "stage", (double)a->stage);
    add_number(a->document, "tasks", a->n_tasks);
    add_number(a->document, "task", (double)a->task);
    const lode_status status = task_log_read(run, add_attempt, a);
    if (a->answer)
        add_live(a);
    else
        add_past(a);
    cJSON_AddItemToObject(a->document, "attempts", a->attempts);
    return status;
}

lode_status task_document(const char *run, int64_t stage, int64_t task, cJSON **document)
{
    lode_status status = LODE_OK;
    char question[64];
    struct record record = {0};
    struct log_summary *log = NULL;
    cJSON *answer = NULL;
    struct asking asking = {.stage = stage, .task = task, .record = &record};
    snprintf(question, sizeof question, "task %" PRId64, task);
    lode_try_done(status_look(run, question, &record, &answer));
    lode_try_done(log_summary_read(run, &log));
    const int64_t under_way = last_stage(&record, log, answer);
    if (stage == 0) asking.stage = under_way;
    asking.log = log;
    if (field_number(answer, "stage") == (double)asking.stage) asking.answer = answer;
    lode_try_done(check_numbers(&asking, under_way));
    lode_try_done(explain(&asking, run));
    *document = asking.document;
    asking.document = NULL;
done:
    cJSON_Delete(asking.document);
    cJSON_Delete(answer);
    log_summary_free(log);
    record_clear(&record);
    return status;
}
