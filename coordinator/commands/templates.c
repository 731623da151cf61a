/* lode templates: the classes of hypotheses that a run can be asked for, and how each is filled. */
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/commands/screen.h"
#include "jobs/opportunities/generator/library.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PATH = 1, JSON_OUTPUT };

static const struct option own_options[] = {
    {PATH, "--path", "DIR,...",
     "more folders or files of templates, as the parameter template_path"},
    {JSON_OUTPUT, "--json", NULL, "all there is to know of one or all"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

struct request {
    const char *path;
    bool json;
};

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    if (id == PATH) request->path = value;
    if (id == JSON_OUTPUT) request->json = true;
    return LODE_OK;
}

static lode_status print_list(const struct template_library *library)
{
    static const char *const names[] = {"template", "class", "offline", "summary"};
    struct screen screen = {0};
    lode_status status = LODE_OK;
    for (int c = 0; c < 4; c++) screen_add_column(&screen, names[c], true);
    for (int t = 0; t < library->n && !status; t++) {
        const struct template *one = &library->templates[t];
        status = screen_add_cell(&screen, one->name);
        if (!status) status = screen_add_cell(&screen, template_class_names[one->class]);
        if (!status) status = screen_add_cell(&screen, one->offline ? "yes" : "");
        if (!status) status = screen_add_cell(&screen, one->summary);
    }
    if (!status && library->n == 0) printf("no templates (LODE_TEMPLATES names folders of them)\n");
    if (!status && library->n > 0) screen_print(&screen);
    screen_clear(&screen);
    return status;
}

static void print_parameter(const struct template_parameter *parameter)
{
    printf("  %-12s %s%s%s%s\n  %-12s %s", parameter->name, parameter->meaning,
           parameter->unit[0] ? " [" : "", parameter->unit, parameter->unit[0] ? "]" : "", "",
           template_type_names[parameter->type]);
    if (isfinite(parameter->low) || isfinite(parameter->high))
        printf(" in %g..%g", parameter->low, parameter->high);
    if (parameter->initial)
        printf(", default: %s\n", parameter->initial[0] ? parameter->initial : "(empty)");
    else
        printf(", must be given\n");
}

/* Files are a user's: what they say may hold anything but is printed as text. */
static lode_status print_one(const struct template *one)
{
    printf("%s (%s): %s\n\n%s\n", one->name, template_class_names[one->class], one->summary,
           one->docs);
    if (one->n_parameters > 0) printf("parameters:\n");
    for (int p = 0; p < one->n_parameters; p++) print_parameter(&one->parameters[p]);
    printf("\n%s:\n", one->n_settings > 0 ? "sets parameters of the run" : "defines");
    for (int i = 0; i < one->n_definitions; i++)
        printf("  %s: %s\n", one->definitions[i].name, one->definitions[i].expression);
    for (int i = 0; i < one->n_settings; i++)
        printf("  %s: %s\n", one->settings[i].parameter, one->settings[i].value);
    printf("\nexample, in a spec:\n  templates:\n    %s\n%s\nfile: %s\n", one->example,
           one->expected, one->path);
    return LODE_OK;
}

/* --- as JSON --- */

static lode_status add_text(struct lode_bytes *out, const char *before, const char *text)
{
    lode_try(lode_bytes_append(out, before, strlen(before)));
    if (!text) return lode_bytes_append(out, "null", 4);
    return lode_text_append_json(out, text, strlen(text));
}

static lode_status add_parameters(struct lode_bytes *out, const struct template *one)
{
    lode_try(lode_bytes_printf(out, ",\"parameters\":["));
    for (int p = 0; p < one->n_parameters; p++) {
        const struct template_parameter *parameter = &one->parameters[p];
        lode_try(add_text(out, p ? ",{\"name\":" : "{\"name\":", parameter->name));
        lode_try(add_text(out, ",\"type\":", template_type_names[parameter->type]));
        lode_try(add_text(out, ",\"default\":", parameter->initial));
        lode_try(add_text(out, ",\"unit\":", parameter->unit));
        lode_try(add_text(out, ",\"meaning\":", parameter->meaning));
        lode_try(lode_bytes_append(out, "}", 1));
    }
    return lode_bytes_append(out, "]", 1);
}

static lode_status add_template(struct lode_bytes *out, const struct template *one)
{
    lode_try(add_text(out, "{\"name\":", one->name));
    lode_try(add_text(out, ",\"class\":", template_class_names[one->class]));
    lode_try(add_text(out, ",\"summary\":", one->summary));
    lode_try(add_text(out, ",\"docs\":", one->docs));
    lode_try(lode_bytes_printf(out, ",\"offline\":%s", one->offline ? "true" : "false"));
    lode_try(add_parameters(out, one));
    lode_try(lode_bytes_printf(out, ",\"derived\":{"));
    for (int i = 0; i < one->n_definitions; i++) {
        lode_try(add_text(out, i ? "," : "", one->definitions[i].name));
        lode_try(add_text(out, ":", one->definitions[i].expression));
    }
    lode_try(lode_bytes_printf(out, "},\"set\":{"));
    for (int i = 0; i < one->n_settings; i++) {
        lode_try(add_text(out, i ? "," : "", one->settings[i].parameter));
        lode_try(add_text(out, ":", one->settings[i].value));
    }
    lode_try(add_text(out, "},\"example\":", one->example));
    lode_try(add_text(out, ",\"expected\":", one->expected));
    lode_try(add_text(out, ",\"path\":", one->path));
    return lode_bytes_append(out, "}", 1);
}

/* One template, or (NULL) a list of all. */
static lode_status print_json(const struct template_library *library, const struct template *one)
{
    struct lode_bytes out = {0};
    lode_status status = LODE_OK;
    if (one) {
        lode_try_done(add_template(&out, one));
    } else {
        lode_try_done(lode_bytes_append(&out, "[", 1));
        for (int t = 0; t < library->n; t++) {
            lode_try_done(lode_bytes_printf(&out, t ? ",\n " : "\n "));
            lode_try_done(add_template(&out, &library->templates[t]));
        }
        lode_try_done(lode_bytes_append(&out, "\n]", 2));
    }
    printf("%.*s\n", (int)out.size, (const char *)out.data);
done:
    lode_bytes_clear(&out);
    return status;
}

static lode_status show(const struct request *request, const char *name, struct lode_arena *arena)
{
    struct template_library library;
    const struct template *one = NULL;
    lode_try(template_library_load(request->path ? request->path : "", arena, &library));
    if (name) lode_try(template_library_get(&library, name, &one));
    if (request->json) return print_json(&library, one);
    return one ? print_one(one) : print_list(&library);
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {0};
    struct lode_arena *arena = NULL;
    struct command_words words;
    lode_try(command_read(&templates_command, invocation, take, &request, &words));
    if (words.is_helped) return LODE_OK;
    if (words.n > 1)
        return lode_fail(LODE_E_USAGE, "lode templates takes one name: lode templates %s",
                         templates_command.usage);
    lode_try(lode_arena_create(0, &arena));
    const lode_status status = show(&request, words.n ? words.list[0] : NULL, arena);
    lode_arena_destroy(arena);
    return status;
}

const struct command templates_command = {
    .name = "templates",
    .usage = "[NAME] [--path DIR,...] [--json]",
    .summary = "classes of hypotheses that job opportunities can be asked for",
    .example = "lode templates retries",
    .options = option_tables,
    .run = run,
};
