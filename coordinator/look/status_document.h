/* Status document: all that `lode status` tells of a run, the same fields whether it is under way
 * or over (docs/formats.md, "Status").
 */
#ifndef LODE_COORDINATOR_STATUS_DOCUMENT_H
#define LODE_COORDINATOR_STATUS_DOCUMENT_H

#include "coordinator/look/record.h"

/* Asks the coordinator of a run under way; reads run.json and log/tasks.csv of any. The document is
 * the caller's to cJSON_Delete. LODE_E_USAGE and LODE_E_INPUT: no run; LODE_E_CLUSTER: its
 * coordinator does not answer. */
LODE_CHECKED lode_status status_document(const char *run, cJSON **document);

/* The record of the run and, if it is under way, what its coordinator answers; *answer NULL: the
 * run is not under way. A run that ends between the two looks has ended. */
LODE_CHECKED lode_status status_look(const char *run, const char *question, struct record *record,
                                     cJSON **answer);

#endif
