/* lode report: a run as one page for a browser, which needs nothing else. */
#include "common/file.h"
#include "coordinator/command.h"
#include "coordinator/page/data.h"
#include "coordinator/page/page.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { OUTPUT = 1, FORCE };

static const struct option own_options[] = {
    {OUTPUT, "-o", "FILE", "the page, written whole or not at all"},
    {FORCE, "--force", NULL, "in place of a file that exists"},
    {0, NULL, NULL, NULL},
};
static const struct option *const option_tables[] = {own_options, NULL};

struct request {
    const char *output;
    bool force;
};

static lode_status take(void *context, int id, const char *value)
{
    struct request *request = context;
    if (id == OUTPUT) request->output = value;
    if (id == FORCE) request->force = true;
    return LODE_OK;
}

static lode_status make_page(const struct run_findings *findings, struct lode_bytes *json,
                             struct lode_bytes *page)
{
    char results[PATH_MAX];
    struct mutes mutes = {0}, feedback = {0};
    struct lode_arena *arena = findings->arena;
    if (snprintf(results, sizeof results, "%s/results.h5", findings->path) >= (int)sizeof results)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", findings->path);
    lode_try(mutes_load(findings->store_path, arena, &mutes));
    lode_try(remarks_load(REMARK_FEEDBACK, findings->store_path, arena, &feedback));
    const struct page_source source = {findings, &mutes, &feedback, results, arena};
    lode_try(page_data_append(json, &source));
    return page_append(page, json);
}

static lode_status report(const char *run, const struct request *request)
{
    struct run_findings findings = {0};
    struct lode_bytes json = {0}, page = {0};
    lode_status status = LODE_OK;
    lode_try(run_findings_load_any(run, &findings));
    lode_try_done(make_page(&findings, &json, &page));
    lode_try_done(lode_file_write(request->output, page.data, page.size, false));
done:
    lode_bytes_clear(&json);
    lode_bytes_clear(&page);
    run_findings_clear(&findings);
    return status;
}

static lode_status run(struct invocation *invocation)
{
    struct request request = {0};
    struct command_words words;
    lode_try(command_read(&report_command, invocation, take, &request, &words));
    if (words.is_helped) return LODE_OK;
    if (words.n != 1 || !request.output || !request.output[0])
        return lode_fail(LODE_E_USAGE, "lode report takes a run and a file: lode report %s",
                         report_command.usage);
    if (!request.force && access(request.output, F_OK) == 0)
        return lode_fail(LODE_E_USAGE, "%s: exists already; take another name, or --force",
                         request.output);
    return report(words.list[0], &request);
}

const struct command report_command = {
    .name = "report",
    .usage = "RUN -o FILE.html [--force]",
    .summary = "a run as one page: findings, pictures, tables; no network, no other file",
    .example = "lode report run1 -o run1.html",
    .options = option_tables,
    .run = run,
};
