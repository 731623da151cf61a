/* lode feedback: whether a finding was of use, kept beside the store (coordinator/mutes.h), for
 * later runs that generate hypotheses.
 */
#include "common/clock.h"
#include "common/text.h"
#include "coordinator/command.h"
#include "coordinator/commands/finding_cells.h"
#include "coordinator/commands/who.h"
#include "coordinator/look/run_findings.h"
#include "coordinator/mutes.h"
#include "jobs/opportunities/generator/generated.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { REASON = 1, LIST, REMOVE, JSON_OUTPUT };

static const struct option own_options[] = {
    {REASON, "--reason", "TEXT", "why, in a few words"},
    {LIST, "--list", NULL, "the feedback of a store"},
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

static lode_status take_rank(const char *run, const char *number,
                             const struct run_findings *findings, int64_t *row)
{
    int64_t rank = 0;
    if (!lode_text_to_i64(number, strlen(number), &rank) || rank < 1)
        return lode_fail(LODE_E_USAGE, "%s: which finding? its rank in `lode show %s`", number,
                         run);
    if (rank > findings->table.n_rows)
        return lode_fail(LODE_E_USAGE, "%s has %lld findings, no number %lld", run,
                         (long long)findings->table.n_rows, (long long)rank);
    if (!findings->store_path[0])
        return lode_fail(LODE_E_INPUT, "%s: run.json does not say of which store it is", run);
    *row = rank - 1;
    return LODE_OK;
}

static lode_status judge_finding(const char *const *words, const char *reason)
{
    struct run_findings findings;
    struct lode_bytes about = {0};
    char who[WHO_SIZE], when[32], id[MUTE_ID_SIZE];
    int64_t row = 0;
    if (strcmp(words[2], "useful") != 0 && strcmp(words[2], "noise") != 0)
        return lode_fail(LODE_E_USAGE, "'%.64s': a finding is `useful` or `noise`", words[2]);
    lode_try(run_findings_load(words[0], &findings));
    lode_status status = take_rank(words[0], words[1], &findings, &row);
    struct mute mute = {.reason = reason ? reason : "",
                        .verdict = words[2],
                        .who = who_name(who),
                        .when = lode_clock_iso(when)};
    if (status) goto done;
    mute.job = findings.job->name;
    mute.key = findings.keys[row];
    lode_try_done(find_origin(&findings, mute.key, &mute));
    lode_try_done(
        remarks_change(REMARK_FEEDBACK, findings.store_path, &mute, NULL, findings.arena));
    mute_make_id(mute.job, mute.key, id);
    lode_try_done(finding_key_words(mute.key, &about));
    status = screen_say("noted as %s: %s (take it back: lode feedback --remove %s %s)", words[2],
                        (const char *)about.data, id, findings.store_path);
done:
    lode_bytes_clear(&about);
    run_findings_clear(&findings);
    return status;
}

static lode_status print_json(const struct mutes *all)
{
    for (int64_t i = 0; i < all->n; i++) {
        struct lode_bytes text = {0};
        const lode_status status = mute_append(&text, &all->list[i]);
        if (!status) fwrite(text.data, 1, text.size, stdout);
        lode_bytes_clear(&text);
        lode_try(status);
    }
    return LODE_OK;
}

static lode_status print_list(const struct mutes *all)
{
    static const char *const names[] = {"id",     "verdict", "finding", "template",
                                        "reason", "who",     "when"};
    struct screen screen = {0};
    lode_status status = LODE_OK;
    for (int c = 0; c < 7; c++) screen_add_column(&screen, names[c], true);
    for (int64_t i = 0; i < all->n && !status; i++) {
        const struct mute *one = &all->list[i];
        status = screen_add_cell(&screen, one->id);
        if (!status) status = screen_add_cell(&screen, one->verdict);
        if (!status) status = finding_cells_add_key(&screen, one->key);
        if (!status)
            status = screen_add_cell(&screen, one->template[0] ? one->template : one->class);
        if (!status) status = screen_add_cell(&screen, one->reason);
        if (!status) status = screen_add_cell(&screen, one->who);
        if (!status) status = screen_add_cell(&screen, one->when);
    }
    if (!status && all->n == 0) printf("no feedback (no %s, or an empty one)\n", all->path);
    if (!status && all->n > 0) screen_print(&screen);
    screen_clear(&screen);
    return status;
}

/* The word is a store, or (with a run.json in it) a run on one. */
static lode_status list_or_remove(const char *path, const struct request *request,
                                  struct lode_arena *arena)
{
    char file[4096];
    struct record record = {0};
    struct mutes all = {0};
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
        status = remarks_change(REMARK_FEEDBACK, store, NULL, request->remove, arena);
    else
        status = remarks_load(REMARK_FEEDBACK, store, arena, &all);
    if (!status && request->list) status = request->json ? print_json(&all) : print_list(&all);
    record_clear(&record);
    return status;
}

static lode_status run_parsed(const struct request *request, const char *const *words, int n_words)
{
    struct lode_arena *arena = NULL;
    const bool is_about_store = request->list || request->remove;
    if ((request->list && request->remove) || (request->reason && is_about_store) ||
        n_words != (is_about_store ? 1 : 3) || (request->json && !request->list))
        return lode_fail(LODE_E_USAGE, "lode feedback takes one of these: lode feedback %s",
                         feedback_command.usage);
    if (!is_about_store) return judge_finding(words, request->reason);
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
        command_help(&feedback_command);
        return LODE_OK;
    }
    return run_parsed(&request, words, n_words);
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
