/* Definitions: see the header. */
#include "jobs/stage/counters/rates/definitions.h"

#include "common/param/spec.h"
#include "common/text.h"
#include "jobs/stage/counters/grow.h"
#include "jobs/stage/stage.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char group[] = "rates";

static lode_status fault(const struct lode_definition *definition, const char *what)
{
    return lode_fail(LODE_E_USAGE, "%s:%lld:%lld: %s", definition->file,
                     (long long)definition->line, (long long)definition->column, what);
}

static bool is_name(const char *name)
{
    const size_t size = strlen(name);
    if (size == 0 || size > STAGE_WORD_LIMIT || !lode_text_is_utf8(name, size)) return false;
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < ' ' || *c == '\x7f') return false;
    return true;
}

/* Index of the first whose name is not before this one. */
static int64_t place_of(const struct counters_rates *rates, const char *name)
{
    int64_t at = 0;
    while (at < rates->n && strcmp(rates->list[at].name, name) < 0) at++;
    return at;
}

bool rates_have(const struct counters_rates *rates, const char *name)
{
    const int64_t at = place_of(rates, name);
    return at < rates->n && strcmp(rates->list[at].name, name) == 0;
}

lode_status rates_add(struct counters_rates *rates, struct lode_arena *arena,
                      const struct lode_definition *definition)
{
    char *name = NULL, *text = NULL, *file = NULL;
    if (!is_name(definition->name))
        return fault(definition, "a rate's name is UTF-8 of 1 to 1024 bytes, no control bytes");
    if (!definition->text[strspn(definition->text, " \t\r\n")])
        return fault(definition, "a rate without an expression: events or a pattern");
    if (rates_have(rates, definition->name))
        return lode_fail(LODE_E_USAGE, "%s:%lld:%lld: rate '%s' was defined already",
                         definition->file, (long long)definition->line,
                         (long long)definition->column, definition->name);
    if (rates->n == RATES_MOST) return fault(definition, "more than 1000 rates");
    lode_try(lode_arena_text(arena, definition->name, strlen(definition->name), &name));
    lode_try(lode_arena_text(arena, definition->text, strlen(definition->text), &text));
    lode_try(lode_arena_text(arena, definition->file, strlen(definition->file), &file));
    for (char *c = text; *c; c++)
        if (*c == '\n') *c = ' ';
    lode_try(counters_grow(arena, &rates->list, &rates->room, rates->n));
    const int64_t at = place_of(rates, name);
    memmove(rates->list + at + 1, rates->list + at, (size_t)(rates->n - at) * sizeof *rates->list);
    rates->list[at] = *definition;
    rates->list[at].name = name;
    rates->list[at].text = text;
    rates->list[at].file = file;
    rates->n++;
    return LODE_OK;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* In place of a file: "rate 'NAME'". */
static lode_status say_which(const char *name, struct lode_arena *arena, const char **file)
{
    const size_t room = strlen(name) + sizeof "rate ''";
    char *text = NULL;
    lode_try(lode_arena_take(arena, room, 1, (void **)&text));
    snprintf(text, room, "rate '%s'", name);
    *file = text;
    return LODE_OK;
}

lode_status rates_add_line(struct counters_rates *rates, struct lode_arena *arena, const char *line)
{
    struct lode_definition made = {.file = "--rate", .line = 1, .column = 1};
    const char *colon = strchr(line, ':');
    char *name = NULL;
    if (!colon) return fault(&made, "a rate has the form \"NAME: EXPRESSION\"");
    const char *begin = skip_blanks(line), *end = colon;
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t')) end--;
    lode_try(lode_arena_text(arena, begin, (size_t)(end - begin), &name));
    if (is_name(name)) lode_try(say_which(name, arena, &made.file));
    made.name = name;
    made.text = skip_blanks(colon + 1);
    return rates_add(rates, arena, &made);
}

struct reading {
    struct counters_rates *rates;
    struct lode_arena *arena;
    const char *path;
};

static lode_status take_setting(void *context, const char *name, const char *value)
{
    (void)context;
    (void)value;
    return lode_fail(LODE_E_USAGE,
                     "'%s': the file has one group, `rates:`, of lines NAME: EXPRESSION", name);
}

static lode_status take_definition(void *context, const struct lode_spec_definition *definition)
{
    const struct reading *reading = context;
    if (strcmp(definition->group, group) != 0)
        return take_setting(context, definition->group, NULL);
    return rates_add(reading->rates, reading->arena,
                     &(struct lode_definition){.name = definition->name,
                                               .text = definition->text,
                                               .file = reading->path,
                                               .line = (int64_t)definition->line,
                                               .column = (int64_t)definition->column});
}

lode_status rates_read(struct counters_rates *rates, struct lode_arena *arena, const char *path)
{
    struct reading reading = {.rates = rates, .arena = arena, .path = path};
    return lode_spec_read(path, take_setting, take_definition, NULL, &reading);
}

bool rates_is_store(const char *input)
{
    struct stat info;
    return stat(input, &info) == 0 && S_ISDIR(info.st_mode);
}

lode_status rates_rule(const struct lode_definition *rate, struct lode_arena *arena, char **rule)
{
    const size_t room = strlen(rate->name) + strlen(rate->text) + 2;
    lode_try(lode_take(arena, room, rule));
    snprintf(*rule, room, "%s\t%s", rate->name, rate->text);
    return LODE_OK;
}

lode_status rates_unrule(const char *rule, struct lode_arena *arena, struct counters_rates *rates)
{
    const char *tab = strchr(rule, '\t');
    struct lode_definition made = {.line = 1, .column = 1};
    char *name = NULL;
    if (!tab)
        return lode_fail(LODE_E_INPUT, "the store has a rate '%s' without an expression", rule);
    lode_try(lode_arena_text(arena, rule, (size_t)(tab - rule), &name));
    lode_try(say_which(name, arena, &made.file));
    made.name = name;
    made.text = tab + 1;
    return rates_add(rates, arena, &made);
}
