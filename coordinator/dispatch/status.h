/* Status: answers what people ask a run while it is under way (`lode status`, `lode explain`). */
#ifndef LODE_COORDINATOR_STATUS_H
#define LODE_COORDINATOR_STATUS_H

#include "common/memory.h"
#include "common/wire/message.h"

struct protocol;

/* Appends a JSON document. Questions: "status" (stage, tasks, workers, parts that are missing, time
 * left) and "task N" (what task N of the stage reads, where it is, and why it waits). Anything else
 * is answered by {"error": ...}. The fields are listed in docs/formats.md, "Status".
 *
 * Calls the stage's `describe`, see jobs/job.h. */
LODE_CHECKED lode_status status_answer(const struct protocol *protocol, struct lode_span question,
                                       int64_t now_us, struct lode_bytes *answer);

#endif
