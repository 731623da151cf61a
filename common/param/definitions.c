/* Definitions: read line by line; a line that begins with # is the place of the next one. */
#include "common/param/definitions.h"

#include <string.h>

#include "common/text.h"

struct reader {
    const char *parameter;
    struct lode_arena *arena;
    int64_t line;                 /* of the parameter's text, from 1 */
    const char *line_begin;       /* of that line */
    struct lode_definition place; /* of the next definition; file NULL: none was told */
    struct lode_definition *list;
    int64_t count;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

lode_status lode_definition_append(const struct lode_definition *definition, struct lode_bytes *out)
{
    lode_try(lode_bytes_append(out, "#", 1));
    for (const char *c = definition->file; *c; c++)
        lode_try(lode_bytes_append(out, *c == '\n' ? "?" : c, 1));
    lode_try(lode_bytes_printf(out, ":%lld:%lld\n", (long long)definition->line,
                               (long long)definition->column));
    for (const char *c = definition->name; *c; c++)
        lode_try(lode_bytes_append(out, *c == '\n' ? " " : c, 1));
    lode_try(lode_bytes_append(out, ": ", 2));
    for (const char *c = definition->text; *c; c++)
        lode_try(lode_bytes_append(out, *c == '\n' ? " " : c, 1));
    return lode_bytes_append(out, "\n", 1);
}

/* The number that ends at *end, after a colon, which is the new end. */
static bool take_number(const char *begin, const char **end, int64_t *number)
{
    const char *colon = *end;
    while (colon > begin && colon[-1] != ':') colon--;
    if (colon == begin) return false;
    if (!lode_text_to_i64(colon, (size_t)(*end - colon), number)) return false;
    *end = colon - 1;
    return true;
}

/* "#FILE:LINE:COLUMN"; the name of a file may have colons in it. Anything else is a comment. */
static lode_status take_place(struct reader *reader, const char *line, const char *end)
{
    struct lode_definition *place = &reader->place;
    char *file = NULL;
    line++;
    if (!take_number(line, &end, &place->column) || !take_number(line, &end, &place->line))
        return LODE_OK;
    lode_try(lode_arena_text(reader->arena, line, (size_t)(end - line), &file));
    place->file = file;
    return LODE_OK;
}

static lode_status fault(const struct reader *reader, const struct lode_definition *definition,
                         const char *what)
{
    return lode_fail(LODE_E_USAGE, "%s:%lld:%lld: parameter %s: %s", definition->file,
                     (long long)definition->line, (long long)definition->column, reader->parameter,
                     what);
}

/* `at` .. `end` is "name: text". */
static lode_status take_definition(struct reader *reader, const char *at, const char *end)
{
    const bool has_place = reader->place.file != NULL;
    struct lode_definition made = reader->place;
    char *name = NULL, *text = NULL;
    if (!has_place) {
        made.file = reader->parameter;
        made.line = reader->line;
        made.column = at - reader->line_begin + 1;
    }
    const char *colon = memchr(at, ':', (size_t)(end - at));
    if (!colon) return fault(reader, &made, "a definition has the form `name: text`");
    const char *name_end = colon, *begin = colon + 1;
    while (name_end > at && is_blank(name_end[-1])) name_end--;
    while (begin < end && is_blank(*begin)) begin++;
    if (name_end == at) return fault(reader, &made, "a definition without a name");
    if (begin == end) return fault(reader, &made, "a definition without a text");
    if (!has_place) made.column = begin - reader->line_begin + 1;
    lode_try(lode_arena_text(reader->arena, at, (size_t)(name_end - at), &name));
    lode_try(lode_arena_text(reader->arena, begin, (size_t)(end - begin), &text));
    made.name = name;
    made.text = text;
    for (int64_t i = 0; i < reader->count; i++)
        if (strcmp(reader->list[i].name, name) == 0)
            return lode_fail(LODE_E_USAGE, "%s:%lld:%lld: '%s' was defined above already",
                             made.file, (long long)made.line, (long long)made.column, name);
    reader->list[reader->count++] = made;
    reader->place.file = NULL;
    return LODE_OK;
}

/* The line, or what of it comes before `;;`. */
static const char *end_of_piece(const struct reader *reader, const char *at, const char *line_end)
{
    for (const char *c = at; c + 1 < line_end && !reader->place.file; c++)
        if (c[0] == ';' && c[1] == ';') return c;
    return line_end;
}

static lode_status take_line(struct reader *reader, const char *end)
{
    const char *at = reader->line_begin;
    if (*at == '#') return take_place(reader, at, end);
    while (at < end) {
        const char *piece_end = end_of_piece(reader, at, end), *last = piece_end;
        while (at < last && is_blank(*at)) at++;
        while (last > at && is_blank(last[-1])) last--;
        if (at < last) lode_try(take_definition(reader, at, last));
        at = piece_end == end ? end : piece_end + 2;
    }
    return LODE_OK;
}

/* At most, for the list. */
static int64_t count_pieces(const char *text)
{
    int64_t n = 1;
    for (; *text; text++) n += *text == '\n' || *text == ';';
    return n;
}

lode_status lode_definitions_read(const char *text, const char *parameter, struct lode_arena *arena,
                                  struct lode_definition **definitions, int64_t *count)
{
    struct reader reader = {.parameter = parameter, .arena = arena, .line = 1};
    lode_try(lode_take(arena, count_pieces(text), &reader.list));
    for (; *text; reader.line++) {
        const char *end = strchr(text, '\n');
        if (!end) end = text + strlen(text);
        reader.line_begin = text;
        lode_try(take_line(&reader, end));
        text = *end ? end + 1 : end;
    }
    *definitions = reader.list;
    *count = reader.count;
    return LODE_OK;
}
