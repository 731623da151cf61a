/* Tokens: every event name is given the text of its token, the texts are sorted and made unique,
 * and each name gets the place of its text: order of tokens = order of their bytes. */
#include "jobs/opportunities/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"

struct map_entry {
    const char *glob, *token;
};

static lode_status no_such_event(const char *parameter, const char *glob,
                                 const struct lode_dictionary *names, struct lode_arena *arena)
{
    const char **candidates = NULL;
    lode_try(lode_take(arena, names->count + 1, &candidates));
    for (int64_t i = 0; i < names->count; i++) candidates[i] = names->words[i];
    candidates[names->count] = NULL;
    const char *near = lode_text_nearest(glob, candidates);
    return lode_fail(LODE_E_USAGE, "parameter %s: '%s' matches no event name%s%s%s", parameter,
                     glob, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

/* "glob=token" at the last '=': event names with '=' in them can then be given. */
static lode_status cut_entry(const char *text, struct lode_arena *arena, struct map_entry *entry)
{
    const char *cut = strrchr(text, '=');
    if (!cut || cut == text || cut[1] == '\0')
        return lode_fail(LODE_E_USAGE, "parameter map: '%s' is not of the form glob=token", text);
    char *glob = NULL;
    lode_try(lode_arena_text(arena, text, (size_t)(cut - text), &glob));
    *entry = (struct map_entry){.glob = glob, .token = cut + 1};
    return LODE_OK;
}

/* Every rule must match some event name: a mistyped one would change nothing, silently. */
static lode_status check_globs(const char *parameter, const char *const *globs, int64_t n,
                               const struct lode_dictionary *names, struct lode_arena *arena)
{
    for (int64_t g = 0; g < n; g++) {
        int64_t i = 0;
        while (i < names->count && !lode_text_glob(globs[g], names->words[i])) i++;
        if (i == names->count) return no_such_event(parameter, globs[g], names, arena);
    }
    return LODE_OK;
}

/* The text that an event counts as, or NULL: ignored. */
static const char *token_text(const char *name, const struct token_rules *rules,
                              const struct map_entry *entries)
{
    for (int64_t i = 0; i < rules->n_ignore; i++)
        if (lode_text_glob(rules->ignore[i], name)) return NULL;
    for (int64_t i = 0; i < rules->n_map; i++)
        if (lode_text_glob(entries[i].glob, name)) return entries[i].token;
    return name;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, each text once; returns how many. */
static int64_t make_unique(char **texts, int64_t n)
{
    qsort(texts, (size_t)n, sizeof *texts, compare_texts);
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(texts[kept - 1], texts[i]) != 0) texts[kept++] = texts[i];
    return kept;
}

static lode_status read_map(const struct lode_dictionary *names, const struct token_rules *rules,
                            struct lode_arena *arena, struct map_entry **entries)
{
    const char **globs = NULL;
    lode_try(lode_take(arena, rules->n_map, entries));
    lode_try(lode_take(arena, rules->n_map, &globs));
    for (int64_t i = 0; i < rules->n_map; i++) {
        lode_try(cut_entry(rules->map[i], arena, &(*entries)[i]));
        globs[i] = (*entries)[i].glob;
    }
    lode_try(check_globs("map", globs, rules->n_map, names, arena));
    return check_globs("ignore", (const char *const *)rules->ignore, rules->n_ignore, names, arena);
}

/* Those of a store that was appended to may not be. */
static bool is_sorted(const struct lode_dictionary *names)
{
    for (int64_t i = 1; i < names->count; i++)
        if (strcmp(names->words[i - 1], names->words[i]) >= 0) return false;
    return true;
}

lode_status tokens_make(const struct lode_dictionary *names, const struct token_rules *rules,
                        struct lode_arena *arena, struct pattern_tokens *tokens)
{
    if (rules->n_ignore == 0 && rules->n_map == 0 && is_sorted(names)) {
        *tokens = (struct pattern_tokens){.n_tokens = names->count, .tokens = names->words};
        return LODE_OK;
    }
    struct map_entry *entries = NULL;
    char **texts = NULL;
    uint32_t *token_of = NULL;
    lode_try(read_map(names, rules, arena, &entries));
    lode_try(lode_take(arena, names->count, &texts));
    lode_try(lode_take(arena, names->count, &token_of));

    int64_t n = 0;
    for (int64_t i = 0; i < names->count; i++) {
        const char *text = token_text(names->words[i], rules, entries);
        if (text) lode_try(lode_arena_text(arena, text, strlen(text), &texts[n++]));
    }
    if (n == 0) return lode_fail(LODE_E_USAGE, "parameter ignore leaves no event to count");
    n = make_unique(texts, n);
    for (int64_t i = 0; i < names->count; i++) {
        const char *text = token_text(names->words[i], rules, entries);
        char *const *at =
            text ? bsearch(&text, texts, (size_t)n, sizeof *texts, compare_texts) : NULL;
        token_of[i] = at ? (uint32_t)(at - texts) : LODE_NO_CODE;
    }
    *tokens = (struct pattern_tokens){.n_tokens = n, .tokens = texts, .token_of = token_of};
    return LODE_OK;
}
