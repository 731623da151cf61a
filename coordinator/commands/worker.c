/* lode worker: what agents and the coordinator start; not for people. */
#include "worker/worker.h"
#include "common/text.h"
#include "coordinator/command.h"

#include <string.h>

enum { DOOR_FD = 1 };

static const struct option own_options[] = {
    {DOOR_FD, "--door-fd", "N", NULL},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

static lode_status take(void *context, int id, const char *value)
{
    (void)id;
    if (!lode_text_to_i64(value, strlen(value), context))
        return lode_fail(LODE_E_USAGE, "--door-fd %s: not a number", value);
    return LODE_OK;
}

static lode_status run(struct invocation *invocation)
{
    const char *words[8];
    int n_words = 0;
    bool help = false;
    int64_t fd = -1;
    struct door door;
    if (invocation->argument_count > 8)
        return lode_fail(LODE_E_USAGE, "`lode worker` is started by `lode run`");
    lode_try(options_read(invocation->argument_count, invocation->arguments, option_tables, take,
                          &fd, words, &n_words, &help));
    if (fd < 0 || fd > 1024)
        return lode_fail(LODE_E_USAGE, "`lode worker` is started by `lode run`, not by hand");
    lode_try(door_read((int)fd, &door));
    return worker_serve(&door);
}

const struct command worker_command = {
    .name = "worker",
    .usage = "--door-fd N",
    .options = option_tables,
    .run = run,
};
