/* Stage values: see the header. */
#include "coordinator/commands/stage_values.h"

#include "common/text.h"
#include "common/zone.h"
#include "jobs/stage/stage.h"

#include <string.h>

lode_status stage_value_text(void *field, struct lode_arena *arena, const char *name,
                             const char *value)
{
    (void)arena;
    if (!value[0]) return lode_fail(LODE_E_USAGE, "%s: a name is wanted", name);
    *(const char **)field = value;
    return LODE_OK;
}

lode_status stage_value_names(void *field, struct lode_arena *arena, const char *name,
                              const char *value)
{
    struct stage_names *names = field;
    int64_t most = 1;
    const char **list = NULL;
    char *text = NULL;
    (void)name;
    for (const char *at = value; *at; at++) most += *at == ',';
    lode_try(lode_arena_text(arena, value, strlen(value), &text));
    lode_try(lode_take(arena, most, &list));
    *names = (struct stage_names){.given = true, .names = list};
    if (!value[0]) return LODE_OK;
    list[names->count++] = text;
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == ',') {
            *to++ = '\0';
            list[names->count++] = to;
            continue;
        }
        if (*from == '\\' && (from[1] == ',' || from[1] == '\\')) from++;
        *to++ = *from;
    }
    *to = '\0';
    return LODE_OK;
}

lode_status stage_value_unit(void *field, struct lode_arena *arena, const char *name,
                             const char *value)
{
    static const char *const names[] = {"auto", "ms", "s", "iso"};
    (void)arena;
    for (int i = 0; i < 4; i++)
        if (strcmp(value, names[i]) == 0) {
            *(enum stage_time_unit *)field = (enum stage_time_unit)i;
            return LODE_OK;
        }
    return lode_fail(LODE_E_USAGE, "%s %s: auto, ms, s or iso", name, value);
}

lode_status stage_value_zone(void *field, struct lode_arena *arena, const char *name,
                             const char *value)
{
    struct lode_bytes rules = {0};
    (void)arena;
    const lode_status status = lode_zone_read(value, &rules);
    lode_bytes_clear(&rules);
    if (status) return lode_note(status, "%s", name);
    *(const char **)field = value;
    return LODE_OK;
}

lode_status stage_value_duration(void *field, struct lode_arena *arena, const char *name,
                                 const char *value)
{
    int64_t *duration_ms = field;
    (void)arena;
    if (!lode_text_to_duration_ms(value, strlen(value), duration_ms) || *duration_ms < 1)
        return lode_fail(LODE_E_USAGE, "%s %s: must be a time such as 30m", name, value);
    return LODE_OK;
}

lode_status stage_value_share(void *field, struct lode_arena *arena, const char *name,
                              const char *value)
{
    double *share = field;
    size_t size = strlen(value);
    const bool percent = size > 0 && value[size - 1] == '%';
    (void)arena;
    if (percent) size--;
    if (!lode_text_to_f64(value, size, share) || *share < 0.0 || *share > (percent ? 100.0 : 1.0))
        return lode_fail(LODE_E_USAGE, "%s %s: a share such as 1%% or 0.01", name, value);
    if (percent) *share /= 100.0;
    return LODE_OK;
}

lode_status stage_value_bytes(void *field, struct lode_arena *arena, const char *name,
                              const char *value)
{
    uint64_t *bytes = field;
    (void)arena;
    if (!lode_text_to_bytes(value, strlen(value), bytes) || *bytes < 1)
        return lode_fail(LODE_E_USAGE, "%s %s: must be a size", name, value);
    return LODE_OK;
}
