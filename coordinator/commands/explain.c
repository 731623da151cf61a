/* lode explain: why a task waits, who holds it, and what became of every attempt; without a task,
 * which tasks deserve a look; of a job and a store, what would be computed (explain_job.h).
 */
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/commands/explain_job.h"
#include "coordinator/commands/listing.h"
#include "coordinator/commands/screen.h"
#include "coordinator/look/fields.h"
#include "coordinator/look/task_document.h"

#include <stdio.h>
#include <string.h>

enum { TASK = 1, STAGE, SET, SPEC, JSON_OUTPUT, CHANGES_MAX = 256 };

static const struct option own_options[] = {
    {TASK, "--task", "T", "this task, counted from 0; without it: those that deserve a look"},
    {STAGE, "--stage", "S", "of this stage, counted from 1 (the one under way, else the last)"},
    {SET, "--set", "NAME=VALUE", "of a job: a parameter; may be given many times"},
    {SPEC, "--spec", "FILE.yaml", "of a job: parameters from a file; --set after it wins"},
    {JSON_OUTPUT, "--json", NULL, "as one JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

struct request {
    int64_t task, stage; /* -1: none; 0: none */
    bool json;
    int n_changes;
    struct explain_change changes[CHANGES_MAX];
};

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    if (id == JSON_OUTPUT) {
        request->json = true;
        return LODE_OK;
    }
    if (id == SET || id == SPEC) {
        if (request->n_changes == CHANGES_MAX)
            return lode_fail(LODE_E_USAGE, "more than %d parameters", (int)CHANGES_MAX);
        request->changes[request->n_changes++] =
            (struct explain_change){.is_file = id == SPEC, .text = value};
        return LODE_OK;
    }
    const int64_t least = id == TASK ? 0 : 1;
    int64_t *number = id == TASK ? &request->task : &request->stage;
    if (!lode_text_to_i64(value, strlen(value), number) || *number < least)
        return lode_fail(LODE_E_USAGE, "--%s %s: a number >= %d", id == TASK ? "task" : "stage",
                         value, (int)least);
    return LODE_OK;
}

static lode_status print_holders(const cJSON *d)
{
    char time[LISTING_SECONDS_SIZE];
    const cJSON *at = NULL;
    cJSON_ArrayForEach(at, field_list(d, "holders"))
    {
        const bool running = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(at, "running"));
        const bool wanted = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(at, "wanted"));
        lode_try(screen_say(
            "attempt %.0f %s worker %s of %s (pid %.0f) for %s%s", field_number(at, "attempt"),
            running ? "runs on" : "waits at", field_text(at, "place"), field_text(at, "host"),
            field_number(at, "pid"), listing_seconds(field_number(at, "seconds"), time),
            wanted ? "" : "; it is not wanted any more"));
    }
    return LODE_OK;
}

static lode_status print_task(const cJSON *d)
{
    static const struct listing_column attempts[] = {
        {"attempt", "attempt", LISTING_ID},
        {"outcome", "outcome", LISTING_TEXT},
        {"worker", "place", LISTING_TEXT},
        {"host", "host", LISTING_TEXT},
        {"pid", "pid", LISTING_ID},
        {"start s", "start_seconds", LISTING_NUMBER},
        {"took s", "duration_seconds", LISTING_NUMBER},
        {"bytes read", "read_bytes", LISTING_COUNT},
        {"written", "written_bytes", LISTING_COUNT},
        {"shuffled", "shuffled_bytes", LISTING_COUNT},
        {"error", "error", LISTING_TEXT},
        {NULL, NULL, LISTING_TEXT},
    };
    const char *what = field_text(d, "what");
    lode_try(screen_say("%s: %s, %s", field_text(d, "run"), field_text(d, "job"),
                        field_text(d, "state")));
    lode_try(screen_say("task %.0f of stage %.0f (%s)%s%s: %s", field_number(d, "task"),
                        field_number(d, "stage"), field_text(d, "title"), what[0] ? ", " : "", what,
                        field_text(d, "task_state")));
    lode_try(screen_say("%s", field_text(d, "why")));
    lode_try(print_holders(d));
    const cJSON *list = field_list(d, "attempts");
    if (cJSON_GetArraySize(list) == 0) printf("no attempt has ended\n");
    return listing_print(list, attempts);
}

static lode_status print_tasks(const cJSON *d)
{
    static const struct listing_column tasks[] = {
        {"stage", "stage", LISTING_ID},    {"task", "task", LISTING_ID},
        {"reads", "what", LISTING_TEXT},   {"gone wrong", "gone_wrong", LISTING_ID},
        {"last", "outcome", LISTING_TEXT}, {"seconds", "seconds", LISTING_NUMBER},
        {"worker", "place", LISTING_TEXT}, {"host", "host", LISTING_TEXT},
        {"error", "error", LISTING_TEXT},  {NULL, NULL, LISTING_TEXT},
    };
    const cJSON *list = field_list(d, "tasks");
    lode_try(screen_say("%s: %s, %s; the tasks that went wrong, then those that ran longest",
                        field_text(d, "run"), field_text(d, "job"), field_text(d, "state")));
    if (cJSON_GetArraySize(list) == 0) printf("no task has ended\n");
    return listing_print(list, tasks);
}

static lode_status explain(const char *run, const struct request *request)
{
    cJSON *document = NULL;
    if (request->task >= 0)
        lode_try(task_document(run, request->stage, request->task, &document));
    else
        lode_try(task_list_document(run, request->stage, &document));
    const lode_status status = request->json        ? listing_print_json(document)
                               : request->task >= 0 ? print_task(document)
                                                    : print_tasks(document);
    cJSON_Delete(document);
    return status;
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {.task = -1};
    struct command_words words;
    lode_try(command_read(&explain_command, invocation, take, &request, &words));
    if (words.is_helped) return LODE_OK;
    const bool is_of_run = request.task >= 0 || request.stage > 0;
    if (words.n == 2 && !is_of_run)
        return explain_job(&(struct explain_job){.job = words.list[0],
                                                 .store = words.list[1],
                                                 .n_changes = request.n_changes,
                                                 .changes = request.changes,
                                                 .json = request.json});
    if (words.n != 1 || request.n_changes > 0)
        return lode_fail(LODE_E_USAGE, "lode explain takes a run (lode explain RUN --task T) or a "
                                       "job and a store (lode explain JOB STORE --spec FILE)");
    return explain(words.list[0], &request);
}

const struct command explain_command = {
    .name = "explain",
    .usage = "RUN [--task T] [--stage S] [--json]\n       lode explain JOB STORE [--spec FILE] "
             "[--set NAME=VALUE]... [--json]",
    .summary = "why a task of a run waits or failed; what a job would compute of a store",
    .example = "lode explain run1 --task 3",
    .options = option_tables,
    .run = run,
};
