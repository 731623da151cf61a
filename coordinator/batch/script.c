/* Script: #SBATCH lines, names, then one of two texts that are the same for every run.
 *
 * The run is started by mpirun (`lode run -n`), not by srun: ENGINE-FACTS says why. Workers that
 * join need no MPI, so srun starts them. There is no --no-kill: when the node of the script is
 * lost, Slurm would keep the others until the time limit, with nobody to use them; without it the
 * job is requeued, and the journal makes that cheap.
 */
#include "coordinator/batch/script.h"

#include "common/machine.h"
#include "common/version.h"
#include "coordinator/batch/limit.h"
#include "coordinator/batch/quote.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 64, MEGABYTE = 1 << 20 };

/* Only what is safe in every list and log; the whole name of a job may be a path. */
static void name_batch_job(const struct script *script, char name[NAME_SIZE])
{
    const char *job = script->kind == SCRIPT_JOIN ? "join" : script->job ? script->job : "resume";
    const char *slash = strrchr(job, '/');
    snprintf(name, NAME_SIZE, "lode-%s", slash ? slash + 1 : job);
    for (char *at = name; *at != '\0'; at++) {
        const bool is_letter = (*at | 32) >= 'a' && (*at | 32) <= 'z';
        if (!is_letter && !(*at >= '0' && *at <= '9') && !strchr("-._", *at)) *at = '_';
    }
}

static lode_status add_line(struct lode_bytes *out, const char *line)
{
    return lode_bytes_printf(out, "%s\n", line);
}

/* "#SBATCH --name=value" */
static lode_status add_option(struct lode_bytes *out, const char *name, const char *value)
{
    lode_try(lode_bytes_printf(out, "#SBATCH --%s=", name));
    lode_try(quote_sbatch(name, value, out));
    return add_line(out, "");
}

lode_status script_log_path(const struct script *script, struct lode_bytes *out)
{
    return lode_bytes_printf(out, "%s.%s.log", script->run,
                             script->kind == SCRIPT_JOIN ? "join" : "batch");
}

static lode_status add_log(const struct script *script, struct lode_bytes *out)
{
    struct lode_bytes path = {0}, pattern = {0};
    lode_status status = LODE_OK;
    lode_try_done(script_log_path(script, &path));
    lode_try_done(lode_bytes_append(&path, "", 1));
    lode_try_done(quote_pattern((const char *)path.data, &pattern));
    lode_try_done(lode_bytes_append(&pattern, "", 1));
    status = add_option(out, "output", (const char *)pattern.data);
done:
    lode_bytes_clear(&path);
    lode_bytes_clear(&pattern);
    return status;
}

/* Of a node: its workers' and what is not theirs: as much as one of them for the coordinator and
 * mpirun; where workers join, as much as lode_machine_share leaves out, so that they get what is
 * asked for. */
static lode_status add_memory(const struct script *script, struct lode_bytes *out)
{
    uint64_t bytes = 0, rest = script->memory_bytes;
    if (script->memory_bytes == 0) return LODE_OK;
    const bool too_large =
        __builtin_mul_overflow(script->memory_bytes, (uint64_t)script->tasks_per_node, &bytes);
    if (script->kind == SCRIPT_JOIN) rest = bytes / 4;
    if (rest < LODE_MACHINE_REST_BYTES) rest = LODE_MACHINE_REST_BYTES;
    if (too_large || __builtin_add_overflow(bytes, rest, &bytes) || bytes > INT64_MAX - MEGABYTE)
        return lode_fail(LODE_E_USAGE, "--memory: %" PRIu64 " bytes for each of %d workers",
                         script->memory_bytes, script->tasks_per_node);
    return lode_bytes_printf(out, "#SBATCH --mem=%" PRIu64 "M\n",
                             (bytes + MEGABYTE - 1) / MEGABYTE);
}

static lode_status add_warning(const struct script *script, struct lode_bytes *out)
{
    int64_t limit_s = 0;
    if (script->time_limit) {
        if (!limit_parse(script->time_limit, &limit_s))
            return lode_fail(LODE_E_USAGE,
                             "--time %s: must be a time as Slurm writes it: minutes, 02:30:00, "
                             "1-12:00:00 or UNLIMITED",
                             script->time_limit);
        lode_try(add_option(out, "time", script->time_limit));
    }
    lode_try(add_line(out, "# this long before the time limit: finish what runs, begin nothing"));
    return lode_bytes_printf(out, "#SBATCH --signal=B:USR1@%" PRId64 "\n", limit_lead(limit_s));
}

static lode_status add_directives(const struct script *script, struct lode_bytes *out)
{
    char name[NAME_SIZE];
    name_batch_job(script, name);
    lode_try(add_option(out, "job-name", name));
    lode_try(lode_bytes_printf(out, "#SBATCH --nodes=%d\n#SBATCH --ntasks-per-node=%d\n",
                               script->nodes, script->tasks_per_node));
    if (script->partition) lode_try(add_option(out, "partition", script->partition));
    lode_try(add_memory(script, out));
    lode_try(add_warning(script, out));
    lode_try(
        add_line(out, script->kind == SCRIPT_JOIN ? "#SBATCH --no-requeue" : "#SBATCH --requeue"));
    lode_try(add_line(out, "#SBATCH --open-mode=append"));
    lode_try(add_log(script, out));
    for (int i = 0; i < script->n_extra; i++) {
        lode_try(lode_bytes_printf(out, "#SBATCH "));
        lode_try(quote_sbatch("options of sbatch", script->extra[i], out));
        lode_try(add_line(out, ""));
    }
    return LODE_OK;
}

static lode_status add_name(struct lode_bytes *out, const char *name, const char *value)
{
    lode_try(lode_bytes_printf(out, "%s=", name));
    lode_try(quote_shell(value, out));
    return add_line(out, "");
}

static lode_status add_word(struct lode_bytes *out, const char *word)
{
    lode_try(lode_bytes_printf(out, " "));
    return quote_shell(word, out);
}

/* The words of lode, as an array: no name is ever read twice by the shell. */
static lode_status add_command(const struct script *script, struct lode_bytes *out)
{
    if (script->kind == SCRIPT_JOIN)
        return add_line(out, "command=(srun --mpi=none --kill-on-bad-exit=0"
                             " \"$lode\" worker --join \"$run\")");
    if (script->kind == SCRIPT_RESUME) {
        lode_try(add_line(out, "# every task of the allocation is a worker; the coordinator, which "
                               "mostly waits, comes on top"));
        lode_try(lode_bytes_printf(out, "command=(\"$lode\" run --resume \"$run\""));
    } else {
        lode_try(add_line(out, "# every task of the allocation is a worker; the coordinator, which "
                               "mostly waits, comes on top;\n# begun already, when this job is "
                               "started again, the run goes on"));
        lode_try(lode_bytes_printf(out, "command=(\"$lode\" run"));
        lode_try(add_word(out, script->job));
        lode_try(add_word(out, script->store));
        lode_try(lode_bytes_printf(out, " -o \"$run\" --or-resume"));
    }
    lode_try(lode_bytes_printf(out, " -n \"$SLURM_NTASKS\""));
    for (int i = 0; i < script->n_settings; i++) lode_try(add_word(out, script->settings[i]));
    return add_line(out, ")");
}

/* `wait` ends when a signal comes, and is then asked again: the shell remembers the status. */
static const char execute[] =
    "told=\n"
    "interrupted=\n"
    "# $1: the signal that came; TERM is of somebody who does not want the job to go on\n"
    "drain() {\n"
    "    interrupted=yes\n"
    "    [ \"$told\" = TERM ] || told=$1\n"
    "    kill -USR1 \"$pid\" 2>/dev/null\n"
    "}\n"
    "trap '' USR1 # ignored by what is started until it listens: it must not end of it\n"
    "\"${command[@]}\" &\n"
    "pid=$!\n"
    "trap 'drain USR1' USR1\n"
    "trap 'drain TERM' TERM\n"
    "while :; do\n"
    "    interrupted=\n"
    "    wait \"$pid\"\n"
    "    status=$?\n"
    "    [ -n \"$interrupted\" ] || break\n"
    "done\n";

/* Older Slurms do not tell a job when it ends. */
static const char ask_end[] =
    "# when Slurm ends this job: the run is to be over before that, warned or not\n"
    "end=$(SLURM_TIME_FORMAT=standard squeue --noheader --jobs=\"$SLURM_JOB_ID\" --format=%e "
    "2>/dev/null)\n"
    "if [ -n \"$end\" ] && end=$(date --date=\"$end\" +%s 2>/dev/null); then\n"
    "    export SLURM_JOB_END_TIME=$end\n"
    "fi\n";

static const char requeue[] =
    "# 75: stopped in good order; what was computed is kept. A limit, so that tasks which never "
    "fit\n"
    "# into the time limit do not go round for ever.\n"
    "if [ \"$status\" -eq 75 ] && [ \"$told\" != TERM ]; then\n"
    "    if [ \"${SLURM_RESTART_COUNT:-0}\" -lt 100 ] && scontrol requeue \"$SLURM_JOB_ID\"; then\n"
    "        echo \"lode: time is up; batch job $SLURM_JOB_ID goes on when Slurm starts it "
    "again\"\n"
    "    else\n"
    "        echo \"lode: batch job $SLURM_JOB_ID was not requeued; lode submit --resume goes "
    "on\"\n"
    "    fi\n"
    "fi\n";

static const char await_run[] = "# the run may be starting just now\n"
                                "for ((i = 0; i < 60; i++)); do\n"
                                "    [ ! -e \"$run/endpoint\" ] || break\n"
                                "    sleep 1\n"
                                "done\n";

lode_status script_write(const struct script *script, struct lode_bytes *out)
{
    const bool joins = script->kind == SCRIPT_JOIN;
    lode_try(lode_bytes_printf(out,
                               "#!/bin/bash\n"
                               "# Written by `lode submit` (lode %s). docs/batch.md explains it.\n",
                               lode_version()));
    lode_try(add_directives(script, out));
    lode_try(add_line(out, ""));
    lode_try(add_name(out, "lode", script->program));
    lode_try(add_name(out, "run", script->run));
    lode_try(add_name(out, "folder", script->folder));
    lode_try(add_line(out, "cd \"$folder\" || exit 4"));
    lode_try(lode_bytes_printf(out, "%s", joins ? await_run : ask_end));
    lode_try(add_command(script, out));
    lode_try(lode_bytes_printf(out, "\n%s", execute));
    if (!joins) lode_try(lode_bytes_printf(out, "\n%s", requeue));
    return add_line(out, "exit \"$status\"");
}
