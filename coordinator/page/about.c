/* About: the part of run.json that a reader of the page wants. Keys are taken one by one, so that
 * what is added to run.json later does not leave the machine unseen.
 */
#include "coordinator/page/data.h"

#include <stdlib.h>
#include <string.h>

#include "coordinator/look/fields.h"

static const char *const texts[] = {"job", "lode_version", "started", "ended", "state"};
static const char *const numbers[] = {"exit_status", "wall_seconds", "workers"};
static const char *const whole[] = {"command", "parameters", "missing"};

static void copy_store(const cJSON *from, cJSON *to)
{
    const cJSON *store = cJSON_GetObjectItemCaseSensitive(from, "store");
    cJSON *copy = cJSON_AddObjectToObject(to, "store");
    const cJSON *item;
    if (!cJSON_IsObject(store)) return;
    copy_text(store, "path", copy);
    cJSON_ArrayForEach(item, store)
    {
        if (cJSON_IsNumber(item)) cJSON_AddNumberToObject(copy, item->string, item->valuedouble);
    }
}

/* NULL: no memory. */
static char *print_record(const cJSON *record)
{
    cJSON *copy = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) copy_text(record, texts[i], copy);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        copy_number(record, numbers[i], copy);
    copy_store(record, copy);
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(record, whole[i]);
        if (item) cJSON_AddItemToObject(copy, whole[i], cJSON_Duplicate(item, true));
    }
    char *text = cJSON_PrintUnformatted(copy);
    cJSON_Delete(copy);
    return text;
}

lode_status page_about_append(struct lode_bytes *out, const struct page_source *source)
{
    char *text = print_record(source->findings->record.json);
    if (!text) return lode_fail(LODE_E_MEMORY, "no memory for run.json");
    lode_status status = lode_bytes_printf(out, "\"run\":");
    if (!status) status = lode_bytes_append(out, text, strlen(text));
    free(text);
    return status;
}
