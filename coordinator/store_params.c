/* Store params: see the header. */
#include "coordinator/store_params.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/param/param.h"
#include "common/store/store.h"

static bool names_stores(const struct lode_param *param)
{
    return strcmp(param->unit, LODE_PARAM_STORES) == 0;
}

/* The definition with its whole path, appended as it is written in a parameter. */
static lode_status append_absolute(const struct lode_definition *definition, struct lode_bytes *out)
{
    struct lode_definition whole = *definition;
    char path[PATH_MAX];
    if (!realpath(definition->text, path))
        return lode_fail(LODE_E_INPUT, "%s:%lld:%lld: source '%s': %s: %s", definition->file,
                         (long long)definition->line, (long long)definition->column,
                         definition->name, definition->text, strerror(errno));
    whole.text = path;
    return lode_definition_append(&whole, out);
}

static bool names_path(const struct lode_param *param)
{
    return strcmp(param->unit, LODE_PARAM_FILE) == 0 || strcmp(param->unit, LODE_PARAM_MODEL) == 0;
}

/* The path of one parameter; an empty one stays so. */
static lode_status set_path(const char *name, struct lode_params *params)
{
    char path[PATH_MAX];
    struct lode_bytes assignment = {0};
    const char *text = lode_params_text(params, name);
    if (!text || text[0] == '\0') return LODE_OK;
    if (!realpath(text, path))
        return lode_fail(LODE_E_INPUT, "parameter %s: %s: %s", name, text, strerror(errno));
    lode_status status = lode_bytes_printf(&assignment, "%s=%s", name, path);
    if (!status) status = lode_bytes_append(&assignment, "", 1);
    if (!status) status = lode_params_set(params, (const char *)assignment.data);
    lode_bytes_clear(&assignment);
    return status;
}

static lode_status set_one(const char *name, struct lode_arena *arena, struct lode_params *params)
{
    lode_status status = LODE_OK;
    struct lode_definition *definitions = NULL;
    struct lode_bytes assignment = {0};
    int64_t n = 0;
    lode_try(lode_params_definitions(params, name, arena, &definitions, &n));
    lode_try_done(lode_bytes_printf(&assignment, "%s=", name));
    for (int64_t i = 0; i < n; i++) lode_try_done(append_absolute(&definitions[i], &assignment));
    lode_try_done(lode_bytes_append(&assignment, "", 1));
    lode_try_done(lode_params_set(params, (const char *)assignment.data));
done:
    lode_bytes_clear(&assignment);
    return status;
}

lode_status store_params_set(const struct lode_param *table, struct lode_params *params)
{
    struct lode_arena *arena = NULL;
    lode_try(lode_arena_create(0, &arena));
    lode_status status = LODE_OK;
    for (const struct lode_param *param = table; !status && param->name; param++) {
        if (names_stores(param)) status = set_one(param->name, arena, params);
        if (!status && names_path(param)) status = set_path(param->name, params);
    }
    lode_arena_destroy(arena);
    return status;
}

/* Adds those of one parameter to paths [*count]. */
static lode_status add_indices(const struct lode_params *params, const char *name,
                               struct lode_arena *arena, char ***paths, int64_t *count)
{
    static const char file[] = "/" LODE_STORE_INDEX;
    struct lode_definition *definitions = NULL;
    char **all = NULL;
    int64_t n = 0;
    lode_try(lode_params_definitions(params, name, arena, &definitions, &n));
    lode_try(lode_take(arena, *count + n, &all));
    if (*count) memcpy(all, *paths, (size_t)*count * sizeof *all);
    for (int64_t i = 0; i < n; i++) {
        const size_t size = strlen(definitions[i].text) + sizeof file;
        lode_try(lode_take(arena, (int64_t)size, &all[*count + i]));
        snprintf(all[*count + i], size, "%s%s", definitions[i].text, file);
    }
    *paths = all;
    *count += n;
    return LODE_OK;
}

/* Adds the file of a path: itself, or what a model is in. */
static lode_status add_path(const struct lode_param *param, const struct lode_params *params,
                            struct lode_arena *arena, char ***paths, int64_t *count)
{
    static const char results[] = "/results.h5";
    const char *text = lode_params_text(params, param->name);
    const bool is_model = strcmp(param->unit, LODE_PARAM_MODEL) == 0;
    char **all = NULL;
    if (!text || text[0] == '\0') return LODE_OK;
    lode_try(lode_take(arena, *count + 1, &all));
    if (*count) memcpy(all, *paths, (size_t)*count * sizeof *all);
    const size_t size = strlen(text) + sizeof results;
    lode_try(lode_take(arena, (int64_t)size, &all[*count]));
    snprintf(all[*count], size, "%s%s", text, is_model ? results : "");
    *paths = all;
    ++*count;
    return LODE_OK;
}

lode_status store_params_indices(const struct lode_param *table, const struct lode_params *params,
                                 struct lode_arena *arena, char ***paths, int64_t *count)
{
    *paths = NULL;
    *count = 0;
    for (const struct lode_param *param = table; param->name; param++) {
        if (names_stores(param)) lode_try(add_indices(params, param->name, arena, paths, count));
        if (names_path(param)) lode_try(add_path(param, params, arena, paths, count));
    }
    return LODE_OK;
}
