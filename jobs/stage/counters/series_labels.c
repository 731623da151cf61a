/* Labels: see the header. */
#include "jobs/stage/counters/series_labels.h"

#include "jobs/stage/counters/counters.h"

#include <string.h>

static const char usual_component[] = "instance,job", name_label[] = "__name__";

static const char *find_label(const struct lode_query_series *series, const char *name, size_t size)
{
    for (int i = 0; i < series->n_labels; i++) {
        const struct lode_label *label = &series->labels[i];
        if (strlen(label->name) == size && memcmp(label->name, name, size) == 0)
            return label->value[0] ? label->value : NULL;
    }
    return NULL;
}

/* Is the label one of `names`, which are joined by slashes? */
static bool is_among(const char *label, const char *names, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t end = at;
        while (end < size && names[end] != '/') end++;
        if (strlen(label) == end - at && memcmp(label, names + at, end - at) == 0) return true;
        at = end + 1;
    }
    return false;
}

/* The values of all those labels, joined as they are; *found false: the series lacks one. */
static lode_status join_values(const struct lode_query_series *series, const char *names,
                               size_t size, struct lode_bytes *joined, bool *found)
{
    joined->size = 0;
    *found = size > 0;
    for (size_t at = 0; at < size && *found;) {
        size_t end = at;
        while (end < size && names[end] != '/') end++;
        const char *value = find_label(series, names + at, end - at);
        *found = value != NULL;
        if (!value) break;
        if (at > 0) lode_try(lode_bytes_append(joined, "/", 1));
        lode_try(lode_bytes_append(joined, value, strlen(value)));
        at = end + 1;
    }
    return LODE_OK;
}

/* As Prometheus writes a label's value. */
static lode_status append_quoted(struct lode_bytes *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n') {
            lode_try(lode_bytes_append(out, "\\n", 2));
            continue;
        }
        if (*text == '"' || *text == '\\') lode_try(lode_bytes_append(out, "\\", 1));
        lode_try(lode_bytes_append(out, text, 1));
    }
    return LODE_OK;
}

static lode_status name_counter(const struct series_labels_rule *rule,
                                const struct lode_query_series *series, const char *used,
                                size_t used_size, struct lode_bytes *counter)
{
    const char *name = find_label(series, name_label, strlen(name_label));
    const char *separator = "{";
    if (!name) name = rule->name;
    counter->size = 0;
    lode_try(lode_bytes_append(counter, name, strlen(name)));
    for (int i = 0; i < series->n_labels; i++) {
        const struct lode_label *label = &series->labels[i];
        if (strcmp(label->name, name_label) == 0 || !label->value[0] ||
            is_among(label->name, used, used_size) ||
            (rule->machine && strcmp(label->name, rule->machine) == 0))
            continue;
        lode_try(lode_bytes_printf(counter, "%s%s=\"", separator, label->name));
        lode_try(append_quoted(counter, label->value));
        lode_try(lode_bytes_append(counter, "\"", 1));
        separator = ",";
    }
    return *separator == ',' ? lode_bytes_append(counter, "}", 1) : LODE_OK;
}

static lode_status check_sizes(const struct series_labels *named)
{
    if (named->component.size > COUNTERS_COMPONENT_LIMIT)
        return lode_fail(LODE_E_INPUT, "component longer than %d bytes", COUNTERS_COMPONENT_LIMIT);
    if (named->machine.size > COUNTERS_COMPONENT_LIMIT)
        return lode_fail(LODE_E_INPUT, "machine longer than %d bytes", COUNTERS_COMPONENT_LIMIT);
    if (named->counter.size > STAGE_WORD_LIMIT)
        return lode_fail(LODE_E_INPUT, "name and labels of the counter are longer than %d bytes",
                         STAGE_WORD_LIMIT);
    return LODE_OK;
}

lode_status series_labels_read(const struct series_labels_rule *rule,
                               const struct lode_query_series *series, struct series_labels *named)
{
    const char *names = rule->component[0] ? rule->component : usual_component;
    for (const char *at = names; *at;) {
        const size_t size = strcspn(at, ",");
        bool found = false;
        lode_try(join_values(series, at, size, &named->component, &found));
        if (found) {
            const char *machine =
                rule->machine ? find_label(series, rule->machine, strlen(rule->machine)) : NULL;
            named->machine.size = 0;
            if (machine) lode_try(lode_bytes_append(&named->machine, machine, strlen(machine)));
            lode_try(name_counter(rule, series, at, size, &named->counter));
            return check_sizes(named);
        }
        at += at[size] ? size + 1 : size;
    }
    return lode_fail(LODE_E_INPUT, "no label '%s' says its component; --component names labels",
                     names);
}
