/* Explain job: see the header. */
#include "coordinator/commands/explain_job.h"

#include "coordinator/commands/listing.h"
#include "coordinator/commands/named_job.h"
#include "coordinator/commands/screen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 16 };

static lode_status no_memory(void)
{
    return lode_fail(LODE_E_MEMORY, "no memory for the answer");
}

/* One value of a plain column; NaN is null. NULL: no memory, or a type that is none for this. */
static cJSON *make_value(const struct lode_column *column, int64_t row)
{
    uint32_t code;
    double number;
    switch (column->type) {
    case LODE_COLUMN_I64:
        return cJSON_CreateNumber((double)((const int64_t *)column->data)[row]);
    case LODE_COLUMN_U32:
        return cJSON_CreateNumber(((const uint32_t *)column->data)[row]);
    case LODE_COLUMN_U8:
        return cJSON_CreateNumber(((const uint8_t *)column->data)[row]);
    case LODE_COLUMN_F64:
        number = ((const double *)column->data)[row];
        return isfinite(number) ? cJSON_CreateNumber(number) : cJSON_CreateNull();
    case LODE_COLUMN_WORD:
        code = ((const uint32_t *)column->data)[row];
        return cJSON_CreateString(code < column->n_words ? column->words[code] : "");
    case LODE_COLUMN_TOKENS:
        break;
    }
    return NULL;
}

static lode_status add_row(cJSON *list, const struct lode_table *table, int64_t row)
{
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddItemToArray(list, object)) return no_memory();
    for (int c = 0; c < table->n_columns; c++) {
        cJSON *value = make_value(&table->columns[c], row);
        if (!value || !cJSON_AddItemToObject(object, table->columns[c].name, value))
            return no_memory();
    }
    return LODE_OK;
}

static lode_status make_document(const struct explain_job *request,
                                 const struct lode_explanation *explanation, cJSON *document)
{
    if (!cJSON_AddStringToObject(document, "job", request->job) ||
        !cJSON_AddStringToObject(document, "store", request->store))
        return no_memory();
    for (int t = 0; t < explanation->n_tables; t++) {
        const struct lode_table *table = &explanation->tables[t];
        cJSON *list = cJSON_AddArrayToObject(document, table->name);
        if (!list) return no_memory();
        for (int64_t row = 0; row < table->n_rows; row++) lode_try(add_row(list, table, row));
    }
    return LODE_OK;
}

static enum listing_kind kind_of(const struct lode_column *column)
{
    if (column->type == LODE_COLUMN_WORD) return LISTING_TEXT;
    if (column->type == LODE_COLUMN_F64) return LISTING_NUMBER;
    return column->units ? LISTING_COUNT : LISTING_ID;
}

static lode_status print_table(const struct lode_table *table, const cJSON *document)
{
    struct listing_column columns[COLUMNS_MAX + 1] = {0};
    for (int c = 0; c < table->n_columns && c < COLUMNS_MAX; c++)
        columns[c] = (struct listing_column){.title = table->columns[c].name,
                                             .field = table->columns[c].name,
                                             .kind = kind_of(&table->columns[c])};
    if (table->n_rows == 0) return LODE_OK;
    putchar('\n');
    lode_try(screen_say("%s", table->title));
    return listing_print(cJSON_GetObjectItemCaseSensitive(document, table->name), columns);
}

static lode_status print(const struct explain_job *request,
                         const struct lode_explanation *explanation)
{
    cJSON *document = cJSON_CreateObject();
    lode_status status = document ? make_document(request, explanation, document) : no_memory();
    if (!status && request->json) status = listing_print_json(document);
    for (int t = 0; t < explanation->n_tables && !status && !request->json; t++)
        status = print_table(&explanation->tables[t], document);
    cJSON_Delete(document);
    return status;
}

static lode_status set_params(const struct explain_job *request, struct lode_params *params)
{
    for (int i = 0; i < request->n_changes; i++)
        lode_try(request->changes[i].is_file ? lode_params_load(params, request->changes[i].text)
                                             : lode_params_set(params, request->changes[i].text));
    return LODE_OK;
}

static lode_status open_store(const struct lode_job *job, const char *path,
                              struct lode_store **store)
{
    lode_try(lode_store_open(path, store));
    if (strcmp((*store)->kind, job->store_kind) == 0) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "%s: a store of kind '%s', job %s reads '%s'", path,
                     (*store)->kind, job->name, job->store_kind);
}

static lode_status explain(const struct explain_job *request, const struct lode_job *job,
                           struct lode_arena *arena)
{
    lode_status status = LODE_OK;
    struct lode_params *params = NULL;
    struct lode_store *store = NULL;
    struct lode_explanation explanation = {0};
    lode_try_done(lode_params_create(job->params, &params));
    lode_try_done(set_params(request, params));
    lode_try_done(open_store(job, request->store, &store));
    if (job->check) lode_try_done(job->check(params, store));
    const struct lode_run run = {.params = params, .store = store, .arena = arena};
    lode_try_done(job->explain(&run, &explanation));
    lode_try_done(print(request, &explanation));
done:
    lode_store_close(store);
    lode_params_destroy(params);
    return status;
}

lode_status explain_job(const struct explain_job *request)
{
    struct plugin plugin = {0};
    const struct lode_job *job = NULL;
    struct lode_arena *arena = NULL;
    lode_status status = named_job_find(request->job, NULL, &plugin, &job);
    if (!status && !job->explain)
        status = lode_fail(LODE_E_USAGE,
                           "job %s has nothing to explain; --dry-run says what it "
                           "would take",
                           job->name);
    if (!status) status = lode_arena_create(0, &arena);
    if (!status) status = explain(request, job, arena);
    lode_arena_destroy(arena);
    plugin_close(&plugin);
    return status;
}
