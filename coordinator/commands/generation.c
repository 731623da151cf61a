/* Generation: see the header. */
#include "coordinator/commands/generation.h"

#include "common/file.h"
#include "common/http.h"
#include "common/log.h"
#include "common/text.h"
#include "coordinator/commands/model.h"
#include "coordinator/mutes.h"
#include "jobs/opportunities/generator/generator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 64 << 20 };

static bool has_generator(const struct lode_params *params)
{
    return lode_params_text(params, "generate") && lode_params_text(params, "templates");
}

/* --- parameters that templates set --- */

/* A parameter that was set by hand to something else stays a person's: both cannot hold. */
static lode_status set_one(void *context, const char *assignment)
{
    struct lode_params *params = context;
    const char *equals = strchr(assignment, '=');
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(equals - assignment), assignment);
    const char *now = lode_params_text(params, name);
    if (now && strcmp(now, equals + 1) == 0) return LODE_OK;
    if (now && !lode_params_is_initial(params, name))
        return lode_fail(LODE_E_USAGE, "sets %s, but the run has %s=%s", assignment, name, now);
    return lode_params_set(params, assignment);
}

lode_status generation_set(struct lode_params *params)
{
    struct lode_arena *arena = NULL;
    struct template_library library;
    if (!has_generator(params) || !lode_params_text(params, "templates")[0]) return LODE_OK;
    lode_try(lode_arena_create(0, &arena));
    lode_status status =
        template_library_load(lode_params_text(params, "template_path"), arena, &library);
    if (!status) status = generator_settings(params, &library, arena, params, set_one);
    lode_arena_destroy(arena);
    return status;
}

/* --- before the job --- */

static lode_status take_opinions(const char *store, struct lode_arena *arena,
                                 struct generated *generated)
{
    struct mutes all;
    lode_try(remarks_load(REMARK_FEEDBACK, store, arena, &all));
    lode_try(lode_take(arena, all.n, &generated->opinions));
    for (int64_t i = 0; i < all.n; i++) {
        if (strcmp(all.list[i].job, "opportunities") != 0) continue;
        generated->opinions[generated->n_opinions++] =
            (struct generator_opinion){.template = all.list[i].template,
                                       .class = all.list[i].class,
                                       .is_useful = strcmp(all.list[i].verdict, "useful") == 0};
    }
    return LODE_OK;
}

static lode_status take_file(const char *path, struct lode_arena *arena, struct generated *made)
{
    struct lode_bytes text = {0};
    lode_status status = lode_file_read(path, FILE_LIMIT, &text);
    if (!status) status = generated_parse(path, (const char *)text.data, text.size, arena, made);
    lode_bytes_clear(&text);
    if (!status && !made->is_chosen)
        status = lode_fail(LODE_E_INPUT, "%s: the run had not chosen its hypotheses yet", path);
    return status ? lode_note(status, "parameter generate") : LODE_OK;
}

/* Why there is nothing of the model: told at once, and kept in the run. */
static lode_status fall_back(struct lode_arena *arena, struct generated *made)
{
    char *why = NULL;
    const char *text = lode_error_text();
    lode_try(lode_arena_text(arena, text, strlen(text), &why));
    made->used = "offline";
    made->why = why;
    made->n = 0;
    made->is_chosen = false;
    fprintf(stderr, "lode: warning: no hypotheses of the model (%s); the offline rules choose\n",
            why);
    return LODE_OK;
}

static lode_status take_model(const struct lode_params *params, const struct lode_store *store,
                              const struct generator_options *options, struct lode_arena *arena,
                              struct generated *made)
{
    struct generator_definitions definitions = {.arena = arena};
    made->model = lode_params_text(params, "llm_model");
    const lode_status status = model_ask(params, store, options, &definitions, made);
    if (status == LODE_E_INPUT) return fall_back(arena, made);
    if (status) return status;
    made->used = "llm";
    made->is_chosen = true;
    for (int64_t i = 0; i < made->n_notes; i++)
        fprintf(stderr, "lode: warning: the model's %s is left out: %s\n", made->notes[i].what,
                made->notes[i].why);
    return generated_add(made, &definitions, 1, arena);
}

static lode_status prepare(const struct lode_params *params, const struct lode_store *store,
                           const char *directory, struct lode_arena *arena)
{
    struct generator_options options;
    struct generated made = {.used = "offline", .why = "", .model = ""};
    const char *asked = lode_params_text(params, "generate");
    bool found = false;
    lode_try(generator_options_read(params, arena, &options));
    if (options.mode == GENERATOR_OFF) return LODE_OK;
    lode_try(generated_load(directory, arena, &made, &found));
    if (found) return LODE_OK; /* a run that goes on */
    if (options.mode == GENERATOR_FILE) {
        lode_try(take_file(asked, arena, &made));
        made.used = "file";
        made.n_opinions = 0;
    }
    made.asked = asked;
    if (options.mode != GENERATOR_FILE) lode_try(take_opinions(store->path, arena, &made));
    if (options.mode == GENERATOR_LLM) lode_try(take_model(params, store, &options, arena, &made));
    return generated_save(directory, &made);
}

lode_status generation_prepare(const struct lode_params *params, const struct lode_store *store,
                               const char *directory)
{
    struct lode_arena *arena = NULL;
    if (!has_generator(params)) return LODE_OK;
    lode_try(lode_arena_create(0, &arena));
    const lode_status status = prepare(params, store, directory, arena);
    lode_arena_destroy(arena);
    return status;
}

void generation_describe(const char *directory, cJSON *record)
{
    struct lode_arena *arena = NULL;
    struct generated made;
    bool found = false;
    if (lode_arena_create(0, &arena)) return;
    if (generated_load(directory, arena, &made, &found) == LODE_OK && found) {
        cJSON *about = cJSON_AddObjectToObject(record, "generator");
        cJSON_AddStringToObject(about, "asked", made.asked);
        cJSON_AddStringToObject(about, "used", made.used);
        cJSON_AddStringToObject(about, "why", made.why);
        cJSON_AddStringToObject(about, "model", made.model);
        cJSON_AddNumberToObject(about, "definitions", (double)made.n);
        cJSON_AddNumberToObject(about, "dropped", (double)made.n_notes);
        cJSON_AddNumberToObject(about, "opinions", (double)made.n_opinions);
    }
    lode_arena_destroy(arena);
}
