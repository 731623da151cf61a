/* What the protocol has to say: a queue of messages and reports that protocol_next empties. */
#include "coordinator/dispatch/protocol_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void protocol_output_clear(struct protocol_output *output)
{
    lode_bytes_clear(&output->bytes);
    report_free(output->report);
}

/* A new place at the end of the queue. */
lode_status protocol_push(struct protocol *p, struct protocol_output **output)
{
    if (p->next_queue == p->n_queue) p->next_queue = p->n_queue = 0;
    if (p->n_queue == p->capacity) {
        const int64_t wanted = 2 * p->capacity + 16;
        struct protocol_output *grown = realloc(p->queue, (size_t)wanted * sizeof *grown);
        if (!grown)
            return lode_fail(LODE_E_MEMORY, "no memory for %lld messages", (long long)wanted);
        p->queue = grown;
        p->capacity = wanted;
    }
    *output = &p->queue[p->n_queue++];
    **output = (struct protocol_output){0};
    return LODE_OK;
}

lode_status protocol_send(struct protocol *p, const char *identity,
                          const struct lode_message *message)
{
    struct protocol_output *output = NULL;
    lode_try(protocol_push(p, &output));
    output->kind = PROTOCOL_SEND;
    snprintf(output->identity, sizeof output->identity, "%s", identity);
    return lode_message_encode(message, &output->bytes);
}

lode_status protocol_send_to(struct protocol *p, int worker, const struct lode_message *message)
{
    return protocol_send(p, members_at(p->members, worker)->identity, message);
}

/* Takes the report over. */
lode_status protocol_report(struct protocol *p, struct report *report)
{
    struct protocol_output *output = NULL;
    report->workers = scheduler_counts(p->scheduler).workers;
    const lode_status status = protocol_push(p, &output);
    if (status) {
        report_free(report);
        return status;
    }
    output->kind = PROTOCOL_REPORT;
    output->report = report;
    return LODE_OK;
}

/* A report about a worker, or about none (-1). text is copied; may be NULL. */
lode_status protocol_report_make(const struct protocol *p, enum report_kind kind, int worker,
                                 const char *text, struct report **report)
{
    lode_try(report_make(kind, report));
    if (text) (*report)->text = strdup(text);
    if (worker < 0) return LODE_OK;
    const struct member *member = members_look(p->members, worker);
    (*report)->worker = worker;
    (*report)->pid = (int64_t)member->pid;
    memcpy((*report)->place, member->place, sizeof(*report)->place);
    memcpy((*report)->host, member->host, sizeof(*report)->host);
    return LODE_OK;
}

lode_status protocol_report_plain(struct protocol *p, enum report_kind kind, lode_status why,
                                  const char *text)
{
    struct report *report = NULL;
    lode_try(protocol_report_make(p, kind, -1, text, &report));
    report->status = why;
    return protocol_report(p, report);
}

/* An attempt that ended without a result of its own. */
lode_status protocol_report_attempt(struct protocol *p, int worker,
                                    const struct lode_attempt *attempt, const char *outcome,
                                    int64_t start_us, int64_t now_us, const char *text)
{
    struct report *report = NULL;
    if (!p->has_stage || attempt->stage != p->stage.id) return LODE_OK;
    lode_try(protocol_report_make(p, REPORT_ATTEMPT, worker, text, &report));
    report->outcome = outcome;
    report->task = (int64_t)attempt->task;
    report->attempt = (int64_t)attempt->attempt;
    report->start_us = start_us ? start_us : now_us;
    report->wall_us = now_us - report->start_us;
    report->status = LODE_E_CLUSTER;
    return protocol_report(p, report);
}

lode_status protocol_send_end(struct protocol *p, const char *identity)
{
    const struct lode_message end = {.type = LODE_END, .text = lode_span_text("the run is over")};
    return protocol_send(p, identity, &end);
}
