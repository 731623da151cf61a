/* File rules: see the header. */
#include "jobs/stage/file_rules.h"

#include <fnmatch.h>
#include <string.h>

/* As many last parts of the path as the pattern has. */
static bool matches(const char *pattern, const char *path)
{
    int parts = 1;
    for (const char *c = pattern; *c; c++) parts += *c == '/';
    const char *tail = path + strlen(path);
    while (tail > path && parts > 0) parts -= *--tail == '/';
    return fnmatch(pattern, parts > 0 || *pattern == '/' ? tail : tail + 1, FNM_PATHNAME) == 0;
}

lode_status file_rules_match(const struct stage_events_options *options, bool may_be_idle,
                             const struct stage_header *headers, int64_t n,
                             struct lode_arena *arena, int64_t **rule_of)
{
    int64_t *found = NULL;
    lode_try(lode_take(arena, n, &found));
    for (int64_t f = 0; f < n; f++) found[f] = -1;
    for (int64_t r = 0; r < options->n_file_rules; r++) {
        const char *pattern = options->file_rules[r].pattern;
        bool used = false;
        for (int64_t f = 0; f < n; f++) {
            if (!matches(pattern, headers[f].path)) continue;
            used = true;
            if (found[f] < 0) found[f] = r;
        }
        if (!used && !may_be_idle)
            return lode_fail(LODE_E_USAGE, "mapping: no input file is called '%s'", pattern);
    }
    *rule_of = found;
    return LODE_OK;
}
