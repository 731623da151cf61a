/* YAML events: see the header. */
#include "common/param/yaml_events.h"

lode_status yaml_events_fault(const struct yaml_events *events, yaml_mark_t mark, const char *what)
{
    return lode_fail(LODE_E_INPUT, "%s:%zu:%zu: %s", events->path, mark.line + 1, mark.column + 1,
                     what);
}

lode_status yaml_events_next(struct yaml_events *events)
{
    yaml_event_delete(&events->event); /* also zeroes it */
    if (yaml_parser_parse(&events->parser, &events->event)) return LODE_OK;
    const yaml_parser_t *parser = &events->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return lode_fail(LODE_E_MEMORY, "%s: no memory to read it", events->path);
    if (parser->error == YAML_READER_ERROR)
        return lode_fail(LODE_E_INPUT, "%s: byte %zu: %s", events->path, parser->problem_offset,
                         parser->problem);
    return yaml_events_fault(events, parser->problem_mark,
                             parser->problem ? parser->problem : "is no YAML");
}

static lode_status read_stream(struct yaml_events *events, lode_status (*read)(void *context),
                               void *context)
{
    lode_try(yaml_events_next(events)); /* the stream's start */
    lode_try(yaml_events_next(events));
    if (events->event.type == YAML_STREAM_END_EVENT) return LODE_OK;
    lode_try(yaml_events_next(events)); /* past the document's start */
    lode_try(read(context));
    lode_try(yaml_events_next(events)); /* the document's end */
    lode_try(yaml_events_next(events));
    if (events->event.type == YAML_STREAM_END_EVENT) return LODE_OK;
    return yaml_events_fault(events, events->event.start_mark,
                             "a second document is not allowed here");
}

lode_status yaml_events_read(struct yaml_events *events, const char *path, const void *text,
                             size_t size, lode_status (*read)(void *context), void *context)
{
    *events = (struct yaml_events){.path = path};
    if (!yaml_parser_initialize(&events->parser))
        return lode_fail(LODE_E_MEMORY, "%s: no memory to read it", path);
    yaml_parser_set_input_string(&events->parser, text, size);
    const lode_status status = read_stream(events, read, context);
    yaml_event_delete(&events->event);
    yaml_parser_delete(&events->parser);
    return status;
}
