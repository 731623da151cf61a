/* lode info: what is in a store or a run. */
#include "common/file.h"
#include "common/store/store.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/commands/info_counters.h"
#include "coordinator/commands/listing.h"
#include "coordinator/commands/screen.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { JSON_OUTPUT = 1 };

static const struct option own_options[] = {
    {JSON_OUTPUT, "--json", NULL, "as one JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

static lode_status take(void *context, int id, const char *value)
{
    bool *json = context;
    (void)value;
    if (id == JSON_OUTPUT) *json = true;
    return LODE_OK;
}

static void add_number(cJSON *object, const char *name, int64_t value)
{
    cJSON_AddNumberToObject(object, name, (double)value);
}

static cJSON *describe_columns(const struct lode_store *store)
{
    cJSON *list = cJSON_CreateArray();
    for (int64_t i = 0; i < store->n_kpis; i++) {
        cJSON *column = cJSON_CreateObject();
        cJSON_AddStringToObject(column, "name", store->kpis[i].name);
        cJSON_AddStringToObject(column, "role", "kpi");
        cJSON_AddStringToObject(column, "type", store->kpis[i].is_binary ? "binary" : "number");
        add_number(column, "missing", store->kpis[i].n_missing);
        cJSON_AddItemToArray(list, column);
    }
    for (int64_t i = 0; i < store->n_attributes; i++) {
        cJSON *column = cJSON_CreateObject();
        cJSON_AddStringToObject(column, "name", store->attributes[i].name);
        cJSON_AddStringToObject(column, "role", "attribute");
        cJSON_AddStringToObject(column, "of", store->attributes[i].of_user ? "user" : "session");
        add_number(column, "values", store->attributes[i].dictionary.count);
        cJSON_AddItemToArray(list, column);
    }
    for (int64_t i = 0; i < store->n_event_attributes; i++) {
        cJSON *column = cJSON_CreateObject();
        cJSON_AddStringToObject(column, "name", store->event_attributes[i].name);
        cJSON_AddStringToObject(column, "role", "attribute");
        cJSON_AddStringToObject(column, "of", "event");
        add_number(column, "values", store->event_attributes[i].dictionary.count);
        cJSON_AddItemToArray(list, column);
    }
    for (int64_t i = 0; i < store->n_event_values; i++) {
        cJSON *column = cJSON_CreateObject();
        cJSON_AddStringToObject(column, "name", store->event_values[i]);
        cJSON_AddStringToObject(column, "role", "value");
        cJSON_AddStringToObject(column, "of", "event");
        cJSON_AddItemToArray(list, column);
    }
    return list;
}

static cJSON *describe_generations(const struct lode_store *store)
{
    cJSON *list = cJSON_CreateArray();
    for (int64_t g = 0; g < store->n_generations; g++) {
        const struct lode_generation *generation = &store->generations[g];
        cJSON *object = cJSON_CreateObject();
        int64_t files = g == 0 ? store->n_partitions : 0;
        for (int64_t i = 0; i < store->n_later; i++) files += store->later[i].generation == g + 1;
        add_number(object, "generation", g + 1);
        add_number(object, "files", files);
        add_number(object, "rows_read", generation->n_rows_read);
        add_number(object, "rows_rejected", generation->n_rows_rejected);
        cJSON_AddStringToObject(object, "source", generation->source);
        cJSON_AddStringToObject(object, "history", generation->history);
        cJSON_AddItemToArray(list, object);
    }
    return list;
}

static bool has_counters(const struct lode_store *store)
{
    return strcmp(store->kind, LODE_STORE_COUNTERS) == 0;
}

static lode_status print_json(const struct lode_store *store)
{
    cJSON *object = cJSON_CreateObject();
    int64_t bytes = 0;
    for (int64_t i = 0; i < store->n_partitions; i++)
        bytes += lode_store_partition_bytes(&store->partitions[i]);
    cJSON_AddStringToObject(object, "kind", store->kind);
    if (has_counters(store)) {
        info_describe_counters(store, object);
    } else {
        add_number(object, "users", store->n_users);
        add_number(object, "sessions", store->n_sessions);
        add_number(object, "events", store->n_events);
        add_number(object, "event_names", store->event_names.count);
        cJSON_AddItemToObject(object, "columns", describe_columns(store));
    }
    add_number(object, "partitions", store->n_partitions);
    add_number(object, "bytes", bytes);
    add_number(object, "rows_read", store->n_rows_read);
    add_number(object, "rows_rejected", store->n_rows_rejected);
    cJSON_AddStringToObject(object, "source", store->source);
    cJSON_AddStringToObject(object, "history", store->history);
    cJSON_AddItemToObject(object, "generations", describe_generations(store));
    const lode_status status = listing_print_json(object);
    cJSON_Delete(object);
    return status;
}

static lode_status print_name(const char *name)
{
    struct lode_bytes text = {0};
    lode_status status = lode_text_append_visible(&text, name, strlen(name));
    if (!status) printf("  %-24.*s", (int)text.size, (const char *)text.data);
    lode_bytes_clear(&text);
    return status;
}

/* Nothing to say of a store that was never appended to. */
static lode_status print_generations(const struct lode_store *store)
{
    char a[32], b[32];
    for (int64_t g = 0; store->n_generations > 1 && g < store->n_generations; g++) {
        const struct lode_generation *generation = &store->generations[g];
        lode_try(screen_say("  generation %-13lld %s rows read, %s rejected, from %s",
                            (long long)(g + 1), lode_text_grouped(generation->n_rows_read, a),
                            lode_text_grouped(generation->n_rows_rejected, b), generation->source));
    }
    return LODE_OK;
}

static lode_status print_event_columns(const struct lode_store *store)
{
    char a[32];
    if (store->n_event_attributes > 0) printf("attributes of events\n");
    for (int64_t i = 0; i < store->n_event_attributes; i++) {
        lode_try(print_name(store->event_attributes[i].name));
        printf(" %s values\n", lode_text_grouped(store->event_attributes[i].dictionary.count, a));
    }
    if (store->n_event_values > 0) printf("numbers of events\n");
    for (int64_t i = 0; i < store->n_event_values; i++) {
        lode_try(print_name(store->event_values[i]));
        putchar('\n');
    }
    return LODE_OK;
}

static lode_status print_columns(const struct lode_store *store)
{
    char a[32];
    if (store->n_kpis > 0) printf("KPIs\n");
    for (int64_t i = 0; i < store->n_kpis; i++) {
        lode_try(print_name(store->kpis[i].name));
        printf(" %s, %s sessions without a value\n",
               store->kpis[i].is_binary ? "0/1, 1 = faulty" : "number",
               lode_text_grouped(store->kpis[i].n_missing, a));
    }
    if (store->n_attributes > 0) printf("attributes\n");
    for (int64_t i = 0; i < store->n_attributes; i++) {
        lode_try(print_name(store->attributes[i].name));
        printf(" of %s, %s values\n", store->attributes[i].of_user ? "user" : "session",
               lode_text_grouped(store->attributes[i].dictionary.count, a));
    }
    return print_event_columns(store);
}

static lode_status print_store(const struct lode_store *store)
{
    char a[32], b[32];
    int64_t bytes = 0;
    for (int64_t i = 0; i < store->n_partitions; i++)
        bytes += lode_store_partition_bytes(&store->partitions[i]);
    lode_try(screen_say("store of kind %s, from %s", store->kind, store->source));
    if (has_counters(store)) {
        info_print_counts(store);
    } else {
        printf("  %-24s %s\n", "users", lode_text_grouped(store->n_users, a));
        printf("  %-24s %s\n", "sessions", lode_text_grouped(store->n_sessions, a));
        printf("  %-24s %s (%s names)\n", "events", lode_text_grouped(store->n_events, a),
               lode_text_grouped(store->event_names.count, b));
    }
    printf("  %-24s %s (%s bytes)\n", "partitions", lode_text_grouped(store->n_partitions, a),
           lode_text_grouped(bytes, b));
    printf("  %-24s %s read, %s rejected\n", "rows", lode_text_grouped(store->n_rows_read, a),
           lode_text_grouped(store->n_rows_rejected, b));
    lode_try(print_generations(store));
    return has_counters(store) ? info_print_counters(store) : print_columns(store);
}

/* A run is described by its record, which is a JSON document already. */
static lode_status print_run(const char *path, bool json)
{
    struct lode_bytes text = {0};
    lode_try(lode_file_read(path, 64 << 20, &text));
    cJSON *record = cJSON_ParseWithLength((const char *)text.data, text.size);
    if (!record) {
        lode_bytes_clear(&text);
        return lode_fail(LODE_E_INPUT, "%s: not JSON", path);
    }
    lode_status status = LODE_OK;
    if (json) {
        status = screen_print_json(path, (const char *)text.data, text.size);
        if (!status) putchar('\n');
    } else {
        static const char *const names[] = {"job", "lode_version", "started", "ended", "error"};
        static const char *const numbers[] = {"exit_status", "workers", "wall_seconds",
                                              "coordinator_cpu_seconds"};
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            const char *value =
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, names[i]));
            if (value && value[0] && !status) status = screen_say("  %-24s %s", names[i], value);
        }
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            const cJSON *value = cJSON_GetObjectItemCaseSensitive(record, numbers[i]);
            if (cJSON_IsNumber(value)) printf("  %-24s %.6g\n", numbers[i], value->valuedouble);
        }
    }
    cJSON_Delete(record);
    lode_bytes_clear(&text);
    return status;
}

static lode_status run(struct invocation *invocation)
{
    struct command_words words;
    char path[4096];
    bool json = false;
    struct lode_store *store = NULL;
    lode_try(command_read(&info_command, invocation, take, &json, &words));
    if (words.is_helped) return LODE_OK;
    if (words.n != 1)
        return lode_fail(LODE_E_USAGE, "lode info takes a store or a run: lode info STORE|RUN");
    snprintf(path, sizeof path, "%s/run.json", words.list[0]);
    if (access(path, R_OK) == 0) return print_run(path, json);
    lode_try(lode_store_open(words.list[0], &store));
    const lode_status status = json ? print_json(store) : print_store(store);
    lode_store_close(store);
    return status;
}

const struct command info_command = {
    .name = "info",
    .usage = "STORE|RUN [--json]",
    .summary = "what is in a store or a run: kind, rows, columns, partitions",
    .example = "lode info web.lode --json",
    .options = option_tables,
    .run = run,
};
