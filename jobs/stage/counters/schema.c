/* Schema: see the header. */
#include "jobs/stage/counters/schema.h"

#include "common/store/counters.h"
#include "common/text.h"
#include "jobs/stage/counters/grow.h"
#include "jobs/stage/counters/machine.h"
#include "lode/table.h"

#include <stdlib.h>
#include <string.h>

struct schema {
    struct lode_arena *arena;
    const struct lode_counters_schema *before;
    struct lode_words *components; /* those of `before` first */
    struct lode_component *list;   /* of each code */
    int64_t n, room;
    struct lode_words *counters;
    int64_t n_counters_before;
};

/* The component's code; one that is new is an ancestor without samples so far. */
static lode_status find_component(struct schema *s, const char *name, size_t size, uint32_t *code)
{
    lode_try(lode_words_add(s->components, name, size, code));
    if ((int64_t)*code < s->n) return LODE_OK;
    lode_try(counters_grow(s->arena, &s->list, &s->room, s->n));
    s->list[s->n++] = (struct lode_component){.parent = -1, .partition = -1};
    return LODE_OK;
}

lode_status schema_create(const struct lode_counters_schema *before, struct lode_arena *arena,
                          struct schema **schema)
{
    static const struct lode_counters_schema nothing = {0};
    struct schema *s = NULL;
    uint32_t code = 0;
    lode_try(lode_take_zero(arena, 1, &s));
    s->arena = arena;
    s->before = before ? before : &nothing;
    s->n_counters_before = s->before->n_counters;
    lode_try(lode_words_create(arena, &s->components));
    lode_try(lode_words_create(arena, &s->counters));
    for (int64_t i = 0; i < s->before->n_components; i++) {
        const struct lode_component *component = &s->before->components[i];
        lode_try(find_component(s, component->name, strlen(component->name), &code));
        if ((int64_t)code != i)
            return lode_fail(LODE_E_INPUT, "component '%s' is in the index twice", component->name);
        s->list[i] = *component;
    }
    for (int64_t i = 0; i < s->n_counters_before; i++)
        lode_try(schema_add_counter(s, s->before->counters[i].name,
                                    strlen(s->before->counters[i].name)));
    *schema = s;
    return LODE_OK;
}

lode_status schema_add_component(struct schema *s, const char *name, size_t size,
                                 const struct lode_component *about, bool *is_known)
{
    uint32_t code = 0;
    lode_try(find_component(s, name, size, &code));
    struct lode_component *component = &s->list[code];
    *is_known = component->partition >= 0;
    if (!*is_known) {
        const int64_t parent = component->parent;
        *component = *about;
        component->parent = parent;
        return LODE_OK;
    }
    component->n_times += about->n_times;
    component->last_ms = about->last_ms;
    if (component->step_ms == 0) component->step_ms = about->step_ms;
    return LODE_OK;
}

lode_status schema_add_counter(struct schema *s, const char *name, size_t size)
{
    uint32_t code = 0;
    return lode_words_add(s->counters, name, size, &code);
}

/* Bytes of the parent's name: all before the last separator; 0: there is none. */
static size_t parent_size(const char *name, const char *separator)
{
    size_t found = 0;
    for (const char *at = strstr(name, separator); at; at = strstr(at + 1, separator))
        found = (size_t)(at - name);
    return found;
}

/* Every ancestor is a component, too; the list grows while it is gone through. */
static lode_status add_ancestors(struct schema *s, const char *separator)
{
    for (int64_t i = 0; i < s->n; i++) {
        int64_t n = 0;
        uint32_t parent = 0;
        const char *name = lode_words_list(s->components, &n)[i];
        const size_t size = parent_size(name, separator);
        if (size == 0) continue;
        lode_try(find_component(s, name, size, &parent));
        s->list[i].parent = parent;
    }
    return LODE_OK;
}

/* The same by the tree file. */
static lode_status add_kin(struct schema *s, const struct counters_family *family)
{
    struct lode_words *words = NULL;
    lode_try(family_words(family, s->arena, &words));
    for (int64_t i = 0; i < s->n; i++) {
        int64_t n = 0, index = -1;
        uint32_t parent = 0;
        lode_try(family_find(family, words, lode_words_list(s->components, &n)[i], &index));
        if (index < 0 || !family->kin[index].parent[0]) continue;
        const char *name = family->kin[index].parent;
        lode_try(find_component(s, name, strlen(name), &parent));
        s->list[i].parent = parent;
    }
    return LODE_OK;
}

lode_status schema_list_unused(struct schema *s, const struct counters_family *family,
                               const char ***names, int64_t *n)
{
    lode_try(lode_take(s->arena, family->n, names));
    *n = 0;
    for (int64_t i = 0; i < family->n; i++) {
        const char *name = family->kin[i].name;
        uint32_t code = 0;
        lode_try(lode_words_add(s->components, name, strlen(name), &code));
        if ((int64_t)code >= s->n) (*names)[(*n)++] = name;
    }
    return LODE_OK;
}

struct named {
    char *name;
    int64_t code;
};

static int compare_named(const void *left, const void *right)
{
    return strcmp(((const struct named *)left)->name, ((const struct named *)right)->name);
}

/* Words in their final order: the first `n_before` as they are, then the others by name.
 * place[code] is where a word went. */
static lode_status order_words(const struct schema *s, const struct lode_words *words,
                               int64_t n_before, struct named **ordered, int64_t **place,
                               int64_t *n)
{
    char *const *list = lode_words_list(words, n);
    lode_try(lode_take(s->arena, *n, ordered));
    lode_try(lode_take(s->arena, *n, place));
    for (int64_t i = 0; i < *n; i++) (*ordered)[i] = (struct named){list[i], i};
    if (*n > n_before)
        qsort(*ordered + n_before, (size_t)(*n - n_before), sizeof **ordered, compare_named);
    for (int64_t i = 0; i < *n; i++) (*place)[(*ordered)[i].code] = i;
    return LODE_OK;
}

static lode_status order_components(struct schema *s, struct lode_counters_schema *out)
{
    struct named *ordered = NULL;
    int64_t *place = NULL;
    lode_try(order_words(s, s->components, s->before->n_components, &ordered, &place,
                         &out->n_components));
    lode_try(lode_take(s->arena, out->n_components, &out->components));
    for (int64_t i = 0; i < out->n_components; i++) {
        struct lode_component *component = &out->components[i];
        *component = s->list[ordered[i].code];
        component->name = ordered[i].name;
        if (component->parent >= 0) component->parent = place[component->parent];
    }
    return LODE_OK;
}

static lode_status order_counters(struct schema *s, struct lode_counters_schema *out)
{
    struct named *ordered = NULL;
    int64_t *place = NULL;
    lode_try(order_words(s, s->counters, s->n_counters_before, &ordered, &place, &out->n_counters));
    lode_try(lode_take(s->arena, out->n_counters, &out->counters));
    for (int64_t i = 0; i < out->n_counters; i++)
        out->counters[i] = (struct lode_counter){
            .name = ordered[i].name,
            .unit = i < s->n_counters_before ? s->before->counters[i].unit : "",
            .type = i < s->n_counters_before ? s->before->counters[i].type : LODE_GAUGE};
    return LODE_OK;
}

/* Rates are counts of events, whatever else is said of them. */
static void mark_rates(const struct schema *s, const struct counters_rates *rates,
                       struct lode_counters_schema *out)
{
    for (int64_t i = s->n_counters_before; i < out->n_counters; i++) {
        if (!rates_have(rates, out->counters[i].name)) continue;
        out->counters[i].unit = "events";
        out->counters[i].type = LODE_COUNT;
    }
}

static lode_status fail_counter(const struct schema *s, const struct lode_counters_schema *out,
                                const char *option, const char *name)
{
    const char **names = NULL;
    lode_try(lode_take_zero(s->arena, out->n_counters + 1, &names));
    for (int64_t i = 0; i < out->n_counters; i++) names[i] = out->counters[i].name;
    const char *nearest = lode_text_nearest(name, names);
    return lode_fail(LODE_E_USAGE, "%s: no counter is called '%s'%s%s%s", option, name,
                     nearest ? "; did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "");
}

/* Is it the counter of that name, or (of machines) one of what became of it? */
static bool is_named(const struct stage_counters_options *options, const char *counter,
                     const char *name)
{
    const size_t size = strlen(name);
    if (strcmp(counter, name) == 0) return true;
    if (!options->aggregate || strncmp(counter, name, size) != 0) return false;
    return strcmp(counter + size, machine_ending(machine_statistic_of(counter))) == 0;
}

/* "counter=what", cut at the last '=': the next counter from *at on that is meant; -1 behind the
 * last, of which there is one at least. */
static lode_status find_named(const struct schema *s, const struct stage_counters_options *options,
                              const struct lode_counters_schema *out, const char *option,
                              const char *item, int64_t *at, const char **what)
{
    const char *equals = strrchr(item, '=');
    char *name = NULL;
    if (!equals) return lode_fail(LODE_E_USAGE, "%s: '%s' is not COUNTER=WHAT", option, item);
    lode_try(lode_arena_text(s->arena, item, (size_t)(equals - item), &name));
    *what = equals + 1;
    const bool is_first = *at == 0;
    for (; *at < out->n_counters; (*at)++)
        if (is_named(options, out->counters[*at].name, name)) return LODE_OK;
    *at = -1;
    return is_first ? fail_counter(s, out, option, name) : LODE_OK;
}

static lode_status read_type(const char *what, enum lode_counter_type *type)
{
    const int found = lode_counter_type_find(what);
    if (found < 0)
        return lode_fail(LODE_E_USAGE,
                         "--types: '%s' is no type; there are gauge, count, rate and counter",
                         what);
    *type = (enum lode_counter_type)found;
    return LODE_OK;
}

static lode_status set_types(const struct schema *s, const struct stage_counters_options *options,
                             struct lode_counters_schema *out)
{
    const char *what = NULL;
    for (int64_t i = 0; i < options->units.count; i++)
        for (int64_t at = 0;; at++) {
            const char *item = options->units.names[i];
            lode_try(find_named(s, options, out, "--units", item, &at, &what));
            if (at < 0) break;
            out->counters[at].unit = what;
        }
    for (int64_t i = 0; i < options->types.count; i++)
        for (int64_t at = 0;; at++) {
            const char *item = options->types.names[i];
            lode_try(find_named(s, options, out, "--types", item, &at, &what));
            if (at < 0) break;
            lode_try(read_type(what, &out->counters[at].type));
        }
    return LODE_OK;
}

lode_status schema_finish(struct schema *s, const struct stage_counters_options *options,
                          struct lode_counters_schema *out)
{
    *out = (struct lode_counters_schema){.slot_ms = options->slot_ms};
    if (options->tree) lode_try(add_ancestors(s, options->tree));
    if (options->family.n > 0) lode_try(add_kin(s, &options->family));
    lode_try(order_components(s, out));
    lode_try(order_counters(s, out));
    mark_rates(s, &options->rates, out);
    return set_types(s, options, out);
}
