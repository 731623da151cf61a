/* Derivation: definitions to nodes, and the store with what they yield. */
#include "jobs/opportunities/derive/derivation.h"

#include <string.h>

#include "common/wire/pack.h"
#include "common/zone.h"
#include "jobs/opportunities/tokens.h"

/* All definitions of both parameters: KPIs, then attributes. */
struct definitions {
    int64_t n, n_kpis;
    struct lode_definition *list;
    int32_t *nodes; /* [n] -1: not compiled yet */
};

struct maker {
    const struct lode_params *params;
    const struct lode_store *store;
    struct lode_arena *arena;
    struct derivation *out;
    struct definitions definitions;
};

static lode_status read_definitions(struct maker *maker)
{
    struct definitions *all = &maker->definitions;
    struct lode_definition *kpis = NULL, *derived = NULL;
    int64_t n_derived = 0;
    lode_try(lode_params_definitions(maker->params, "kpis", maker->arena, &kpis, &all->n_kpis));
    lode_try(lode_params_definitions(maker->params, "derived", maker->arena, &derived, &n_derived));
    all->n = all->n_kpis + n_derived;
    lode_try(lode_take(maker->arena, all->n, &all->list));
    lode_try(lode_take(maker->arena, all->n, &all->nodes));
    for (int64_t i = 0; i < all->n; i++) {
        all->list[i] = i < all->n_kpis ? kpis[i] : derived[i - all->n_kpis];
        all->nodes[i] = -1;
    }
    return LODE_OK;
}

static lode_status fault(const struct lode_definition *definition, const char *what,
                         const char *which)
{
    return lode_fail(LODE_E_USAGE, "%s:%lld:%lld: '%s': %s%s", definition->file,
                     (long long)definition->line, (long long)definition->column, definition->name,
                     what, which);
}

/* Tables tell KPIs and attributes by name, and a KPI may be named without its `kpi_`. */
static lode_status check_name(const struct lode_store *store,
                              const struct lode_definition *definition)
{
    const char *name = definition->name;
    const char *bare = strncmp(name, "kpi_", 4) == 0 ? name + 4 : name;
    for (int64_t i = 0; i < store->n_kpis; i++) {
        const char *taken = store->kpis[i].name;
        if (strcmp(strncmp(taken, "kpi_", 4) == 0 ? taken + 4 : taken, bare) == 0)
            return fault(definition, "the store has a KPI of that name: ", taken);
    }
    if (lode_store_find_attribute(store, name) >= 0)
        return fault(definition, "the store has an attribute of that name", "");
    if (strcmp(name, "lifecycle") == 0)
        return fault(definition, "the name is that of the life cycle in table cohorts", "");
    return LODE_OK;
}

/* Events that parameter `ignore` leaves out of patterns are left out of those in expressions too.
 */
static lode_status find_ignored(struct maker *maker, uint8_t **ignored)
{
    const struct lode_dictionary *names = &maker->store->event_names;
    struct token_rules rules = {0};
    struct pattern_tokens tokens;
    char **globs = NULL;
    *ignored = NULL;
    lode_try(lode_params_list(maker->params, "ignore", maker->arena, &globs, &rules.n_ignore));
    if (rules.n_ignore == 0) return LODE_OK;
    rules.ignore = globs;
    lode_try(tokens_make(names, &rules, maker->arena, &tokens));
    lode_try(lode_take_zero(maker->arena, names->count, ignored));
    for (int64_t i = 0; tokens.token_of && i < names->count; i++)
        (*ignored)[i] = tokens.token_of[i] == LODE_NO_CODE;
    return LODE_OK;
}

static lode_status read_zone(struct maker *maker, const char **zone)
{
    struct lode_bytes rules = {0};
    const struct lode_zone *made = NULL;
    struct lode_bytes *kept = &maker->out->zone_rules;
    lode_status status = LODE_OK;
    *zone = lode_params_text(maker->params, "timezone");
    lode_try_done(lode_zone_read(*zone, &rules));
    lode_try_done(lode_zone_make(*zone, rules.data, rules.size, maker->arena, &made));
    lode_try_done(lode_take(maker->arena, rules.size, &kept->data));
    if (rules.size) memcpy(kept->data, rules.data, rules.size);
    kept->size = rules.size;
done:
    lode_bytes_clear(&rules);
    return status ? lode_note(status, "parameter timezone=%s", *zone) : LODE_OK;
}

/* Words and numbers of events: one list for the language. */
static lode_status list_event_attributes(struct maker *maker, struct expr_schema *schema)
{
    const struct lode_store *store = maker->store;
    struct expr_event_attribute *list = NULL;
    const int64_t n_texts = store->n_event_attributes;
    schema->n_event_attributes = n_texts + store->n_event_values;
    lode_try(lode_take(maker->arena, schema->n_event_attributes, &list));
    for (int64_t i = 0; i < n_texts; i++)
        list[i] = (struct expr_event_attribute){.name = store->event_attributes[i].name,
                                                .words = store->event_attributes[i].dictionary};
    for (int64_t i = 0; i < store->n_event_values; i++)
        list[n_texts + i] =
            (struct expr_event_attribute){.name = store->event_values[i], .is_number = true};
    schema->event_attributes = list;
    return LODE_OK;
}

static lode_status make_schema(struct maker *maker)
{
    const struct lode_store *store = maker->store;
    struct expr_schema *schema = &maker->out->schema;
    *schema = (struct expr_schema){.n_attributes = store->n_attributes,
                                   .attributes = store->attributes,
                                   .n_kpis = store->n_kpis,
                                   .kpis = store->kpis,
                                   .event_names = store->event_names};
    lode_try(list_event_attributes(maker, schema));
    lode_try(sources_read(maker->params, maker->arena, &maker->out->sources));
    schema->n_sources = maker->out->sources.n;
    schema->sources = maker->out->sources.schema;
    lode_try(find_ignored(maker, &schema->ignored));
    return read_zone(maker, &schema->zone);
}

static lode_status define(struct expr_language *language, const struct lode_definition *definition,
                          int32_t *node)
{
    return expr_define(language,
                       &(struct expr_definition){.name = definition->name,
                                                 .text = definition->text,
                                                 .file = definition->file,
                                                 .line = definition->line,
                                                 .column = definition->column},
                       node);
}

/* A definition may use one that comes later: what fails is tried again as long as others succeed.
 * In the end the first that fails tells why. */
static lode_status define_all(struct maker *maker, struct expr_language *language)
{
    struct definitions *all = &maker->definitions;
    for (int64_t left = all->n, before = left + 1; left > 0 && left < before;) {
        before = left;
        for (int64_t i = 0; i < all->n; i++) {
            if (all->nodes[i] >= 0) continue;
            const lode_status status = define(language, &all->list[i], &all->nodes[i]);
            if (status == LODE_OK)
                left--;
            else if (status != LODE_E_USAGE)
                return status;
        }
    }
    for (int64_t i = 0; i < all->n; i++)
        if (all->nodes[i] < 0) lode_try(define(language, &all->list[i], &all->nodes[i]));
    return LODE_OK;
}

/* A copy that may be changed: first passes fill in what is in its tops. */
static lode_status keep_graph(struct maker *maker, const struct expr_graph *graph)
{
    struct lode_bytes packed = {0};
    struct expr_graph *copy = NULL;
    lode_status status = expr_graph_pack(graph, &packed);
    if (!status) {
        struct lode_unpack in = lode_unpack_begin(packed.data, packed.size);
        status = expr_graph_unpack(&in, maker->arena, &copy);
    }
    maker->out->graph = copy;
    lode_bytes_clear(&packed);
    return status;
}

static lode_status append_kpis(struct maker *maker)
{
    const struct lode_store *store = maker->store;
    const struct definitions *all = &maker->definitions;
    struct derivation *out = maker->out;
    struct lode_kpi *kpis = NULL;
    lode_try(lode_take(maker->arena, store->n_kpis + all->n_kpis, &kpis));
    lode_try(lode_take(maker->arena, all->n_kpis, &out->kpi_nodes));
    if (store->n_kpis) memcpy(kpis, store->kpis, (size_t)store->n_kpis * sizeof *kpis);
    for (int64_t i = 0; i < all->n_kpis; i++) {
        const struct expr_node *node = &out->graph->nodes[all->nodes[i]];
        if (node->type == EXPR_TEXT)
            return fault(&all->list[i], "a KPI is a bool (true = faulty) or a number, not a text",
                         "");
        out->kpi_nodes[i] = all->nodes[i];
        kpis[store->n_kpis + i] =
            (struct lode_kpi){.name = all->list[i].name,
                              .is_binary = node->type == EXPR_BOOL,
                              .n_missing = 1}; /* there may be some: counted with the cohorts */
    }
    out->store.kpis = kpis;
    out->store.n_kpis += all->n_kpis;
    return LODE_OK;
}

static lode_status append_attributes(struct maker *maker)
{
    static char no[] = "false", yes[] = "true", *flags[] = {no, yes};
    const struct lode_store *store = maker->store;
    const struct definitions *all = &maker->definitions;
    const int64_t n = all->n - all->n_kpis;
    struct derivation *out = maker->out;
    struct lode_attribute *attributes = NULL;
    lode_try(lode_take(maker->arena, store->n_attributes + n, &attributes));
    lode_try(lode_take_zero(maker->arena, n, &out->attributes));
    if (store->n_attributes)
        memcpy(attributes, store->attributes, (size_t)store->n_attributes * sizeof *attributes);
    for (int64_t i = 0; i < n; i++) {
        const int32_t at = all->nodes[all->n_kpis + i];
        const struct expr_node *node = &out->graph->nodes[at];
        struct lode_attribute *attribute = &attributes[store->n_attributes + i];
        out->attributes[i] =
            (struct derived_attribute){.node = at, .type = node->type, .unit = node->unit};
        *attribute = (struct lode_attribute){.name = all->list[all->n_kpis + i].name};
        if (node->type == EXPR_BOOL)
            attribute->dictionary = (struct lode_dictionary){.words = flags, .count = 2};
        if (node->type == EXPR_TEXT)
            attribute->dictionary = store->attributes[node->index].dictionary;
    }
    out->store.attributes = attributes;
    out->store.n_attributes += n;
    return LODE_OK;
}

lode_status derivation_make(const struct lode_params *params, const struct lode_store *store,
                            struct lode_arena *arena, struct derivation *derivation)
{
    struct derivation made = {.store = *store,
                              .n_stored_kpis = store->n_kpis,
                              .n_stored_attributes = store->n_attributes};
    struct maker maker = {.params = params, .store = store, .arena = arena, .out = &made};
    struct expr_language *language = NULL;
    lode_try(lode_params_i64(params, "bins", 2, CUTS_MOST_BINS, &made.bins));
    lode_try(read_definitions(&maker));
    made.definitions = maker.definitions.list;
    lode_try(make_schema(&maker));
    if (maker.definitions.n > 0) {
        for (int64_t i = 0; i < maker.definitions.n; i++)
            lode_try(check_name(store, &maker.definitions.list[i]));
        lode_try(expr_language_create(&made.schema, arena, &language));
        lode_try(define_all(&maker, language));
        lode_try(keep_graph(&maker, expr_language_graph(language)));
        lode_try(append_kpis(&maker));
        lode_try(append_attributes(&maker));
    }
    *derivation = made;
    return LODE_OK;
}

const struct lode_definition *derivation_of_kpi(const struct derivation *derivation, int64_t kpi)
{
    if (kpi < derivation->n_stored_kpis) return NULL;
    return &derivation->definitions[kpi - derivation->n_stored_kpis];
}

const struct lode_definition *derivation_of_attribute(const struct derivation *derivation,
                                                      int64_t attribute)
{
    if (attribute < derivation->n_stored_attributes) return NULL;
    const int64_t n_kpis = derivation->store.n_kpis - derivation->n_stored_kpis;
    return &derivation->definitions[n_kpis + attribute - derivation->n_stored_attributes];
}

bool derivation_has_order(const struct derivation *derivation, int64_t attribute)
{
    return attribute >= derivation->n_stored_attributes &&
           derivation->attributes[attribute - derivation->n_stored_attributes].type != EXPR_TEXT;
}
