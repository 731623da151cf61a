/* Run findings: see the header. */
#include "coordinator/look/run_findings.h"

#include "common/text.h"
#include "coordinator/look/fields.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

lode_status finding_key_append(struct lode_bytes *key, bool is_first, const char *name,
                               const char *text, size_t size)
{
    lode_try(lode_bytes_append(key, is_first ? "{" : ",", 1));
    lode_try(lode_text_append_json(key, name, strlen(name)));
    lode_try(lode_bytes_append(key, ":", 1));
    return lode_text_append_json(key, text, size);
}

/* `cell` and `key` are scratch. */
static lode_status make_key(const struct lode_table *table, const char *const *identity_columns,
                            int64_t row, struct lode_bytes *cell, struct lode_bytes *key)
{
    key->size = 0;
    for (int i = 0; identity_columns[i]; i++) {
        const char *name = identity_columns[i];
        const struct lode_column *column = lode_table_column(table, name);
        if (!column)
            return lode_fail(LODE_E_INPUT,
                             "table '%s' has no column '%s': a run of another version of lode",
                             table->name, name);
        cell->size = 0;
        lode_try(lode_table_cell(column, row, cell));
        lode_try(finding_key_append(key, i == 0, name, cell->size ? (const char *)cell->data : "",
                                    cell->size));
    }
    return lode_bytes_append(key, "}", 1);
}

lode_status finding_keys_make(const struct lode_table *table, const char *const *identity_columns,
                              struct lode_arena *arena, char ***keys)
{
    lode_status status = LODE_OK;
    struct lode_bytes cell = {0}, key = {0};
    char **list = NULL;
    lode_try_done(lode_take(arena, table->n_rows, &list));
    for (int64_t row = 0; row < table->n_rows; row++) {
        lode_try_done(make_key(table, identity_columns, row, &cell, &key));
        lode_try_done(lode_arena_text(arena, (const char *)key.data, key.size, &list[row]));
    }
    *keys = list;
done:
    lode_bytes_clear(&cell);
    lode_bytes_clear(&key);
    return status;
}

lode_status finding_key_words(const char *key, struct lode_bytes *words)
{
    cJSON *object = cJSON_Parse(key);
    const cJSON *item;
    lode_status status = LODE_OK;
    cJSON_ArrayForEach(item, object)
    {
        const char *text = cJSON_GetStringValue(item);
        if (status || !text || !text[0]) continue;
        status = lode_bytes_printf(words, "%s%s", words->size ? ", " : "", text);
    }
    cJSON_Delete(object);
    return status ? status : lode_bytes_append(words, "", 1);
}

double finding_figure(const struct lode_column *column, int64_t row)
{
    const int64_t at = lode_column_at(column, row);
    switch (column->type) {
    case LODE_COLUMN_I64:
        return (double)((const int64_t *)column->data)[at];
    case LODE_COLUMN_U32:
        return ((const uint32_t *)column->data)[at];
    case LODE_COLUMN_U8:
        return ((const uint8_t *)column->data)[at];
    case LODE_COLUMN_F64:
        return ((const double *)column->data)[at];
    default:
        return (double)NAN;
    }
}

static lode_status read_names(const cJSON *from, const char *key, struct lode_arena *arena,
                              const char *const **names)
{
    const cJSON *list = field_list(from, key), *item = NULL;
    const char **copy = NULL;
    int count = 0;
    lode_try(lode_take_zero(arena, cJSON_GetArraySize(list) + 1, &copy));
    cJSON_ArrayForEach(item, list) if (cJSON_IsString(item)) copy[count++] = item->valuestring;
    *names = copy;
    return LODE_OK;
}

/* A job of the user's library: run.json says what there is to show, so that the library need be
 * neither there nor run. Texts are the record's. */
static lode_status read_job(const struct record *record, struct lode_arena *arena,
                            const struct lode_job **job)
{
    const cJSON *from = cJSON_GetObjectItemCaseSensitive(record->json, "findings");
    struct lode_job *read = NULL;
    lode_try(lode_take_zero(arena, 1, &read));
    *job = read;
    read->name = record_job(record);
    if (!field_text(from, "table")[0]) return LODE_OK;
    read->findings_table = field_text(from, "table");
    lode_try(read_names(from, "show", arena, &read->show_columns));
    lode_try(read_names(from, "identity", arena, &read->identity_columns));
    return read_names(from, "figures", arena, &read->figure_columns);
}

/* Who made it, and is it well and over? */
static lode_status check_record(struct run_findings *findings, bool must_have)
{
    const struct record *record = &findings->record;
    const char *error = field_text(record->json, "error");
    if (error[0]) return lode_fail(LODE_E_INPUT, "%s: this run failed: %s", findings->path, error);
    findings->job = lode_job_find(record_job(record));
    if (!findings->job) lode_try(read_job(record, findings->arena, &findings->job));
    if (!findings->job->name[0] || (must_have && !findings->job->findings_table))
        return lode_fail(LODE_E_INPUT, "%s: run.json names no job whose findings can be shown",
                         findings->path);
    if (record->state != RECORD_ENDED)
        return lode_fail(LODE_E_INPUT, "%s: this run is not over (state: %s); `lode status %s`",
                         findings->path, record->state_name, findings->path);
    findings->store_path = record_store(record);
    return LODE_OK;
}

static lode_status load(struct run_findings *findings, bool must_have)
{
    char path[PATH_MAX];
    lode_try(record_load(findings->path, &findings->record));
    lode_try(lode_arena_create(0, &findings->arena));
    lode_try(check_record(findings, must_have));
    if (!findings->job->findings_table) return LODE_OK;
    snprintf(path, sizeof path, "%s/results.h5", findings->path);
    lode_try(
        lode_results_read(path, findings->job->findings_table, findings->arena, &findings->table));
    const lode_status status = finding_keys_make(&findings->table, findings->job->identity_columns,
                                                 findings->arena, &findings->keys);
    return status ? lode_note(status, "%s", path) : LODE_OK;
}

static lode_status load_or_clear(const char *run, bool must_have, struct run_findings *findings)
{
    *findings = (struct run_findings){.path = run, .store_path = ""};
    const lode_status status = load(findings, must_have);
    if (status) run_findings_clear(findings);
    return status;
}

lode_status run_findings_load(const char *run, struct run_findings *findings)
{
    return load_or_clear(run, true, findings);
}

lode_status run_findings_load_any(const char *run, struct run_findings *findings)
{
    return load_or_clear(run, false, findings);
}

void run_findings_clear(struct run_findings *findings)
{
    lode_arena_destroy(findings->arena);
    record_clear(&findings->record);
    *findings = (struct run_findings){0};
}
