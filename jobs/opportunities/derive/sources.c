/* Sources: what their indices say is copied, so that no store is left to be closed. */
#include "jobs/opportunities/derive/sources.h"

#include <string.h>

#include "common/param/param.h"
#include "common/store/store.h"

static lode_status copy_text(struct lode_arena *arena, const char *text, char **copy)
{
    return lode_arena_text(arena, text, strlen(text), copy);
}

static lode_status copy_components(const struct lode_store *store, struct lode_arena *arena,
                                   struct source *source, struct lode_dictionary *names)
{
    const struct lode_counters_schema *schema = &store->counters;
    lode_try(lode_take(arena, schema->n_components, &names->words));
    lode_try(lode_take(arena, schema->n_components, &source->components));
    for (int64_t i = 0; i < schema->n_components; i++) {
        const struct lode_component *component = &schema->components[i];
        if (component->partition < 0) continue;
        lode_try(copy_text(arena, component->name, &names->words[names->count]));
        source->components[names->count++] =
            (struct source_component){i, component->partition, component->n_times};
    }
    return LODE_OK;
}

static lode_status copy_counters(const struct lode_store *store, struct lode_arena *arena,
                                 struct lode_dictionary *names)
{
    const struct lode_counters_schema *schema = &store->counters;
    lode_try(lode_take(arena, schema->n_counters, &names->words));
    for (int64_t i = 0; i < schema->n_counters; i++)
        lode_try(copy_text(arena, schema->counters[i].name, &names->words[names->count++]));
    return LODE_OK;
}

static lode_status copy_store(const struct lode_store *store, struct lode_arena *arena,
                              struct source *source, struct expr_source *schema)
{
    char *path = NULL;
    if (strcmp(store->kind, LODE_STORE_COUNTERS) != 0)
        return lode_fail(LODE_E_INPUT, "%s: a store of kind '%s', a source is one of kind '%s'",
                         store->path, store->kind, LODE_STORE_COUNTERS);
    lode_try(copy_text(arena, store->path, &path));
    *source = (struct source){.path = path, .n_generations = store->n_generations};
    lode_try(copy_components(store, arena, source, &schema->components));
    return copy_counters(store, arena, &schema->counters);
}

static lode_status read_source(const struct lode_definition *definition, struct lode_arena *arena,
                               struct source *source, struct expr_source *schema)
{
    struct lode_store *store = NULL;
    *schema = (struct expr_source){.name = definition->name};
    lode_status status = lode_store_open(definition->text, &store);
    if (!status) status = copy_store(store, arena, source, schema);
    lode_store_close(store);
    if (!status) return LODE_OK;
    return lode_note(status, "%s:%lld:%lld: source '%s'", definition->file,
                     (long long)definition->line, (long long)definition->column, definition->name);
}

lode_status sources_read(const struct lode_params *params, struct lode_arena *arena,
                         struct sources *sources)
{
    struct lode_definition *definitions = NULL;
    struct sources made = {0};
    lode_try(lode_params_definitions(params, "sources", arena, &definitions, &made.n));
    lode_try(lode_take(arena, made.n, &made.list));
    lode_try(lode_take(arena, made.n, &made.schema));
    for (int64_t i = 0; i < made.n; i++)
        lode_try(read_source(&definitions[i], arena, &made.list[i], &made.schema[i]));
    *sources = made;
    return LODE_OK;
}
