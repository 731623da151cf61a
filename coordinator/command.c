/* Command: what --help prints of one. */
#include "coordinator/command.h"

#include <stdio.h>

void command_help(const struct command *command)
{
    printf("usage: lode %s %s\n\n%s\n\n", command->name, command->usage, command->summary);
    if (command->options) options_print(command->options);
    printf("\nexample:\n  %s\n", command->example);
}
