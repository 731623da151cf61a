/* What the files of the protocol share. */
#ifndef LODE_COORDINATOR_PROTOCOL_PRIVATE_H
#define LODE_COORDINATOR_PROTOCOL_PRIVATE_H

#include "common/wire/batch.h"
#include "coordinator/dispatch/protocol.h"

struct protocol {
    struct protocol_options options;
    struct scheduler *scheduler;
    struct members *members;
    struct protocol_stage stage;
    bool has_stage, dismissing;
    struct protocol_output *queue;
    int64_t n_queue, next_queue, capacity;
    int64_t beat_us, tick_us, workers_seen_us, stage_begin_us;
    int *batched; /* workers with tasks in their batch, to be sent */
    int n_batched, batched_capacity;
    int64_t n_bad, n_refused, n_unfit;
    char *unfit_why; /* what the first worker said that was of no use; NULL: none did */
};

/* --- outbox.c --- */

void protocol_output_clear(struct protocol_output *output);
/* A new place at the end of the queue. */
LODE_CHECKED lode_status protocol_push(struct protocol *p, struct protocol_output **output);
LODE_CHECKED lode_status protocol_send(struct protocol *p, const char *identity,
                                       const struct lode_message *message);
LODE_CHECKED lode_status protocol_send_to(struct protocol *p, int worker,
                                          const struct lode_message *message);
LODE_CHECKED lode_status protocol_send_end(struct protocol *p, const char *identity);
/* A report about a worker, or about none (-1). text is copied; may be NULL. */
LODE_CHECKED lode_status protocol_report_make(const struct protocol *p, enum report_kind kind,
                                              int worker, const char *text, struct report **report);
/* Takes the report over. */
LODE_CHECKED lode_status protocol_report(struct protocol *p, struct report *report);
LODE_CHECKED lode_status protocol_report_plain(struct protocol *p, enum report_kind kind,
                                               lode_status why, const char *text);
/* An attempt that ended without a result of its own. */
LODE_CHECKED lode_status protocol_report_attempt(struct protocol *p, int worker,
                                                 const struct lode_attempt *attempt,
                                                 const char *outcome, int64_t start_us,
                                                 int64_t now_us, const char *text);

/* --- protocol.c --- */

/* Takes a worker out; what it held is reported as lost and waits for another. */
LODE_CHECKED lode_status protocol_lose(struct protocol *p, int worker, const char *why,
                                       int64_t now_us);

/* --- act.c --- */

/* All that the scheduler has to say, and then the batches that came of it. */
LODE_CHECKED lode_status protocol_ask_scheduler(struct protocol *p, int64_t now_us);

#endif
