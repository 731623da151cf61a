/* Instantiate: every value is read as what it must be, and written anew. */
#include "jobs/opportunities/generator/instantiate.h"

#include "common/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 4096, WORDS_SHOWN = 3 };

/* One instance under way. */
struct filling {
    const struct template *template;
    const char *const *values;
    const struct generator_schema *schema; /* or NULL */
    struct lode_arena *arena;
};

static const char *value_of(const struct filling *filling, int index)
{
    const char *given = filling->values[index];
    return given ? given : filling->template->parameters[index].initial;
}

static lode_status must(const struct filling *filling, int index, const char *rule)
{
    return lode_fail(LODE_E_USAGE, "template %s: %s=%.64s: must %s", filling->template->name,
                     filling->template->parameters[index].name, value_of(filling, index), rule);
}

/* --- names --- */

static const struct generator_names *names_of(const struct generator_schema *schema,
                                              enum template_type type)
{
    switch (type) {
    case TEMPLATE_EVENT:
    case TEMPLATE_EVENTS:
        return &schema->events;
    case TEMPLATE_ATTRIBUTE:
        return &schema->attributes;
    case TEMPLATE_EVENT_ATTRIBUTE:
        return &schema->event_attributes;
    case TEMPLATE_KPI:
        return &schema->kpis;
    case TEMPLATE_SERIES:
        return &schema->series;
    default:
        return NULL;
    }
}

static lode_status check_name(const struct filling *filling, int index, const char *name)
{
    const enum template_type type = filling->template->parameters[index].type;
    const char **candidates = NULL;
    if (!filling->schema) return LODE_OK;
    const struct generator_names *known = names_of(filling->schema, type);
    for (int64_t i = 0; i < known->n; i++)
        if (strcmp(known->names[i], name) == 0) return LODE_OK;
    lode_try(lode_take_zero(filling->arena, known->n + 1, &candidates));
    if (known->n) memcpy(candidates, known->names, (size_t)known->n * sizeof *candidates);
    const char *nearest = lode_text_nearest(name, candidates);
    return lode_fail(LODE_E_USAGE, "template %s: %s: the store has no %s '%.64s'%s%s%s",
                     filling->template->name, filling->template->parameters[index].name,
                     type == TEMPLATE_EVENTS ? "event" : template_type_names[type], name,
                     nearest ? ", did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "");
}

/* 'name': a name or text of the language, with its escapes (docs/language.md). */
lode_status instantiate_append_quoted(struct lode_bytes *out, const char *name)
{
    lode_try(lode_bytes_append(out, "'", 1));
    for (; *name; name++) {
        const unsigned char c = (unsigned char)*name;
        if (c < ' ' || c == 127)
            lode_try(lode_bytes_printf(out, "\\x%02x", c));
        else if (c == '\'' || c == '\\')
            lode_try(lode_bytes_printf(out, "\\%c", c));
        else
            lode_try(lode_bytes_append(out, name, 1));
    }
    return lode_bytes_append(out, "'", 1);
}

/* A regular expression, where a backslash stands for itself, so that it takes its next character
 * along; only \' is a quote. */
static lode_status append_regex(const struct filling *filling, int index, struct lode_bytes *out)
{
    lode_try(lode_bytes_append(out, "'", 1));
    for (const char *at = value_of(filling, index); *at; at++) {
        const bool is_pair = *at == '\\';
        if (iscntrl((unsigned char)*at) || (is_pair && (!at[1] || iscntrl((unsigned char)at[1]))))
            return must(filling, index, "be a regular expression on one line");
        if (is_pair && at[1] != '\'') lode_try(lode_bytes_append(out, at, 1));
        at += is_pair;
        if (*at == '\'') lode_try(lode_bytes_append(out, "\\", 1));
        lode_try(lode_bytes_append(out, at, 1));
    }
    return lode_bytes_append(out, "'", 1);
}

/* An attribute or KPI: bare where it is a plain word, as people write it. */
lode_status instantiate_append_column(struct lode_bytes *out, const char *name)
{
    bool is_plain = !isdigit((unsigned char)name[0]);
    for (const char *at = name; *at && is_plain; at++)
        is_plain = isalnum((unsigned char)*at) || *at == '_';
    return is_plain ? lode_bytes_append(out, name, strlen(name))
                    : instantiate_append_quoted(out, name);
}

static lode_status append_alternative(const struct filling *filling, int index, const char *name,
                                      int *n, struct lode_bytes *out)
{
    if (++*n > GENERATOR_ALTERNATIVES_MAX)
        return must(filling, index, "stand for at most 64 events");
    if (*n > 1) lode_try(lode_bytes_append(out, " | ", 3));
    return instantiate_append_quoted(out, name);
}

static bool is_glob(const char *text)
{
    return strpbrk(text, "*?") != NULL;
}

/* All events that the glob matches, by name: the order of a dictionary means nothing. */
static lode_status append_matches(const struct filling *filling, int index, const char *glob,
                                  int *n, struct lode_bytes *out)
{
    const struct generator_names *events = &filling->schema->events;
    const char *last = NULL;
    for (int before = *n;; before = *n) {
        const char *least = NULL;
        for (int64_t i = 0; i < events->n; i++) {
            const char *name = events->names[i];
            if (!name) continue;
            if ((!last || strcmp(name, last) > 0) && (!least || strcmp(name, least) < 0) &&
                lode_text_glob(glob, name))
                least = name;
        }
        if (!least) return before > 0 ? LODE_OK : must(filling, index, "match an event");
        lode_try(append_alternative(filling, index, least, n, out));
        last = least;
    }
}

/* The items of a list, as lode_params_list reads them: backslash quotes a comma or itself. */
static const char *take_item(const char *at, char *item, size_t room)
{
    size_t size = 0, last = 0;
    while (*at == ' ') at++;
    for (; *at && *at != ','; at++) {
        const bool quoted = at[0] == '\\' && (at[1] == ',' || at[1] == '\\');
        if (quoted) at++;
        if (size + 1 < room) item[size++] = *at;
        if (quoted || *at != ' ') last = size;
    }
    item[last] = '\0';
    return *at ? at + 1 : at;
}

lode_status instantiate_append_item(struct lode_bytes *list, const char *item)
{
    for (; *item; item++) {
        if (*item == ',' || *item == '\\') lode_try(lode_bytes_append(list, "\\", 1));
        lode_try(lode_bytes_append(list, item, 1));
    }
    return LODE_OK;
}

static lode_status append_events(const struct filling *filling, int index, struct lode_bytes *out)
{
    char item[VALUE_MAX];
    int n = 0;
    const char *at = value_of(filling, index);
    lode_try(lode_bytes_append(out, "(", 1));
    do {
        at = take_item(at, item, sizeof item);
        if (!item[0]) return must(filling, index, "be a list of events without empty items");
        if (is_glob(item) && filling->schema) {
            lode_try(append_matches(filling, index, item, &n, out));
            continue;
        }
        lode_try(check_name(filling, index, item));
        lode_try(append_alternative(filling, index, item, &n, out));
    } while (*at);
    return lode_bytes_append(out, ")", 1);
}

/* --- numbers --- */

/* {'DE', 'FR'} */
static lode_status append_words(const struct filling *filling, int index, struct lode_bytes *out)
{
    char item[VALUE_MAX];
    const char *at = value_of(filling, index);
    lode_try(lode_bytes_append(out, "{", 1));
    for (bool is_first = true; *at; is_first = false) {
        at = take_item(at, item, sizeof item);
        if (!item[0]) return must(filling, index, "be a list of words without empty items");
        if (!is_first) lode_try(lode_bytes_append(out, ", ", 2));
        lode_try(instantiate_append_quoted(out, item));
    }
    return lode_bytes_append(out, "}", 1);
}

static lode_status append_duration(const struct filling *filling, int index, struct lode_bytes *out)
{
    int64_t ms = 0;
    const char *text = value_of(filling, index);
    if (!lode_text_to_duration_ms(text, strlen(text), &ms))
        return must(filling, index, "be a duration such as 500ms, 30s, 15m, 2h or 7d");
    return lode_bytes_printf(out, "%lldms", (long long)ms);
}

static lode_status append_number(const struct filling *filling, int index, struct lode_bytes *out)
{
    double number = 0;
    const struct template_parameter *parameter = &filling->template->parameters[index];
    const char *text = value_of(filling, index);
    size_t size = strlen(text);
    const bool is_percent = size > 1 && text[size - 1] == '%';
    if (!lode_text_to_f64(text, size - is_percent, &number))
        return must(filling, index, "be a number");
    if (number < parameter->low || number > parameter->high) {
        char rule[96];
        snprintf(rule, sizeof rule, "lie in %.15g..%.15g", parameter->low, parameter->high);
        return must(filling, index, rule);
    }
    lode_try(lode_text_append_f64(out, number));
    return is_percent ? lode_bytes_append(out, "%", 1) : LODE_OK;
}

/* What follows a plain word and this byte (0: the end); NULL where there are none. */
static const char *after_word(const char *text, char byte)
{
    const char *end = text;
    if (!text || isdigit((unsigned char)*text)) return NULL;
    while (isalnum((unsigned char)*end) || *end == '_') end++;
    if (end == text || *end != byte) return NULL;
    return byte ? end + 1 : end;
}

/* SOURCE.COUNTER or SOURCE[ATTRIBUTE].COUNTER, of plain words. */
static bool is_series(const char *text)
{
    const char *by = after_word(after_word(text, '['), ']');
    const char *counter = by && *by == '.' ? by + 1 : after_word(text, '.');
    return after_word(counter, '\0') != NULL;
}

static lode_status append_value(const struct filling *filling, int index, struct lode_bytes *out)
{
    const struct template_parameter *parameter = &filling->template->parameters[index];
    const char *text = value_of(filling, index);
    if (!text)
        return lode_fail(LODE_E_USAGE, "template %s: parameter %s (%s) must be given",
                         filling->template->name, parameter->name, parameter->meaning);
    if (!text[0] && parameter->type != TEMPLATE_WORDS) return must(filling, index, "not be empty");
    if (strlen(text) >= VALUE_MAX || !lode_text_is_utf8(text, strlen(text)))
        return must(filling, index, "be UTF-8 text of less than 4096 bytes");
    switch (parameter->type) {
    case TEMPLATE_EVENTS:
        return append_events(filling, index, out);
    case TEMPLATE_DURATION:
        return append_duration(filling, index, out);
    case TEMPLATE_NUMBER:
        return append_number(filling, index, out);
    case TEMPLATE_SERIES:
        if (!is_series(text))
            return must(filling, index, "be SOURCE.COUNTER or SOURCE[ATTRIBUTE].COUNTER");
        lode_try(check_name(filling, index, text));
        return lode_bytes_append(out, text, strlen(text));
    case TEMPLATE_TEXT:
        return instantiate_append_quoted(out, text);
    case TEMPLATE_WORDS:
        return append_words(filling, index, out);
    case TEMPLATE_REGEX:
        return append_regex(filling, index, out);
    case TEMPLATE_EVENT:
        lode_try(check_name(filling, index, text));
        return instantiate_append_quoted(out, text);
    default:
        lode_try(check_name(filling, index, text));
        return instantiate_append_column(out, text);
    }
}

/* --- texts with placeholders --- */

/* Of a definition's name: letters, digits and _, so that it is a plain word of the language. */
lode_status instantiate_append_word(struct lode_bytes *out, const char *text)
{
    bool gap = false;
    for (; *text; text++) {
        const bool plain = isalnum((unsigned char)*text) || *text == '_';
        if (plain && gap) lode_try(lode_bytes_append(out, "_", 1));
        if (plain) lode_try(lode_bytes_append(out, text, 1));
        gap = !plain && out->size > 0;
    }
    return LODE_OK;
}

/* A long list is called by its first item: "pay_error_and_6_more". */
static lode_status append_list_word(struct lode_bytes *out, const char *list)
{
    char item[VALUE_MAX];
    int n = 1;
    const char *at = take_item(list, item, sizeof item);
    for (const char *rest = at; *rest; n++) {
        char skipped[VALUE_MAX];
        rest = take_item(rest, skipped, sizeof skipped);
    }
    if (n <= WORDS_SHOWN) return instantiate_append_word(out, list);
    lode_try(instantiate_append_word(out, item));
    return lode_bytes_printf(out, "_and_%d_more", n - 1);
}

/* How a placeholder is replaced. */
enum replacement { AS_EXPRESSION, AS_WORD, AS_GIVEN };

static lode_status fill(const struct filling *filling, const char *text, enum replacement how,
                        struct lode_bytes *out)
{
    size_t size = 0;
    for (;;) {
        const char *at = template_next_placeholder(text, &size);
        const size_t plain = at ? (size_t)(at - text) : strlen(text);
        lode_try(lode_bytes_append(out, text, plain));
        if (!at) return lode_bytes_append(out, "", 1);
        const int index = template_find_parameter(filling->template, at + 1, size - 2);
        if (index < 0) return lode_fail(LODE_E_BUG, "template %s", filling->template->name);
        if (how == AS_EXPRESSION)
            lode_try(append_value(filling, index, out));
        else if (how == AS_WORD && template_takes_list(filling->template->parameters[index].type))
            lode_try(append_list_word(out, value_of(filling, index)));
        else if (how == AS_WORD)
            lode_try(instantiate_append_word(out, value_of(filling, index)));
        else
            lode_try(
                lode_bytes_append(out, value_of(filling, index), strlen(value_of(filling, index))));
        text = at + size;
    }
}

static lode_status fill_text(const struct filling *filling, const char *text, enum replacement how,
                             size_t limit, const char **filled)
{
    struct lode_bytes out = {0};
    char *copy = NULL;
    lode_status status = fill(filling, text, how, &out);
    if (!status && out.size > limit && how != AS_WORD)
        status = lode_fail(LODE_E_USAGE, "template %s: its expression has %zu bytes, at most %zu",
                           filling->template->name, out.size, limit);
    const size_t size = out.size > limit ? limit : out.size;
    if (!status) status = lode_arena_text(filling->arena, (const char *)out.data, size - 1, &copy);
    lode_bytes_clear(&out);
    *filled = copy;
    return status;
}

lode_status template_check_values(const struct template *template, const char *const *values,
                                  const struct generator_schema *schema, struct lode_arena *arena)
{
    const struct filling filling = {template, values, schema, arena};
    lode_status status = LODE_OK;
    struct lode_bytes out = {0};
    for (int i = 0; i < template->n_parameters && !status; i++)
        status = append_value(&filling, i, &out);
    lode_bytes_clear(&out);
    return status;
}

/* --- definitions --- */

static bool has_name(const struct generator_definitions *all, const char *name)
{
    for (int64_t i = 0; i < all->n; i++)
        if (strcmp(all->list[i].name, name) == 0) return true;
    return generator_names_have(&all->taken, name);
}

static bool has_expression(const struct generator_definitions *all, const char *expression)
{
    for (int64_t i = 0; i < all->n; i++)
        if (strcmp(all->list[i].expression, expression) == 0) return true;
    return false;
}

static lode_status make_unique(const struct generator_definitions *all, const char **name)
{
    const char *wanted = *name;
    for (int64_t i = 2; has_name(all, *name); i++) {
        char text[GENERATOR_NAME_MAX + 32], *copy = NULL;
        const int size = snprintf(text, sizeof text, "%s_%lld", wanted, (long long)i);
        lode_try(lode_arena_text(all->arena, text, (size_t)size, &copy));
        *name = copy;
    }
    return LODE_OK;
}

static lode_status reserve(struct generator_definitions *all)
{
    struct generator_definition *list = NULL;
    const int64_t room = 2 * all->room + 16;
    if (all->n < all->room) return LODE_OK;
    lode_try(lode_take(all->arena, room, &list));
    if (all->n) memcpy(list, all->list, (size_t)all->n * sizeof *list);
    all->list = list;
    all->room = room;
    return LODE_OK;
}

static lode_status copy_values(const struct template *template, const char *const *values,
                               struct lode_arena *arena, const char ***copies)
{
    lode_try(lode_take_zero(arena, template->n_parameters, copies));
    for (int i = 0; i < template->n_parameters; i++) {
        char *copy = NULL;
        if (values[i]) lode_try(lode_arena_text(arena, values[i], strlen(values[i]), &copy));
        (*copies)[i] = copy;
    }
    return LODE_OK;
}

lode_status template_instantiate(const struct template *template, const char *const *values,
                                 const struct generator_schema *schema,
                                 struct generator_definitions *definitions)
{
    const int64_t n_before = definitions->n;
    const char **copies = NULL;
    const struct filling filling = {template, values, schema, definitions->arena};
    lode_try(template_check_values(template, values, schema, definitions->arena));
    lode_try(copy_values(template, values, definitions->arena, &copies));
    for (int i = 0; i < template->n_definitions; i++) {
        const struct template_definition *from = &template->definitions[i];
        struct generator_definition made = {.template = template, .values = copies};
        lode_status status = fill_text(&filling, from->expression, AS_EXPRESSION,
                                       GENERATOR_EXPRESSION_MAX, &made.expression);
        if (!status && has_expression(definitions, made.expression)) continue;
        if (!status)
            status = fill_text(&filling, from->name, AS_WORD, GENERATOR_NAME_MAX, &made.name);
        if (!status) status = make_unique(definitions, &made.name);
        if (!status) status = reserve(definitions);
        if (status) {
            definitions->n = n_before;
            return status;
        }
        definitions->list[definitions->n++] = made;
    }
    return LODE_OK;
}

lode_status template_setting_value(const struct template *template, const char *const *values,
                                   int index, struct lode_arena *arena, const char **value)
{
    const struct filling filling = {template, values, NULL, arena};
    lode_try(template_check_values(template, values, NULL, arena));
    return fill_text(&filling, template->settings[index].value, AS_GIVEN, GENERATOR_EXPRESSION_MAX,
                     value);
}

lode_status template_values_append(const struct template *template, const char *const *values,
                                   struct lode_bytes *out)
{
    int n = 0;
    lode_try(lode_bytes_append(out, "{", 1));
    for (int i = 0; i < template->n_parameters; i++) {
        const char *name = template->parameters[i].name;
        if (!values[i]) continue;
        lode_try(lode_bytes_printf(out, "%s\"%s\":", n++ ? "," : "", name));
        lode_try(lode_text_append_json(out, values[i], strlen(values[i])));
    }
    return lode_bytes_append(out, "}", 1);
}
