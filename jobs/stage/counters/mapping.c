/* Mapping: see the header. */
#include "jobs/stage/counters/mapping.h"

#include "common/text.h"
#include "jobs/stage/counters/machine.h"

#include <stdio.h>
#include <string.h>

static const char default_time[] = "timestamp_ms,timestamp_s,timestamp,time,ts";

/* The first of the names, joined by commas, that the file has; -1: none. */
static int find_column(const struct counters_file *file, const char *names)
{
    for (const char *at = names; *at;) {
        const size_t size = strcspn(at, ",");
        for (int c = 0; c < file->n_columns; c++)
            if (strlen(file->columns[c]) == size && memcmp(file->columns[c], at, size) == 0)
                return c;
        at += at[size] ? size + 1 : size;
    }
    return -1;
}

static lode_status fail_column(const struct counters_file *file, const char *what,
                               const char *option, const char *names, struct lode_arena *arena)
{
    enum { SHOWN = 20 };
    struct lode_bytes list = {0};
    lode_status status = LODE_OK;
    const char **columns = NULL;
    char *text = NULL;
    lode_try(lode_take_zero(arena, file->n_columns + 1, &columns));
    for (int c = 0; c < file->n_columns; c++) columns[c] = file->columns[c];
    const char *nearest = lode_text_nearest(names, columns);
    for (int c = 0; c < file->n_columns && c < SHOWN && !status; c++) {
        status = lode_bytes_printf(&list, "%s", c > 0 ? ", " : "");
        if (!status)
            status = lode_text_append_visible(&list, file->columns[c], strlen(file->columns[c]));
    }
    if (!status) status = lode_bytes_printf(&list, "%s", file->n_columns > SHOWN ? ", ..." : "");
    if (!status) status = lode_arena_text(arena, (const char *)list.data, list.size, &text);
    lode_bytes_clear(&list);
    lode_try(status);
    return lode_fail(LODE_E_INPUT,
                     "%s: no %s column '%s' among its columns (%s)%s%s%s; %s names it", file->path,
                     what, names, text, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'" : "", option);
}

/* Is `text` ended by `end`? Then it is cut off. */
static bool strip(const char *text, size_t *size, const char *end)
{
    const size_t length = strlen(end);
    if (*size <= length || memcmp(text + *size - length, end, length) != 0) return false;
    *size -= length;
    return true;
}

/* "dir/machine-1.csv.gz": machine-1. */
static lode_status name_component(struct lode_arena *arena, struct counters_file *file)
{
    const char *name = file->name;
    size_t size = strlen(name);
    char *copy = NULL;
    if (!strip(name, &size, ".gz")) (void)strip(name, &size, ".zst");
    if (!strip(name, &size, ".csv") && !strip(name, &size, ".jsonl"))
        (void)strip(name, &size, ".json");
    if (size > COUNTERS_COMPONENT_LIMIT || !lode_text_is_utf8(name, size))
        return lode_fail(LODE_E_INPUT,
                         "%s: its name cannot be that of a component (UTF-8 of at most %d bytes); "
                         "--component names a column that says it",
                         file->path, COUNTERS_COMPONENT_LIMIT);
    lode_try(lode_arena_text(arena, name, size, &copy));
    file->component_name = copy;
    return LODE_OK;
}

static lode_status find_named(const struct counters_file *file, const char *what,
                              const char *option, const char *names, struct lode_arena *arena,
                              int *column)
{
    *column = names ? find_column(file, names) : -1;
    if (names && *column < 0) return fail_column(file, what, option, names, arena);
    return LODE_OK;
}

static lode_status check_roles(const struct counters_file *file)
{
    const int roles[] = {file->time, file->component, file->counter, file->value, file->machine};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < i; j++)
            if (roles[i] >= 0 && roles[i] == roles[j])
                return lode_fail(LODE_E_INPUT, "%s: column '%s' cannot be two things at once",
                                 file->path, file->columns[roles[i]]);
    if (counters_is_long(file)) return LODE_OK;
    int n_counters = 0;
    for (int c = 0; c < file->n_columns; c++) {
        if (!counters_is_value(file, c)) continue;
        n_counters++;
        if (strlen(file->columns[c]) > STAGE_WORD_LIMIT)
            return lode_fail(LODE_E_INPUT, "%s: the name of counter %d is longer than %d bytes",
                             file->path, n_counters, STAGE_WORD_LIMIT);
    }
    if (n_counters > 0) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "%s: no counter: there is no column beside time and component",
                     file->path);
}

lode_status counters_map_file(const struct stage_counters_options *options,
                              struct lode_arena *arena, struct counters_file *file)
{
    const char *slash = strrchr(file->path, '/');
    const char *time = options->time ? options->time : default_time;
    const char *machine = options->aggregate;
    file->name = slash ? slash + 1 : file->path;
    file->component_name = "";
    file->time = file->component = file->counter = file->value = file->machine = -1;
    if (file->is_answer) return name_component(arena, file);
    if (machine && machine_is_pattern(machine)) machine = NULL;
    if (!options->counter != !options->value)
        return lode_fail(LODE_E_USAGE,
                         "--counter and --value are the two columns of a long form: name both");
    lode_try(find_named(file, "time", "--time", time, arena, &file->time));
    lode_try(
        find_named(file, "component", "--component", options->component, arena, &file->component));
    lode_try(find_named(file, "counter", "--counter", options->counter, arena, &file->counter));
    lode_try(find_named(file, "value", "--value", options->value, arena, &file->value));
    lode_try(find_named(file, "machine", "--aggregate", machine, arena, &file->machine));
    const char *name = file->columns[file->time];
    const size_t size = strlen(name);
    file->time_in_seconds = size > 2 && strcmp(name + size - 2, "_s") == 0;
    lode_try(check_roles(file));
    return file->component < 0 ? name_component(arena, file) : LODE_OK;
}

void counters_list_unstaged(const struct counters_file *file, const char **names, int64_t *n)
{
    for (int c = 0; c < file->n_columns && counters_is_long(file); c++) {
        bool is_known = c == file->time || c == file->component || c == file->counter ||
                        c == file->value || c == file->machine;
        for (int64_t i = 0; i < *n && !is_known; i++)
            is_known = strcmp(names[i], file->columns[c]) == 0;
        if (!is_known) names[(*n)++] = file->columns[c];
    }
}
