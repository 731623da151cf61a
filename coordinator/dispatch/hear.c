/* What workers and those who ask say to the coordinator. */
#include "common/log.h"
#include "common/text.h"
#include "common/version.h"
#include "coordinator/dispatch/protocol_private.h"
#include "coordinator/dispatch/status.h"
#include "worker/door.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_SIZE = 2048 /* of what a worker says why it leaves */ };

/* Of what strangers do again and again, the log has the first few and then every thousandth. */
static bool is_worth_a_line(int64_t number)
{
    return number <= 10 || number % 1000 == 0;
}

/* Whether the worker holds an attempt whose result is still needed. */
static bool is_needed(const struct protocol *p, int worker)
{
    struct scheduler_entry entry;
    for (int i = 0; scheduler_held(p->scheduler, worker, i, &entry); i++)
        if (!entry.unwanted_us) return true;
    return false;
}

/* It does not see the run's disk, or is another program: it left before it was given anything. */
static lode_status on_unfit(struct protocol *p, int worker, struct lode_span text)
{
    char why[WHY_SIZE];
    struct report *report = NULL;
    struct member *member = members_at(p->members, worker);
    const size_t size = lode_text_visible((const char *)text.data, text.size, why, sizeof why - 1);
    why[size] = '\0';
    member->unfit = true;
    p->n_unfit += !strchr(member->place, DOOR_JOINED_MARK);
    if (!p->unfit_why) p->unfit_why = strdup(why);
    if (is_worth_a_line(++p->n_refused))
        lode_log_warn("left out worker=%d place=%s host=%s: %s", worker, member->place,
                      member->host, why);
    lode_try(protocol_report_make(p, REPORT_WORKER_UNFIT, worker, why, &report));
    return protocol_report(p, report);
}

/* A worker that says goodbye holds nothing; one that was told to leave may. */
static lode_status on_bye(struct protocol *p, int worker, struct lode_span why, int64_t now_us)
{
    struct member *member = members_at(p->members, worker);
    member->left = true;
    if (why.size > 0 && !p->dismissing) lode_try(on_unfit(p, worker, why));
    if (!p->dismissing && is_needed(p, worker)) return protocol_lose(p, worker, "it left", now_us);
    member->here = false;
    lode_log_info("worker left worker=%d place=%s", worker, member->place);
    return scheduler_lost(p->scheduler, worker);
}

static lode_status refuse(struct protocol *p, const char *identity, const char *why)
{
    const struct lode_message message = {.type = LODE_REFUSED, .text = lode_span_text(why)};
    p->n_refused++;
    if (is_worth_a_line(p->n_refused))
        lode_log_warn("refused a worker number=%lld: %s", (long long)p->n_refused, why);
    return protocol_send(p, identity, &message);
}

static bool span_equals(struct lode_span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.data, text, span.size) == 0;
}

/* The place has a newer process: the older one died, with the task that it ran. *outdated: the
 * newer one is known already, this hello was a long time on its way. */
static lode_status replace(struct protocol *p, int worker, int64_t now_us, bool *outdated)
{
    const int latest = members_settle(p->members, worker);
    *outdated = false;
    if (latest == worker) return LODE_OK;
    struct member *other = members_at(p->members, latest);
    *outdated = other->incarnation > members_at(p->members, worker)->incarnation;
    if (*outdated) return LODE_OK;
    lode_try(protocol_lose(p, latest, "its process died and was started anew", now_us));
    if (other->suspect.attempt)
        lode_try(scheduler_crashed(p->scheduler, latest, &other->suspect, now_us));
    other->suspect = (struct lode_attempt){0};
    return LODE_OK;
}

static lode_status welcome(struct protocol *p, int worker)
{
    const struct lode_message message = {
        .type = LODE_WELCOME,
        .worker = (uint64_t)worker,
        .heartbeat_ms = (uint64_t)(p->options.heartbeat_us / 1000),
        .memory_bytes = p->options.memory_bytes,
        .epoch = p->options.epoch,
        .directory = lode_span_text(p->options.work_directory),
        .library = lode_span_text(p->options.library ? p->options.library : ""),
        .library_hash = p->options.library_hash,
        .bytes = p->options.landmarks,
    };
    return protocol_send_to(p, worker, &message);
}

static lode_status on_hello(struct protocol *p, const char *identity,
                            const struct lode_message *message, int64_t now_us)
{
    char why[160];
    int worker = -1;
    bool outdated = false;
    if (message->protocol != LODE_PROTOCOL || !span_equals(message->version, lode_version())) {
        snprintf(why, sizeof why, "it is lode %.*s, the coordinator is %s",
                 message->version.size < 32 ? (int)message->version.size : 32,
                 (const char *)message->version.data, lode_version());
        return refuse(p, identity, why);
    }
    const lode_status joined = members_join(p->members, identity, message, &worker);
    if (joined == LODE_E_MEMORY) return joined;
    if (joined) {
        p->n_bad++;
        return refuse(p, identity, lode_error_text());
    }
    struct member *member = members_at(p->members, worker);
    member->heard_us = now_us;
    if (!member->joined_us) member->joined_us = now_us;
    lode_try(replace(p, worker, now_us, &outdated));
    if (outdated) return protocol_lose(p, worker, "its process died and was started anew", now_us);
    if (p->dismissing) return protocol_send_end(p, identity);
    return welcome(p, worker);
}

static lode_status fill_result(const struct lode_result *result, int64_t now_us,
                               struct report *report)
{
    report->task = (int64_t)result->attempt.task;
    report->attempt = (int64_t)result->attempt.attempt;
    report->wall_us = (int64_t)result->wall_us;
    report->cpu_us = (int64_t)result->cpu_us;
    report->start_us = now_us - report->wall_us;
    report->peak_bytes = result->peak_bytes;
    report->read_bytes = result->read_bytes;
    report->written_bytes = result->written_bytes;
    report->shuffled_bytes = result->shuffled_bytes;
    report->status = (lode_status)result->status;
    report->file_size = result->file_size;
    report->file_hash = result->file_hash;
    if (!result->status)
        return lode_bytes_append(&report->bytes, result->bytes.data, result->bytes.size);
    report->text = strndup((const char *)result->text.data, result->text.size);
    return LODE_OK;
}

static enum scheduler_outcome outcome_of(lode_status status)
{
    switch (status) {
    case LODE_OK:
        return SCHEDULER_OK;
    case LODE_E_STOPPED:
        return SCHEDULER_STOPPED;
    case LODE_E_INPUT:
        return SCHEDULER_REFUSED;
    default:
        return SCHEDULER_FAILED;
    }
}

static lode_status take_result(struct protocol *p, int worker, const struct lode_result *result,
                               int64_t now_us)
{
    const enum scheduler_outcome outcome = outcome_of((lode_status)result->status);
    const bool is_failure = outcome == SCHEDULER_FAILED || outcome == SCHEDULER_REFUSED;
    struct report *report = NULL;
    bool accepted = false, held = false; /* not held: it was said before, or is late */
    lode_try(scheduler_result(p->scheduler, worker, &result->attempt, outcome, now_us, &accepted,
                              &held));
    if (!p->has_stage || result->attempt.stage != p->stage.id || (!held && !accepted))
        return LODE_OK;

    struct member *member = members_at(p->members, worker);
    member->n_ok += accepted;
    member->n_failed += is_failure;
    lode_try(
        protocol_report_make(p, accepted ? REPORT_RESULT : REPORT_ATTEMPT, worker, NULL, &report));
    report->outcome = accepted                       ? "ok"
                      : is_failure                   ? "failed"
                      : outcome == SCHEDULER_STOPPED ? "stopped"
                                                     : "late";
    const lode_status status = fill_result(result, now_us, report);
    if (status) {
        report_free(report);
        return status;
    }
    return protocol_report(p, report);
}

static lode_status on_results(struct protocol *p, int worker, const struct lode_message *message,
                              int64_t now_us)
{
    const struct lode_message taken = {.type = LODE_TAKEN, .sequence = message->sequence};
    struct lode_unpack in = lode_unpack_begin(message->bytes.data, message->bytes.size);
    for (;;) {
        struct lode_result result;
        bool more = false;
        lode_try(lode_result_next(&in, &result, &more));
        if (!more) return protocol_send_to(p, worker, &taken);
        lode_try(take_result(p, worker, &result, now_us));
    }
}

static lode_status on_beat(struct protocol *p, int worker, const struct lode_message *message,
                           int64_t now_us)
{
    struct lode_held held[LODE_HELD_MAX];
    struct member *member = members_at(p->members, worker);
    int n_held = 0;
    lode_try(lode_held_read(message->bytes, held, &n_held));
    if (message->sequence <= member->sequence) return LODE_OK; /* overtaken by a later one */
    member->sequence = message->sequence;
    if (message->leaving && !member->leaving) {
        member->leaving = true;
        lode_log_info("worker leaves after its task worker=%d place=%s", worker, member->place);
        lode_try(scheduler_leaving(p->scheduler, worker));
    }
    return scheduler_beat(p->scheduler, worker, held, n_held, message->progress, now_us);
}

static lode_status on_ask(struct protocol *p, const char *identity,
                          const struct lode_message *message, int64_t now_us)
{
    struct lode_bytes bytes = {0};
    lode_status status = status_answer(p, message->text, now_us, &bytes);
    const struct lode_message answer = {.type = LODE_ANSWER, .bytes = {bytes.data, bytes.size}};
    if (!status) status = protocol_send(p, identity, &answer);
    lode_bytes_clear(&bytes);
    return status;
}

/* A known worker speaks: one that was thought lost is here again. The first words after a welcome
 * say that it is ready: until then it may find that it does not see the run's disk, and is given
 * nothing. */
static lode_status on_worker(struct protocol *p, int worker, const struct lode_message *message,
                             int64_t now_us)
{
    struct member *member = members_at(p->members, worker);
    member->heard_us = now_us;
    if (member->banned || member->left) return LODE_OK; /* nothing new, or long on its way */
    if (p->dismissing)
        return message->type == LODE_BYE ? on_bye(p, worker, message->text, now_us)
                                         : protocol_send_end(p, member->identity);
    if (message->type == LODE_BYE) return on_bye(p, worker, message->text, now_us);
    if (!member->here && !member->leaving) {
        lode_log_info("worker %s worker=%d place=%s host=%s", member->came ? "back" : "ready",
                      worker, member->place, member->host);
        member->here = member->came = true;
        member->suspect = (struct lode_attempt){0};
        lode_try(scheduler_joined(p->scheduler, worker, now_us));
        scheduler_set_host(p->scheduler, worker, member->host_number);
    }
    if (message->type == LODE_RESULTS) return on_results(p, worker, message, now_us);
    if (message->type == LODE_BEAT) return on_beat(p, worker, message, now_us);
    return lode_fail(LODE_E_MESSAGE, "message type %d is not for a coordinator", message->type);
}

/* The sender of bytes that no worker sends is not spoken to any more. */
static lode_status drop_bad(struct protocol *p, int worker, const char *identity, size_t size,
                            int64_t now_us)
{
    p->n_bad++;
    if (is_worth_a_line(p->n_bad))
        lode_log_warn("bad message number=%lld size=%zu: %s", (long long)p->n_bad, size,
                      lode_error_text());
    if (worker < 0 || members_at(p->members, worker)->banned) return LODE_OK;
    members_at(p->members, worker)->banned = true;
    lode_try(protocol_lose(p, worker, "it sent a malformed message", now_us));
    return refuse(p, identity, "it sent a malformed message");
}

lode_status protocol_message(struct protocol *p, const char *identity, const void *data,
                             size_t size, int64_t now_us)
{
    struct lode_message message;
    const int worker = members_find(p->members, identity);
    lode_status status = lode_message_decode(data, size, &message);
    if (!status && message.type == LODE_HELLO) {
        const struct member *member = worker >= 0 ? members_at(p->members, worker) : NULL;
        const bool known_enough = member && (member->banned || member->left);
        return known_enough ? LODE_OK : on_hello(p, identity, &message, now_us);
    }
    if (!status && message.type == LODE_ASK) return on_ask(p, identity, &message, now_us);
    if (!status && worker < 0) return LODE_OK; /* its hello is on its way, or never was */
    if (!status) status = on_worker(p, worker, &message, now_us);
    return status == LODE_E_MESSAGE ? drop_bad(p, worker, identity, size, now_us) : status;
}

lode_status protocol_unreachable(struct protocol *p, const char *identity, int64_t now_us)
{
    const int worker = members_find(p->members, identity);
    return worker < 0 ? LODE_OK : protocol_lose(p, worker, "its connection is gone", now_us);
}
