/* Machine: see the header. */
#include "jobs/stage/counters/machine.h"

#include <string.h>

static const char component_word[] = "{component}", machine_word[] = "{machine}";

/* The text between the two, and which of them is in front. False: it is no such pattern. */
static bool take_apart(const char *pattern, const char **between, size_t *size, bool *machine_first)
{
    *machine_first = strncmp(pattern, machine_word, strlen(machine_word)) == 0;
    const char *front = *machine_first ? machine_word : component_word;
    const char *back = *machine_first ? component_word : machine_word;
    const size_t length = strlen(pattern), ends = strlen(front) + strlen(back);
    if (length <= ends || strncmp(pattern, front, strlen(front)) != 0 ||
        strcmp(pattern + length - strlen(back), back) != 0)
        return false;
    *between = pattern + strlen(front);
    *size = length - ends;
    return !memchr(*between, '{', *size) && !memchr(*between, '}', *size);
}

bool machine_is_pattern(const char *aggregate)
{
    return strchr(aggregate, '{') != NULL;
}

lode_status machine_check(const char *aggregate)
{
    const char *between = NULL;
    size_t size = 0;
    bool machine_first = false;
    if (!machine_is_pattern(aggregate)) return LODE_OK;
    if (take_apart(aggregate, &between, &size, &machine_first)) return LODE_OK;
    return lode_fail(LODE_E_USAGE,
                     "--aggregate '%s': a column, a label, or a pattern such as "
                     "{component}/{machine} or {machine}.{component}",
                     aggregate);
}

void machine_cut(const char *pattern, struct lode_field *component, struct lode_field *machine)
{
    const char *between = NULL;
    size_t size = 0, found = 0;
    bool machine_first = false;
    const struct lode_field name = *component;
    *machine = (struct lode_field){"", 0};
    if (!take_apart(pattern, &between, &size, &machine_first)) return;
    for (size_t at = 1; at + size < name.size; at++) {
        if (memcmp(name.text + at, between, size) != 0) continue;
        found = at;
        if (machine_first) break;
    }
    if (found == 0) return;
    const struct lode_field front = {name.text, found};
    const struct lode_field back = {name.text + found + size, name.size - found - size};
    *component = machine_first ? back : front;
    *machine = machine_first ? front : back;
}

static const char *const endings[MACHINE_STATISTICS] = {".sum", ".min", ".max", ".mean"};

const char *machine_ending(enum machine_statistic statistic)
{
    return endings[statistic];
}

enum machine_statistic machine_statistic_of(const char *counter)
{
    const char *dot = strrchr(counter, '.');
    for (int i = 0; dot && i < MACHINE_STATISTICS; i++)
        if (strcmp(dot, endings[i]) == 0) return (enum machine_statistic)i;
    return MACHINE_MEAN;
}
