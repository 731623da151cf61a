/* lode show: the findings of a run, as a table that a person likes to read.
 *
 * Columns take what their content needs; the text columns share what is left of the terminal's
 * width and wrap at blanks. Off a terminal the width is 100 and there is no colour.
 */
#include "common/file.h"
#include "common/store/table.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "jobs/job.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TOP = 1, JSON_OUTPUT, COLUMNS_MAX = 16, PLAIN_WIDTH = 100, TEXT_LEAST = 24, GAP = 2 };

static const struct option own_options[] = {
    {TOP, "--top", "N", "only the first N findings (20; 0: all)"},
    {JSON_OUTPUT, "--json", NULL, "findings.jsonl as it is"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

struct request {
    int64_t top;
    bool json;
};

/* One column on the screen. */
struct shown {
    const struct lode_column *column;
    int width;
    bool is_text;
};

struct screen {
    int n_shown;
    struct shown shown[COLUMNS_MAX];
    int64_t n_rows;
    bool colour;
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

/* A cell for people: few digits, counts grouped, control bytes made visible. */
static lode_status cell_text(const struct lode_column *column, int64_t row, struct lode_bytes *out)
{
    char number[48];
    out->size = 0;
    if (column->type == LODE_COLUMN_F64) {
        const double value = ((const double *)column->data)[lode_column_at(column, row)];
        if (isnan(value))
            snprintf(number, sizeof number, "-");
        else if (fabs(value) >= 1000.0 && isfinite(value))
            lode_text_grouped((int64_t)llround(value), number);
        else
            snprintf(number, sizeof number, fabs(value) < 0.001 && value != 0.0 ? "%.1e" : "%.3g",
                     value);
        return lode_bytes_append(out, number, strlen(number) + 1);
    }
    struct lode_bytes raw = {0};
    lode_status status = lode_table_cell(column, row, &raw);
    if (!status) status = lode_text_append_visible(out, (const char *)raw.data, raw.size);
    if (!status) status = lode_bytes_append(out, "", 1);
    lode_bytes_clear(&raw);
    return status;
}

static lode_status measure(struct screen *screen)
{
    struct lode_bytes text = {0};
    lode_status status = LODE_OK;
    for (int c = 0; c < screen->n_shown; c++) {
        struct shown *shown = &screen->shown[c];
        shown->width = lode_text_width(shown->column->name);
        for (int64_t row = 0; row < screen->n_rows && !status; row++) {
            status = cell_text(shown->column, row, &text);
            const int width = status ? 0 : lode_text_width((const char *)text.data);
            if (width > shown->width) shown->width = width;
        }
    }
    lode_bytes_clear(&text);
    return status;
}

static int terminal_width(void)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < 40)
        return PLAIN_WIDTH;
    return size.ws_col;
}

/* Takes width from the widest text column until the table fits (or nothing is left to take). */
static void fit(struct screen *screen, int width)
{
    for (;;) {
        int total = 0, widest = -1;
        for (int c = 0; c < screen->n_shown; c++) {
            total += screen->shown[c].width + GAP;
            if (screen->shown[c].is_text && screen->shown[c].width > TEXT_LEAST &&
                (widest < 0 || screen->shown[c].width > screen->shown[widest].width))
                widest = c;
        }
        if (total - GAP <= width || widest < 0) return;
        screen->shown[widest].width--;
    }
}

/* How many bytes of `text` go on a line of `width` columns: to the last blank, else cut. */
static size_t line_bytes(const char *text, int width)
{
    size_t at = 0, last_blank = 0;
    int used = 0;
    while (text[at] && used < width) {
        size_t next = at + 1;
        while (((unsigned char)text[next] & 0xc0) == 0x80) next++;
        if (text[at] == ' ') last_blank = at;
        at = next;
        used++;
    }
    return text[at] && text[at] != ' ' && last_blank > 0 ? last_blank : at;
}

static void pad(int count)
{
    for (int i = 0; i < count; i++) fputc(' ', stdout);
}

/* Prints one row of cells, wrapped over as many lines as its longest needs. */
static void print_cells(const struct screen *screen, const char **rest)
{
    bool more = true;
    while (more) {
        int due = 0; /* blanks that only matter if something follows */
        more = false;
        for (int c = 0; c < screen->n_shown; c++) {
            const struct shown *shown = &screen->shown[c];
            const size_t size = line_bytes(rest[c], shown->width);
            char part[1024];
            snprintf(part, sizeof part, "%.*s", (int)size, rest[c]);
            const int blank = shown->width - lode_text_width(part);
            if (size > 0) {
                pad(due + (shown->is_text ? 0 : blank));
                fputs(part, stdout);
                due = (shown->is_text ? blank : 0) + GAP;
            } else {
                due += shown->width + GAP;
            }
            rest[c] += size;
            while (*rest[c] == ' ') rest[c]++;
            more = more || *rest[c];
        }
        fputc('\n', stdout);
    }
}

static lode_status print_row(const struct screen *screen, int64_t row)
{
    struct lode_bytes texts[COLUMNS_MAX] = {{0}};
    const char *rest[COLUMNS_MAX];
    lode_status status = LODE_OK;
    for (int c = 0; c < screen->n_shown && !status; c++) {
        status = cell_text(screen->shown[c].column, row, &texts[c]);
        rest[c] = (const char *)texts[c].data;
    }
    if (!status) print_cells(screen, rest);
    for (int c = 0; c < screen->n_shown; c++) lode_bytes_clear(&texts[c]);
    return status;
}

static lode_status print_table(const struct lode_table *table, const struct lode_job *job,
                               int64_t top)
{
    struct screen screen = {.n_rows = top > 0 && top < table->n_rows ? top : table->n_rows};
    const char *names[COLUMNS_MAX];
    screen.colour = isatty(STDOUT_FILENO) == 1 && !getenv("NO_COLOR");
    for (int i = 0; job->show_columns[i] && screen.n_shown < COLUMNS_MAX; i++) {
        const struct lode_column *column = lode_table_column(table, job->show_columns[i]);
        if (!column) continue; /* a run of another version */
        names[screen.n_shown] = column->name;
        screen.shown[screen.n_shown].is_text = is_text(column);
        screen.shown[screen.n_shown++].column = column;
    }
    if (table->n_rows == 0) {
        printf("no findings: nothing passed the experts' tests\n");
        return LODE_OK;
    }
    lode_try(measure(&screen));
    fit(&screen, terminal_width());
    if (screen.colour) fputs("\033[1m", stdout);
    print_cells(&screen, names);
    if (screen.colour) fputs("\033[0m", stdout);
    for (int64_t row = 0; row < screen.n_rows; row++) lode_try(print_row(&screen, row));
    if (screen.n_rows < table->n_rows)
        printf("... and %lld more: --top 0 shows all\n",
               (long long)(table->n_rows - screen.n_rows));
    return LODE_OK;
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
    if (!status && fwrite(text.data, 1, text.size, stdout) != text.size)
        status = lode_fail(LODE_E_DISK, "standard output cannot be written");
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
