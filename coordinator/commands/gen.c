/* lode gen: makes telemetry with planted, known truths. */
#include "jobs/gen/gen.h"
#include "common/file.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/engine.h"
#include "jobs/gen/plant.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT = 1, USERS, SESSIONS, SEED, PLANT, NO_PLANT };

static const struct option own_options[] = {
    {OUTPUT, "-o", "DIR", "the folder to make: sessions.csv, events.csv, truth.json"},
    {USERS, "--users", "N", "users (2000)"},
    {SESSIONS, "--sessions-per-user", "X", "mean, 1 to 100 (11); about 8 events each"},
    {SEED, "--seed", "S", "equal seeds give equal bytes (1)"},
    {PLANT, "--plant", "LIST", "kinds of truth.json, or a set: all, paper, usual (usual)"},
    {NO_PLANT, "--no-plant", NULL, "plant nothing: KPIs are independent of behaviour"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, cluster_option_table, NULL};

struct request {
    struct cluster_settings settings;
    struct gen_events_options events;
    const char *output;
};

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    bool taken = false;
    int64_t number = 0;
    switch (id) {
    case OUTPUT:
        request->output = value;
        return LODE_OK;
    case USERS:
        if (!lode_text_to_i64(value, strlen(value), &request->events.users) ||
            request->events.users < 1 || request->events.users > 1000000000)
            return lode_fail(LODE_E_USAGE, "--users %s: must lie in 1..1000000000", value);
        return LODE_OK;
    case SEED:
        if (!lode_text_to_i64(value, strlen(value), &number) || number < 0)
            return lode_fail(LODE_E_USAGE, "--seed %s: must be a number >= 0", value);
        request->events.seed = (uint64_t)number;
        return LODE_OK;
    case SESSIONS:
        if (!lode_text_to_f64(value, strlen(value), &request->events.sessions_per_user))
            return lode_fail(LODE_E_USAGE, "--sessions-per-user %s: must be a number", value);
        return LODE_OK;
    case PLANT:
        return plant_read(value, &request->events.planted);
    case NO_PLANT:
        request->events.planted = 0;
        return LODE_OK;
    default:
        return cluster_settings_take(&request->settings, id, value, &taken);
    }
}

static lode_status generate(struct invocation *invocation, struct request *request,
                            struct lode_arena *arena)
{
    char *target = NULL, *aside = NULL;
    struct lode_bytes path = {0};
    lode_try(lode_path_absolute(request->output, arena, &target));
    lode_status status = lode_bytes_printf(&path, "%s.unfinished", target);
    if (!status) status = lode_arena_text(arena, (const char *)path.data, path.size, &aside);
    lode_bytes_clear(&path);
    lode_try(status);
    lode_try(metrics_check(&request->settings.metrics));
    lode_try(engine_make_directory(aside));
    const struct execution execution = {.job = &gen_events_job,
                                        .directory = aside,
                                        .output = aside,
                                        .name = target,
                                        .arena = arena,
                                        .options = &request->events};
    status = engine_execute(invocation, &request->settings, &execution);
    char log[4096];
    snprintf(log, sizeof log, "%s/log", aside);
    if (!status) status = lode_directory_remove(log);
    if (!status && rename(aside, target))
        status = lode_fail(LODE_E_DISK, "%s cannot be renamed to %s", aside, target);
    if (status && lode_directory_remove(aside)) fprintf(stderr, "lode: %s is left over\n", aside);
    return status;
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {0};
    struct lode_arena *arena = NULL;
    const char *words[32];
    int n_words = 0;
    bool help = false;
    if (invocation->argument_count > 32) return lode_fail(LODE_E_USAGE, "too many arguments");
    cluster_settings_init(&request.settings);
    gen_events_defaults(&request.events);
    lode_try(options_read(invocation->argument_count, invocation->arguments, option_tables, take,
                          &request, words, &n_words, &help));
    if (help) {
        command_help(&gen_command);
        return LODE_OK;
    }
    if (n_words != 1 || strcmp(words[0], "events") != 0)
        return lode_fail(LODE_E_USAGE, "lode gen makes: events (lode gen %s)", gen_command.usage);
    if (!request.output) return lode_fail(LODE_E_USAGE, "lode gen needs -o DIR");
    if (access(request.output, F_OK) == 0)
        return lode_fail(LODE_E_USAGE, "%s: exists already", request.output);
    lode_try(lode_arena_create(0, &arena));
    const lode_status status = generate(invocation, &request, arena);
    lode_arena_destroy(arena);
    return status;
}

const struct command gen_command = {
    .name = "gen",
    .usage = "events -o DIR [--users N] [--seed S] [--plant LIST]",
    .summary = "generate sessions with planted, known opportunities",
    .example = "lode gen events --users 2000 --seed 7 -o logs",
    .options = option_tables,
    .on_cluster = true,
    .run = run,
};
