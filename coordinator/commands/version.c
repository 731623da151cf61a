/* lode version: the version of this program and of the libraries that decide results. */
#include "common/version.h"
#include "coordinator/command.h"

#include <stdio.h>

static lode_status run(struct invocation *invocation)
{
    if (invocation->argument_count > 0) {
        command_help(&version_command);
        return LODE_OK;
    }
    printf("lode %s\n", lode_version());
    return LODE_OK;
}

const struct command version_command = {
    .name = "version",
    .usage = "",
    .summary = "the version of lode",
    .example = "lode version",
    .run = run,
};
