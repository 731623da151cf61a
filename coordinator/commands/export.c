/* lode export: one table of a run, as CSV or JSON Lines on standard output. */
#include "common/file.h"
#include "common/store/table.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/commands/screen.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT = 1 };

static const struct option own_options[] = {
    {FORMAT, "--format", "FORMAT", "csv (default) or jsonl"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

static lode_status take(void *context, int id, const char *value)
{
    enum lode_table_format *format = context;
    (void)id;
    if (strcmp(value, "csv") == 0)
        *format = LODE_TABLE_CSV;
    else if (strcmp(value, "jsonl") == 0)
        *format = LODE_TABLE_JSONL;
    else
        return lode_fail(LODE_E_USAGE, "--format %s: csv or jsonl", value);
    return LODE_OK;
}

/* The table `tasks` is the run's log of attempts, kept as a CSV file because it holds times. */
static lode_status print_log(const char *run, enum lode_table_format format)
{
    char path[4096];
    struct lode_bytes bytes = {0};
    if (format != LODE_TABLE_CSV)
        return lode_fail(LODE_E_USAGE, "table 'tasks' is a log: --format csv only");
    snprintf(path, sizeof path, "%s/log/tasks.csv", run);
    lode_status status = lode_file_read(path, (size_t)1 << 31, &bytes);
    if (!status && fwrite(bytes.data, 1, bytes.size, stdout) != bytes.size)
        status = lode_fail(LODE_E_DISK, "standard output cannot be written");
    lode_bytes_clear(&bytes);
    return status;
}

static lode_status list_tables(const char *path, struct lode_arena *arena)
{
    char **names = NULL;
    int64_t count = 0;
    lode_try(lode_results_list(path, arena, &names, &count));
    for (int64_t i = 0; i < count; i++) lode_try(screen_say("%s", names[i]));
    printf("tasks\n");
    return LODE_OK;
}

static lode_status print_table(const char *run, const char *name, enum lode_table_format format)
{
    char path[4096];
    struct lode_arena *arena = NULL;
    struct lode_table table = {0};
    snprintf(path, sizeof path, "%s/results.h5", run);
    if (access(path, R_OK))
        return lode_fail(LODE_E_INPUT, "%s: not a run (no results.h5 in it), or an unfinished one",
                         run);
    lode_try(lode_arena_create(0, &arena));
    lode_status status =
        name ? lode_results_read(path, name, arena, &table) : list_tables(path, arena);
    if (!status && name) status = lode_table_print(&table, format, stdout);
    lode_arena_destroy(arena);
    return status;
}

static lode_status run(struct invocation *invocation)
{
    struct command_words words;
    enum lode_table_format format = LODE_TABLE_CSV;
    lode_try(command_read(&export_command, invocation, take, &format, &words));
    if (words.is_helped) return LODE_OK;
    if (words.n < 1 || words.n > 2)
        return lode_fail(LODE_E_USAGE, "lode export takes a run and a table: lode export %s",
                         export_command.usage);
    if (words.n == 2 && strcmp(words.list[1], "tasks") == 0)
        return print_log(words.list[0], format);
    return print_table(words.list[0], words.n == 2 ? words.list[1] : NULL, format);
}

const struct command export_command = {
    .name = "export",
    .usage = "RUN [TABLE] [--format csv|jsonl]",
    .summary = "print a table of a run; without TABLE, the names of its tables",
    .example = "lode export run1 patterns > patterns.csv",
    .options = option_tables,
    .run = run,
};
