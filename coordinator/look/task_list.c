/* Task list: the tasks of a run that deserve a look (task_document.h has the contract). One pass
 * over the log; what is kept is bounded, whatever the log holds.
 */
#include "coordinator/look/task_document.h"

#include "coordinator/dispatch/members.h"
#include "coordinator/look/fields.h"
#include "coordinator/look/status_document.h"
#include "coordinator/look/task_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRONG_MAX = 200, ERROR_SIZE = 512, WHAT_SIZE = 256, OUTCOME_SIZE = 16 };

struct listed {
    int64_t stage, task;
    int64_t n_bad;  /* attempts that failed, hung or were lost */
    bool is_done;   /* another attempt went well */
    double seconds; /* the longest attempt so far, or the one under way */
    char outcome[OUTCOME_SIZE], place[MEMBER_PLACE_SIZE], host[MEMBER_HOST_SIZE];
    char error[ERROR_SIZE], what[WHAT_SIZE];
};

struct listing {
    int64_t stage; /* 0: all */
    struct listed wrong[WRONG_MAX];
    int n_wrong;
    struct listed longest[TASK_LIST_MAX]; /* in order */
    int n_longest;
};

static void set_texts(struct listed *listed, const char *outcome, const char *place,
                      const char *host, const char *error)
{
    snprintf(listed->outcome, sizeof listed->outcome, "%s", outcome);
    snprintf(listed->place, sizeof listed->place, "%s", place);
    snprintf(listed->host, sizeof listed->host, "%s", host);
    snprintf(listed->error, sizeof listed->error, "%s", error);
}

static struct listed *find(struct listed *list, int n, int64_t stage, int64_t task)
{
    for (int i = 0; i < n; i++)
        if (list[i].stage == stage && list[i].task == task) return &list[i];
    return NULL;
}

static void note_wrong(struct listing *listing, const struct task_line *line)
{
    const bool is_bad = strcmp(line->outcome, "failed") == 0 ||
                        strcmp(line->outcome, "hung") == 0 || strcmp(line->outcome, "lost") == 0;
    struct listed *known = find(listing->wrong, listing->n_wrong, line->stage, line->task);
    if (!known && is_bad && listing->n_wrong < WRONG_MAX) {
        known = &listing->wrong[listing->n_wrong++];
        *known = (struct listed){.stage = line->stage, .task = line->task};
    }
    if (!known) return;
    known->is_done = known->is_done || strcmp(line->outcome, "ok") == 0;
    known->seconds = fmax(known->seconds, line->duration_ms / 1e3);
    if (!is_bad) return;
    known->n_bad++;
    set_texts(known, line->outcome, line->place, line->host, line->error);
}

static void note_long(struct listing *listing, const struct listed *candidate)
{
    int at = listing->n_longest;
    while (at > 0 && candidate->seconds > listing->longest[at - 1].seconds) at--;
    if (at == TASK_LIST_MAX) return;
    if (listing->n_longest < TASK_LIST_MAX) listing->n_longest++;
    for (int i = listing->n_longest - 1; i > at; i--) listing->longest[i] = listing->longest[i - 1];
    listing->longest[at] = *candidate;
}

static lode_status take_line(void *context, const struct task_line *line)
{
    struct listing *listing = context;
    if (listing->stage && line->stage != listing->stage) return LODE_OK;
    note_wrong(listing, line);
    if (strcmp(line->outcome, "ok") != 0) return LODE_OK;
    struct listed candidate = {
        .stage = line->stage, .task = line->task, .seconds = line->duration_ms / 1e3};
    set_texts(&candidate, line->outcome, line->place, line->host, "");
    note_long(listing, &candidate);
    return LODE_OK;
}

/* What runs at this moment runs longest if nothing else does. */
static void note_running(struct listing *listing, const cJSON *answer)
{
    const cJSON *worker = NULL;
    cJSON_ArrayForEach(worker, field_list(answer, "workers"))
    {
        const double task = field_number(worker, "task");
        const double id = field_number(worker, "stage");
        if (!(task >= 0 && task < 9e18 && id >= 1 && id < 9e18)) continue;
        if (listing->stage && (int64_t)id != listing->stage) continue;
        struct listed candidate = {.stage = (int64_t)id,
                                   .task = (int64_t)task,
                                   .seconds = field_number(worker, "running_seconds")};
        set_texts(&candidate, "running", field_text(worker, "place"), field_text(worker, "host"),
                  "");
        snprintf(candidate.what, sizeof candidate.what, "%s", field_text(worker, "what"));
        if (!isnan(candidate.seconds)) note_long(listing, &candidate);
    }
}

/* Those without a result first, then those with more attempts gone wrong. */
static int by_trouble(const void *left, const void *right)
{
    const struct listed *a = left, *b = right;
    if (a->is_done != b->is_done) return a->is_done ? 1 : -1;
    if (a->n_bad != b->n_bad) return a->n_bad > b->n_bad ? -1 : 1;
    if (a->stage != b->stage) return a->stage < b->stage ? -1 : 1;
    return (a->task > b->task) - (a->task < b->task);
}

static void add_listed(cJSON *list, const struct listed *listed)
{
    cJSON *item = cJSON_CreateObject();
    add_number(item, "stage", (double)listed->stage);
    add_number(item, "task", (double)listed->task);
    if (listed->what[0])
        cJSON_AddStringToObject(item, "what", listed->what);
    else
        cJSON_AddNullToObject(item, "what");
    add_number(item, "gone_wrong", (double)listed->n_bad);
    cJSON_AddBoolToObject(item, "done", listed->is_done || strcmp(listed->outcome, "ok") == 0);
    cJSON_AddStringToObject(item, "outcome", listed->outcome);
    add_seconds(item, "seconds", listed->seconds);
    cJSON_AddStringToObject(item, "place", listed->place);
    cJSON_AddStringToObject(item, "host", listed->host);
    cJSON_AddStringToObject(item, "error", listed->error);
    cJSON_AddItemToArray(list, item);
}

static cJSON *make_document(struct listing *listing, const char *run, const struct record *record)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "run", run);
    copy_text(record->json, "job", document);
    cJSON_AddStringToObject(document, "state", record->state_name);
    cJSON *list = cJSON_AddArrayToObject(document, "tasks");
    qsort(listing->wrong, (size_t)listing->n_wrong, sizeof *listing->wrong, by_trouble);
    for (int i = 0; i < listing->n_wrong && i < TASK_LIST_MAX; i++)
        add_listed(list, &listing->wrong[i]);
    for (int i = 0; i < listing->n_longest && cJSON_GetArraySize(list) < TASK_LIST_MAX; i++)
        if (!find(listing->wrong, listing->n_wrong, listing->longest[i].stage,
                  listing->longest[i].task))
            add_listed(list, &listing->longest[i]);
    return document;
}

lode_status task_list_document(const char *run, int64_t stage, cJSON **document)
{
    lode_status status = LODE_OK;
    struct record record = {0};
    cJSON *answer = NULL;
    struct listing *listing = calloc(1, sizeof *listing);
    if (!listing) return lode_fail(LODE_E_MEMORY, "no memory for a list of tasks");
    listing->stage = stage;
    lode_try_done(status_look(run, "status", &record, &answer));
    lode_try_done(task_log_read(run, take_line, listing));
    note_running(listing, answer);
    *document = make_document(listing, run, &record);
done:
    free(listing);
    cJSON_Delete(answer);
    record_clear(&record);
    return status;
}
