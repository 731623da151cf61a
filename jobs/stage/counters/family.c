/* Family: see the header. */
#include "jobs/stage/counters/family.h"

#include "common/file.h"
#include "common/param/name_tree.h"

#include <stdio.h>
#include <string.h>

enum { FILE_LIMIT = 64 << 20 };

lode_status family_read(const char *path, struct lode_arena *arena, struct counters_family *family)
{
    struct lode_bytes text = {0};
    struct lode_name_tree tree = {0};
    struct counters_kin *kin = NULL;
    lode_status status = lode_file_read(path, FILE_LIMIT, &text);
    if (!status) status = lode_name_tree_parse(path, text.data, text.size, arena, &tree);
    lode_bytes_clear(&text);
    lode_try(status);
    lode_try(lode_take(arena, tree.n, &kin));
    for (int64_t i = 0; i < tree.n; i++) {
        const int64_t parent = tree.names[i].parent;
        kin[i] =
            (struct counters_kin){tree.names[i].name, parent < 0 ? "" : tree.names[parent].name};
    }
    *family = (struct counters_family){tree.n, kin};
    return LODE_OK;
}

lode_status family_rule(const struct counters_kin *kin, struct lode_arena *arena, char **rule)
{
    const size_t room = strlen(kin->parent) + strlen(kin->name) + 2;
    lode_try(lode_take(arena, room, rule));
    snprintf(*rule, room, "%s\t%s", kin->parent, kin->name);
    return LODE_OK;
}

lode_status family_unrule(const char *rule, struct lode_arena *arena, struct counters_kin *kin)
{
    const char *tab = strchr(rule, '\t');
    char *parent = NULL;
    if (!tab) return lode_fail(LODE_E_INPUT, "the store's tree has a line '%s'", rule);
    lode_try(lode_arena_text(arena, rule, (size_t)(tab - rule), &parent));
    *kin = (struct counters_kin){tab + 1, parent};
    return LODE_OK;
}

lode_status family_words(const struct counters_family *family, struct lode_arena *arena,
                         struct lode_words **words)
{
    lode_try(lode_words_create(arena, words));
    for (int64_t i = 0; i < family->n; i++) {
        const char *name = family->kin[i].name;
        uint32_t code = 0;
        lode_try(lode_words_add(*words, name, strlen(name), &code));
        if ((int64_t)code != i)
            return lode_fail(LODE_E_INPUT, "the store's tree has '%s' twice", name);
    }
    return LODE_OK;
}

lode_status family_find(const struct counters_family *family, struct lode_words *words,
                        const char *name, int64_t *index)
{
    uint32_t code = 0;
    lode_try(lode_words_add(words, name, strlen(name), &code));
    *index = (int64_t)code < family->n ? (int64_t)code : -1;
    return LODE_OK;
}
