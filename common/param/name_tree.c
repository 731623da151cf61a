/* Name tree: libyaml's events, taken one by one; the stack of open mappings and lists is a small
 * array, so nothing recurses and nesting is refused where it begins.
 */
#include "common/param/name_tree.h"

#include <string.h>

#include "common/param/yaml_events.h"
#include "common/text.h"
#include "lode/table.h"

/* An open mapping or list, whose names are below `parent`. */
struct level {
    bool is_list;
    int64_t parent;
};

struct reader {
    struct yaml_events yaml;
    struct lode_arena *arena;
    struct lode_words *words; /* a code is the index of a name */
    struct lode_tree_name *names;
    int64_t n, room;
    struct level levels[LODE_NAME_TREE_DEPTH];
    int depth; /* levels that are open */
};

static lode_status fault(const struct reader *reader, yaml_mark_t mark, const char *what)
{
    return yaml_events_fault(&reader->yaml, mark, what);
}

static lode_status next(struct reader *reader)
{
    return yaml_events_next(&reader->yaml);
}

static lode_status check_name(const struct reader *reader, const char *text, size_t size)
{
    const yaml_mark_t mark = reader->yaml.event.start_mark;
    if (reader->yaml.event.data.scalar.anchor)
        return fault(reader, mark, "anchors (&name) are not allowed here");
    if (size == 0) return fault(reader, mark, "an empty name");
    if (size > LODE_NAME_TREE_NAME_LIMIT)
        return fault(reader, mark, "a name of more than 255 bytes");
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ') return fault(reader, mark, "a control byte in a name");
    return LODE_OK;
}

/* The current event as a name below `parent`. */
static lode_status add_name(struct reader *reader, int64_t parent)
{
    const yaml_mark_t mark = reader->yaml.event.start_mark;
    const char *text = (const char *)reader->yaml.event.data.scalar.value;
    const size_t size = reader->yaml.event.data.scalar.length;
    uint32_t code = 0;
    int64_t n_words = 0;
    if (reader->yaml.event.type == YAML_ALIAS_EVENT)
        return fault(reader, mark, "aliases (*name) are not allowed here");
    if (reader->yaml.event.type != YAML_SCALAR_EVENT)
        return fault(reader, mark, "a name is wanted");
    lode_try(check_name(reader, text, size));
    lode_try(lode_words_add(reader->words, text, size, &code));
    if ((int64_t)code < reader->n)
        return lode_fail(LODE_E_INPUT, "%s:%zu:%zu: '%s' is there twice, first in line %d",
                         reader->yaml.path, mark.line + 1, mark.column + 1,
                         reader->names[code].name, reader->names[code].line);
    if (reader->n == reader->room) {
        struct lode_tree_name *names = NULL;
        const int64_t room = 2 * reader->room + 64;
        lode_try(lode_take(reader->arena, room, &names));
        if (reader->n) memcpy(names, reader->names, (size_t)reader->n * sizeof *names);
        reader->names = names;
        reader->room = room;
    }
    char *const *words = lode_words_list(reader->words, &n_words);
    reader->names[reader->n++] =
        (struct lode_tree_name){.name = words[code], .parent = parent, .line = (int)mark.line + 1};
    return LODE_OK;
}

/* The current event begins a mapping or list of names below `parent`. */
static lode_status open_level(struct reader *reader, int64_t parent)
{
    const yaml_event_t *event = &reader->yaml.event;
    const bool is_list = event->type == YAML_SEQUENCE_START_EVENT;
    const yaml_char_t *anchor =
        is_list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
    if (anchor) return fault(reader, event->start_mark, "anchors (&name) are not allowed here");
    if (reader->depth == LODE_NAME_TREE_DEPTH)
        return fault(reader, event->start_mark, "nested too deep");
    reader->levels[reader->depth++] = (struct level){is_list, parent};
    return LODE_OK;
}

static bool is_null(const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    return event->type == YAML_SCALAR_EVENT &&
           event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!text[0] || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static bool is_opening(const yaml_event_t *event)
{
    return event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
}

/* An item of a list: a name, or a mapping of names, which are below what the list is below. */
static lode_status read_item(struct reader *reader, int64_t parent)
{
    if (reader->yaml.event.type == YAML_MAPPING_START_EVENT) return open_level(reader, parent);
    return add_name(reader, parent);
}

/* A name, and what is below it: nothing, one name, or what a mapping or list has. */
static lode_status read_pair(struct reader *reader, int64_t parent)
{
    lode_try(add_name(reader, parent));
    const int64_t name = reader->n - 1;
    lode_try(next(reader));
    if (is_opening(&reader->yaml.event)) return open_level(reader, name);
    return is_null(&reader->yaml.event) ? LODE_OK : add_name(reader, name);
}

static lode_status read_names(void *context)
{
    struct reader *reader = context;
    if (reader->yaml.event.type != YAML_MAPPING_START_EVENT)
        return fault(reader, reader->yaml.event.start_mark,
                     "expected lines of the form `name: names`");
    lode_try(open_level(reader, -1));
    while (reader->depth > 0) {
        const struct level *level = &reader->levels[reader->depth - 1];
        lode_try(next(reader));
        if (reader->yaml.event.type == YAML_MAPPING_END_EVENT ||
            reader->yaml.event.type == YAML_SEQUENCE_END_EVENT)
            reader->depth--;
        else
            lode_try(level->is_list ? read_item(reader, level->parent)
                                    : read_pair(reader, level->parent));
    }
    return LODE_OK;
}

lode_status lode_name_tree_parse(const char *path, const void *text, size_t size,
                                 struct lode_arena *arena, struct lode_name_tree *tree)
{
    struct reader reader = {.arena = arena};
    lode_try(lode_words_create(arena, &reader.words));
    const lode_status status =
        yaml_events_read(&reader.yaml, path, text, size, read_names, &reader);
    if (!status) *tree = (struct lode_name_tree){.n = reader.n, .names = reader.names};
    return status;
}
