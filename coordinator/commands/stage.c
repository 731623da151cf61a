/* lode stage: turns input files into a store. */
#include "jobs/stage/stage.h"
#include "common/file.h"
#include "common/text.h"
#include "common/version.h"
#include "coordinator/command.h"
#include "coordinator/commands/counters_settings.h"
#include "coordinator/commands/dry_run.h"
#include "coordinator/commands/stage_settings.h"
#include "coordinator/engine.h"
#include "coordinator/mpirun.h"
#include "jobs/stage/append_lock.h"
#include "jobs/stage/counters/rates/definitions.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From SETTING on: names of settings (stage_settings.h, counters_settings.h). */
enum { OUTPUT = 1, APPEND, MAPPING, DRY_RUN, SETTING, OF_EVENTS = 100, OF_COUNTERS = 200 };

static const struct option own_options[] = {
    {OUTPUT, "-o", "STORE", "the store to make"},
    {APPEND, "--append", "STORE",
     "add to this store instead, mapped as it was staged; only new files are written"},
    {DRY_RUN, "--dry-run", NULL, "say what it would take (tasks, bytes, memory, disk); do nothing"},
    {MAPPING, "--mapping", "FILE.yaml",
     "the options below, and (events) `files:` for single inputs; flags win"},
    {SETTING, "--partition-bytes", "BYTES", "input bytes to a partition (32M)"},
    {SETTING + 1, "--time", "COLUMN",
     "time of a row (timestamp_ms, timestamp_s for counters, timestamp, time, ts)"},
    {SETTING + 2, "--time-unit", "UNIT", "auto, ms, s or iso (auto)"},
    {SETTING + 3, "--timezone", "ZONE",
     "of ISO times without an offset: Europe/Berlin, +02:00 (UTC)"},
    {SETTING + 4, "--max-rejects", "SHARE", "rows that may be rejected, such as 0.5% (1%)"},
    {0, NULL, NULL, NULL},
};
static const struct option events_options[] = {
    {OF_EVENTS, "--session", "COLUMN", "events: session id (session_id, session)"},
    {OF_EVENTS + 1, "--user", "COLUMN",
     "events: user id (user_id, user); without one a session is its own user"},
    {OF_EVENTS + 2, "--event", "COLUMN", "events: name of an event (event, event_name, name)"},
    {OF_EVENTS + 3, "--start", "COLUMN",
     "events: start of a session (start_ms, start, start_time)"},
    {OF_EVENTS + 4, "--kpi", "A,B", "events: KPI columns (those whose names begin with kpi_)"},
    {OF_EVENTS + 5, "--attributes", "A,B",
     "events: session attributes (all other columns of sessions)"},
    {OF_EVENTS + 6, "--user-attributes", "A,B", "events: attributes with one value a user (none)"},
    {OF_EVENTS + 10, "--event-attribute", "A,B", "events: words kept with each event (none)"},
    {OF_EVENTS + 11, "--event-value", "A,B", "events: numbers kept with each event (none)"},
    {OF_EVENTS + 7, "--session-gap", "TIME", "events alone: a longer gap ends a session (30m)"},
    {OF_EVENTS + 8, "--session-max", "TIME", "events alone: the longest session (24h)"},
    {OF_EVENTS + 9, "--range-bytes", "BYTES", NULL}, /* for tests: changes no byte */
    {0, NULL, NULL, NULL},
};
static const struct option counters_options[] = {
    {OF_COUNTERS, "--component", "COLUMN",
     "counters: whose counters a row has (the file is one component); of query_range: label; of "
     "rates: attribute of sessions or events"},
    {OF_COUNTERS + 1, "--counter", "COLUMN",
     "counters: long rows: name of the counter (each other column is one)"},
    {OF_COUNTERS + 2, "--value", "COLUMN", "counters: long rows: its value"},
    {OF_COUNTERS + 3, "--slot", "TIME",
     "counters: means of slots, from a component's first sample on (samples as they are); of "
     "rates: counts"},
    {OF_COUNTERS + 4, "--tree", "TEXT",
     "counters: what separates the parts of a component's name (no tree)"},
    {OF_COUNTERS + 7, "--tree-file", "FILE.yaml",
     "counters: the tree instead: names within names, to any depth"},
    {OF_COUNTERS + 8, "--aggregate", "COLUMN|PATTERN",
     "counters: many machines' series as sum, min, max, mean of each slot: the column (label) that "
     "says the machine, or {component}/{machine} of names"},
    {OF_COUNTERS + 9, "--rates", "FILE.yaml",
     "counters of a store of events (EVENTS.lode in the place of FILE): how often in each slot; "
     "`rates:` of lines NAME: EXPRESSION"},
    {OF_COUNTERS + 10, "--rate", "NAME: EXPRESSION",
     "counters: one more rate: events, such as error{status >= 500}, or a pattern, such as a -> b"},
    {OF_COUNTERS + 11, "--component-name", "NAME",
     "counters: of rates: the component (the store's name), such as shop/web or shop/{region}"},
    {OF_COUNTERS + 5, "--units", "A=UNIT,B=UNIT", "counters: units of counters"},
    {OF_COUNTERS + 6, "--types", "A=TYPE,B=TYPE",
     "counters: gauge, count, rate or counter (gauge)"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {
    own_options, events_options, counters_options, cluster_option_table, NULL,
};

enum kind { EVENTS, COUNTERS, KINDS };
static const char *const kind_names[KINDS] = {"events", "counters"};

struct request {
    struct cluster_settings settings;
    enum kind kind;
    struct stage_events_options events;
    struct stage_events_summary events_summary;
    struct stage_counters_options counters;
    struct stage_counters_summary counters_summary;
    struct lode_arena *arena;
    struct lode_bytes history; /* what decided the store's content, as a command line */
    const char *output, *append, *mapping;
    const char *mapped;   /* an option that an append takes from its store; NULL: none */
    const char *of_rates; /* the same, unless the store gets its rates by the append */
    bool dry_run;
};

/* First pass: the mapping file alone, so that flags win wherever they stand. */
static lode_status take_mapping(void *context, int id, const char *value)
{
    struct request *request = context;
    if (id == MAPPING) request->mapping = value;
    return LODE_OK;
}

/* Does the store decide it when files are appended? */
static bool is_of_mapping(const char *name)
{
    return strcmp(name, "--max-rejects") != 0 && strcmp(name, "--range-bytes") != 0;
}

/* Does it say which rates are counted, and whose they are? */
static bool is_of_rates(const char *name)
{
    return strcmp(name, "--component") == 0 || strcmp(name, "--component-name") == 0 ||
           strcmp(name, "--rates") == 0 || strcmp(name, "--rate") == 0;
}

static lode_status set(struct request *request, const char *name, const char *value)
{
    if (request->kind == COUNTERS)
        return counters_settings_set(&request->counters, request->arena, name, value);
    return stage_settings_set(&request->events, request->arena, name, value);
}

/* An option of the tables above: a setting. *found false: it is none of them. */
static lode_status take_setting(struct request *request, int id, const char *value, bool *found)
{
    const struct option *const tables[] = {own_options, events_options, counters_options};
    for (int t = 0; t < 3; t++)
        for (const struct option *option = tables[t]; option->id; option++) {
            if (option->id != id) continue;
            *found = true;
            if (t > 0 && t - 1 != (int)request->kind)
                return lode_fail(LODE_E_USAGE, "%s is an option of lode stage %s, not of %s",
                                 option->name, kind_names[t - 1], kind_names[request->kind]);
            if (is_of_rates(option->name))
                request->of_rates = option->name;
            else if (is_of_mapping(option->name))
                request->mapped = option->name;
            return set(request, option->name + strlen("--"), value);
        }
    return LODE_OK;
}

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    bool taken = false;
    if (id == MAPPING) return LODE_OK; /* read already */
    if (id == DRY_RUN) {
        request->dry_run = true;
        return LODE_OK;
    }
    if (id == APPEND) {
        request->append = value;
        return LODE_OK;
    }
    if (id == OUTPUT) {
        request->output = value;
        return LODE_OK;
    }
    lode_try(take_setting(request, id, value, &taken));
    return taken ? LODE_OK : cluster_settings_take(&request->settings, id, value, &taken);
}

static lode_status find_kind(struct request *request, const char **words, int n_words)
{
    for (int kind = 0; kind < KINDS && n_words > 0; kind++) {
        if (strcmp(words[0], kind_names[kind]) != 0) continue;
        request->kind = (enum kind)kind;
        return LODE_OK;
    }
    return lode_fail(LODE_E_USAGE,
                     "lode stage makes stores of kind: events, counters (lode stage %s)",
                     stage_command.usage);
}

/* The kind is known, and the mapping file read, before any setting is. */
static lode_status read_command_line(const struct invocation *invocation, struct request *request,
                                     const char **words, int *n_words, bool *help)
{
    lode_try(options_read(invocation->argument_count, invocation->arguments, option_tables,
                          take_mapping, request, words, n_words, help));
    if (*help) return LODE_OK;
    lode_try(find_kind(request, words, *n_words));
    if (request->mapping && request->kind == COUNTERS)
        lode_try(counters_settings_load(&request->counters, request->arena, request->mapping));
    else if (request->mapping)
        lode_try(stage_settings_load(&request->events, request->arena, request->mapping));
    return options_read(invocation->argument_count, invocation->arguments, option_tables, take,
                        request, words, n_words, help);
}

/* What both kinds tell at the end. */
struct told {
    int64_t n_rows_read, n_rows_used, n_rows_rejected, n_reasons, n_partitions, n_generations,
        n_unstaged;
    const struct stage_reason *reasons;
    const char *const *unstaged;
};

static struct told tell(const struct request *request)
{
    const struct stage_events_summary *e = &request->events_summary;
    const struct stage_counters_summary *c = &request->counters_summary;
    if (request->kind == COUNTERS)
        return (struct told){c->n_rows_read, c->n_rows_used,  c->n_rows_rejected,
                             c->n_reasons,   c->n_partitions, c->n_generations,
                             c->n_unstaged,  c->reasons,      c->unstaged};
    return (struct told){e->n_rows_read, e->n_rows_used,  e->n_rows_rejected,
                         e->n_reasons,   e->n_partitions, e->n_generations,
                         e->n_unstaged,  e->reasons,      e->unstaged};
}

/* The names are those in the input: anybody's bytes. */
static void print_unstaged(const struct told *summary)
{
    char name[256];
    fprintf(stderr, "columns not staged:");
    for (int64_t i = 0; i < summary->n_unstaged; i++) {
        const char *text = summary->unstaged[i];
        const size_t size = lode_text_visible(text, strlen(text), name, sizeof name);
        fprintf(stderr, " %.*s", (int)size, name);
    }
    fputc('\n', stderr);
}

static void print_rejects_file(const struct request *request, const struct told *told)
{
    fprintf(stderr, "warning: file, line and reason of each are in %s/rejects", request->output);
    if (request->append) fprintf(stderr, ".g%lld", (long long)told->n_generations);
    fprintf(stderr, ".jsonl\n");
}

/* What a reader of counters should know of them; names are those of a file: anybody's bytes. */
static void print_findings(const struct stage_counters_summary *c)
{
    enum { SHOWN = 10 };
    char a[32], b[32], name[256];
    if (c->n_late > 0)
        fprintf(stderr,
                "warning: %s occurrences before the last slot that was staged: left out; stage the "
                "rates anew to have them\n",
                lode_text_grouped(c->n_late, a));
    if (c->n_missing > 0)
        fprintf(stderr, "%s samples missing: empty, null or NaN\n",
                lode_text_grouped(c->n_missing, a));
    if (c->n_unordered > 0)
        fprintf(stderr, "%s rows out of order: put in order of time\n",
                lode_text_grouped(c->n_unordered, a));
    if (c->n_gaps > 0)
        fprintf(stderr, "%s times without a row in %s components: gaps\n",
                lode_text_grouped(c->n_gaps, a), lode_text_grouped(c->n_gap_components, b));
    if (c->n_unused == 0) return;
    fprintf(stderr,
            "warning: %s names of the tree are in no input:", lode_text_grouped(c->n_unused, a));
    for (int64_t i = 0; i < c->n_unused && i < SHOWN; i++) {
        const size_t size =
            lode_text_visible(c->unused[i], strlen(c->unused[i]), name, sizeof name);
        fprintf(stderr, "%s %.*s", i > 0 ? "," : "", (int)size, name);
    }
    fprintf(stderr, "%s\n", c->n_unused > SHOWN ? ", ..." : "");
}

static void print_rows(const struct request *request)
{
    const struct stage_events_summary *e = &request->events_summary;
    const struct stage_counters_summary *c = &request->counters_summary;
    char n[3][32];
    if (request->kind == COUNTERS)
        fprintf(stderr, "%s: %s components, %s counters, %s times", request->output,
                lode_text_grouped(c->n_components, n[0]), lode_text_grouped(c->n_counters, n[1]),
                lode_text_grouped(c->n_times, n[2]));
    else
        fprintf(stderr, "%s: %s users, %s sessions, %s events", request->output,
                lode_text_grouped(e->n_users, n[0]), lode_text_grouped(e->n_sessions, n[1]),
                lode_text_grouped(e->n_events, n[2]));
}

static void print_read(const struct request *request, const struct told *told)
{
    char a[32], b[32], c[32];
    if (request->kind == COUNTERS && request->counters_summary.of_events)
        fprintf(stderr, "%s events read, %s occurrences counted\n",
                lode_text_grouped(told->n_rows_read, a),
                lode_text_grouped(request->counters_summary.n_occurrences, b));
    else
        fprintf(stderr, "%s rows read = %s used + %s rejected\n",
                lode_text_grouped(told->n_rows_read, a), lode_text_grouped(told->n_rows_used, b),
                lode_text_grouped(told->n_rows_rejected, c));
}

static void print_summary(const struct request *request)
{
    char a[32];
    const struct told told = tell(request);
    print_read(request, &told);
    for (int64_t i = 0; i < told.n_reasons; i++)
        fprintf(stderr, "warning: %s rows rejected: %s\n",
                lode_text_grouped(told.reasons[i].count, a), told.reasons[i].reason);
    if (told.n_rows_rejected > 0) print_rejects_file(request, &told);
    if (request->kind == COUNTERS) print_findings(&request->counters_summary);
    print_rows(request);
    fprintf(stderr, " in %s partitions", lode_text_grouped(told.n_partitions, a));
    if (request->append)
        fprintf(stderr, ", %s generations", lode_text_grouped(told.n_generations, a));
    fputc('\n', stderr);
    if (told.n_unstaged > 0) print_unstaged(&told);
}

/* The cluster's log and exchange files lie beside the store while it is made. */
static lode_status find_work(const struct request *request, const char *output, char **work)
{
    struct lode_bytes path = {0};
    size_t size = strlen(output);
    while (size > 1 && output[size - 1] == '/') size--;
    lode_status status = lode_bytes_printf(&path, "%.*s%s.work", (int)size, output,
                                           request->append ? ".append" : "");
    if (!status) status = lode_arena_text(request->arena, (const char *)path.data, path.size, work);
    lode_bytes_clear(&path);
    return status;
}

/* What the job is given. */
static const void *job_options(struct request *request, const char *const *inputs, int n_inputs)
{
    const char *target = request->append ? NULL : request->output;
    const char *history = (const char *)request->history.data;
    if (request->kind == COUNTERS) {
        struct stage_counters_options *counters = &request->counters;
        counters->inputs = inputs;
        counters->n_inputs = n_inputs;
        counters->output = target;
        counters->append = request->append;
        counters->history = history;
        counters->summary = &request->counters_summary;
        return counters;
    }
    struct stage_events_options *events = &request->events;
    events->inputs = inputs;
    events->n_inputs = n_inputs;
    events->output = target;
    events->append = request->append;
    events->history = history;
    events->summary = &request->events_summary;
    return events;
}

static const struct lode_job *job_of(const struct request *request)
{
    return request->kind == COUNTERS ? &stage_counters_job : &stage_events_job;
}

/* Strings of the files to be staged, which workers must see. */
struct files {
    const char *const *inputs;
    int n;
};

static lode_status stage(struct invocation *invocation, struct request *request,
                         const struct files *files)
{
    char *output = NULL, *work = NULL;
    lode_try(lode_path_absolute(request->output, request->arena, &output));
    lode_try(find_work(request, output, &work));
    const char *shown = request->output;
    request->output = output;
    if (request->append) {
        request->append = output;
        lode_try(lode_directory_remove(work)); /* of an append that was killed: the lock is ours */
    }
    lode_try(metrics_check(&request->settings.metrics));
    lode_try(engine_make_directory(work));
    const struct execution execution = {.job = job_of(request),
                                        .directory = work,
                                        .output = work,
                                        .name = output,
                                        .arena = request->arena,
                                        .options = job_options(request, files->inputs, files->n),
                                        .grows = request->append,
                                        .inputs = files->inputs,
                                        .n_inputs = files->n};
    const lode_status status = engine_execute(invocation, &request->settings, &execution);
    if (lode_directory_remove(work)) fprintf(stderr, "lode: %s is left over\n", work);
    request->output = shown;
    return status;
}

/* The lock spans all that the append does. */
static lode_status append(struct invocation *invocation, struct request *request,
                          const struct files *files)
{
    char lock[PATH_MAX];
    lode_try(append_lock_take(request->append, lock, sizeof lock));
    const lode_status status = stage(invocation, request, files);
    append_lock_release(lock);
    return status;
}

/* Where to: a store that is not there yet, or one that is. */
static lode_status check_target(struct request *request, const char *input)
{
    const bool has_rates = request->kind == COUNTERS && rates_is_store(input);
    const char *mapped = request->mapping                  ? "--mapping"
                         : request->of_rates && !has_rates ? request->of_rates
                                                           : request->mapped;
    char index[PATH_MAX];
    if (!request->append) {
        if (!request->output)
            return lode_fail(LODE_E_USAGE, "lode stage needs -o STORE (or --append STORE)");
        if (access(request->output, F_OK) != 0) return LODE_OK;
        return lode_fail(LODE_E_USAGE,
                         "%s: exists already; take another name, remove it, or add to it with "
                         "--append",
                         request->output);
    }
    if (request->output)
        return lode_fail(LODE_E_USAGE, "-o makes a store, --append adds to one: not both");
    if (mapped)
        return lode_fail(LODE_E_USAGE,
                         "%s: appending maps columns as the store was staged; leave it out",
                         mapped);
    snprintf(index, sizeof index, "%s/%s", request->append, LODE_STORE_INDEX);
    if (access(index, F_OK) != 0)
        return lode_fail(LODE_E_INPUT, "%s: no store to append to (%s is missing)", request->append,
                         index);
    request->output = request->append;
    return LODE_OK;
}

static lode_status run_parsed(struct invocation *invocation, struct request *request,
                              const char **words)
{
    int n_words = 0;
    bool help = false;
    lode_try(read_command_line(invocation, request, words, &n_words, &help));
    if (help) {
        command_help(&stage_command);
        return LODE_OK;
    }
    if (n_words < 2)
        return lode_fail(LODE_E_USAGE, "lode stage %s: no input files", kind_names[request->kind]);
    lode_try(check_target(request, words[1]));
    lode_try(lode_bytes_printf(&request->history, "lode %s stage %s", lode_version(),
                               kind_names[request->kind]));
    lode_try(lode_bytes_append(&request->history, "", 1)); /* zero-terminated */
    const struct files files = {words + 1, n_words - 1};
    if (request->dry_run) {
        const struct lode_run asked = {.options = job_options(request, files.inputs, files.n),
                                       .arena = request->arena};
        return dry_run(job_of(request), &asked, &request->settings, request->output);
    }
    if (request->settings.mpirun_workers > 0 && !invocation->is_rank) {
        char verdict[4096];
        snprintf(verdict, sizeof verdict, "%s.verdict-%d", request->output, (int)getpid());
        return mpirun_run(invocation, request->settings.mpirun_workers, verdict);
    }
    lode_try(request->append ? append(invocation, request, &files)
                             : stage(invocation, request, &files));
    if (!request->settings.options.quiet) print_summary(request);
    return LODE_OK;
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {0};
    const char **words = calloc((size_t)invocation->argument_count + 1, sizeof *words);
    if (!words) return lode_fail(LODE_E_MEMORY, "no memory for the command line");
    cluster_settings_init(&request.settings);
    stage_events_defaults(&request.events);
    stage_counters_defaults(&request.counters);
    lode_status status = lode_arena_create(0, &request.arena);
    if (!status) status = run_parsed(invocation, &request, words);
    lode_bytes_clear(&request.history);
    lode_arena_destroy(request.arena);
    free(words);
    return status;
}

const struct command stage_command = {
    .name = "stage",
    .usage = "events|counters FILE... -o STORE|--append STORE [options]",
    .summary = "turn CSV or JSON Lines files (plain, gzip, zstd) into a store; counters also "
               "Prometheus' query_range, or rates of a store of events",
    .example = "lode stage events sessions.csv.gz events.csv.gz -o web.lode",
    .options = option_tables,
    .on_cluster = true,
    .run = run,
};
