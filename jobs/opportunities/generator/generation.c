/* Generation: the rounds of a run.
 *
 * A run that goes on asks for the same stages again (their results are in the journal), so the
 * survey and the measuring of rounds take place even where generated.json has the answer already;
 * the answer is then the file's.
 */
#include "jobs/opportunities/generator/generator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/param/definitions.h"
#include "common/stats/stats.h"
#include "common/store/store.h"
#include "jobs/opportunities/cohorts.h"
#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/generator/offline.h"
#include "jobs/opportunities/generator/policy.h"
#include "jobs/opportunities/generator/requested.h"
#include "jobs/opportunities/opportunity_options.h"
#include "jobs/opportunities/tables/cohort_table.h"

enum { COHORTS_MAX = 12 };

/* One generation under way. */
struct making {
    struct lode_run *run;
    const struct lode_param *table;
    struct generator_options options;
    struct derivation derivation; /* of the user's definitions */
    struct generator_schema names;
    struct generator_definitions requested;
    struct survey survey; /* where the offline rules choose */
    struct offline_facts facts;
    double *weights;         /* [options.library.n] */
    struct generated stored; /* the file, as it was found */
    struct generated made;
};

/* --- definitions into parameters --- */

static lode_status append_definition(struct lode_bytes *out, const char *name, const char *text)
{
    const struct lode_definition definition = {
        .name = name, .text = text, .file = GENERATED_FILE, .line = 1, .column = 1};
    return lode_definition_append(&definition, out);
}

static lode_status set_param(struct lode_params *params, const char *name, const char *value)
{
    struct lode_bytes text = {0};
    lode_status status = lode_bytes_printf(&text, "%s=%s", name, value);
    if (!status) status = lode_bytes_append(&text, "", 1);
    if (!status) status = lode_params_set(params, (const char *)text.data);
    lode_bytes_clear(&text);
    return status;
}

static lode_status copy_params(const struct lode_params *from, struct lode_params *to)
{
    const char *name = NULL, *value = NULL;
    for (int i = 0; lode_params_at(from, i, &name, &value); i++)
        lode_try(set_param(to, name, value));
    return LODE_OK;
}

/* The parameters with requested and generated definitions after the user's. */
static lode_status extend(const struct lode_params *params, const struct lode_param *table,
                          const struct generator_definitions *requested,
                          const struct generated *generated, struct lode_params **extended)
{
    struct lode_params *made = NULL;
    struct lode_bytes text = {0};
    lode_status status = lode_params_create(table, &made);
    if (status) goto done;
    lode_try_done(copy_params(params, made));
    lode_try_done(lode_bytes_printf(&text, "%s\n", lode_params_text(params, "derived")));
    for (int64_t i = 0; i < requested->n; i++)
        lode_try_done(
            append_definition(&text, requested->list[i].name, requested->list[i].expression));
    for (int64_t i = 0; i < generated->n; i++)
        lode_try_done(
            append_definition(&text, generated->list[i].name, generated->list[i].expression));
    lode_try_done(lode_bytes_append(&text, "", 1));
    lode_try_done(set_param(made, "derived", (const char *)text.data));
    *extended = made;
    made = NULL;
done:
    lode_params_destroy(made);
    lode_bytes_clear(&text);
    return status;
}

/* What is neither a name of the store nor of the user's definitions is free. */
static lode_status list_taken(const struct derivation *derivation, struct lode_arena *arena,
                              struct generator_names *taken)
{
    const struct lode_store *store = &derivation->store;
    const char **names = NULL;
    int64_t n = 0;
    lode_try(lode_take(arena, store->n_attributes + 2 * store->n_kpis + 1, &names));
    names[n++] = "lifecycle";
    for (int64_t i = 0; i < store->n_attributes; i++) names[n++] = store->attributes[i].name;
    for (int64_t i = 0; i < store->n_kpis; i++) {
        const char *name = store->kpis[i].name;
        names[n++] = name;
        if (strncmp(name, "kpi_", 4) == 0) names[n++] = name + 4;
    }
    *taken = (struct generator_names){n, names};
    return LODE_OK;
}

/* Everything before the first round. */
static lode_status begin(const struct lode_params *params, const struct lode_store *store,
                         struct lode_arena *arena, struct making *making)
{
    making->requested.arena = arena;
    lode_try(derivation_make(params, store, arena, &making->derivation));
    lode_try(generator_schema_make(&making->derivation.schema, arena, &making->names));
    lode_try(list_taken(&making->derivation, arena, &making->requested.taken));
    return generator_add_requested(params, &making->options.library, &making->names,
                                   &making->requested);
}

/* --- what the language takes --- */

static bool is_known(const struct generator_definitions *requested, const char *name)
{
    for (int64_t i = 0; i < requested->n; i++)
        if (strcmp(requested->list[i].name, name) == 0) return true;
    return generator_names_have(&requested->taken, name);
}

/* Leaves out, from definition `first` on, what is no expression with this schema. */
static lode_status compile(struct making *making, int64_t first)
{
    struct lode_arena *arena = making->run->arena;
    struct generated *made = &making->made;
    struct expr_language *language = NULL;
    int64_t n = first;
    lode_try(expr_language_create(&making->derivation.schema, arena, &language));
    for (int64_t i = first; i < made->n; i++) {
        const struct generated_definition *one = &made->list[i];
        const struct expr_definition definition = {.name = one->name, .text = one->expression};
        int32_t node = 0;
        lode_status status = is_known(&making->requested, one->name)
                                 ? lode_fail(LODE_E_USAGE, "the name is taken")
                                 : expr_define(language, &definition, &node);
        if (status && status != LODE_E_USAGE) return status;
        if (status)
            lode_try(generated_note(made, one->name, lode_error_text(), arena));
        else
            made->list[n++] = *one;
    }
    made->n = n;
    return LODE_OK;
}

/* --- the first round --- */

/* Binary KPIs of the store that are analysed: those that tell faulty from normal. */
static lode_status find_kpis(const struct making *making, struct lode_arena *arena, int64_t **kpis,
                             int64_t *n_kpis)
{
    struct opportunity_options options;
    const struct lode_store *store = &making->derivation.store;
    lode_try(opportunity_options_read(making->run->params, store, arena, &options));
    lode_try(lode_take(arena, options.n_kpis, kpis));
    *n_kpis = 0;
    for (int64_t i = 0; i < options.n_kpis; i++)
        if (options.kpis[i] < making->derivation.n_stored_kpis &&
            store->kpis[options.kpis[i]].is_binary)
            (*kpis)[(*n_kpis)++] = options.kpis[i];
    return LODE_OK;
}

static lode_status survey(struct making *making)
{
    struct lode_arena *arena = making->run->arena;
    const struct expr_schema *schema = &making->derivation.schema;
    const char **kpi_names = NULL;
    int64_t *words = NULL, *kpis = NULL, n_kpis = 0;
    lode_try(find_kpis(making, arena, &kpis, &n_kpis));
    lode_try(survey_take(making->run, kpis, n_kpis, &making->survey));
    lode_try(lode_take(arena, n_kpis, &kpi_names));
    lode_try(lode_take(arena, schema->n_attributes, &words));
    for (int64_t i = 0; i < n_kpis; i++) kpi_names[i] = schema->kpis[kpis[i]].name;
    for (int64_t i = 0; i < schema->n_attributes; i++)
        words[i] = schema->attributes[i].dictionary.count;
    making->facts = (struct offline_facts){.schema = &making->names,
                                           .attribute_words = words,
                                           .binary_kpis = {n_kpis, kpi_names},
                                           .survey = &making->survey};
    return LODE_OK;
}

/* The offline rules fill the round up to its budget; what is there is not made again. */
static lode_status add_offline(struct making *making, int64_t budget, int64_t round)
{
    struct lode_arena *arena = making->run->arena;
    struct generator_definitions all = {.arena = arena, .taken = making->requested.taken};
    const int64_t n = making->requested.n + making->made.n;
    lode_try(lode_take(arena, n, &all.list));
    all.room = n;
    for (int64_t i = 0; i < making->requested.n; i++) all.list[all.n++] = making->requested.list[i];
    for (int64_t i = 0; i < making->made.n; i++)
        all.list[all.n++] = (struct generator_definition){
            .name = making->made.list[i].name, .expression = making->made.list[i].expression};
    lode_try(
        offline_choose(&making->options.library, &making->facts, making->weights, budget, &all));
    const struct generator_definitions added = {.n = all.n - n, .list = all.list + n};
    return generated_add(&making->made, &added, round, arena);
}

/* Takes the definitions of a round from the file; false: it has none. */
static lode_status take_stored(struct making *making, int64_t round, bool *taken)
{
    struct generated *made = &making->made;
    struct generated_definition *list = NULL;
    *taken = false;
    lode_try(lode_take(making->run->arena, made->n + making->stored.n, &list));
    if (made->n) memcpy(list, made->list, (size_t)made->n * sizeof *list);
    made->list = list;
    for (int64_t i = 0; i < making->stored.n; i++) {
        if (making->stored.list[i].round != round) continue;
        made->list[made->n++] = making->stored.list[i];
        *taken = true;
    }
    return LODE_OK;
}

static lode_status first_round(struct making *making)
{
    struct lode_arena *arena = making->run->arena;
    bool found = false, taken = false;
    making->stored = (struct generated){.asked = lode_params_text(making->run->params, "generate"),
                                        .used = "offline",
                                        .why = "",
                                        .model = ""};
    lode_try(generated_load(making->run->directory, arena, &making->stored, &found));
    making->made = making->stored;
    making->made.n = 0;
    lode_try(lode_take(arena, making->options.library.n, &making->weights));
    generator_weights(&making->options.library, making->made.opinions, making->made.n_opinions,
                      making->weights);
    const bool is_offline = strcmp(making->made.used, "offline") == 0;
    if (is_offline) lode_try(survey(making));
    if (making->stored.is_chosen)
        lode_try(take_stored(making, 1, &taken));
    else
        lode_try(add_offline(making, making->options.max_hypotheses, 1));
    making->made.is_chosen = true;
    return compile(making, 0);
}

/* --- further rounds --- */

static int compare_rows(const void *left, const void *right)
{
    const struct cohort_row *a = *(const struct cohort_row *const *)left;
    const struct cohort_row *b = *(const struct cohort_row *const *)right;
    if (a->sessions != b->sessions) return a->sessions > b->sessions ? -1 : 1;
    return a < b ? -1 : a > b; /* rows of one table: their order is that of the table */
}

/* The largest cohorts of stored attributes. */
static lode_status find_cohorts(const struct making *making, const struct cohort_rows *rows,
                                struct policy_rules *rules)
{
    struct lode_arena *arena = making->run->arena;
    const struct cohort_row **list = NULL;
    struct policy_cohort *cohorts = NULL;
    int64_t n = 0;
    lode_try(lode_take(arena, rows->n, &list));
    lode_try(lode_take(arena, COHORTS_MAX, &cohorts));
    for (int64_t i = 0; i < rows->n; i++)
        if (rows->rows[i].attribute < making->derivation.n_stored_attributes &&
            rows->rows[i].kpi == rows->rows[0].kpi && !rows->rows[i].is_all)
            list[n++] = &rows->rows[i];
    qsort(list, (size_t)n, sizeof *list, compare_rows);
    for (int64_t i = 0; i < n && i < COHORTS_MAX; i++) {
        const struct cohort_set *set = &rows->counts->sets[list[i]->attribute];
        cohorts[rules->n_cohorts++] =
            (struct policy_cohort){set->attribute, set->values[list[i]->value]};
    }
    rules->cohorts = cohorts;
    return LODE_OK;
}

/* The rows about generated definitions, as outcomes. `first`: the attribute of the first. */
static lode_status find_outcomes(const struct cohort_rows *rows, int64_t first, int64_t n_generated,
                                 struct lode_arena *arena, struct policy_outcome **outcomes,
                                 int64_t *n)
{
    double *p = NULL, *q = NULL;
    *n = 0;
    lode_try(lode_take(arena, rows->n, outcomes));
    lode_try(lode_take(arena, rows->n, &p));
    lode_try(lode_take(arena, rows->n, &q));
    for (int64_t i = 0; i < rows->n; i++) p[i] = rows->rows[i].p;
    lode_try(lode_benjamini_hochberg(p, rows->n, arena, q));
    for (int64_t i = 0; i < rows->n; i++) {
        const int64_t definition = rows->rows[i].attribute - first;
        if (definition < 0 || definition >= n_generated) continue;
        (*outcomes)[(*n)++] = (struct policy_outcome){definition, rows->rows[i].relative, q[i]};
    }
    return LODE_OK;
}

/* Counts the cohorts of all definitions so far. */
static lode_status measure(struct making *making, struct policy_rules *rules,
                           struct policy_outcome **outcomes, int64_t *n_outcomes)
{
    struct lode_run derived = *making->run;
    struct lode_params *params = NULL;
    struct derivation derivation;
    struct opportunity_options options;
    struct cohort_counts counts;
    struct cohort_rows rows;
    lode_status status =
        extend(making->run->params, making->table, &making->requested, &making->made, &params);
    if (status) goto done;
    derived.params = params;
    lode_try_done(derivation_make(params, making->run->store, derived.arena, &derivation));
    derived.store = &derivation.store;
    lode_try_done(opportunity_options_read(params, derived.store, derived.arena, &options));
    options.derivation = &derivation;
    lode_try_done(derivation_prepare(&derived, options.attribute_on, &derivation));
    const struct cohort_options counted = {.n_kpis = options.n_kpis,
                                           .kpis = options.kpis,
                                           .derivation = &derivation,
                                           .attribute_on = options.attribute_on,
                                           .sparse_after_ms = options.sparse_after_ms,
                                           .first_sessions = options.first_sessions};
    lode_try_done(cohorts_count(&derived, &counted, &counts));
    lode_try_done(cohort_rows_make(&counts, derived.store, &options, derived.arena, &rows));
    rules->max_q = options.max_q;
    rules->least_effect = options.cohort_relative;
    lode_try_done(find_cohorts(making, &rows, rules));
    lode_try_done(find_outcomes(&rows, derived.store->n_attributes - making->made.n, making->made.n,
                                derived.arena, outcomes, n_outcomes));
done:
    lode_params_destroy(params);
    return status;
}

static lode_status next_round(struct making *making, int64_t round)
{
    struct policy_rules rules = {.budget = making->options.max_hypotheses};
    struct policy_outcome *outcomes = NULL;
    const int64_t before = making->made.n;
    int64_t n_outcomes = 0;
    bool taken = false;
    const bool is_offline = strcmp(making->made.used, "offline") == 0;
    lode_try(measure(making, &rules, &outcomes, &n_outcomes));
    lode_try(take_stored(making, round, &taken));
    if (taken) return compile(making, before);
    if (is_offline)
        lode_try(
            offline_events(&making->facts, making->run->arena, &rules.events, &rules.n_events));
    lode_try(generator_next(&making->options.library, &making->names, &rules, outcomes, n_outcomes,
                            round, making->run->arena, &making->made));
    if (is_offline) {
        generator_reweigh(&making->options.library, &rules, outcomes, n_outcomes, &making->made,
                          making->weights);
        lode_try(add_offline(making, rules.budget - (making->made.n - before), round));
    }
    return compile(making, before);
}

static lode_status generate(struct making *making)
{
    lode_try(first_round(making));
    lode_try(generated_save(making->run->directory, &making->made));
    for (int64_t round = 2; round <= making->options.rounds; round++) {
        lode_try(next_round(making, round));
        lode_try(generated_save(making->run->directory, &making->made));
    }
    lode_log_info("generate=%s used=%s definitions=%lld dropped=%lld", making->made.asked,
                  making->made.used, (long long)making->made.n, (long long)making->made.n_notes);
    return LODE_OK;
}

/* --- for the job --- */

static bool is_wanted(const struct lode_params *params, const struct generator_options *options)
{
    return options->mode != GENERATOR_OFF || lode_params_text(params, "templates")[0] != '\0';
}

lode_status generation_make(struct lode_run *run, const struct lode_param *table,
                            struct generation *generation)
{
    struct making making = {.run = run, .table = table};
    lode_try(generator_options_read(run->params, run->arena, &making.options));
    if (!is_wanted(run->params, &making.options)) return LODE_OK;
    lode_try(begin(run->params, run->store, run->arena, &making));
    if (making.options.mode != GENERATOR_OFF) lode_try(generate(&making));
    generation->n_generated = making.made.n;
    return extend(run->params, table, &making.requested, &making.made, &generation->params);
}

lode_status generation_check(const struct lode_params *params, const struct lode_param *table,
                             const struct lode_store *store, struct lode_arena *arena,
                             struct generation *generation)
{
    struct making making = {.table = table};
    lode_try(generator_options_read(params, arena, &making.options));
    if (!is_wanted(params, &making.options)) return LODE_OK;
    lode_try(begin(params, store, arena, &making));
    return extend(params, table, &making.requested, &making.made, &generation->params);
}

void generation_clear(struct generation *generation)
{
    lode_params_destroy(generation->params);
    *generation = (struct generation){0};
}
