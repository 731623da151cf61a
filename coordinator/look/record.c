/* Record: see the header.
 *
 * run.json says "running" from before the coordinator opens its door until after the last stage, so
 * the two that must be told apart, a coordinator that starts and one that was killed, look alike
 * from another host: there, the first minute counts as starting.
 */
#include "coordinator/look/record.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/text.h"
#include "coordinator/look/fields.h"
#include "coordinator/verdict.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RECORD_LIMIT = 64 << 20, STARTING_SECONDS = 60 };

static lode_status read_json(const char *run, cJSON **json)
{
    char path[PATH_MAX];
    struct lode_bytes text = {0};
    if (access(run, F_OK)) return lode_fail(LODE_E_USAGE, "%s: there is no such run", run);
    if (snprintf(path, sizeof path, "%s/run.json", run) >= (int)sizeof path)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", run);
    if (access(path, F_OK))
        return lode_fail(LODE_E_INPUT, "%s: not a run (no run.json in it)", run);
    lode_try(lode_file_read(path, RECORD_LIMIT, &text));
    cJSON *parsed = cJSON_ParseWithLength((const char *)text.data, text.size);
    lode_bytes_clear(&text);
    if (!cJSON_IsObject(parsed)) {
        cJSON_Delete(parsed);
        return lode_fail(LODE_E_INPUT, "%s: not a JSON object", path);
    }
    *json = parsed;
    return LODE_OK;
}

const char *record_job(const struct record *record)
{
    return field_text(record->json, "job");
}

const char *record_store(const struct record *record)
{
    return field_text(cJSON_GetObjectItemCaseSensitive(record->json, "store"), "path");
}

double record_age(const struct record *record)
{
    char now[32];
    int64_t started_ms = 0, now_ms = 0;
    const char *started = field_text(record->json, "started");
    lode_clock_iso(now);
    if (!lode_text_iso_to_ms(started, strlen(started), &started_ms) ||
        !lode_text_iso_to_ms(now, strlen(now), &now_ms))
        return (double)NAN;
    return (double)(now_ms - started_ms) / 1e3;
}

static bool has_endpoint(const char *run)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/endpoint", run);
    return access(path, F_OK) == 0;
}

static enum record_state find_state(const char *run, const struct record *record)
{
    struct verdict coordinator = {.state = VERDICT_RUNNING, .pid = record->pid};
    snprintf(coordinator.host, sizeof coordinator.host, "%s", record->host);
    if (strcmp(field_text(record->json, "state"), "running") != 0) return RECORD_ENDED;
    if (verdict_is_orphaned(&coordinator)) return RECORD_KILLED;
    if (has_endpoint(run)) return RECORD_RUNNING;
    return verdict_is_here(&coordinator) || record_age(record) < STARTING_SECONDS ? RECORD_STARTING
                                                                                  : RECORD_KILLED;
}

static lode_status load_once(const char *run, struct record *record)
{
    static const char *const names[] = {"starting", "running", "killed"};
    lode_try(read_json(run, &record->json));
    const cJSON *coordinator = cJSON_GetObjectItemCaseSensitive(record->json, "coordinator");
    const double pid = field_number(coordinator, "pid");
    record->host = field_text(coordinator, "host");
    record->pid = pid >= 1 && pid <= INT_MAX ? (int64_t)pid : 0;
    record->state = find_state(run, record);
    record->state_name =
        record->state == RECORD_ENDED ? field_text(record->json, "state") : names[record->state];
    /* a run of before there was a state */
    if (!record->state_name[0])
        record->state_name = field_number(record->json, "exit_status") == 0 ? "done" : "failed";
    return LODE_OK;
}

lode_status record_load(const char *run, struct record *record)
{
    lode_try(load_once(run, record));
    if (record->state != RECORD_KILLED) return LODE_OK;
    /* the verdict is written just before the process goes: perhaps between our two looks */
    record_clear(record);
    return load_once(run, record);
}

void record_clear(struct record *record)
{
    cJSON_Delete(record->json);
    *record = (struct record){0};
}
