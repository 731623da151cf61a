#include "coordinator/commands/remark.h"

#include "common/clock.h"
#include "common/text.h"
#include "coordinator/commands/finding_cells.h"
#include "coordinator/commands/who.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct request {
    const char *reason, *remove;
    bool list, json;
};

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    if (id == REMARK_REASON) request->reason = value;
    if (id == REMARK_REMOVE) request->remove = value;
    if (id == REMARK_LIST) request->list = true;
    if (id == REMARK_JSON) request->json = true;
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

static lode_status say_done(const struct remark_command *remark, const char *last_word,
                            const struct mute *mute, const char *store)
{
    struct lode_bytes about = {0};
    char id[MUTE_ID_SIZE], done[64];
    mute_make_id(mute->job, mute->key, id);
    const int before = (int)strcspn(remark->done, "%");
    snprintf(done, sizeof done, "%.*s%s", before, remark->done,
             remark->done[before] ? last_word : "");
    lode_status status = finding_key_words(mute->key, &about);
    if (!status)
        status = screen_say("%s: %s (take it back: lode %s --remove %s %s)", done,
                            (const char *)about.data, remark->command->name, id, store);
    lode_bytes_clear(&about);
    return status;
}

static lode_status say_remark(const struct remark_command *remark, const char *const *words,
                              const char *reason)
{
    struct run_findings findings;
    char who[WHO_SIZE], when[32];
    int64_t row = 0;
    lode_try(run_findings_load(words[0], &findings));
    lode_status status = take_rank(words[0], words[1], &findings, &row);
    if (status) goto done;
    struct mute mute = {.job = findings.job->name,
                        .key = findings.keys[row],
                        .reason = reason ? reason : "",
                        .who = who_name(who),
                        .when = lode_clock_iso(when)};
    if (remark->fill) lode_try_done(remark->fill(words, &findings, &mute));
    lode_try_done(remarks_change(remark->kind, findings.store_path, &mute, NULL, findings.arena));
    status = say_done(remark, words[remark->n_words - 1], &mute, findings.store_path);
done:
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

static lode_status print_list(const struct remark_command *remark, const struct mutes *all)
{
    struct screen screen = {0};
    lode_status status = LODE_OK;
    if (all->n == 0) {
        printf("%s (no %s, or an empty one)\n", remark->none, all->path);
        return LODE_OK;
    }
    for (const char *const *name = remark->columns; *name; name++)
        screen_add_column(&screen, *name, true);
    for (int64_t i = 0; i < all->n && !status; i++)
        status = remark->add_cells(&screen, &all->list[i]);
    if (!status) screen_print(&screen);
    screen_clear(&screen);
    return status;
}

/* The word is a store, or (with a run.json in it) a run on one. */
static lode_status list_or_remove(const struct remark_command *remark, const char *path,
                                  const struct request *request, struct lode_arena *arena)
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
        status = remarks_change(remark->kind, store, NULL, request->remove, arena);
    else
        status = remarks_load(remark->kind, store, arena, &all);
    if (!status && request->list)
        status = request->json ? print_json(&all) : print_list(remark, &all);
    record_clear(&record);
    return status;
}

static lode_status run_parsed(const struct remark_command *remark, const struct request *request,
                              const char *const *words, int n_words)
{
    struct lode_arena *arena = NULL;
    const bool is_about_store = request->list || request->remove;
    if ((request->list && request->remove) || (request->reason && is_about_store) ||
        n_words != (is_about_store ? 1 : remark->n_words) || (request->json && !request->list) ||
        (remark->needs_reason && !request->reason && !is_about_store))
        return lode_fail(LODE_E_USAGE, "lode %s takes one of these: lode %s %s",
                         remark->command->name, remark->command->name, remark->command->usage);
    if (!is_about_store) return say_remark(remark, words, request->reason);
    lode_try(lode_arena_create(0, &arena));
    const lode_status status = list_or_remove(remark, words[0], request, arena);
    lode_arena_destroy(arena);
    return status;
}

lode_status remark_run(const struct remark_command *remark, struct invocation *invocation)
{
    struct request request = {0};
    struct command_words words;
    lode_try(command_read(remark->command, invocation, take, &request, &words));
    return words.is_helped ? LODE_OK : run_parsed(remark, &request, words.list, words.n);
}
