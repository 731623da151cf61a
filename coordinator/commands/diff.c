/* lode diff: what is new, gone and changed from one run to another. */
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/commands/finding_cells.h"
#include "coordinator/look/comparison.h"
#include "coordinator/look/fields.h"
#include "coordinator/look/run_findings.h"
#include "coordinator/mutes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THRESHOLD = 1, JSON_OUTPUT };

static const struct option own_options[] = {
    {THRESHOLD, "--threshold", "SHARE",
     "a figure that moved by more has changed, such as 5% (10%)"},
    {JSON_OUTPUT, "--json", NULL, "as one JSON object"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

static const char *const kind_names[] = {"new", "gone", "changed", "unchanged"};

struct request {
    double threshold;
    bool json;
};

/* Two runs side by side, and the mutes of their stores (often the same). */
struct sides {
    const struct request *request;
    struct run_findings before, after;
    struct mutes mutes_before, mutes_after;
    struct comparison comparison;
};

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    if (id == JSON_OUTPUT) {
        request->json = true;
        return LODE_OK;
    }
    size_t size = strlen(value);
    const bool percent = size > 0 && value[size - 1] == '%';
    if (!lode_text_to_f64(value, size - percent, &request->threshold) || request->threshold < 0.0)
        return lode_fail(LODE_E_USAGE, "--threshold %s: a share such as 10%% or 0.1", value);
    if (percent) request->threshold /= 100.0;
    return LODE_OK;
}

static const struct mute *mute_of(const struct sides *sides, const struct difference *difference)
{
    const char *key = difference->after >= 0 ? sides->after.keys[difference->after]
                                             : sides->before.keys[difference->before];
    const struct mute *mute = mutes_find(&sides->mutes_after, sides->after.job->name, key);
    return mute ? mute : mutes_find(&sides->mutes_before, sides->after.job->name, key);
}

/* Calls `tell` for every parameter whose value is not the same in both. */
static void each_parameter(const struct sides *sides, void *context,
                           void (*tell)(void *context, const char *name, const char *before,
                                        const char *after))
{
    const cJSON *was = cJSON_GetObjectItemCaseSensitive(sides->before.record.json, "parameters");
    const cJSON *is = cJSON_GetObjectItemCaseSensitive(sides->after.record.json, "parameters");
    const cJSON *item;
    cJSON_ArrayForEach(item, was)
    {
        const char *value = field_text(is, item->string);
        if (strcmp(field_text(was, item->string), value) != 0)
            tell(context, item->string, field_text(was, item->string), value);
    }
    cJSON_ArrayForEach(item, is)
    {
        if (!cJSON_GetObjectItemCaseSensitive(was, item->string))
            tell(context, item->string, "", field_text(is, item->string));
    }
}

static int count_missing(const struct run_findings *run)
{
    return cJSON_GetArraySize(field_list(run->record.json, "missing"));
}

static void warn_parameter(void *context, const char *name, const char *before, const char *after)
{
    (void)context;
    char text[512], line[1024];
    const int size =
        snprintf(text, sizeof text, "%s: '%s' before, '%s' after", name, before, after);
    const size_t shown =
        lode_text_visible(text, size < (int)sizeof text ? (size_t)size : 511, line, sizeof line);
    fprintf(stderr, "warning: another parameter, %.*s\n", (int)shown, line);
}

/* Findings may differ for these reasons alone. */
static void warn(const struct sides *sides)
{
    const char *was = field_text(sides->before.record.json, "lode_version");
    const char *is = field_text(sides->after.record.json, "lode_version");
    each_parameter(sides, NULL, warn_parameter);
    if (strcmp(was, is) != 0) warn_parameter(NULL, "lode_version", was, is);
    const struct run_findings *runs[] = {&sides->before, &sides->after};
    for (int i = 0; i < 2; i++)
        if (count_missing(runs[i]) > 0)
            fprintf(stderr, "warning: %s went on without %d tasks (--allow-partial)\n",
                    runs[i]->path, count_missing(runs[i]));
}

static lode_status print_rows(const struct sides *sides, enum difference_kind kind)
{
    struct screen screen = {0};
    const struct lode_column *columns[SCREEN_COLUMNS_MAX];
    const bool gone = kind == FINDING_GONE;
    const struct run_findings *run = gone ? &sides->before : &sides->after;
    lode_status status = LODE_OK;
    const int n_columns = finding_cells_begin(&screen, &run->table, run->job->show_columns,
                                              SCREEN_COLUMNS_MAX, columns);
    for (int64_t i = 0; i < sides->comparison.n && !status; i++) {
        const struct difference *difference = &sides->comparison.list[i];
        if (difference->kind == kind && !mute_of(sides, difference))
            status = finding_cells_add(&screen, n_columns, columns,
                                       gone ? difference->before : difference->after);
    }
    if (!status && screen.n_cells > 0) {
        printf("\n%s\n", kind_names[kind]);
        screen_print(&screen);
    }
    screen_clear(&screen);
    return status;
}

/* "12 -> 15", or one number where both look the same. */
static lode_status add_move(struct screen *screen, double before, double after)
{
    char was[SCREEN_NUMBER_SIZE], is[SCREEN_NUMBER_SIZE], text[2 * SCREEN_NUMBER_SIZE + 8];
    screen_number(before, was);
    screen_number(after, is);
    if (strcmp(was, is) == 0) return screen_add_cell(screen, is);
    snprintf(text, sizeof text, "%s -> %s", was, is);
    return screen_add_cell(screen, text);
}

static lode_status add_changed(const struct sides *sides, const struct difference *difference,
                               int n_columns, const struct lode_column *const *columns,
                               struct screen *screen)
{
    lode_try(add_move(screen, (double)difference->before + 1.0, (double)difference->after + 1.0));
    lode_try(finding_cells_add(screen, n_columns, columns, difference->after));
    const char *const *figures = sides->after.job->figure_columns;
    for (int f = 0; figures[f] && n_columns + 1 + f < SCREEN_COLUMNS_MAX; f++) {
        const struct lode_column *was = lode_table_column(&sides->before.table, figures[f]);
        const struct lode_column *is = lode_table_column(&sides->after.table, figures[f]);
        lode_try(add_move(screen, was ? finding_figure(was, difference->before) : (double)NAN,
                          is ? finding_figure(is, difference->after) : (double)NAN));
    }
    return LODE_OK;
}

static lode_status print_changed(const struct sides *sides)
{
    struct screen screen = {0};
    const struct lode_column *columns[SCREEN_COLUMNS_MAX];
    const struct lode_job *job = sides->after.job;
    lode_status status = LODE_OK;
    screen_add_column(&screen, "rank", false);
    const int n_columns = finding_cells_begin(&screen, &sides->after.table, job->identity_columns,
                                              SCREEN_COLUMNS_MAX - 1, columns);
    for (int f = 0; job->figure_columns[f]; f++)
        screen_add_column(&screen, job->figure_columns[f], false);
    for (int64_t i = 0; i < sides->comparison.n && !status; i++) {
        const struct difference *difference = &sides->comparison.list[i];
        if (difference->kind == FINDING_CHANGED && !mute_of(sides, difference))
            status = add_changed(sides, difference, n_columns, columns, &screen);
    }
    if (!status && screen.n_cells > 0) {
        printf("\nchanged, before -> after\n");
        screen_print(&screen);
    }
    screen_clear(&screen);
    return status;
}

static lode_status print_muted(const struct sides *sides)
{
    struct screen screen = {0};
    lode_status status = LODE_OK;
    screen_add_column(&screen, "what", false);
    screen_add_column(&screen, "finding", true);
    screen_add_column(&screen, "reason", true);
    for (int64_t i = 0; i < sides->comparison.n && !status; i++) {
        const struct difference *difference = &sides->comparison.list[i];
        const struct mute *mute = mute_of(sides, difference);
        if (!mute) continue;
        status = screen_add_cell(&screen, kind_names[difference->kind]);
        if (!status) status = finding_cells_add_key(&screen, mute->key);
        if (!status) status = screen_add_cell(&screen, mute->reason);
    }
    if (!status && screen.n_cells > 0) {
        printf("\nmuted\n");
        screen_print(&screen);
    }
    screen_clear(&screen);
    return status;
}

static lode_status print_text(const struct sides *sides)
{
    const int64_t *counts = sides->comparison.counts;
    char figures[256] = "";
    for (int f = 0, used = 0; sides->after.job->figure_columns[f] && used < 200; f++)
        used += snprintf(figures + used, sizeof figures - (size_t)used, "%s%s", f ? ", " : "",
                         sides->after.job->figure_columns[f]);
    warn(sides);
    lode_try(screen_say("%s -> %s (%s): %lld new, %lld gone, %lld changed, %lld unchanged",
                        sides->before.path, sides->after.path, sides->after.job->name,
                        (long long)counts[FINDING_NEW], (long long)counts[FINDING_GONE],
                        (long long)counts[FINDING_CHANGED], (long long)counts[FINDING_SAME]));
    if (figures[0])
        printf("changed: %s moved by more than %g %%\n", figures,
               sides->request->threshold * 100.0);
    lode_try(print_rows(sides, FINDING_NEW));
    lode_try(print_rows(sides, FINDING_GONE));
    lode_try(print_changed(sides));
    return print_muted(sides);
}

static cJSON *number_or_text(double value)
{
    if (isnan(value)) return cJSON_CreateNull();
    if (isinf(value)) return cJSON_CreateString(value < 0 ? "-inf" : "inf");
    return cJSON_CreateNumber(value);
}

static void add_parameter(void *context, const char *name, const char *before, const char *after)
{
    cJSON *parameter = cJSON_CreateObject();
    cJSON_AddStringToObject(parameter, "name", name);
    cJSON_AddStringToObject(parameter, "before", before);
    cJSON_AddStringToObject(parameter, "after", after);
    cJSON_AddItemToArray(context, parameter);
}

/* Of one run: null where the finding is not there. */
static cJSON *describe_figures(const struct run_findings *run, int64_t row)
{
    if (row < 0) return cJSON_CreateNull();
    cJSON *figures = cJSON_CreateObject();
    cJSON_AddNumberToObject(figures, "rank", (double)row + 1.0);
    for (const char *const *name = run->job->figure_columns; *name; name++) {
        const struct lode_column *column = lode_table_column(&run->table, *name);
        cJSON_AddItemToObject(figures, *name,
                              number_or_text(column ? finding_figure(column, row) : (double)NAN));
    }
    return figures;
}

static cJSON *describe_difference(const struct sides *sides, const struct difference *difference)
{
    const struct mute *mute = mute_of(sides, difference);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToObject(object, "identity",
                          cJSON_Parse(difference->after >= 0
                                          ? sides->after.keys[difference->after]
                                          : sides->before.keys[difference->before]));
    cJSON_AddItemToObject(object, "before", describe_figures(&sides->before, difference->before));
    cJSON_AddItemToObject(object, "after", describe_figures(&sides->after, difference->after));
    cJSON_AddItemToObject(object, "muted",
                          mute ? cJSON_CreateString(mute->reason) : cJSON_CreateNull());
    return object;
}

static void describe_run(cJSON *document, const char *name, const struct run_findings *run)
{
    cJSON *object = cJSON_AddObjectToObject(document, name);
    cJSON_AddStringToObject(object, "run", run->path);
    cJSON_AddStringToObject(object, "store", run->store_path);
    copy_text(run->record.json, "lode_version", object);
    cJSON_AddNumberToObject(object, "findings", (double)run->table.n_rows);
    cJSON_AddNumberToObject(object, "missing", count_missing(run));
}

static lode_status print_json(const struct sides *sides)
{
    cJSON *document = cJSON_CreateObject();
    cJSON *lists[FINDING_SAME];
    cJSON_AddStringToObject(document, "job", sides->after.job->name);
    describe_run(document, "before", &sides->before);
    describe_run(document, "after", &sides->after);
    each_parameter(sides, cJSON_AddArrayToObject(document, "parameters"), add_parameter);
    cJSON_AddNumberToObject(document, "threshold", sides->request->threshold);
    for (int kind = 0; kind < FINDING_SAME; kind++)
        lists[kind] = cJSON_AddArrayToObject(document, kind_names[kind]);
    cJSON_AddNumberToObject(document, kind_names[FINDING_SAME],
                            (double)sides->comparison.counts[FINDING_SAME]);
    for (int64_t i = 0; i < sides->comparison.n; i++) {
        const struct difference *difference = &sides->comparison.list[i];
        if (difference->kind != FINDING_SAME)
            cJSON_AddItemToArray(lists[difference->kind], describe_difference(sides, difference));
    }
    char *text = cJSON_Print(document);
    cJSON_Delete(document);
    if (!text) return lode_fail(LODE_E_MEMORY, "no memory for the answer");
    puts(text);
    free(text);
    return LODE_OK;
}

static lode_status compare(struct sides *sides, const char *const *runs)
{
    lode_try(run_findings_load(runs[0], &sides->before));
    lode_try(run_findings_load(runs[1], &sides->after));
    const struct lode_job *job = sides->after.job;
    if (strcmp(sides->before.job->name, job->name) != 0)
        return lode_fail(LODE_E_USAGE, "runs of different jobs: %s is of %s, %s of %s", runs[0],
                         sides->before.job->name, runs[1], job->name);
    lode_try(mutes_load(sides->before.store_path, sides->before.arena, &sides->mutes_before));
    lode_try(mutes_load(sides->after.store_path, sides->after.arena, &sides->mutes_after));
    const struct compared before = {&sides->before.table, sides->before.keys};
    const struct compared after = {&sides->after.table, sides->after.keys};
    lode_try(findings_compare(&before, &after, job->figure_columns, sides->request->threshold,
                              sides->after.arena, &sides->comparison));
    return sides->request->json ? print_json(sides) : print_text(sides);
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {.threshold = 0.1};
    struct sides sides = {.request = &request};
    struct command_words words;
    lode_try(command_read(&diff_command, invocation, take, &request, &words));
    if (words.is_helped) return LODE_OK;
    if (words.n != 2)
        return lode_fail(LODE_E_USAGE, "lode diff takes two runs: lode diff %s",
                         diff_command.usage);
    const lode_status status = compare(&sides, words.list);
    run_findings_clear(&sides.before);
    run_findings_clear(&sides.after);
    return status;
}

const struct command diff_command = {
    .name = "diff",
    .usage = "RUN1 RUN2 [--threshold SHARE] [--json]",
    .summary = "findings that are new, gone or changed from one run to another",
    .example = "lode diff monday tuesday",
    .options = option_tables,
    .run = run,
};
