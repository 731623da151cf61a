/* lode status: how a run goes, or went: its stages, its workers, what was lost. */
#include "coordinator/command.h"
#include "coordinator/commands/listing.h"
#include "coordinator/commands/screen.h"
#include "coordinator/look/fields.h"
#include "coordinator/look/status_document.h"

#include <stdio.h>

enum { JSON_OUTPUT = 1 };

static const struct option own_options[] = {
    {JSON_OUTPUT, "--json", NULL, "as one JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

static lode_status take(void *context, int id, const char *value)
{
    bool *json = context;
    (void)id;
    (void)value;
    *json = true;
    return LODE_OK;
}

static lode_status print_head(const cJSON *d)
{
    char elapsed[LISTING_SECONDS_SIZE];
    const cJSON *coordinator = cJSON_GetObjectItemCaseSensitive(d, "coordinator");
    const char *ended = field_text(d, "ended");
    const char *error = field_text(d, "error");
    const char *resume = field_text(d, "resume");
    lode_try(screen_say("%s: %s, %s, %s since %s%s%s, coordinator %.0f on %s", field_text(d, "run"),
                        field_text(d, "job"), field_text(d, "state"),
                        listing_seconds(field_number(d, "elapsed_seconds"), elapsed),
                        field_text(d, "started"), ended[0] ? " until " : "", ended,
                        field_number(coordinator, "pid"), field_text(coordinator, "host")));
    const cJSON *batch = cJSON_GetObjectItemCaseSensitive(d, "batch");
    if (cJSON_IsObject(batch))
        lode_try(screen_say(
            "batch job %s of %s, started again %.0f times, ends %s", field_text(batch, "job"),
            field_text(batch, "system"), field_number(batch, "restarts"),
            field_text(batch, "ends")[0] ? field_text(batch, "ends") : "at no known time"));
    if (error[0]) lode_try(screen_say("error: %s", error));
    if (resume[0]) lode_try(screen_say("to go on: %s", resume));
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(d, "root_step")))
        lode_try(screen_say("no stage is under way: the coordinator itself computes"));
    return LODE_OK;
}

/* Where the time of a run that is over went. */
static lode_status print_critical_path(const cJSON *d)
{
    char critical[LISTING_SECONDS_SIZE], between[LISTING_SECONDS_SIZE];
    const double seconds = field_number(d, "critical_path_seconds");
    if (isnan(seconds)) return LODE_OK;
    putchar('\n');
    return screen_say(
        "critical path: %s, of it outside of stages %s; no number of workers makes the "
        "run shorter",
        listing_seconds(seconds, critical),
        listing_seconds(field_number(d, "outside_stages_seconds"), between));
}

static lode_status print_losses(const cJSON *d)
{
    const cJSON *at = NULL;
    cJSON_ArrayForEach(at, field_list(d, "lost_workers")) lode_try(
        screen_say("lost: worker %s of %s (pid %.0f): %s", field_text(at, "place"),
                   field_text(at, "host"), field_number(at, "pid"), field_text(at, "why")));
    cJSON_ArrayForEach(at, field_list(d, "missing"))
        lode_try(screen_say("MISSING: %s, %s: %s", field_text(at, "title"), field_text(at, "what"),
                            field_text(at, "why")));
    return LODE_OK;
}

static lode_status print_status(const cJSON *d)
{
    static const struct listing_column stages[] = {{"stage", "stage", LISTING_ID},
                                                   {"what", "title", LISTING_TEXT},
                                                   {"state", "state", LISTING_TEXT},
                                                   {"tasks", "tasks", LISTING_COUNT},
                                                   {"done", "done", LISTING_COUNT},
                                                   {"running", "running", LISTING_COUNT},
                                                   {"waiting", "waiting", LISTING_COUNT},
                                                   {"given up", "given_up", LISTING_COUNT},
                                                   {"tasks/s", "tasks_per_second", LISTING_NUMBER},
                                                   {"seconds", "elapsed_seconds", LISTING_NUMBER},
                                                   {"left", "left_seconds", LISTING_NUMBER},
                                                   {NULL, NULL, LISTING_TEXT}};
    static const struct listing_column costs[] = {{"stage", "stage", LISTING_ID},
                                                  {"what", "title", LISTING_TEXT},
                                                  {"task seconds", "task_seconds", LISTING_NUMBER},
                                                  {"in use", "efficiency", LISTING_NUMBER},
                                                  {"longest", "longest_seconds", LISTING_NUMBER},
                                                  {"of task", "longest_task", LISTING_ID},
                                                  {"bytes read", "read_bytes", LISTING_COUNT},
                                                  {"written", "written_bytes", LISTING_COUNT},
                                                  {"shuffled", "shuffled_bytes", LISTING_COUNT},
                                                  {NULL, NULL, LISTING_TEXT}};
    static const struct listing_column workers[] = {
        {"worker", "place", LISTING_TEXT}, {"host", "host", LISTING_TEXT},
        {"pid", "pid", LISTING_ID},        {"state", "state", LISTING_TEXT},
        {"stage", "stage", LISTING_ID},    {"task", "task", LISTING_ID},
        {"reads", "what", LISTING_TEXT},   {"for s", "running_seconds", LISTING_NUMBER},
        {"ok", "ok", LISTING_COUNT},       {"failed", "failed", LISTING_COUNT},
        {"lost", "lost", LISTING_COUNT},   {NULL, NULL, LISTING_TEXT}};
    lode_try(print_head(d));
    lode_try(listing_print(field_list(d, "stages"), stages));
    lode_try(listing_print(field_list(d, "stages"), costs));
    lode_try(print_critical_path(d));
    lode_try(listing_print(field_list(d, "workers"), workers));
    return print_losses(d);
}

static lode_status run(struct invocation *invocation)
{
    struct command_words words;
    bool json = false;
    cJSON *document = NULL;
    lode_try(command_read(&status_command, invocation, take, &json, &words));
    if (words.is_helped) return LODE_OK;
    if (words.n != 1) return lode_fail(LODE_E_USAGE, "lode status takes a run: lode status RUN");
    lode_try(status_document(words.list[0], &document));
    const lode_status status = json ? listing_print_json(document) : print_status(document);
    cJSON_Delete(document);
    return status;
}

const struct command status_command = {
    .name = "status",
    .usage = "RUN [--json]",
    .summary = "how a run goes, or went: stages, workers, rates, time left, losses",
    .example = "lode status run1",
    .options = option_tables,
    .run = run,
};
