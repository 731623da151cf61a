/* Definitions: the names are words, numbered as they come; what is not defined takes a place, too,
 * once it was asked for. */
#include "common/expr/language/definitions.h"

#include <string.h>

#include "lode/table.h"

struct expr_definitions {
    struct lode_arena *arena;
    struct lode_words *names; /* every name that was asked for; a code is an index of nodes */
    int32_t *nodes;           /* [room]; -1: the name is of none */
    size_t room;
};

lode_status expr_definitions_create(struct lode_arena *arena, struct expr_definitions **definitions)
{
    struct expr_definitions *made;
    lode_try(lode_take_zero(arena, 1, &made));
    made->arena = arena;
    lode_try(lode_words_create(arena, &made->names));
    *definitions = made;
    return LODE_OK;
}

/* The place of a name's node. */
static lode_status place_of(struct expr_definitions *definitions, const char *name, int32_t **place)
{
    uint32_t code;
    lode_try(lode_words_add(definitions->names, name, strlen(name), &code));
    if (code >= definitions->room) {
        const size_t room = 2 * (size_t)code + 16;
        int32_t *nodes;
        lode_try(lode_take(definitions->arena, room, &nodes));
        for (size_t i = 0; i < room; i++)
            nodes[i] = i < definitions->room ? definitions->nodes[i] : -1;
        definitions->nodes = nodes;
        definitions->room = room;
    }
    *place = &definitions->nodes[code];
    return LODE_OK;
}

lode_status expr_definitions_set(struct expr_definitions *definitions, const char *name,
                                 int32_t node)
{
    int32_t *place;
    lode_try(place_of(definitions, name, &place));
    *place = node;
    return LODE_OK;
}

lode_status expr_definitions_find(struct expr_definitions *definitions, const char *name,
                                  int32_t *node)
{
    int32_t *place;
    lode_try(place_of(definitions, name, &place));
    *node = *place;
    return LODE_OK;
}

lode_status expr_definitions_list(const struct expr_definitions *definitions,
                                  struct lode_arena *arena, const char *const **names,
                                  int64_t *count)
{
    int64_t n_words;
    const char **list;
    char *const *words = lode_words_list(definitions->names, &n_words);
    lode_try(lode_take(arena, n_words, &list));
    *count = 0;
    for (int64_t i = 0; i < n_words; i++)
        if ((size_t)i < definitions->room && definitions->nodes[i] >= 0)
            list[(*count)++] = words[i];
    *names = list;
    return LODE_OK;
}
