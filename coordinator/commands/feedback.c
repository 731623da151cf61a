/* lode feedback: whether a finding was of use, kept beside the store (coordinator/mutes.h), for
 * later runs that generate hypotheses.
 */
#include "coordinator/commands/finding_cells.h"
#include "coordinator/commands/remark.h"
#include "jobs/opportunities/generator/generated.h"

#include <stdio.h>
#include <string.h>

static const struct option own_options[] =
    REMARK_OPTIONS("why, in a few words", "the feedback of a store");
static const struct option *const option_tables[] = {own_options, NULL};
static const char *const columns[] = {"id",     "verdict", "finding", "template",
                                      "reason", "who",     "when",    NULL};

/* The value of a cohort is ATTRIBUTE=VALUE; a derived attribute's name is that of its definition.
 */
static bool is_of(const char *key, const char *name)
{
    char quoted[256];
    snprintf(quoted, sizeof quoted, "\"%.200s=", name);
    return strstr(key, quoted) != NULL;
}

/* What the finding's hypothesis was made from: a definition that the run generated, or one of the
 * job's own classes. */
static lode_status find_origin(const struct run_findings *findings, const char *key,
                               struct mute *mute)
{
    struct generated generated = {0};
    bool found = false;
    lode_try(generated_load(findings->path, findings->arena, &generated, &found));
    mute->template = "";
    mute->class = strstr(key, "\"expert\":\"pattern\"") ? "event_patterns"
                  : strstr(key, "lifecycle=")           ? "lifecycle"
                                                        : "static";
    for (int64_t i = 0; i < generated.n; i++) {
        if (!is_of(key, generated.list[i].name)) continue;
        mute->template = generated.list[i].template;
        mute->class = generated.list[i].class;
    }
    return LODE_OK;
}

static lode_status fill(const char *const *words, const struct run_findings *findings,
                        struct mute *mute)
{
    if (strcmp(words[2], "useful") != 0 && strcmp(words[2], "noise") != 0)
        return lode_fail(LODE_E_USAGE, "'%.64s': a finding is `useful` or `noise`", words[2]);
    mute->verdict = words[2];
    return find_origin(findings, mute->key, mute);
}

static lode_status add_cells(struct screen *screen, const struct mute *mute)
{
    lode_try(screen_add_cell(screen, mute->id));
    lode_try(screen_add_cell(screen, mute->verdict));
    lode_try(finding_cells_add_key(screen, mute->key));
    lode_try(screen_add_cell(screen, mute->template[0] ? mute->template : mute->class));
    lode_try(screen_add_cell(screen, mute->reason));
    lode_try(screen_add_cell(screen, mute->who));
    return screen_add_cell(screen, mute->when);
}

static lode_status run(struct invocation *invocation)
{
    const struct remark_command remark = {.command = &feedback_command,
                                          .kind = REMARK_FEEDBACK,
                                          .n_words = 3,
                                          .none = "no feedback",
                                          .done = "noted as %s",
                                          .fill = fill,
                                          .columns = columns,
                                          .add_cells = add_cells};
    return remark_run(&remark, invocation);
}

const struct command feedback_command = {
    .name = "feedback",
    .usage = "RUN N useful|noise [--reason TEXT] | --list STORE|RUN [--json] | --remove ID "
             "STORE|RUN",
    .summary = "say whether a finding was of use; later runs generate more, or less, of its kind",
    .example = "lode feedback run1 3 useful --reason \"led to the fix of the login page\"",
    .options = option_tables,
    .run = run,
};
