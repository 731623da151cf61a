/* Script: what stands in it for what was asked. That it runs is shown by t0026-slurm.sh. */
#include "tests/unit.h"

#include "coordinator/batch/script.h"

#include <stdio.h>
#include <string.h>

static const char *settings[] = {"--set", "k=1..2", "--set", "kpi=it's"};

static struct script run_script(void)
{
    return (struct script){.kind = SCRIPT_RUN,
                           .program = "/usr/bin/lode",
                           .folder = "/home/ann",
                           .run = "/data/run1",
                           .job = "opportunities",
                           .store = "/data/web.lode",
                           .settings = settings,
                           .n_settings = 4,
                           .nodes = 3,
                           .tasks_per_node = 2};
}

/* The script's text, valid until the next call. */
static const char *text_of(const struct script *script)
{
    static char text[16384];
    struct lode_bytes out = {0};
    assert_ok(script_write(script, &out));
    assert_true(out.size < sizeof text);
    memcpy(text, out.data, out.size);
    text[out.size] = '\0';
    lode_bytes_clear(&out);
    return text;
}

static void assert_line(const char *text, const char *line)
{
    const char *at = strstr(text, line);
    while (at && !((at == text || at[-1] == '\n') && at[strlen(line)] == '\n'))
        at = strstr(at + 1, line);
    if (!at) fail_msg("no line '%s' in:\n%s", line, text);
}

static void a_run_is_begun_or_gone_on_with_and_requeues_itself(void **state)
{
    (void)state;
    const struct script script = run_script();
    const char *text = text_of(&script);
    assert_int_equal(strncmp(text, "#!/bin/bash\n", 12), 0);
    assert_line(text, "#SBATCH --job-name=lode-opportunities");
    assert_line(text, "#SBATCH --nodes=3");
    assert_line(text, "#SBATCH --ntasks-per-node=2");
    assert_line(text, "#SBATCH --signal=B:USR1@120");
    assert_line(text, "#SBATCH --requeue");
    assert_line(text, "#SBATCH --open-mode=append");
    assert_line(text, "#SBATCH --output=/data/run1.batch.log");
    assert_line(text,
                "command=(\"$lode\" run opportunities /data/web.lode -o \"$run\" --or-resume -n "
                "\"$SLURM_NTASKS\" --set k=1..2 --set 'kpi=it'\\''s')");
    assert_non_null(strstr(text, "scontrol requeue"));
    assert_null(strstr(text, "--time="));
    assert_null(strstr(text, "--mem="));
    assert_null(strstr(text, "--no-kill"));
}

static void memory_of_a_node_is_its_workers_and_one_share_more(void **state)
{
    (void)state;
    struct script script = run_script();
    script.memory_bytes = (UINT64_C(200) << 20) + 1;
    assert_line(text_of(&script), "#SBATCH --mem=601M"); /* rounded up */
    script.kind = SCRIPT_JOIN;
    assert_line(text_of(&script), "#SBATCH --mem=501M"); /* of which 80 % are for workers */
    script.memory_bytes = UINT64_C(50) << 20;
    assert_line(text_of(&script), "#SBATCH --mem=164M");
    script.kind = SCRIPT_RUN;
    assert_line(text_of(&script), "#SBATCH --mem=164M"); /* 64 MB more at least */
}

static void memory_beyond_all_numbers_is_refused(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    struct script script = run_script();
    script.memory_bytes = UINT64_MAX / 2;
    assert_status(LODE_E_USAGE, script_write(&script, &out));
    lode_bytes_clear(&out);
}

static void what_is_asked_of_slurm_goes_to_slurm(void **state)
{
    (void)state;
    struct script script = run_script();
    const char *extra[] = {"--account=mining", "--comment", "two words"};
    script.time_limit = "5";
    script.partition = "short queue";
    script.extra = extra;
    script.n_extra = 3;
    const char *text = text_of(&script);
    assert_line(text, "#SBATCH --time=5");
    assert_line(text, "#SBATCH --signal=B:USR1@60");
    assert_line(text, "#SBATCH --partition=\"short queue\"");
    assert_line(text, "#SBATCH --account=mining");
    assert_line(text, "#SBATCH --comment");
    assert_line(text, "#SBATCH \"two words\"");
}

static void resuming_takes_job_and_store_from_the_run(void **state)
{
    (void)state;
    struct script script = run_script();
    script.kind = SCRIPT_RESUME;
    script.job = NULL;
    script.store = NULL;
    script.n_settings = 0;
    const char *text = text_of(&script);
    assert_line(text, "command=(\"$lode\" run --resume \"$run\" -n \"$SLURM_NTASKS\")");
    assert_line(text, "#SBATCH --job-name=lode-resume");
    assert_non_null(strstr(text, "scontrol requeue"));
}

static void joining_starts_workers_without_mpi_and_is_not_requeued(void **state)
{
    (void)state;
    struct script script = run_script();
    script.kind = SCRIPT_JOIN;
    script.n_settings = 0;
    const char *text = text_of(&script);
    assert_line(text, "command=(srun --mpi=none --kill-on-bad-exit=0 \"$lode\" worker --join "
                      "\"$run\")");
    assert_line(text, "#SBATCH --no-requeue");
    assert_line(text, "#SBATCH --output=/data/run1.join.log");
    assert_null(strstr(text, "scontrol requeue"));
}

static void hostile_names_stay_within_their_quotes(void **state)
{
    (void)state;
    struct script script = run_script();
    script.run = "/data/it's $HOME %j";
    script.store = "/data/a\n#SBATCH --wrap=x";
    script.job = "./my job;id.so";
    const char *text = text_of(&script);
    assert_line(text, "run='/data/it'\\''s $HOME %j'");
    assert_line(text, "#SBATCH --output=\"/data/it's $HOME %%j.batch.log\"");
    assert_line(text, "#SBATCH --job-name=lode-my_job_id.so");
    /* a line that begins so only counts to sbatch before the first command */
    assert_true(strstr(text, "#SBATCH --wrap=x") > strstr(text, "\nlode="));
}

static void the_same_wishes_give_the_same_bytes(void **state)
{
    (void)state;
    char first[16384];
    const struct script script = run_script();
    snprintf(first, sizeof first, "%s", text_of(&script));
    assert_string_equal(first, text_of(&script));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_begun_or_gone_on_with_and_requeues_itself),
        cmocka_unit_test(memory_of_a_node_is_its_workers_and_one_share_more),
        cmocka_unit_test(memory_beyond_all_numbers_is_refused),
        cmocka_unit_test(what_is_asked_of_slurm_goes_to_slurm),
        cmocka_unit_test(resuming_takes_job_and_store_from_the_run),
        cmocka_unit_test(joining_starts_workers_without_mpi_and_is_not_requeued),
        cmocka_unit_test(hostile_names_stay_within_their_quotes),
        cmocka_unit_test(the_same_wishes_give_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
