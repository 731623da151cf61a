/* lode stage: turns input files into a store. */
#include "jobs/stage/stage.h"
#include "common/file.h"
#include "common/text.h"
#include "common/version.h"
#include "coordinator/command.h"
#include "coordinator/engine.h"
#include "coordinator/mpirun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OUTPUT = 1,
    PARTITION_BYTES,
    SESSION,
    USER,
    TIME,
    EVENT,
    START,
    KPI,
    ATTRIBUTES,
    USER_ATTRIBUTES,
    TIME_UNIT,
    TIMEZONE,
    GAP,
    MAXIMUM,
    MAX_REJECTS,
    RANGE_BYTES_OPTION
};

static const struct option own_options[] = {
    {OUTPUT, "-o", "STORE", "the store to make"},
    {PARTITION_BYTES, "--partition-bytes", "BYTES", "input bytes to a partition (32M)"},
    {SESSION, "--session", "COLUMN", "session id (session_id, session)"},
    {USER, "--user", "COLUMN", "user id (user_id, user); without one a session is its own user"},
    {TIME, "--time", "COLUMN", "time of an event (timestamp_ms, timestamp, time, ts)"},
    {EVENT, "--event", "COLUMN", "name of an event (event, event_name, name)"},
    {START, "--start", "COLUMN", "start of a session (start_ms, start, start_time)"},
    {KPI, "--kpi", "A,B", "KPI columns (those whose names begin with kpi_)"},
    {ATTRIBUTES, "--attributes", "A,B", "session attributes (all other columns of sessions)"},
    {USER_ATTRIBUTES, "--user-attributes", "A,B", "attributes with one value a user (none)"},
    {TIME_UNIT, "--time-unit", "UNIT", "auto, ms, s or iso (auto)"},
    {TIMEZONE, "--timezone", "OFFSET", "of ISO times without an offset, such as +02:00 (UTC)"},
    {GAP, "--session-gap", "TIME", "events only: a longer gap ends a session (30m)"},
    {MAXIMUM, "--session-max", "TIME", "events only: the longest session (24h)"},
    {MAX_REJECTS, "--max-rejects", "SHARE", "rows that may be rejected, such as 0.5% (1%)"},
    {RANGE_BYTES_OPTION, "--range-bytes", "BYTES",
     NULL}, /* for tests: changes no byte of a store */
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, cluster_option_table, NULL};

struct request {
    struct cluster_settings settings;
    struct stage_events_options events;
    struct stage_events_summary summary;
    struct lode_arena *arena;
    struct lode_bytes history; /* what decided the store's content, as a command line */
    const char *output;
};

/* "a,b" to a list of names. */
static lode_status take_names(struct lode_arena *arena, const char *value,
                              struct stage_names *names)
{
    int64_t count = value[0] != '\0';
    char *text = NULL;
    const char **list = NULL;
    for (const char *at = value; *at; at++) count += *at == ',';
    lode_try(lode_arena_text(arena, value, strlen(value), &text));
    lode_try(lode_take(arena, count, &list));
    names->given = true;
    names->names = list;
    names->count = count;
    char *rest = text;
    for (int64_t i = 0; i < count; i++) list[i] = strsep(&rest, ",");
    return LODE_OK;
}

static lode_status take_duration(const char *name, const char *value, int64_t *duration_ms)
{
    if (!lode_text_to_duration_ms(value, strlen(value), duration_ms) || *duration_ms < 1)
        return lode_fail(LODE_E_USAGE, "%s %s: must be a time such as 30m", name, value);
    return LODE_OK;
}

static lode_status take_size(const char *name, const char *value, uint64_t *size_bytes)
{
    if (!lode_text_to_bytes(value, strlen(value), size_bytes) || *size_bytes < 1)
        return lode_fail(LODE_E_USAGE, "%s %s: must be a size", name, value);
    return LODE_OK;
}

static lode_status take_share(const char *value, double *share)
{
    size_t size = strlen(value);
    const bool percent = size > 0 && value[size - 1] == '%';
    if (percent) size--;
    if (!lode_text_to_f64(value, size, share) || *share < 0.0 || *share > (percent ? 100.0 : 1.0))
        return lode_fail(LODE_E_USAGE, "--max-rejects %s: a share such as 1%% or 0.01", value);
    if (percent) *share /= 100.0;
    return LODE_OK;
}

static lode_status take_unit(const char *value, enum stage_time_unit *unit)
{
    static const char *const names[] = {"auto", "ms", "s", "iso"};
    for (int i = 0; i < 4; i++)
        if (strcmp(value, names[i]) == 0) {
            *unit = (enum stage_time_unit)i;
            return LODE_OK;
        }
    return lode_fail(LODE_E_USAGE, "--time-unit %s: auto, ms, s or iso", value);
}

static lode_status take_timezone(const char *value, int *minutes)
{
    int hours = 0, rest = 0, used = 0;
    char sign = '+';
    *minutes = 0;
    if (strcmp(value, "UTC") == 0 || strcmp(value, "Z") == 0) return LODE_OK;
    if (sscanf(value, "%c%2d:%2d%n", &sign, &hours, &rest, &used) != 3 || value[used] ||
        (sign != '+' && sign != '-') || hours < 0 || hours > 14 || rest < 0 || rest > 59)
        return lode_fail(LODE_E_USAGE, "--timezone %s: an offset such as +02:00, or UTC", value);
    *minutes = (hours * 60 + rest) * (sign == '-' ? -1 : 1);
    return LODE_OK;
}

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    struct stage_events_options *events = &request->events;
    bool taken = false;
    switch (id) {
    case OUTPUT:
        request->output = value;
        return LODE_OK;
    case PARTITION_BYTES:
        return take_size("--partition-bytes", value, &events->partition_bytes);
    case RANGE_BYTES_OPTION:
        return take_size("--range-bytes", value, &events->range_bytes);
    case SESSION:
        events->session = value;
        return LODE_OK;
    case USER:
        events->user = value;
        return LODE_OK;
    case TIME:
        events->time = value;
        return LODE_OK;
    case EVENT:
        events->event = value;
        return LODE_OK;
    case START:
        events->start = value;
        return LODE_OK;
    case KPI:
        return take_names(request->arena, value, &events->kpis);
    case ATTRIBUTES:
        return take_names(request->arena, value, &events->attributes);
    case USER_ATTRIBUTES:
        return take_names(request->arena, value, &events->user_attributes);
    case TIME_UNIT:
        return take_unit(value, &events->time_unit);
    case TIMEZONE:
        return take_timezone(value, &events->timezone_minutes);
    case GAP:
        return take_duration("--session-gap", value, &events->session_gap_ms);
    case MAXIMUM:
        return take_duration("--session-max", value, &events->session_max_ms);
    case MAX_REJECTS:
        return take_share(value, &events->max_rejects);
    default:
        return cluster_settings_take(&request->settings, id, value, &taken);
    }
}

/* The names are those in the input: anybody's bytes. */
static void print_unstaged(const struct stage_events_summary *summary)
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

static void print_summary(const struct request *request)
{
    char a[32], b[32], c[32];
    const struct stage_events_summary *summary = &request->summary;
    fprintf(stderr, "%s rows read = %s used + %s rejected\n",
            lode_text_grouped(summary->n_rows_read, a), lode_text_grouped(summary->n_rows_used, b),
            lode_text_grouped(summary->n_rows_rejected, c));
    for (int64_t i = 0; i < summary->n_reasons; i++)
        fprintf(stderr, "warning: %s rows rejected: %s\n",
                lode_text_grouped(summary->reasons[i].count, a), summary->reasons[i].reason);
    if (summary->n_rows_rejected > 0)
        fprintf(stderr, "warning: file, line and reason of each are in %s/rejects.jsonl\n",
                request->output);
    fprintf(stderr, "%s: %s users, %s sessions, %s events", request->output,
            lode_text_grouped(summary->n_users, a), lode_text_grouped(summary->n_sessions, b),
            lode_text_grouped(summary->n_events, c));
    fprintf(stderr, " in %s partitions\n", lode_text_grouped(summary->n_partitions, a));
    if (summary->n_unstaged > 0) print_unstaged(summary);
}

/* The cluster's log and exchange files lie beside the store while it is made. */
static lode_status stage(struct invocation *invocation, struct request *request)
{
    char *output = NULL, *work = NULL;
    struct lode_bytes path = {0};
    lode_try(lode_path_absolute(request->output, request->arena, &output));
    lode_status status = lode_bytes_printf(&path, "%s.work", output);
    if (!status)
        status = lode_arena_text(request->arena, (const char *)path.data, path.size, &work);
    lode_bytes_clear(&path);
    lode_try(status);
    lode_try(lode_bytes_append(&request->history, "", 1)); /* zero-terminated */
    request->events.output = output;
    request->events.history = (const char *)request->history.data;
    request->events.summary = &request->summary;
    lode_try(engine_make_directory(work));
    const struct execution execution = {.job = &stage_events_job,
                                        .directory = work,
                                        .output = work,
                                        .arena = request->arena,
                                        .options = &request->events};
    status = engine_execute(invocation, &request->settings, &execution);
    if (lode_directory_remove(work)) fprintf(stderr, "lode: %s is left over\n", work);
    return status;
}

static lode_status run_parsed(struct invocation *invocation, struct request *request,
                              const char **words)
{
    int n_words = 0;
    bool help = false;
    lode_try(options_read(invocation->argument_count, invocation->arguments, option_tables, take,
                          request, words, &n_words, &help));
    if (help) {
        command_help(&stage_command);
        return LODE_OK;
    }
    if (n_words < 1 || strcmp(words[0], "events") != 0)
        return lode_fail(LODE_E_USAGE, "lode stage makes stores of kind: events (lode stage %s)",
                         stage_command.usage);
    if (n_words < 2) return lode_fail(LODE_E_USAGE, "lode stage events: no input files");
    if (!request->output) return lode_fail(LODE_E_USAGE, "lode stage needs -o STORE");
    if (access(request->output, F_OK) == 0)
        return lode_fail(LODE_E_USAGE, "%s: exists already; take another name or remove it",
                         request->output);
    if (request->settings.mpirun_workers > 0 && !invocation->is_rank) {
        char verdict[4096];
        snprintf(verdict, sizeof verdict, "%s.verdict-%d", request->output, (int)getpid());
        return mpirun_run(invocation, request->settings.mpirun_workers, verdict);
    }
    request->events.inputs = words + 1;
    request->events.n_inputs = n_words - 1;
    lode_try(stage(invocation, request));
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
    lode_status status = lode_arena_create(0, &request.arena);
    if (!status)
        status = lode_bytes_printf(&request.history, "lode %s stage events", lode_version());
    if (!status) status = run_parsed(invocation, &request, words);
    lode_bytes_clear(&request.history);
    lode_arena_destroy(request.arena);
    free(words);
    return status;
}

const struct command stage_command = {
    .name = "stage",
    .usage = "events FILE... -o STORE [options]",
    .summary = "turn CSV or JSON Lines files (plain, gzip, zstd) into a store",
    .example = "lode stage events sessions.csv.gz events.csv.gz -o web.lode",
    .options = option_tables,
    .on_cluster = true,
    .run = run,
};
