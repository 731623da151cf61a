/* Options: see the header. */
#include "coordinator/options.h"

#include "common/text.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 64 };

static const struct option *find(const struct option *const *tables, const char *name, size_t size)
{
    for (int t = 0; tables[t]; t++)
        for (const struct option *option = tables[t]; option->id; option++)
            if (strlen(option->name) == size && memcmp(option->name, name, size) == 0)
                return option;
    return NULL;
}

static lode_status fail_unknown(const struct option *const *tables, const char *name, size_t size)
{
    const char *names[NAMES_MAX];
    int count = 0;
    char given[64];
    snprintf(given, sizeof given, "%.*s", (int)size, name);
    for (int t = 0; tables[t]; t++)
        for (const struct option *option = tables[t]; option->id; option++)
            if (count < NAMES_MAX - 1 && option->help) names[count++] = option->name;
    names[count] = NULL;
    const char *nearest = lode_text_nearest(given, names);
    if (nearest)
        return lode_fail(LODE_E_USAGE, "unknown option '%s', did you mean '%s'?", given, nearest);
    return lode_fail(LODE_E_USAGE, "unknown option '%s'; --help lists them", given);
}

lode_status options_read(int count, char **arguments, const struct option *const *tables,
                         option_take_fn take, void *context, const char **words, int *n_words,
                         bool *help)
{
    bool only_words = false;
    *n_words = 0;
    *help = false;
    for (int i = 0; i < count; i++) {
        const char *argument = arguments[i];
        if (only_words || argument[0] != '-' || argument[1] == '\0') {
            words[(*n_words)++] = argument;
            continue;
        }
        if (strcmp(argument, "--") == 0) {
            only_words = true;
            continue;
        }
        if (strcmp(argument, "-h") == 0 || strcmp(argument, "--help") == 0) {
            *help = true;
            return LODE_OK;
        }
        const char *equals = argument[1] == '-' ? strchr(argument, '=') : NULL;
        const size_t size = equals ? (size_t)(equals - argument) : strlen(argument);
        const struct option *option = find(tables, argument, size);
        if (!option) return fail_unknown(tables, argument, size);
        if (!option->value && equals)
            return lode_fail(LODE_E_USAGE, "option '%s' takes no value", option->name);
        const char *value = equals ? equals + 1 : NULL;
        if (option->value && !value) {
            if (++i == count)
                return lode_fail(LODE_E_USAGE, "option '%s' needs a value: %s %s", option->name,
                                 option->name, option->value);
            value = arguments[i];
        }
        lode_try(take(context, option->id, value));
    }
    return LODE_OK;
}

void options_print(const struct option *const *tables)
{
    for (int t = 0; tables[t]; t++)
        for (const struct option *option = tables[t]; option->id; option++) {
            char left[64];
            if (!option->help) continue;
            snprintf(left, sizeof left, "%s%s%s", option->name, option->value ? " " : "",
                     option->value ? option->value : "");
            printf("  %-26s %s\n", left, option->help);
        }
    printf("  %-26s %s\n", "-h, --help", "this text");
}
