/* Command: its command line, and what --help prints. */
#include "coordinator/command.h"

#include <stdio.h>

void command_help(const struct command *command)
{
    printf("usage: lode %s %s\n\n%s\n\n", command->name, command->usage, command->summary);
    if (command->options) options_print(command->options);
    printf("\nexample:\n  %s\n", command->example);
}

lode_status command_read(const struct command *command, const struct invocation *invocation,
                         option_take_fn take, void *context, struct command_words *words)
{
    words->n = 0;
    words->is_helped = false;
    if (invocation->argument_count > COMMAND_WORDS)
        return lode_fail(LODE_E_USAGE, "too many arguments: %d, at most %d",
                         invocation->argument_count, COMMAND_WORDS);
    lode_try(options_read(invocation->argument_count, invocation->arguments, command->options, take,
                          context, words->list, &words->n, &words->is_helped));
    if (words->is_helped) command_help(command);
    return LODE_OK;
}
