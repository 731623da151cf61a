/* Outline: libyaml's events, taken one by one; the stack of open mappings is a small array, so
 * depth is bounded before anything is built. spec.c is its sibling for files of settings, which
 * need no list of lines.
 */
#include "common/param/outline.h"

#include "common/param/yaml_events.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct reader {
    struct yaml_events yaml;
    struct lode_arena *arena;
    struct lode_outline_line *lines;
    int64_t n, room;
    struct lode_bytes list;
};

static lode_status fault(const struct reader *reader, yaml_mark_t mark, const char *what)
{
    return yaml_events_fault(&reader->yaml, mark, what);
}

static lode_status next(struct reader *reader)
{
    return yaml_events_next(&reader->yaml);
}

/* A copy of the current event's text, which must be a scalar. */
static lode_status take_scalar(const struct reader *reader, const char *expected, char **copy)
{
    const yaml_event_t *event = &reader->yaml.event;
    if (event->type == YAML_ALIAS_EVENT)
        return fault(reader, event->start_mark, "aliases (*name) are not allowed here");
    if (event->type != YAML_SCALAR_EVENT) return fault(reader, event->start_mark, expected);
    if (event->data.scalar.anchor)
        return fault(reader, event->start_mark, "anchors (&name) are not allowed here");
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length)
        return fault(reader, event->start_mark, "a NUL byte is not allowed here");
    return lode_arena_text(reader->arena, text, strlen(text), copy);
}

static lode_status append_item(struct lode_bytes *list, const char *item)
{
    for (; item && *item; item++) {
        if (*item == ',' || *item == '\\') lode_try(lode_bytes_append(list, "\\", 1));
        lode_try(lode_bytes_append(list, item, 1));
    }
    return LODE_OK;
}

static lode_status take_list(struct reader *reader, char **copy)
{
    if (reader->yaml.event.data.sequence_start.anchor)
        return fault(reader, reader->yaml.event.start_mark, "anchors (&name) are not allowed here");
    reader->list.size = 0;
    for (bool is_first = true;; is_first = false) {
        char *item = NULL;
        lode_try(next(reader));
        if (reader->yaml.event.type == YAML_SEQUENCE_END_EVENT) break;
        lode_try(take_scalar(reader, "an item of a list must be a single value", &item));
        if (!is_first) lode_try(lode_bytes_append(&reader->list, ",", 1));
        lode_try(append_item(&reader->list, item));
    }
    lode_try(lode_bytes_append(&reader->list, "", 1));
    return lode_arena_text(reader->arena, (const char *)reader->list.data, reader->list.size - 1,
                           copy);
}

/* Lines of one mapping lie between its first and the end; deeper ones are skipped. */
static bool is_known(const struct reader *reader, int64_t first, int depth, const char *name)
{
    for (int64_t i = first; name && i < reader->n; i++)
        if (reader->lines[i].depth == depth && strcmp(reader->lines[i].name, name) == 0)
            return true;
    return false;
}

static lode_status add_line(struct reader *reader, int depth, int64_t first)
{
    char *name = NULL;
    const yaml_mark_t mark = reader->yaml.event.start_mark;
    lode_try(take_scalar(reader, "a name must be a single word", &name));
    if (is_known(reader, first, depth, name))
        return fault(reader, mark, "this name was given above already");
    if (reader->n == LODE_OUTLINE_LINES) return fault(reader, mark, "too many lines");
    if (reader->n == reader->room) {
        struct lode_outline_line *lines = NULL;
        const int64_t room = 2 * reader->room + 64;
        lode_try(lode_take(reader->arena, room, &lines));
        if (reader->n) memcpy(lines, reader->lines, (size_t)reader->n * sizeof *lines);
        reader->lines = lines;
        reader->room = room;
    }
    reader->lines[reader->n++] = (struct lode_outline_line){
        .depth = depth, .name = name, .line = (int)mark.line + 1, .column = (int)mark.column + 1};
    return LODE_OK;
}

static lode_status check_mapping(const struct reader *reader)
{
    if (reader->yaml.event.type != YAML_MAPPING_START_EVENT)
        return fault(reader, reader->yaml.event.start_mark,
                     "expected lines of the form `name: value`");
    if (reader->yaml.event.data.mapping_start.anchor)
        return fault(reader, reader->yaml.event.start_mark, "anchors (&name) are not allowed here");
    return LODE_OK;
}

/* From a mapping's start, which is the current event, to its end. */
static lode_status read_mappings(void *context)
{
    struct reader *reader = context;
    int64_t first[LODE_OUTLINE_DEPTH] = {0}; /* line of each open mapping */
    int depth = 0;
    lode_try(check_mapping(reader));
    while (depth >= 0) {
        char *value = NULL;
        lode_try(next(reader));
        if (reader->yaml.event.type == YAML_MAPPING_END_EVENT) {
            depth--;
            continue;
        }
        lode_try(add_line(reader, depth, first[depth]));
        lode_try(next(reader));
        if (reader->yaml.event.type == YAML_MAPPING_START_EVENT) {
            lode_try(check_mapping(reader));
            if (++depth == LODE_OUTLINE_DEPTH)
                return fault(reader, reader->yaml.event.start_mark, "mappings too deep");
            first[depth] = reader->n;
            continue;
        }
        if (reader->yaml.event.type == YAML_SEQUENCE_START_EVENT)
            lode_try(take_list(reader, &value));
        else
            lode_try(
                take_scalar(reader, "a value must be a single value, a list or a mapping", &value));
        reader->lines[reader->n - 1].value = value;
    }
    return LODE_OK;
}

lode_status lode_outline_parse(const char *path, const void *text, size_t size,
                               struct lode_arena *arena, struct lode_outline *outline)
{
    struct reader reader = {.arena = arena};
    const lode_status status =
        yaml_events_read(&reader.yaml, path, text, size, read_mappings, &reader);
    lode_bytes_clear(&reader.list);
    if (status) return status;
    *outline = (struct lode_outline){.path = path, .n = reader.n, .lines = reader.lines};
    return LODE_OK;
}

int64_t lode_outline_next(const struct lode_outline *outline, int64_t at)
{
    const int depth = outline->lines[at].depth;
    for (at++; at < outline->n && outline->lines[at].depth > depth; at++) continue;
    return at;
}

lode_status lode_outline_fault(const struct lode_outline *outline,
                               const struct lode_outline_line *line, const char *format, ...)
{
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return lode_fail(LODE_E_INPUT, "%s:%d:%d: %s", outline->path, line->line, line->column, what);
}
