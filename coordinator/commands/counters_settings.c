/* Counters settings: one table says where each value goes and how it is read. */
#include "coordinator/commands/counters_settings.h"

#include "common/param/spec.h"
#include "common/text.h"
#include "coordinator/commands/stage_values.h"

#include <stddef.h>
#include <string.h>

/* rates and rate add to what there is: rates of a file and of flags go together. */
static lode_status set_rates(void *field, struct lode_arena *arena, const char *name,
                             const char *value)
{
    (void)name;
    return rates_read(field, arena, value);
}

static lode_status set_rate(void *field, struct lode_arena *arena, const char *name,
                            const char *value)
{
    (void)name;
    return rates_add_line(field, arena, value);
}

#define AT(field) offsetof(struct stage_counters_options, field)
static const struct setting {
    const char *name;
    stage_value_fn set;
    size_t at;
} settings[] = {
    {"time", stage_value_text, AT(time)},
    {"time-unit", stage_value_unit, AT(time_unit)},
    {"timezone", stage_value_zone, AT(timezone)},
    {"component", stage_value_text, AT(component)},
    {"counter", stage_value_text, AT(counter)},
    {"value", stage_value_text, AT(value)},
    {"slot", stage_value_duration, AT(slot_ms)},
    {"aggregate", stage_value_text, AT(aggregate)},
    {"tree", stage_value_text, AT(tree)},
    {"tree-file", stage_value_text, AT(tree_file)},
    {"units", stage_value_names, AT(units)},
    {"types", stage_value_names, AT(types)},
    {"rates", set_rates, AT(rates)},
    {"rate", set_rate, AT(rates)},
    {"component-name", stage_value_text, AT(rates.component_name)},
    {"max-rejects", stage_value_share, AT(max_rejects)},
    {"partition-bytes", stage_value_bytes, AT(partition_bytes)},
};
enum { N_SETTINGS = sizeof settings / sizeof *settings };

lode_status counters_settings_set(struct stage_counters_options *counters, struct lode_arena *arena,
                                  const char *name, const char *value)
{
    const char *names[N_SETTINGS + 1] = {NULL};
    char *copy = NULL;
    for (int i = 0; i < N_SETTINGS; i++) {
        names[i] = settings[i].name;
        if (strcmp(settings[i].name, name) != 0) continue;
        lode_try(lode_arena_text(arena, value, strlen(value), &copy));
        return settings[i].set((char *)counters + settings[i].at, arena, name, copy);
    }
    const char *nearest = lode_text_nearest(name, names);
    return lode_fail(LODE_E_USAGE, "unknown key '%s' of counters%s%s%s", name,
                     nearest ? ", did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "; `lode stage --help` lists them");
}

struct loading {
    struct stage_counters_options *counters;
    struct lode_arena *arena;
    const char *path;
};

static lode_status take_setting(void *context, const char *name, const char *value)
{
    const struct loading *loading = context;
    return counters_settings_set(loading->counters, loading->arena, name, value);
}

/* Rates may stand in the mapping file itself. */
static lode_status take_definition(void *context, const struct lode_spec_definition *definition)
{
    const struct loading *loading = context;
    if (strcmp(definition->group, "rates") != 0)
        return lode_fail(LODE_E_USAGE, "'%s' takes one value, not a mapping", definition->group);
    return rates_add(&loading->counters->rates, loading->arena,
                     &(struct lode_definition){.name = definition->name,
                                               .text = definition->text,
                                               .file = loading->path,
                                               .line = (int64_t)definition->line,
                                               .column = (int64_t)definition->column});
}

lode_status counters_settings_load(struct stage_counters_options *counters,
                                   struct lode_arena *arena, const char *path)
{
    struct loading loading = {.counters = counters, .arena = arena, .path = path};
    return lode_spec_read(path, take_setting, take_definition, NULL, &loading);
}
