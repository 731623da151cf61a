/* Generated: see the header. Written by hand so that equal ones are equal bytes; read by cJSON. */
#include "jobs/opportunities/generator/generated.h"

#include "common/file.h"
#include "common/text.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT = 1, FILE_LIMIT = 64 << 20 };

lode_status generated_add(struct generated *generated,
                          const struct generator_definitions *definitions, int64_t round,
                          struct lode_arena *arena)
{
    struct generated_definition *list = NULL;
    lode_try(lode_take(arena, generated->n + definitions->n, &list));
    if (generated->n) memcpy(list, generated->list, (size_t)generated->n * sizeof *list);
    for (int64_t i = 0; i < definitions->n; i++) {
        const struct generator_definition *from = &definitions->list[i];
        struct lode_bytes text = {0};
        char *parameters = NULL;
        lode_status status = template_values_append(from->template, from->values, &text);
        if (!status)
            status = lode_arena_text(arena, (const char *)text.data, text.size, &parameters);
        lode_bytes_clear(&text);
        if (status) return status;
        list[generated->n + i] =
            (struct generated_definition){.name = from->name,
                                          .expression = from->expression,
                                          .template = from->template->name,
                                          .class = template_class_names[from->template->class],
                                          .parameters = parameters,
                                          .round = round};
    }
    generated->list = list;
    generated->n += definitions->n;
    return LODE_OK;
}

lode_status generated_note(struct generated *generated, const char *what, const char *why,
                           struct lode_arena *arena)
{
    char *texts[2] = {NULL, NULL};
    if (!what || !why) return LODE_OK;
    if (generated->n_notes == GENERATED_NOTES_MAX) {
        generated->notes[GENERATED_NOTES_MAX - 1] =
            (struct generated_note){"and more", "too many to list"};
        return LODE_OK;
    }
    if (!generated->notes) lode_try(lode_take(arena, GENERATED_NOTES_MAX, &generated->notes));
    lode_try(lode_arena_text(arena, what, strnlen(what, 200), &texts[0]));
    lode_try(lode_arena_text(arena, why, strnlen(why, 500), &texts[1]));
    generated->notes[generated->n_notes++] = (struct generated_note){texts[0], texts[1]};
    return LODE_OK;
}

/* --- writing --- */

static lode_status add_text(struct lode_bytes *out, const char *before, const char *text)
{
    lode_try(lode_bytes_append(out, before, strlen(before)));
    return lode_text_append_json(out, text, strlen(text));
}

static lode_status add_definition(struct lode_bytes *out, const struct generated_definition *of)
{
    lode_try(add_text(out, "{\"name\":", of->name));
    lode_try(add_text(out, ",\"expression\":", of->expression));
    lode_try(add_text(out, ",\"template\":", of->template));
    lode_try(add_text(out, ",\"class\":", of->class));
    return lode_bytes_printf(out, ",\"parameters\":%s,\"round\":%lld}", of->parameters,
                             (long long)of->round);
}

static lode_status add_definitions(struct lode_bytes *out, const struct generated *generated)
{
    if (!generated->is_chosen) return lode_bytes_printf(out, ",\n\"definitions\":null");
    lode_try(lode_bytes_printf(out, ",\n\"definitions\":["));
    for (int64_t i = 0; i < generated->n; i++) {
        lode_try(lode_bytes_printf(out, "%s\n ", i ? "," : ""));
        lode_try(add_definition(out, &generated->list[i]));
    }
    return lode_bytes_printf(out, "]");
}

lode_status generated_append(const struct generated *generated, struct lode_bytes *out)
{
    lode_try(lode_bytes_printf(out, "{\"format\":%d", FORMAT));
    lode_try(add_text(out, ",\"asked\":", generated->asked));
    lode_try(add_text(out, ",\"used\":", generated->used));
    lode_try(add_text(out, ",\"why\":", generated->why));
    lode_try(add_text(out, ",\"model\":", generated->model));
    lode_try(add_definitions(out, generated));
    lode_try(lode_bytes_printf(out, ",\n\"dropped\":["));
    for (int64_t i = 0; i < generated->n_notes; i++) {
        lode_try(add_text(out, i ? ",\n {\"what\":" : "\n {\"what\":", generated->notes[i].what));
        lode_try(add_text(out, ",\"why\":", generated->notes[i].why));
        lode_try(lode_bytes_printf(out, "}"));
    }
    lode_try(lode_bytes_printf(out, "],\n\"opinions\":["));
    for (int64_t i = 0; i < generated->n_opinions; i++) {
        const struct generator_opinion *opinion = &generated->opinions[i];
        lode_try(add_text(out, i ? ",\n {\"template\":" : "\n {\"template\":", opinion->template));
        lode_try(add_text(out, ",\"class\":", opinion->class));
        lode_try(lode_bytes_printf(out, ",\"useful\":%s}", opinion->is_useful ? "true" : "false"));
    }
    return lode_bytes_printf(out, "]}\n");
}

/* --- reading --- */

static lode_status take_text(const cJSON *object, const char *name, struct lode_arena *arena,
                             const char **text)
{
    char *copy = NULL;
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    if (!found) return lode_fail(LODE_E_INPUT, "no text \"%s\"", name);
    lode_try(lode_arena_text(arena, found, strlen(found), &copy));
    *text = copy;
    return LODE_OK;
}

static lode_status take_parameters(const cJSON *object, struct lode_arena *arena, const char **text)
{
    char *copy = NULL;
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, "parameters");
    if (!cJSON_IsObject(found)) return lode_fail(LODE_E_INPUT, "no object \"parameters\"");
    char *printed = cJSON_PrintUnformatted(found);
    if (!printed) return lode_fail(LODE_E_MEMORY, "no memory for a definition");
    const lode_status status = lode_arena_text(arena, printed, strlen(printed), &copy);
    cJSON_free(printed);
    *text = copy;
    return status;
}

static lode_status take_definition(const cJSON *object, struct lode_arena *arena,
                                   struct generated_definition *made)
{
    const cJSON *round = cJSON_GetObjectItemCaseSensitive(object, "round");
    lode_try(take_text(object, "name", arena, &made->name));
    lode_try(take_text(object, "expression", arena, &made->expression));
    lode_try(take_text(object, "template", arena, &made->template));
    lode_try(take_text(object, "class", arena, &made->class));
    lode_try(take_parameters(object, arena, &made->parameters));
    if (!made->name[0] || !made->expression[0])
        return lode_fail(LODE_E_INPUT, "an empty name or expression");
    if (!cJSON_IsNumber(round) || !(round->valuedouble >= 1 && round->valuedouble <= 1000))
        return lode_fail(LODE_E_INPUT, "\"round\" must be a number in 1..1000");
    made->round = (int64_t)round->valuedouble;
    return LODE_OK;
}

static lode_status take_definitions(const cJSON *root, struct lode_arena *arena,
                                    struct generated *made)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "definitions"), *item;
    made->is_chosen = cJSON_IsArray(list);
    if (!made->is_chosen)
        return cJSON_IsNull(list) ? LODE_OK : lode_fail(LODE_E_INPUT, "no list \"definitions\"");
    const int n = cJSON_GetArraySize(list);
    if (n > GENERATED_MAX)
        return lode_fail(LODE_E_INPUT, "%d definitions, at most %d", n, GENERATED_MAX);
    lode_try(lode_take(arena, n, &made->list));
    cJSON_ArrayForEach(item, list)
    {
        const lode_status status = take_definition(item, arena, &made->list[made->n]);
        if (status) return lode_note(status, "definition %lld", (long long)made->n + 1);
        made->n++;
    }
    return LODE_OK;
}

static lode_status take_opinions(const cJSON *root, struct lode_arena *arena,
                                 struct generated *made)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "opinions"), *item;
    if (!cJSON_IsArray(list)) return lode_fail(LODE_E_INPUT, "no list \"opinions\"");
    lode_try(lode_take(arena, cJSON_GetArraySize(list), &made->opinions));
    cJSON_ArrayForEach(item, list)
    {
        struct generator_opinion *opinion = &made->opinions[made->n_opinions++];
        lode_try(take_text(item, "template", arena, &opinion->template));
        lode_try(take_text(item, "class", arena, &opinion->class));
        opinion->is_useful = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "useful"));
    }
    return LODE_OK;
}

static lode_status take_notes(const cJSON *root, struct lode_arena *arena, struct generated *made)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "dropped"), *item;
    if (!cJSON_IsArray(list)) return lode_fail(LODE_E_INPUT, "no list \"dropped\"");
    cJSON_ArrayForEach(item, list)
    {
        const char *what = NULL, *why = NULL;
        lode_try(take_text(item, "what", arena, &what));
        lode_try(take_text(item, "why", arena, &why));
        lode_try(generated_note(made, what, why, arena));
    }
    return LODE_OK;
}

static lode_status take_root(const cJSON *root, struct lode_arena *arena, struct generated *made)
{
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(root, "format");
    if (!cJSON_IsNumber(format) || format->valueint != FORMAT)
        return lode_fail(LODE_E_INPUT, "not a generated.json of format %d", FORMAT);
    lode_try(take_text(root, "asked", arena, &made->asked));
    lode_try(take_text(root, "used", arena, &made->used));
    lode_try(take_text(root, "why", arena, &made->why));
    lode_try(take_text(root, "model", arena, &made->model));
    lode_try(take_definitions(root, arena, made));
    lode_try(take_notes(root, arena, made));
    return take_opinions(root, arena, made);
}

lode_status generated_parse(const char *path, const char *text, size_t size,
                            struct lode_arena *arena, struct generated *generated)
{
    struct generated made = {0};
    cJSON *root = cJSON_ParseWithLength(text, size);
    const lode_status status =
        root ? take_root(root, arena, &made) : lode_fail(LODE_E_INPUT, "not JSON");
    cJSON_Delete(root);
    if (status) return lode_note(status, "%s", path);
    *generated = made;
    return LODE_OK;
}

lode_status generated_load(const char *directory, struct lode_arena *arena,
                           struct generated *generated, bool *found)
{
    char path[PATH_MAX];
    struct lode_bytes text = {0};
    snprintf(path, sizeof path, "%s/" GENERATED_FILE, directory);
    *found = access(path, F_OK) == 0;
    if (!*found) return LODE_OK;
    lode_status status = lode_file_read(path, FILE_LIMIT, &text);
    if (!status)
        status = generated_parse(path, (const char *)text.data, text.size, arena, generated);
    lode_bytes_clear(&text);
    return status;
}

lode_status generated_save(const char *directory, const struct generated *generated)
{
    char path[PATH_MAX];
    struct lode_bytes text = {0};
    snprintf(path, sizeof path, "%s/" GENERATED_FILE, directory);
    lode_status status = generated_append(generated, &text);
    if (!status) status = lode_file_write(path, text.data, text.size, true);
    lode_bytes_clear(&text);
    return status;
}
