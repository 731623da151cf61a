/* lode gen: makes telemetry with planted, known truths. */
#include "jobs/gen/gen.h"
#include "common/file.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/engine.h"
#include "jobs/gen/counters/counters.h"
#include "jobs/gen/counters/issue.h"
#include "jobs/gen/plant.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT = 1, SEED, PLANT, NO_PLANT };
enum { USERS = 100, SESSIONS, OF_COUNTERS = 200, COMPONENTS = OF_COUNTERS, COUNTERS, SLOTS, SLOT };

static const struct option own_options[] = {
    {OUTPUT, "-o", "DIR", "the folder to make: truth.json and what has it"},
    {SEED, "--seed", "S", "equal seeds give equal bytes (1)"},
    {PLANT, "--plant", "LIST",
     "none or kinds of truth.json; events: or all, paper, usual (usual); counters: or all (all)"},
    {NO_PLANT, "--no-plant", NULL, "the same as --plant none"},
    {0, NULL, NULL, NULL},
};
static const struct option events_options[] = {
    {USERS, "--users", "N", "events: users (2000)"},
    {SESSIONS, "--sessions-per-user", "X", "events: mean, 1 to 100 (11); about 8 events each"},
    {0, NULL, NULL, NULL},
};
static const struct option counters_options[] = {
    {COMPONENTS, "--components", "N", "counters: sub-components of services, a file each (24)"},
    {COUNTERS, "--counters", "M", "counters: of each (20)"},
    {SLOTS, "--slots", "T", "counters: rows of a file of train/, and of test/ (4320)"},
    {SLOT, "--slot", "TIME", "counters: between rows (1m)"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, events_options, counters_options,
                                                     cluster_option_table, NULL};

enum kind { KIND_EVENTS, KIND_COUNTERS, KINDS };
static const char *const kind_names[KINDS] = {"events", "counters"};

struct request {
    struct cluster_settings settings;
    struct gen_events_options events;
    struct gen_counters_options counters;
    const char *output, *plant;
    const char *of[KINDS]; /* an option that is of that kind alone; NULL: none was given */
};

static lode_status take_number(const char *option, const char *value, int64_t least, int64_t most,
                               int64_t *number)
{
    if (lode_text_to_i64(value, strlen(value), number) && *number >= least && *number <= most)
        return LODE_OK;
    if (most == INT64_MAX)
        return lode_fail(LODE_E_USAGE, "%s %s: must be a number >= %lld", option, value,
                         (long long)least);
    return lode_fail(LODE_E_USAGE, "%s %s: must lie in %lld..%lld", option, value, (long long)least,
                     (long long)most);
}

static lode_status take_of_kind(struct request *request, int id, const char *value)
{
    struct gen_counters_options *counters = &request->counters;
    switch (id) {
    case USERS:
        request->of[KIND_EVENTS] = "--users";
        return take_number("--users", value, 1, 1000000000, &request->events.users);
    case SESSIONS:
        request->of[KIND_EVENTS] = "--sessions-per-user";
        if (!lode_text_to_f64(value, strlen(value), &request->events.sessions_per_user))
            return lode_fail(LODE_E_USAGE, "--sessions-per-user %s: must be a number", value);
        return LODE_OK;
    case COMPONENTS:
        request->of[KIND_COUNTERS] = "--components";
        return take_number("--components", value, 1, 1000000, &counters->components);
    case COUNTERS:
        request->of[KIND_COUNTERS] = "--counters";
        return take_number("--counters", value, 1, 10000, &counters->counters);
    case SLOTS:
        request->of[KIND_COUNTERS] = "--slots";
        return take_number("--slots", value, 60, 100000000, &counters->slots);
    default:
        request->of[KIND_COUNTERS] = "--slot";
        if (lode_text_to_duration_ms(value, strlen(value), &counters->slot_ms)) return LODE_OK;
        return lode_fail(LODE_E_USAGE, "--slot %s: must be a time such as 1m", value);
    }
}

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    bool taken = false;
    int64_t number = 0;
    switch (id) {
    case OUTPUT:
        request->output = value;
        return LODE_OK;
    case SEED:
        lode_try(take_number("--seed", value, 0, INT64_MAX, &number));
        request->events.seed = request->counters.seed = (uint64_t)number;
        return LODE_OK;
    case PLANT:
    case NO_PLANT:
        request->plant = id == PLANT ? value : "none";
        return LODE_OK;
    default:
        if (id >= USERS && id <= SLOT) return take_of_kind(request, id, value);
        return cluster_settings_take(&request->settings, id, value, &taken);
    }
}

static lode_status generate(struct invocation *invocation, struct request *request, enum kind kind,
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
    const bool is_counters = kind == KIND_COUNTERS;
    const struct execution execution = {.job = is_counters ? &gen_counters_job : &gen_events_job,
                                        .directory = aside,
                                        .output = aside,
                                        .name = target,
                                        .arena = arena,
                                        .options = is_counters ? (void *)&request->counters
                                                               : (void *)&request->events};
    status = engine_execute(invocation, &request->settings, &execution);
    char log[4096];
    snprintf(log, sizeof log, "%s/log", aside);
    if (!status) status = lode_directory_remove(log);
    if (!status && rename(aside, target))
        status = lode_fail(LODE_E_DISK, "%s cannot be renamed to %s", aside, target);
    if (status && lode_directory_remove(aside)) fprintf(stderr, "lode: %s is left over\n", aside);
    return status;
}

static lode_status find_kind(const char **words, int n_words, enum kind *kind)
{
    for (int k = 0; k < KINDS && n_words == 1; k++) {
        if (strcmp(words[0], kind_names[k]) != 0) continue;
        *kind = (enum kind)k;
        return LODE_OK;
    }
    return lode_fail(LODE_E_USAGE, "lode gen makes: events, counters (lode gen %s)",
                     gen_command.usage);
}

/* What can only be read once the kind is known. */
static lode_status check_request(struct request *request, enum kind kind)
{
    const enum kind other = kind == KIND_EVENTS ? KIND_COUNTERS : KIND_EVENTS;
    if (request->of[other])
        return lode_fail(LODE_E_USAGE, "%s is an option of lode gen %s, not of %s",
                         request->of[other], kind_names[other], kind_names[kind]);
    if (request->plant)
        lode_try(kind == KIND_COUNTERS
                     ? issue_read_kinds(request->plant, &request->counters.planted)
                     : plant_read(request->plant, &request->events.planted));
    if (!request->output) return lode_fail(LODE_E_USAGE, "lode gen needs -o DIR");
    if (access(request->output, F_OK) == 0)
        return lode_fail(LODE_E_USAGE, "%s: exists already", request->output);
    return LODE_OK;
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {0};
    struct lode_arena *arena = NULL;
    struct command_words words;
    enum kind kind = KIND_EVENTS;
    cluster_settings_init(&request.settings);
    gen_events_defaults(&request.events);
    gen_counters_defaults(&request.counters);
    lode_try(command_read(&gen_command, invocation, take, &request, &words));
    if (words.is_helped) return LODE_OK;
    lode_try(find_kind(words.list, words.n, &kind));
    lode_try(check_request(&request, kind));
    lode_try(lode_arena_create(0, &arena));
    const lode_status status = generate(invocation, &request, kind, arena);
    lode_arena_destroy(arena);
    return status;
}

const struct command gen_command = {
    .name = "gen",
    .usage = "events|counters -o DIR [options]",
    .summary = "generate sessions with planted opportunities, or counters with planted issues",
    .example = "lode gen counters --components 24 --counters 20 --seed 7 -o metrics",
    .options = option_tables,
    .on_cluster = true,
    .run = run,
};
