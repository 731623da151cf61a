/* Requested: each line an outline of values, then all combinations of them. */
#include "jobs/opportunities/generator/requested.h"

#include "common/param/outline.h"
#include "common/param/param.h"

#include <stdio.h>
#include <string.h>

/* The values of one template: [n] of each parameter, at least one (NULL: the default). */
struct asked {
    const struct template *template;
    const char **values[TEMPLATE_PARAMETERS_MAX];
    int64_t n[TEMPLATE_PARAMETERS_MAX];
    int64_t n_instances;
};

/* Cuts a list at its commas; backslash quotes a comma or itself. */
static lode_status split(const char *text, struct lode_arena *arena, const char ***items,
                         int64_t *count)
{
    char *copy = NULL;
    int64_t most = 1, n = 0;
    for (const char *at = text; *at; at++) most += *at == ',';
    lode_try(lode_take(arena, most, items));
    lode_try(lode_arena_text(arena, text, strlen(text), &copy));
    char *out = copy;
    (*items)[n++] = out;
    for (const char *at = text; *at; at++) {
        if (*at == ',') {
            *out++ = '\0';
            (*items)[n++] = out;
            continue;
        }
        at += at[0] == '\\' && (at[1] == ',' || at[1] == '\\');
        *out++ = *at;
    }
    *out = '\0';
    *count = n;
    return LODE_OK;
}

static lode_status take_parameter(const struct lode_outline_line *line, struct lode_arena *arena,
                                  struct asked *asked)
{
    const int p = template_find_parameter(asked->template, line->name, strlen(line->name));
    if (p < 0)
        return lode_fail(LODE_E_USAGE, "template %s has no parameter '%.64s'; `lode templates %s`",
                         asked->template->name, line->name, asked->template->name);
    if (!line->value)
        return lode_fail(LODE_E_USAGE, "template %s: %s: a value or a list of values",
                         asked->template->name, line->name);
    if (template_takes_list(asked->template->parameters[p].type)) {
        lode_try(lode_take(arena, 1, &asked->values[p]));
        asked->values[p][0] = line->value;
    } else
        lode_try(split(line->value, arena, &asked->values[p], &asked->n[p]));
    if (asked->n[p] > REQUESTED_INSTANCES_MAX / asked->n_instances)
        return lode_fail(LODE_E_USAGE, "template %s: more than %d instances", asked->template->name,
                         REQUESTED_INSTANCES_MAX);
    asked->n_instances *= asked->n[p];
    return LODE_OK;
}

static lode_status tell_instances(const struct asked *asked, requested_fn each, void *context)
{
    for (int64_t i = 0; i < asked->n_instances; i++) {
        const char *values[TEMPLATE_PARAMETERS_MAX] = {0};
        int64_t rest = i; /* the last parameter counts fastest */
        for (int p = asked->template->n_parameters - 1; p >= 0; p--) {
            values[p] = asked->values[p] ? asked->values[p][rest % asked->n[p]] : NULL;
            rest /= asked->n[p];
        }
        lode_try(each(context, asked->template, values));
    }
    return LODE_OK;
}

/* What stands after a dot tells lines of one template apart. */
static lode_status begin(const struct template_library *library, const char *line,
                         struct asked *asked)
{
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line, "."), line);
    *asked = (struct asked){.n_instances = 1};
    for (int p = 0; p < TEMPLATE_PARAMETERS_MAX; p++) asked->n[p] = 1;
    return template_library_get(library, name, &asked->template);
}

static lode_status tell_names(const char *text, const struct template_library *library,
                              struct lode_arena *arena, requested_fn each, void *context)
{
    const char **names = NULL;
    int64_t n = 0;
    lode_try(split(text, arena, &names, &n));
    for (int64_t i = 0; i < n; i++) {
        struct asked asked;
        const char *name = names[i] + strspn(names[i], " ");
        lode_try(begin(library, name, &asked));
        lode_try(tell_instances(&asked, each, context));
    }
    return LODE_OK;
}

/* One line: the values of a template. */
static lode_status tell_line(const struct template_library *library, const char *name,
                             const char *text, struct lode_arena *arena, requested_fn each,
                             void *context)
{
    struct asked asked;
    struct lode_outline outline;
    lode_try(begin(library, name, &asked));
    if (text[0] != '{')
        return lode_fail(LODE_E_USAGE, "%s: expected { PARAMETER: VALUE, ... }", name);
    if (lode_outline_parse(name, text, strlen(text), arena, &outline))
        return lode_note(LODE_E_USAGE, "expected { PARAMETER: VALUE, ... }");
    for (int64_t i = 0; i < outline.n; i = lode_outline_next(&outline, i))
        lode_try(take_parameter(&outline.lines[i], arena, &asked));
    return tell_instances(&asked, each, context);
}

lode_status requested_each(const struct lode_params *params, const struct template_library *library,
                           struct lode_arena *arena, requested_fn each, void *context)
{
    struct lode_definition *lines = NULL;
    int64_t n = 0;
    const char *text = lode_params_text(params, "templates");
    if (text && text[0] && !strchr(text, ':'))
        return tell_names(text, library, arena, each, context);
    lode_try(lode_params_definitions(params, "templates", arena, &lines, &n));
    for (int64_t i = 0; i < n; i++) {
        const lode_status status =
            tell_line(library, lines[i].name, lines[i].text, arena, each, context);
        if (status)
            return lode_note(status, "%s:%lld:%lld", lines[i].file, (long long)lines[i].line,
                             (long long)lines[i].column);
    }
    return LODE_OK;
}
