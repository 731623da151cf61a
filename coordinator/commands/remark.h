/* Remark: what `lode mute` and `lode feedback` share: a word about finding N of a run, kept beside
 * the store (coordinator/mutes.h), listed and taken back.
 */
#ifndef LODE_COORDINATOR_REMARK_H
#define LODE_COORDINATOR_REMARK_H

#include "coordinator/command.h"
#include "coordinator/commands/screen.h"
#include "coordinator/look/run_findings.h"
#include "coordinator/mutes.h"

/* One of the two commands. */
struct remark_command {
    const struct command *command;
    enum remark_kind kind;
    int n_words;       /* of a remark: RUN, N and what else */
    bool needs_reason; /* else it is optional, and "" where it is not given */
    const char *none;  /* "no feedback": of an empty list */
    const char *done;  /* "noted as useful": %s, the last word, may stand in it */
    /* Fills what of the remark comes from its words and its finding; job, key, reason, who and when
     * are there. */
    lode_status (*fill)(const char *const *words, const struct run_findings *findings,
                        struct mute *mute);
    const char *const *columns; /* of --list, ended by NULL */
    lode_status (*add_cells)(struct screen *screen, const struct mute *mute);
};

/* The whole command, from its arguments. */
LODE_CHECKED lode_status remark_run(const struct remark_command *remark,
                                    struct invocation *invocation);

/* For command.options; `reason` says what the reason is of, `list` what is listed. */
enum { REMARK_REASON = 1, REMARK_LIST, REMARK_REMOVE, REMARK_JSON };
#define REMARK_OPTIONS(reason, list)                                                               \
    {                                                                                              \
        {REMARK_REASON, "--reason", "TEXT", (reason)}, {REMARK_LIST, "--list", NULL, (list)},      \
            {REMARK_REMOVE, "--remove", "ID", "take one back; --list shows the ids"},              \
            {REMARK_JSON, "--json", NULL, "with --list: one JSON object a line"},                  \
        {                                                                                          \
            0, NULL, NULL, NULL                                                                    \
        }                                                                                          \
    }

#endif
