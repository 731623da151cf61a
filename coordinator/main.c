/* lode: the program a person starts. Finds the subcommand, runs it, prints the error chain, turns
 * the status into the exit status. Under mpirun every rank but 0 becomes an agent instead.
 */
#include "common/log.h"
#include "common/text.h"
#include "common/wire/mpi.h"
#include "coordinator/command.h"
#include "coordinator/signals.h"
#include "coordinator/verdict.h"
#include "worker/agent.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
    &stage_command,    &run_command,       &verify_command,
    &status_command,   &explain_command,   &show_command,
    &report_command,   &diff_command,      &mute_command,
    &feedback_command, &export_command,    &info_command,
    &gen_command,      &templates_command, &version_command,
    &worker_command,   &submit_command,    NULL,
};

static void print_overview(FILE *out)
{
    fputs("lode mines telemetry for what matters: a batch cluster for sessions, counters and "
          "traces.\n\nusage: lode COMMAND ...\n\n",
          out);
    for (int i = 0; commands[i]; i++)
        if (commands[i]->summary)
            fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`lode COMMAND --help` says more. Start with:\n"
          "  lode gen events -o logs && lode stage events logs/*.csv -o web.lode\n"
          "  lode run opportunities web.lode -o run1 && lode show run1\n",
          out);
}

static lode_status find_command(const char *name, const struct command **found)
{
    const char *names[32];
    int count = 0;
    for (int i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            *found = commands[i];
            return LODE_OK;
        }
        if (commands[i]->summary) names[count++] = commands[i]->name;
    }
    names[count] = NULL;
    const char *nearest = lode_text_nearest(name, names);
    if (nearest)
        return lode_fail(LODE_E_USAGE, "unknown command '%s', did you mean '%s'?", name, nearest);
    return lode_fail(LODE_E_USAGE, "unknown command '%s'; `lode --help` lists them", name);
}

static lode_status run_command_line(int argc, char **argv, struct invocation *invocation)
{
    int rank = 0, ranks = 1;
    const struct command *command = NULL;
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_overview(argc < 2 ? stderr : stdout);
        return argc < 2 ? lode_fail(LODE_E_USAGE, "no command") : LODE_OK;
    }
    if (strcmp(argv[1], "--version") == 0) argv[1] = "version";
    const lode_status status = find_command(argv[1], &command);
    const bool is_rank =
        lode_mpi_rank(&rank, &ranks) && ranks > 1 && (!command || command->on_cluster);
    if (is_rank && rank > 0) {
        /* for rank 0 alone (commands/bearer.h); workers inherit the rest */
        unsetenv("LODE_LLM_KEY");
        unsetenv("LODE_WEBHOOK_KEY");
        return agent_serve(rank);
    }
    invocation->is_rank = is_rank;
    invocation->argument_count = argc - 2;
    invocation->arguments = argv + 2;
    invocation->all_count = argc;
    invocation->all_arguments = argv;
    lode_try(status);
    return command ? command->run(invocation) : LODE_E_BUG;
}

/* mpirun passes USR1 on to a rank and all that the rank has started. Whoever can drain takes the
 * signal over later; until then, and in programs that are just starting, it must not end them. */
static void ignore_drains_for_now(void)
{
    int rank = 0, ranks = 1;
    if (lode_mpi_rank(&rank, &ranks)) signal(SIGUSR1, SIG_IGN);
}

/* The record that `lode run -n N` waits for (verdict.h); NULL in any process but its rank 0. Taken
 * out of the environment: the workers that rank 0 may start are not rank 0. */
static char *take_verdict_path(void)
{
    int rank = 0, ranks = 1;
    const char *path = getenv("LODE_VERDICT");
    char *taken = path && lode_mpi_rank(&rank, &ranks) && rank == 0 ? strdup(path) : NULL;
    unsetenv("LODE_VERDICT");
    return taken;
}

/* Not being able to say so is no reason to stop: the parent then waits for mpirun's end. */
static void announce_run(const char *path)
{
    if (!path) return;
    signals_catch(); /* what comes before there is a run to stop is not forgotten */
    if (verdict_write_running(path)) lode_log_warn("no verdict: %s", lode_error_text());
}

static int leave_verdict(const char *path, int exit_status)
{
    if (!path || verdict_write_ended(path, exit_status)) return exit_status;
    return 0; /* the parent tells it; mpirun need not print its own alarm */
}

static bool verbose(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--verbose") == 0) return true;
    return false;
}

int main(int argc, char **argv)
{
    struct invocation invocation = {0};
    char *verdict = take_verdict_path();
    /* one BLAS thread a process: workers are the parallelism; set before any library looks */
    setenv("OPENBLAS_NUM_THREADS", "1", 0);
    setenv("OMP_NUM_THREADS", "1", 0);

    ignore_drains_for_now();
    announce_run(verdict);
    invocation.verdict_path = verdict;
    const lode_status status = run_command_line(argc, argv, &invocation);
    int exit_status = status ? lode_exit_status(status) : invocation.exit_status;
    if (status == LODE_E_STOPPED && invocation.exit_status) exit_status = invocation.exit_status;
    if (status) {
        fprintf(stderr, "lode: %s\n", lode_error_text());
        if (verbose(argc, argv)) fprintf(stderr, "lode: first seen at %s\n", lode_error_origin());
    }
    if (invocation.is_rank && !invocation.mpi_started) cluster_decline();
    exit_status = leave_verdict(verdict, exit_status);
    free(verdict);
    if (fflush(stdout)) exit_status = exit_status ? exit_status : lode_exit_status(LODE_E_DISK);
    return exit_status;
}
