/* One finding: all that findings.jsonl says of it, for a person. */
#ifndef LODE_COORDINATOR_ONE_FINDING_H
#define LODE_COORDINATOR_ONE_FINDING_H

#include "common/error.h"

#include <stddef.h>

/* Prints one line of findings.jsonl, whatever job wrote it: `text` as a sentence, then the other
 * keys with their values, then each list of objects (a timeline) as a table under its key. `name`
 * stands for the file in errors. LODE_E_INPUT: no JSON object. */
LODE_CHECKED lode_status one_finding_print(const char *name, const char *line, size_t size);

#endif
