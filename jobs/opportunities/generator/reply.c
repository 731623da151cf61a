/* Reply: see the header. cJSON bounds the depth (1,000) and reads from the bytes given; everything
 * after it looks at types before values. */
#include "jobs/opportunities/generator/reply.h"

#include "common/text.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct reply {
    const struct template_library *library;
    const struct generator_schema *schema;
    struct generator_definitions *definitions;
    struct generated *generated;
    int64_t limit; /* definitions->n may grow to this */
};

/* A text, a number, or (where several are meant) a list of texts, as a user would write it. */
static lode_status take_value(const cJSON *item, const struct template_parameter *parameter,
                              struct lode_bytes *out)
{
    const cJSON *part = NULL;
    const bool is_list = template_takes_list(parameter->type);
    if (cJSON_IsNumber(item) && isfinite(item->valuedouble))
        return lode_text_append_f64(out, item->valuedouble);
    if (cJSON_IsString(item) && !is_list)
        return lode_bytes_append(out, item->valuestring, strlen(item->valuestring));
    if (cJSON_IsString(item)) return instantiate_append_item(out, item->valuestring);
    if (!cJSON_IsArray(item) || !is_list)
        return lode_fail(LODE_E_USAGE, "parameter %s: must be a text or a number%s",
                         parameter->name, is_list ? ", or a list of texts" : "");
    cJSON_ArrayForEach(part, item)
    {
        if (!cJSON_IsString(part))
            return lode_fail(LODE_E_USAGE, "parameter %s: a list of texts", parameter->name);
        if (part != item->child) lode_try(lode_bytes_append(out, ",", 1));
        lode_try(instantiate_append_item(out, part->valuestring));
    }
    return LODE_OK;
}

static lode_status take_values(const cJSON *parameters, const struct template *template,
                               struct lode_arena *arena, const char **values)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, parameters)
    {
        struct lode_bytes text = {0};
        char *copy = NULL;
        const int index = template_find_parameter(template, item->string, strlen(item->string));
        if (index < 0)
            return lode_fail(LODE_E_USAGE, "template %s has no parameter '%.64s'", template->name,
                             item->string);
        lode_status status = take_value(item, &template->parameters[index], &text);
        if (!status)
            status =
                lode_arena_text(arena, text.data ? (const char *)text.data : "", text.size, &copy);
        lode_bytes_clear(&text);
        if (status) return status;
        values[index] = copy;
    }
    return LODE_OK;
}

/* LODE_E_USAGE: this entry does not hold. */
static lode_status take_entry(const struct reply *reply, const cJSON *entry)
{
    const char *values[TEMPLATE_PARAMETERS_MAX] = {0};
    const struct template *template = NULL;
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "template"));
    const cJSON *parameters = cJSON_GetObjectItemCaseSensitive(entry, "parameters");
    if (!name) return lode_fail(LODE_E_USAGE, "no text \"template\"");
    if (parameters && !cJSON_IsObject(parameters))
        return lode_fail(LODE_E_USAGE, "\"parameters\" is no object");
    lode_try(template_library_get(reply->library, name, &template));
    if (template->n_definitions == 0)
        return lode_fail(LODE_E_USAGE,
                         "template %s sets parameters of the run, which a model may "
                         "not",
                         name);
    if (reply->definitions->n + template->n_definitions > reply->limit)
        return lode_fail(LODE_E_USAGE, "more than max_hypotheses");
    lode_try(take_values(parameters, template, reply->definitions->arena, values));
    return template_instantiate(template, values, reply->schema, reply->definitions);
}

static lode_status take_entries(const struct reply *reply, const cJSON *list)
{
    const cJSON *entry = NULL;
    const int64_t before = reply->definitions->n;
    int64_t number = 0;
    cJSON_ArrayForEach(entry, list)
    {
        char what[32];
        snprintf(what, sizeof what, "hypothesis %lld", (long long)++number);
        if (number > REPLY_ENTRIES_MAX) {
            lode_try(generated_note(reply->generated, what,
                                    "too many entries: the rest is left out",
                                    reply->definitions->arena));
            break;
        }
        const lode_status status = take_entry(reply, entry);
        if (status && status != LODE_E_USAGE) return status;
        if (status)
            lode_try(generated_note(reply->generated, what, lode_error_text(),
                                    reply->definitions->arena));
    }
    if (reply->definitions->n > before) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "none of the %lld hypotheses that the model named holds",
                     (long long)number);
}

/* Models like to put a fence around JSON, and words before it. */
static const char *find_document(const char *content)
{
    const char *brace = strchr(content, '{');
    return brace ? brace : content;
}

static lode_status parse_content(const struct reply *reply, const char *content)
{
    cJSON *document = cJSON_Parse(find_document(content));
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "hypotheses");
    const lode_status status =
        cJSON_IsArray(list)
            ? take_entries(reply, list)
            : lode_fail(LODE_E_INPUT, document ? "the answer has no list \"hypotheses\""
                                               : "the answer is no JSON");
    cJSON_Delete(document);
    return status;
}

lode_status reply_parse(const char *body, size_t size, const struct template_library *library,
                        const struct generator_schema *schema, int64_t budget,
                        struct generator_definitions *definitions, struct generated *generated)
{
    const struct reply reply = {.library = library,
                                .schema = schema,
                                .definitions = definitions,
                                .generated = generated,
                                .limit = definitions->n + budget};
    if (!lode_text_is_utf8(body, size))
        return lode_fail(LODE_E_INPUT, "the reply is not UTF-8 text");
    cJSON *root = cJSON_ParseWithLength(body, size);
    const cJSON *choice = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "choices"), 0);
    const cJSON *message = cJSON_GetObjectItemCaseSensitive(choice, "message");
    const char *content =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "content"));
    const lode_status status =
        content ? parse_content(&reply, content)
                : lode_fail(LODE_E_INPUT, root ? "the reply has no choices[0].message.content"
                                               : "the reply is no JSON");
    cJSON_Delete(root);
    return status;
}
