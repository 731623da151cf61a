/* Ask: puts a question to the coordinator of a run under way, through the door of its workers.
 *
 * What the coordinator answers: dispatch/status.h. The answer is JSON, but nothing more is promised
 * about it: those who read it check the type of every field.
 */
#ifndef LODE_COORDINATOR_ASK_H
#define LODE_COORDINATOR_ASK_H

#include "common/error.h"
#include "common/memory.h"

#include <cjson/cJSON.h>

enum { ASK_WAIT_MS = 5000, ASK_ANSWER_LIMIT = 8 << 20 };

/* Asks the coordinator that RUN/endpoint names; the answer is a JSON object, the caller's to
 * cJSON_Delete. LODE_E_USAGE when there is no endpoint file (or one we may not use), LODE_E_CLUSTER
 * when no answer comes within ASK_WAIT_MS, LODE_E_MESSAGE when it is none. */
LODE_CHECKED lode_status ask_coordinator(const char *run, const char *question, cJSON **answer);

/* Bytes as a JSON object of at most ASK_ANSWER_LIMIT bytes, with nothing after it. LODE_E_MESSAGE.
 */
LODE_CHECKED lode_status ask_parse(const void *data, size_t size, cJSON **answer);

#endif
