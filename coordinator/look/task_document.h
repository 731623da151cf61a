/* Task document: all that `lode explain` tells of a task, or of the tasks that deserve a look
 * (docs/formats.md, "Status").
 */
#ifndef LODE_COORDINATOR_TASK_DOCUMENT_H
#define LODE_COORDINATOR_TASK_DOCUMENT_H

#include "common/error.h"

#include <cjson/cJSON.h>
#include <stdint.h>

enum { TASK_LIST_MAX = 10 };

/* What became of one task: its state, why it waits, who holds it, every attempt so far. stage 0:
 * the stage under way, else the last one. LODE_E_USAGE when the run has no such stage or task: says
 * how many there are; else as status_document. */
LODE_CHECKED lode_status task_document(const char *run, int64_t stage, int64_t task,
                                       cJSON **document);

/* The tasks that went wrong, then those that ran longest, of one stage or (0) of all; at most
 * TASK_LIST_MAX. */
LODE_CHECKED lode_status task_list_document(const char *run, int64_t stage, cJSON **document);

#endif
