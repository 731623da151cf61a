/* Stage values: how the values of options of `lode stage` are read, from flags and mapping files.
 */
#ifndef LODE_COORDINATOR_STAGE_VALUES_H
#define LODE_COORDINATOR_STAGE_VALUES_H

#include "common/error.h"
#include "common/memory.h"

/* Reads a value into `field`; `value` lives as long as the arena, `name` is for messages.
 * LODE_E_USAGE. */
typedef lode_status (*stage_value_fn)(void *field, struct lode_arena *arena, const char *name,
                                      const char *value);

/* const char *: any text but the empty one. */
lode_status stage_value_text(void *field, struct lode_arena *arena, const char *name,
                             const char *value);
/* struct stage_names: "a,b"; a backslash quotes a comma. */
lode_status stage_value_names(void *field, struct lode_arena *arena, const char *name,
                              const char *value);
/* enum stage_time_unit */
lode_status stage_value_unit(void *field, struct lode_arena *arena, const char *name,
                             const char *value);
/* const char *: a time zone, looked up here and now, so that the message can name the line. */
lode_status stage_value_zone(void *field, struct lode_arena *arena, const char *name,
                             const char *value);
/* int64_t: ms, at least 1 */
lode_status stage_value_duration(void *field, struct lode_arena *arena, const char *name,
                                 const char *value);
/* double: 0 to 1, or 0% to 100% */
lode_status stage_value_share(void *field, struct lode_arena *arena, const char *name,
                              const char *value);
/* uint64_t: at least 1 */
lode_status stage_value_bytes(void *field, struct lode_arena *arena, const char *name,
                              const char *value);

#endif
