/* lode worker: brings workers to a run that is under way; and what those workers themselves are,
 * started with the hidden --door-fd by whoever looks after them.
 */
#include "worker/worker.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "worker/agent.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { DOOR_FD = 1, JOIN, WORKERS, DOOR_FD_MAX = 1024 };

struct arguments {
    const char *run; /* --join */
    int64_t workers;
    int64_t door_fd; /* -1: none */
};

static const struct option own_options[] = {
    {JOIN, "--join", "RUN", "directory of the run to help"},
    {WORKERS, "--workers", "N", "how many workers to bring (1)"},
    {DOOR_FD, "--door-fd", "N", NULL},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

static lode_status take_number(const char *name, const char *value, int64_t least, int64_t most,
                               int64_t *number)
{
    int64_t found = 0;
    if (!lode_text_to_i64(value, strlen(value), &found) || found < least || found > most)
        return lode_fail(LODE_E_USAGE, "%s %s: must be a number in %lld..%lld", name, value,
                         (long long)least, (long long)most);
    *number = found;
    return LODE_OK;
}

static lode_status take(void *context, int id, const char *value)
{
    struct arguments *arguments = context;
    switch (id) {
    case JOIN:
        arguments->run = value;
        return LODE_OK;
    case WORKERS:
        return take_number("--workers", value, 1, 10000, &arguments->workers);
    default:
        return take_number("--door-fd", value, 0, DOOR_FD_MAX, &arguments->door_fd);
    }
}

static lode_status serve(int fd)
{
    struct door door;
    lode_status status = door_read(fd, &door);
    if (!status) status = worker_serve(&door);
    explicit_bzero(&door, sizeof door);
    return status;
}

static const char *plural(int64_t workers)
{
    return workers == 1 ? "" : "s";
}

/* One worker that was told to leave has seen the end of the run; others may have missed it, when
 * the coordinator was gone before their turn. */
static lode_status tell_ends(const struct arguments *arguments, const struct supervisor_ends *ends,
                             bool drained)
{
    const long long workers = (long long)arguments->workers;
    if (drained || ends->left > 0) {
        fprintf(stderr, "lode: %lld worker%s joined the run %s and left %s\n", workers,
                plural(workers), arguments->run,
                drained ? "when asked to by a signal" : "when told to");
        return LODE_OK;
    }
    if (ends->refused > 0)
        return lode_fail(LODE_E_USAGE, "the run %s took none of %lld worker%s in", arguments->run,
                         workers, plural(workers));
    if (ends->crashed > 0 && ends->lost == 0)
        return lode_fail(LODE_E_CLUSTER,
                         "%d of %lld worker%s for the run %s crashed again and again",
                         ends->crashed, workers, plural(workers), arguments->run);
    return lode_fail(LODE_E_CLUSTER,
                     "%lld worker%s lost the coordinator of the run %s, or never reached it",
                     workers, plural(workers), arguments->run);
}

static lode_status join(const struct arguments *arguments)
{
    char path[PATH_MAX];
    struct door door = {0};
    struct supervisor_ends ends;
    bool drained = false;
    if (snprintf(path, sizeof path, "%s/endpoint", arguments->run) >= (int)sizeof path)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", arguments->run);
    lode_try(door_load(path, &door));
    fprintf(stderr, "lode: joining the run %s on %s with %lld worker%s\n", arguments->run,
            door.host, (long long)arguments->workers, plural(arguments->workers));
    const lode_status status = agent_join(&door, (int)arguments->workers, &ends, &drained);
    explicit_bzero(&door, sizeof door);
    if (status) return lode_note(status, "joining the run %s", arguments->run);
    return tell_ends(arguments, &ends, drained);
}

static lode_status run(struct invocation *invocation)
{
    struct command_words words;
    struct arguments arguments = {.workers = 1, .door_fd = -1};
    lode_try(command_read(&worker_command, invocation, take, &arguments, &words));
    if (words.is_helped) return LODE_OK;
    if (words.n > 0)
        return lode_fail(LODE_E_USAGE, "lode worker takes no '%s'; --join says which run to help",
                         words.list[0]);
    if (arguments.door_fd >= 0) return serve((int)arguments.door_fd);
    if (!arguments.run) return lode_fail(LODE_E_USAGE, "which run to help? lode worker --join RUN");
    return join(&arguments);
}

const struct command worker_command = {
    .name = "worker",
    .usage = "--join RUN [--workers N]",
    .summary = "brings workers to a run that is under way, from any host that sees its directory",
    .example = "lode worker --join run1 --workers 4",
    .options = option_tables,
    .run = run,
};
