/* Counters settings: the options of `lode stage counters` by name, from flags and from mapping
 * files. A name means the same in both: `--slot 5m`, and `slot: 5m` in a file.
 */
#ifndef LODE_COORDINATOR_COUNTERS_SETTINGS_H
#define LODE_COORDINATOR_COUNTERS_SETTINGS_H

#include "jobs/stage/counters/counters.h"

/* Sets one by its name without "--". Values are copied into the arena. LODE_E_USAGE: no such name
 * (with the nearest), or a value that is none. */
LODE_CHECKED lode_status counters_settings_set(struct stage_counters_options *counters,
                                               struct lode_arena *arena, const char *name,
                                               const char *value);
/* Reads a mapping file (YAML); errors name file, line and column. */
LODE_CHECKED lode_status counters_settings_load(struct stage_counters_options *counters,
                                                struct lode_arena *arena, const char *path);

#endif
