/* lode mute: findings that are known, with the reason; kept beside the store (coordinator/mutes.h).
 */
#include "common/clock.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/commands/finding_cells.h"
#include "coordinator/commands/who.h"
#include "coordinator/look/run_findings.h"
#include "coordinator/mutes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REASON = 1, LIST, REMOVE, JSON_OUTPUT };

static const struct option own_options[] = {
    {REASON, "--reason", "TEXT", "why it need not be looked at again"},
    {LIST, "--list", NULL, "the mutes of a store"},
    {REMOVE, "--remove", "ID", "take one back; --list shows the ids"},
    {JSON_OUTPUT, "--json", NULL, "with --list: one JSON object a line"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

struct request {
    const char *reason, *remove;
    bool list, json;
};

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    if (id == REASON) request->reason = value;
    if (id == REMOVE) request->remove = value;
    if (id == LIST) request->list = true;
    if (id == JSON_OUTPUT) request->json = true;
    return LODE_OK;
}

static lode_status mute_finding(const char *run, const char *number, const char *reason)
{
    struct run_findings findings;
    struct lode_bytes words = {0};
    int64_t rank = 0;
    char who[WHO_SIZE], when[32], id[MUTE_ID_SIZE];
    if (!lode_text_to_i64(number, strlen(number), &rank) || rank < 1)
        return lode_fail(LODE_E_USAGE, "%s: which finding? its rank in `lode show %s`", number,
                         run);
    lode_try(run_findings_load(run, &findings));
    lode_status status = LODE_OK;
    if (rank > findings.table.n_rows) {
        status = lode_fail(LODE_E_USAGE, "%s has %lld findings, no number %lld", run,
                           (long long)findings.table.n_rows, (long long)rank);
        goto done;
    }
    if (!findings.store_path[0]) {
        status = lode_fail(LODE_E_INPUT, "%s: run.json does not say of which store it is", run);
        goto done;
    }
    const struct mute mute = {.job = findings.job->name,
                              .key = findings.keys[rank - 1],
                              .reason = reason,
                              .who = who_name(who),
                              .when = lode_clock_iso(when)};
    lode_try_done(mutes_change(findings.store_path, &mute, NULL, findings.arena));
    mute_make_id(mute.job, mute.key, id);
    lode_try_done(finding_key_words(mute.key, &words));
    status = screen_say("muted: %s (take it back: lode mute --remove %s %s)",
                        (const char *)words.data, id, findings.store_path);
done:
    lode_bytes_clear(&words);
    run_findings_clear(&findings);
    return status;
}

static lode_status print_json(const struct mutes *mutes)
{
    for (int64_t i = 0; i < mutes->n; i++) {
        struct lode_bytes text = {0};
        lode_status status = mute_append(&text, &mutes->list[i]);
        if (!status) fwrite(text.data, 1, text.size, stdout);
        lode_bytes_clear(&text);
        lode_try(status);
    }
    return LODE_OK;
}

static lode_status print_list(const struct mutes *mutes)
{
    static const char *const names[] = {"id", "job", "finding", "reason", "who", "when"};
    struct screen screen = {0};
    lode_status status = LODE_OK;
    for (int c = 0; c < 6; c++) screen_add_column(&screen, names[c], true);
    for (int64_t i = 0; i < mutes->n && !status; i++) {
        const struct mute *mute = &mutes->list[i];
        status = screen_add_cell(&screen, mute->id);
        if (!status) status = screen_add_cell(&screen, mute->job);
        if (!status) status = finding_cells_add_key(&screen, mute->key);
        if (!status) status = screen_add_cell(&screen, mute->reason);
        if (!status) status = screen_add_cell(&screen, mute->who);
        if (!status) status = screen_add_cell(&screen, mute->when);
    }
    if (!status && mutes->n == 0)
        printf("nothing is muted (no %s, or an empty one)\n", mutes->path);
    if (!status && mutes->n > 0) screen_print(&screen);
    screen_clear(&screen);
    return status;
}

/* The words are a store, or (with a run.json in it) a run on one. */
static lode_status list_or_remove(const char *path, const struct request *request,
                                  struct lode_arena *arena)
{
    char file[4096];
    struct record record = {0};
    struct mutes mutes = {0};
    const char *store = path;
    lode_status status = LODE_OK;
    snprintf(file, sizeof file, "%s/run.json", path);
    if (access(file, F_OK) == 0) {
        lode_try(record_load(path, &record));
        store = record_store(&record);
    }
    if (!store[0])
        status = lode_fail(LODE_E_INPUT, "%s: run.json does not say of which store it is", path);
    else if (request->remove)
        status = mutes_change(store, NULL, request->remove, arena);
    else
        status = mutes_load(store, arena, &mutes);
    if (!status && request->list) status = request->json ? print_json(&mutes) : print_list(&mutes);
    record_clear(&record);
    return status;
}

static lode_status run_parsed(const struct request *request, const char *const *words, int n_words)
{
    struct lode_arena *arena = NULL;
    const int wanted = request->reason ? 2 : 1;
    if ((request->reason != NULL) + (request->remove != NULL) + request->list != 1 ||
        n_words != wanted || (request->json && !request->list))
        return lode_fail(LODE_E_USAGE, "lode mute takes one of these: lode mute %s",
                         mute_command.usage);
    if (request->reason) return mute_finding(words[0], words[1], request->reason);
    lode_try(lode_arena_create(0, &arena));
    const lode_status status = list_or_remove(words[0], request, arena);
    lode_arena_destroy(arena);
    return status;
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {0};
    const char *words[16];
    int n_words = 0;
    bool help = false;
    if (invocation->argument_count > 16) return lode_fail(LODE_E_USAGE, "too many arguments");
    lode_try(options_read(invocation->argument_count, invocation->arguments, option_tables, take,
                          &request, words, &n_words, &help));
    if (help) {
        command_help(&mute_command);
        return LODE_OK;
    }
    return run_parsed(&request, words, n_words);
}

const struct command mute_command = {
    .name = "mute",
    .usage = "RUN N --reason TEXT | --list STORE|RUN [--json] | --remove ID STORE|RUN",
    .summary = "a finding that is known: shown apart from now on, with the reason",
    .example = "lode mute run1 3 --reason \"known: the old client, gone in March\"",
    .options = option_tables,
    .run = run,
};
