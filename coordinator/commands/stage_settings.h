/* Stage settings: the options of `lode stage events` by name, from flags and from mapping files.
 *
 * A name means the same in both: `--time at`, and `time: at` in a file. What a file says under
 * `files:` holds for the input files of that pattern instead of for all.
 */
#ifndef LODE_COORDINATOR_STAGE_SETTINGS_H
#define LODE_COORDINATOR_STAGE_SETTINGS_H

#include "jobs/stage/stage.h"

/* Sets one by its name without "--", for all files; rules of single files about it are forgotten.
 * Values are copied into the arena. LODE_E_USAGE: no such name (with the nearest), or a value that
 * is none. */
LODE_CHECKED lode_status stage_settings_set(struct stage_events_options *events,
                                            struct lode_arena *arena, const char *name,
                                            const char *value);

/* Reads a mapping file (YAML):
 *
 *   time: at
 *   kpi: [kpi_slow, kpi_error]
 *   files:
 *     "clicks-*.csv": { time: when, timezone: Europe/Berlin }
 *
 * Errors name file, line and column. */
LODE_CHECKED lode_status stage_settings_load(struct stage_events_options *events,
                                             struct lode_arena *arena, const char *path);

#endif
