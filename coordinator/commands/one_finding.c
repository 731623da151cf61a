/* One finding: a JSON object of which only the form is known, not the keys. */
#include "coordinator/commands/one_finding.h"

#include "common/text.h"
#include "coordinator/commands/screen.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 100 };

static bool is_table(const cJSON *value)
{
    return cJSON_IsArray(value) && cJSON_IsObject(value->child);
}

/* A number, text or truth value as it is written; null and what is deeper is "". */
static lode_status append_value(const cJSON *value, struct lode_bytes *text)
{
    char number[SCREEN_NUMBER_SIZE];
    if (cJSON_IsString(value))
        return lode_bytes_append(text, value->valuestring, strlen(value->valuestring));
    if (cJSON_IsBool(value)) return lode_bytes_printf(text, cJSON_IsTrue(value) ? "yes" : "no");
    if (!cJSON_IsNumber(value)) return LODE_OK;
    const double x = value->valuedouble;
    if (fabs(x) < 1e15 && x == trunc(x))
        return lode_bytes_printf(text, "%s", lode_text_grouped((int64_t)x, number));
    return lode_bytes_printf(text, "%s", screen_number(x, number));
}

/* The value, or the values of a list one after the other, as one cell. */
static lode_status add_cell(struct screen *screen, const cJSON *value)
{
    struct lode_bytes text = {0};
    lode_status status = LODE_OK;
    if (cJSON_IsArray(value)) {
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, value)
        {
            if (!status && item != value->child) status = lode_bytes_printf(&text, ", ");
            if (!status) status = append_value(item, &text);
        }
    } else {
        status = append_value(value, &text);
    }
    if (!status) status = lode_bytes_append(&text, "", 1);
    if (!status) status = screen_add_cell(screen, (const char *)text.data);
    lode_bytes_clear(&text);
    return status;
}

static bool is_empty(const cJSON *value)
{
    return cJSON_IsNull(value) || cJSON_IsObject(value) ||
           (cJSON_IsString(value) && !*value->valuestring) ||
           (cJSON_IsArray(value) && !value->child);
}

/* Keys and values, without the sentence and the tables. */
static lode_status print_values(const cJSON *finding)
{
    struct screen screen = {0};
    const cJSON *value = NULL;
    lode_status status = LODE_OK;
    screen_add_column(&screen, "figure", true);
    screen_add_column(&screen, "value", true);
    cJSON_ArrayForEach(value, finding)
    {
        if (is_empty(value) || is_table(value) || strcmp(value->string, "text") == 0) continue;
        if (!status) status = screen_add_cell(&screen, value->string);
        if (!status) status = add_cell(&screen, value);
    }
    if (!status && screen.n_cells > 0) screen_print(&screen);
    screen_clear(&screen);
    return status;
}

/* The columns are the keys of the first row; a value without one of them is not shown. */
static lode_status print_table(const cJSON *rows)
{
    struct screen screen = {0};
    const cJSON *row = NULL, *key = NULL;
    putchar('\n');
    lode_status status = screen_say("%s", rows->string);
    int n_shown = 0;
    cJSON_ArrayForEach(key, rows->child)
        screen_add_column(&screen, key->string, !cJSON_IsNumber(key));
    cJSON_ArrayForEach(row, rows)
    {
        if (n_shown++ == ROWS_MAX) break;
        int n_columns = 0;
        cJSON_ArrayForEach(key, rows->child) if (!status && n_columns++ < screen.n_columns) status =
            add_cell(&screen, cJSON_GetObjectItemCaseSensitive(row, key->string));
    }
    if (!status) screen_print(&screen);
    screen_clear(&screen);
    return status;
}

lode_status one_finding_print(const char *name, const char *line, size_t size)
{
    cJSON *finding = cJSON_ParseWithLength(line, size);
    const cJSON *value = NULL;
    if (!cJSON_IsObject(finding)) {
        cJSON_Delete(finding);
        return lode_fail(LODE_E_INPUT, "%s: not an object of JSON on each line", name);
    }
    lode_status status = LODE_OK;
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(finding, "text");
    if (cJSON_IsString(text)) status = screen_say("%s", text->valuestring);
    if (!status) putchar('\n');
    if (!status) status = print_values(finding);
    cJSON_ArrayForEach(value, finding) if (!status && is_table(value)) status = print_table(value);
    cJSON_Delete(finding);
    return status;
}
