/* Memory: its file. JSON Lines: a line about the file, then one a detector, in order. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/text.h"
#include "jobs/hierarchy/alerts/desk/memory_order.h"

enum { FORMAT = 2 };
static const double most_number = 9007199254740992.0; /* 2^53 */

/* A whole number from 0 (or below, for times) on. */
static lode_status take_number(const cJSON *object, const char *name, bool may_be_negative,
                               int64_t *value)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    const double number = cJSON_IsNumber(found) ? found->valuedouble : (double)NAN;
    if (!(fabs(number) <= most_number) || number != trunc(number) ||
        (number < 0.0 && !may_be_negative))
        return lode_fail(LODE_E_INPUT, "\"%s\" is no whole number%s", name,
                         may_be_negative ? "" : " from 0 on");
    *value = (int64_t)number;
    return LODE_OK;
}

/* null: there is none. */
static lode_status take_time(const cJSON *object, const char *name, int64_t *time_ms)
{
    *time_ms = INT64_MIN;
    if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, name))) return LODE_OK;
    return take_number(object, name, true, time_ms);
}

static lode_status take_text(const cJSON *object, const char *name, struct lode_arena *arena,
                             const char **text)
{
    char *copy = NULL;
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    if (!found) return lode_fail(LODE_E_INPUT, "no text \"%s\"", name);
    lode_try(lode_arena_text(arena, found, strlen(found), &copy));
    *text = copy;
    return LODE_OK;
}

/* null: there is none. */
static lode_status take_incident(const cJSON *object, struct lode_arena *arena,
                                 struct memory_head *head)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, "head");
    *head = (struct memory_head){0};
    if (cJSON_IsNull(found)) return LODE_OK;
    if (!cJSON_IsObject(found)) return lode_fail(LODE_E_INPUT, "\"head\" is no object");
    lode_try(take_text(found, "level", arena, &head->level));
    lode_try(take_text(found, "component", arena, &head->component));
    lode_try(take_text(found, "detector", arena, &head->detector));
    return take_number(found, "start", true, &head->start_ms);
}

static lode_status take_detector(const cJSON *object, struct lode_arena *arena,
                                 struct memory *memory)
{
    const cJSON *is_open = cJSON_GetObjectItemCaseSensitive(object, "open");
    struct memory_detector *one = &memory->list[memory->n];
    lode_try(take_text(object, "level", arena, &one->level));
    lode_try(take_text(object, "component", arena, &one->component));
    lode_try(take_text(object, "detector", arena, &one->detector));
    lode_try(take_number(object, "last", true, &one->last_ms));
    lode_try(take_time(object, "until", &one->until_ms));
    lode_try(take_time(object, "told", &one->told_ms));
    lode_try(take_number(object, "suppressed", false, &one->suppressed));
    lode_try(take_incident(object, arena, &one->head));
    one->is_open = cJSON_IsTrue(is_open);
    if (!cJSON_IsBool(is_open) || (one->is_open && !one->head.level))
        return lode_fail(LODE_E_INPUT, "\"open\" is neither true nor false, or has no head");
    if (memory->n > 0 && memory_compare(one - 1, one) >= 0)
        return lode_fail(LODE_E_INPUT, "a detector twice, or not in order");
    memory->n++;
    return LODE_OK;
}

static lode_status take_top(const cJSON *object, struct lode_arena *arena, struct memory *memory)
{
    int64_t format = 0;
    lode_try(take_number(object, "format", false, &format));
    if (format != FORMAT)
        return lode_fail(LODE_E_INPUT, "format %" PRId64 ", this lode knows %d", format, FORMAT);
    lode_try(take_text(object, "model", arena, &memory->model));
    lode_try(take_time(object, "until", &memory->until_ms));
    return take_number(object, "next", false, &memory->next);
}

static lode_status take_line(const char *line, size_t size, bool is_top, struct lode_arena *arena,
                             struct memory *memory)
{
    const char *end = NULL;
    cJSON *object = cJSON_ParseWithLengthOpts(line, size, &end, false);
    lode_status status = LODE_OK;
    if (!cJSON_IsObject(object) || end != line + size)
        status = lode_fail(LODE_E_INPUT, "not one JSON object");
    else
        status = is_top ? take_top(object, arena, memory) : take_detector(object, arena, memory);
    cJSON_Delete(object);
    return status;
}

lode_status memory_parse(const char *text, size_t size, struct lode_arena *arena,
                         struct memory *memory)
{
    struct memory read = {.until_ms = INT64_MIN};
    int64_t n_lines = 0, line = 1;
    for (size_t i = 0; i < size; i++) n_lines += text[i] == '\n';
    lode_try(lode_take(arena, n_lines, &read.list));
    for (size_t at = 0; at < size; line++) {
        const char *end = memchr(text + at, '\n', size - at);
        if (!end) return lode_fail(LODE_E_INPUT, "line %" PRId64 ": is cut short", line);
        const size_t length = (size_t)(end - text) - at;
        const lode_status status = take_line(text + at, length, line == 1, arena, &read);
        if (status) return lode_note(status, "line %" PRId64, line);
        at += length + 1;
    }
    *memory = read;
    return LODE_OK;
}

static lode_status print_text(struct lode_bytes *out, const char *name, const char *text)
{
    lode_try(lode_bytes_printf(out, "\"%s\":", name));
    lode_try(lode_text_append_json(out, text, strlen(text)));
    return lode_bytes_append(out, ",", 1);
}

static lode_status print_time(struct lode_bytes *out, const char *name, int64_t time_ms)
{
    if (time_ms == INT64_MIN) return lode_bytes_printf(out, "\"%s\":null", name);
    return lode_bytes_printf(out, "\"%s\":%" PRId64, name, time_ms);
}

static lode_status print_incident(struct lode_bytes *out, const struct memory_head *head)
{
    if (!head->level) return lode_bytes_printf(out, "\"head\":null");
    lode_try(lode_bytes_printf(out, "\"head\":{"));
    lode_try(print_text(out, "level", head->level));
    lode_try(print_text(out, "component", head->component));
    lode_try(print_text(out, "detector", head->detector));
    lode_try(print_time(out, "start", head->start_ms));
    return lode_bytes_append(out, "}", 1);
}

lode_status memory_print(const struct memory *memory, struct lode_bytes *out)
{
    lode_try(lode_bytes_printf(out, "{\"format\":%d,", FORMAT));
    lode_try(print_text(out, "model", memory->model ? memory->model : ""));
    lode_try(print_time(out, "until", memory->until_ms));
    lode_try(lode_bytes_printf(out, ",\"next\":%" PRId64 "}\n", memory->next));
    for (int64_t i = 0; i < memory->n; i++) {
        const struct memory_detector *one = &memory->list[i];
        lode_try(lode_bytes_append(out, "{", 1));
        lode_try(print_text(out, "level", one->level));
        lode_try(print_text(out, "component", one->component));
        lode_try(print_text(out, "detector", one->detector));
        lode_try(print_time(out, "last", one->last_ms));
        lode_try(lode_bytes_append(out, ",", 1));
        lode_try(print_time(out, "until", one->until_ms));
        lode_try(lode_bytes_append(out, ",", 1));
        lode_try(print_time(out, "told", one->told_ms));
        lode_try(lode_bytes_printf(out, ",\"suppressed\":%" PRId64 ",", one->suppressed));
        lode_try(print_incident(out, &one->head));
        lode_try(lode_bytes_printf(out, ",\"open\":%s}\n", one->is_open ? "true" : "false"));
    }
    return LODE_OK;
}
