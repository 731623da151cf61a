/* Generator: see the header. */
#include "jobs/opportunities/generator/generator.h"

#include "jobs/opportunities/generator/requested.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HYPOTHESES_MAX = GENERATED_MAX, ROUNDS_MAX = 10, RETRIES_MAX = 10 };

static enum generator_mode read_mode(const char *text)
{
    static const char *const words[] = {"off", "offline", "llm"};
    for (int i = 0; i < 3; i++)
        if (strcmp(text, words[i]) == 0) return (enum generator_mode)i;
    return GENERATOR_FILE;
}

/* A file's name has a dot or a slash in it: a word that has none was meant as a mode. */
static lode_status check_mode(const char *text, enum generator_mode mode)
{
    if (mode != GENERATOR_FILE || strpbrk(text, "./")) return LODE_OK;
    return lode_fail(LODE_E_USAGE,
                     "parameter generate=%s: must be off, offline, llm or the path of a "
                     "generated.json",
                     text);
}

static lode_status check_model(const struct lode_params *params, enum generator_mode mode)
{
    int64_t timeout_ms = 0, retries = 0;
    lode_try(lode_params_duration_ms(params, "llm_timeout", &timeout_ms));
    lode_try(lode_params_i64(params, "llm_retries", 0, RETRIES_MAX, &retries));
    if (timeout_ms < 1 || timeout_ms > 3600000)
        return lode_fail(LODE_E_USAGE, "parameter llm_timeout=%s: must lie in 1ms..1h",
                         lode_params_text(params, "llm_timeout"));
    if (mode != GENERATOR_LLM) return LODE_OK;
    if (!lode_params_text(params, "llm_url")[0] || !lode_params_text(params, "llm_model")[0])
        return lode_fail(LODE_E_USAGE, "generate=llm needs llm_url (the endpoint, such as "
                                       "http://HOST/v1/chat/completions) and llm_model");
    return LODE_OK;
}

lode_status generator_options_read(const struct lode_params *params, struct lode_arena *arena,
                                   struct generator_options *options)
{
    struct generator_options read = {0};
    const char *mode = lode_params_text(params, "generate");
    read.mode = read_mode(mode);
    lode_try(check_mode(mode, read.mode));
    lode_try(lode_params_i64(params, "max_hypotheses", 1, HYPOTHESES_MAX, &read.max_hypotheses));
    lode_try(lode_params_i64(params, "rounds", 1, ROUNDS_MAX, &read.rounds));
    lode_try(check_model(params, read.mode));
    if (read.mode != GENERATOR_OFF || lode_params_text(params, "templates")[0])
        lode_try(
            template_library_load(lode_params_text(params, "template_path"), arena, &read.library));
    *options = read;
    return LODE_OK;
}

/* --- names --- */

static int compare_words(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The component names of a source, sorted. */
static lode_status sort_components(const struct expr_source *source, struct lode_arena *arena,
                                   const char ***sorted)
{
    lode_try(lode_take(arena, source->components.count, sorted));
    for (int64_t c = 0; c < source->components.count; c++)
        (*sorted)[c] = source->components.words[c];
    if (source->components.count > 0)
        qsort(*sorted, (size_t)source->components.count, sizeof **sorted, compare_words);
    return LODE_OK;
}

/* Does a component (sorted) have the name of a word of the attribute? */
static bool names_component(const struct lode_attribute *attribute, const char *const *sorted,
                            int64_t n)
{
    for (int64_t w = 0; w < attribute->dictionary.count; w++)
        if (bsearch(&attribute->dictionary.words[w], sorted, (size_t)n, sizeof *sorted,
                    compare_words))
            return true;
    return false;
}

/* All counters of a source, of the component that attribute `by` names (NULL: there is but one). */
static lode_status add_counters(const struct expr_source *source, const char *by,
                                struct lode_arena *arena, const char **names, int64_t *n)
{
    for (int64_t c = 0; c < source->counters.count; c++) {
        char text[512], *copy = NULL;
        const int size = snprintf(text, sizeof text, "%s%s%s%s.%s", source->name, by ? "[" : "",
                                  by ? by : "", by ? "]" : "", source->counters.words[c]);
        if (size >= (int)sizeof text) continue;
        lode_try(lode_arena_text(arena, text, (size_t)size, &copy));
        names[(*n)++] = copy;
    }
    return LODE_OK;
}

/* Of a source with one component its counters; else those of the component that an attribute of the
 * session names. */
static lode_status list_series(const struct expr_schema *schema, struct lode_arena *arena,
                               struct generator_names *series)
{
    const char **names = NULL;
    int64_t n = 0;
    for (int64_t i = 0; i < schema->n_sources; i++)
        n += schema->sources[i].counters.count * (1 + schema->n_attributes);
    lode_try(lode_take(arena, n, &names));
    n = 0;
    for (int64_t i = 0; i < schema->n_sources; i++) {
        const struct expr_source *source = &schema->sources[i];
        const char **sorted = NULL;
        if (source->components.count == 1) lode_try(add_counters(source, NULL, arena, names, &n));
        if (source->components.count <= 1) continue;
        lode_try(sort_components(source, arena, &sorted));
        for (int64_t a = 0; a < schema->n_attributes; a++)
            if (names_component(&schema->attributes[a], sorted, source->components.count))
                lode_try(add_counters(source, schema->attributes[a].name, arena, names, &n));
    }
    *series = (struct generator_names){n, names};
    return LODE_OK;
}

lode_status generator_schema_make(const struct expr_schema *schema, struct lode_arena *arena,
                                  struct generator_schema *names)
{
    const char **attributes = NULL, **kpis = NULL, **event_attributes = NULL;
    struct generator_schema made = {
        .events = {schema->event_names.count, (const char *const *)schema->event_names.words}};
    lode_try(lode_take(arena, schema->n_attributes, &attributes));
    lode_try(lode_take(arena, schema->n_kpis, &kpis));
    lode_try(lode_take(arena, schema->n_event_attributes, &event_attributes));
    for (int64_t i = 0; i < schema->n_attributes; i++) attributes[i] = schema->attributes[i].name;
    for (int64_t i = 0; i < schema->n_kpis; i++) kpis[i] = schema->kpis[i].name;
    for (int64_t i = 0; i < schema->n_event_attributes; i++)
        event_attributes[i] = schema->event_attributes[i].name;
    made.attributes = (struct generator_names){schema->n_attributes, attributes};
    made.kpis = (struct generator_names){schema->n_kpis, kpis};
    made.event_attributes = (struct generator_names){schema->n_event_attributes, event_attributes};
    lode_try(list_series(schema, arena, &made.series));
    *names = made;
    return LODE_OK;
}

/* --- templates that were asked for --- */

struct request {
    const struct generator_schema *schema;
    struct generator_definitions *definitions;
};

static lode_status add_instance(void *context, const struct template *template,
                                const char *const *values)
{
    const struct request *request = context;
    if (template->n_definitions == 0) return LODE_OK;
    return template_instantiate(template, values, request->schema, request->definitions);
}

lode_status generator_add_requested(const struct lode_params *params,
                                    const struct template_library *library,
                                    const struct generator_schema *schema,
                                    struct generator_definitions *definitions)
{
    struct request request = {schema, definitions};
    return requested_each(params, library, definitions->arena, add_instance, &request);
}

struct settings {
    struct lode_arena *arena;
    void *context;
    lode_status (*each)(void *context, const char *assignment);
};

static lode_status tell_settings(void *context, const struct template *template,
                                 const char *const *values)
{
    const struct settings *settings = context;
    for (int i = 0; i < template->n_settings; i++) {
        struct lode_bytes text = {0};
        const char *value = NULL;
        lode_try(template_setting_value(template, values, i, settings->arena, &value));
        lode_status status =
            lode_bytes_printf(&text, "%s=%s", template->settings[i].parameter, value);
        if (!status) status = lode_bytes_append(&text, "", 1);
        if (!status) status = settings->each(settings->context, (const char *)text.data);
        lode_bytes_clear(&text);
        if (status) return lode_note(status, "template %s", template->name);
    }
    return LODE_OK;
}

lode_status generator_settings(const struct lode_params *params,
                               const struct template_library *library, struct lode_arena *arena,
                               void *context,
                               lode_status (*each)(void *context, const char *assignment))
{
    struct settings settings = {arena, context, each};
    return requested_each(params, library, arena, tell_settings, &settings);
}
