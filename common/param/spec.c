/* Spec: libyaml's events, taken one by one.
 *
 * The events are followed by hand instead of building a document: mappings of scalars and flat
 * lists need no tree, and what could blow up a reader (aliases, nesting) is refused at its first
 * event, with its line and column.
 */
#include "common/param/spec.h"

#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"

enum { FILE_LIMIT = 1 << 20 };

struct spec {
    const char *path;
    yaml_parser_t parser;
    yaml_event_t event;      /* the current one; zero when there is none */
    struct lode_bytes names; /* all names so far, each with its final zero */
    struct lode_bytes value;
    size_t item_at;   /* the item's name, in `names`; NO_ITEM outside of items */
    const char *text; /* the whole file */
    size_t size;
    const struct lode_spec_taker *taker;
};

static const size_t NO_ITEM = (size_t)-1;

static lode_status fault(const struct spec *spec, yaml_mark_t mark, const char *what)
{
    return lode_fail(LODE_E_INPUT, "%s:%zu:%zu: %s", spec->path, mark.line + 1, mark.column + 1,
                     what);
}

/* Moves on to the next event; the one before is gone. */
static lode_status next(struct spec *spec)
{
    yaml_event_delete(&spec->event); /* also zeroes it */
    if (yaml_parser_parse(&spec->parser, &spec->event)) return LODE_OK;
    const yaml_parser_t *parser = &spec->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return lode_fail(LODE_E_MEMORY, "%s: no memory to read it", spec->path);
    if (parser->error == YAML_READER_ERROR)
        return lode_fail(LODE_E_INPUT, "%s: byte %zu: %s", spec->path, parser->problem_offset,
                         parser->problem);
    return fault(spec, parser->problem_mark, parser->problem ? parser->problem : "is no YAML");
}

static bool is_at(const struct spec *spec, yaml_event_type_t type)
{
    return spec->event.type == type;
}

/* The text of the current event, which must be a scalar. Borrowed until the next event. */
static lode_status scalar(const struct spec *spec, const char *expected, const char **text)
{
    const yaml_event_t *event = &spec->event;
    if (is_at(spec, YAML_ALIAS_EVENT))
        return fault(spec, event->start_mark, "aliases (*name) are not allowed here");
    if (!is_at(spec, YAML_SCALAR_EVENT)) return fault(spec, event->start_mark, expected);
    if (event->data.scalar.anchor)
        return fault(spec, event->start_mark, "anchors (&name) are not allowed here");
    *text = (const char *)event->data.scalar.value;
    if (strlen(*text) != event->data.scalar.length)
        return fault(spec, event->start_mark, "a NUL byte is not allowed here");
    return LODE_OK;
}

static lode_status append_item(struct lode_bytes *value, const char *item)
{
    for (; *item; item++) {
        if (*item == ',' || *item == '\\') lode_try(lode_bytes_append(value, "\\", 1));
        lode_try(lode_bytes_append(value, item, 1));
    }
    return LODE_OK;
}

/* The items of a list, from its first event to its last, joined into spec->value. */
static lode_status read_list(struct spec *spec)
{
    if (spec->event.data.sequence_start.anchor)
        return fault(spec, spec->event.start_mark, "anchors (&name) are not allowed here");
    for (bool first = true;; first = false) {
        lode_try(next(spec));
        if (is_at(spec, YAML_SEQUENCE_END_EVENT)) return LODE_OK;
        const char *item = "";
        lode_try(scalar(spec, "an item of a list must be a single value", &item));
        if (!first) lode_try(lode_bytes_append(&spec->value, ",", 1));
        lode_try(append_item(&spec->value, item));
    }
}

/* Was the name given in this mapping, whose names begin at `scope`? */
static bool is_known(const struct spec *spec, size_t scope, const char *name)
{
    const char *names = (const char *)spec->names.data;
    for (size_t at = scope; at < spec->names.size; at += strlen(names + at) + 1)
        if (strcmp(names + at, name) == 0) return true;
    return false;
}

/* Takes the current event as a name; a copy is kept at *name_at, since the event goes. */
static lode_status take_name(struct spec *spec, size_t scope, size_t *name_at)
{
    const char *name = "";
    lode_try(scalar(spec, "the name of a parameter must be a single word", &name));
    if (is_known(spec, scope, name))
        return fault(spec, spec->event.start_mark, "this parameter was given above already");
    *name_at = spec->names.size;
    return lode_bytes_append(&spec->names, name, strlen(name) + 1);
}

static const char *name_of(const struct spec *spec, size_t at)
{
    return at == NO_ITEM ? NULL : (const char *)spec->names.data + at;
}

/* The value of a name, which is the current event, and on to `setting`. */
static lode_status read_value(struct spec *spec, yaml_mark_t mark, size_t name_at)
{
    const char *value = "";
    spec->value.size = 0;
    if (is_at(spec, YAML_SEQUENCE_START_EVENT)) {
        lode_try(read_list(spec));
        lode_try(lode_bytes_append(&spec->value, "", 1));
        value = (const char *)spec->value.data;
    } else
        lode_try(scalar(spec, "a value must be a single value or a list of them", &value));
    const lode_status status = spec->taker->setting(
        spec->taker->context, name_of(spec, spec->item_at), name_of(spec, name_at), value);
    if (status == LODE_OK) return LODE_OK;
    return lode_note(status, "%s:%zu:%zu", spec->path, mark.line + 1, mark.column + 1);
}

/* The current event must begin a mapping. */
static lode_status enter_mapping(const struct spec *spec)
{
    if (!is_at(spec, YAML_MAPPING_START_EVENT))
        return fault(spec, spec->event.start_mark, "expected lines of the form `name: value`");
    if (spec->event.data.mapping_start.anchor)
        return fault(spec, spec->event.start_mark, "anchors (&name) are not allowed here");
    return LODE_OK;
}

/* The settings of an item. */
static lode_status read_item(struct spec *spec)
{
    const size_t scope = spec->names.size;
    lode_try(enter_mapping(spec));
    for (;;) {
        size_t name_at = 0;
        lode_try(next(spec));
        if (is_at(spec, YAML_MAPPING_END_EVENT)) break;
        const yaml_mark_t mark = spec->event.start_mark;
        lode_try(take_name(spec, scope, &name_at));
        lode_try(next(spec));
        lode_try(read_value(spec, mark, name_at));
    }
    spec->names.size = scope; /* they may come again elsewhere */
    return LODE_OK;
}

/* The items of the section. */
static lode_status read_section(struct spec *spec)
{
    const size_t scope = spec->names.size;
    lode_try(enter_mapping(spec));
    for (;;) {
        size_t item_at = 0;
        lode_try(next(spec));
        if (is_at(spec, YAML_MAPPING_END_EVENT)) break;
        lode_try(take_name(spec, scope, &item_at));
        lode_try(next(spec));
        spec->item_at = item_at;
        lode_try(read_item(spec));
        spec->item_at = NO_ITEM;
    }
    spec->names.size = scope; /* they may come again elsewhere */
    return LODE_OK;
}

/* Where the text of the current value begins: not its quote or block sign, which YAML marks. */
static void find_text(const struct spec *spec, struct lode_spec_definition *definition)
{
    const yaml_mark_t mark = spec->event.start_mark;
    definition->line = mark.line + 1;
    definition->column = mark.column + 1;
    if (!is_at(spec, YAML_SCALAR_EVENT)) return;
    const yaml_scalar_style_t style = spec->event.data.scalar.style;
    if (style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE)
        definition->column++;
    if (style != YAML_LITERAL_SCALAR_STYLE && style != YAML_FOLDED_SCALAR_STYLE) return;
    definition->line++;
    definition->column = 1;
    /* the parser counts characters; the sign of a block stands after a name, so look for the line
     */
    const char *line = spec->text, *end = spec->text + spec->size;
    for (size_t i = 0; line && i <= mark.line; i++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        line = newline ? newline + 1 : NULL;
    }
    while (line && line < end && *line++ == ' ') definition->column++;
}

/* The text of the current scalar, quoted. */
static lode_status quote_scalar(struct spec *spec, const char *expected)
{
    const char *text = "";
    lode_try(scalar(spec, expected, &text));
    return lode_text_append_json(&spec->value, text, strlen(text));
}

/* The current event: a value, or a list of values. */
static lode_status quote_value(struct spec *spec)
{
    if (!is_at(spec, YAML_SEQUENCE_START_EVENT))
        return quote_scalar(spec, "a value must be a single value or a list of them");
    lode_try(lode_bytes_append(&spec->value, "[", 1));
    for (bool is_first = true;; is_first = false) {
        lode_try(next(spec));
        if (is_at(spec, YAML_SEQUENCE_END_EVENT)) return lode_bytes_append(&spec->value, "]", 1);
        if (!is_first) lode_try(lode_bytes_append(&spec->value, ", ", 2));
        lode_try(quote_scalar(spec, "an item of a list must be a single value"));
    }
}

/* A mapping of names to values, from its first event to its last, as one line in spec->value. */
static lode_status quote_mapping(struct spec *spec, const char **text)
{
    const size_t scope = spec->names.size;
    size_t name_at = 0;
    spec->value.size = 0;
    lode_try(enter_mapping(spec));
    lode_try(lode_bytes_append(&spec->value, "{", 1));
    for (bool is_first = true;; is_first = false) {
        lode_try(next(spec));
        if (is_at(spec, YAML_MAPPING_END_EVENT)) break;
        lode_try(take_name(spec, scope, &name_at));
        if (!is_first) lode_try(lode_bytes_append(&spec->value, ", ", 2));
        lode_try(quote_scalar(spec, "a name must be a single word"));
        lode_try(lode_bytes_append(&spec->value, ": ", 2));
        lode_try(next(spec));
        lode_try(quote_value(spec));
    }
    spec->names.size = scope;
    lode_try(lode_bytes_append(&spec->value, "}", 2)); /* with its zero */
    *text = (const char *)spec->value.data;
    return LODE_OK;
}

/* The lines of a group, from its first event to its last. */
static lode_status read_group(struct spec *spec, size_t group_at)
{
    const size_t scope = spec->names.size;
    const char *mapped = spec->taker->mapped;
    const bool may_map = mapped && strcmp(name_of(spec, group_at), mapped) == 0;
    lode_try(enter_mapping(spec));
    for (;;) {
        struct lode_spec_definition definition = {0};
        size_t name_at = 0;
        lode_try(next(spec));
        if (is_at(spec, YAML_MAPPING_END_EVENT)) break;
        lode_try(take_name(spec, scope, &name_at));
        lode_try(next(spec));
        find_text(spec, &definition);
        if (may_map && is_at(spec, YAML_MAPPING_START_EVENT))
            lode_try(quote_mapping(spec, &definition.text));
        else
            lode_try(scalar(spec, "a line of a group must have a single value", &definition.text));
        definition.group = name_of(spec, group_at);
        definition.name = name_of(spec, name_at);
        const lode_status status = spec->taker->definition(spec->taker->context, &definition);
        if (status)
            return lode_note(status, "%s:%zu:%zu", spec->path, definition.line, definition.column);
    }
    spec->names.size = scope; /* they may come again elsewhere */
    return LODE_OK;
}

static lode_status read_mapping(struct spec *spec)
{
    const size_t scope = spec->names.size;
    lode_try(enter_mapping(spec));
    for (;;) {
        size_t name_at = 0;
        lode_try(next(spec));
        if (is_at(spec, YAML_MAPPING_END_EVENT)) return LODE_OK;
        const yaml_mark_t mark = spec->event.start_mark;
        lode_try(take_name(spec, scope, &name_at));
        lode_try(next(spec));
        if (spec->taker->section && strcmp(name_of(spec, name_at), spec->taker->section) == 0)
            lode_try(read_section(spec));
        else if (spec->taker->definition && is_at(spec, YAML_MAPPING_START_EVENT))
            lode_try(read_group(spec, name_at));
        else
            lode_try(read_value(spec, mark, name_at));
    }
}

/* Stream start, at most one document, stream end. */
static lode_status read_stream(struct spec *spec)
{
    lode_try(next(spec)); /* the stream's start */
    lode_try(next(spec));
    if (is_at(spec, YAML_STREAM_END_EVENT)) return LODE_OK; /* nothing but comments */
    lode_try(next(spec));                                   /* past the document's start */
    lode_try(read_mapping(spec));
    lode_try(next(spec)); /* the document's end */
    lode_try(next(spec));
    if (is_at(spec, YAML_STREAM_END_EVENT)) return LODE_OK;
    return fault(spec, spec->event.start_mark, "a second document is not allowed here");
}

lode_status lode_spec_parse(const char *name, const void *text, size_t size,
                            const struct lode_spec_taker *taker)
{
    struct spec spec = {
        .path = name, .item_at = NO_ITEM, .text = text, .size = size, .taker = taker};
    if (!yaml_parser_initialize(&spec.parser))
        return lode_fail(LODE_E_MEMORY, "%s: no memory to read it", name);
    yaml_parser_set_input_string(&spec.parser, text, size);
    const lode_status status = read_stream(&spec);
    yaml_event_delete(&spec.event);
    yaml_parser_delete(&spec.parser);
    lode_bytes_clear(&spec.names);
    lode_bytes_clear(&spec.value);
    return status;
}

static lode_status read_file(const char *path, const struct lode_spec_taker *taker)
{
    struct lode_bytes content = {0};
    lode_status status = lode_file_read(path, FILE_LIMIT, &content);
    if (status == LODE_OK) status = lode_spec_parse(path, content.data, content.size, taker);
    lode_bytes_clear(&content);
    return status;
}

lode_status lode_spec_read_items(const char *path, const char *section, lode_spec_item_fn setting,
                                 void *context)
{
    return read_file(path, &(struct lode_spec_taker){
                               .section = section, .setting = setting, .context = context});
}

/* A reader of flat files behind the one above. */
struct flat {
    lode_spec_fn setting;
    lode_spec_definition_fn definition;
    void *context;
};

static lode_status take_flat(void *context, const char *item, const char *name, const char *value)
{
    const struct flat *flat = context;
    (void)item; /* there are none without a section */
    return flat->setting(flat->context, name, value);
}

static lode_status take_flat_definition(void *context,
                                        const struct lode_spec_definition *definition)
{
    const struct flat *flat = context;
    return flat->definition(flat->context, definition);
}

lode_status lode_spec_read(const char *path, lode_spec_fn setting,
                           lode_spec_definition_fn definition, const char *mapped, void *context)
{
    struct flat flat = {setting, definition, context};
    return read_file(
        path, &(struct lode_spec_taker){.setting = take_flat,
                                        .definition = definition ? take_flat_definition : NULL,
                                        .mapped = mapped,
                                        .context = &flat});
}
