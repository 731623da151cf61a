/* Fields: what a JSON object says, when it says it in the type that it should; nothing of a
 * document is trusted to be there.
 */
#ifndef LODE_COORDINATOR_FIELDS_H
#define LODE_COORDINATOR_FIELDS_H

#include <cjson/cJSON.h>
#include <math.h>

/* "" unless it is a text; borrowed. */
static inline const char *field_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

/* NaN unless it is a number. */
static inline double field_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

/* NULL unless it is a list, for cJSON_ArrayForEach; borrowed. */
static inline const cJSON *field_list(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsArray(item) ? item : NULL;
}

/* NaN becomes null. */
static inline void add_number(cJSON *object, const char *name, double value)
{
    if (isnan(value))
        cJSON_AddNullToObject(object, name);
    else
        cJSON_AddNumberToObject(object, name, value);
}

/* The same field in another object; null when it is not what it should be. */
static inline void copy_number(const cJSON *from, const char *name, cJSON *to)
{
    add_number(to, name, field_number(from, name));
}
static inline void copy_text(const cJSON *from, const char *name, cJSON *to)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, name);
    if (cJSON_IsString(item))
        cJSON_AddStringToObject(to, name, item->valuestring);
    else
        cJSON_AddNullToObject(to, name);
}

/* Seconds with three digits after the point. */
static inline void add_seconds(cJSON *object, const char *name, double seconds)
{
    add_number(object, name, round(seconds * 1e3) / 1e3);
}

#endif
