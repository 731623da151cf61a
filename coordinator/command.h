/* Command: one subcommand, one file under commands/, one row in the table of main.c. */
#ifndef LODE_COORDINATOR_COMMAND_H
#define LODE_COORDINATOR_COMMAND_H

#include "common/error.h"
#include "coordinator/cluster.h"
#include "coordinator/options.h"

#include <stdbool.h>

/* The process as its command sees it. */
struct invocation {
    int argument_count; /* after the subcommand */
    char **arguments;
    int all_count; /* the whole command line, argv[0] included */
    char **all_arguments;
    bool is_rank;             /* rank 0 of an mpirun with other ranks */
    bool mpi_started;         /* those ranks have got the door or a no */
    const char *verdict_path; /* where rank 0 of a `lode run -n` says how it ended; else NULL */
    int exit_status; /* of a run that another process did; used when the status is LODE_OK */
};

struct command {
    const char *name;
    const char *usage;   /* after the name: "JOB STORE -o RUN" */
    const char *summary; /* one line; NULL: not listed (for lode's own use) */
    const char *example; /* one that works as it stands */
    const struct option *const *options;
    bool on_cluster; /* may be started by mpirun: other ranks become agents */
    lode_status (*run)(struct invocation *invocation);
};

extern const struct command stage_command, run_command, show_command, export_command, info_command,
    gen_command, verify_command, version_command, worker_command, status_command, explain_command,
    diff_command, mute_command, feedback_command, templates_command, submit_command, report_command;

/* Prints usage, summary, options and example to standard output. */
void command_help(const struct command *command);

/* What a command line has beside options. */
enum { COMMAND_WORDS = 1024 };
struct command_words {
    const char *list[COMMAND_WORDS]; /* [n] in order */
    int n;
    bool is_helped; /* --help: it is printed, and nothing else is to be done */
};
/* Reads a command line by the command's own tables of options, each taken by `take`. LODE_E_USAGE.
 */
LODE_CHECKED lode_status command_read(const struct command *command,
                                      const struct invocation *invocation, option_take_fn take,
                                      void *context, struct command_words *words);

/* The options of every command that uses a cluster: -n, --local, --memory, ... */
enum { CLUSTER_OPTION_FIRST = 1000 };
extern const struct option cluster_option_table[];
struct cluster_settings {
    struct cluster_options options;
    struct metrics_options metrics;
    int mpirun_workers; /* -n N; 0: none */
    bool verbose;
};
void cluster_settings_init(struct cluster_settings *settings);
/* Takes one of the options above; *taken is false for ids that are not among them. */
LODE_CHECKED lode_status cluster_settings_take(struct cluster_settings *settings, int id,
                                               const char *value, bool *taken);

#endif
