/* lode show: the findings of a run, as a table that a person likes to read. */
#include "common/file.h"
#include "common/store/table.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/commands/screen.h"
#include "jobs/job.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TOP = 1, JSON_OUTPUT };

static const struct option own_options[] = {
    {TOP, "--top", "N", "only the first N findings (20; 0: all)"},
    {JSON_OUTPUT, "--json", NULL, "findings.jsonl"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

struct request {
    int64_t top;
    bool json;
};

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    if (id == JSON_OUTPUT) {
        request->json = true;
        return LODE_OK;
    }
    if (!lode_text_to_i64(value, strlen(value), &request->top) || request->top < 0)
        return lode_fail(LODE_E_USAGE, "--top %s: a number >= 0", value);
    return LODE_OK;
}

static bool is_text(const struct lode_column *column)
{
    return column->type == LODE_COLUMN_WORD || column->type == LODE_COLUMN_TOKENS;
}

/* A cell for people: few digits, counts grouped. */
static lode_status add_cell(struct screen *screen, const struct lode_column *column, int64_t row)
{
    struct lode_bytes text = {0};
    if (column->type == LODE_COLUMN_F64)
        return screen_add_number(screen,
                                 ((const double *)column->data)[lode_column_at(column, row)]);
    lode_status status = lode_table_cell(column, row, &text);
    if (!status) status = lode_bytes_append(&text, "", 1);
    if (!status) status = screen_add_cell(screen, (const char *)text.data);
    lode_bytes_clear(&text);
    return status;
}

static lode_status fill_screen(const struct lode_table *table, const struct lode_job *job,
                               int64_t n_rows, struct screen *screen)
{
    const struct lode_column *shown[SCREEN_COLUMNS_MAX];
    int n_shown = 0;
    for (int i = 0; job->show_columns[i] && n_shown < SCREEN_COLUMNS_MAX; i++) {
        const struct lode_column *column = lode_table_column(table, job->show_columns[i]);
        if (!column) continue; /* a run of another version */
        screen_add_column(screen, column->name, is_text(column));
        shown[n_shown++] = column;
    }
    for (int64_t row = 0; row < n_rows; row++)
        for (int c = 0; c < n_shown; c++) lode_try(add_cell(screen, shown[c], row));
    return LODE_OK;
}

static lode_status print_table(const struct lode_table *table, const struct lode_job *job,
                               int64_t top)
{
    struct screen screen = {0};
    const int64_t n_rows = top > 0 && top < table->n_rows ? top : table->n_rows;
    if (table->n_rows == 0) {
        printf("no findings: nothing passed the experts' tests\n");
        return LODE_OK;
    }
    const lode_status status = fill_screen(table, job, n_rows, &screen);
    if (!status) screen_print(&screen);
    screen_clear(&screen);
    if (!status && n_rows < table->n_rows)
        printf("... and %lld more: --top 0 shows all\n", (long long)(table->n_rows - n_rows));
    return status;
}

static lode_status find_job(const char *run, const struct lode_job **job)
{
    char path[4096];
    struct lode_bytes text = {0};
    snprintf(path, sizeof path, "%s/run.json", run);
    if (access(path, R_OK))
        return lode_fail(LODE_E_INPUT, "%s: not a run (no run.json in it)", run);
    lode_try(lode_file_read(path, 64 << 20, &text));
    cJSON *record = cJSON_ParseWithLength((const char *)text.data, text.size);
    lode_bytes_clear(&text);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, "job"));
    const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, "error"));
    lode_status status = LODE_OK;
    if (error && error[0])
        status = lode_fail(LODE_E_INPUT, "%s: this run failed: %s", run, error);
    else if (!name || !(*job = lode_job_find(name)) || !(*job)->findings_table)
        status =
            lode_fail(LODE_E_INPUT, "%s: run.json names no job whose findings can be shown", run);
    cJSON_Delete(record);
    return status;
}

static lode_status print_json(const char *run)
{
    char path[4096];
    struct lode_bytes text = {0};
    snprintf(path, sizeof path, "%s/findings.jsonl", run);
    lode_status status = lode_file_read(path, (size_t)1 << 31, &text);
    if (!status) status = screen_print_json(path, (const char *)text.data, text.size);
    lode_bytes_clear(&text);
    return status;
}

static lode_status show(const char *run, const struct request *request)
{
    char path[4096];
    const struct lode_job *job = NULL;
    struct lode_arena *arena = NULL;
    struct lode_table table = {0};
    lode_try(find_job(run, &job));
    if (request->json) return print_json(run);
    lode_try(lode_arena_create(0, &arena));
    snprintf(path, sizeof path, "%s/results.h5", run);
    lode_status status = lode_results_read(path, job->findings_table, arena, &table);
    if (!status) status = print_table(&table, job, request->top);
    lode_arena_destroy(arena);
    return status;
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {.top = 20};
    const char *words[16];
    int n_words = 0;
    bool help = false;
    if (invocation->argument_count > 16) return lode_fail(LODE_E_USAGE, "too many arguments");
    lode_try(options_read(invocation->argument_count, invocation->arguments, option_tables, take,
                          &request, words, &n_words, &help));
    if (help) {
        command_help(&show_command);
        return LODE_OK;
    }
    if (n_words != 1) return lode_fail(LODE_E_USAGE, "lode show takes a run: lode show RUN");
    return show(words[0], &request);
}

const struct command show_command = {
    .name = "show",
    .usage = "RUN [--top N | --json]",
    .summary = "the findings of a run, ranked",
    .example = "lode show run1",
    .options = option_tables,
    .run = run,
};
