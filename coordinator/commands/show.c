/* lode show: the findings of a run, as a table that a person likes to read; the muted ones apart.
 */
#include "common/file.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/commands/finding_cells.h"
#include "coordinator/commands/one_finding.h"
#include "coordinator/look/run_findings.h"
#include "coordinator/mutes.h"

#include <stdio.h>
#include <string.h>

enum { TOP = 1, FINDING, JSON_OUTPUT };

static const struct option own_options[] = {
    {TOP, "--top", "N", "only the first N findings (20; 0: all)"},
    {FINDING, "--finding", "N", "all that is known of the finding of rank N"},
    {JSON_OUTPUT, "--json", NULL,
     "findings.jsonl; muted findings have the key `muted`, judged ones `feedback`"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

struct request {
    int64_t top;
    int64_t finding; /* 0: all */
    bool json;
};

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    if (id == JSON_OUTPUT) {
        request->json = true;
        return LODE_OK;
    }
    if (id == FINDING) {
        if (!lode_text_to_i64(value, strlen(value), &request->finding) || request->finding < 1)
            return lode_fail(LODE_E_USAGE, "--finding %s: a rank, from 1", value);
        return LODE_OK;
    }
    if (!lode_text_to_i64(value, strlen(value), &request->top) || request->top < 0)
        return lode_fail(LODE_E_USAGE, "--top %s: a number >= 0", value);
    return LODE_OK;
}

/* What is shown of a run: its findings, which of them are muted, and what people said of them. */
struct shown {
    struct run_findings findings;
    struct mutes mutes, feedback;
};

/* "useful", "noise", or "" where nobody said so. */
static const char *verdict_of(const struct shown *shown, int64_t row)
{
    const struct mute *said =
        mutes_find(&shown->feedback, shown->findings.job->name, shown->findings.keys[row]);
    return said ? said->verdict : "";
}

static const struct mute *mute_of(const struct shown *shown, int64_t row)
{
    return mutes_find(&shown->mutes, shown->findings.job->name, shown->findings.keys[row]);
}

static int64_t count_muted(const struct shown *shown)
{
    int64_t count = 0;
    for (int64_t row = 0; row < shown->findings.table.n_rows; row++)
        count += mute_of(shown, row) != NULL;
    return count;
}

/* The first `top` rows that are not muted. */
static lode_status print_findings(const struct shown *shown, int64_t top)
{
    struct screen screen = {0};
    const struct lode_column *columns[SCREEN_COLUMNS_MAX];
    const struct lode_table *table = &shown->findings.table;
    lode_status status = LODE_OK;
    int64_t n_shown = 0;
    const int n_columns = finding_cells_begin(&screen, table, shown->findings.job->show_columns,
                                              SCREEN_COLUMNS_MAX - 1, columns);
    const bool has_feedback = shown->feedback.n > 0;
    if (has_feedback) screen_add_column(&screen, "feedback", true);
    for (int64_t row = 0; row < table->n_rows && n_shown < top && !status; row++) {
        if (mute_of(shown, row)) continue;
        status = finding_cells_add(&screen, n_columns, columns, row);
        if (!status && has_feedback) status = screen_add_cell(&screen, verdict_of(shown, row));
        n_shown++;
    }
    if (!status && n_shown > 0) screen_print(&screen);
    screen_clear(&screen);
    return status;
}

static lode_status print_muted(const struct shown *shown)
{
    struct screen screen = {0};
    const struct lode_column *columns[SCREEN_COLUMNS_MAX];
    const struct lode_table *table = &shown->findings.table;
    lode_status status = LODE_OK;
    screen_add_column(&screen, "rank", false);
    const int n_columns = finding_cells_begin(&screen, table, shown->findings.job->identity_columns,
                                              SCREEN_COLUMNS_MAX - 2, columns);
    screen_add_column(&screen, "reason", true);
    for (int64_t row = 0; row < table->n_rows && !status; row++) {
        const struct mute *mute = mute_of(shown, row);
        if (!mute) continue;
        status = screen_add_count(&screen, (double)row + 1.0);
        if (!status) status = finding_cells_add(&screen, n_columns, columns, row);
        if (!status) status = screen_add_cell(&screen, mute->reason);
    }
    if (!status) screen_print(&screen);
    screen_clear(&screen);
    return status;
}

/* "components: 3 green, 1 red, 2 unknown", of runs of job hierarchy that scored. */
static lode_status print_health(const struct shown *shown)
{
    static const char *const colours[] = {"green", "yellow", "orange", "red", "unknown"};
    enum { COLOURS = sizeof colours / sizeof *colours };
    char path[4096];
    struct lode_table health;
    char **tables = NULL;
    int64_t n_tables = 0, counts[COLOURS] = {0};
    bool has_health = false, is_first = true;
    snprintf(path, sizeof path, "%s/results.h5", shown->findings.path);
    lode_try(lode_results_list(path, shown->findings.arena, &tables, &n_tables));
    for (int64_t i = 0; i < n_tables; i++)
        has_health = has_health || strcmp(tables[i], "health") == 0;
    if (!has_health) return LODE_OK;
    lode_try(lode_results_read(path, "health", shown->findings.arena, &health));
    const struct lode_column *colour = lode_table_column(&health, "colour");
    if (!colour || colour->type != LODE_COLUMN_WORD) return LODE_OK;
    for (int64_t row = 0; row < health.n_rows; row++) {
        const uint32_t code = ((const uint32_t *)colour->data)[lode_column_at(colour, row)];
        for (int i = 0; i < COLOURS && code != UINT32_MAX; i++)
            counts[i] += strcmp(colours[i], colour->words[code]) == 0;
    }
    for (int i = 0; i < COLOURS; i++) {
        if (counts[i] == 0) continue;
        printf("%s %lld %s", is_first ? "components:" : ",", (long long)counts[i], colours[i]);
        is_first = false;
    }
    if (!is_first) printf("\n");
    return LODE_OK;
}

static lode_status print_text(const struct shown *shown, int64_t top)
{
    const int64_t n_rows = shown->findings.table.n_rows;
    const int64_t n_muted = count_muted(shown), n_open = n_rows - n_muted;
    const bool is_of_experts = strcmp(shown->findings.job->name, "opportunities") == 0;
    if (n_rows == 0) {
        printf("no findings%s\n", is_of_experts ? ": nothing passed the experts' tests" : "");
        return print_health(shown);
    }
    if (n_open == 0) printf("no findings but those that are muted\n");
    lode_try(print_findings(shown, top > 0 ? top : n_open));
    if (top > 0 && top < n_open)
        printf("... and %lld more: --top 0 shows all\n", (long long)(n_open - top));
    lode_try(print_health(shown));
    if (n_muted == 0) return LODE_OK;
    printf("\nmuted: %lld of %lld findings\n", (long long)n_muted, (long long)n_rows);
    return print_muted(shown);
}

/* A line of findings.jsonl; the object of a muted or judged finding gets keys more at its end. */
static lode_status append_line(const struct shown *shown, int64_t row, const char *line,
                               size_t size, struct lode_bytes *out)
{
    const struct mute *mute = row < shown->findings.table.n_rows ? mute_of(shown, row) : NULL;
    const char *verdict = row < shown->findings.table.n_rows ? verdict_of(shown, row) : "";
    const bool marked = (mute || verdict[0]) && size > 1 && line[size - 1] == '}';
    lode_try(lode_bytes_append(out, line, size - marked));
    if (marked && mute) {
        lode_try(lode_bytes_printf(out, ",\"muted\":"));
        lode_try(lode_text_append_json(out, mute->reason, strlen(mute->reason)));
    }
    if (marked && verdict[0]) lode_try(lode_bytes_printf(out, ",\"feedback\":\"%s\"", verdict));
    if (marked) lode_try(lode_bytes_append(out, "}", 1));
    return lode_bytes_append(out, "\n", 1);
}

/* findings.jsonl: all of its lines, or the one of a finding. */
static lode_status print_lines(const struct shown *shown, const struct request *request)
{
    char path[4096];
    struct lode_bytes text = {0}, out = {0};
    lode_status status = LODE_OK;
    snprintf(path, sizeof path, "%s/findings.jsonl", shown->findings.path);
    lode_try_done(lode_file_read(path, (size_t)1 << 31, &text));
    const char *at = (const char *)text.data, *end = at + text.size;
    for (int64_t row = 0; at < end; row++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const size_t size = newline ? (size_t)(newline - at) : (size_t)(end - at);
        if (request->finding == 0 || request->finding == row + 1)
            lode_try_done(append_line(shown, row, at, size, &out));
        at += size + (newline != NULL);
    }
    if (request->json)
        status = screen_print_json(path, (const char *)out.data, out.size);
    else
        status = one_finding_print(path, (const char *)out.data, out.size);
done:
    lode_bytes_clear(&text);
    lode_bytes_clear(&out);
    return status;
}

static lode_status show(const char *run, const struct request *request)
{
    struct shown shown = {0};
    lode_try(run_findings_load(run, &shown.findings));
    lode_status status = mutes_load(shown.findings.store_path, shown.findings.arena, &shown.mutes);
    if (!status)
        status = remarks_load(REMARK_FEEDBACK, shown.findings.store_path, shown.findings.arena,
                              &shown.feedback);
    if (!status && request->finding > shown.findings.table.n_rows)
        status = lode_fail(LODE_E_USAGE, "--finding %lld: the run has %lld findings",
                           (long long)request->finding, (long long)shown.findings.table.n_rows);
    const bool by_line = request->json || request->finding > 0;
    if (!status) status = by_line ? print_lines(&shown, request) : print_text(&shown, request->top);
    run_findings_clear(&shown.findings);
    return status;
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {.top = 20};
    struct command_words words;
    lode_try(command_read(&show_command, invocation, take, &request, &words));
    if (words.is_helped) return LODE_OK;
    if (words.n != 1) return lode_fail(LODE_E_USAGE, "lode show takes a run: lode show RUN");
    return show(words.list[0], &request);
}

const struct command show_command = {
    .name = "show",
    .usage = "RUN [--top N | --finding N] [--json]",
    .summary = "the findings of a run, ranked",
    .example = "lode show run1",
    .options = option_tables,
    .run = run,
};
