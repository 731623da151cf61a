/* Machine: which part of a name is the machine, where many machines' series become one component.
 *
 * `--aggregate host` names a column (or, of query_range, a label) that says the machine;
 * `--aggregate "{component}/{machine}"` takes it off the component's name. Pure.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_MACHINE_H
#define LODE_JOBS_STAGE_COUNTERS_MACHINE_H

#include "common/error.h"
#include "common/input/rows.h"

#include <stdbool.h>

/* Does it take names apart? Else it names a column or label. */
bool machine_is_pattern(const char *aggregate);
/* LODE_E_USAGE: a pattern that is not {component} and {machine} with a text between them. */
LODE_CHECKED lode_status machine_check(const char *aggregate);

/* Cuts a component's name by a pattern that is good: `web/host17` by `{component}/{machine}` is
 * web and host17. The text between is looked for so that the machine is as short as it can be; a
 * name without it (or with nothing on one side) is a component of its own, machine of size 0. */
void machine_cut(const char *pattern, struct lode_field *component, struct lode_field *machine);

/* What becomes of a counter: `cpu.sum`, `cpu.min`, `cpu.max`, `cpu.mean`. */
enum machine_statistic { MACHINE_SUM, MACHINE_MIN, MACHINE_MAX, MACHINE_MEAN, MACHINE_STATISTICS };
/* ".sum", ... */
const char *machine_ending(enum machine_statistic statistic);
/* By the end of a counter's name, which has one of them. */
enum machine_statistic machine_statistic_of(const char *counter);

#endif
