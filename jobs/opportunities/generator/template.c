/* Template: from the lines of an outline to a checked template. */
#include "jobs/opportunities/generator/template.h"

#include "common/param/outline.h"
#include "common/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

const char *const template_class_names[] = {
    "indirect",       "stateful",       "nonlocal", "lifecycle",
    "given_patterns", "event_patterns", "static",   NULL};
const char *const template_type_names[] = {"event", "events", "attribute", "event_attribute",
                                           "kpi",   "series", "duration",  "number",
                                           "text",  "regex",  "words",     NULL};
const char *const template_candidates_names[] = {"contrast", "frequent", "repeated", "errors",
                                                 NULL};

/* A mapping under way: what its lines are about, for messages. */
struct source {
    const struct lode_outline *outline;
    struct lode_arena *arena;
    struct template *made;
};

static lode_status unknown(const struct source *source, const struct lode_outline_line *line,
                           const char *what, const char *word, const char *const *known)
{
    const char *nearest = lode_text_nearest(word, known);
    return lode_outline_fault(source->outline, line, "unknown %s '%.64s'%s%s%s", what, word,
                              nearest ? ", did you mean '" : "", nearest ? nearest : "",
                              nearest ? "'?" : "");
}

/* Index of the line's value in a list that ends with NULL. */
static lode_status take_word(const struct source *source, const struct lode_outline_line *line,
                             const char *const *known, int *index)
{
    for (*index = 0; known[*index]; (*index)++)
        if (strcmp(known[*index], line->value) == 0) return LODE_OK;
    return unknown(source, line, line->name, line->value, known);
}

static bool is_word(const char *text, size_t size)
{
    if (size == 0 || size > 48 || isdigit((unsigned char)text[0])) return false;
    for (size_t i = 0; i < size; i++)
        if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) && text[i] != '_')
            return false;
    return true;
}

static lode_status take_bound(const struct source *source, const struct lode_outline_line *line,
                              double *bound)
{
    if (lode_text_to_f64(line->value, strlen(line->value), bound)) return LODE_OK;
    return lode_outline_fault(source->outline, line, "%s: '%.64s' is no number", line->name,
                              line->value);
}

static lode_status take_parameter_line(const struct source *source,
                                       const struct lode_outline_line *line,
                                       struct template_parameter *parameter)
{
    static const char *const keys[] = {"type", "default", "unit", "meaning", "low",
                                       "high", "offline", "try",  NULL};
    int key = 0, word = 0;
    for (key = 0; keys[key] && strcmp(keys[key], line->name) != 0; key++) continue;
    if (!keys[key]) return unknown(source, line, "key of a parameter", line->name, keys);
    if (!line->value)
        return lode_outline_fault(source->outline, line, "%s: a value, not a mapping", line->name);
    switch (key) {
    case 0:
        lode_try(take_word(source, line, template_type_names, &word));
        parameter->type = (enum template_type)word;
        return LODE_OK;
    case 1:
        parameter->initial = line->value;
        return LODE_OK;
    case 2:
        parameter->unit = line->value;
        return LODE_OK;
    case 3:
        parameter->meaning = line->value;
        return LODE_OK;
    case 4:
        return take_bound(source, line, &parameter->low);
    case 5:
        return take_bound(source, line, &parameter->high);
    case 6:
        lode_try(take_word(source, line, template_candidates_names, &word));
        parameter->candidates = (enum template_candidates)word;
        return LODE_OK;
    default:
        parameter->attempts = line->value;
        return LODE_OK;
    }
}

/* The lines of the mapping at `at`, and of each parameter in it. */
static lode_status take_parameters(const struct source *source, int64_t at)
{
    struct template *made = source->made;
    const struct lode_outline *outline = source->outline;
    const int64_t end = lode_outline_next(outline, at);
    lode_try(lode_take_zero(source->arena, TEMPLATE_PARAMETERS_MAX, &made->parameters));
    for (int64_t i = at + 1; i < end; i = lode_outline_next(outline, i)) {
        const struct lode_outline_line *line = &outline->lines[i];
        const int64_t last = lode_outline_next(outline, i);
        if (made->n_parameters == TEMPLATE_PARAMETERS_MAX)
            return lode_outline_fault(outline, line, "at most %d parameters",
                                      TEMPLATE_PARAMETERS_MAX);
        if (line->value || !is_word(line->name, strlen(line->name)))
            return lode_outline_fault(outline, line,
                                      "expected `name: { type: ..., meaning: ... }`, a name of "
                                      "small letters, digits and _");
        struct template_parameter *parameter = &made->parameters[made->n_parameters++];
        *parameter = (struct template_parameter){.name = line->name,
                                                 .type = TEMPLATE_TYPES,
                                                 .unit = "",
                                                 .meaning = "",
                                                 .low = -(double)INFINITY,
                                                 .high = (double)INFINITY,
                                                 .attempts = ""};
        for (int64_t j = i + 1; j < last; j = lode_outline_next(outline, j))
            lode_try(take_parameter_line(source, &outline->lines[j], parameter));
        if (parameter->type == TEMPLATE_TYPES || !parameter->meaning[0])
            return lode_outline_fault(outline, line, "parameter %s needs a type and a meaning",
                                      line->name);
    }
    return LODE_OK;
}

static lode_status take_pairs(const struct source *source, int64_t at, bool are_settings)
{
    struct template *made = source->made;
    const struct lode_outline *outline = source->outline;
    int *n = are_settings ? &made->n_settings : &made->n_definitions;
    if (are_settings)
        lode_try(lode_take(source->arena, TEMPLATE_DEFINITIONS_MAX, &made->settings));
    else
        lode_try(lode_take(source->arena, TEMPLATE_DEFINITIONS_MAX, &made->definitions));
    for (int64_t i = at + 1; i < lode_outline_next(outline, at); i++) {
        const struct lode_outline_line *line = &outline->lines[i];
        if (!line->value || !line->value[0])
            return lode_outline_fault(outline, line, "%s needs a value", line->name);
        if (*n == TEMPLATE_DEFINITIONS_MAX)
            return lode_outline_fault(outline, line, "at most %d definitions",
                                      TEMPLATE_DEFINITIONS_MAX);
        if (are_settings)
            made->settings[*n] = (struct template_setting){line->name, line->value};
        else
            made->definitions[*n] = (struct template_definition){line->name, line->value};
        (*n)++;
    }
    return LODE_OK;
}

static lode_status take_switch(const struct source *source, const struct lode_outline_line *line)
{
    static const char *const words[] = {"no", "yes", NULL};
    int word = 0;
    lode_try(take_word(source, line, words, &word));
    source->made->offline = word == 1;
    return LODE_OK;
}

/* Keys before CLASS are texts, those from PARAMETERS on mappings. */
enum { CLASS = 6, OFFLINE, PARAMETERS, DERIVED, SET };

static lode_status take_line(const struct source *source, int64_t at)
{
    static const char *const keys[] = {"name",       "summary",   "docs",  "example",
                                       "expected",   "extension", "class", "offline",
                                       "parameters", "derived",   "set",   NULL};
    struct template *made = source->made;
    const char **const texts[] = {&made->name,    &made->summary,  &made->docs,
                                  &made->example, &made->expected, &made->extension};
    const struct lode_outline_line *line = &source->outline->lines[at];
    int key = 0, word = 0;
    for (key = 0; keys[key] && strcmp(keys[key], line->name) != 0; key++) continue;
    if (!keys[key]) return unknown(source, line, "key", line->name, keys);
    if ((key < PARAMETERS) != (line->value != NULL))
        return lode_outline_fault(source->outline, line, "%s: expected a %s", line->name,
                                  key < PARAMETERS ? "value" : "mapping");
    switch (key) {
    case CLASS:
        lode_try(take_word(source, line, template_class_names, &word));
        made->class = (enum template_class)word;
        return LODE_OK;
    case OFFLINE:
        return take_switch(source, line);
    case PARAMETERS:
        return take_parameters(source, at);
    case DERIVED:
    case SET:
        return take_pairs(source, at, key == SET);
    default:
        *texts[key] = line->value;
        return LODE_OK;
    }
}

bool template_takes_list(enum template_type type)
{
    return type == TEMPLATE_EVENTS || type == TEMPLATE_WORDS;
}

int template_find_parameter(const struct template *template, const char *name, size_t size)
{
    for (int i = 0; i < template->n_parameters; i++)
        if (strlen(template->parameters[i].name) == size &&
            memcmp(template->parameters[i].name, name, size) == 0)
            return i;
    return -1;
}

const char *template_next_placeholder(const char *at, size_t *size)
{
    for (at = strchr(at, '{'); at; at = strchr(at + 1, '{')) {
        const char *end = strchr(at, '}');
        if (!end) return NULL;
        if (!is_word(at + 1, (size_t)(end - at - 1))) continue;
        *size = (size_t)(end - at + 1);
        return at;
    }
    return NULL;
}

/* Marks the parameters that the text uses. */
static lode_status check_placeholders(const struct source *source,
                                      const struct lode_outline_line *line, const char *text,
                                      bool *used)
{
    const char *names[TEMPLATE_PARAMETERS_MAX + 1] = {0};
    const struct template *made = source->made;
    size_t size = 0;
    for (int i = 0; i < made->n_parameters; i++) names[i] = made->parameters[i].name;
    for (const char *at = template_next_placeholder(text, &size); at;
         at = template_next_placeholder(at + size, &size)) {
        char word[64] = "";
        const int index = template_find_parameter(made, at + 1, size - 2);
        memcpy(word, at + 1, size - 2); /* is_word: at most 48 */
        if (index < 0) return unknown(source, line, "parameter", word, names);
        used[index] = true;
    }
    return LODE_OK;
}

/* Of the mappings `derived` and `set`. */
static lode_status check_uses(const struct source *source)
{
    bool used[TEMPLATE_PARAMETERS_MAX] = {0};
    const struct lode_outline *outline = source->outline;
    const struct template *made = source->made;
    for (int64_t i = 0; i < outline->n; i = lode_outline_next(outline, i)) {
        const char *name = outline->lines[i].name;
        if (strcmp(name, "derived") != 0 && strcmp(name, "set") != 0) continue;
        for (int64_t j = i + 1; j < lode_outline_next(outline, i); j++) {
            const struct lode_outline_line *line = &outline->lines[j];
            lode_try(check_placeholders(source, line, line->name, used));
            lode_try(check_placeholders(source, line, line->value, used));
        }
    }
    for (int i = 0; i < made->n_parameters; i++)
        if (!used[i])
            return lode_fail(LODE_E_INPUT, "%s:1:1: nothing uses parameter %s", made->path,
                             made->parameters[i].name);
    return LODE_OK;
}

static lode_status check_whole(const struct template *made)
{
    const char *missing = !made->name                       ? "name"
                          : !made->summary                  ? "summary"
                          : made->class == TEMPLATE_CLASSES ? "class"
                          : !made->docs                     ? "docs"
                          : !made->example                  ? "example"
                          : !made->expected                 ? "expected"
                                                            : NULL;
    if (missing) return lode_fail(LODE_E_INPUT, "%s:1:1: `%s:` is missing", made->path, missing);
    if (!is_word(made->name, strlen(made->name)))
        return lode_fail(LODE_E_INPUT,
                         "%s:1:1: name '%.64s': small letters, digits and _, at most 48",
                         made->path, made->name);
    if ((made->n_definitions > 0) == (made->n_settings > 0))
        return lode_fail(LODE_E_INPUT, "%s:1:1: a template has either `derived:` or `set:`",
                         made->path);
    return LODE_OK;
}

lode_status template_parse(const char *path, const void *text, size_t size,
                           struct lode_arena *arena, struct template *made)
{
    struct lode_outline outline;
    struct template read = {.class = TEMPLATE_CLASSES, .offline = true};
    char *copy = NULL;
    const struct source source = {.outline = &outline, .arena = arena, .made = &read};
    lode_try(lode_arena_text(arena, path, strlen(path), &copy));
    read.path = copy;
    lode_try(lode_outline_parse(copy, text, size, arena, &outline));
    for (int64_t i = 0; i < outline.n; i = lode_outline_next(&outline, i))
        lode_try(take_line(&source, i));
    lode_try(check_whole(&read));
    lode_try(check_uses(&source));
    *made = read;
    return LODE_OK;
}
