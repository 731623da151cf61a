/* Naming: see the header. */
#include "jobs/stage/counters/rates/naming.h"

#include "common/text.h"

#include <string.h>

static const char nothing[] = "(none)";

static lode_status fail_attribute(const char *name, const struct lode_store *store,
                                  struct lode_arena *arena)
{
    const int64_t n_session = store->n_attributes, n_event = store->n_event_attributes;
    const char **names = NULL;
    if (lode_store_find_event_value(store, name) >= 0)
        return lode_fail(LODE_E_USAGE, "'%s' is a number of events: components are named by words",
                         name);
    lode_try(lode_take_zero(arena, n_session + n_event + 1, &names));
    for (int64_t i = 0; i < n_session; i++) names[i] = store->attributes[i].name;
    for (int64_t i = 0; i < n_event; i++) names[n_session + i] = store->event_attributes[i].name;
    const char *nearest = lode_text_nearest(name, names);
    return lode_fail(LODE_E_USAGE, "%s: neither sessions nor events have an attribute '%s'%s%s%s",
                     store->path, name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "");
}

static lode_status find_column(const char *name, const struct lode_store *store,
                               struct lode_arena *arena, struct naming_column *column)
{
    const int64_t session = lode_store_find_attribute(store, name);
    const int64_t event = session < 0 ? lode_store_find_event_attribute(store, name) : -1;
    if (session < 0 && event < 0) return fail_attribute(name, store, arena);
    column->of_event = session < 0;
    column->attribute = session < 0 ? &store->event_attributes[event] : &store->attributes[session];
    return LODE_OK;
}

lode_status naming_make(const char *name, const struct lode_store *store, struct lode_arena *arena,
                        struct naming *naming)
{
    struct naming made = {0};
    const size_t most = strlen(name) + 1;
    lode_try(lode_take(arena, most, &made.pieces));
    lode_try(lode_take(arena, most, &made.columns));
    for (const char *at = name; *at;) {
        const size_t plain = strcspn(at, "{}");
        char *attribute = NULL;
        if (plain > 0) made.pieces[made.n_pieces++] = (struct naming_piece){at, plain, -1};
        at += plain;
        if (!*at) break;
        const size_t size = strcspn(at + 1, "{}");
        if (*at == '}' || at[1 + size] != '}' || size == 0)
            return lode_fail(LODE_E_USAGE,
                             "'%s': a name of components is such as shop/{region}: an attribute "
                             "between { and }",
                             name);
        lode_try(lode_arena_text(arena, at + 1, size, &attribute));
        lode_try(find_column(attribute, store, arena, &made.columns[made.n_columns]));
        made.of_events |= made.columns[made.n_columns].of_event;
        made.pieces[made.n_pieces++] = (struct naming_piece){.column = made.n_columns++};
        at += size + 2;
    }
    *naming = made;
    return LODE_OK;
}

/* The text that stands at a piece; NULL: a code without a word. */
static const char *text_of(const struct naming *naming, const struct naming_piece *piece,
                           const uint32_t *codes, size_t *size)
{
    const char *word = NULL;
    *size = piece->size;
    if (piece->column < 0) return piece->text;
    const struct lode_dictionary *words = &naming->columns[piece->column].attribute->dictionary;
    const uint32_t code = codes[piece->column];
    if (code == LODE_NO_CODE)
        word = nothing;
    else if (code < words->count)
        word = words->words[code];
    *size = word ? strlen(word) : 0;
    return word;
}

lode_status naming_put(const struct naming *naming, const uint32_t *codes,
                       char text[NAMING_MOST_BYTES], size_t *size)
{
    size_t used = 0;
    for (int i = 0; i < naming->n_pieces; i++) {
        size_t more = 0;
        const char *piece = text_of(naming, &naming->pieces[i], codes, &more);
        if (!piece) return lode_fail(LODE_E_INPUT, "an attribute has a code without a word");
        if (more > NAMING_MOST_BYTES - used)
            return lode_fail(LODE_E_INPUT, "component '%.*s%.*s...' has more than %d bytes",
                             (int)used, text, (int)(NAMING_MOST_BYTES - used), piece,
                             NAMING_MOST_BYTES);
        memcpy(text + used, piece, more);
        used += more;
    }
    if (used == 0 || !lode_text_is_utf8(text, used))
        return lode_fail(LODE_E_INPUT, "a component's name is not UTF-8, or empty");
    *size = used;
    return LODE_OK;
}
