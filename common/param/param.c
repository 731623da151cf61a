/* Parameters: the values of one table, as text; the getters type them. Spec files are read by
 * spec.c, which knows YAML and nothing else. */
#include "common/param/param.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/param/spec.h"
#include "common/text.h"

enum { NUMBER_BYTES = 48 };

struct lode_params {
    const struct lode_param *table;
    int count;
    char **values; /* [count], each on the heap */
};

/* Index of a parameter; -1 when the table has none of that name. */
static int find(const struct lode_params *params, const char *name, size_t size)
{
    for (int i = 0; i < params->count; i++)
        if (strlen(params->table[i].name) == size && memcmp(params->table[i].name, name, size) == 0)
            return i;
    return -1;
}

static lode_status no_memory(void)
{
    return lode_fail(LODE_E_MEMORY, "no memory for parameters");
}

lode_status lode_params_create(const struct lode_param *table, struct lode_params **params)
{
    struct lode_params *made = calloc(1, sizeof *made);
    if (!made) return no_memory();
    made->table = table;
    while (table[made->count].name) made->count++;
    made->values = calloc((size_t)made->count + 1, sizeof *made->values);
    bool whole = made->values != NULL;
    for (int i = 0; whole && i < made->count; i++)
        whole = (made->values[i] = strdup(table[i].initial)) != NULL;
    if (!whole) {
        lode_params_destroy(made);
        return no_memory();
    }
    *params = made;
    return LODE_OK;
}

void lode_params_destroy(struct lode_params *params)
{
    if (!params) return;
    for (int i = 0; params->values && i < params->count; i++) free(params->values[i]);
    free(params->values);
    free(params);
}

static lode_status unknown(const struct lode_params *params, const char *name, size_t size)
{
    lode_status status = LODE_OK;
    const char *nearest = NULL;
    char *word = strndup(name, size);
    const char **names = calloc((size_t)params->count + 1, sizeof *names);
    if (!word || !names) {
        status = no_memory();
        goto done;
    }
    for (int i = 0; i < params->count; i++) names[i] = params->table[i].name;
    nearest = lode_text_nearest(word, names);
    if (nearest)
        status =
            lode_fail(LODE_E_USAGE, "unknown parameter '%s', did you mean '%s'?", word, nearest);
    else
        status = lode_fail(LODE_E_USAGE, "unknown parameter '%s'", word);
done:
    free(names);
    free(word);
    return status;
}

static lode_status set_value(struct lode_params *params, const char *name, size_t name_size,
                             const char *value)
{
    const int index = find(params, name, name_size);
    if (index < 0) return unknown(params, name, name_size);
    char *copy = strdup(value);
    if (!copy) return no_memory();
    free(params->values[index]);
    params->values[index] = copy;
    return LODE_OK;
}

lode_status lode_params_set(struct lode_params *params, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment)
        return lode_fail(LODE_E_USAGE, "'%s' is no parameter setting: write name=value",
                         assignment);
    return set_value(params, assignment, (size_t)(equals - assignment), equals + 1);
}

/* A spec file on its way into a set. */
struct loading {
    struct lode_params *params;
    const char *path;
    struct lode_bytes group; /* the lines of the group so far, with a final zero */
    char *group_name;        /* on the heap; NULL: none yet */
};

static lode_status set_from_spec(void *context, const char *name, const char *value)
{
    const struct loading *loading = context;
    return set_value(loading->params, name, strlen(name), value);
}

static bool takes_definitions(const struct lode_params *params, int index)
{
    const char *unit = params->table[index].unit;
    return strcmp(unit, LODE_PARAM_DEFINITIONS) == 0 || strcmp(unit, LODE_PARAM_MAPPINGS) == 0 ||
           strcmp(unit, LODE_PARAM_STORES) == 0;
}

/* The parameter whose definitions may be mappings; NULL: there is none. */
static const char *find_mapped(const struct lode_params *params)
{
    for (int i = 0; i < params->count; i++)
        if (strcmp(params->table[i].unit, LODE_PARAM_MAPPINGS) == 0) return params->table[i].name;
    return NULL;
}

/* The lines of a group follow each other, so another name begins another group. */
static lode_status begin_group(struct loading *loading, const char *name)
{
    const int index = find(loading->params, name, strlen(name));
    if (loading->group_name && strcmp(loading->group_name, name) == 0) return LODE_OK;
    if (index < 0) return unknown(loading->params, name, strlen(name));
    if (!takes_definitions(loading->params, index))
        return lode_fail(LODE_E_USAGE, "parameter %s takes one value, not lines of `name: text`",
                         name);
    char *copy = strdup(name);
    if (!copy) return no_memory();
    free(loading->group_name);
    loading->group_name = copy;
    loading->group.size = 0;
    return LODE_OK;
}

static lode_status add_from_spec(void *context, const struct lode_spec_definition *definition)
{
    struct loading *loading = context;
    struct lode_bytes *group = &loading->group;
    lode_try(begin_group(loading, definition->group));
    lode_try(
        lode_definition_append(&(struct lode_definition){.name = definition->name,
                                                         .text = definition->text,
                                                         .file = loading->path,
                                                         .line = (int64_t)definition->line,
                                                         .column = (int64_t)definition->column},
                               group));
    lode_try(lode_bytes_append(group, "", 1));
    group->size--; /* the zero is overwritten by the next line */
    return set_from_spec(loading, definition->group, (const char *)group->data);
}

lode_status lode_params_load(struct lode_params *params, const char *path)
{
    /* into a copy, so that a file with one wrong line changes nothing */
    struct lode_params *loaded = NULL;
    lode_try(lode_params_create(params->table, &loaded));
    lode_status status = LODE_OK;
    struct loading loading = {.params = loaded, .path = path};
    for (int i = 0; i < params->count; i++) {
        const char *name = params->table[i].name;
        lode_try_done(set_value(loaded, name, strlen(name), params->values[i]));
    }
    lode_try_done(
        lode_spec_read(path, set_from_spec, add_from_spec, find_mapped(params), &loading));
    char **before = params->values;
    params->values = loaded->values;
    loaded->values = before;
done:
    free(loading.group_name);
    lode_bytes_clear(&loading.group);
    lode_params_destroy(loaded);
    return status;
}

const char *lode_params_text(const struct lode_params *params, const char *name)
{
    const int index = find(params, name, strlen(name));
    return index < 0 ? NULL : params->values[index];
}

lode_status lode_params_definitions(const struct lode_params *params, const char *parameter,
                                    struct lode_arena *arena, struct lode_definition **definitions,
                                    int64_t *count)
{
    const char *text = lode_params_text(params, parameter);
    if (!text) return lode_fail(LODE_E_BUG, "no parameter '%s' in the job's table", parameter);
    return lode_definitions_read(text, parameter, arena, definitions, count);
}

bool lode_params_is_initial(const struct lode_params *params, const char *name)
{
    const int index = find(params, name, strlen(name));
    return index >= 0 && strcmp(params->values[index], params->table[index].initial) == 0;
}

/* The same for the typed ones below. */
static lode_status find_text(const struct lode_params *params, const char *name, const char **text)
{
    *text = lode_params_text(params, name);
    if (*text) return LODE_OK;
    return lode_fail(LODE_E_BUG, "the job asks for parameter '%s', which is not in its table",
                     name);
}

bool lode_params_at(const struct lode_params *params, int index, const char **name,
                    const char **value)
{
    if (index < 0 || index >= params->count) return false;
    *name = params->table[index].name;
    *value = params->values[index];
    return true;
}

static lode_status must(const char *name, const char *text, const char *rule)
{
    return lode_fail(LODE_E_USAGE, "parameter %s=%s: must %s", name, text, rule);
}

/* "lie in 1..8", "be at least 1", ...: an open end is not shown. */
static const char *range_rule(const char *low, const char *high, char rule[2 * NUMBER_BYTES + 16])
{
    const size_t room = 2 * NUMBER_BYTES + 16;
    if (*low && *high)
        snprintf(rule, room, "lie in %s..%s", low, high);
    else if (*low)
        snprintf(rule, room, "be at least %s", low);
    else if (*high)
        snprintf(rule, room, "be at most %s", high);
    else
        snprintf(rule, room, "be a finite number");
    return rule;
}

static lode_status out_of_range_i64(const char *name, const char *text, int64_t low, int64_t high)
{
    char low_text[NUMBER_BYTES] = "", high_text[NUMBER_BYTES] = "", rule[2 * NUMBER_BYTES + 16];
    if (low > INT64_MIN) snprintf(low_text, sizeof low_text, "%" PRId64, low);
    if (high < INT64_MAX) snprintf(high_text, sizeof high_text, "%" PRId64, high);
    return must(name, text, range_rule(low_text, high_text, rule));
}

lode_status lode_params_i64(const struct lode_params *params, const char *name, int64_t low,
                            int64_t high, int64_t *value)
{
    const char *text = NULL;
    lode_try(find_text(params, name, &text));
    int64_t found;
    if (!lode_text_to_i64(text, strlen(text), &found)) return must(name, text, "be a whole number");
    if (found < low || found > high) return out_of_range_i64(name, text, low, high);
    *value = found;
    return LODE_OK;
}

lode_status lode_params_f64(const struct lode_params *params, const char *name, double low,
                            double high, double *value)
{
    const char *text = NULL;
    lode_try(find_text(params, name, &text));
    double found;
    if (!lode_text_to_f64(text, strlen(text), &found)) return must(name, text, "be a number");
    if (found < low || found > high) {
        char low_text[NUMBER_BYTES] = "", high_text[NUMBER_BYTES] = "", rule[2 * NUMBER_BYTES + 16];
        if (isfinite(low)) snprintf(low_text, sizeof low_text, "%.15g", low);
        if (isfinite(high)) snprintf(high_text, sizeof high_text, "%.15g", high);
        return must(name, text, range_rule(low_text, high_text, rule));
    }
    *value = found;
    return LODE_OK;
}

lode_status lode_params_duration_ms(const struct lode_params *params, const char *name,
                                    int64_t *duration_ms)
{
    const char *text = NULL;
    lode_try(find_text(params, name, &text));
    if (!lode_text_to_duration_ms(text, strlen(text), duration_ms))
        return must(name, text,
                    "be a duration such as 500ms, 30s, 15m, 2h or 7d (a bare number is seconds)");
    return LODE_OK;
}

lode_status lode_params_bool(const struct lode_params *params, const char *name, bool *value)
{
    static const char *const words[] = {"off", "on", "false", "true", "no", "yes", "0", "1"};
    const char *text = NULL;
    lode_try(find_text(params, name, &text));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) != 0) continue;
        *value = i % 2 == 1;
        return LODE_OK;
    }
    return must(name, text, "be on or off (or true, false, yes, no, 1, 0)");
}

lode_status lode_params_range(const struct lode_params *params, const char *name, int64_t low,
                              int64_t high, int64_t *first, int64_t *last)
{
    const char *text = NULL;
    lode_try(find_text(params, name, &text));
    const char *dots = strstr(text, "..");
    const size_t first_size = dots ? (size_t)(dots - text) : strlen(text);
    const char *last_text = dots ? dots + 2 : text;
    int64_t from, to;
    if (!lode_text_to_i64(text, first_size, &from) ||
        !lode_text_to_i64(last_text, strlen(last_text), &to))
        return must(name, text, "be a whole number or a range such as 1..4");
    if (from > to) return must(name, text, "begin with the smaller number");
    if (from < low || to > high) return out_of_range_i64(name, text, low, high);
    *first = from;
    *last = to;
    return LODE_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A backslash quotes a comma or a backslash; before anything else it is one (regular expressions
 * stay readable). */
static bool is_quoting(const char *at)
{
    return at[0] == '\\' && (at[1] == ',' || at[1] == '\\');
}

/* Copies one item to `to`, without blanks around and quoting inside; returns its end in `text`. */
static const char *take_item(const char *text, char *to)
{
    while (is_blank(*text)) text++;
    char *end = to, *last = to; /* end of the text; of its last byte that is to stay */
    while (*text && *text != ',') {
        const bool quoted = is_quoting(text);
        if (quoted) text++;
        *end++ = *text;
        if (quoted || !is_blank(*text)) last = end;
        text++;
    }
    *last = '\0';
    return text;
}

lode_status lode_params_list(const struct lode_params *params, const char *name,
                             struct lode_arena *arena, char ***items, int64_t *count)
{
    const char *text = NULL;
    lode_try(find_text(params, name, &text));
    const size_t size = strlen(text);
    size_t most = 1; /* one item more than commas; a quoted comma counts too much, no matter */
    for (size_t i = 0; i < size; i++) most += text[i] == ',';
    char **found, *copy;
    lode_try(lode_take(arena, most, &found));
    lode_try(lode_take(arena, size + 1, &copy));

    int64_t n = 0;
    while (is_blank(*text)) text++;
    for (bool more = *text != '\0'; more; text++) {
        const char *end = take_item(text, copy);
        if (*copy == '\0')
            return must(name, lode_params_text(params, name), "have no empty item in its list");
        found[n++] = copy;
        copy += strlen(copy) + 1;
        more = *end == ',';
        text = end;
    }
    *items = found;
    *count = n;
    return LODE_OK;
}
