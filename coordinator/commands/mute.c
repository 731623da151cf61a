/* lode mute: findings that are known, with the reason; kept beside the store (coordinator/mutes.h).
 */
#include "coordinator/commands/finding_cells.h"
#include "coordinator/commands/remark.h"

static const struct option own_options[] =
    REMARK_OPTIONS("why it need not be looked at again", "the mutes of a store");
static const struct option *const option_tables[] = {own_options, NULL};
static const char *const columns[] = {"id", "job", "finding", "reason", "who", "when", NULL};

static lode_status add_cells(struct screen *screen, const struct mute *mute)
{
    lode_try(screen_add_cell(screen, mute->id));
    lode_try(screen_add_cell(screen, mute->job));
    lode_try(finding_cells_add_key(screen, mute->key));
    lode_try(screen_add_cell(screen, mute->reason));
    lode_try(screen_add_cell(screen, mute->who));
    return screen_add_cell(screen, mute->when);
}

static lode_status run(struct invocation *invocation)
{
    const struct remark_command remark = {.command = &mute_command,
                                          .kind = REMARK_MUTE,
                                          .n_words = 2,
                                          .needs_reason = true,
                                          .none = "nothing is muted",
                                          .done = "muted",
                                          .columns = columns,
                                          .add_cells = add_cells};
    return remark_run(&remark, invocation);
}

const struct command mute_command = {
    .name = "mute",
    .usage = "RUN N --reason TEXT | --list STORE|RUN [--json] | --remove ID STORE|RUN",
    .summary = "a finding that is known: shown apart from now on, with the reason",
    .example = "lode mute run1 3 --reason \"known: the old client, gone in March\"",
    .options = option_tables,
    .run = run,
};
