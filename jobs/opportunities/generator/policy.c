/* Policy: see the header. */
#include "jobs/opportunities/generator/policy.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct next_round {
    const struct template_library *library;
    const struct generator_schema *schema;
    const struct policy_rules *rules;
    struct lode_arena *arena;
    struct generated *generated;
    int64_t round, limit; /* generated->n may grow to this */
};

/* A promising definition, and which children it has given. */
struct parent {
    int64_t definition;
    double effect, q;
    int64_t n_steps, n_cohorts;
};

static bool is_promising(const struct policy_rules *rules, const struct policy_outcome *outcome)
{
    return outcome->q <= rules->max_q && fabs(outcome->effect) >= rules->least_effect;
}

static int compare_outcomes(const void *left, const void *right)
{
    const struct parent *a = left, *b = right;
    if (a->effect != b->effect) return a->effect > b->effect ? -1 : 1;
    if (a->q != b->q) return a->q < b->q ? -1 : 1;
    return a->definition < b->definition ? -1 : a->definition > b->definition;
}

/* Promising definitions, each once, best first. */
static lode_status find_parents(const struct next_round *next,
                                const struct policy_outcome *outcomes, int64_t n_outcomes,
                                struct parent **parents, int64_t *n_parents)
{
    int64_t n = 0, n_unique = 0;
    uint8_t *seen = NULL;
    lode_try(lode_take(next->arena, n_outcomes, parents));
    lode_try(lode_take_zero(next->arena, next->generated->n, &seen));
    for (int64_t i = 0; i < n_outcomes; i++) {
        const struct policy_outcome *outcome = &outcomes[i];
        if (outcome->definition < 0 || outcome->definition >= next->generated->n)
            return lode_fail(LODE_E_BUG, "an outcome of definition %lld",
                             (long long)outcome->definition);
        if (is_promising(next->rules, outcome))
            (*parents)[n++] = (struct parent){.definition = outcome->definition,
                                              .effect = fabs(outcome->effect),
                                              .q = outcome->q};
    }
    qsort(*parents, (size_t)n, sizeof **parents, compare_outcomes);
    for (int64_t i = 0; i < n; i++) {
        if (seen[(*parents)[i].definition]) continue;
        seen[(*parents)[i].definition] = 1;
        (*parents)[n_unique++] = (*parents)[i];
    }
    *n_parents = n_unique;
    return LODE_OK;
}

static bool is_there(const struct generated *generated, const char *expression)
{
    for (int64_t i = 0; i < generated->n; i++)
        if (strcmp(generated->list[i].expression, expression) == 0) return true;
    return false;
}

static bool is_taken(const struct generated *generated, const char *name)
{
    for (int64_t i = 0; i < generated->n; i++)
        if (strcmp(generated->list[i].name, name) == 0) return true;
    return false;
}

/* Adds it unless its expression is there; a name that is taken gets _2, _3, ... */
static lode_status add_child(const struct next_round *next,
                             const struct generated_definition *child)
{
    struct generated *generated = next->generated;
    struct generated_definition *list = NULL, made = *child;
    made.round = next->round;
    if (is_there(generated, made.expression)) return LODE_OK;
    for (int64_t i = 2; is_taken(generated, made.name); i++) {
        char text[GENERATOR_NAME_MAX + 32], *copy = NULL;
        const int size =
            snprintf(text, sizeof text, "%.*s_%lld", GENERATOR_NAME_MAX, child->name, (long long)i);
        lode_try(lode_arena_text(next->arena, text, (size_t)size, &copy));
        made.name = copy;
    }
    lode_try(lode_take(next->arena, generated->n + 1, &list));
    if (generated->n) memcpy(list, generated->list, (size_t)generated->n * sizeof *list);
    list[generated->n++] = made;
    generated->list = list;
    return LODE_OK;
}

/* The values of a definition, for another template that has its parameters. */
static lode_status take_values(const struct next_round *next, const char *parameters,
                               const struct template *template, const char **values)
{
    lode_status status = LODE_OK;
    cJSON *object = cJSON_Parse(parameters);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, object)
    {
        char *copy = NULL;
        const int index = template_find_parameter(template, item->string, strlen(item->string));
        if (index < 0 || !cJSON_IsString(item)) continue;
        lode_try_done(
            lode_arena_text(next->arena, item->valuestring, strlen(item->valuestring), &copy));
        values[index] = copy;
    }
done:
    cJSON_Delete(object);
    return status;
}

/* The first event parameter that `template` has and `shorter` has not; -1. */
static int find_new_event(const struct template *template, const struct template *shorter)
{
    for (int p = 0; p < template->n_parameters; p++)
        if (template->parameters[p].type == TEMPLATE_EVENT &&
            template_find_parameter(shorter, template->parameters[p].name,
                                    strlen(template->parameters[p].name)) < 0)
            return p;
    return -1;
}

static bool has_value(const char *const *values, int n, const char *value)
{
    for (int i = 0; i < n; i++)
        if (values[i] && strcmp(values[i], value) == 0) return true;
    return false;
}

/* The next event as one step more; *given is false when there is none left. */
static lode_status give_step(const struct next_round *next, struct parent *parent, bool *given)
{
    const char *values[TEMPLATE_PARAMETERS_MAX] = {0};
    const struct generated_definition from = next->generated->list[parent->definition];
    const struct template *shorter = template_library_find(next->library, from.template);
    const struct template *longer = shorter && shorter->extension
                                        ? template_library_find(next->library, shorter->extension)
                                        : NULL;
    const int added = longer ? find_new_event(longer, shorter) : -1;
    *given = added >= 0 && parent->n_steps < next->rules->n_events;
    if (!*given) return LODE_OK;
    const char *event = next->rules->events[parent->n_steps++];
    struct generator_definitions made = {.arena = next->arena};
    struct generated child = {0};
    lode_try(take_values(next, from.parameters, longer, values));
    if (has_value(values, longer->n_parameters, event)) return LODE_OK;
    values[added] = event;
    const lode_status status = template_instantiate(longer, values, next->schema, &made);
    if (status) return status == LODE_E_USAGE ? LODE_OK : status;
    lode_try(generated_add(&child, &made, next->round, next->arena));
    for (int64_t i = 0; i < child.n && next->generated->n < next->limit; i++)
        lode_try(add_child(next, &child.list[i]));
    return LODE_OK;
}

static lode_status make_text(struct lode_bytes *out, struct lode_arena *arena, size_t most,
                             const char **text)
{
    char *copy = NULL;
    const lode_status status =
        lode_arena_text(arena, (const char *)out->data, out->size > most ? most : out->size, &copy);
    *text = copy;
    return status;
}

/* The same in the next cohort. */
static lode_status give_cohort(const struct next_round *next, struct parent *parent, bool *given)
{
    struct lode_bytes expression = {0}, name = {0};
    struct generated_definition child = next->generated->list[parent->definition];
    lode_status status = LODE_OK;
    *given = parent->n_cohorts < next->rules->n_cohorts;
    if (!*given) return LODE_OK;
    const struct policy_cohort *cohort = &next->rules->cohorts[parent->n_cohorts++];
    lode_try_done(lode_bytes_printf(&expression, "(%s) when ", child.expression));
    lode_try_done(instantiate_append_column(&expression, cohort->attribute));
    lode_try_done(lode_bytes_append(&expression, " = ", 3));
    lode_try_done(instantiate_append_quoted(&expression, cohort->value));
    lode_try_done(lode_bytes_printf(&name, "%s_in_", child.name));
    lode_try_done(instantiate_append_word(&name, cohort->attribute));
    lode_try_done(lode_bytes_append(&name, "_", 1));
    lode_try_done(instantiate_append_word(&name, cohort->value));
    if (expression.size > GENERATOR_EXPRESSION_MAX) goto done;
    lode_try_done(make_text(&expression, next->arena, expression.size, &child.expression));
    lode_try_done(make_text(&name, next->arena, GENERATOR_NAME_MAX, &child.name));
    status = add_child(next, &child);
done:
    lode_bytes_clear(&expression);
    lode_bytes_clear(&name);
    return status;
}

lode_status generator_next(const struct template_library *library,
                           const struct generator_schema *schema, const struct policy_rules *rules,
                           const struct policy_outcome *outcomes, int64_t n_outcomes, int64_t round,
                           struct lode_arena *arena, struct generated *generated)
{
    struct parent *parents = NULL;
    int64_t n_parents = 0;
    const struct next_round next = {.library = library,
                                    .schema = schema,
                                    .rules = rules,
                                    .arena = arena,
                                    .generated = generated,
                                    .round = round,
                                    .limit = generated->n + rules->budget};
    lode_try(find_parents(&next, outcomes, n_outcomes, &parents, &n_parents));
    for (bool any = n_parents > 0; any && generated->n < next.limit;) {
        any = false;
        for (int64_t i = 0; i < n_parents; i++) {
            bool step = false, cohort = false;
            if (generated->n < next.limit) lode_try(give_step(&next, &parents[i], &step));
            if (generated->n < next.limit) lode_try(give_cohort(&next, &parents[i], &cohort));
            any = any || step || cohort;
        }
    }
    return LODE_OK;
}

void generator_reweigh(const struct template_library *library, const struct policy_rules *rules,
                       const struct policy_outcome *outcomes, int64_t n_outcomes,
                       const struct generated *generated, double *weights)
{
    int64_t tested[TEMPLATE_CLASSES] = {0}, promising[TEMPLATE_CLASSES] = {0};
    for (int64_t i = 0; i < n_outcomes; i++) {
        for (int c = 0; c < TEMPLATE_CLASSES; c++) {
            const char *class = generated->list[outcomes[i].definition].class;
            if (strcmp(class, template_class_names[c]) != 0) continue;
            tested[c]++;
            promising[c] += is_promising(rules, &outcomes[i]);
        }
    }
    for (int t = 0; t < library->n; t++) {
        const enum template_class class = library->templates[t].class;
        if (tested[class] >= POLICY_HOPELESS && promising[class] == 0)
            weights[t] = 0;
        else /* the share that was promising, a half before anything was tested */
            weights[t] *= 2.0 * ((double)promising[class] + 1) / ((double)tested[class] + 2);
    }
}
