/* Hostile bytes as a spec: YAML that nests, repeats, aliases or is none is refused with its place;
 * what is accepted is names and values without NUL, each name once. Lines of a group lie inside the
 * file, and come back from the text of a parameter as they went in. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/param/param.h"
#include "common/param/spec.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

/* Takes every setting, and fails at a name that it is told to. */
static lode_status take(void *context, const char *item, const char *name, const char *value)
{
    struct lode_bytes *names = context;
    if (item) { /* names are each once within an item */
        check(lode_text_is_utf8(item, strlen(item)));
        return LODE_OK;
    }
    for (size_t at = 0; at < names->size; at += strlen((const char *)names->data + at) + 1)
        check(strcmp((const char *)names->data + at, name) != 0);
    check(lode_text_is_utf8(name, strlen(name)) && lode_text_is_utf8(value, strlen(value)));
    check(lode_bytes_append(names, name, strlen(name) + 1) == LODE_OK);
    return strcmp(name, "stop") == 0 ? lode_fail(LODE_E_USAGE, "unknown parameter") : LODE_OK;
}

static const struct lode_param table[] = {{"group", "", LODE_PARAM_DEFINITIONS, ""}, {0}};

/* The definitions in the text of a parameter; whatever the text, nothing breaks. */
static lode_status read_back(const char *text, struct lode_arena *arena,
                             struct lode_definition **list, int64_t *count)
{
    struct lode_params *params = NULL;
    struct lode_bytes assignment = {0};
    check(lode_bytes_printf(&assignment, "group=%s", text) == LODE_OK);
    check(lode_params_create(table, &params) == LODE_OK);
    check(lode_params_set(params, (const char *)assignment.data) == LODE_OK);
    const lode_status status = lode_params_definitions(params, "group", arena, list, count);
    check(status == LODE_OK || status == LODE_E_USAGE);
    lode_params_destroy(params);
    lode_bytes_clear(&assignment);
    return status;
}

static lode_status take_definition(void *context, const struct lode_spec_definition *definition)
{
    struct lode_bytes packed = {0};
    struct lode_arena *arena = NULL;
    struct lode_definition *list = NULL;
    int64_t count = 0;
    (void)context;
    check(definition->line >= 1 && definition->column >= 1);
    check(lode_text_is_utf8(definition->text, strlen(definition->text)));
    check(lode_arena_create(0, &arena) == LODE_OK);
    check(lode_definition_append(&(struct lode_definition){.name = definition->name,
                                                           .text = definition->text,
                                                           .file = "spec.yaml",
                                                           .line = (int64_t)definition->line,
                                                           .column = (int64_t)definition->column},
                                 &packed) == LODE_OK);
    check(lode_bytes_append(&packed, "", 1) == LODE_OK);
    if (read_back((const char *)packed.data, arena, &list, &count) == LODE_OK && count > 0) {
        check(count == 1 && strcmp(list[0].file, "spec.yaml") == 0);
        check(list[0].line == (int64_t)definition->line);
        check(list[0].column == (int64_t)definition->column);
    }
    lode_arena_reset(arena);
    (void)!read_back(definition->text, arena, &list, &count);
    lode_arena_destroy(arena);
    lode_bytes_clear(&packed);
    return LODE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_bytes names = {0};
    /* the last byte chooses between the two forms of a file */
    const bool has_section = size > 0 && data[size - 1] % 2 == 0;
    const struct lode_spec_taker taker = {.section = has_section ? "files" : NULL,
                                          .setting = take,
                                          .definition = has_section ? NULL : take_definition,
                                          .context = &names};
    const lode_status status = lode_spec_parse("spec.yaml", data, size, &taker);
    check(status == LODE_OK || status == LODE_E_INPUT || status == LODE_E_USAGE);
    if (status != LODE_OK) check(strncmp(lode_error_text(), "spec.yaml:", 10) == 0);
    lode_bytes_clear(&names);
    return 0;
}
